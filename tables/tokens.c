/*
 * fsa_tokens: with whose rights each thread acts. On Linux credentials belong to threads: one
 * thread may be root while its process is not, and no tool that looks at processes sees it. On
 * Windows a process has a token, and a thread may have one of its own that makes it somebody else:
 * stolen ones (token::elevate, steal_token, potatoes) and made ones (make_token, runas /netonly)
 * are seen by what differs from the process's. [credentials(7), capabilities(7); Microsoft's
 * "Access Tokens"]
 */
#include <stdio.h>
#include <stdlib.h>

#include "fsa.h"
#include "formats/nt_sid.h"
#include "os/access_token.h"
#include "os/logon_session.h"

enum {
  PID,
  TID,
  NAME,
  IS_LEADER,
  UID,
  EUID,
  SUID,
  FSUID,
  GID,
  EGID,
  SGID,
  FSGID,
  GROUP_COUNT,
  CAP_INHERITABLE,
  CAP_PERMITTED,
  CAP_EFFECTIVE,
  CAP_BOUNDING,
  CAP_AMBIENT,
  HAS_CAPABILITIES,
  HAS_EXCESS_CAPABILITIES,
  HAS_DAC_OVERRIDE,
  HAS_SETUID,
  HAS_NET_RAW,
  HAS_SYS_MODULE,
  HAS_SYS_PTRACE,
  HAS_SYS_ADMIN,
  HAS_BPF,
  NO_NEW_PRIVS,
  SECCOMP,
  SECCOMP_FILTERS,
  IS_DIFFERENT,
  HAS_OTHER_UIDS,
  HAS_OTHER_GIDS,
  HAS_OTHER_GROUPS,
  HAS_OTHER_CAPABILITIES,
  HAS_OTHER_SECCOMP,
  SECURITY_LABEL,
  HAS_OTHER_LABEL,
  LOGIN_UID,
  LOGIN_SESSION,
  USER_NAMESPACE,
  IS_INITIAL_USER_NAMESPACE,
  USER_NAME,
  GROUPS,
  PRIVILEGES,
  TOKEN_SDDL,
  START_ADDRESS,
  START_MODULE,
  LOGON_TYPE,
  AUTHENTICATION_PACKAGE,
  LOGON_USER,
  LOGON_TIME,
  /* SQLite does not tell the last ones apart when it says what a query uses: they cost nothing */
  USER_SID,
  LEVEL,
  TOKEN_ID,
  LOGON_ID,
  ORIGIN_LOGON_ID,
  SOURCE_NAME,
  SESSION_ID,
  INTEGRITY,
  ELEVATION_TYPE,
  IS_ELEVATED_TOKEN,
  IS_RESTRICTED,
  IS_APP_CONTAINER,
  IS_PRIVILEGED_USER,
  PROCESS_USER_SID,
  PROCESS_LOGON_ID,
  IS_SERVICE_PROCESS,
  HAS_OTHER_LOGON,
  HAS_HIGHER_INTEGRITY,
  HAS_GAINED_ADMINISTRATORS,
  HAS_GAINED_PRIVILEGES,
  GAINED_PRIVILEGES,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [TID] = {"tid", FSA_INTEGER, FSA_KEY,
             "The thread; on Linux the first thread of a process bears its "
             "pid. NULL for the row of a Windows process, whose threads "
             "act with its token unless they impersonate somebody."},
    [NAME] = {"name", FSA_TEXT, 0,
              "The thread's name. Linux: cut to 15 bytes, newlines as "
              "'\\n'; Windows: what it was given, and of a process the file "
              "name of its program. NULL when it is not told."},
    [IS_LEADER] = {"is_leader", FSA_BOOL, 0,
                   "1 for the row that speaks for the process: its first thread, "
                   "on Windows its own token; never NULL."},
    [UID] = {"uid", FSA_INTEGER, 0, "Real user id; NULL on Windows only."},
    [EUID] = {"euid", FSA_INTEGER, 0,
              "Effective user id: whose rights it has; NULL on Windows "
              "only."},
    [SUID] = {"suid", FSA_INTEGER, 0,
              "Saved user id: what it may become again; NULL on Windows "
              "only."},
    [FSUID] = {"fsuid", FSA_INTEGER, 0, "User id for access to files; NULL on Windows only."},
    [GID] = {"gid", FSA_INTEGER, 0, "Real group id; NULL on Windows only."},
    [EGID] = {"egid", FSA_INTEGER, 0, "Effective group id; NULL on Windows only."},
    [SGID] = {"sgid", FSA_INTEGER, 0, "Saved group id; NULL on Windows only."},
    [FSGID] = {"fsgid", FSA_INTEGER, 0, "Group id for access to files; NULL on Windows only."},
    [GROUP_COUNT] = {"group_count", FSA_INTEGER, 0,
                     "Number of supplementary groups, on Windows of the groups in "
                     "the token; NULL when they are not told."},
    [CAP_INHERITABLE] = {"cap_inheritable", FSA_HEX, 0,
                         "Capabilities that it passes to programs which want them, bit "
                         "by capability number; NULL when not told, and on Windows."},
    [CAP_PERMITTED] = {"cap_permitted", FSA_HEX, 0,
                       "Capabilities that it may make effective; NULL when not told, "
                       "and on Windows."},
    [CAP_EFFECTIVE] = {"cap_effective", FSA_HEX, 0,
                       "Capabilities that count now; NULL when not told, and on "
                       "Windows."},
    [CAP_BOUNDING] = {"cap_bounding", FSA_HEX, 0,
                      "Capabilities that it can ever gain by running a program; "
                      "NULL when not told, and on Windows."},
    [CAP_AMBIENT] = {"cap_ambient", FSA_HEX, 0,
                     "Capabilities that every program it runs keeps; NULL before "
                     "Linux 4.3, and on Windows."},
    [HAS_CAPABILITIES] = {"has_capabilities", FSA_BOOL, 0,
                          "1 when any capability is effective; NULL when not told, and "
                          "on Windows."},
    [HAS_EXCESS_CAPABILITIES] = {"has_excess_capabilities", FSA_BOOL, 0,
                                 "1 when one is effective or ambient that is not permitted: no "
                                 "system call leads there. NULL when not told, and on Windows."},
    [HAS_DAC_OVERRIDE] = {"has_dac_override", FSA_BOOL, 0,
                          "1 when file permissions do not bind it (CAP_DAC_OVERRIDE, "
                          "effective); NULL when not told, and on Windows."},
    [HAS_SETUID] = {"has_setuid", FSA_BOOL, 0,
                    "1 when it may become any user (CAP_SETUID, effective); NULL "
                    "when not told, and on Windows."},
    [HAS_NET_RAW] = {"has_net_raw", FSA_BOOL, 0,
                     "1 when it may read and forge packets (CAP_NET_RAW, "
                     "effective); NULL when not told, and on Windows."},
    [HAS_SYS_MODULE] = {"has_sys_module", FSA_BOOL, 0,
                        "1 when it may load kernel modules (CAP_SYS_MODULE, "
                        "effective); NULL when not told, and on Windows."},
    [HAS_SYS_PTRACE] = {"has_sys_ptrace", FSA_BOOL, 0,
                        "1 when it may read and write any process (CAP_SYS_PTRACE, "
                        "effective); NULL when not told, and on Windows."},
    [HAS_SYS_ADMIN] = {"has_sys_admin", FSA_BOOL, 0,
                       "1 when it may nearly everything (CAP_SYS_ADMIN, effective); "
                       "NULL when not told, and on Windows."},
    [HAS_BPF] = {"has_bpf", FSA_BOOL, 0,
                 "1 when it may load BPF programs (CAP_BPF, effective); NULL "
                 "when not told, and on Windows."},
    [NO_NEW_PRIVS] = {"no_new_privs", FSA_INTEGER, 0,
                      "1 when it can never gain rights by running a program, else "
                      "0; NULL before Linux 4.10, and on Windows."},
    [SECCOMP] = {"seccomp", FSA_INTEGER, 0,
                 "System call filter: 0 none, 1 strict, 2 filter; NULL where "
                 "the kernel has none, and on Windows."},
    [SECCOMP_FILTERS] = {"seccomp_filters", FSA_INTEGER, 0,
                         "Number of filters; NULL before Linux 5.9, and on Windows."},
    [IS_DIFFERENT] = {"is_different", FSA_BOOL, 0,
                      "1 when its credentials are not those of its process (the "
                      "columns has_other_... say which, the label aside); on "
                      "Windows NULL when the process's token cannot be read."},
    [HAS_OTHER_UIDS] = {"has_other_uids", FSA_BOOL, 0,
                        "1 when a user id, on Windows the user, differs from the "
                        "process's; NULL as is_different."},
    [HAS_OTHER_GIDS] = {"has_other_gids", FSA_BOOL, 0,
                        "1 when a group id differs from the first thread's; NULL on "
                        "Windows only."},
    [HAS_OTHER_GROUPS] = {"has_other_groups", FSA_BOOL, 0,
                          "1 when the supplementary groups, on Windows the enabled "
                          "groups, differ from the process's; NULL as is_different."},
    [HAS_OTHER_CAPABILITIES] = {"has_other_capabilities", FSA_BOOL, 0,
                                "1 when a capability set, on Windows the set of privileges or "
                                "of enabled ones, differs from the process's; NULL as "
                                "is_different."},
    [HAS_OTHER_SECCOMP] = {"has_other_seccomp", FSA_BOOL, 0,
                           "1 when the filter mode or no_new_privs differs from the "
                           "first thread's; NULL on Windows only."},
    [SECURITY_LABEL] = {"security_label", FSA_TEXT, FSA_COSTLY,
                        "SELinux context or AppArmor profile of the thread; NULL "
                        "where neither is active, and on Windows."},
    [HAS_OTHER_LABEL] = {"has_other_label", FSA_BOOL, FSA_COSTLY,
                         "1 when the label differs from the first thread's; NULL "
                         "without labels, and on Windows."},
    [LOGIN_UID] = {"login_uid", FSA_INTEGER, FSA_COSTLY,
                   "Who logged in, whatever su and sudo did since; NULL when "
                   "nobody did, as for daemons, or where the kernel has no "
                   "audit, and on Windows."},
    [LOGIN_SESSION] = {"login_session", FSA_INTEGER, FSA_COSTLY,
                       "Audit session of that login; NULL as login_uid, and on "
                       "Windows."},
    [USER_NAMESPACE] = {"user_namespace", FSA_INTEGER, FSA_COSTLY,
                        "Inode of the user namespace in which the capabilities count; "
                        "NULL when access is refused, and on Windows."},
    [IS_INITIAL_USER_NAMESPACE] = {"is_initial_user_namespace", FSA_BOOL, FSA_COSTLY,
                                   "1 when that is the machine's own, 0 in a container or "
                                   "sandbox; NULL as user_namespace, and on Windows."},
    [USER_NAME] = {"user_name", FSA_TEXT, FSA_COSTLY,
                   "Windows: DOMAIN\\name of user_sid, as far as this machine "
                   "knows it without asking another one; NULL when it does not, "
                   "and on Linux."},
    [GROUPS] = {"groups", FSA_JSON, FSA_COSTLY,
                "Windows: the groups in the token, an array of objects: sid, "
                "name (where it is known), enabled, and where they are true "
                "deny_only, owner, logon, integrity. NULL when they are not "
                "told, and on Linux."},
    [PRIVILEGES] = {"privileges", FSA_JSON, FSA_COSTLY,
                    "Windows: the privileges in the token, an array of objects: "
                    "name, enabled, default, and where it is true removed. NULL "
                    "when they are not told, and on Linux."},
    [TOKEN_SDDL] = {"token_sddl", FSA_TEXT, FSA_COSTLY,
                    "Windows: who may do what to the token itself, as SDDL; NULL "
                    "when access is refused, and on Linux."},
    [START_ADDRESS] = {"start_address", FSA_HEX, FSA_COSTLY,
                       "Windows: where the thread began to run; NULL for the row of "
                       "a process, when access is refused, and on Linux."},
    [START_MODULE] = {"start_module", FSA_TEXT, FSA_COSTLY,
                      "Windows: the file that is mapped at start_address; NULL as "
                      "start_address, and where no file is."},
    [LOGON_TYPE] = {"logon_type", FSA_TEXT, FSA_COSTLY,
                    "Windows: how the owner of the logon session logged on, in "
                    "osquery's words; New Credentials is a token that is somebody "
                    "else on the network only (runas /netonly, pass the hash). "
                    "NULL when the session is not told, and on Linux."},
    [AUTHENTICATION_PACKAGE] = {"authentication_package", FSA_TEXT, FSA_COSTLY,
                                "Windows: who checked that logon: Kerberos, NTLM, Negotiate. "
                                "NULL as logon_type."},
    [LOGON_USER] = {"logon_user", FSA_TEXT, FSA_COSTLY,
                    "Windows: DOMAIN\\name that the logon session was made for. "
                    "NULL as logon_type."},
    [LOGON_TIME] = {"logon_time", FSA_TIME, FSA_COSTLY,
                    "Windows: when that logon was, Unix seconds. NULL as "
                    "logon_type."},
    [USER_SID] = {"user_sid", FSA_TEXT, 0,
                  "Windows: the SID of the user whose rights it has; NULL for "
                  "the level anonymous, which nobody may look at, and on Linux."},
    [LEVEL] = {"level", FSA_TEXT, 0,
               "Windows: how far a thread may act as that user: anonymous, "
               "identification (it may ask who that is), impersonation, "
               "delegation (on other machines too). NULL for the token of a "
               "process, and on Linux."},
    [TOKEN_ID] = {"token_id", FSA_HEX, 0, "Windows: number of the token; NULL as user_sid."},
    [LOGON_ID] = {"logon_id", FSA_HEX, 0,
                  "Windows: number of its logon session, the LogonId of event "
                  "4624; NULL as user_sid."},
    [ORIGIN_LOGON_ID] = {"origin_logon_id", FSA_HEX, 0,
                         "Windows: the logon session that asked for this one by name "
                         "and password, 0x0 for none; NULL as user_sid, and when it is "
                         "not told."},
    [SOURCE_NAME] = {"source_name", FSA_TEXT, 0,
                     "Windows: who asked for the token: User32 at the desktop, "
                     "Advapi (LogonUser), seclogo (runas), NtLmSsp or Kerberos "
                     "from the network; NULL when it is not told, and on Linux."},
    [SESSION_ID] = {"session_id", FSA_INTEGER, 0,
                    "Windows: number of the desktop session, 0 for services; NULL "
                    "as user_sid."},
    [INTEGRITY] = {"integrity", FSA_TEXT, 0,
                   "Windows: integrity level: untrusted, low, medium, "
                   "medium_plus, high, system or protected; NULL as user_sid."},
    [ELEVATION_TYPE] = {"elevation_type", FSA_TEXT, 0,
                        "Windows: full or limited for the two halves of an "
                        "administrator's logon, default for one that is not split; "
                        "NULL as user_sid."},
    [IS_ELEVATED_TOKEN] = {"is_elevated_token", FSA_BOOL, 0,
                           "Windows: 1 when it has an administrator's rights; NULL as "
                           "user_sid."},
    [IS_RESTRICTED] = {"is_restricted", FSA_BOOL, 0,
                       "Windows: 1 when a second list of SIDs narrows what it may "
                       "do; NULL as user_sid."},
    [IS_APP_CONTAINER] = {"is_app_container", FSA_BOOL, 0,
                          "Windows: 1 for an app in its sandbox; NULL as user_sid, and "
                          "before Windows 8."},
    [IS_PRIVILEGED_USER] = {"is_privileged_user", FSA_BOOL, 0,
                            "Windows: 1 for SYSTEM, the built-in Administrator and "
                            "members of the groups that rule a domain (512, 516, 518, "
                            "519); NULL as user_sid."},
    [PROCESS_USER_SID] = {"process_user_sid", FSA_TEXT, 0,
                          "Windows: the user of the process's own token; NULL when that "
                          "cannot be read, and on Linux."},
    [PROCESS_LOGON_ID] = {"process_logon_id", FSA_HEX, 0,
                          "Windows: the logon session of the process's own token; NULL "
                          "as process_user_sid."},
    [IS_SERVICE_PROCESS] = {"is_service_process", FSA_BOOL, 0,
                            "Windows: 1 when the process's user is one that services run "
                            "as (SYSTEM, LOCAL SERVICE, NETWORK SERVICE, NT SERVICE, IIS "
                            "APPPOOL): they impersonate their callers by trade. NULL as "
                            "process_user_sid."},
    [HAS_OTHER_LOGON] = {"has_other_logon", FSA_BOOL, 0,
                         "Windows: 1 when its logon session is not the process's, "
                         "though the user may be the same; NULL as is_different, and "
                         "on Linux."},
    [HAS_HIGHER_INTEGRITY] = {"has_higher_integrity", FSA_BOOL, 0,
                              "Windows: 1 when its integrity level is above the process's; "
                              "NULL as is_different, and on Linux."},
    [HAS_GAINED_ADMINISTRATORS] = {"has_gained_administrators", FSA_BOOL, 0,
                                   "Windows: 1 when the group Administrators counts in it and "
                                   "not in the process's token; NULL as is_different, and on "
                                   "Linux."},
    [HAS_GAINED_PRIVILEGES] = {"has_gained_privileges", FSA_BOOL, 0,
                               "Windows: 1 when a privilege is enabled in it that the "
                               "process's token does not hold; NULL as is_different, and on "
                               "Linux."},
    [GAINED_PRIVILEGES] = {"gained_privileges", FSA_TEXT, 0,
                           "Windows: the names of those privileges, separated by blanks; "
                           "NULL when there are none."},
};

