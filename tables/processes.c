/*
 * fsa_processes: every process with what it runs, as whom, since when, under whom - and the marks
 * of those that would rather not be seen: a deleted or memory-only program, the name of a kernel
 * thread, a path that is not the kernel's, a place in no list. Column names are osquery's where the
 * fact is the same. What one system alone knows is NULL on the other.
 */
#include <stdio.h>

#include "fsa.h"
#include "formats/nt_path.h"
#include "formats/nt_sid.h"
#include "os/access_token.h"
#include "os/process_block.h"

/*
 * Columns that one reading answers stand together, from its first to its last. SQLite does not tell
 * the last ones apart when it says what a query uses: they cost nothing.
 */
enum {
  PID,
  NAME,
  STATE,
  PARENT,
  PGROUP,
  SESSION,
  HAS_TERMINAL,
  THREADS,
  NICE,
  START_TIME,
  START_TICKS,
  USER_TIME,
  SYSTEM_TIME,
  RESIDENT_SIZE,
  TOTAL_SIZE,
  IS_KERNEL_THREAD,
  PATH,
  IS_DELETED,
  IS_MEMFD,
  IS_NAME_MASQUERADED,
  ON_DISK,
  IMAGE_DEVICE,
  IMAGE_INODE,
  IMAGE_UID,
  IS_SETUID,
  IS_SETGID,
  CMDLINE,
  CWD,
  ROOT,
  UID,
  GID,
  EUID,
  EGID,
  SUID,
  SGID,
  TRACER_PID,
  NAMESPACE_PID,
  SECCOMP,
  NO_NEW_PRIVS,
  LOGIN_UID,
  LOGIN_SESSION,
  PARENT_START_TIME,
  IS_PARENT_ALIVE,
  CGROUP_PATH,
  SECURITY_LABEL,
  DISK_BYTES_READ,
  DISK_BYTES_WRITTEN,
  IS_COVERED,
  PEB_PATH,
  IS_PEB_PATH_DIFFERENT,
  WINDOW_TITLE,
  IS_DEBUGGED,
  IS_IMAGE_RENAMED,
  USER_SID,
  USER_NAME,
  INTEGRITY,
  ELEVATION_TYPE,
  IS_ELEVATED_TOKEN,
  SESSION_ID,
  HANDLE_COUNT,
  PROTECTION_TYPE,
  IS_WOW64,
  IS_HIDDEN,
  IS_HANDLE_OWNER,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process id; never NULL."},
    [NAME] = {"name", FSA_TEXT, 0,
              "What the kernel calls it. Linux: cut to 15 bytes, and the "
              "process may change it; Windows: the file name of its program "
              "when it started. NULL when it cannot be read."},
    [STATE] = {"state", FSA_TEXT, FSA_VARIES,
               "R runs, S sleeps, D waits for a device, T stopped, t traced, "
               "Z zombie, I idle kernel thread. Windows: R when one of its "
               "threads could run, T when all are suspended, else S. NULL "
               "when it cannot be read."},
    [PARENT] = {"parent", FSA_INTEGER, 0,
                "Pid of the parent, 0 without one. Linux: 1 or a subreaper "
                "once the real one has ended; Windows: the first one for "
                "ever, though its pid may mean another by now "
                "(is_parent_alive). NULL when it cannot be read."},
    [PGROUP] = {"pgroup", FSA_INTEGER, 0,
                "Process group; NULL when it cannot be read, and on Windows."},
    [SESSION] = {"session", FSA_INTEGER, 0,
                 "Pid that leads its terminal session; NULL when it cannot be "
                 "read, and on Windows (session_id)."},
    [HAS_TERMINAL] = {"has_terminal", FSA_BOOL, 0,
                      "1 with a controlling terminal; NULL when it cannot be read, "
                      "and on Windows."},
    [THREADS] = {"threads", FSA_INTEGER, FSA_VARIES,
                 "Number of threads; NULL when it cannot be read."},
    [NICE] = {"nice", FSA_INTEGER, 0,
              "Nice value, -20 to 19; NULL when it cannot be read, and on "
              "Windows."},
    [START_TIME] = {"start_time", FSA_TIME, 0,
                    "When it started, Unix seconds. Linux: by today's clock, NULL "
                    "when the boot time is unknown; Windows: by the clock of that "
                    "moment, NULL when it cannot be read."},
    [START_TICKS] = {"start_ticks", FSA_INTEGER, 0,
                     "Linux: clock ticks from boot to its start; Windows: its "
                     "start in 100 ns since 1601. With pid it names the process as "
                     "long as the machine runs. NULL when it cannot be read."},
    [USER_TIME] = {"user_time", FSA_INTEGER, FSA_VARIES,
                   "CPU milliseconds in its own code; NULL when it cannot be "
                   "read."},
    [SYSTEM_TIME] = {"system_time", FSA_INTEGER, FSA_VARIES,
                     "CPU milliseconds in the kernel; NULL when it cannot be read."},
    [RESIDENT_SIZE] = {"resident_size", FSA_INTEGER, FSA_VARIES,
                       "Bytes of memory in use; NULL when it cannot be read."},
    [TOTAL_SIZE] = {"total_size", FSA_INTEGER, FSA_VARIES,
                    "Bytes of address space; NULL when it cannot be read."},
    [IS_KERNEL_THREAD] = {"is_kernel_thread", FSA_BOOL, 0,
                          "1 when the kernel itself says that it is one, whatever its "
                          "name; Windows: when it has no part outside the kernel "
                          "(System, Registry, Memory Compression). NULL when it cannot "
                          "be read."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The program that runs. Linux: without the kernel's mark for "
              "deleted files; Windows: where the kernel says that its file "
              "lies now, or lay at its start when it has lost its name, "
              "with a drive letter where there is one. NULL for kernel "
              "threads and zombies, and when access is refused."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when the program's file has lost its name; with on_disk = "
                    "1 another file took its place, as an upgrade does (Windows "
                    "does not tell that: 0). NULL as path, and where its place "
                    "cannot be looked at."},
    [IS_MEMFD] = {"is_memfd", FSA_BOOL, 0,
                  "1 when the program never had a name on any disk "
                  "(memfd_create). NULL as path, and on Windows."},
    [IS_NAME_MASQUERADED] = {"is_name_masqueraded", FSA_BOOL, 0,
                             "1 when a process with a program shows itself as one of the "
                             "kernel. Linux: its first argument stands in brackets or its "
                             "name is a kernel thread's; Windows: its name is System, "
                             "Registry and the like. NULL when access is refused."},
    [ON_DISK] = {"on_disk", FSA_INTEGER, FSA_COSTLY,
                 "1 when a file lies at path now, as the process sees it, 0 "
                 "when not; NULL when there is no path, when it lies on "
                 "another machine or cannot be looked at."},
    [IMAGE_DEVICE] = {"image_device", FSA_INTEGER, FSA_COSTLY,
                      "Device number of the program's file; NULL as path, in a "
                      "recording, and on Windows."},
    [IMAGE_INODE] = {"image_inode", FSA_INTEGER, FSA_COSTLY,
                     "Inode of the program's file; NULL as image_device."},
    [IMAGE_UID] = {"image_uid", FSA_INTEGER, FSA_COSTLY,
                   "Who owns the program's file; NULL as image_device."},
    [IS_SETUID] = {"is_setuid", FSA_BOOL, FSA_COSTLY,
                   "1 when the program's file gives its owner's rights to "
                   "whoever runs it; NULL as image_device."},
    [IS_SETGID] = {"is_setgid", FSA_BOOL, FSA_COSTLY,
                   "1 when the program's file gives its group's rights to "
                   "whoever runs it; NULL as image_device."},
    [CMDLINE] = {"cmdline", FSA_TEXT, 0,
                 "Its arguments as one text; the process may have written "
                 "anything over them. NULL for kernel threads and zombies, and "
                 "when access is refused."},
    [CWD] = {"cwd", FSA_TEXT, 0,
             "Working directory. Linux: with the kernel's mark ' "
             "(deleted)' when it is gone; Windows: as the process itself "
             "says. NULL as path."},
    [ROOT] = {"root", FSA_TEXT, 0,
              "Root directory, '/' unless changed; NULL as path, and on "
              "Windows."},
    [UID] = {"uid", FSA_INTEGER, 0, "Real user id; NULL when it cannot be read, and on Windows."},
    [GID] = {"gid", FSA_INTEGER, 0, "Real group id; NULL when it cannot be read, and on Windows."},
    [EUID] = {"euid", FSA_INTEGER, 0,
              "Effective user id; NULL when it cannot be read, and on "
              "Windows."},
    [EGID] = {"egid", FSA_INTEGER, 0,
              "Effective group id; NULL when it cannot be read, and on "
              "Windows."},
    [SUID] = {"suid", FSA_INTEGER, 0,
              "Saved user id; NULL when it cannot be read, and on Windows."},
    [SGID] = {"sgid", FSA_INTEGER, 0,
              "Saved group id; NULL when it cannot be read, and on Windows."},
    [TRACER_PID] = {"tracer_pid", FSA_INTEGER, 0,
                    "Pid of the process that debugs it; 0 = none, NULL when it "
                    "cannot be read, and on Windows."},
    [NAMESPACE_PID] = {"namespace_pid", FSA_INTEGER, 0,
                       "What it takes for its own pid: another number than pid in a "
                       "container. NULL before Linux 4.1, and on Windows."},
    [SECCOMP] = {"seccomp", FSA_INTEGER, 0,
                 "System call filter: 0 none, 1 strict, 2 filter; NULL where "
                 "the kernel has none, as on Windows."},
    [NO_NEW_PRIVS] = {"no_new_privs", FSA_INTEGER, 0,
                      "1 when it can never gain rights by running a program, 0 "
                      "otherwise; NULL before Linux 4.10, and on Windows."},
    [LOGIN_UID] = {"login_uid", FSA_INTEGER, FSA_COSTLY,
                   "Who logged in, whatever su and sudo did since; NULL when "
                   "nobody did, as for daemons, or where the kernel has no "
                   "audit, as on Windows."},
    [LOGIN_SESSION] = {"login_session", FSA_INTEGER, FSA_COSTLY,
                       "Audit session of that login; NULL as login_uid."},
    [PARENT_START_TIME] = {"parent_start_time", FSA_TIME, FSA_COSTLY,
                           "When the parent started; NULL when there is none, or when "
                           "the process that bears its pid now started later and so "
                           "cannot be it."},
    [IS_PARENT_ALIVE] = {"is_parent_alive", FSA_BOOL, FSA_COSTLY,
                         "1 when a process with the parent's pid runs that started no "
                         "later than this one; NULL without a parent."},
    [CGROUP_PATH] = {"cgroup_path", FSA_TEXT, FSA_COSTLY,
                     "Control group: names the service, session or container; NULL "
                     "where the kernel has none, as on Windows."},
    [SECURITY_LABEL] = {"security_label", FSA_TEXT, FSA_COSTLY,
                        "SELinux context or AppArmor profile; NULL where neither is "
                        "active, as on Windows."},
    [DISK_BYTES_READ] = {"disk_bytes_read", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                         "Bytes it caused to be read from storage; Windows: that its "
                         "calls have read, from caches and pipes too. NULL when access "
                         "is refused."},
    [DISK_BYTES_WRITTEN] = {"disk_bytes_written", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                            "Bytes it caused to be written to storage; NULL as "
                            "disk_bytes_read."},
    [IS_COVERED] = {"is_covered", FSA_BOOL, 0,
                    "1 when something is mounted over its directory in /proc, "
                    "which hides it from other tools: all else but pid is then "
                    "NULL. 0 before Linux 5.6, which cannot tell, and on Windows; "
                    "never NULL."},
    [PEB_PATH] = {"peb_path", FSA_TEXT, FSA_COSTLY,
                  "Windows: the program's path as the process itself says in "
                  "its environment block; NULL for kernel processes, when "
                  "access is refused, and on Linux."},
    [IS_PEB_PATH_DIFFERENT] = {"is_peb_path_different", FSA_BOOL, FSA_COSTLY,
                               "Windows: 1 when peb_path names another file than path: the "
                               "process shows itself as another program. NULL when one of "
                               "them is, and on Linux."},
    [WINDOW_TITLE] = {"window_title", FSA_TEXT, FSA_COSTLY,
                      "Windows: the title that it was started with: of a console "
                      "its command, after a click the path of the shortcut; NULL as "
                      "peb_path, and without one."},
    [IS_DEBUGGED] = {"is_debugged", FSA_BOOL, FSA_COSTLY,
                     "Windows: 1 when its environment block says that a debugger "
                     "is attached; NULL as peb_path."},
    [IS_IMAGE_RENAMED] = {"is_image_renamed", FSA_BOOL, 0,
                          "Windows: 1 when the file name of path is not the name that "
                          "the process started with; NULL as path, and on Linux."},
    [USER_SID] = {"user_sid", FSA_TEXT, 0,
                  "Windows: the SID whose rights it has; NULL when access is "
                  "refused, and on Linux (euid)."},
    [USER_NAME] = {"user_name", FSA_TEXT, 0,
                   "Windows: DOMAIN\\name of user_sid, as far as this machine "
                   "knows it without asking another one; NULL when it does not, "
                   "and on Linux."},
    [INTEGRITY] = {"integrity", FSA_TEXT, 0,
                   "Windows: integrity level: untrusted, low, medium, "
                   "medium_plus, high, system or protected; NULL when access is "
                   "refused, and on Linux."},
    [ELEVATION_TYPE] = {"elevation_type", FSA_TEXT, 0,
                        "Windows: full or limited for the two halves of an "
                        "administrator's logon, default for one that is not split; "
                        "NULL when access is refused, and on Linux."},
    [IS_ELEVATED_TOKEN] = {"is_elevated_token", FSA_BOOL, 0,
                           "Windows: 1 when it has an administrator's rights; NULL when "
                           "access is refused, and on Linux."},
    [SESSION_ID] = {"session_id", FSA_INTEGER, 0,
                    "Windows: number of its desktop session, 0 for services; NULL "
                    "when it is not told, and on Linux."},
    [HANDLE_COUNT] = {"handle_count", FSA_INTEGER, FSA_VARIES,
                      "Windows: number of handles that it holds; NULL when it is "
                      "not told, and on Linux."},
    [PROTECTION_TYPE] = {"protection_type", FSA_TEXT, 0,
                         "Windows: how the kernel protects it from others, in "
                         "Microsoft's words (PsProtectedSignerLsa-Light), None "
                         "without; NULL before Windows 8.1, when access is refused, "
                         "and on Linux."},
    [IS_WOW64] = {"is_wow64", FSA_BOOL, 0,
                  "Windows: 1 for a 32-bit program; NULL when access is "
                  "refused, and on Linux."},
    [IS_HIDDEN] = {"is_hidden", FSA_BOOL, 0,
                   "Windows: 1 when it runs and the kernel's list of processes, "
                   "read three times, does not have it; NULL when it started "
                   "after the list was made, and on Linux."},
    [IS_HANDLE_OWNER] = {"is_handle_owner", FSA_BOOL, 0,
                         "Windows: 1 when the kernel's table of all handles names it "
                         "as an owner; NULL where that table cannot be had, and on "
                         "Linux."},
};

