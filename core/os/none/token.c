/* No credentials. */
#include "os/os.h"

int fsa_os_token(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaOsToken *ret_token) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_token;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_thread_label(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_label) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_label;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_login(FsaOsProcess *process, FsaArena *arena, int64_t *ret_uid, int64_t *ret_session) {
  (void)process;
  (void)arena;
  (void)ret_uid;
  (void)ret_session;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_user_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode,
                          bool *ret_is_initial) {
  (void)process;
  (void)arena;
  (void)ret_inode;
  (void)ret_is_initial;
  return FSA_E_UNSUPPORTED;
}
