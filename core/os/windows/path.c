/* Paths that users give. [Microsoft: Naming Files, Paths, and Namespaces] */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/wtf8.h"
#include "formats/nt_file.h"
#include "os/windows/host.h"
#include "os/windows/node.h"

/* ---- to native paths ------------------------------------------------------------------------- */

/* `path` in UTF-16 with backslashes, given back with free(). */
static int wide_path(const char *path, WCHAR **ret_wide) {
  size_t size = strlen(path);
  WCHAR *wide = calloc(size + 1, sizeof *wide);
  if (!wide) return FSA_E_NOMEM;
  size_t units = fsa_utf16_from_wtf8(wide, path, size);
  if (units == SIZE_MAX || units == 0) {
    free(wide);
    return FSA_E_ABSENT;
  }
  for (WCHAR *p = wide; *p; p++)
    if (*p == L'/') *p = L'\\';
  *ret_wide = wide;
  return FSA_OK;
}

static bool begins(const WCHAR *path, const WCHAR *prefix) {
  return wcsncmp(path, prefix, wcslen(prefix)) == 0;
}

/* Makes it absolute, as every program of Windows does: current folder, "..", blanks at the end. */
static int full_path(WCHAR **path) {
  if (begins(*path, L"\\\\?\\")) return FSA_OK; /* said to be taken as it is */
  DWORD room = GetFullPathNameW(*path, 0, NULL, NULL);
  WCHAR *full = room ? calloc(room, sizeof *full) : NULL;
  if (!full) return room ? FSA_E_NOMEM : windows_result_of_error(GetLastError());
  DWORD units = GetFullPathNameW(*path, room, full, NULL);
  if (units == 0 || units >= room) { /* the current folder changed meanwhile */
    free(full);
    return FSA_E_IO;
  }
  free(*path);
  *path = full;
  return FSA_OK;
}

/* The native path, given back with free(). FSA_E_UNSUPPORTED for a device: "\\.\C:", "nul". */
static int native_path(const char *path, WCHAR **ret_native) {
  WCHAR *full;
  int result = wide_path(path, &full);
  if (result != FSA_OK) return result;
  result = full_path(&full);
  const WCHAR *prefix = L"\\??\\", *rest = full;
  if (result == FSA_OK && begins(full, L"\\\\.\\")) result = FSA_E_UNSUPPORTED;
  if (result == FSA_OK && begins(full, L"\\\\?\\")) {
    rest = full + 4;
  } else if (result == FSA_OK && begins(full, L"\\\\")) {
    prefix = L"\\??\\UNC\\";
    rest = full + 2;
  }
  if (result == FSA_OK) {
    size_t before = wcslen(prefix), behind = wcslen(rest);
    WCHAR *native = calloc(before + behind + 1, sizeof *native);
    if (native) {
      memcpy(native, prefix, before * sizeof *native);
      memcpy(native + before, rest, behind * sizeof *native);
      *ret_native = native;
    } else {
      result = FSA_E_NOMEM;
    }
  }
  free(full);
  return result;
}

int windows_path_open(const char *path, ACCESS_MASK access, ULONG options, HANDLE *ret_handle) {
  nt_load();
  WCHAR *native;
  int result = native_path(path, &native);
  if (result != FSA_OK) return result;
  NtStatus status = windows_node_open(NULL, native, wcslen(native), access, options, ret_handle);
  free(native);
  return NT_OK(status) ? FSA_OK : windows_node_result(status);
}

int windows_path_of(HANDLE handle, WCHAR **ret_path, size_t *ret_units) {
  const DWORD forms[] = {VOLUME_NAME_DOS, VOLUME_NAME_GUID};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    DWORD room = GetFinalPathNameByHandleW(handle, NULL, 0, forms[i]);
    if (room == 0) continue;
    WCHAR *path = calloc(room + 1, sizeof *path);
    if (!path) return FSA_E_NOMEM;
    DWORD units = GetFinalPathNameByHandleW(handle, path, room + 1, forms[i]);
    if (units && units <= room) {
      *ret_path = path;
      *ret_units = units;
      return FSA_OK;
    }
    free(path);
  }
  int result = windows_result_of_error(GetLastError());
  return result == FSA_OK ? FSA_E_IO : result;
}

/* ---- what stands there ----------------------------------------------------------------------- */

bool fsa_os_is_separator(char c) {
  return c == '/' || c == '\\';
}

