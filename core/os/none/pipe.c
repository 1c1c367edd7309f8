/* No file system of pipes. */
#include "os/pipe.h"

int fsa_os_pipes(FsaOs *os, FsaArena *arena, FsaOsPipe **ret_pipes, size_t *ret_count) {
  (void)os;
  (void)arena;
  (void)ret_pipes;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
