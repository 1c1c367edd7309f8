/* No logon sessions. */
#include "os/logon_session.h"

int fsa_os_logon_sessions(FsaOs *os, FsaArena *arena, FsaOsLogonSession **ret_sessions,
                          size_t *ret_count, size_t *ret_hidden) {
  (void)os;
  (void)arena;
  (void)ret_sessions;
  (void)ret_count;
  (void)ret_hidden;
  return FSA_E_UNSUPPORTED;
}
