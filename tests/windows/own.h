/* How many threads and handles this process has, for tests of what is left behind. */
#ifndef FSA_TESTS_WINDOWS_OWN_H
#define FSA_TESTS_WINDOWS_OWN_H

#include <windows.h>

#include <tlhelp32.h>

/* -1 when they cannot be counted. */
static inline int own_threads(void) {
  THREADENTRY32 entry = {.dwSize = sizeof entry};
  int count = 0;
  const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  if (snapshot == INVALID_HANDLE_VALUE) return -1;
  for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
    count += entry.th32OwnerProcessID == GetCurrentProcessId();
  CloseHandle(snapshot);
  return count;
}

/* By asking each number: no table is needed for it, which a test may have replaced. */
static inline int own_handles(void) {
  DWORD flags;
  int count = 0;
  for (ULONG_PTR number = 4; number < 1u << 16; number += 4)
    count += GetHandleInformation((HANDLE)number, &flags) != 0;
  return count;
}

#endif
