/* No blocks. */
#include "os/process_block.h"

int fsa_os_kernel_block(FsaOsProcess *process, FsaOsKernelBlock *ret_block) {
  (void)process;
  (void)ret_block;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_environment_block(FsaOsProcess *process, FsaArena *arena,
                             FsaOsEnvironmentBlock *ret_block) {
  (void)process;
  (void)arena;
  (void)ret_block;
  return FSA_E_UNSUPPORTED;
}
