/* No handles. */
#include "os/os.h"

int fsa_os_handles(FsaOsProcess *process, FsaArena *arena, FsaOsHandle **ret_handles,
                   size_t *ret_count) {
  (void)process;
  (void)arena;
  (void)ret_handles;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_file(FsaOsProcess *process, const FsaOsHandle *handle, FsaOsFile *ret_file) {
  (void)process;
  (void)handle;
  (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_access(FsaOsProcess *process, int64_t number, FsaArena *arena,
                         unsigned *ret_access) {
  (void)process;
  (void)number;
  (void)arena;
  (void)ret_access;
  return FSA_E_UNSUPPORTED;
}
