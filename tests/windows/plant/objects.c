/*
 * Plants named objects and handles for the live tests of mutexes and handles.
 *
 * plant-objects NAME PID: mutexes NAME_owned (taken twice), NAME_free, NAME_abandoned (its owner
 * ended), NAME_PID_{GUID}; an event that is set, a semaphore 2 of 5, a section of 65536 bytes and
 * one of a file; handles to the process PID (PROCESS_VM_READ alone; nothing is read), to a thread,
 * to a token, to a file that is deleted with it, and one that is protected and inheritable. Prints
 * "ready PID", then "NAME NUMBER" for each handle, then "." and waits until its input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static HANDLE need(const char *what, HANDLE handle) {
  if (handle && handle != INVALID_HANDLE_VALUE) {
    printf("%s %llu\n", what, (unsigned long long)(ULONG_PTR)handle);
    return handle;
  }
  printf("no %s: %lu\n", what, GetLastError());
  exit(1);
}

static const char *named(const char *name, const char *end) {
  static char text[MAX_PATH];
  snprintf(text, sizeof text, "%s_%s", name, end);
  return text;
}

static DWORD WINAPI take_and_end(void *mutex) {
  return WaitForSingleObject(mutex, 1000);
}

static void plant_mutexes(const char *name) {
  char end[64];
  const HANDLE owned = need("owned", CreateMutexA(NULL, TRUE, named(name, "owned")));
  WaitForSingleObject(owned, 0);
  need("free", CreateMutexA(NULL, FALSE, named(name, "free")));
  const HANDLE left = need("abandoned", CreateMutexA(NULL, FALSE, named(name, "abandoned")));
  const HANDLE thread = CreateThread(NULL, 0, take_and_end, left, 0, NULL);
  if (!thread || WaitForSingleObject(thread, 5000) != WAIT_OBJECT_0) exit(1);
  need("thread", thread);
  snprintf(end, sizeof end, "%lu_{583da945-62af-10e8-4902-a8f205c72b2e}", GetCurrentProcessId());
  need("guid", CreateMutexA(NULL, FALSE, named(name, end)));
}

static void plant_others(const char *name) {
  need("event", CreateEventA(NULL, TRUE, TRUE, named(name, "event")));
  need("semaphore", CreateSemaphoreA(NULL, 2, 5, named(name, "semaphore")));
  need("section", CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536,
                                     named(name, "section")));
}

static void plant_files(void) {
  char folder[MAX_PATH], path[MAX_PATH];
  if (!GetTempPathA(sizeof folder, folder) || !GetTempFileNameA(folder, "fsa", 0, path)) exit(1);
  const HANDLE file =
      need("file", CreateFileA(path, GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL));
  need("file_section", CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 4096, NULL));
  printf("path %s\n", path);
}

static void plant_handles(DWORD pid) {
  HANDLE token;
  need("process", OpenProcess(PROCESS_VM_READ, FALSE, pid));
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token)) exit(1);
  need("token", token);
  const HANDLE kept = need("kept", CreateEventA(NULL, TRUE, FALSE, NULL));
  const DWORD flags = HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE;
  if (!SetHandleInformation(kept, flags, flags)) exit(1);
}

int main(int count, char **arguments) {
  if (count != 3) return 1;
  printf("ready %lu\n", GetCurrentProcessId());
  plant_mutexes(arguments[1]);
  plant_others(arguments[1]);
  plant_files();
  plant_handles((DWORD)strtoul(arguments[2], NULL, 10));
  puts(".");
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