typedef struct Label {
  FsaText text;
  bool is_known;
} Label;

typedef struct State {
  FsaOsProcess *process; /* NULL = it ended before it was looked at */
  int64_t *tids;
  size_t count, index;
  FsaOsToken leader;
  Label leader_label;
  int64_t login_uid, login_session;
  bool has_namespace, is_initial;
  uint64_t namespace;
  /* Windows: the first row is the process's, then come the threads */
  bool is_windows, has_own, own_is_due;
  FsaText name;
  FsaOsAccessToken own; /* good when has_own */
  size_t refused;       /* threads */
  int refusal;
} State;

/* ---- once for each process ------------------------------------------------------------------- */

static bool wants_either(const FsaScan *scan, int a, int b) {
  return fsa_wants(scan, a) || fsa_wants(scan, b);
}

static bool is_failure(int result) {
  return result != FSA_OK && result != FSA_E_ABSENT && result != FSA_E_UNSUPPORTED;
}

static void read_login(FsaScan *scan, State *state) {
  state->login_uid = state->login_session = FSA_OS_UNKNOWN;
  if (!wants_either(scan, LOGIN_UID, LOGIN_SESSION)) return;
  int result =
      fsa_os_login(state->process, fsa_scan_arena(scan), &state->login_uid, &state->login_session);
  if (is_failure(result))
    fsa_problem(scan, result, FSA_NO_OFFSET, "loginuid cannot be read (%s)",
                fsa_result_name(result));
}

