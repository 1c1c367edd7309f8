/* Writes JSON for pages and files. See json_out.h. */
#include "text/json_out.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define NUMBER_ROOM 40

static void put_name(FsaJsonOut *json, const char *name) {
  if (json->needs_comma) fsa_buffer_putc(json->out, ',');
  json->needs_comma = true;
  if (!name) return;
  fsa_buffer_putc(json->out, '"');
  fsa_buffer_puts(json->out, name);
  fsa_buffer_puts(json->out, "\":");
}

void fsa_json_open(FsaJsonOut *json, const char *name, char bracket) {
  put_name(json, name);
  fsa_buffer_putc(json->out, bracket);
  json->needs_comma = false;
}

void fsa_json_close(FsaJsonOut *json, char bracket) {
  fsa_buffer_putc(json->out, bracket);
  json->needs_comma = true;
}

/* The escape of the character at `text`, NULL when it needs none; *ret_size = its bytes. */
static const char *escape_of(const char *text, size_t size, size_t *ret_size) {
  *ret_size = 1;
  if (*text == '<') return "\\u003c";
  if (*text == '>') return "\\u003e";
  if (*text == '&') return "\\u0026";
  if (size < 3 || memcmp(text, "\xE2\x80", 2) != 0) return NULL;
  if (text[2] != '\xA8' && text[2] != '\xA9') return NULL;
  *ret_size = 3;
  return text[2] == '\xA8' ? "\\u2028" : "\\u2029";
}

/* These characters are part of JSON's structure nowhere, so all of them stand inside a string. */
static void put_escaped(FsaBuffer *out, const char *json, size_t size) {
  size_t from = 0, length = 1;
  for (size_t at = 0; at < size; at += length) {
    const char *escape = escape_of(json + at, size - at, &length);
    if (!escape) continue;
    fsa_buffer_put(out, json + from, at - from);
    fsa_buffer_puts(out, escape);
    from = at + length;
  }
  fsa_buffer_put(out, json + from, size - from);
}

void fsa_json_put_text(FsaJsonOut *json, const char *name, FsaText text) {
  FsaBuffer quoted = fsa_buffer(json->out->limit);
  if (!text.data) {
    fsa_json_put_null(json, name);
    return;
  }
  put_name(json, name);
  fsa_buffer_json(&quoted, text.data, text.size);
  if (quoted.error && !json->out->error) json->out->error = quoted.error;
  put_escaped(json->out, quoted.data ? quoted.data : "\"\"", quoted.data ? quoted.size : 2);
  fsa_buffer_done(&quoted);
}

void fsa_json_put_string(FsaJsonOut *json, const char *name, const char *text_or_null) {
  fsa_json_put_text(json, name, (FsaText){text_or_null, text_or_null ? strlen(text_or_null) : 0});
}

void fsa_json_put_json(FsaJsonOut *json, const char *name, FsaText value) {
  if (!value.data) {
    fsa_json_put_null(json, name);
    return;
  }
  put_name(json, name);
  put_escaped(json->out, value.data, value.size);
}

void fsa_json_put_integer(FsaJsonOut *json, const char *name, int64_t value) {
  put_name(json, name);
  fsa_buffer_i64(json->out, value);
}

void fsa_json_put_number(FsaJsonOut *json, const char *name, double value) {
  char digits[NUMBER_ROOM]; /* in no locale: a point, never a comma */
  if (!isfinite(value)) {
    fsa_json_put_null(json, name);
    return;
  }
  put_name(json, name);
  fsa_buffer_puts(json->out, g_ascii_formatd(digits, sizeof digits, "%.12g", value));
}

void fsa_json_put_bool(FsaJsonOut *json, const char *name, bool value) {
  put_name(json, name);
  fsa_buffer_puts(json->out, value ? "true" : "false");
}

void fsa_json_put_null(FsaJsonOut *json, const char *name) {
  put_name(json, name);
  fsa_buffer_puts(json->out, "null");
}

void fsa_json_put_time(FsaJsonOut *json, const char *name, int64_t seconds) {
  if (seconds)
    fsa_json_put_integer(json, name, seconds);
  else
    fsa_json_put_null(json, name);
}
