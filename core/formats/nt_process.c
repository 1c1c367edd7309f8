/* Lists of processes, one process's answers, its environment block; layouts of x64. */
#include "formats/nt_process.h"

#include "formats/nt_string.h"

/* ---- the list -------------------------------------------------------------------------------- */

/* SYSTEM_PROCESS_INFORMATION: offsets of its fields. */
enum {
  PROCESS_NEXT = 0x00,
  PROCESS_THREADS = 0x04,
  PROCESS_CREATE_TIME = 0x20,
  PROCESS_USER_TIME = 0x28,
  PROCESS_KERNEL_TIME = 0x30,
  PROCESS_NAME = 0x38, /* UNICODE_STRING */
  PROCESS_PRIORITY = 0x48,
  PROCESS_PID = 0x50,
  PROCESS_PARENT = 0x58,
  PROCESS_HANDLES = 0x60,
  PROCESS_SESSION = 0x64,
  PROCESS_VIRTUAL_SIZE = 0x78,
  PROCESS_WORKING_SET = 0x90,
  PROCESS_READ_BYTES = 0xE8,
  PROCESS_WRITTEN_BYTES = 0xF0,
  PROCESS_HEAD = 0x100, /* the threads follow */
};

/* SYSTEM_THREAD_INFORMATION. */
enum {
  THREAD_CREATE_TIME = 0x10,
  THREAD_START = 0x20,
  THREAD_PID = 0x28,
  THREAD_TID = 0x30,
  THREAD_STATE = 0x44,
  THREAD_WAIT_REASON = 0x48,
  THREAD_SIZE = 0x50,
};

/* Ids are handles of the kernel's own table: multiples of 4 that fit 32 bits. */
static bool is_id(uint64_t id) {
  return id <= UINT32_MAX;
}

/* The file name of the image; empty when there is none or its pointer leads out of the list. */
static FsaBytes name_at(const FsaNtProcesses *list, size_t entry) {
  FsaBytes bytes = list->bytes;
  return fsa_nt_string(&bytes, list->address, entry + PROCESS_NAME);
}

FsaNtProcesses fsa_nt_processes(FsaBytes bytes, uint64_t address) {
  return (FsaNtProcesses){.bytes = bytes, .address = address};
}

static int damaged(FsaNtProcesses *list) {
  list->is_over = true;
  return FSA_E_FORMAT;
}

/* The threads that really lie in the entry of `size` bytes. */
static void take_threads(FsaBytes entry, FsaNtProcess *process) {
  const size_t room = (entry.size - PROCESS_HEAD) / THREAD_SIZE;
  process->threads_listed = process->thread_count < room ? process->thread_count : (uint32_t)room;
  process->threads = fsa_slice(&entry, PROCESS_HEAD, process->threads_listed * THREAD_SIZE);
}

int fsa_nt_processes_next(FsaNtProcesses *list, FsaNtProcess *ret_process) {
  if (list->is_over) return FSA_OK;
  const size_t left = list->bytes.size - list->at;
  FsaBytes entry = fsa_slice(&list->bytes, list->at, left);
  const uint32_t next = fsa_u32(&entry, PROCESS_NEXT);
  if (left < PROCESS_HEAD || (next && (next < PROCESS_HEAD || next > left))) return damaged(list);
  if (next) entry.size = next;
  const uint64_t pid = fsa_u64(&entry, PROCESS_PID), parent = fsa_u64(&entry, PROCESS_PARENT);
  if (!is_id(pid) || !is_id(parent)) return damaged(list);
  FsaNtProcess process = {
      .offset = list->at,
      .pid = (int64_t)pid,
      .parent = (int64_t)parent,
      .name = name_at(list, list->at),
      .create_time = fsa_u64(&entry, PROCESS_CREATE_TIME),
      .user_time = fsa_u64(&entry, PROCESS_USER_TIME),
      .kernel_time = fsa_u64(&entry, PROCESS_KERNEL_TIME),
      .session = fsa_u32(&entry, PROCESS_SESSION),
      .handle_count = fsa_u32(&entry, PROCESS_HANDLES),
      .base_priority = (int32_t)fsa_u32(&entry, PROCESS_PRIORITY),
      .virtual_size = fsa_u64(&entry, PROCESS_VIRTUAL_SIZE),
      .working_set = fsa_u64(&entry, PROCESS_WORKING_SET),
      .read_bytes = fsa_u64(&entry, PROCESS_READ_BYTES),
      .written_bytes = fsa_u64(&entry, PROCESS_WRITTEN_BYTES),
      .thread_count = fsa_u32(&entry, PROCESS_THREADS),
  };
  take_threads(entry, &process);
  list->at += next;
  list->is_over = next == 0;
  *ret_process = process;
  return FSA_ROW;
}