static void read_namespace(FsaScan *scan, State *state) {
  if (!wants_either(scan, USER_NAMESPACE, IS_INITIAL_USER_NAMESPACE)) return;
  int result = fsa_os_user_namespace(state->process, fsa_scan_arena(scan), &state->namespace,
                                     &state->is_initial);
  state->has_namespace = result == FSA_OK;
  if (is_failure(result) && !fsa_os_process_is_kernel(state->process))
    fsa_problem(scan, result, FSA_NO_OFFSET, "the user namespace cannot be read (%s)",
                fsa_result_name(result));
}

static Label read_label(FsaScan *scan, State *state, int64_t tid) {
  Label label = {{NULL, 0}, false};
  if (!wants_either(scan, SECURITY_LABEL, HAS_OTHER_LABEL)) return label;
  int result = fsa_os_thread_label(state->process, tid, fsa_scan_arena(scan), &label.text);
  label.is_known = result == FSA_OK;
  if (is_failure(result))
    fsa_problem(scan, result, FSA_NO_OFFSET, "the label of thread %lld cannot be read (%s)",
                (long long)tid, fsa_result_name(result));
  return label;
}

static int read_process(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  int result = fsa_os_threads(state->process, arena, &state->tids, &state->count);
  if (result != FSA_OK) return result;
  result = fsa_os_token(state->process, 0, arena, &state->leader);
  if (result != FSA_OK) return result;
  if (fsa_wants(scan, HAS_OTHER_LABEL))
    state->leader_label = read_label(scan, state, fsa_scan_pid(scan));
  read_login(scan, state);
  read_namespace(scan, state);
  return FSA_OK;
}

