/*
 * fsa_handles: what each process holds open, and what that leads to. On Windows all handles of the
 * host come in one answer of the kernel; the processes, threads, tokens, files and sections that
 * they lead to are asked of copies. On Linux they are the descriptors. [states and rights: the WDK,
 * MS-DTYP 2.4.3; proc(5)]
 */
#include <stdio.h>

#include "formats/nt_access.h"
#include "fsa.h"
#include "os/handle_table.h"
#include "os/os.h"

enum {
  PID,
  HANDLE,
  TYPE,
  NAME,
  OBJECT_ADDRESS,
  GRANTED_ACCESS,
  ACCESS_TEXT,
  IS_INHERITABLE,
  IS_PROTECTED,
  TARGET_PID,
  TARGET_TID,
  TARGET_USER,
  OWNER_PID,
  OWNER_TID,
  SECTION_FILE,
  IS_FILE_DELETED,
  PIPE_END,
  INODE,
  ERROR,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process that holds the handle; never NULL."},
    [HANDLE] = {"handle", FSA_INTEGER, FSA_KEY,
                "Its number in that process; on Linux the descriptor. Never NULL."},
    [TYPE] = {"type", FSA_TEXT, FSA_KEY,
              "What kind of object it leads to, as Windows names it (Process, Thread, Token, File, "
              "Key, Section, Mutant, ...); on Linux file, pipe, socket or anonymous. NULL when "
              "Windows does not name it."},
    [NAME] = {"name", FSA_TEXT, FSA_COSTLY,
              "The object's name: a file's path, other objects as the kernel names them "
              "(\\Device\\NamedPipe\\..., \\REGISTRY\\MACHINE\\..., \\BaseNamedObjects\\...). NULL "
              "for objects without a name, as processes, threads and tokens are, and when it could "
              "not be asked (error)."},
    [OBJECT_ADDRESS] = {"object_address", FSA_HEX, 0,
                        "Where the object lies in the kernel: equal for handles on the same one. "
                        "NULL when Windows does not tell, as since 24H2 without SeDebugPrivilege, "
                        "and on Linux."},
    [GRANTED_ACCESS] = {"granted_access", FSA_HEX, 0,
                        "The rights that the handle carries, as a mask; NULL on Linux."},
    [ACCESS_TEXT] = {"access_text", FSA_TEXT, FSA_COSTLY,
                     "The same in words, separated by blanks, each right by itself "
                     "(PROCESS_VM_READ ...), and 0x... for rights without a name; on Linux r, w or "
                     "rw, NULL when that cannot be read."},
    [IS_INHERITABLE] = {"is_inheritable", FSA_BOOL, 0,
                        "1 when child processes may get it; NULL on Linux."},
    [IS_PROTECTED] = {"is_protected", FSA_BOOL, 0, "1 when closing it is refused; NULL on Linux."},
    [TARGET_PID] = {"target_pid", FSA_INTEGER, FSA_COSTLY,
                    "The process that a handle of type Process leads to, or the process of a "
                    "Thread's; NULL for others and when it could not be asked (error)."},
    [TARGET_TID] = {"target_tid", FSA_INTEGER, FSA_COSTLY,
                    "The thread that a handle of type Thread leads to; NULL as target_pid."},
    [TARGET_USER] = {"target_user", FSA_TEXT, FSA_COSTLY,
                     "SID of the user whose rights a handle of type Token carries; NULL as "
                     "target_pid."},
    [OWNER_PID] = {"owner_pid", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                   "The process that has taken the mutex which a handle of type Mutant leads to; "
                   "NULL when nobody has, for others and when it could not be asked (error)."},
    [OWNER_TID] = {"owner_tid", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                   "Its thread; NULL as owner_pid."},
    [SECTION_FILE] = {"section_file", FSA_TEXT, FSA_COSTLY,
                      "The file whose content a handle of type Section shares; NULL for memory "
                      "without a file, for others and when it could not be asked (error)."},
    [IS_FILE_DELETED] = {"is_file_deleted", FSA_BOOL, FSA_COSTLY | FSA_VARIES,
                         "1 when the file is deleted, or will be with its last handle; NULL for "
                         "what is no file and when it could not be asked (error)."},
    [PIPE_END] = {"pipe_end", FSA_TEXT, FSA_COSTLY,
                  "server or client, for a named pipe; NULL for others, on Linux and when it could "
                  "not be asked (error)."},
    [INODE] = {"inode", FSA_INTEGER, 0,
               "Names a pipe or a socket on Linux: equal at all ends; NULL for others."},
    [ERROR] = {"error", FSA_TEXT, FSA_HIDDEN | FSA_COSTLY,
               "Why something of the row is unknown: access, timeout (it did not answer), limit "
               "(too many did not, so it was not asked) or another code; NULL when nothing failed. "
               "Whoever asks for it has all the costly columns asked."},
};