const char *fsa_os_path_plain(FsaArena *arena, const char *path) {
  if (*path && path[1] == ':') path += 2; /* its drive */
  char *plain = fsa_arena_copy(arena, path, strlen(path));
  for (char *p = plain; p && *p; p++)
    if (*p == '\\') *p = '/';
  return plain ? plain + strspn(plain, "/") : NULL;
}

char fsa_os_separator_of(const char *path) {
  return strchr(path, '\\') && !strchr(path, '/') ? '\\' : '/';
}

/* The facts of what stands at `path`, links followed. FSA_E_UNSUPPORTED for a device. */
static int path_facts(const char *path, BY_HANDLE_FILE_INFORMATION *ret_facts) {
  HANDLE handle;
  int result = windows_path_open(path, WINDOWS_LOOK, 0, &handle);
  if (result != FSA_OK) return result;
  if (GetFileType(handle) != FILE_TYPE_DISK)
    result = FSA_E_UNSUPPORTED;
  else if (!GetFileInformationByHandle(handle, ret_facts))
    result = windows_result_of_error(GetLastError());
  nt.NtClose(handle);
  return result;
}

int fsa_os_path_look(const char *path, FsaNodeKind *ret_kind, uint64_t *ret_size) {
  BY_HANDLE_FILE_INFORMATION facts = {0};
  int result = path_facts(path, &facts);
  if (result != FSA_OK && result != FSA_E_UNSUPPORTED) return result;
  bool is_directory = facts.dwFileAttributes & FSA_NT_IS_DIRECTORY;
  *ret_kind = result == FSA_E_UNSUPPORTED ? FSA_NODE_OTHER
              : is_directory              ? FSA_NODE_DIRECTORY
                                          : FSA_NODE_FILE;
  *ret_size = (uint64_t)facts.nFileSizeHigh << 32 | facts.nFileSizeLow;
  return FSA_OK;
}

int fsa_os_path_identity(const char *path, FsaIdentity *ret_identity) {
  BY_HANDLE_FILE_INFORMATION facts = {0};
  int result = path_facts(path, &facts);
  if (result != FSA_OK && result != FSA_E_UNSUPPORTED) return result;
  FsaIdentity identity = {
      .device = facts.dwVolumeSerialNumber,
      .inode = (uint64_t)facts.nFileIndexHigh << 32 | facts.nFileIndexLow,
  };
  const FILETIME *written = &facts.ftLastWriteTime;
  (void)fsa_time_from_filetime((uint64_t)written->dwHighDateTime << 32 | written->dwLowDateTime,
                               &identity.changed);
  *ret_identity = identity;
  return FSA_OK;
}

/* By its folder's listing, which tells the tag of every entry (Wine's only hint of a link). */
bool fsa_os_path_is_link(const char *path) {
  WCHAR *name;
  WIN32_FIND_DATAW entry;
  if (native_path(path, &name) != FSA_OK) return false;
  size_t size = wcslen(name);
  name[1] = L'\\'; /* "\??\" to "\\?\", which is Win32's word for the same */
  bool is_entry = name[size - 1] != L'\\' && !wcspbrk(name + 4, L"*?<>\"");
  HANDLE search = is_entry ? FindFirstFileW(name, &entry) : INVALID_HANDLE_VALUE;
  free(name);
  if (search == INVALID_HANDLE_VALUE) return false;
  FindClose(search);
  return windows_node_kind(entry.dwFileAttributes, entry.dwReserved0) == FSA_NODE_LINK;
}

int fsa_os_path_split(const char *path, FsaArena *arena, const char **ret_folder,
                      const char **ret_name) {
  HANDLE handle;
  WCHAR *real;
  size_t units;
  int result = windows_path_open(path, WINDOWS_LOOK, 0, &handle);
  if (result != FSA_OK) return result;
  result = windows_path_of(handle, &real, &units);
  nt.NtClose(handle);
  if (result != FSA_OK) return result;
  const WCHAR *last = wcsrchr(real, L'\\');  /* there is one: "\\?\" */
  size_t before = (size_t)(last + 1 - real); /* keeps the backslash of "\\?\C:\" */
  const char *folder = fsa_wtf8_copy(arena, (const uint8_t *)real, before);
  const char *name = fsa_wtf8_copy(arena, (const uint8_t *)(last + 1), units - before);
  free(real);
  if (!folder || !name) return FSA_E_NOMEM;
  *ret_folder = folder;
  *ret_name = name;
  return FSA_OK;
}