/*
 * A token that may not be looked at is a problem and no end: the threads may be open. Comparisons
 * with it are then unknown.
 */
static int read_windows_process(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsProcessFacts facts;
  int result = fsa_os_threads(state->process, arena, &state->tids, &state->count);
  if (result == FSA_OK) result = fsa_os_process_facts(state->process, arena, &facts);
  if (result != FSA_OK) return result;
  state->name = facts.name;
  result = fsa_os_access_token(state->process, 0, arena, &state->own);
  state->has_own = state->own_is_due = result == FSA_OK;
  if (result == FSA_E_NOMEM) return result;
  if (is_failure(result))
    fsa_problem(scan, result, FSA_NO_OFFSET, "its token cannot be read (%s)",
                fsa_result_name(result));
  return FSA_OK;
}

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->is_windows = fsa_os_family(fsa_scan_os(scan)) == FSA_OS_WINDOWS;
  int result = fsa_os_process_open(fsa_scan_os(scan), fsa_scan_pid(scan), fsa_scan_arena(scan),
                                   &state->process);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result == FSA_OK) {
    result = state->is_windows ? read_windows_process(scan, state) : read_process(scan, state);
    if (result == FSA_OK) return FSA_OK;
    fsa_os_process_close(state->process);
    state->process = NULL;
    state->count = 0;
    if (result == FSA_E_ABSENT) return FSA_OK;
  }
  return fsa_problem(scan, result, FSA_NO_OFFSET, "its credentials cannot be read (%s)",
                     fsa_result_name(result));
}

/* ---- once for each thread -------------------------------------------------------------------- */

static bool knows(const FsaOsToken *token, unsigned set) {
  return (token->capabilities_known & 1u << set) != 0;
}

static void set_ids(FsaRow *row, const FsaOsToken *token) {
  for (int i = 0; i < FSA_OS_IDS; i++) {
    fsa_row_known(row, UID + i, token->uids[i], FSA_OS_UNKNOWN);
    fsa_row_known(row, GID + i, token->gids[i], FSA_OS_UNKNOWN);
  }
  fsa_row_known(row, GROUP_COUNT, token->group_count, FSA_OS_UNKNOWN);
  fsa_row_known(row, NO_NEW_PRIVS, token->no_new_privileges, FSA_OS_UNKNOWN);
  fsa_row_known(row, SECCOMP, token->seccomp, FSA_OS_UNKNOWN);
  fsa_row_known(row, SECCOMP_FILTERS, token->seccomp_filters, FSA_OS_UNKNOWN);
}

