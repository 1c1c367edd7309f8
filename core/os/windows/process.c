/*
 * One process: what the snapshot and the kernel say of it, and what stands in its own memory.
 *
 * Whoever may not be opened still has what the list says. Whoever the list leaves out, or who
 * started after it, is asked for the same facts one by one.
 */
#include "os/windows/process.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "formats/nt_path.h"
#include "formats/nt_string.h"
#include "os/process_block.h"
#include "os/windows/device_path.h"

enum {
  IDLE = 0,   /* one thread a processor, which run when nothing else does */
  SYSTEM = 4, /* the kernel's own threads */
  FIRST_TEXT = 1024,
  MOST_TEXT = 1u << 17, /* a UNICODE_STRING holds 64 KiB */
};

int fsa_os_pids(FsaOs *os, FsaArena *arena, int64_t **ret_pids, size_t *ret_count) {
  WindowsSnapshot *snapshot;
  const int result = windows_snapshot(os, true, &snapshot);
  if (result != FSA_OK) return result;
  int64_t *pids = fsa_arena_zero(arena, snapshot->count + 1, sizeof *pids);
  const size_t count = snapshot->count;
  for (size_t i = 0; pids && i < count; i++) pids[i] = snapshot->processes[i].pid;
  windows_snapshot_drop(os, snapshot);
  if (!pids) return FSA_E_NOMEM;
  *ret_pids = pids;
  *ret_count = count;
  return FSA_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

int windows_open_process(int64_t pid, ACCESS_MASK rights, HANDLE *ret_handle) {
  NtClientId client = {.UniqueProcess = (HANDLE)(uintptr_t)pid};
  NtObjectAttributes attributes = {.Length = sizeof attributes};
  HANDLE handle;
  const NtStatus status = nt.NtOpenProcess(&handle, rights, &attributes, &client);
  /* Wine's and ours: an id that nobody bears */
  if (status == NT_INVALID_PARAMETER) return FSA_E_ABSENT;
  if (!NT_OK(status)) return windows_result(status);
  *ret_handle = handle;
  return FSA_OK;
}

int windows_process_ask(HANDLE handle, int class, void *buffer, size_t size) {
  ULONG length = (ULONG)size;
  const NtStatus status = nt.NtQueryInformationProcess(handle, class, buffer, (ULONG)size, &length);
  if (status == NT_INFO_LENGTH_MISMATCH) return FSA_E_UNSUPPORTED; /* this build has another one */
  if (!NT_OK(status)) return windows_result(status);
  return length == 0 || length == size ? FSA_OK : FSA_E_FORMAT;
}

typedef struct Question {
  HANDLE handle;
  int class;
} Question;

static NtStatus ask_process(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  const Question *question = context;
  return nt.NtQueryInformationProcess(question->handle, question->class, buffer, length,
                                      ret_length);
}

int windows_process_ask_text(HANDLE handle, int class, FsaArena *arena, FsaText *ret_text) {
  Question question = {handle, class};
  FsaBytes bytes;
  const int result = windows_ask(ask_process, &question, FIRST_TEXT, MOST_TEXT, arena, &bytes);
  if (result != FSA_OK) return result;
  const FsaBytes text = fsa_nt_string(&bytes, (uintptr_t)bytes.data, 0);
  if (bytes.bad) return FSA_E_FORMAT;
  if (text.size == 0) return FSA_E_ABSENT;
  const FsaText found = fsa_text_from_utf16(arena, text.data, text.size / 2);
  if (!found.data) return FSA_E_NOMEM;
  *ret_text = found;
  return FSA_OK;
}

int windows_process_times(HANDLE handle, FsaNtTimes *ret_times) {
  uint8_t buffer[32];
  const int result = windows_process_ask(handle, NT_PROCESS_TIMES, buffer, sizeof buffer);
  return result == FSA_OK ? fsa_nt_times(fsa_bytes(buffer, sizeof buffer), ret_times) : result;
}

int windows_process_basic(HANDLE handle, FsaNtBasic *ret_basic) {
  uint8_t buffer[64] = {sizeof buffer};
  size_t size = sizeof buffer;
  int result = windows_process_ask(handle, NT_PROCESS_BASIC, buffer, size);
  if (result != FSA_OK) { /* Windows 7 has the short one */
    size = 48;
    memset(buffer, 0, sizeof buffer);
    result = windows_process_ask(handle, NT_PROCESS_BASIC, buffer, size);
  }
  return result == FSA_OK ? fsa_nt_basic(fsa_bytes(buffer, size), ret_basic) : result;
}

/* ---- opening --------------------------------------------------------------------------------- */

/*
 * True when the handle and the snapshot mean the same process: the pid may have been given out
 * again in between.
 */
static bool is_known(const WindowsKnown *known, const FsaNtTimes *times) {
  return known && (!known->is_listed || known->facts.create_time == times->create_time);
}

/* FSA_E_ABSENT when it has ended, or when the pid is not its own: Windows forgives the low bits. */
static int check_open(FsaOsProcess *process) {
  FsaNtTimes times;
  FsaNtBasic basic;
  int result = windows_process_times(process->handle, &times);
  if (result == FSA_OK && times.exit_time != 0) return FSA_E_ABSENT;
  if (result == FSA_OK && !is_known(process->known, &times)) process->known = NULL;
  if (process->known) return result == FSA_OK ? FSA_OK : FSA_E_ABSENT;
  result = windows_process_basic(process->handle, &basic);
  return result == FSA_OK && basic.pid == process->pid ? FSA_OK : FSA_E_ABSENT;
}

static int open_handle(FsaOsProcess *process) {
  if (process->pid == IDLE) return process->known ? FSA_OK : FSA_E_ABSENT;
  int result =
      windows_open_process(process->pid, PROCESS_QUERY_LIMITED_INFORMATION, &process->handle);
  if (result == FSA_E_ACCESS && process->known) return FSA_OK; /* the list's facts are left */
  return result == FSA_OK ? check_open(process) : result;
}

int fsa_os_process_open(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsProcess **ret_process) {
  if (pid < 0 || pid > UINT32_MAX) return FSA_E_ABSENT;
  FsaOsProcess *process = fsa_arena_zero(arena, 1, sizeof *process);
  if (!process) return FSA_E_NOMEM;
  *process = (FsaOsProcess){.os = os, .pid = pid};
  int result = windows_snapshot(os, false, &process->snapshot);
  if (result != FSA_OK) return result;
  process->known = windows_snapshot_find(process->snapshot, pid);
  result = open_handle(process);
  if (result != FSA_OK) {
    fsa_os_process_close(process);
    return result;
  }
  *ret_process = process;
  return FSA_OK;
}

void fsa_os_process_close(FsaOsProcess *process) {
  if (!process) return;
  if (process->handle) nt.NtClose(process->handle);
  if (process->reading) nt.NtClose(process->reading);
  windows_snapshot_drop(process->os, process->snapshot);
}

bool fsa_os_process_is_covered(FsaOs *os, int64_t pid) {
  (void)os, (void)pid;
  return false;
}

int windows_process_handle(FsaOsProcess *process, HANDLE *ret_handle) {
  if (!process->handle) return process->pid == IDLE ? FSA_E_ABSENT : FSA_E_ACCESS;
  *ret_handle = process->handle;
  return FSA_OK;
}

bool windows_process_ended(const FsaOsProcess *process) {
  FsaNtTimes times;
  return process->handle && windows_process_times(process->handle, &times) == FSA_OK &&
         times.exit_time != 0;
}

int windows_process_reading(FsaOsProcess *process, HANDLE *ret_handle) {
  const ACCESS_MASK rights = PROCESS_QUERY_INFORMATION | PROCESS_VM_READ;
  if (!process->handle) return process->pid == IDLE ? FSA_E_ABSENT : FSA_E_ACCESS;
  if (process->reading_result != FSA_OK) return process->reading_result; /* refused once */
  if (!process->reading) {
    const int result = windows_open_process(process->pid, rights, &process->reading);
    process->reading_result = result;
    if (result != FSA_OK) return result;
  }
  *ret_handle = process->reading;
  return FSA_OK;
}

int windows_process_read(FsaOsProcess *process, uint64_t address, size_t size, FsaArena *arena,
                         FsaBytes *ret_bytes) {
  HANDLE handle;
  SIZE_T done = 0;
  const int result = windows_process_reading(process, &handle);
  if (result != FSA_OK) return result;
  void *buffer = fsa_arena_alloc(arena, size);
  if (!buffer) return FSA_E_NOMEM;
  const NtStatus status =
      nt.NtReadVirtualMemory(handle, (void *)(uintptr_t)address, buffer, size, &done);
  if (!NT_OK(status) || done != size)
    return windows_result(status) == FSA_E_ACCESS ? FSA_E_ACCESS : FSA_E_ABSENT;
  *ret_bytes = fsa_bytes(buffer, size);
  return FSA_OK;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static int64_t time_or_unknown(uint64_t filetime) {
  int64_t ns;
  return fsa_time_from_filetime(filetime, &ns) ? ns : FSA_OS_UNKNOWN;
}

static int64_t signed_or_unknown(uint64_t value) {
  return value > INT64_MAX ? FSA_OS_UNKNOWN : (int64_t)value;
}

/* Units of 100 ns as ns. */
static int64_t ns_or_unknown(uint64_t intervals) {
  return intervals > INT64_MAX / 100 ? FSA_OS_UNKNOWN : (int64_t)intervals * 100;
}

/* What Windows' own tools call it; the list has no name for it. */
#define IDLE_NAME "System Idle Process"

static int name_of(FsaOsProcess *process, const FsaNtProcess *facts, FsaArena *arena,
                   FsaText *ret_name) {
  if (process->pid == IDLE) {
    *ret_name = (FsaText){IDLE_NAME, strlen(IDLE_NAME)};
    return FSA_OK;
  }
  if (facts->name.size == 0) return FSA_OK;
  const FsaText name = fsa_text_from_utf16(arena, facts->name.data, facts->name.size / 2);
  if (!name.data) return FSA_E_NOMEM;
  *ret_name = name;
  return FSA_OK;
}

/*
 * R when a thread runs or could, T when all are suspended, S when all wait; 0 when the list does
 * not tell the states.
 */
static char state_of(const FsaNtProcess *facts) {
  FsaNtThread thread;
  uint32_t suspended = 0, waiting = 0;
  for (uint32_t i = 0; i < facts->threads_listed && fsa_nt_thread(facts, i, &thread); i++) {
    if (thread.state == FSA_NT_THREAD_RUNNING || thread.state == FSA_NT_THREAD_READY ||
        thread.state == FSA_NT_THREAD_STANDBY)
      return 'R';
    if (thread.state != FSA_NT_THREAD_WAITING) continue;
    waiting++;
    suspended += thread.wait_reason == FSA_NT_WAIT_SUSPENDED;
  }
  if (waiting == 0) return 0;
  return suspended == waiting ? 'T' : 'S';
}

/* The facts that only Linux has. */
static const FsaOsProcessFacts nothing = {
    .group = FSA_OS_UNKNOWN,
    .session = FSA_OS_UNKNOWN,
    .terminal = FSA_OS_UNKNOWN,
    .nice = FSA_OS_UNKNOWN,
};

static int listed_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts) {
  const FsaNtProcess *known = &process->known->facts;
  FsaOsProcessFacts facts = nothing;
  const int result = name_of(process, known, arena, &facts.name);
  if (result != FSA_OK) return result;
  facts.state = state_of(known);
  facts.parent = known->parent;
  facts.threads = known->thread_count;
  facts.start_time = time_or_unknown(known->create_time);
  facts.start_ticks = signed_or_unknown(known->create_time);
  facts.user_time = ns_or_unknown(known->user_time);
  facts.system_time = ns_or_unknown(known->kernel_time);
  facts.total_size = signed_or_unknown(known->virtual_size);
  facts.resident_size = signed_or_unknown(known->working_set);
  *ret_facts = facts;
  return FSA_OK;
}

/* VM_COUNTERS: the two sizes that we tell. */
enum { COUNTERS_SIZE = 88, COUNTERS_VIRTUAL = 8, COUNTERS_WORKING_SET = 32 };

static void ask_sizes(HANDLE handle, FsaOsProcessFacts *facts) {
  uint8_t buffer[COUNTERS_SIZE];
  facts->total_size = facts->resident_size = FSA_OS_UNKNOWN;
  if (windows_process_ask(handle, NT_PROCESS_COUNTERS, buffer, sizeof buffer) != FSA_OK) return;
  FsaBytes bytes = fsa_bytes(buffer, sizeof buffer);
  facts->total_size = signed_or_unknown(fsa_u64(&bytes, COUNTERS_VIRTUAL));
  facts->resident_size = signed_or_unknown(fsa_u64(&bytes, COUNTERS_WORKING_SET));
}

static int asked_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts) {
  HANDLE handle;
  FsaNtTimes times;
  FsaNtBasic basic;
  FsaText path;
  int64_t *tids;
  size_t threads;
  FsaOsProcessFacts facts = nothing;
  int result = windows_process_handle(process, &handle);
  if (result == FSA_OK) result = windows_process_times(handle, &times);
  if (result == FSA_OK) result = windows_process_basic(handle, &basic);
  if (result != FSA_OK) return result;
  facts.parent = basic.parent;
  facts.start_time = time_or_unknown(times.create_time);
  facts.start_ticks = signed_or_unknown(times.create_time);
  facts.user_time = ns_or_unknown(times.user_time);
  facts.system_time = ns_or_unknown(times.kernel_time);
  facts.threads = FSA_OS_UNKNOWN;
  ask_sizes(handle, &facts);
  result = windows_process_ask_text(handle, NT_PROCESS_IMAGE_NAME, arena, &path);
  if (result == FSA_E_NOMEM) return result;
  if (result == FSA_OK) facts.name = fsa_nt_path_name(path);
  if (fsa_os_threads(process, arena, &tids, &threads) == FSA_OK) facts.threads = (int64_t)threads;
  *ret_facts = facts;
  return FSA_OK;
}

