/* Folders through FindFirstFile(). */
#include "os/folder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "os/windows/program.h"

static bool is_separator(char c) {
  return c == '/' || c == '\\';
}

int fsa_path_kind(const char *path, FsaPathKind *ret_kind) {
  FsaArena arena = fsa_arena(0);
  WCHAR *wide;
  int error = windows_user_path(path, &arena, &wide);
  if (!error) {
    /* no access is asked for, so nothing is refused and no device waits */
    HANDLE handle = CreateFileW(wide, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    BY_HANDLE_FILE_INFORMATION facts = {0};
    if (handle == INVALID_HANDLE_VALUE) {
      error = windows_errno(GetLastError());
    } else {
      const bool is_on_disk =
          GetFileType(handle) == FILE_TYPE_DISK && GetFileInformationByHandle(handle, &facts);
      *ret_kind = !is_on_disk                                         ? FSA_PATH_OTHER
                  : facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? FSA_PATH_FOLDER
                                                                      : FSA_PATH_FILE;
      CloseHandle(handle);
    }
  }
  fsa_arena_done(&arena);
  return error;
}

const char *fsa_last_part(const char *path) {
  const char *name = path;
  for (const char *at = path; *at; at++)
    if (is_separator(*at) && at[1]) name = at + 1;
  return *path && is_separator(path[strlen(path) - 1]) ? path : name;
}

/* ---- names in a folder ----------------------------------------------------------------------- */

typedef struct Names {
  FsaArena *arena;
  const char **list;
  size_t count, room;
} Names;

static bool is_own_or_parent(const WCHAR *name) {
  return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0;
}

static int add_name(Names *names, const WCHAR *name) {
  if (is_own_or_parent(name)) return 0;
  if (names->count == FSA_MAX_DIR_ENTRIES) return E2BIG;
  if (names->count == names->room) {
    size_t more = names->room ? names->room * 2 : 64;
    const char **grown = fsa_arena_grow(names->arena, names->list, names->room * sizeof *grown,
                                        more * sizeof *grown);
    if (!grown) return ENOMEM;
    names->list = grown;
    names->room = more;
  }
  const FsaText text = fsa_text_from_utf16(names->arena, (const uint8_t *)name, wcslen(name));
  if (!text.data) return ENOMEM;
  names->list[names->count++] = text.data;
  return 0;
}

/* What FindFirstFile() is to be asked: everything in the folder. */
static int pattern_of(const char *path, FsaArena *arena, WCHAR **ret_pattern) {
  const char *pattern = fsa_arena_printf(arena, "%s%s*", path,
                                         *path && is_separator(path[strlen(path) - 1]) ? "" : "/");
  return pattern ? windows_user_path(pattern, arena, ret_pattern) : ENOMEM;
}

static int read_names(const WCHAR *pattern, Names *names) {
  WIN32_FIND_DATAW entry;
  HANDLE search = FindFirstFileW(pattern, &entry);
  if (search == INVALID_HANDLE_VALUE) return windows_errno(GetLastError());
  int error;
  do error = add_name(names, entry.cFileName);
  while (!error && FindNextFileW(search, &entry));
  if (!error && GetLastError() != ERROR_NO_MORE_FILES) error = windows_errno(GetLastError());
  FindClose(search);
  return error;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int fsa_folder_names(const char *path, FsaArena *arena, const char *const **ret_names,
                     size_t *ret_count) {
  Names names = {.arena = arena};
  WCHAR *pattern;
  int error = pattern_of(path, arena, &pattern);
  if (!error) error = read_names(pattern, &names);
  if (error) return error;
  if (names.count) qsort(names.list, names.count, sizeof *names.list, compare_names);
  *ret_names = names.list;
  *ret_count = names.count;
  return 0;
}

/* ---- making folders -------------------------------------------------------------------------- */

static int make_one(const char *path, FsaArena *arena) {
  WCHAR *wide;
  const int error = windows_user_path(path, arena, &wide);
  if (error) return error;
  if (CreateDirectoryW(wide, NULL)) return 0;
  const DWORD refused = GetLastError();
  const DWORD attributes = GetFileAttributesW(wide); /* a drive's root is refused and is there */
  return attributes != INVALID_FILE_ATTRIBUTES ? 0 : windows_errno(refused);
}

/* Behind the part that no folder can be made of: "C:\" and "\\server\share\". */
static size_t root_size(const char *path) {
  size_t at = 0;
  if (path[0] && path[1] == ':') return 2;
  if (!is_separator(path[0]) || !is_separator(path[1])) return 0;
  at = 2;
  for (int parts = 0; parts < 2 && path[at]; parts++) {
    while (path[at] && !is_separator(path[at])) at++;
    if (path[at]) at++;
  }
  return at;
}

int fsa_folder_make(const char *path) {
  char part[FSA_MAX_PATH];
  const size_t size = strlen(path);
  if (size >= sizeof part) return ENAMETOOLONG;
  FsaArena arena = fsa_arena(0);
  int error = 0;
  for (size_t at = root_size(path) + 1; at <= size && !error; at++) {
    if (path[at] && !is_separator(path[at])) continue;
    memcpy(part, path, at);
    part[at] = '\0';
    error = make_one(part, &arena);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return error;
}
