/* No live host: a machine that tells nothing of itself. */
#include "os/os.h"

int fsa_os_hostname(FsaOs *os, FsaArena *arena, FsaText *ret_name) {
  (void)os;
  (void)arena;
  (void)ret_name;
  return FSA_E_UNSUPPORTED;
}

unsigned fsa_os_core_count(void) {
  return 1;
}
