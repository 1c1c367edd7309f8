/* No threads. */
#include "os/os.h"

int fsa_os_threads(FsaOsProcess *process, FsaArena *arena, int64_t **ret_tids, size_t *ret_count) {
  (void)process;
  (void)arena;
  (void)ret_tids;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
