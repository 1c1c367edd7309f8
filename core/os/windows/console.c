/* Consoles of Windows. */
#include "os/console.h"

#include <stdlib.h>
#include <windows.h>

/* Since Windows 10 1511; older headers lack it, older consoles refuse it. [Console Modes] */
#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

/*
 * A console belongs to all programs in it, so the mode it had is put back at the end. Statics:
 * there is one console for the whole program, and atexit() gives no context.
 */
static struct {
  HANDLE console;
  DWORD mode;
} changed[2];

static void put_back(void) {
  for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
    if (changed[i].console) SetConsoleMode(changed[i].console, changed[i].mode);
}

static bool remember(HANDLE console, DWORD mode) {
  for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
    if (changed[i].console) continue;
    if (i == 0 && atexit(put_back) != 0) return false;
    changed[i].console = console;
    changed[i].mode = mode;
    return true;
  }
  return false;
}

bool fsa_console_has_escapes(const FsaStream *stream) {
  const HANDLE console = (HANDLE)stream->handle;
  const DWORD wanted = ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  DWORD mode;
  if (!stream->is_terminal || !GetConsoleMode(console, &mode)) return false;
  if ((mode & wanted) == wanted) return true;
  return SetConsoleMode(console, mode | wanted) && remember(console, mode);
}

/* The last column stays free: a console that is written there goes on to the next line at once. */
size_t fsa_console_columns(const FsaStream *stream) {
  CONSOLE_SCREEN_BUFFER_INFO info;
  if (!stream->is_terminal || !GetConsoleScreenBufferInfo((HANDLE)stream->handle, &info)) return 0;
  const int columns = info.srWindow.Right - info.srWindow.Left;
  return columns > 0 ? (size_t)columns : 0;
}
