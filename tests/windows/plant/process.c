/*
 * Processes that are not what they seem, for fsa_processes to find.
 *
 *   process plain | claims PATH | orphan | renamed | suspended
 *
 * claims: it writes another path into its environment block. orphan: whoever started it has ended.
 * renamed: a copy of this program runs whose file was renamed meanwhile. suspended: it was never
 * let run. Prints "ready PID" of the process that is meant and ends with its input; so do those
 * that it started.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>
#include <winternl.h>

static HANDLE end_of_all; /* a job: whatever was started ends with us */

static void wait_for_end(void) {
  while (getchar() != EOF) {
  }
}

static void tell(DWORD pid) {
  printf("ready %lu\n", pid);
  fflush(stdout);
}

/* Starts a program with one argument; the handles stay open. */
static DWORD start(const WCHAR *program, const WCHAR *argument, DWORD flags) {
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  WCHAR line[2 * MAX_PATH];
  swprintf(line, sizeof line / sizeof *line, L"\"%ls\" %ls", program, argument);
  if (!CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup, &started))
    return 0;
  AssignProcessToJobObject(end_of_all, started.hProcess);
  return started.dwProcessId;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static int claim(const char *path) {
  static WCHAR wide[MAX_PATH];
  union {
    FARPROC found;
    NTSTATUS(NTAPI *call)(HANDLE, PROCESSINFOCLASS, void *, ULONG, ULONG *);
  } query = {.found = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryInformationProcess")};
  PROCESS_BASIC_INFORMATION basic = {0};
  ULONG length;
  const int units = MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, MAX_PATH);
  if (units == 0 ||
      query.call(GetCurrentProcess(), ProcessBasicInformation, &basic, sizeof basic, &length) < 0)
    return 1;
  UNICODE_STRING *claimed = &basic.PebBaseAddress->ProcessParameters->ImagePathName;
  const USHORT size = (USHORT)((size_t)(units - 1) * sizeof *wide);
  *claimed = (UNICODE_STRING){size, size, wide};
  tell(GetCurrentProcessId());
  wait_for_end();
  return 0;
}

/* ---- a file that goes away ------------------------------------------------------------------- */

static int move_away(const WCHAR *program) {
  enum { MOST = MAX_PATH + 64 };
  WCHAR folder[MAX_PATH], copy[MOST], moved[MOST];
  GetTempPathW(MAX_PATH, folder);
  swprintf(copy, MOST, L"%lsfsa-plant-%lu.exe", folder, GetCurrentProcessId());
  swprintf(moved, MOST, L"%lsfsa-moved-%lu.exe", folder, GetCurrentProcessId());
  if (!CopyFileW(program, copy, TRUE)) return 1;
  const DWORD pid = start(copy, L"wait", 0);
  const BOOL done = pid && MoveFileW(copy, moved);
  if (done) {
    tell(pid);
    wait_for_end();
  }
  CloseHandle(end_of_all);
  /* until the other one has ended its file is in use */
  for (int i = 0; i < 50 && !DeleteFileW(done ? moved : copy); i++) Sleep(100);
  return !done;
}

/* ---- parents --------------------------------------------------------------------------------- */

/* The process between us and the orphan: it starts it, tells its pid and ends. */
static int start_and_leave(const WCHAR *program) {
  end_of_all = NULL;
  const DWORD pid = start(program, L"wait", 0);
  return pid ? (int)pid : -1;
}

static int leave_orphan(const WCHAR *program) {
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION between;
  WCHAR line[MAX_PATH + 64];
  DWORD pid = 0;
  swprintf(line, sizeof line / sizeof *line, L"\"%ls\" between", program);
  if (!CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &between)) return 1;
  AssignProcessToJobObject(end_of_all, between.hProcess);
  WaitForSingleObject(between.hProcess, 10000);
  GetExitCodeProcess(between.hProcess, &pid);
  CloseHandle(between.hThread);
  CloseHandle(between.hProcess);
  tell(pid);
  wait_for_end();
  return 0;
}

int main(int count, char **arguments) {
  WCHAR program[MAX_PATH];
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                     JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
  if (count < 2 || !GetModuleFileNameW(NULL, program, MAX_PATH)) return 1;
  end_of_all = CreateJobObjectW(NULL, NULL);
  SetInformationJobObject(end_of_all, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  const char *what = arguments[1];
  if (strcmp(what, "claims") == 0 && count > 2) return claim(arguments[2]);
  if (strcmp(what, "renamed") == 0) return move_away(program);
  if (strcmp(what, "orphan") == 0) return leave_orphan(program);
  if (strcmp(what, "between") == 0) return start_and_leave(program);
  if (strcmp(what, "plain") == 0) tell(GetCurrentProcessId());
  if (strcmp(what, "suspended") == 0) tell(start(program, L"wait", CREATE_SUSPENDED));
  wait_for_end();
  return 0;
}
