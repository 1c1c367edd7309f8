/* The page of a report. See report_page.h. */
#include "report/report_page.h"

#include <glib.h>
#include <string.h>

#include "base/sha256.h"

/* 'sha256-...' of a script or style as the policy names it. [CSP Level 3, 2.3.1] */
static void put_source_hash(FsaBuffer *out, const unsigned char *text) {
  FsaSha256 hash;
  uint8_t digest[FSA_SHA256_SIZE];
  fsa_sha256_start(&hash);
  fsa_sha256_add(&hash, text, strlen((const char *)text));
  fsa_sha256_end(&hash, digest);
  char *base64 = g_base64_encode(digest, sizeof digest);
  fsa_buffer_printf(out, "'sha256-%s'", base64);
  g_free(base64);
}

static void put_policy(FsaBuffer *out) {
  fsa_buffer_puts(out, "default-src 'none'; script-src ");
  put_source_hash(out, fsa_report_script);
  fsa_buffer_puts(out, "; style-src ");
  put_source_hash(out, fsa_report_style);
  fsa_buffer_puts(out, "; base-uri 'none'; form-action 'none'");
}

static void put_part(FsaBuffer *out, const char *name, size_t size, FsaText json) {
  char hash[FSA_SHA256_TEXT];
  if (strncmp(name, "POLICY", size) == 0)
    put_policy(out);
  else if (strncmp(name, "STYLE", size) == 0)
    fsa_buffer_puts(out, (const char *)fsa_report_style);
  else if (strncmp(name, "SCRIPT", size) == 0)
    fsa_buffer_puts(out, (const char *)fsa_report_script);
  else if (strncmp(name, "DATA_SHA256", size) == 0 && size > strlen("DATA")) {
    fsa_sha256_text(json.data, json.size, hash);
    fsa_buffer_puts(out, hash);
  } else
    fsa_buffer_put(out, json.data, json.size);
}

/* The template's places are @NAME@; no other @ stands in it. */
void fsa_report_page(FsaText json, FsaBuffer *out) {
  const char *from = (const char *)fsa_report_template;
  for (const char *at; (at = strchr(from, '@'));) {
    const char *end = strchr(at + 1, '@');
    if (!end) break;
    fsa_buffer_put(out, from, (size_t)(at - from));
    put_part(out, at + 1, (size_t)(end - at - 1), json);
    from = end + 1;
  }
  fsa_buffer_puts(out, from);
}