bool fsa_nt_thread(const FsaNtProcess *process, uint32_t index, FsaNtThread *ret_thread) {
  if (index >= process->threads_listed) return false;
  FsaBytes threads = process->threads;
  FsaBytes entry = fsa_slice(&threads, (size_t)index * THREAD_SIZE, THREAD_SIZE);
  const uint64_t pid = fsa_u64(&entry, THREAD_PID), tid = fsa_u64(&entry, THREAD_TID);
  if (entry.size == 0 || !is_id(pid) || !is_id(tid)) return false;
  *ret_thread = (FsaNtThread){
      .pid = (int64_t)pid,
      .tid = (int64_t)tid,
      .create_time = fsa_u64(&entry, THREAD_CREATE_TIME),
      .start_address = fsa_u64(&entry, THREAD_START),
      .state = fsa_u32(&entry, THREAD_STATE),
      .wait_reason = fsa_u32(&entry, THREAD_WAIT_REASON),
  };
  return true;
}

/* ---- one process ----------------------------------------------------------------------------- */

/* PROCESS_BASIC_INFORMATION; the extended form has its size in front and flags behind. */
enum {
  BASIC_EXIT_CODE = 0x00,
  BASIC_BLOCK = 0x08,
  BASIC_PID = 0x20,
  BASIC_PARENT = 0x28,
  BASIC_SIZE = 0x30,
  EXTENDED_BASIC = 0x08,
  EXTENDED_FLAGS = 0x38,
  EXTENDED_SIZE = 0x40,
};

int fsa_nt_basic(FsaBytes bytes, FsaNtBasic *ret_basic) {
  const bool is_extended = bytes.size >= EXTENDED_SIZE && fsa_u64(&bytes, 0) == EXTENDED_SIZE;
  const size_t at = is_extended ? EXTENDED_BASIC : 0;
  const FsaNtBasic basic = {
      .pid = (int64_t)fsa_u64(&bytes, at + BASIC_PID),
      .parent = (int64_t)fsa_u64(&bytes, at + BASIC_PARENT),
      .block = fsa_u64(&bytes, at + BASIC_BLOCK),
      .exit_code = (int32_t)fsa_u32(&bytes, at + BASIC_EXIT_CODE),
      .flags = is_extended ? fsa_u32(&bytes, EXTENDED_FLAGS) : 0,
      .has_flags = is_extended,
  };
  if (bytes.bad || !is_id((uint64_t)basic.pid) || !is_id((uint64_t)basic.parent))
    return FSA_E_FORMAT;
  *ret_basic = basic;
  return FSA_OK;
}

int fsa_nt_times(FsaBytes bytes, FsaNtTimes *ret_times) {
  const FsaNtTimes times = {fsa_u64(&bytes, 0), fsa_u64(&bytes, 8), fsa_u64(&bytes, 16),
                            fsa_u64(&bytes, 24)};
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_times = times;
  return FSA_OK;
}