typedef struct State {
  /* Windows */
  FsaOsHandleTable *table;
  int64_t told_pid;    /* of whom it was told already ... */
  unsigned told_codes; /* ... that this failed: bit -code */
  int64_t told_number; /* the last handle that was told not to answer */
  /* Linux */
  int64_t *pids;
  size_t pid_count, pid_index;
  FsaOsProcess *process;
  FsaOsHandle *handles; /* of pids[pid_index - 1] */
  size_t count, index;
} State;

static void set_source(FsaScan *scan, FsaRow *row, int64_t pid) {
  const char *source = fsa_arena_printf(fsa_row_arena(scan), "%lld", (long long)pid);
  if (source) fsa_row_source(row, source, strlen(source));
}

static bool is_failure(int result) {
  return result < 0 && result != FSA_E_ABSENT && result != FSA_E_UNSUPPORTED;
}

/* ---- Windows: what could not be asked -------------------------------------------------------- */

static bool was_told(State *state, const FsaOsTableHandle *handle, int result) {
  if (state->told_pid != handle->pid) {
    state->told_pid = handle->pid;
    state->told_codes = 0;
    state->told_number = -1;
  }
  if (result == FSA_E_TIMEOUT) {
    const bool is_same = state->told_number == handle->number;
    state->told_number = handle->number;
    return is_same;
  }
  const unsigned bit = 1u << -result;
  const bool is_same = (state->told_codes & bit) != 0;
  state->told_codes |= bit;
  return is_same;
}

/* Each handle that hangs, but a refusal once for each process: it concerns most of its handles. */
static void tell(FsaScan *scan, State *state, const FsaOsTableHandle *handle, int result,
                 const char *what) {
  if (was_told(state, handle, result)) return;
  char source[32];
  snprintf(source, sizeof source, "%lld", (long long)handle->pid);
  const char *type = handle->type.data ? handle->type.data : "of unknown type";
  if (result == FSA_E_TIMEOUT)
    fsa_problem_in(scan, result, source, FSA_NO_OFFSET,
                   "handle %lld (%s, access 0x%x) does not answer, as a pipe does not while its "
                   "owner waits at it",
                   (long long)handle->number, type, (unsigned)handle->access);
  else
    fsa_problem_in(scan, result, source, FSA_NO_OFFSET,
                   "handle %lld (%s): %s cannot be asked (%s); further ones are not told",
                   (long long)handle->number, type, what, fsa_result_name(result));
}

/* FSA_OK to go on, FSA_E_NOMEM. *failed keeps the first failure of the row. */
static int note(FsaScan *scan, State *state, const FsaOsTableHandle *handle, int result,
                const char *what, int *failed) {
  if (result == FSA_E_NOMEM) return result;
  if (!is_failure(result)) return FSA_OK;
  if (!*failed) *failed = result;
  tell(scan, state, handle, result, what);
  return FSA_OK;
}

