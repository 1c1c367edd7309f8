/* What the files about a program's own input and output share: paths, errors, and Ctrl-C. */
#ifndef FSA_OS_WINDOWS_PROGRAM_H
#define FSA_OS_WINDOWS_PROGRAM_H

#include <stdint.h>
#include <windows.h>

#include "base/arena.h"

/*
 * A path that a user gave, for Win32: UTF-16 from `arena`, with the prefix that lifts the limit of
 * 260 characters where the whole path needs it. 0 or an errno value.
 */
int windows_user_path(const char *path, FsaArena *arena, WCHAR **ret_path);

/* The errno value that stands for a GetLastError(). */
int windows_errno(DWORD error);

/* How often Ctrl-C was handled. */
uint64_t windows_interrupts_handled(void);

/*
 * A read was ended by Ctrl-C: waits until the handler, which runs on a thread of its own, has been
 * called more than `handled` times. Not for ever, should it not come.
 */
void windows_interrupts_await(uint64_t handled);

#endif