/* The numbers are the kernel's. [include/uapi/linux/capability.h] */
static const struct {
  int column;
  unsigned number;
} capabilities[] = {
    {HAS_DAC_OVERRIDE, 1}, {HAS_SETUID, 7},     {HAS_NET_RAW, 13}, {HAS_SYS_MODULE, 16},
    {HAS_SYS_PTRACE, 19},  {HAS_SYS_ADMIN, 21}, {HAS_BPF, 39},
};

static void set_capabilities(FsaRow *row, const FsaOsToken *token) {
  for (unsigned i = 0; i < FSA_OS_CAPABILITIES; i++)
    if (knows(token, i)) fsa_row_hex(row, CAP_INHERITABLE + (int)i, token->capabilities[i]);
  if (!knows(token, FSA_OS_ACTIVE) || !knows(token, FSA_OS_PERMITTED)) return;
  uint64_t effective = token->capabilities[FSA_OS_ACTIVE];
  uint64_t ambient = knows(token, FSA_OS_AMBIENT) ? token->capabilities[FSA_OS_AMBIENT] : 0;
  fsa_row_bool(row, HAS_CAPABILITIES, effective != 0);
  fsa_row_bool(row, HAS_EXCESS_CAPABILITIES,
               ((effective | ambient) & ~token->capabilities[FSA_OS_PERMITTED]) != 0);
  for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
    fsa_row_bool(row, capabilities[i].column, effective >> capabilities[i].number & 1);
}

static bool same_text(FsaText a, FsaText b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static void set_differences(FsaRow *row, const FsaOsToken *token, const FsaOsToken *leader) {
  bool uids = memcmp(token->uids, leader->uids, sizeof token->uids) != 0;
  bool gids = memcmp(token->gids, leader->gids, sizeof token->gids) != 0;
  bool groups = !same_text(token->groups, leader->groups);
  bool sets = memcmp(token->capabilities, leader->capabilities, sizeof token->capabilities) != 0;
  bool filter =
      token->seccomp != leader->seccomp || token->no_new_privileges != leader->no_new_privileges;
  fsa_row_bool(row, HAS_OTHER_UIDS, uids);
  fsa_row_bool(row, HAS_OTHER_GIDS, gids);
  fsa_row_bool(row, HAS_OTHER_GROUPS, groups);
  fsa_row_bool(row, HAS_OTHER_CAPABILITIES, sets);
  fsa_row_bool(row, HAS_OTHER_SECCOMP, filter);
  fsa_row_bool(row, IS_DIFFERENT, uids || gids || groups || sets || filter);
}

static void set_label(FsaScan *scan, const State *state, FsaRow *row, Label label) {
  if (!label.is_known) return;
  fsa_row_text(row, SECURITY_LABEL, label.text.data, label.text.size);
  if (fsa_wants(scan, HAS_OTHER_LABEL) && state->leader_label.is_known)
    fsa_row_bool(row, HAS_OTHER_LABEL, !same_text(label.text, state->leader_label.text));
}

static void set_thread(FsaScan *scan, State *state, FsaRow *row, int64_t tid,
                       const FsaOsToken *token) {
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  fsa_row_int(row, TID, tid);
  fsa_row_text(row, NAME, token->name.data, token->name.size);
  fsa_row_bool(row, IS_LEADER, tid == fsa_scan_pid(scan));
  set_ids(row, token);
  set_capabilities(row, token);
  set_differences(row, token, &state->leader);
  set_label(scan, state, row, read_label(scan, state, tid));
  fsa_row_known(row, LOGIN_UID, state->login_uid, FSA_OS_UNKNOWN);
  fsa_row_known(row, LOGIN_SESSION, state->login_session, FSA_OS_UNKNOWN);
  if (!state->has_namespace) return;
  fsa_row_int(row, USER_NAMESPACE, (int64_t)state->namespace);
  fsa_row_bool(row, IS_INITIAL_USER_NAMESPACE, state->is_initial);
}

/* ---- Windows: the logon sessions, once for each query ---------------------------------------- */

typedef struct Sessions {
  FsaArena arena;
  FsaOsLogonSession *list; /* ascending by id */
  size_t count;
} Sessions;

static int begin(FsaScan *scan, void **ret_shared) {
  FsaOs *os = fsa_scan_os(scan);
  size_t hidden = 0;
  *ret_shared = NULL;
  if (!os || fsa_os_family(os) != FSA_OS_WINDOWS) return FSA_OK;
  if (!wants_either(scan, LOGON_TYPE, AUTHENTICATION_PACKAGE) &&
      !wants_either(scan, LOGON_USER, LOGON_TIME))
    return FSA_OK;
  Sessions *sessions = calloc(1, sizeof *sessions);
  if (!sessions) return fsa_problem(scan, FSA_E_NOMEM, FSA_NO_OFFSET, "out of memory");
  sessions->arena = fsa_arena(0);
  const int result =
      fsa_os_logon_sessions(os, &sessions->arena, &sessions->list, &sessions->count, &hidden);
  if (is_failure(result))
    fsa_problem_in(scan, result, "logon sessions", FSA_NO_OFFSET, "they cannot be listed (%s)",
                   fsa_result_name(result));
  if (hidden)
    fsa_problem_in(scan, FSA_E_ACCESS, "logon sessions", FSA_NO_OFFSET,
                   "%zu of %zu are told to administrators only", hidden, hidden + sessions->count);
  *ret_shared = sessions;
  return FSA_OK;
}

static void end(void *shared) {
  Sessions *sessions = shared;
  if (!sessions) return;
  fsa_arena_done(&sessions->arena);
  free(sessions);
}

static int compare_session(const void *id, const void *session) {
  const uint64_t left = *(const uint64_t *)id, right = ((const FsaOsLogonSession *)session)->id;
  return (left > right) - (left < right);
}

static const FsaOsLogonSession *session_of(const FsaScan *scan, const FsaOsAccessToken *token) {
  const Sessions *sessions = fsa_scan_shared(scan);
  if (!sessions || sessions->count == 0 || !token->has_statistics) return NULL;
  return bsearch(&token->logon_id, sessions->list, sessions->count, sizeof *sessions->list,
                 compare_session);
}

static void set_session(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token) {
  const FsaOsLogonSession *session = session_of(scan, token);
  if (!session) return;
  fsa_row_string(row, LOGON_TYPE, fsa_nt_logon_type_name((uint32_t)session->type));
  fsa_row_text(row, AUTHENTICATION_PACKAGE, session->package.data, session->package.size);
  fsa_row_known(row, LOGON_TIME, session->time, FSA_OS_UNKNOWN);
  if (!session->user.data) return;
  const bool has_domain = session->domain.data && session->domain.size;
  fsa_row_string(row, LOGON_USER,
                 fsa_arena_printf(fsa_row_arena(scan), "%s%s%s",
                                  has_domain ? session->domain.data : "", has_domain ? "\\" : "",
                                  session->user.data));
}

/* ---- Windows: what a token holds ------------------------------------------------------------- */

static const char *sid_text(FsaScan *scan, FsaBytes sid) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  if (fsa_nt_sid_text(sid, 0, text, &size) != FSA_OK) return NULL;
  return fsa_arena_copy(fsa_row_arena(scan), text, strlen(text));
}

