/* What the files about a program's own input and output share: paths, errors, and Ctrl-C. */
#ifndef FSA_OS_WINDOWS_PROGRAM_H
#define FSA_OS_WINDOWS_PROGRAM_H

#include <stdbool.h>
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

/*
 * Around a read from a console: a Ctrl-C that ends it is the reader's, and the handler that was set
 * is not called for it. It comes on a thread of its own, perhaps after the read has returned:
 * `was_interrupted` lets the end wait for it, though not for ever.
 */
void windows_reading_begin(void);
void windows_reading_end(bool was_interrupted);

#endif
