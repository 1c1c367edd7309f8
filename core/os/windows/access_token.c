/*
 * Tokens of processes and threads, by question to the kernel.
 *
 * A thread is asked whether it has a token of its own: most have none, and the kernel says so at
 * once. Opening one for questions needs no right to use it.
 */
#include "os/access_token.h"

#include <string.h>

#include "formats/nt_security.h"
#include "formats/nt_sid.h"
#include "formats/nt_string.h"
#include "os/windows/process.h"

enum {
  FIRST_ANSWER = 1024,
  MOST_ANSWER = 1u << 20, /* a token has 1024 groups at the most */
};

/* ---- opening --------------------------------------------------------------------------------- */

static int open_process_token(FsaOsProcess *process, ACCESS_MASK rights, HANDLE *ret_token) {
  HANDLE handle;
  const int result = windows_process_handle(process, &handle);
  if (result != FSA_OK) return result;
  return windows_result(nt.NtOpenProcessToken(handle, rights, ret_token));
}

static NtStatus open_thread(const FsaOsProcess *process, int64_t tid, ACCESS_MASK rights,
                            HANDLE *ret_thread) {
  /* both ids: a thread that got the number of one that has ended is somebody else's */
  NtClientId client = {(HANDLE)(uintptr_t)process->pid, (HANDLE)(uintptr_t)tid};
  NtObjectAttributes attributes = {.Length = sizeof attributes};
  return nt.NtOpenThread(ret_thread, rights, &attributes, &client);
}

static NtStatus ask_thread_token(const FsaOsProcess *process, int64_t tid,
                                 ACCESS_MASK thread_rights, ACCESS_MASK rights, HANDLE *ret_token) {
  HANDLE thread;
  NtStatus status = open_thread(process, tid, thread_rights, &thread);
  if (!NT_OK(status)) return status == NT_INVALID_PARAMETER ? NT_INVALID_CID : status;
  status = nt.NtOpenThreadToken(thread, rights, TRUE, ret_token);
  nt.NtClose(thread);
  return status;
}

/* FSA_E_ABSENT: it has none of its own. *ret_sealed: it has one that nobody may open. */
static int open_thread_token(const FsaOsProcess *process, int64_t tid, ACCESS_MASK rights,
                             HANDLE *ret_token, bool *ret_sealed) {
  NtStatus status =
      ask_thread_token(process, tid, THREAD_QUERY_LIMITED_INFORMATION, rights, ret_token);
  if (status == NT_ACCESS_DENIED) /* older systems want more of the thread */
    status = ask_thread_token(process, tid, THREAD_QUERY_INFORMATION, rights, ret_token);
  *ret_sealed = status == NT_CANT_OPEN_ANONYMOUS;
  return *ret_sealed ? FSA_E_ACCESS : windows_result(status);
}

static int open_token(FsaOsProcess *process, int64_t tid, ACCESS_MASK rights, HANDLE *ret_token,
                      bool *ret_sealed) {
  *ret_sealed = false;
  return tid ? open_thread_token(process, tid, rights, ret_token, ret_sealed)
             : open_process_token(process, rights, ret_token);
}

/* ---- asking ---------------------------------------------------------------------------------- */

typedef struct Question {
  HANDLE token;
  int class;
} Question;

static NtStatus ask(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  const Question *question = context;
  return nt.NtQueryInformationToken(question->token, question->class, buffer, length, ret_length);
}

static int ask_bytes(HANDLE token, int class, FsaArena *arena, FsaBytes *ret_bytes) {
  Question question = {token, class};
  return windows_ask(ask, &question, FIRST_ANSWER, MOST_ANSWER, arena, ret_bytes);
}

static int64_t ask_number(HANDLE token, int class) {
  uint32_t number = 0;
  ULONG length = 0;
  const NtStatus status = nt.NtQueryInformationToken(token, class, &number, sizeof number, &length);
  return NT_OK(status) ? number : FSA_OS_UNKNOWN;
}

