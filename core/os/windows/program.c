/* Arguments, environment, Ctrl-C and random bytes of a program on Windows. */
#include "os/program.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "os/windows/program.h"

#include <ntsecapi.h>

#include "base/result.h"
#include "base/text.h"

#define HANDLER_PATIENCE_MS 200 /* a handler that takes longer is not waited for */

/* ---- arguments ------------------------------------------------------------------------------- */

/*
 * What the C library calls before main(), in its wide form; no header declares it. It splits the
 * command line as every program of Windows does. [Microsoft C runtime, _getmainargs]
 */
typedef struct CrtStartInfo {
  int new_mode;
} CrtStartInfo;
__declspec(dllimport) int __cdecl __wgetmainargs(int *argc, wchar_t ***argv, wchar_t ***environment,
                                                 int expands_wildcards, CrtStartInfo *info);

/* UTF-8 from the heap, where it stays as long as the program; NULL when memory ran out. */
static char *utf8_of(const wchar_t *wide) {
  const size_t units = wcslen(wide);
  char *text = malloc(FSA_UTF8_CEILING(units) + 1);
  if (text) text[fsa_utf8_from_utf16(text, (const uint8_t *)wide, units)] = '\0';
  return text;
}

int fsa_program_begin(int *argc, char ***argv) {
  wchar_t **wide, **environment;
  CrtStartInfo info = {0};
  int count;
  for (int fd = 0; fd <= 2; fd++) _setmode(fd, _O_BINARY);
  if (__wgetmainargs(&count, &wide, &environment, 0, &info) < 0 || count < 0) return FSA_E_NOMEM;
  char **arguments = calloc((size_t)count + 1, sizeof *arguments);
  if (!arguments) return FSA_E_NOMEM;
  for (int i = 0; i < count; i++)
    if (!(arguments[i] = utf8_of(wide[i]))) return FSA_E_NOMEM;
  *argc = count;
  *argv = arguments;
  return FSA_OK;
}

const char *fsa_program_variable(const char *name, FsaArena *arena) {
  wchar_t wide_name[64];
  if (!MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, sizeof wide_name / sizeof *wide_name))
    return NULL;
  DWORD room = GetEnvironmentVariableW(wide_name, NULL, 0);
  wchar_t *value = room ? fsa_arena_zero(arena, room, sizeof *value) : NULL;
  if (!value) return NULL;
  const DWORD units = GetEnvironmentVariableW(wide_name, value, room);
  if (units >= room) return NULL; /* another thread made it longer meanwhile */
  return fsa_text_from_utf16(arena, (const uint8_t *)value, units).data;
}

/* ---- Ctrl-C ---------------------------------------------------------------------------------- */

/*
 * Windows calls a handler on a thread of its own. The lock is held while it runs, so that who takes
 * a handler back knows that it has ended. Statics, because the event names no context.
 */
static SRWLOCK handler_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE handler_ran = CONDITION_VARIABLE_INIT;
static FsaInterruptHandler *on_interrupt;
static bool is_reading;       /* somebody waits for a line that is typed */
static bool was_read_stopped; /* Ctrl-C came since that began */

static BOOL WINAPI on_control_event(DWORD event) {
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) return FALSE;
  AcquireSRWLockExclusive(&handler_lock);
  const bool is_ours = on_interrupt != NULL;
  if (is_ours && is_reading)
    was_read_stopped = true;
  else if (is_ours)
    on_interrupt();
  ReleaseSRWLockExclusive(&handler_lock);
  WakeAllConditionVariable(&handler_ran);
  return is_ours;
}

void fsa_program_on_interrupt(FsaInterruptHandler *handler) {
  static bool is_registered;
  AcquireSRWLockExclusive(&handler_lock);
  on_interrupt = handler;
  if (handler && !is_registered) is_registered = SetConsoleCtrlHandler(on_control_event, TRUE);
  ReleaseSRWLockExclusive(&handler_lock);
}

void windows_reading_begin(void) {
  AcquireSRWLockExclusive(&handler_lock);
  is_reading = true;
  was_read_stopped = false;
  ReleaseSRWLockExclusive(&handler_lock);
}

void windows_reading_end(bool was_interrupted) {
  const ULONGLONG until = GetTickCount64() + HANDLER_PATIENCE_MS;
  AcquireSRWLockExclusive(&handler_lock);
  while (was_interrupted && on_interrupt && !was_read_stopped && GetTickCount64() < until)
    SleepConditionVariableSRW(&handler_ran, &handler_lock, HANDLER_PATIENCE_MS, 0);
  is_reading = false;
  ReleaseSRWLockExclusive(&handler_lock);
}

/* ---- random bytes ---------------------------------------------------------------------------- */

bool fsa_program_random(void *bytes, size_t size) {
  return size <= UINT32_MAX && RtlGenRandom(bytes, (ULONG)size);
}