/* A list that is too long to tell, or no memory for it: NULL, as an unknown one. */
static void set_json(FsaScan *scan, FsaRow *row, int column, FsaBuffer *json) {
  fsa_buffer_putc(json, ']');
  if (!json->error)
    fsa_row_text(row, column, fsa_arena_copy(fsa_row_arena(scan), json->data, json->size),
                 json->size);
  fsa_buffer_done(json);
}

static void put_flag(FsaBuffer *json, uint32_t attributes, uint32_t flag, const char *name) {
  if ((attributes & flag) == flag) fsa_buffer_printf(json, ",\"%s\":true", name);
}

static void set_groups(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token) {
  if (!token->has_groups) return;
  fsa_row_int(row, GROUP_COUNT, (int64_t)token->group_count);
  if (!fsa_wants(scan, GROUPS)) return;
  FsaBuffer json = fsa_buffer(FSA_MAX_TOKEN_JSON);
  fsa_buffer_putc(&json, '[');
  for (size_t i = 0; i < token->group_count; i++) {
    const FsaNtGroup *group = &token->groups[i];
    const char *sid = sid_text(scan, group->sid);
    FsaText name;
    if (i) fsa_buffer_putc(&json, ',');
    fsa_buffer_printf(&json, "{\"sid\":\"%s\"", sid ? sid : "");
    if (fsa_os_account_name(fsa_scan_os(scan), group->sid, fsa_row_arena(scan), &name) == FSA_OK) {
      fsa_buffer_puts(&json, ",\"name\":");
      fsa_buffer_json(&json, name.data, name.size);
    }
    fsa_buffer_puts(&json, group->attributes & FSA_NT_GROUP_ENABLED ? ",\"enabled\":true"
                                                                    : ",\"enabled\":false");
    put_flag(&json, group->attributes, FSA_NT_GROUP_DENY_ONLY, "deny_only");
    put_flag(&json, group->attributes, FSA_NT_GROUP_OWNER, "owner");
    put_flag(&json, group->attributes, FSA_NT_GROUP_LOGON, "logon");
    put_flag(&json, group->attributes, FSA_NT_GROUP_INTEGRITY, "integrity");
    fsa_buffer_putc(&json, '}');
  }
  set_json(scan, row, GROUPS, &json);
}

static void set_privileges(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token) {
  if (!token->has_privileges || !fsa_wants(scan, PRIVILEGES)) return;
  FsaBuffer json = fsa_buffer(FSA_MAX_TOKEN_JSON);
  fsa_buffer_putc(&json, '[');
  for (size_t i = 0; i < token->privilege_count; i++) {
    const FsaNtPrivilege *privilege = &token->privileges[i];
    const char *name = fsa_nt_privilege_name(privilege->number);
    if (i) fsa_buffer_putc(&json, ',');
    if (name)
      fsa_buffer_printf(&json, "{\"name\":\"%s\"", name);
    else
      fsa_buffer_printf(&json, "{\"name\":\"%u\"", (unsigned)privilege->number);
    fsa_buffer_printf(&json, ",\"enabled\":%s,\"default\":%s",
                      privilege->attributes & FSA_NT_PRIVILEGE_ENABLED ? "true" : "false",
                      privilege->attributes & FSA_NT_PRIVILEGE_DEFAULT ? "true" : "false");
    put_flag(&json, privilege->attributes, FSA_NT_PRIVILEGE_REMOVED, "removed");
    fsa_buffer_putc(&json, '}');
  }
  set_json(scan, row, PRIVILEGES, &json);
}

static bool has_enabled_group(const FsaOsAccessToken *token, const char *sid) {
  for (size_t i = 0; i < token->group_count; i++)
    if (token->groups[i].attributes & FSA_NT_GROUP_ENABLED &&
        fsa_nt_sid_is(token->groups[i].sid, sid))
      return true;
  return false;
}

/* An account of a machine or domain: S-1-5-21-, three numbers, and which of its accounts. */
static bool is_account(FsaBytes sid, uint32_t which) {
  enum { PARTS = 5, SIZE = 8 + 4 * PARTS, NT_AUTHORITY = 5, NON_UNIQUE = 21 };
  return sid.size == SIZE && sid.data[7] == NT_AUTHORITY && fsa_u32(&sid, 8) == NON_UNIQUE &&
         fsa_nt_sid_last(sid) == which;
}

/* [MS-DTYP 2.4.2.4]: what the last numbers mean in every domain. */
static bool is_privileged(const FsaOsAccessToken *token) {
  enum { ADMINISTRATOR = 500 };
  static const uint32_t groups[] = {512, 516, 518, 519}; /* admins, controllers, schema, forest */
  if (fsa_nt_sid_is(token->user, "S-1-5-18") || is_account(token->user, ADMINISTRATOR)) return true;
  for (size_t i = 0; i < token->group_count; i++)
    for (size_t k = 0; k < sizeof groups / sizeof *groups; k++)
      if (token->groups[i].attributes & FSA_NT_GROUP_ENABLED &&
          is_account(token->groups[i].sid, groups[k]))
        return true;
  return false;
}

