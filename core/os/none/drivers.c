/* No drivers. */
#include "os/drivers.h"

int fsa_os_drivers(FsaOs *os, FsaArena *arena, FsaOsDriver **ret_drivers, size_t *ret_count) {
  (void)os, (void)arena, (void)ret_drivers, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_system_root(FsaOs *os, FsaArena *arena, FsaText *ret_path) {
  (void)os, (void)arena, (void)ret_path;
  return FSA_E_UNSUPPORTED;
}
