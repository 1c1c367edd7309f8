/* The kernel's block of a process by question, its environment block by reading its memory. */
#include "os/process_block.h"

#include "os/windows/device_path.h"
#include "os/windows/process.h"

/* ---- the kernel's ---------------------------------------------------------------------------- */

static int64_t ask_number(HANDLE handle, int class) {
  uint32_t number;
  return windows_process_ask(handle, class, &number, sizeof number) == FSA_OK ? number
                                                                              : FSA_OS_UNKNOWN;
}

static uint64_t ask_wow64(HANDLE handle, bool *ret_known) {
  uint64_t address = 0;
  *ret_known = windows_process_ask(handle, NT_PROCESS_WOW64, &address, sizeof address) == FSA_OK;
  return *ret_known ? address : 0;
}

static void ask_handle(HANDLE handle, FsaOsKernelBlock *block) {
  uint8_t protection;
  bool is_told;
  const uint64_t wow64 = ask_wow64(handle, &is_told);
  if (is_told) block->is_wow64 = wow64 != 0;
  if (windows_process_ask(handle, NT_PROCESS_PROTECTION, &protection, 1) == FSA_OK)
    block->protection = fsa_nt_protection_name(protection);
  if (block->handle_count == FSA_OS_UNKNOWN)
    block->handle_count = ask_number(handle, NT_PROCESS_HANDLE_COUNT);
  if (block->session_number == FSA_OS_UNKNOWN)
    block->session_number = ask_number(handle, NT_PROCESS_SESSION);
}

int fsa_os_kernel_block(FsaOsProcess *process, FsaOsKernelBlock *ret_block) {
  FsaOsKernelBlock block = {FSA_OS_UNKNOWN, FSA_OS_UNKNOWN, FSA_OS_UNKNOWN,
                            FSA_OS_UNKNOWN, FSA_OS_UNKNOWN, NULL};
  const WindowsKnown *known = process->known;
  if (known) {
    block.is_hidden = !known->is_listed;
    block.owns_handles = windows_snapshot_owns(process->snapshot, process->pid);
  }
  if (known && known->is_listed) {
    block.handle_count = known->facts.handle_count;
    if (known->facts.session != UINT32_MAX) block.session_number = known->facts.session;
  }
  if (process->handle) ask_handle(process->handle, &block);
  *ret_block = block;
  return FSA_OK;
}

/* ---- its own --------------------------------------------------------------------------------- */

/* The block at `address`, and the parameters that it points to. */
static int read_parameters(FsaOsProcess *process, uint64_t address, FsaNtWidth width,
                           FsaArena *arena, FsaNtPeb *ret_peb, FsaNtParameters *ret_parameters) {
  FsaBytes bytes;
  FsaNtPeb peb;
  int result = windows_process_read(process, address, FSA_NT_PEB_SIZE, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_peb(bytes, width, &peb);
  if (result != FSA_OK) return result;
  if (peb.parameters == 0) return FSA_E_ABSENT; /* it is being made, or has unmade itself */
  result = windows_process_read(process, peb.parameters, FSA_NT_PARAMETERS_SIZE, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_parameters(bytes, width, peb.parameters, ret_parameters);
  if (result == FSA_OK) *ret_peb = peb;
  return result;
}

/* A text that cannot be read is one that the process does not have: it may point anywhere. */
static int read_text(FsaOsProcess *process, FsaNtRemoteText remote, FsaArena *arena,
                     FsaText *ret_text) {
  FsaBytes bytes;
  *ret_text = (FsaText){"", 0};
  if (remote.address == 0 || remote.size == 0) return FSA_OK;
  const int result = windows_process_read(process, remote.address, remote.size, arena, &bytes);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) return FSA_OK;
  const FsaText text = fsa_text_from_utf16(arena, bytes.data, bytes.size / 2);
  if (!text.data) return FSA_E_NOMEM;
  *ret_text = text;
  return FSA_OK;
}

/* A 32-bit program changes the folder in the 32-bit block; the other one keeps the first. */
static int read_wow64_cwd(FsaOsProcess *process, FsaArena *arena, FsaText *cwd) {
  bool is_told;
  FsaNtPeb peb;
  FsaNtParameters parameters;
  const uint64_t address = ask_wow64(process->handle, &is_told);
  if (address == 0) return FSA_OK;
  const int result = read_parameters(process, address, FSA_NT_32, arena, &peb, &parameters);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  return read_text(process, parameters.cwd, arena, cwd);
}

/* "C:\\a\\.\\..\\b/c" as "C:\\b\\c"; what does not begin with a drive is left as it was claimed. */
static int plain_path(FsaArena *arena, FsaText *path) {
  WCHAR *wide, *full;
  size_t units;
  if (path->size < 3 || path->data[1] != ':') return FSA_OK;
  int result = windows_wide(arena, *path, &wide, &units);
  if (result != FSA_OK) return result;
  const DWORD room =
      (DWORD)units + 2; /* the drive's own folder may be put in front: then it stays */
  full = fsa_arena_zero(arena, room, sizeof *full);
  if (!full) return FSA_E_NOMEM;
  const DWORD size = GetFullPathNameW(wide, room, full, NULL);
  return size && size < room ? windows_text(arena, full, size, path) : FSA_OK;
}

static int read_texts(FsaOsProcess *process, const FsaNtParameters *parameters, FsaArena *arena,
                      FsaOsEnvironmentBlock *block) {
  int result = read_text(process, parameters->image_path, arena, &block->path);
  if (result == FSA_OK)
    result = read_text(process, parameters->command_line, arena, &block->command_line);
  if (result == FSA_OK) result = read_text(process, parameters->cwd, arena, &block->cwd);
  if (result == FSA_OK)
    result = read_text(process, parameters->window_title, arena, &block->window_title);
  if (result == FSA_OK) result = read_wow64_cwd(process, arena, &block->cwd);
  if (result == FSA_OK && block->path.size)
    result = windows_device_path(process->os, block->path, arena, &block->path);
  if (result == FSA_OK && block->path.size) result = plain_path(arena, &block->path);
  return result;
}

int fsa_os_environment_block(FsaOsProcess *process, FsaArena *arena,
                             FsaOsEnvironmentBlock *ret_block) {
  HANDLE handle;
  FsaNtBasic basic;
  FsaNtPeb peb;
  FsaNtParameters parameters;
  int result = windows_process_handle(process, &handle);
  if (result == FSA_OK) result = windows_process_basic(handle, &basic);
  if (result != FSA_OK) return result;
  if (basic.block == 0) return FSA_E_ABSENT;
  result = read_parameters(process, basic.block, FSA_NT_64, arena, &peb, &parameters);
  if (result != FSA_OK) return result;
  FsaOsEnvironmentBlock block = {.is_debugged = peb.is_debugged, .image_base = peb.image_base};
  result = read_texts(process, &parameters, arena, &block);
  if (result == FSA_OK) *ret_block = block;
  return result;
}
