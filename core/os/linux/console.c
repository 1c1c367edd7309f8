/* Terminals, as termios and the environment describe them. */
#include "os/console.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

bool fsa_console_has_escapes(const FsaStream *stream) {
  const char *term = getenv("TERM");
  return stream->is_terminal && term && *term && strcmp(term, "dumb") != 0;
}

size_t fsa_console_columns(const FsaStream *stream) {
  struct winsize size = {0};
  return ioctl((int)stream->handle, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
