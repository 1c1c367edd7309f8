/*
 * fsa_tokens where Wine cannot go: logon sessions, sources of tokens, other users, anonymous ones,
 * threads that refuse. A thread of ours impersonates ourselves; what the kernel and the security
 * authority say of its token is replaced by what Windows has answered.
 */
#include <windows.h>
#include <ntsecapi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "windows/ask.h"

#define SELF (unsigned long)GetCurrentProcessId()
#define OWN_SESSION 0x1A2B3Cu   /* the logon session of our process's token */
#define OTHER_SESSION 0x4D5E6Fu /* of the thread's */

/* ---- a thread that is somebody else ------------------------------------------------------------
 */

static HANDLE thread, is_ready, may_end;
static unsigned long tid;

static DWORD WINAPI impersonate(void *level) {
  if (!ImpersonateSelf(*(const SECURITY_IMPERSONATION_LEVEL *)level)) return 1;
  SetEvent(is_ready);
  WaitForSingleObject(may_end, INFINITE);
  return 0;
}

static int start_with(void **state, SECURITY_IMPERSONATION_LEVEL level) {
  /* a first look enables our privileges, which the thread then copies */
  if (ask_open(state) != 0) return -1;
  ask("SELECT count(*) FROM fsa_processes");
  ask_close(state);
  if (ask_open(state) != 0) return -1;
  is_ready = CreateEventW(NULL, FALSE, FALSE, NULL);
  may_end = CreateEventW(NULL, FALSE, FALSE, NULL);
  thread = CreateThread(NULL, 0, impersonate, &level, 0, &tid);
  return thread && WaitForSingleObject(is_ready, 10000) == WAIT_OBJECT_0 ? 0 : -1;
}

static int start(void **state) {
  return start_with(state, SecurityImpersonation);
}

static int stop(void **state) {
  SetEvent(may_end);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  CloseHandle(is_ready);
  CloseHandle(may_end);
  return ask_close(state);
}

/* ---- what the kernel says of its token ---------------------------------------------------------
 */

/* The parts that are replaced, for the thread's token and for the process's. */
typedef struct Lies {
  const uint8_t *user; /* SID; NULL = as it is */
  size_t user_size;
  uint64_t logon_id;
  const char *source; /* 8 bytes; NULL = as it is */
  uint32_t integrity; /* 0 = as it is */
} Lies;

static Lies of_process, of_thread;

static const Lies *lies_about(HANDLE token) {
  uint8_t statistics[56];
  uint32_t type;
  ULONG length;
  if (!NT_OK(ask_real.NtQueryInformationToken(token, NT_TOKEN_STATISTICS, statistics,
                                              sizeof statistics, &length)))
    return &of_process;
  memcpy(&type, statistics + 0x18, sizeof type);
  return type == 1 ? &of_process : &of_thread;
}

/* SID_AND_ATTRIBUTES and the SID behind it. */
static NtStatus put_sid(void *buffer, ULONG length, ULONG *ret_length, const uint8_t *sid,
                        size_t size) {
  const uint64_t pointer = (uintptr_t)buffer + 16;
  *ret_length = (ULONG)(16 + size);
  if (length < *ret_length) return NT_BUFFER_TOO_SMALL;
  memset(buffer, 0, 16);
  memcpy(buffer, &pointer, sizeof pointer);
  memcpy((uint8_t *)buffer + 16, sid, size);
  return 0;
}

static NtStatus put_integrity(void *buffer, ULONG length, ULONG *ret_length, uint32_t level) {
  uint8_t sid[12] = {1, 1, 0, 0, 0, 0, 0, 16};
  memcpy(sid + 8, &level, sizeof level);
  return put_sid(buffer, length, ret_length, sid, sizeof sid);
}

