/* Paths that users give, and what errors of Win32 mean to a C program. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "os/windows/program.h"

/*
 * Win32 takes file names of up to 259 units and folder names of up to 247 as they are; longer ones
 * need the form that nothing interprets. [Naming Files, Paths, and Namespaces]
 */
#define LONGEST_PLAIN 247u

static WCHAR *wide_of(const char *text, FsaArena *arena) {
  const size_t size = strlen(text) + 1;
  WCHAR *wide = size <= INT32_MAX ? fsa_arena_zero(arena, size, sizeof *wide) : NULL;
  if (wide) MultiByteToWideChar(CP_UTF8, 0, text, (int)size, wide, (int)size);
  return wide;
}

/* \\?\C:\x of C:\x, \\?\UNC\server\x of \\server\x; a path that names a device stays. */
static WCHAR *lifted(const WCHAR *full, size_t units, FsaArena *arena) {
  const bool is_device =
      full[0] == L'\\' && full[1] == L'\\' && (full[2] == L'?' || full[2] == L'.');
  const bool is_server = full[0] == L'\\' && full[1] == L'\\' && !is_device;
  const WCHAR *prefix = is_device ? L"" : is_server ? L"\\\\?\\UNC\\" : L"\\\\?\\";
  const size_t before = wcslen(prefix), skipped = is_server ? 2 : 0;
  WCHAR *path = fsa_arena_zero(arena, before + units + 1, sizeof *path);
  if (!path) return NULL;
  memcpy(path, prefix, before * sizeof *path);
  memcpy(path + before, full + skipped, (units - skipped) * sizeof *path);
  return path;
}

int windows_user_path(const char *path, FsaArena *arena, WCHAR **ret_path) {
  if (!*path) return ENOENT;
  WCHAR *wide = wide_of(path, arena);
  if (!wide) return ENOMEM;
  const DWORD room = GetFullPathNameW(wide, 0, NULL, NULL);
  if (room > LONGEST_PLAIN) {
    WCHAR *full = fsa_arena_zero(arena, room, sizeof *full);
    if (!full) return ENOMEM;
    const DWORD units = GetFullPathNameW(wide, room, full, NULL);
    if (units == 0 || units >= room) return ENAMETOOLONG;
    wide = lifted(full, units, arena);
    if (!wide) return ENOMEM;
  }
  *ret_path = wide;
  return 0;
}

int windows_errno(DWORD error) {
  switch (error) {
  case ERROR_SUCCESS: return 0;
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
  case ERROR_INVALID_NAME: /* characters that no file name has */
  case ERROR_BAD_PATHNAME:
  case ERROR_INVALID_DRIVE:
  case ERROR_NOT_READY: /* no medium in the drive */
  case ERROR_BAD_NETPATH:
  case ERROR_BAD_NET_NAME: return ENOENT;
  case ERROR_ACCESS_DENIED:
  case ERROR_SHARING_VIOLATION:
  case ERROR_LOCK_VIOLATION: return EACCES;
  case ERROR_TOO_MANY_OPEN_FILES: return EMFILE;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_OUTOFMEMORY:
  case ERROR_NO_SYSTEM_RESOURCES: return ENOMEM;
  case ERROR_FILE_EXISTS:
  case ERROR_ALREADY_EXISTS: return EEXIST;
  case ERROR_HANDLE_DISK_FULL:
  case ERROR_DISK_FULL: return ENOSPC;
  case ERROR_BROKEN_PIPE:
  case ERROR_NO_DATA:
  case ERROR_PIPE_NOT_CONNECTED: return EPIPE;
  case ERROR_WRITE_PROTECT: return EROFS;
  case ERROR_FILENAME_EXCED_RANGE: return ENAMETOOLONG;
  case ERROR_DIRECTORY: return ENOTDIR;
  case ERROR_INVALID_HANDLE: return EBADF;
  case ERROR_OPERATION_ABORTED: return EINTR;
  default: return EIO;
  }
}