/* Type in bits 0..2, audit in bit 3, signer in bits 4..7. */
const char *fsa_nt_protection_name(uint8_t protection) {
  enum { SIGNERS = 9 };
  static const char *const light[SIGNERS] = {
      "PsProtectedSignerNone-Light",    "PsProtectedSignerAuthenticode-Light",
      "PsProtectedSignerCodegen-Light", "PsProtectedSignerAntimalware-Light",
      "PsProtectedSignerLsa-Light",     "PsProtectedSignerWindows-Light",
      "PsProtectedSignerWinTcb-Light",  "PsProtectedSignerWinSystem-Light",
      "PsProtectedSignerApp-Light",
  };
  static const char *const whole[SIGNERS] = {
      "PsProtectedSignerNone",        "PsProtectedSignerAuthenticode", "PsProtectedSignerCodegen",
      "PsProtectedSignerAntimalware", "PsProtectedSignerLsa",          "PsProtectedSignerWindows",
      "PsProtectedSignerWinTcb",      "PsProtectedSignerWinSystem",    "PsProtectedSignerApp",
  };
  const unsigned type = protection & 7u, signer = protection >> 4;
  if (type == 0) return "None";
  if (signer >= SIGNERS) return NULL;
  return type == 1 ? light[signer] : type == 2 ? whole[signer] : NULL;
}

/* ---- the environment block ------------------------------------------------------------------- */

/* Where the fields lie, by width. A UNICODE_STRING is a length of 2 bytes, then its pointer. */
static const struct Layout {
  size_t pointer; /* bytes of one */
  size_t image_base, loader, parameters;
  size_t text; /* from a UNICODE_STRING to its pointer */
  size_t cwd, image_path, command_line, window_title, desktop;
} layouts[] = {
    [FSA_NT_64] = {8, 0x10, 0x18, 0x20, 8, 0x38, 0x60, 0x70, 0xB0, 0xC0},
    [FSA_NT_32] = {4, 0x08, 0x0C, 0x10, 4, 0x24, 0x38, 0x40, 0x70, 0x78},
};

enum {
  PEB_IS_DEBUGGED = 2,
  PARAMETERS_FLAGS = 8,
  PARAMETERS_NORMALIZED = 1, /* pointers are pointers, and not offsets from the structure */
};

static uint64_t pointer_at(FsaBytes *bytes, const struct Layout *layout, size_t offset) {
  return layout->pointer == 8 ? fsa_u64(bytes, offset) : fsa_u32(bytes, offset);
}

int fsa_nt_peb(FsaBytes bytes, FsaNtWidth width, FsaNtPeb *ret_peb) {
  const struct Layout *layout = &layouts[width];
  const FsaNtPeb peb = {
      .is_debugged = fsa_u8(&bytes, PEB_IS_DEBUGGED) != 0,
      .image_base = pointer_at(&bytes, layout, layout->image_base),
      .loader = pointer_at(&bytes, layout, layout->loader),
      .parameters = pointer_at(&bytes, layout, layout->parameters),
  };
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_peb = peb;
  return FSA_OK;
}

typedef struct Parameters {
  FsaBytes bytes;
  const struct Layout *layout;
  uint64_t base; /* what offsets count from; 0 = pointers are absolute */
} Parameters;

static FsaNtRemoteText remote_text(Parameters *parameters, size_t offset) {
  const uint16_t size = fsa_u16(&parameters->bytes, offset);
  const uint64_t pointer =
      pointer_at(&parameters->bytes, parameters->layout, offset + parameters->layout->text);
  if (pointer == 0 || pointer > UINT64_MAX - parameters->base) return (FsaNtRemoteText){0};
  return (FsaNtRemoteText){pointer + parameters->base, size & ~1u};
}

int fsa_nt_parameters(FsaBytes bytes, FsaNtWidth width, uint64_t address,
                      FsaNtParameters *ret_parameters) {
  const uint32_t flags = fsa_u32(&bytes, PARAMETERS_FLAGS);
  Parameters parameters = {bytes, &layouts[width], flags & PARAMETERS_NORMALIZED ? 0 : address};
  const FsaNtParameters found = {
      .cwd = remote_text(&parameters, parameters.layout->cwd),
      .image_path = remote_text(&parameters, parameters.layout->image_path),
      .command_line = remote_text(&parameters, parameters.layout->command_line),
      .window_title = remote_text(&parameters, parameters.layout->window_title),
      .desktop = remote_text(&parameters, parameters.layout->desktop),
  };
  if (bytes.bad || parameters.bytes.bad) return FSA_E_FORMAT;
  *ret_parameters = found;
  return FSA_OK;
}
