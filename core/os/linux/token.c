/*
 * The credentials of processes and threads: PID/task/TID/status and what stands around it.
 * [proc(5), credentials(7)]
 */
#include <string.h>

#include "formats/procfs.h"
#include "os/linux/linux.h"

/* 65536 groups of up to 11 bytes each do not fit: linux_read() then takes over. */
enum { STATUS_BYTES = 8192, LABEL_BYTES = 4096 };

#define NOT_SET UINT32_MAX                 /* loginuid and sessionid before a login: (uid_t)-1 */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDu /* PROC_USER_INIT_INO [include/linux/proc_ns.h] */

_Static_assert((int)FSA_OS_IDS == (int)FSA_PROC_IDS, "the ids are copied as they are");
_Static_assert((int)FSA_OS_CAPABILITIES == (int)FSA_PROC_CAPABILITIES, "so are the capabilities");

/* "task/7/status", or "status" of the process for tid 0. */
static void thread_name(char out[64], int64_t tid, const char *name) {
  if (tid)
    linux_name(out, "task/%lld/%s", (long long)tid, name);
  else
    linux_name(out, "%s", name);
}

static int copy_token(const FsaProcStatus *status, FsaArena *arena, FsaOsToken *ret_token) {
  FsaOsToken token = {
      .group_count = status->group_count,
      .capabilities_known = status->capabilities_known,
      .no_new_privileges = status->no_new_privileges,
      .seccomp = status->seccomp,
      .seccomp_filters = status->seccomp_filters,
      .tracer = status->tracer,
      .namespace_pid = status->namespace_pid,
  };
  memcpy(token.uids, status->uids, sizeof token.uids);
  memcpy(token.gids, status->gids, sizeof token.gids);
  memcpy(token.capabilities, status->capabilities, sizeof token.capabilities);
  if (status->name.data) {
    token.name = fsa_text_clean(arena, status->name.data, status->name.size);
    if (!token.name.data) return FSA_E_NOMEM;
  }
  if (status->groups.data) {
    token.groups = fsa_text_clean(arena, status->groups.data, status->groups.size);
    if (!token.groups.data) return FSA_E_NOMEM;
  }
  *ret_token = token;
  return FSA_OK;
}

int fsa_os_token(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaOsToken *ret_token) {
  char name[64], text[STATUS_BYTES];
  thread_name(name, tid, "status");
  FsaBytes bytes;
  FsaProcStatus status;
  int result = linux_read_small(process->os, process->directory, name, text, sizeof text, &bytes);
  if (result == FSA_E_LIMIT)
    result = linux_read_piece(process->os, process->directory, name, arena, &bytes);
  if (result == FSA_OK) result = fsa_proc_status(bytes, &status);
  return result == FSA_OK ? copy_token(&status, arena, ret_token) : result;
}

int fsa_os_thread_label(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_label) {
  char name[64], text[LABEL_BYTES];
  thread_name(name, tid, "attr/current");
  FsaBytes bytes;
  int result = linux_read_small(process->os, process->directory, name, text, sizeof text, &bytes);
  /* EINVAL: no module that gives labels is active */
  if (result == FSA_E_IO) return FSA_E_ABSENT;
  if (result != FSA_OK) return result;
  size_t size = bytes.size;
  while (size && (text[size - 1] == '\n' || text[size - 1] == '\0')) size--;
  if (size == 0) return FSA_E_ABSENT;
  FsaText label = fsa_text_clean(arena, text, size);
  if (!label.data) return FSA_E_NOMEM;
  *ret_label = label;
  return FSA_OK;
}

/* loginuid or sessionid; FSA_E_ABSENT while it was never set or the kernel has no audit. */
static int login_number(FsaOsProcess *process, const char *name, int64_t *ret_number) {
  char text[32];
  FsaBytes bytes;
  uint64_t number;
  int result = linux_read_small(process->os, process->directory, name, text, sizeof text, &bytes);
  if (result != FSA_OK) return result;
  if (!fsa_proc_number((FsaText){(const char *)bytes.data, bytes.size}, 10, &number))
    return FSA_E_FORMAT;
  if (number >= NOT_SET) return FSA_E_ABSENT;
  *ret_number = (int64_t)number;
  return FSA_OK;
}

int fsa_os_login(FsaOsProcess *process, FsaArena *arena, int64_t *ret_uid, int64_t *ret_session) {
  (void)arena;
  int64_t uid, session;
  int result = login_number(process, "loginuid", &uid);
  if (result != FSA_OK) return result;
  if (login_number(process, "sessionid", &session) != FSA_OK) session = FSA_OS_UNKNOWN;
  *ret_uid = uid;
  *ret_session = session;
  return FSA_OK;
}

int fsa_os_user_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode,
                          bool *ret_is_initial) {
  FsaText target;
  int result = linux_read_link(process->directory, "ns/user", arena, &target);
  if (result != FSA_OK) return result;
  uint64_t inode;
  if (!fsa_proc_link_inode(target, "user", &inode)) return FSA_E_FORMAT;
  *ret_inode = inode;
  *ret_is_initial = inode == INITIAL_USER_NAMESPACE;
  return FSA_OK;
}