/* What a system does not know, or does not tell us, is unknown; only memory that ran out is not. */
static int forgive(int result) {
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

static uint64_t address_of(FsaBytes bytes) {
  return (uintptr_t)bytes.data;
}

static int ask_user(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  FsaNtGroup user;
  int result = ask_bytes(token, NT_TOKEN_USER, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_token_user(bytes, address_of(bytes), &user);
  if (result == FSA_OK) facts->user = user.sid;
  return result; /* who it is must be known: the rest without it tells little */
}

static int ask_integrity(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  FsaNtGroup label;
  int result = ask_bytes(token, NT_TOKEN_INTEGRITY, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_token_user(bytes, address_of(bytes), &label);
  if (result == FSA_OK) facts->integrity = fsa_nt_sid_last(label.sid);
  return forgive(result);
}

static int ask_groups(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  int result = ask_bytes(token, NT_TOKEN_GROUPS, arena, &bytes);
  if (result != FSA_OK) return forgive(result);
  const uint32_t told = fsa_nt_token_group_count(bytes);
  const size_t room = told < bytes.size ? told : bytes.size; /* a count may say anything */
  FsaNtGroup *groups = fsa_arena_zero(arena, room + 1, sizeof *groups);
  if (!groups) return FSA_E_NOMEM;
  size_t count = 0;
  while (count < room && (result = fsa_nt_token_group(bytes, address_of(bytes), (uint32_t)count,
                                                      &groups[count])) == FSA_ROW)
    count++;
  if (count < told) return FSA_OK;
  facts->groups = groups;
  facts->group_count = count;
  facts->has_groups = true;
  return FSA_OK;
}

static int ask_privileges(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  const int result = ask_bytes(token, NT_TOKEN_PRIVILEGES, arena, &bytes);
  if (result != FSA_OK) return forgive(result);
  const uint32_t told = fsa_nt_token_privilege_count(bytes);
  const size_t room = told < bytes.size ? told : bytes.size;
  FsaNtPrivilege *privileges = fsa_arena_zero(arena, room + 1, sizeof *privileges);
  if (!privileges) return FSA_E_NOMEM;
  uint64_t held = 0, enabled = 0;
  size_t count = 0;
  while (count < room &&
         fsa_nt_token_privilege(bytes, (uint32_t)count, &privileges[count]) == FSA_ROW) {
    const FsaNtPrivilege *privilege = &privileges[count++];
    const uint64_t bit = UINT64_C(1) << privilege->number;
    if (privilege->attributes & FSA_NT_PRIVILEGE_REMOVED) continue;
    held |= bit;
    if (privilege->attributes & FSA_NT_PRIVILEGE_ENABLED) enabled |= bit;
  }
  if (count < told) return FSA_OK;
  facts->privileges = privileges;
  facts->privilege_count = count;
  facts->has_privileges = true;
  facts->privileges_held = held;
  facts->privileges_enabled = enabled;
  return FSA_OK;
}

static int ask_statistics(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  FsaNtTokenStatistics statistics;
  int result = ask_bytes(token, NT_TOKEN_STATISTICS, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_token_statistics(bytes, &statistics);
  if (result != FSA_OK) return forgive(result);
  facts->has_statistics = true;
  facts->token_id = statistics.token_id;
  facts->logon_id = statistics.logon_id;
  facts->is_primary = statistics.is_primary;
  facts->level = statistics.is_primary ? FSA_OS_UNKNOWN : statistics.level;
  return FSA_OK;
}

static int ask_source(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes, name;
  int result = ask_bytes(token, NT_TOKEN_SOURCE, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_token_source(bytes, &name);
  if (result != FSA_OK || name.size == 0) return forgive(result);
  const FsaText text = fsa_text_clean(arena, name.data, name.size);
  if (!text.data) return FSA_E_NOMEM;
  facts->source = text;
  return FSA_OK;
}

static int ask_restricted(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  const int result = ask_bytes(token, NT_TOKEN_RESTRICTED_SIDS, arena, &bytes);
  if (result == FSA_OK) facts->restricted_count = fsa_nt_token_group_count(bytes);
  return forgive(result);
}

static int ask_origin(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  FsaBytes bytes;
  const int result = ask_bytes(token, NT_TOKEN_ORIGIN, arena, &bytes);
  if (result == FSA_OK) facts->origin_id = (int64_t)fsa_u64(&bytes, 0);
  return forgive(result);
}

static int read_token(HANDLE token, FsaArena *arena, FsaOsAccessToken *facts) {
  static int (*const questions[])(HANDLE, FsaArena *, FsaOsAccessToken *) = {
      ask_user,       ask_statistics, ask_integrity,  ask_groups,
      ask_privileges, ask_source,     ask_restricted, ask_origin,
  };
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    const int result = questions[i](token, arena, facts);
    if (result != FSA_OK) return result;
  }
  facts->session_number = ask_number(token, NT_TOKEN_SESSION);
  facts->elevation_type = ask_number(token, NT_TOKEN_ELEVATION_TYPE);
  facts->is_elevated = ask_number(token, NT_TOKEN_ELEVATION);
  facts->is_app_container = ask_number(token, NT_TOKEN_IS_APP_CONTAINER);
  return FSA_OK;
}

int fsa_os_access_token(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                        FsaOsAccessToken *ret_token) {
  FsaOsAccessToken facts = {.is_primary = tid == 0,
                            .level = FSA_OS_UNKNOWN,
                            .origin_id = FSA_OS_UNKNOWN,
                            .session_number = FSA_OS_UNKNOWN,
                            .integrity = FSA_OS_UNKNOWN,
                            .elevation_type = FSA_OS_UNKNOWN,
                            .is_elevated = FSA_OS_UNKNOWN,
                            .is_app_container = FSA_OS_UNKNOWN,
                            .restricted_count = FSA_OS_UNKNOWN};
  HANDLE token;
  int result = open_token(process, tid, TOKEN_QUERY | TOKEN_QUERY_SOURCE, &token, &facts.is_sealed);
  if (result == FSA_E_ACCESS && !facts.is_sealed)
    result = open_token(process, tid, TOKEN_QUERY, &token, &facts.is_sealed);
  if (facts.is_sealed) {
    facts.level = FSA_NT_ANONYMOUS;
    *ret_token = facts;
    return FSA_OK;
  }
  if (result != FSA_OK) return windows_process_ended(process) ? FSA_E_ABSENT : result;
  result = read_token(token, arena, &facts);
  nt.NtClose(token);
  if (result == FSA_OK) *ret_token = facts;
  return result;
}

/* ---- who may use it -------------------------------------------------------------------------- */

static NtStatus ask_security(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  const SECURITY_INFORMATION parts =
      OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  return nt.NtQuerySecurityObject(*(HANDLE *)context, parts, buffer, length, ret_length);
}

int fsa_os_access_token_sddl(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                             FsaText *ret_sddl) {
  HANDLE token;
  bool is_sealed;
  FsaBytes bytes;
  int result = open_token(process, tid, READ_CONTROL, &token, &is_sealed);
  if (result != FSA_OK) return result;
  result = windows_ask(ask_security, &token, FIRST_ANSWER, MOST_ANSWER, arena, &bytes);
  nt.NtClose(token);
  return result == FSA_OK ? fsa_nt_sddl(bytes, arena, ret_sddl) : result;
}

/* ---- threads --------------------------------------------------------------------------------- */

static NtStatus ask_name(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtQueryInformationThread(*(HANDLE *)context, NT_THREAD_NAME, buffer, length,
                                     ret_length);
}

int fsa_os_thread_name(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_name) {
  HANDLE thread;
  FsaBytes bytes;
  const NtStatus status = open_thread(process, tid, THREAD_QUERY_LIMITED_INFORMATION, &thread);
  if (!NT_OK(status)) return status == NT_INVALID_PARAMETER ? FSA_E_ABSENT : windows_result(status);
  const int result = windows_ask(ask_name, &thread, FIRST_ANSWER, MOST_ANSWER, arena, &bytes);
  nt.NtClose(thread);
  if (result != FSA_OK) return result == FSA_E_UNSUPPORTED ? FSA_E_ABSENT : result;
  const FsaBytes name = fsa_nt_string(&bytes, address_of(bytes), 0);
  if (bytes.bad) return FSA_E_FORMAT;
  if (name.size == 0) return FSA_E_ABSENT;
  const FsaText text = fsa_text_from_utf16(arena, name.data, name.size / 2);
  if (!text.data) return FSA_E_NOMEM;
  *ret_name = text;
  return FSA_OK;
}