typedef struct State {
  FsaOsProcess *process; /* NULL = it ended before it was looked at */
  bool done, is_kernel, is_covered, is_windows;
  char refused[128]; /* what could not be read, for one problem and not ten */
} State;

/* ---- what the readings have in common -------------------------------------------------------- */

static bool wants_any(const FsaScan *scan, int first, int last) {
  for (int i = first; i <= last; i++)
    if (fsa_wants(scan, i)) return true;
  return false;
}

static void set_text(FsaRow *row, int column, FsaText text) {
  fsa_row_text(row, column, text.data, text.size);
}

/*
 * True when `result` is good. A refusal is kept for the problem; absence is an answer, as is what a
 * kernel thread lacks.
 */
static bool good(FsaScan *scan, State *state, int result, const char *what) {
  if (result == FSA_OK) return true;
  if (result == FSA_E_ACCESS && state->is_kernel) return false;
  if (result == FSA_E_ACCESS) {
    size_t used = strlen(state->refused);
    snprintf(state->refused + used, sizeof state->refused - used, "%s%s", used ? ", " : "", what);
  } else if (result != FSA_E_ABSENT && result != FSA_E_UNSUPPORTED)
    fsa_problem(scan, result, FSA_NO_OFFSET, "%s cannot be read (%s)", what,
                fsa_result_name(result));
  return false;
}