static NtStatus NTAPI lie(HANDLE token, int class, void *buffer, ULONG length, ULONG *ret_length) {
  const Lies *lies = lies_about(token);
  if (class == NT_TOKEN_USER && lies->user)
    return put_sid(buffer, length, ret_length, lies->user, lies->user_size);
  if (class == NT_TOKEN_INTEGRITY && lies->integrity)
    return put_integrity(buffer, length, ret_length, lies->integrity);
  if (class == NT_TOKEN_SOURCE && lies->source) {
    *ret_length = 16;
    if (length < 16) return NT_BUFFER_TOO_SMALL;
    memset(buffer, 0, 16);
    memcpy(buffer, lies->source, 8);
    return 0;
  }
  const NtStatus status =
      ask_real.NtQueryInformationToken(token, class, buffer, length, ret_length);
  if (class == NT_TOKEN_STATISTICS && NT_OK(status))
    memcpy((uint8_t *)buffer + 8, &lies->logon_id, sizeof lies->logon_id);
  return status;
}

static void say(Lies process_lies, Lies thread_lies) {
  of_process = process_lies;
  of_thread = thread_lies;
  nt.NtQueryInformationToken = lie;
}

/* ---- what the security authority says ----------------------------------------------------------
 */

static LUID session_ids[] = {{OTHER_SESSION, 0}, {OWN_SESSION, 0}, {0x999, 0}};
static WCHAR own_user[] = L"alice", other_user[] = L"bob", domain[] = L"CORP", ntlm[] = L"NTLM",
             negotiate[] = L"Negotiate";
static int enumerations;

static LSA_UNICODE_STRING text_of(WCHAR *text) {
  const USHORT size = (USHORT)(wcslen(text) * sizeof *text);
  return (LSA_UNICODE_STRING){size, size, text};
}

static NtStatus NTAPI enumerate(ULONG *ret_count, LUID **ret_ids) {
  enumerations++;
  *ret_count = sizeof session_ids / sizeof *session_ids;
  *ret_ids = session_ids;
  return 0;
}

static NtStatus NTAPI tell_session(LUID *id, void **ret_data) {
  static SECURITY_LOGON_SESSION_DATA data;
  const BOOL is_own = id->LowPart == OWN_SESSION;
  if (id->LowPart == 0x999) return NT_ACCESS_DENIED;
  data = (SECURITY_LOGON_SESSION_DATA){
      .Size = sizeof data,
      .LogonId = *id,
      .UserName = text_of(is_own ? own_user : other_user),
      .LogonDomain = text_of(domain),
      .AuthenticationPackage = text_of(is_own ? negotiate : ntlm),
      .LogonType = is_own ? 2 : 9,
      .LogonTime = {.QuadPart = 132000000000000000},
  };
  *ret_data = &data;
  return 0;
}

static NtStatus NTAPI give_back(void *data) {
  (void)data;
  return 0;
}

