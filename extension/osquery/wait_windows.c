/* Events, for what signals are elsewhere: [MSDN "Console Control Handlers"]. */
#include <windows.h>

#include <tlhelp32.h>

#include "osquery/log.h"
#include "osquery/wait.h"

#define FAREWELL 5000 /* ms that a console's end leaves us; Windows then ends the program */
#define STARTED_BY_OSQUERY L"OSQUERY_EXTENSION" /* what osquery sets for its extensions */

/* Written once, before there are threads. */
static HANDLE ending, woken;
static HANDLE parent; /* NULL: nobody whose end is ours */

/* Runs in a thread of the system's. */
static BOOL WINAPI on_console(DWORD event) {
  if (event == CTRL_LOGOFF_EVENT) return TRUE; /* a service's child hears of any user's */
  SetEvent(ending);
  if (event == CTRL_CLOSE_EVENT || event == CTRL_SHUTDOWN_EVENT) Sleep(FAREWELL);
  return TRUE;
}

static DWORD parent_id(void) {
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  const DWORD own = GetCurrentProcessId();
  DWORD found = 0;
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (all == INVALID_HANDLE_VALUE) return 0;
  for (BOOL more = Process32FirstW(all, &entry); more && !found; more = Process32NextW(all, &entry))
    if (entry.th32ProcessID == own) found = entry.th32ParentProcessID;
  CloseHandle(all);
  return found;
}

static bool is_older(HANDLE process, HANDLE other) {
  FILETIME born, other_born, ignored;
  return GetProcessTimes(process, &born, &ignored, &ignored, &ignored) &&
         GetProcessTimes(other, &other_born, &ignored, &ignored, &ignored) &&
         CompareFileTime(&born, &other_born) <= 0;
}

/*
 * The osquery that started us. Windows ends no children: one that is killed would leave us to the
 * next one, whose own extension then finds the name taken.
 */
static HANDLE open_parent(void) {
  if (!GetEnvironmentVariableW(STARTED_BY_OSQUERY, NULL, 0)) return NULL;
  HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, parent_id());
  if (!process || is_older(process, GetCurrentProcess())) return process;
  CloseHandle(process); /* the number is another's already */
  return NULL;
}

void fsa_wait_prepare(void) {
  ending = CreateEventW(NULL, TRUE, FALSE, NULL);
  woken = CreateEventW(NULL, FALSE, FALSE, NULL);
  parent = open_parent();
  SetConsoleCtrlHandler(on_console, TRUE);
}

FsaWaited fsa_wait(int64_t milliseconds) {
  const HANDLE all[] = {ending, woken, parent};
  const DWORD time = milliseconds < MAXLONG ? (DWORD)milliseconds : MAXLONG;
  switch (WaitForMultipleObjects(parent ? 3 : 2, all, FALSE, time)) {
  case WAIT_OBJECT_0: return FSA_WAITED_SIGNAL;
  case WAIT_OBJECT_0 + 1: return FSA_WAITED_WOKEN;
  case WAIT_OBJECT_0 + 2:
    fsa_log("the osquery that started this is gone");
    return FSA_WAITED_SIGNAL;
  case WAIT_FAILED: Sleep(time); return FSA_WAITED_TIME; /* the events could not be made */
  default: return FSA_WAITED_TIME;
  }
}

void fsa_wait_wake(void) {
  SetEvent(woken);
}
