/* No modules. */
#include "os/module.h"

int fsa_os_modules(FsaOsProcess *process, const FsaOsRegion *regions, size_t count, FsaArena *arena,
                   FsaOsModules *ret_modules) {
  (void)process;
  (void)regions;
  (void)count;
  (void)arena;
  (void)ret_modules;
  return FSA_E_UNSUPPORTED;
}
