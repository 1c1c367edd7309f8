/* Lines on standard error, each written at once so that threads do not mix theirs. */
#include "osquery/log.h"

#include <stdarg.h>
#include <stdio.h>

/* Set once at the start; whether details are said is a property of the process. */
static bool says_details;

void fsa_log_be_verbose(bool is_verbose) {
  says_details = is_verbose;
}

static void say(const char *format, va_list arguments) {
  char line[1200];
  vsnprintf(line, sizeof line, format, arguments);
  fprintf(stderr, "fsa.ext: %s\n", line);
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
