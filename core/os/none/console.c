/* No terminal is known to be one. */
#include "os/console.h"

bool fsa_console_has_escapes(const FsaStream *stream) {
  (void)stream;
  return false;
}

size_t fsa_console_columns(const FsaStream *stream) {
  (void)stream;
  return 0;
}
