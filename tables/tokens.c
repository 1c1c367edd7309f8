/*
 * fsa_tokens: with whose rights each thread acts. On Linux credentials belong to threads: one
 * thread may be root while its process is not, and no tool that looks at processes sees it.
 * [credentials(7), capabilities(7)]
 */
#include <stdio.h>

#include "fsa.h"
#include "os/os.h"

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
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [TID] = {"tid", FSA_INTEGER, FSA_KEY,
             "The thread; the first thread of a process bears its pid. Never NULL."},
    [NAME] = {"name", FSA_TEXT, 0,
              "The thread's name, cut to 15 bytes, newlines as '\\n'; NULL when it is not told."},
    [IS_LEADER] = {"is_leader", FSA_BOOL, 0,
                   "1 for the first thread: its row speaks for the process; never NULL."},
    [UID] = {"uid", FSA_INTEGER, 0, "Real user id; never NULL."},
    [EUID] = {"euid", FSA_INTEGER, 0, "Effective user id: whose rights it has; never NULL."},
    [SUID] = {"suid", FSA_INTEGER, 0, "Saved user id: what it may become again; never NULL."},
    [FSUID] = {"fsuid", FSA_INTEGER, 0, "User id for access to files; never NULL."},
    [GID] = {"gid", FSA_INTEGER, 0, "Real group id; never NULL."},
    [EGID] = {"egid", FSA_INTEGER, 0, "Effective group id; never NULL."},
    [SGID] = {"sgid", FSA_INTEGER, 0, "Saved group id; never NULL."},
    [FSGID] = {"fsgid", FSA_INTEGER, 0, "Group id for access to files; never NULL."},
    [GROUP_COUNT] = {"group_count", FSA_INTEGER, 0,
                     "Number of supplementary groups; NULL when they are not told."},
    [CAP_INHERITABLE] = {"cap_inheritable", FSA_HEX, 0,
                         "Capabilities that it passes to programs which want them, bit by "
                         "capability number; NULL when not told."},
    [CAP_PERMITTED] = {"cap_permitted", FSA_HEX, 0,
                       "Capabilities that it may make effective; NULL when not told."},
    [CAP_EFFECTIVE] = {"cap_effective", FSA_HEX, 0,
                       "Capabilities that count now; NULL when not told."},
    [CAP_BOUNDING] = {"cap_bounding", FSA_HEX, 0,
                      "Capabilities that it can ever gain by running a program; NULL when not "
                      "told."},
    [CAP_AMBIENT] = {"cap_ambient", FSA_HEX, 0,
                     "Capabilities that every program it runs keeps; NULL before Linux 4.3."},
    [HAS_CAPABILITIES] = {"has_capabilities", FSA_BOOL, 0,
                          "1 when any capability is effective; NULL when not told."},
    [HAS_EXCESS_CAPABILITIES] = {"has_excess_capabilities", FSA_BOOL, 0,
                                 "1 when one is effective or ambient that is not permitted: no "
                                 "system call leads there. NULL when not told."},
    [HAS_DAC_OVERRIDE] = {"has_dac_override", FSA_BOOL, 0,
                          "1 when file permissions do not bind it (CAP_DAC_OVERRIDE, effective); "
                          "NULL when not told."},
    [HAS_SETUID] = {"has_setuid", FSA_BOOL, 0,
                    "1 when it may become any user (CAP_SETUID, effective); NULL when not told."},
    [HAS_NET_RAW] = {"has_net_raw", FSA_BOOL, 0,
                     "1 when it may read and forge packets (CAP_NET_RAW, effective); NULL when not "
                     "told."},
    [HAS_SYS_MODULE] = {"has_sys_module", FSA_BOOL, 0,
                        "1 when it may load kernel modules (CAP_SYS_MODULE, effective); NULL when "
                        "not told."},
    [HAS_SYS_PTRACE] = {"has_sys_ptrace", FSA_BOOL, 0,
                        "1 when it may read and write any process (CAP_SYS_PTRACE, effective); "
                        "NULL when not told."},
    [HAS_SYS_ADMIN] = {"has_sys_admin", FSA_BOOL, 0,
                       "1 when it may nearly everything (CAP_SYS_ADMIN, effective); NULL when not "
                       "told."},
    [HAS_BPF] = {"has_bpf", FSA_BOOL, 0,
                 "1 when it may load BPF programs (CAP_BPF, effective); NULL when not told."},
    [NO_NEW_PRIVS] = {"no_new_privs", FSA_INTEGER, 0,
                      "1 when it can never gain rights by running a program, else 0; NULL before "
                      "Linux 4.10."},
    [SECCOMP] = {"seccomp", FSA_INTEGER, 0,
                 "System call filter: 0 none, 1 strict, 2 filter; NULL where the kernel has none."},
    [SECCOMP_FILTERS] = {"seccomp_filters", FSA_INTEGER, 0,
                         "Number of filters; NULL before Linux 5.9."},
    [IS_DIFFERENT] = {"is_different", FSA_BOOL, 0,
                      "1 when its credentials are not those of its process's first thread (the "
                      "columns has_other_... say which, the label aside); never NULL."},
    [HAS_OTHER_UIDS] = {"has_other_uids", FSA_BOOL, 0,
                        "1 when a user id differs from the first thread's; never NULL."},
    [HAS_OTHER_GIDS] = {"has_other_gids", FSA_BOOL, 0,
                        "1 when a group id differs from the first thread's; never NULL."},
    [HAS_OTHER_GROUPS] = {"has_other_groups", FSA_BOOL, 0,
                          "1 when the supplementary groups differ from the first thread's; never "
                          "NULL."},
    [HAS_OTHER_CAPABILITIES] = {"has_other_capabilities", FSA_BOOL, 0,
                                "1 when a capability set differs from the first thread's; never "
                                "NULL."},
    [HAS_OTHER_SECCOMP] = {"has_other_seccomp", FSA_BOOL, 0,
                           "1 when the filter mode or no_new_privs differs from the first "
                           "thread's; never NULL."},
    [SECURITY_LABEL] = {"security_label", FSA_TEXT, FSA_COSTLY,
                        "SELinux context or AppArmor profile of the thread; NULL where neither is "
                        "active."},
    [HAS_OTHER_LABEL] = {"has_other_label", FSA_BOOL, FSA_COSTLY,
                         "1 when the label differs from the first thread's; NULL without labels."},
    [LOGIN_UID] = {"login_uid", FSA_INTEGER, FSA_COSTLY,
                   "Who logged in, whatever su and sudo did since; NULL when nobody did, as for "
                   "daemons, or where the kernel has no audit."},
    [LOGIN_SESSION] = {"login_session", FSA_INTEGER, FSA_COSTLY,
                       "Audit session of that login; NULL as login_uid."},
    [USER_NAMESPACE] = {"user_namespace", FSA_INTEGER, FSA_COSTLY,
                        "Inode of the user namespace in which the capabilities count; NULL when "
                        "access is refused."},
    [IS_INITIAL_USER_NAMESPACE] = {"is_initial_user_namespace", FSA_BOOL, FSA_COSTLY,
                                   "1 when that is the machine's own, 0 in a container or sandbox; "
                                   "NULL as user_namespace."},
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

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  int result = fsa_os_process_open(fsa_scan_os(scan), fsa_scan_pid(scan), fsa_scan_arena(scan),
                                   &state->process);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result == FSA_OK) {
    result = read_process(scan, state);
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

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
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
    .summary = "One row for each thread: the credentials with which it acts.",
    .proves = "The kernel held these credentials for the thread while it was looked at.",
    .caveat = "Rights that a thread takes and drops again between two looks are not seen, nor are "
              "threads of other pid namespaces; a kernel that lies can hide any of it.",
    .example = "SELECT pid, tid, name, euid, cap_effective FROM fsa_tokens WHERE is_different",
    .sources = FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_process,
    .next = next,
    .close = close_process,
};