/* ---- the readings ---------------------------------------------------------------------------- */

static const int64_t ns_per_ms = 1000000;

static void set_facts(FsaScan *scan, FsaRow *row, const FsaOsProcessFacts *facts) {
  set_text(row, NAME, facts->name);
  char *state = fsa_arena_copy(fsa_row_arena(scan), &facts->state, 1);
  if (state && facts->state > ' ' && facts->state <= '~') fsa_row_text(row, STATE, state, 1);
  fsa_row_int(row, PARENT, facts->parent);
  fsa_row_known(row, PGROUP, facts->group, FSA_OS_UNKNOWN);
  fsa_row_known(row, SESSION, facts->session, FSA_OS_UNKNOWN);
  if (facts->terminal != FSA_OS_UNKNOWN) fsa_row_bool(row, HAS_TERMINAL, facts->terminal != 0);
  fsa_row_known(row, THREADS, facts->threads, FSA_OS_UNKNOWN);
  fsa_row_known(row, NICE, facts->nice, FSA_OS_UNKNOWN);
  fsa_row_known(row, START_TIME, facts->start_time, FSA_OS_UNKNOWN);
  fsa_row_known(row, START_TICKS, facts->start_ticks, FSA_OS_UNKNOWN);
  if (facts->user_time != FSA_OS_UNKNOWN) fsa_row_int(row, USER_TIME, facts->user_time / ns_per_ms);
  if (facts->system_time != FSA_OS_UNKNOWN)
    fsa_row_int(row, SYSTEM_TIME, facts->system_time / ns_per_ms);
  fsa_row_known(row, RESIDENT_SIZE, facts->resident_size, FSA_OS_UNKNOWN);
  fsa_row_known(row, TOTAL_SIZE, facts->total_size, FSA_OS_UNKNOWN);
  fsa_row_bool(row, IS_KERNEL_THREAD, facts->is_kernel);
}

