/* Lines on standard error, each written at once so that threads do not mix theirs. */
#include "osquery/log.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "os/stream.h"

/* Set once at the start; whether details are said is a property of the process. */
static bool says_details;

void fsa_log_be_verbose(bool is_verbose) {
  says_details = is_verbose;
}

/* What others said may stand in a line: nothing of it moves the cursor or turns the text around. */
static gchar *make_safe(const char *line) {
  gchar *valid = g_utf8_make_valid(line, -1);
  GString *safe = g_string_new(NULL);
  for (const gchar *at = valid; *at; at = g_utf8_next_char(at)) {
    const gunichar c = g_utf8_get_char(at);
    const bool is_shown = g_unichar_isprint(c) && g_unichar_type(c) != G_UNICODE_FORMAT;
    g_string_append_unichar(safe, is_shown ? c : 0xFFFD);
  }
  g_free(valid);
  return g_string_free(safe, FALSE);
}

static void say(const char *format, va_list arguments) {
  char line[1200];
  vsnprintf(line, sizeof line, format, arguments);
  gchar *safe = make_safe(line), *whole = g_strconcat("fsa.ext: ", safe, "\n", NULL);
  FsaStream error = fsa_stream_standard(FSA_STANDARD_ERROR);
  fsa_stream_write(&error, whole, strlen(whole)); /* whom else could a failure be told? */
  g_free(safe);
  g_free(whole);
}

void fsa_log(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
}

void fsa_log_detail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (says_details) say(format, arguments);
  va_end(arguments);
}