/* Users that services run as: their threads take over who calls them. */
static bool is_service_user(FsaBytes user) {
  static const char *const users[] = {"S-1-5-18", "S-1-5-19", "S-1-5-20"};
  enum { SERVICES = 80, APPLICATION_POOLS = 82, NT_AUTHORITY = 5 };
  for (size_t i = 0; i < sizeof users / sizeof *users; i++)
    if (fsa_nt_sid_is(user, users[i])) return true;
  if (user.size < 16 || user.data[7] != NT_AUTHORITY) return false;
  const uint32_t first = fsa_u32(&user, 8);
  return first == SERVICES || first == APPLICATION_POOLS;
}

static void set_token(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token) {
  FsaText name;
  if (!token->is_primary && token->level != FSA_OS_UNKNOWN)
    fsa_row_string(row, LEVEL, fsa_nt_level_name((uint32_t)token->level));
  if (token->is_sealed) return;
  fsa_row_string(row, USER_SID, sid_text(scan, token->user));
  if (fsa_wants(scan, USER_NAME) &&
      fsa_os_account_name(fsa_scan_os(scan), token->user, fsa_row_arena(scan), &name) == FSA_OK)
    fsa_row_text(row, USER_NAME, name.data, name.size);
  if (token->has_statistics) {
    fsa_row_hex(row, TOKEN_ID, token->token_id);
    fsa_row_hex(row, LOGON_ID, token->logon_id);
  }
  if (token->origin_id != FSA_OS_UNKNOWN)
    fsa_row_hex(row, ORIGIN_LOGON_ID, (uint64_t)token->origin_id);
  fsa_row_text(row, SOURCE_NAME, token->source.data, token->source.size);
  fsa_row_known(row, SESSION_ID, token->session_number, FSA_OS_UNKNOWN);
  if (token->integrity != FSA_OS_UNKNOWN)
    fsa_row_string(row, INTEGRITY, fsa_nt_integrity_name((uint32_t)token->integrity));
  if (token->elevation_type != FSA_OS_UNKNOWN)
    fsa_row_string(row, ELEVATION_TYPE, fsa_nt_elevation_name((uint32_t)token->elevation_type));
  if (token->is_elevated != FSA_OS_UNKNOWN)
    fsa_row_bool(row, IS_ELEVATED_TOKEN, token->is_elevated != 0);
  if (token->restricted_count != FSA_OS_UNKNOWN)
    fsa_row_bool(row, IS_RESTRICTED, token->restricted_count > 0);
  if (token->is_app_container != FSA_OS_UNKNOWN)
    fsa_row_bool(row, IS_APP_CONTAINER, token->is_app_container != 0);
  fsa_row_bool(row, IS_PRIVILEGED_USER, is_privileged(token));
  set_groups(scan, row, token);
  set_privileges(scan, row, token);
  set_session(scan, row, token);
}

/* ---- Windows: what differs from the process's token ------------------------------------------ */

