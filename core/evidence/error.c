/* Failures in words: what was tried, on what, why it failed, what to do. */
#include <stdarg.h>
#include <stdio.h>

#include "evidence/inside.h"

int fsa_error_set(FsaError *error, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  error->code = code;
  error->is_evidence = false;
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return code;
}

const char *fsa_error_reason(int code) {
  switch (code) {
  case FSA_E_NOMEM: return "memory ran out";
  case FSA_E_ACCESS: return "the system refused access";
  case FSA_E_ABSENT: return "it is not there";
  case FSA_E_LIMIT: return "a ceiling was reached";
  case FSA_E_UNSUPPORTED: return "it is not a regular file";
  case FSA_E_IO: return "the read failed";
  default: return fsa_result_name(code);
  }
}

const char *fsa_error_advice(int code) {
  switch (code) {
  case FSA_E_ACCESS: return "run with more privilege or copy it first";
  case FSA_E_ABSENT: return "check the path";
  case FSA_E_LIMIT: return "close other programs or raise the limit of open files";
  case FSA_E_IO: return "check the disk, or copy it first";
  default: return "see docs/evidence.md";
  }
}