static bool begins(FsaText text, const char *prefix) {
  size_t size = strlen(prefix);
  return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/*
 * Names that only kernel threads bear: what ps shows in brackets. [kernel/kthread.c, workqueue.c,
 * softirq.c ...]
 */
static bool is_kernel_name(FsaText name) {
  static const char *const names[] = {"kworker/",  "kthreadd", "ksoftirqd/", "migration/",
                                      "kswapd",    "rcu_",     "kcompactd",  "khugepaged",
                                      "kdevtmpfs", "jbd2/",    "kblockd",    "watchdogd"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (begins(name, names[i])) return true;
  return false;
}

/* "[kworker/0:1]" as the first argument, or a name of theirs, though a program runs. */
static bool is_masqueraded(FsaText name, FsaText cmdline) {
  if (name.data && is_kernel_name(name)) return true;
  if (!cmdline.data || !begins(cmdline, "[")) return false;
  return memchr(cmdline.data, ']', cmdline.size) != NULL;
}

static void set_image_file(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsFile file;
  if (!wants_any(scan, IMAGE_DEVICE, IS_SETGID)) return;
  if (!good(scan, state, fsa_os_process_image_file(state->process, &file), "the program's file"))
    return;
  fsa_row_int(row, IMAGE_DEVICE, (int64_t)file.device);
  fsa_row_int(row, IMAGE_INODE, (int64_t)file.inode);
  fsa_row_int(row, IMAGE_UID, file.uid);
  fsa_row_bool(row, IS_SETUID, (file.mode & 04000) != 0);
  fsa_row_bool(row, IS_SETGID, (file.mode & 02000) != 0);
}

static void set_on_disk(FsaScan *scan, State *state, FsaRow *row, FsaText path) {
  FsaOsFile file;
  if (!fsa_wants(scan, ON_DISK)) return;
  int result = fsa_os_process_file(state->process, path, &file);
  if (result == FSA_E_ABSENT)
    fsa_row_int(row, ON_DISK, 0);
  else if (good(scan, state, result, "the program's path"))
    fsa_row_int(row, ON_DISK, 1);
}

/* Names that only processes of the Windows kernel bear. */
static bool is_kernel_process_name(FsaText name) {
  static const char *const names[] = {"System",        "System Idle Process", "Registry",
                                      "Secure System", "Memory Compression",  "MemCompression",
                                      "vmmem"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (fsa_text_same(name.data, name.size, names[i], strlen(names[i]))) return true;
  return false;
}

static bool same_text(FsaText a, FsaText b) {
  return fsa_text_same(a.data, a.size, b.data, b.size);
}

/*
 * 1 when a process that runs `path` claims another file, 0 when it is the same under another name
 * (a short one, a junction), FSA_OS_UNKNOWN when that cannot be looked at.
 */
static int64_t claims_other(State *state, FsaText path, FsaText claim) {
  FsaOsFile real, claimed;
  if (same_text(path, claim)) return 0;
  const int real_result = fsa_os_process_file(state->process, path, &real);
  const int claimed_result = fsa_os_process_file(state->process, claim, &claimed);
  if (real_result == FSA_OK && claimed_result == FSA_OK)
    return real.device != claimed.device || real.inode != claimed.inode;
  if (real_result == FSA_OK && claimed_result == FSA_E_ABSENT) return 1;
  return same_text(fsa_nt_path_name(path), fsa_nt_path_name(claim)) ? FSA_OS_UNKNOWN : 1;
}

/* What the process says of itself, beside what the kernel says. */
static void set_environment(FsaScan *scan, State *state, FsaRow *row, FsaText path) {
  FsaOsEnvironmentBlock block;
  if (!wants_any(scan, PEB_PATH, IS_DEBUGGED)) return;
  int result = fsa_os_environment_block(state->process, fsa_scan_arena(scan), &block);
  if (!good(scan, state, result, "the environment block")) return;
  if (block.path.size) set_text(row, PEB_PATH, block.path);
  if (block.window_title.size) set_text(row, WINDOW_TITLE, block.window_title);
  fsa_row_bool(row, IS_DEBUGGED, block.is_debugged);
  if (block.path.size && path.data && fsa_wants(scan, IS_PEB_PATH_DIFFERENT))
    fsa_row_known(row, IS_PEB_PATH_DIFFERENT, claims_other(state, path, block.path),
                  FSA_OS_UNKNOWN);
}

static void set_windows_image(FsaScan *scan, State *state, FsaRow *row, FsaText name,
                              FsaText path) {
  FsaOsFile file;
  if (name.data) {
    fsa_row_bool(row, IS_NAME_MASQUERADED, is_kernel_process_name(name));
    fsa_row_bool(row, IS_IMAGE_RENAMED, !same_text(name, fsa_nt_path_name(path)));
  }
  if (!fsa_wants(scan, IS_DELETED) && !fsa_wants(scan, ON_DISK)) return;
  int result = fsa_os_process_file(state->process, path, &file);
  if (result != FSA_E_ABSENT && !good(scan, state, result, "the program's path")) return;
  fsa_row_bool(row, IS_DELETED, result == FSA_E_ABSENT);
  fsa_row_int(row, ON_DISK, result != FSA_E_ABSENT);
}

static void set_linux_image(FsaScan *scan, State *state, FsaRow *row, const FsaOsImage *image) {
  fsa_row_bool(row, IS_DELETED, image->is_deleted);
  fsa_row_bool(row, IS_MEMFD, image->is_memory);
  if (image->is_memory && fsa_wants(scan, ON_DISK))
    fsa_row_int(row, ON_DISK, 0);
  else
    set_on_disk(scan, state, row, image->path);
  set_image_file(scan, state, row);
}

/* Gives the path; data NULL when there is none. */
static FsaText set_image(FsaScan *scan, State *state, FsaRow *row, FsaText name, FsaText cmdline) {
  const FsaText none = {NULL, 0};
  FsaOsImage image;
  int result = fsa_os_process_image(state->process, fsa_scan_arena(scan), &image);
  if (result == FSA_E_ABSENT || state->is_kernel) fsa_row_bool(row, IS_NAME_MASQUERADED, false);
  if (!good(scan, state, result, "the program")) return none;
  set_text(row, PATH, image.path);
  if (state->is_windows) {
    set_windows_image(scan, state, row, name, image.path);
    return image.path;
  }
  fsa_row_bool(row, IS_NAME_MASQUERADED, is_masqueraded(name, cmdline));
  set_linux_image(scan, state, row, &image);
  return image.path;
}

static FsaText read_text(FsaScan *scan, State *state, FsaOsProcessText which, const char *what) {
  FsaText text = {NULL, 0};
  good(scan, state, fsa_os_process_text(state->process, which, fsa_scan_arena(scan), &text), what);
  return text;
}

static void set_texts(FsaScan *scan, State *state, FsaRow *row) {
  static const struct {
    int column;
    FsaOsProcessText which;
    const char *what;
  } texts[] = {
      {CWD, FSA_OS_CWD, "cwd"},
      {ROOT, FSA_OS_ROOT, "root"},
      {CGROUP_PATH, FSA_OS_CGROUP, "cgroup"},
      {SECURITY_LABEL, FSA_OS_LABEL, "the security label"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (fsa_wants(scan, texts[i].column))
      set_text(row, texts[i].column, read_text(scan, state, texts[i].which, texts[i].what));
}

static void set_token(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsToken token;
  if (!wants_any(scan, UID, NO_NEW_PRIVS)) return;
  if (!good(scan, state, fsa_os_token(state->process, 0, fsa_scan_arena(scan), &token), "status"))
    return;
  fsa_row_known(row, UID, token.uids[FSA_OS_REAL], FSA_OS_UNKNOWN);
  fsa_row_known(row, GID, token.gids[FSA_OS_REAL], FSA_OS_UNKNOWN);
  fsa_row_known(row, EUID, token.uids[FSA_OS_EFFECTIVE], FSA_OS_UNKNOWN);
  fsa_row_known(row, EGID, token.gids[FSA_OS_EFFECTIVE], FSA_OS_UNKNOWN);
  fsa_row_known(row, SUID, token.uids[FSA_OS_SAVED], FSA_OS_UNKNOWN);
  fsa_row_known(row, SGID, token.gids[FSA_OS_SAVED], FSA_OS_UNKNOWN);
  fsa_row_known(row, TRACER_PID, token.tracer, FSA_OS_UNKNOWN);
  fsa_row_known(row, NAMESPACE_PID, token.namespace_pid, FSA_OS_UNKNOWN);
  fsa_row_known(row, SECCOMP, token.seccomp, FSA_OS_UNKNOWN);
  fsa_row_known(row, NO_NEW_PRIVS, token.no_new_privileges, FSA_OS_UNKNOWN);
}

static void set_sid(FsaScan *scan, FsaRow *row, FsaBytes sid) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  FsaText name;
  if (fsa_nt_sid_text(sid, 0, text, &size) != FSA_OK) return;
  fsa_row_string(row, USER_SID, fsa_arena_copy(fsa_row_arena(scan), text, strlen(text)));
  if (fsa_wants(scan, USER_NAME) &&
      fsa_os_account_name(fsa_scan_os(scan), sid, fsa_scan_arena(scan), &name) == FSA_OK)
    set_text(row, USER_NAME, name);
}

static void set_access_token(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsAccessToken token;
  if (!wants_any(scan, USER_SID, IS_ELEVATED_TOKEN)) return;
  int result = fsa_os_access_token(state->process, 0, fsa_scan_arena(scan), &token);
  if (!good(scan, state, result, "the token")) return;
  set_sid(scan, row, token.user);
  if (token.integrity != FSA_OS_UNKNOWN)
    fsa_row_string(row, INTEGRITY, fsa_nt_integrity_name((uint32_t)token.integrity));
  if (token.elevation_type != FSA_OS_UNKNOWN)
    fsa_row_string(row, ELEVATION_TYPE, fsa_nt_elevation_name((uint32_t)token.elevation_type));
  if (token.is_elevated != FSA_OS_UNKNOWN)
    fsa_row_bool(row, IS_ELEVATED_TOKEN, token.is_elevated != 0);
}

static void set_kernel_block(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsKernelBlock block;
  if (!wants_any(scan, SESSION_ID, IS_HANDLE_OWNER)) return;
  if (!good(scan, state, fsa_os_kernel_block(state->process, &block), "the kernel's block")) return;
  fsa_row_known(row, SESSION_ID, block.session_number, FSA_OS_UNKNOWN);
  fsa_row_known(row, HANDLE_COUNT, block.handle_count, FSA_OS_UNKNOWN);
  fsa_row_string(row, PROTECTION_TYPE, block.protection);
  fsa_row_known(row, IS_WOW64, block.is_wow64, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_HIDDEN, block.is_hidden, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_HANDLE_OWNER, block.owns_handles, FSA_OS_UNKNOWN);
}

static void set_login(FsaScan *scan, State *state, FsaRow *row) {
  int64_t uid, session;
  if (!wants_any(scan, LOGIN_UID, LOGIN_SESSION)) return;
  int result = fsa_os_login(state->process, fsa_scan_arena(scan), &uid, &session);
  if (!good(scan, state, result, "loginuid")) return;
  fsa_row_int(row, LOGIN_UID, uid);
  fsa_row_known(row, LOGIN_SESSION, session, FSA_OS_UNKNOWN);
}

/* A pid is given out again: whoever started after its child is somebody else. */
static void set_parent(FsaScan *scan, State *state, FsaRow *row, const FsaOsProcessFacts *child) {
  if (child->parent == 0 || !wants_any(scan, PARENT_START_TIME, IS_PARENT_ALIVE)) return;
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsProcess *parent;
  FsaOsProcessFacts facts;
  int result = fsa_os_process_open(fsa_scan_os(scan), child->parent, arena, &parent);
  if (result == FSA_OK) {
    result = fsa_os_process_facts(parent, arena, &facts);
    fsa_os_process_close(parent);
  }
  if (result != FSA_E_ABSENT && !good(scan, state, result, "the parent's stat")) return;
  bool is_alive = result == FSA_OK && facts.start_ticks <= child->start_ticks;
  fsa_row_bool(row, IS_PARENT_ALIVE, is_alive);
  if (is_alive) fsa_row_known(row, PARENT_START_TIME, facts.start_time, FSA_OS_UNKNOWN);
}

static void set_transfer(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsTransfer transfer;
  if (!wants_any(scan, DISK_BYTES_READ, DISK_BYTES_WRITTEN)) return;
  int result = fsa_os_process_transfer(state->process, fsa_scan_arena(scan), &transfer);
  if (!good(scan, state, result, "io")) return;
  fsa_row_known(row, DISK_BYTES_READ, transfer.read_bytes, FSA_OS_UNKNOWN);
  fsa_row_known(row, DISK_BYTES_WRITTEN, transfer.written_bytes, FSA_OS_UNKNOWN);
}

/* ---- the row --------------------------------------------------------------------------------- */

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->is_windows = fsa_os_family(fsa_scan_os(scan)) == FSA_OS_WINDOWS;
  int result = fsa_os_process_open(fsa_scan_os(scan), fsa_scan_pid(scan), fsa_scan_arena(scan),
                                   &state->process);
  if (result == FSA_OK || result == FSA_E_ABSENT) return FSA_OK;
  state->is_covered = fsa_os_process_is_covered(fsa_scan_os(scan), fsa_scan_pid(scan));
  fsa_problem(scan, result, FSA_NO_OFFSET, "the process cannot be looked at (%s)%s",
              fsa_result_name(result),
              state->is_covered ? ": something is mounted over its directory in /proc" : "");
  return state->is_covered ? FSA_OK : result;
}

/*
 * stat, which is read for every row: it tells whether the process is still there. False when not.
 */
static bool set_stat(FsaScan *scan, State *state, FsaRow *row, FsaText *ret_name) {
  FsaOsProcessFacts facts;
  int result = fsa_os_process_facts(state->process, fsa_scan_arena(scan), &facts);
  if (result == FSA_E_ABSENT) return false;
  if (!good(scan, state, result, "stat")) return true;
  *ret_name = facts.name;
  state->is_kernel = facts.is_kernel;
  set_facts(scan, row, &facts);
  set_parent(scan, state, row, &facts);
  return true;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  if (state->done || !(state->process || state->is_covered)) return FSA_OK;
  state->done = true;
  fsa_row_bool(row, IS_COVERED, state->is_covered);
  if (state->is_covered) {
    fsa_row_int(row, PID, fsa_scan_pid(scan));
    return FSA_ROW;
  }
  FsaText name = {NULL, 0}, cmdline = {NULL, 0};
  if (!set_stat(scan, state, row, &name)) return FSA_OK;
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  if (fsa_wants(scan, CMDLINE) || fsa_wants(scan, IS_NAME_MASQUERADED))
    cmdline = read_text(scan, state, FSA_OS_COMMAND_LINE, "cmdline");
  set_text(row, CMDLINE, cmdline);
  FsaText path = {NULL, 0};
  if (wants_any(scan, PATH, IS_SETGID) || wants_any(scan, PEB_PATH, IS_IMAGE_RENAMED))
    path = set_image(scan, state, row, name, cmdline);
  set_environment(scan, state, row, path);
  set_texts(scan, state, row);
  set_token(scan, state, row);
  set_access_token(scan, state, row);
  set_kernel_block(scan, state, row);
  set_login(scan, state, row);
  set_transfer(scan, state, row);
  if (state->refused[0])
    fsa_problem(scan, FSA_E_ACCESS, FSA_NO_OFFSET, "access refused: %s", state->refused);
  return FSA_ROW;
}

static void close_process(void *opaque) {
  State *state = opaque;
  fsa_os_process_close(state->process);
}

const FsaTable fsa_table_processes = {
    .name = "processes",
    .summary = "One row for each process that exists now.",
    .proves =
        "The process existed while it was looked at; what it says about itself (cmdline, cwd, "
        "peb_path, on Linux its name) is its own choice, what the kernel says (path, ids, "
        "times) is not.",
    .caveat = "A missing row does not prove that there was no process: it may have ended or not "
              "yet started, run in another pid namespace, or be hidden by a kernel that lies.",
    .example = "SELECT pid, name, path, cmdline FROM fsa_processes "
               "WHERE is_deleted OR is_memfd OR is_name_masqueraded",
    .sources = FSA_LIVE_LINUX | FSA_LIVE_WINDOWS,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_process,
    .next = next,
    .close = close_process,
};