/* ---- Windows: rows --------------------------------------------------------------------------- */

static bool is_type(const FsaOsTableHandle *handle, const char *type) {
  return handle->type.data && strcmp(handle->type.data, type) == 0;
}

/* True when a column of these must be asked for: itself, or whether it can be. */
static bool asks(const FsaScan *scan, int first, int last) {
  for (int column = first; column <= last; column++)
    if (fsa_wants(scan, column)) return true;
  return fsa_wants(scan, ERROR);
}

static int set_name(FsaScan *scan, State *state, const FsaOsTableHandle *handle, FsaRow *row,
                    int *failed) {
  if (!asks(scan, NAME, NAME)) return FSA_OK;
  FsaText name;
  const int result = fsa_os_handle_name(state->table, handle, fsa_row_arena(scan), &name);
  if (result == FSA_OK) fsa_row_text(row, NAME, name.data, name.size);
  return note(scan, state, handle, result, "its name", failed);
}

static int set_target(FsaScan *scan, State *state, const FsaOsTableHandle *handle, FsaRow *row,
                      int *failed) {
  const bool is_mutant = is_type(handle, "Mutant");
  if (is_mutant ? !asks(scan, OWNER_PID, OWNER_TID) : !asks(scan, TARGET_PID, TARGET_USER))
    return FSA_OK;
  FsaOsHandleTarget target;
  const int result = fsa_os_handle_target(state->table, handle, fsa_row_arena(scan), &target);
  if (result == FSA_OK) {
    fsa_row_known(row, is_mutant ? OWNER_PID : TARGET_PID, target.pid, FSA_OS_UNKNOWN);
    fsa_row_known(row, is_mutant ? OWNER_TID : TARGET_TID, target.tid, FSA_OS_UNKNOWN);
    fsa_row_text(row, TARGET_USER, target.user.data, target.user.size);
  }
  return note(scan, state, handle, result, "where it leads", failed);
}

static int set_section(FsaScan *scan, State *state, const FsaOsTableHandle *handle, FsaRow *row,
                       int *failed) {
  if (!asks(scan, SECTION_FILE, SECTION_FILE)) return FSA_OK;
  FsaText path;
  const int result = fsa_os_handle_section_file(state->table, handle, fsa_row_arena(scan), &path);
  if (result == FSA_OK) fsa_row_text(row, SECTION_FILE, path.data, path.size);
  return note(scan, state, handle, result, "its file", failed);
}

static int set_file(FsaScan *scan, State *state, const FsaOsTableHandle *handle, FsaRow *row,
                    int *failed) {
  bool is_deleted;
  FsaOsPipeEnd end;
  int result;
  if (asks(scan, IS_FILE_DELETED, IS_FILE_DELETED)) {
    result = fsa_os_handle_is_deleted(state->table, handle, &is_deleted);
    if (result == FSA_OK) fsa_row_bool(row, IS_FILE_DELETED, is_deleted);
    result = note(scan, state, handle, result, "its file", failed);
    if (result != FSA_OK) return result;
  }
  if (!asks(scan, PIPE_END, PIPE_END)) return FSA_OK;
  result = fsa_os_handle_pipe(state->table, handle, fsa_row_arena(scan), &end);
  if (result == FSA_OK && end.is_end_known)
    fsa_row_string(row, PIPE_END, end.is_server ? "server" : "client");
  return note(scan, state, handle, result, "which end it is", failed);
}

static int set_details(FsaScan *scan, State *state, const FsaOsTableHandle *handle, FsaRow *row) {
  int failed = FSA_OK;
  int result = set_name(scan, state, handle, row, &failed);
  if (result == FSA_OK && is_type(handle, "File"))
    result = set_file(scan, state, handle, row, &failed);
  else if (result == FSA_OK && is_type(handle, "Section"))
    result = set_section(scan, state, handle, row, &failed);
  else if (result == FSA_OK)
    result = set_target(scan, state, handle, row, &failed);
  if (failed) fsa_row_string(row, ERROR, fsa_result_name(failed));
  return result;
}