static void tell_sessions(void) {
  enumerations = 0;
  nt.LsaEnumerateLogonSessions = enumerate;
  nt.LsaGetLogonSessionData = tell_session;
  nt.LsaFreeReturnBuffer = give_back;
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void a_thread_that_impersonates_ourselves(void **state) {
  (void)state;
  assert_string_equal(ask("SELECT tid = %lu, is_leader, level, is_different, has_other_uids, "
                          "has_other_logon, has_other_groups, has_other_capabilities, "
                          "has_higher_integrity, has_gained_privileges, gained_privileges, "
                          "user_sid = process_user_sid "
                          "FROM fsa_tokens WHERE pid = %lu ORDER BY tid",
                          tid, SELF),
                      "NULL|1|NULL|0|0|0|0|0|0|0|NULL|1\n"
                      "1|0|impersonation|0|0|0|0|0|0|0|NULL|1\n");
  assert_string_equal(ask("SELECT pid = %lu, level FROM fsa_tokens WHERE tid = %lu", SELF, tid),
                      "1|impersonation\n");
  assert_string_equal(ask("SELECT count(*) FROM fsa_problems"), "0\n");
}

/* make_token, runas /netonly, pass the hash: the same user, another logon session of type 9. */
static void other_credentials_for_the_network(void **state) {
  (void)state;
  tell_sessions();
  say((Lies){.logon_id = OWN_SESSION, .source = "User32 "},
      (Lies){.logon_id = OTHER_SESSION, .source = "seclogo"});
  assert_string_equal(
      ask("SELECT tid IS NOT NULL, logon_id, logon_type, authentication_package, logon_user, "
          "logon_time, source_name, process_logon_id, is_different, has_other_uids, "
          "has_other_logon "
          "FROM fsa_tokens WHERE pid = %lu ORDER BY tid",
          SELF),
      "0|0x1a2b3c|Interactive|Negotiate|CORP\\alice|1555526400|User32|0x1a2b3c|0|0|0\n"
      "1|0x4d5e6f|New Credentials|NTLM|CORP\\bob|1555526400|seclogo|0x1a2b3c|1|0|1\n");
  assert_string_equal(ask("SELECT code, problem_source, message FROM fsa_problems"),
                      "access|logon sessions|1 of 3 are told to administrators only\n");
}

/* One list serves all tokens of a query, and none is asked for when nobody wants to know. */
static void sessions_are_listed_once(void **state) {
  (void)state;
  tell_sessions();
  ask("SELECT logon_type FROM fsa_tokens");
  assert_int_equal(enumerations, 1);
  ask("SELECT user_sid, level, is_different FROM fsa_tokens WHERE pid = %lu", SELF);
  ask("SELECT pid, tid, name, group_count FROM fsa_tokens");
  assert_true(enumerations <= 2);
}

static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

/* token::elevate, steal_token, potatoes. */
static void a_stolen_token_of_the_system(void **state) {
  (void)state;
  say((Lies){.logon_id = OWN_SESSION, .integrity = 8192}, (Lies){.user = system_sid,
                                                                 .user_size = sizeof system_sid,
                                                                 .logon_id = 0x3E7,
                                                                 .integrity = 16384});
  assert_string_equal(ask("SELECT user_sid, user_name, integrity, logon_id, is_privileged_user, "
                          "is_service_process, is_different, has_other_uids, has_other_logon, "
                          "has_higher_integrity FROM fsa_tokens WHERE tid = %lu",
                          tid),
                      "S-1-5-18|NT AUTHORITY\\SYSTEM|system|0x3e7|1|0|1|1|1|1\n");
}

/* The administrator of a domain; a service of this machine as the process. */
static void accounts_by_their_numbers(void **state) {
  (void)state;
  static const uint8_t administrator[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0,    0, 1, 0,
                                          0, 0, 2, 0, 0, 0, 3, 0, 0,  0, 0xF4, 1, 0, 0};
  static const uint8_t service[] = {1, 6, 0, 0, 0, 0, 0, 5, 80, 0, 0, 0, 1, 0, 0, 0,
                                    2, 0, 0, 0, 3, 0, 0, 0, 4,  0, 0, 0, 5, 0, 0, 0};
  say((Lies){.user = service, .user_size = sizeof service},
      (Lies){.user = administrator, .user_size = sizeof administrator});
  assert_string_equal(ask("SELECT user_sid, process_user_sid, is_privileged_user, "
                          "is_service_process FROM fsa_tokens WHERE tid = %lu",
                          tid),
                      "S-1-5-21-1-2-3-500|S-1-5-80-1-2-3-4-5|1|1\n");
}

static NtStatus NTAPI nobody_opens_anonymous(HANDLE handle, ACCESS_MASK rights, BOOLEAN as_self,
                                             HANDLE *ret_token) {
  const NtStatus status = ask_real.NtOpenThreadToken(handle, rights, as_self, ret_token);
  if (!NT_OK(status)) return status;
  ask_real.NtClose(*ret_token);
  return NT_CANT_OPEN_ANONYMOUS;
}

static void an_anonymous_thread_is_a_row(void **state) {
  (void)state;
  nt.NtOpenThreadToken = nobody_opens_anonymous;
  assert_string_equal(ask("SELECT level, user_sid, token_id, is_different, has_other_uids, "
                          "process_user_sid IS NOT NULL FROM fsa_tokens WHERE tid = %lu",
                          tid),
                      "anonymous|NULL|NULL|1|1|1\n");
  assert_string_equal(ask("SELECT count(*) FROM fsa_problems"), "0\n");
}

static NtStatus NTAPI refuse_threads(HANDLE *ret_handle, ACCESS_MASK rights,
                                     NtObjectAttributes *object, NtClientId *client) {
  if ((uintptr_t)client->UniqueProcess == GetCurrentProcessId()) return NT_ACCESS_DENIED;
  return ask_real.NtOpenThread(ret_handle, rights, object, client);
}

static void refused_threads_are_one_problem(void **state) {
  (void)state;
  nt.NtOpenThread = refuse_threads;
  assert_string_equal(ask("SELECT tid, user_sid IS NOT NULL FROM fsa_tokens WHERE pid = %lu", SELF),
                      "NULL|1\n");
  assert_string_equal(ask("SELECT code, message LIKE '%% of its %% threads cannot be asked%%', "
                          "count(*) FROM fsa_problems GROUP BY 1, 2"),
                      "access|1|1\n");
}

static NtStatus NTAPI refuse_token(HANDLE process, ACCESS_MASK rights, HANDLE *ret_token) {
  (void)process, (void)rights, (void)ret_token;
  return NT_ACCESS_DENIED;
}

/* Threads may be open where the process's token is not; what would be compared is unknown. */
static void a_refused_process_still_has_threads(void **state) {
  (void)state;
  nt.NtOpenProcessToken = refuse_token;
  assert_string_equal(ask("SELECT tid = %lu, level, user_sid IS NOT NULL, is_different, "
                          "process_user_sid, is_service_process FROM fsa_tokens WHERE pid = %lu",
                          tid, SELF),
                      "1|impersonation|1|NULL|NULL|NULL\n");
  assert_string_equal(ask("SELECT code, count(*) FROM fsa_problems WHERE problem_source = %lu "
                          "GROUP BY 1",
                          SELF),
                      "access|1\n");
}

static NtStatus NTAPI end_threads(HANDLE *ret_handle, ACCESS_MASK rights,
                                  NtObjectAttributes *object, NtClientId *client) {
  (void)ret_handle, (void)rights, (void)object, (void)client;
  return NT_INVALID_CID;
}

static void threads_that_end_meanwhile(void **state) {
  (void)state;
  nt.NtOpenThread = end_threads;
  assert_string_equal(ask("SELECT count(*), count(tid) FROM fsa_tokens WHERE pid = %lu", SELF),
                      "1|0\n");
  assert_string_equal(ask("SELECT count(*) FROM fsa_problems"), "0\n");
}

static int start_identification(void **state) {
  return start_with(state, SecurityIdentification);
}

static void levels_are_told_apart(void **state) {
  (void)state;
  assert_string_equal(ask("SELECT level FROM fsa_tokens WHERE tid = %lu", tid), "identification\n");
}

/* What a token's groups and privileges look like. */
static void lists_are_json(void **state) {
  (void)state;
  assert_string_equal(
      ask("SELECT json_valid(groups), json_valid(privileges), group_count = "
          "json_array_length(groups), (SELECT json_extract(value, '$.name') FROM json_each(groups) "
          "WHERE json_extract(value, '$.sid') = 'S-1-5-32-544'), (SELECT json_extract(value, "
          "'$.enabled') FROM json_each(privileges) WHERE json_extract(value, '$.name') = "
          "'SeChangeNotifyPrivilege') FROM fsa_tokens WHERE pid = %lu AND tid IS NULL",
          SELF),
      "1|1|1|BUILTIN\\Administrators|1\n");
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, start, stop)
  const struct CMUnitTest tests[] = {
      EACH(a_thread_that_impersonates_ourselves),
      EACH(other_credentials_for_the_network),
      EACH(sessions_are_listed_once),
      EACH(a_stolen_token_of_the_system),
      EACH(accounts_by_their_numbers),
      EACH(an_anonymous_thread_is_a_row),
      EACH(refused_threads_are_one_problem),
      EACH(a_refused_process_still_has_threads),
      EACH(threads_that_end_meanwhile),
      cmocka_unit_test_setup_teardown(levels_are_told_apart, start_identification, stop),
      EACH(lists_are_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
