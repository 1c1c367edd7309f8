/* A program on a system that we know nothing of but its C library. */
#include "os/program.h"

#include <signal.h>
#include <stdlib.h>

#include "base/result.h"

int fsa_program_begin(int *argc, char ***argv) {
  (void)argc, (void)argv;
  return FSA_OK;
}

const char *fsa_program_variable(const char *name, FsaArena *arena) {
  (void)arena;
  return getenv(name);
}

void fsa_program_on_interrupt(FsaInterruptHandler *handler) {
  if (!handler) signal(SIGINT, SIG_DFL); /* without threads' rules no handler is safe */
}

bool fsa_program_random(void *bytes, size_t size) {
  (void)bytes, (void)size;
  return false;
}