static bool admits(const FsaScan *scan, int64_t pid, int64_t number, FsaText type) {
  return fsa_admits_int(scan, PID, pid) && fsa_admits_int(scan, HANDLE, number) &&
         (!type.data || fsa_admits_text(scan, TYPE, type.data, type.size));
}

static int next_windows(FsaScan *scan, State *state, FsaRow *row) {
  FsaOsTableHandle handle;
  do {
    if (fsa_os_handle_table_next(state->table, &handle) != FSA_ROW) return FSA_OK;
  } while (!admits(scan, handle.pid, handle.number, handle.type));
  if (fsa_expired(scan)) return FSA_E_TIMEOUT;
  set_source(scan, row, handle.pid);
  fsa_row_int(row, PID, handle.pid);
  fsa_row_int(row, HANDLE, handle.number);
  fsa_row_text(row, TYPE, handle.type.data, handle.type.size);
  if (handle.object) fsa_row_hex(row, OBJECT_ADDRESS, handle.object);
  fsa_row_hex(row, GRANTED_ACCESS, handle.access);
  fsa_row_bool(row, IS_INHERITABLE, handle.is_inheritable);
  fsa_row_bool(row, IS_PROTECTED, handle.is_protected);
  if (fsa_wants(scan, ACCESS_TEXT)) {
    const FsaText words = fsa_nt_access_text(fsa_row_arena(scan), handle.type, handle.access);
    if (!words.data) return FSA_E_NOMEM;
    fsa_row_text(row, ACCESS_TEXT, words.data, words.size);
  }
  const int result = set_details(scan, state, &handle, row);
  return result == FSA_OK ? FSA_ROW : result;
}

static int open_windows(FsaScan *scan, State *state) {
  state->told_pid = -1;
  const int result = fsa_os_handle_table_open(fsa_scan_os(scan), &state->table);
  if (result != FSA_OK)
    return fsa_problem(scan, result, FSA_NO_OFFSET, "the table of all handles cannot be read (%s)",
                       fsa_result_name(result));
  const size_t missing = fsa_os_handle_table_missing(state->table);
  if (missing)
    fsa_problem(scan, FSA_E_FORMAT, FSA_NO_OFFSET,
                "%zu handles were counted and are not in the table", missing);
  return FSA_OK;
}

/* ---- Linux ----------------------------------------------------------------------------------- */

static const char *linux_type(FsaOsHandleKind kind) {
  switch (kind) {
  case FSA_OS_PATH: return "file";
  case FSA_OS_PIPE: return "pipe";
  case FSA_OS_SOCKET: return "socket";
  default: return "anonymous";
  }
}

static void tell_linux(FsaScan *scan, int64_t pid, int result, const char *what) {
  if (!is_failure(result)) return;
  char source[32];
  snprintf(source, sizeof source, "%lld", (long long)pid);
  fsa_problem_in(scan, result, source, FSA_NO_OFFSET, "%s cannot be read (%s)", what,
                 fsa_result_name(result));
}

static void close_process(State *state) {
  fsa_os_process_close(state->process);
  state->process = NULL;
}

/* Opens the next process that is admitted and lists what it holds. FSA_OK behind the last. */
static int next_process(FsaScan *scan, State *state) {
  close_process(state);
  FsaArena *arena = fsa_scan_arena(scan);
  while (state->pid_index < state->pid_count) {
    const int64_t pid = state->pids[state->pid_index++];
    if (!fsa_admits_int(scan, PID, pid)) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    int result = fsa_os_process_open(fsa_scan_os(scan), pid, arena, &state->process);
    if (result == FSA_OK)
      result = fsa_os_handles(state->process, arena, &state->handles, &state->count);
    if (result == FSA_E_NOMEM) return result;
    if (result == FSA_OK) {
      state->index = 0;
      return FSA_ROW;
    }
    if (!state->process || !fsa_os_process_is_kernel(state->process))
      tell_linux(scan, pid, result, "its descriptors");
    close_process(state);
  }
  return FSA_OK;
}

