/* No connections. */
#include "os/connections.h"

int fsa_os_connections(FsaOs *os, FsaArena *arena, FsaOsConnection **ret_connections,
                       size_t *ret_count) {
  (void)os, (void)arena, (void)ret_connections, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_namespace_connections(FsaOsProcess *process, FsaArena *arena,
                                 FsaOsConnection **ret_connections, size_t *ret_count) {
  (void)process, (void)arena, (void)ret_connections, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
