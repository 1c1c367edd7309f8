/* The host: its privileges, statuses and texts. */
#include "os/windows/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/windows/account.h"
#include "os/windows/device_path.h"
#include "os/windows/snapshot.h"

/* ---- privileges ------------------------------------------------------------------------------ */

static const struct {
  unsigned bit;
  const wchar_t *wide;
  const char *name;
} privileges[] = {
    {WINDOWS_MAY_DEBUG, L"SeDebugPrivilege", "SeDebugPrivilege"},
    {WINDOWS_MAY_BACK_UP, L"SeBackupPrivilege", "SeBackupPrivilege"},
    {WINDOWS_MAY_SECURITY, L"SeSecurityPrivilege", "SeSecurityPrivilege"},
};

#define PRIVILEGE_COUNT (sizeof privileges / sizeof *privileges)

/* A privilege that is not held is no failure of the call: it says so in GetLastError() alone. */
static bool enable(HANDLE token, const wchar_t *name) {
  TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
  wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
  if (!LookupPrivilegeValueW(NULL, name, &wanted.Privileges[0].Luid)) return false;
  return AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
         GetLastError() == ERROR_SUCCESS;
}

unsigned windows_enable(unsigned wanted) {
  HANDLE token;
  unsigned held = 0;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
    return 0;
  for (size_t i = 0; i < PRIVILEGE_COUNT; i++)
    if (wanted & privileges[i].bit && enable(token, privileges[i].wide)) held |= privileges[i].bit;
  CloseHandle(token);
  return held;
}

/* What the kernel says, not what a program without a manifest is told. */
static uint32_t build_of_system(void) {
  OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
  return NT_OK(nt.RtlGetVersion(&version)) ? version.dwBuildNumber : 0;
}

/* ---- the host -------------------------------------------------------------------------------- */

int fsa_os_open(const char *root, FsaOs **ret_os) {
  if (*root) return FSA_E_UNSUPPORTED; /* a recorded host is one of Linux */
  FsaOs *os = calloc(1, sizeof *os);
  if (!os) return FSA_E_NOMEM;
  if (pthread_mutex_init(&os->lock, NULL) != 0) {
    free(os);
    return FSA_E_NOMEM;
  }
  nt_load();
  os->privileges = windows_enable(WINDOWS_MAY_DEBUG | WINDOWS_MAY_BACK_UP | WINDOWS_MAY_SECURITY);
  os->build = build_of_system();
  *ret_os = os;
  return FSA_OK;
}

void fsa_os_close(FsaOs *os) {
  if (!os) return;
  windows_snapshot_drop(os, os->snapshot);
  windows_forget_accounts(os);
  windows_forget_drives(os);
  pthread_mutex_destroy(&os->lock);
  free(os);
}

FsaOsFamily fsa_os_family(const FsaOs *os) {
  (void)os;
  return FSA_OS_WINDOWS;
}

bool fsa_os_is_this_machine(const FsaOs *os) {
  (void)os;
  return true;
}

bool fsa_os_is_self(const FsaOs *os, int64_t pid) {
  (void)os;
  return pid == (int64_t)GetCurrentProcessId();
}

bool fsa_os_is_privileged(const FsaOs *os) {
  const unsigned needed = WINDOWS_MAY_DEBUG | WINDOWS_MAY_BACK_UP;
  return (os->privileges & needed) == needed;
}

int fsa_os_lacked_privileges(const FsaOs *os, FsaArena *arena, FsaText *ret_names) {
  char *names = NULL;
  for (size_t i = 0; i < PRIVILEGE_COUNT; i++) {
    if (os->privileges & privileges[i].bit) continue;
    names =
        fsa_arena_printf(arena, "%s%s%s", names ? names : "", names ? " " : "", privileges[i].name);
    if (!names) return FSA_E_NOMEM;
  }
  if (!names) return FSA_E_ABSENT;
  *ret_names = (FsaText){names, strlen(names)};
  return FSA_OK;
}

bool fsa_os_hides_processes(FsaOs *os) {
  (void)os;
  return false;
}

/* ---- results and texts ----------------------------------------------------------------------- */