static void set_linux_access(FsaScan *scan, State *state, int64_t pid, const FsaOsHandle *handle,
                             FsaRow *row) {
  static const char *const modes[] = {NULL, "r", "w", "rw"};
  if (!asks(scan, ACCESS_TEXT, ACCESS_TEXT)) return;
  unsigned access = 0;
  const int result =
      fsa_os_handle_access(state->process, handle->number, fsa_row_arena(scan), &access);
  if (result == FSA_OK)
    fsa_row_string(row, ACCESS_TEXT, modes[access & (FSA_OS_READ | FSA_OS_WRITE)]);
  else if (is_failure(result))
    fsa_row_string(row, ERROR, fsa_result_name(result));
  tell_linux(scan, pid, result, "how a descriptor is open");
}

static int next_linux(FsaScan *scan, State *state, FsaRow *row) {
  for (;;) {
    while (!state->process || state->index == state->count) {
      const int result = next_process(scan, state);
      if (result != FSA_ROW) return result;
    }
    const int64_t pid = state->pids[state->pid_index - 1];
    const FsaOsHandle *handle = &state->handles[state->index++];
    const char *type = linux_type(handle->kind);
    if (!admits(scan, pid, handle->number, (FsaText){type, strlen(type)})) continue;
    set_source(scan, row, pid);
    fsa_row_int(row, PID, pid);
    fsa_row_int(row, HANDLE, handle->number);
    fsa_row_string(row, TYPE, type);
    if (handle->target.size) fsa_row_text(row, NAME, handle->target.data, handle->target.size);
    if (handle->kind == FSA_OS_PATH) fsa_row_bool(row, IS_FILE_DELETED, handle->is_deleted);
    if (handle->inode) fsa_row_int(row, INODE, (int64_t)handle->inode);
    set_linux_access(scan, state, pid, handle, row);
    return FSA_ROW;
  }
}

static int open_linux(FsaScan *scan, State *state) {
  fsa_tell_hidden_processes(scan);
  const int result =
      fsa_os_pids(fsa_scan_os(scan), fsa_scan_arena(scan), &state->pids, &state->pid_count);
  if (result != FSA_OK)
    return fsa_problem(scan, result, FSA_NO_OFFSET, "the processes cannot be listed (%s)",
                       fsa_result_name(result));
  return FSA_OK;
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool is_windows(const FsaScan *scan) {
  return fsa_os_family(fsa_scan_os(scan)) == FSA_OS_WINDOWS;
}

static int open_host(FsaScan *scan, void *opaque) {
  return is_windows(scan) ? open_windows(scan, opaque) : open_linux(scan, opaque);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  return state->table ? next_windows(scan, state, row) : next_linux(scan, state, row);
}

static void close_host(void *opaque) {
  State *state = opaque;
  fsa_os_handle_table_close(state->table);
  close_process(state);
}

const FsaTable fsa_table_handles = {
    .name = "handles",
    .summary = "One row for each handle (on Linux: descriptor) that a process holds open.",
    .proves = "The process could do with the object what the rights say, at the moment of the "
              "look: with PROCESS_VM_READ read the memory of target_pid, with a Token act as "
              "target_user.",
    .caveat = "Protected processes and the kernel do not let their handles be copied: names and "
              "targets are then NULL, and a problem says so. What was opened and closed before has "
              "no row; memory stays mapped when its section's handle is closed.",
    .example =
        "SELECT pid, handle, access_text, target_pid FROM fsa_handles WHERE type = 'Process'",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_host,
    .next = next,
    .close = close_host,
};
