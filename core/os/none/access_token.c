/* No access tokens. */
#include "os/access_token.h"

int fsa_os_access_token(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                        FsaOsAccessToken *ret_token) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_token;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_access_token_sddl(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                             FsaText *ret_sddl) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_sddl;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_thread_name(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_name) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_name;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_account_name(FsaOs *os, FsaBytes sid, FsaArena *arena, FsaText *ret_name) {
  (void)os;
  (void)sid;
  (void)arena;
  (void)ret_name;
  return FSA_E_UNSUPPORTED;
}