static bool same_bytes(FsaBytes a, FsaBytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* True when each enabled group of `a` is one of `b`; the SIDs of logon sessions always differ. */
static bool has_groups_of(const FsaOsAccessToken *a, const FsaOsAccessToken *b) {
  for (size_t i = 0; i < a->group_count; i++) {
    const FsaNtGroup *group = &a->groups[i];
    bool found = !(group->attributes & FSA_NT_GROUP_ENABLED) ||
                 (group->attributes & FSA_NT_GROUP_LOGON) == FSA_NT_GROUP_LOGON;
    for (size_t k = 0; k < b->group_count && !found; k++)
      found = b->groups[k].attributes & FSA_NT_GROUP_ENABLED &&
              same_bytes(group->sid, b->groups[k].sid);
    if (!found) return false;
  }
  return true;
}

static void set_gained_privileges(FsaScan *scan, FsaRow *row, uint64_t gained) {
  const char *names = NULL;
  fsa_row_bool(row, HAS_GAINED_PRIVILEGES, gained != 0);
  for (uint32_t i = 0; i < FSA_NT_PRIVILEGES; i++) {
    const char *name = gained >> i & 1 ? fsa_nt_privilege_name(i) : NULL;
    if (name)
      names = fsa_arena_printf(fsa_row_arena(scan), "%s%s%s", names ? names : "", names ? " " : "",
                               name);
  }
  fsa_row_string(row, GAINED_PRIVILEGES, names);
}

static void set_gains(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token,
                      const FsaOsAccessToken *own) {
  static const char administrators[] = "S-1-5-32-544";
  if (token->integrity != FSA_OS_UNKNOWN && own->integrity != FSA_OS_UNKNOWN)
    fsa_row_bool(row, HAS_HIGHER_INTEGRITY, token->integrity > own->integrity);
  fsa_row_bool(row, HAS_GAINED_ADMINISTRATORS,
               has_enabled_group(token, administrators) && !has_enabled_group(own, administrators));
  set_gained_privileges(scan, row, token->privileges_enabled & ~own->privileges_held);
}

/* Whoever is anonymous is certainly somebody else, and more is not told. */
static void set_comparison(FsaScan *scan, FsaRow *row, const FsaOsAccessToken *token,
                           const FsaOsAccessToken *own) {
  if (token->is_sealed) {
    fsa_row_bool(row, IS_DIFFERENT, true);
    fsa_row_bool(row, HAS_OTHER_UIDS, true);
    return;
  }
  const bool user = !same_bytes(token->user, own->user);
  const bool logon =
      token->has_statistics && own->has_statistics && token->logon_id != own->logon_id;
  const bool groups = !has_groups_of(token, own) || !has_groups_of(own, token);
  const bool privileges = token->privileges_held != own->privileges_held ||
                          token->privileges_enabled != own->privileges_enabled;
  fsa_row_bool(row, HAS_OTHER_UIDS, user);
  fsa_row_bool(row, HAS_OTHER_LOGON, logon);
  fsa_row_bool(row, HAS_OTHER_GROUPS, groups);
  fsa_row_bool(row, HAS_OTHER_CAPABILITIES, privileges);
  fsa_row_bool(row, IS_DIFFERENT,
               user || logon || groups || privileges || token->integrity != own->integrity);
  set_gains(scan, row, token, own);
}

/* ---- Windows: rows --------------------------------------------------------------------------- */

static void set_start(FsaScan *scan, State *state, FsaRow *row, int64_t tid) {
  uint64_t address;
  FsaOsRegion region;
  if (!wants_either(scan, START_ADDRESS, START_MODULE)) return;
  if (fsa_os_thread_start(state->process, tid, &address) != FSA_OK) return;
  fsa_row_hex(row, START_ADDRESS, address);
  if (fsa_wants(scan, START_MODULE) &&
      fsa_os_region_at(state->process, address, fsa_row_arena(scan), &region) == FSA_OK &&
      region.name.size)
    fsa_row_text(row, START_MODULE, region.name.data, region.name.size);
}

static void set_names(FsaScan *scan, State *state, FsaRow *row, int64_t tid) {
  FsaText text;
  if (!tid)
    fsa_row_text(row, NAME, state->name.data, state->name.size);
  else if (fsa_wants(scan, NAME) &&
           fsa_os_thread_name(state->process, tid, fsa_row_arena(scan), &text) == FSA_OK)
    fsa_row_text(row, NAME, text.data, text.size);
  if (fsa_wants(scan, TOKEN_SDDL) &&
      fsa_os_access_token_sddl(state->process, tid, fsa_row_arena(scan), &text) == FSA_OK)
    fsa_row_text(row, TOKEN_SDDL, text.data, text.size);
}

/* `tid` 0: the process's own token. */
static void set_windows_row(FsaScan *scan, State *state, FsaRow *row, int64_t tid,
                            const FsaOsAccessToken *token) {
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  if (tid) fsa_row_int(row, TID, tid);
  fsa_row_bool(row, IS_LEADER, tid == 0);
  set_names(scan, state, row, tid);
  set_token(scan, row, token);
  if (tid) set_start(scan, state, row, tid);
  if (!state->has_own) return;
  fsa_row_string(row, PROCESS_USER_SID, sid_text(scan, state->own.user));
  if (state->own.has_statistics) fsa_row_hex(row, PROCESS_LOGON_ID, state->own.logon_id);
  fsa_row_bool(row, IS_SERVICE_PROCESS, is_service_user(state->own.user));
  set_comparison(scan, row, token, &state->own);
}

static void tell_refused(FsaScan *scan, const State *state) {
  if (state->refused)
    fsa_problem(scan, state->refusal, FSA_NO_OFFSET, "%zu of its %zu threads cannot be asked (%s)",
                state->refused, state->count, fsa_result_name(state->refusal));
}

/* True for a query that leaves out rows without a tid. */
static bool names_thread(const FsaScan *scan) {
  const FsaKey *key = fsa_key(scan, TID);
  return key && (key->value_count || key->min != INT64_MIN || key->max != INT64_MAX);
}

static int next_windows(FsaScan *scan, State *state, FsaRow *row) {
  if (state->own_is_due) {
    state->own_is_due = false;
    if (!names_thread(scan)) {
      set_windows_row(scan, state, row, 0, &state->own);
      return FSA_ROW;
    }
  }
  while (state->index < state->count) {
    const int64_t tid = state->tids[state->index++];
    FsaOsAccessToken token;
    if (!fsa_admits_int(scan, TID, tid)) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    const int result = fsa_os_access_token(state->process, tid, fsa_row_arena(scan), &token);
    if (result == FSA_OK) {
      set_windows_row(scan, state, row, tid, &token);
      return FSA_ROW;
    }
    if (result == FSA_E_NOMEM) return result;
    if (!is_failure(result)) continue; /* it acts as its process, or has ended */
    state->refused++;
    state->refusal = result;
  }
  tell_refused(scan, state);
  state->refused = 0;
  return FSA_OK;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  if (state->is_windows) return state->process ? next_windows(scan, state, row) : FSA_OK;
  while (state->index < state->count) {
    int64_t tid = state->tids[state->index++];
    if (!fsa_admits_int(scan, TID, tid)) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    FsaOsToken token = state->leader; /* which was read already */
    int result = FSA_OK;
    if (tid != fsa_scan_pid(scan))
      result = fsa_os_token(state->process, tid, fsa_row_arena(scan), &token);
    if (result == FSA_E_ABSENT) continue; /* the thread ended meanwhile */
    if (result != FSA_OK) {
      fsa_problem(scan, result, FSA_NO_OFFSET, "thread %lld: its credentials cannot be read (%s)",
                  (long long)tid, fsa_result_name(result));
      continue;
    }
    set_thread(scan, state, row, tid, &token);
    return FSA_ROW;
  }
  return FSA_OK;
}

static void close_process(void *opaque) {
  State *state = opaque;
  fsa_os_process_close(state->process);
}

const FsaTable fsa_table_tokens = {
    .name = "tokens",
    .summary = "One row for each thread, on Windows for each process and each thread that acts as "
               "somebody else: the credentials with which it acts.",
    .proves = "The kernel held these credentials for the thread while it was looked at.",
    .caveat =
        "Rights that a thread takes and drops again between two looks are not seen, nor are "
        "threads of other pid namespaces; a kernel that lies can hide any of it. On Windows a "
        "stolen token that no thread wears now lies among the handles (fsa_handles).",
    .example = "SELECT pid, tid, name, euid, cap_effective FROM fsa_tokens WHERE is_different",
    .sources = FSA_LIVE_LINUX | FSA_LIVE_WINDOWS,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .begin = begin,
    .end = end,
    .open = open_process,
    .next = next,
    .close = close_process,
};
