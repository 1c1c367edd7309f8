/* The native calls, found where this system has them. */
#include "os/windows/nt.h"

#include <pthread.h>
#include <wchar.h>

Nt nt;

/* A library of the system that is not loaded yet: from System32, and from nowhere else. */
static HMODULE load_library(const wchar_t *name) {
  WCHAR path[MAX_PATH + 32];
  const UINT size = GetSystemDirectoryW(path, MAX_PATH);
  if (size == 0 || size >= MAX_PATH) return NULL;
  swprintf(path + size, 32, L"\\%ls.dll", name);
  return LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}

static FARPROC find(const wchar_t *library, const char *name) {
  HMODULE module = GetModuleHandleW(library);
  if (!module) module = load_library(library);
  return module ? GetProcAddress(module, name) : NULL;
}

/* ISO C has no cast from a function's pointer to another kind of pointer; a union may read both */
#define NT_LOAD(library, result, call, parameters)                                                 \
  {                                                                                                \
    union {                                                                                        \
      FARPROC found;                                                                               \
      result(NTAPI *call) parameters;                                                              \
    } entry = {.found = find(L"" library, #call)};                                                 \
    nt.call = entry.call;                                                                          \
  }

static void load(void) {
  NT_CALLS(NT_LOAD)
}

static void load_later(void) {
  NT_LATER_CALLS(NT_LOAD)
}

#undef NT_LOAD

void nt_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
}

void nt_load_later(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_later);
}
