/* The native calls, found where this system has them. */
#include "os/windows/nt.h"

#include <pthread.h>

Nt nt;

static FARPROC find(const wchar_t *library, const char *name) {
  /* the libraries of the table are loaded into every process, or are asked from System32 only */
  HMODULE module = GetModuleHandleW(library);
  return module ? GetProcAddress(module, name) : NULL;
}

static void load(void) {
/* ISO C has no cast from a function's pointer to another kind of pointer; a union may read both */
#define NT_LOAD(library, result, call, parameters)                                                 \
  {                                                                                                \
    union {                                                                                        \
      FARPROC found;                                                                               \
      result(NTAPI *call) parameters;                                                              \
    } entry = {.found = find(L"" library, #call)};                                                 \
    nt.call = entry.call;                                                                          \
  }
  NT_CALLS(NT_LOAD)
#undef NT_LOAD
}

void nt_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
}