int fsa_os_process_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts) {
  if (windows_process_ended(process)) return FSA_E_ABSENT;
  const bool is_listed = process->known && process->known->is_listed;
  FsaOsProcessFacts facts;
  const int result =
      is_listed ? listed_facts(process, arena, &facts) : asked_facts(process, arena, &facts);
  if (result != FSA_OK) return result;
  facts.is_kernel = fsa_os_process_is_kernel(process);
  *ret_facts = facts;
  return FSA_OK;
}

/*
 * The two that always were, and what came later (Registry, Memory Compression, Secure System):
 * children of the kernel without an environment block. Processes of the Linux subsystem have none
 * either, but programs of their own.
 */
bool fsa_os_process_is_kernel(FsaOsProcess *process) {
  FsaNtBasic basic;
  if (process->pid == IDLE || process->pid == SYSTEM) return true;
  if (!process->handle || windows_process_basic(process->handle, &basic) != FSA_OK) return false;
  return basic.block == 0 && basic.parent == SYSTEM && !(basic.flags & FSA_NT_PROCESS_SUBSYSTEM);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int command_line(FsaOsProcess *process, FsaArena *arena, FsaText *ret_text) {
  HANDLE handle;
  int result = windows_process_handle(process, &handle);
  if (result == FSA_OK)
    result = windows_process_ask_text(handle, NT_PROCESS_COMMAND_LINE, arena, ret_text);
  if (result != FSA_E_UNSUPPORTED) return result;
  FsaOsEnvironmentBlock block; /* before Windows 8.1 */
  result = fsa_os_environment_block(process, arena, &block);
  if (result != FSA_OK) return result;
  if (block.command_line.size == 0) return FSA_E_ABSENT;
  *ret_text = block.command_line;
  return FSA_OK;
}

static int current_directory(FsaOsProcess *process, FsaArena *arena, FsaText *ret_text) {
  FsaOsEnvironmentBlock block;
  const int result = fsa_os_environment_block(process, arena, &block);
  if (result != FSA_OK) return result;
  if (block.cwd.size == 0) return FSA_E_ABSENT;
  *ret_text = block.cwd;
  return FSA_OK;
}

int fsa_os_process_text(FsaOsProcess *process, FsaOsProcessText which, FsaArena *arena,
                        FsaText *ret_text) {
  switch (which) {
  case FSA_OS_COMMAND_LINE:
  case FSA_OS_CWD:
    if (fsa_os_process_is_kernel(process)) return FSA_E_ABSENT;
    return which == FSA_OS_CWD ? current_directory(process, arena, ret_text)
                               : command_line(process, arena, ret_text);
  case FSA_OS_ROOT:
  case FSA_OS_CGROUP:
  case FSA_OS_LABEL: return FSA_E_UNSUPPORTED;
  default: return FSA_E_USAGE;
  }
}

/* ---- files ----------------------------------------------------------------------------------- */

/*
 * Where the program's file lies now, as the kernel names it to programs; when it has lost its name,
 * where it lay when it was started.
 */
static int image_path(FsaOsProcess *process, FsaArena *arena, FsaText *ret_path) {
  HANDLE handle;
  FsaText path;
  int result = windows_process_handle(process, &handle);
  if (result != FSA_OK) return result;
  result = windows_process_ask_text(handle, NT_PROCESS_IMAGE_PATH, arena, &path);
  if (result != FSA_OK && result != FSA_E_NOMEM)
    result = windows_process_ask_text(handle, NT_PROCESS_IMAGE_NAME, arena, &path);
  return result == FSA_OK ? windows_device_path(process->os, path, arena, ret_path) : result;
}

int fsa_os_process_image(FsaOsProcess *process, FsaArena *arena, FsaOsImage *ret_image) {
  FsaText path;
  FsaOsFile file;
  if (fsa_os_process_is_kernel(process)) return FSA_E_ABSENT;
  int result = image_path(process, arena, &path);
  if (result != FSA_OK) return windows_process_ended(process) ? FSA_E_ABSENT : result;
  result = fsa_os_process_file(process, path, &file);
  *ret_image = (FsaOsImage){.path = path, .is_deleted = result == FSA_E_ABSENT};
  return FSA_OK;
}

/* The kernel does not lend the file that it runs, and what lies at its path may be another one. */
int fsa_os_process_image_file(FsaOsProcess *process, FsaOsFile *ret_file) {
  (void)process, (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

/* True for "C:\\...": looking there asks nobody else's machine. */
static bool is_local(FsaText path) {
  if (path.size < 3 || path.data[1] != ':' || path.data[2] != '\\') return false;
  const WCHAR root[] = {(WCHAR)(unsigned char)path.data[0], L':', L'\\', 0};
  const UINT type = GetDriveTypeW(root);
  return type != DRIVE_REMOTE && type != DRIVE_NO_ROOT_DIR && type != DRIVE_UNKNOWN;
}

int fsa_os_process_file(FsaOsProcess *process, FsaText path, FsaOsFile *ret_file) {
  FsaArena arena = fsa_arena(0);
  WCHAR *wide;
  size_t units;
  (void)process;
  if (!is_local(path)) return FSA_E_UNSUPPORTED;
  /* the kernel's paths may be longer than 260, or end in what Win32 would cut off */
  const char *exact = fsa_arena_printf(&arena, "\\\\?\\%.*s", (int)path.size, path.data);
  int result = exact ? FSA_OK : FSA_E_NOMEM;
  if (result == FSA_OK)
    result = windows_wide(&arena, (FsaText){exact, path.size + 4}, &wide, &units);
  HANDLE handle = INVALID_HANDLE_VALUE;
  if (result == FSA_OK) {
    handle = CreateFileW(wide, FILE_READ_ATTRIBUTES,
                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                         OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE) result = windows_result_of_error(GetLastError());
  }
  fsa_arena_done(&arena);
  if (result != FSA_OK) return result;
  BY_HANDLE_FILE_INFORMATION found;
  result =
      GetFileInformationByHandle(handle, &found) ? FSA_OK : windows_result_of_error(GetLastError());
  CloseHandle(handle);
  if (result != FSA_OK) return result;
  const bool is_folder = found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  *ret_file = (FsaOsFile){
      .device = found.dwVolumeSerialNumber,
      .inode = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow,
      .mode = is_folder ? 0040000 : 0100000,
      .links = found.nNumberOfLinks,
      .uid = FSA_OS_UNKNOWN,
      .gid = FSA_OS_UNKNOWN,
  };
  return FSA_OK;
}

bool fsa_os_file_is_fifo(const FsaOsFile *file) {
  (void)file;
  return false;
}

int fsa_os_process_transfer(FsaOsProcess *process, FsaArena *arena, FsaOsTransfer *ret_transfer) {
  (void)arena;
  if (process->known && process->known->is_listed) {
    const FsaNtProcess *facts = &process->known->facts;
    *ret_transfer = (FsaOsTransfer){signed_or_unknown(facts->read_bytes),
                                    signed_or_unknown(facts->written_bytes)};
    return FSA_OK;
  }
  enum { READ_BYTES = 24, WRITTEN_BYTES = 32 }; /* IO_COUNTERS */
  HANDLE handle;
  uint8_t buffer[48];
  int result = windows_process_handle(process, &handle);
  if (result == FSA_OK)
    result = windows_process_ask(handle, NT_PROCESS_IO_COUNTERS, buffer, sizeof buffer);
  if (result != FSA_OK) return result;
  FsaBytes bytes = fsa_bytes(buffer, sizeof buffer);
  *ret_transfer = (FsaOsTransfer){signed_or_unknown(fsa_u64(&bytes, READ_BYTES)),
                                  signed_or_unknown(fsa_u64(&bytes, WRITTEN_BYTES))};
  return FSA_OK;
}
