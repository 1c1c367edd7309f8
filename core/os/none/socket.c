/* No sockets. */
#include "os/os.h"

int fsa_os_network_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode) {
  (void)process;
  (void)arena;
  (void)ret_inode;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_unix_sockets(FsaOsProcess *process, FsaArena *arena, FsaOsUnixSocket **ret_sockets,
                        size_t *ret_count) {
  (void)process;
  (void)arena;
  (void)ret_sockets;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