int windows_result(NtStatus status) {
  if (NT_OK(status)) return FSA_OK;
  switch (status) {
  case NT_ACCESS_DENIED:
  case NT_PRIVILEGE_NOT_HELD:
  case NT_SHARING_VIOLATION: return FSA_E_ACCESS;
  case NT_NO_MEMORY:
  case NT_INSUFFICIENT_RESOURCES: return FSA_E_NOMEM;
  case NT_NOT_IMPLEMENTED:
  case NT_INVALID_INFO_CLASS:
  case NT_NOT_SUPPORTED: return FSA_E_UNSUPPORTED;
  case NT_INVALID_CID:
  case NT_OBJECT_NAME_INVALID:
  case NT_OBJECT_NAME_NOT_FOUND:
  case NT_OBJECT_PATH_NOT_FOUND:
  case NT_PROCESS_IS_TERMINATING:
  case NT_THREAD_IS_TERMINATING:
  case NT_KEY_DELETED:
  case NT_NO_TOKEN: return FSA_E_ABSENT;
  default: return FSA_E_IO;
  }
}

int windows_result_of_error(DWORD error) {
  switch (error) {
  case ERROR_SUCCESS: return FSA_OK;
  case ERROR_ACCESS_DENIED:
  case ERROR_PRIVILEGE_NOT_HELD:
  case ERROR_SHARING_VIOLATION:
  case ERROR_LOCK_VIOLATION: return FSA_E_ACCESS;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_OUTOFMEMORY:
  case ERROR_NO_SYSTEM_RESOURCES: return FSA_E_NOMEM;
  case ERROR_NOT_SUPPORTED:
  case ERROR_INVALID_FUNCTION:
  case ERROR_CALL_NOT_IMPLEMENTED:
  case ERROR_PROC_NOT_FOUND: return FSA_E_UNSUPPORTED;
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
  case ERROR_INVALID_NAME:
  case ERROR_BAD_PATHNAME:
  case ERROR_NOT_FOUND:
  case ERROR_NO_TOKEN:
  case ERROR_SERVICE_DOES_NOT_EXIST: return FSA_E_ABSENT;
  case ERROR_TIMEOUT:
  case ERROR_SEM_TIMEOUT: return FSA_E_TIMEOUT;
  case ERROR_TOO_MANY_OPEN_FILES: return FSA_E_LIMIT;
  default: return FSA_E_IO;
  }
}

int windows_ask(WindowsAsk *ask, void *context, size_t first, size_t limit, FsaArena *arena,
                FsaBytes *ret_bytes) {
  for (size_t room = first; room <= limit;) {
    ULONG length = 0;
    void *buffer = fsa_arena_alloc(arena, room);
    if (!buffer) return FSA_E_NOMEM;
    const NtStatus status = ask(context, buffer, (ULONG)room, &length);
    if (NT_OK(status)) {
      *ret_bytes = fsa_bytes(buffer, length && length <= room ? length : room);
      return FSA_OK;
    }
    if (status != NT_INFO_LENGTH_MISMATCH && status != NT_BUFFER_TOO_SMALL &&
        status != NT_BUFFER_OVERFLOW)
      return windows_result(status);
    /* what is asked about grows while we ask: a little more than it said, and never less */
    const size_t needed = length > room ? length + length / 8 + 4096 : 0;
    room = needed > room * 2 ? needed : room * 2;
  }
  return FSA_E_LIMIT;
}

int windows_text(FsaArena *arena, const WCHAR *units, size_t count, FsaText *ret_text) {
  const FsaText text = fsa_text_from_utf16(arena, (const uint8_t *)units, count);
  if (!text.data) return FSA_E_NOMEM;
  *ret_text = text;
  return FSA_OK;
}

int windows_wide(FsaArena *arena, FsaText text, WCHAR **ret_wide, size_t *ret_units) {
  if (text.size > INT32_MAX / 2) return FSA_E_NOMEM;
  WCHAR *wide = fsa_arena_zero(arena, text.size + 1, sizeof *wide);
  if (!wide) return FSA_E_NOMEM;
  int units = 0;
  if (text.size)
    units = MultiByteToWideChar(CP_UTF8, 0, text.data, (int)text.size, wide, (int)text.size);
  wide[units] = L'\0';
  *ret_wide = wide;
  *ret_units = (size_t)units;
  return FSA_OK;
}
