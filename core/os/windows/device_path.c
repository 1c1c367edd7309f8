/*
 * The drive letters of this host, asked once and remembered by the host. A letter that is given
 * later is shown as its device, which is no less true.
 */
#include "os/windows/device_path.h"

#include <stdlib.h>
#include <string.h>

#include "formats/nt_path.h"

enum { MOST_DRIVES = 26, MOST_UNITS = 512 };

struct WindowsDrives {
  FsaArena arena;
  FsaNtDrive list[MOST_DRIVES];
  size_t count;
  FsaText system_root;
};

static void add_drive(WindowsDrives *drives, char letter) {
  const WCHAR name[] = {(WCHAR)letter, L':', L'\0'};
  WCHAR device[MOST_UNITS];
  /* the first of several texts is what the letter means now */
  if (QueryDosDeviceW(name, device, MOST_UNITS) == 0) return;
  FsaText text;
  if (windows_text(&drives->arena, device, wcslen(device), &text) != FSA_OK || text.size == 0)
    return;
  drives->list[drives->count++] = (FsaNtDrive){letter, text};
}

static WindowsDrives *look(void) {
  WindowsDrives *drives = calloc(1, sizeof *drives);
  if (!drives) return NULL;
  WCHAR root[MOST_UNITS];
  const UINT units = GetSystemWindowsDirectoryW(root, MOST_UNITS);
  drives->arena = fsa_arena(0);
  if (units > 0 && units < MOST_UNITS)
    (void)windows_text(&drives->arena, root, units, &drives->system_root);
  const DWORD letters = GetLogicalDrives();
  for (unsigned i = 0; i < MOST_DRIVES; i++)
    if (letters & 1u << i) add_drive(drives, (char)('A' + i));
  return drives;
}

/* NULL when memory ran out. */
static const WindowsDrives *drives_of(FsaOs *os) {
  pthread_mutex_lock(&os->lock);
  if (!os->drives) os->drives = look();
  const WindowsDrives *drives = os->drives;
  pthread_mutex_unlock(&os->lock);
  return drives;
}

void windows_forget_drives(FsaOs *os) {
  if (!os->drives) return;
  fsa_arena_done(&os->drives->arena);
  free(os->drives);
  os->drives = NULL;
}

int windows_device_path(FsaOs *os, FsaText native, FsaArena *arena, FsaText *ret_path) {
  const WindowsDrives *drives = drives_of(os);
  if (!drives) return FSA_E_NOMEM;
  return fsa_nt_path(native, drives->list, drives->count, drives->system_root, arena, ret_path);
}

int windows_device_path_wide(FsaOs *os, const WCHAR *native, size_t bytes, FsaArena *arena,
                             FsaText *ret_path) {
  FsaText text;
  const int result = windows_text(arena, native, bytes / sizeof *native, &text);
  return result == FSA_OK ? windows_device_path(os, text, arena, ret_path) : result;
}

/* True for a name that could not be said in UTF-8 (text.h): what it shows names another file. */
static bool is_mended(FsaText path) {
  static const char *const marks[] = {"\xEF\xBF\xBD", "\xE2\x90\x80"}; /* U+FFFD, U+2400 */
  for (size_t i = 0; i + 3 <= path.size; i++)
    for (size_t k = 0; k < 2; k++)
      if (memcmp(path.data + i, marks[k], 3) == 0) return true;
  return false;
}

int windows_file_path(FsaText path, FsaArena *arena, WCHAR **ret_path) {
  if (path.size < 3 || (path.data[0] == '\\' && path.data[1] == '\\') || is_mended(path))
    return FSA_E_UNSUPPORTED;
  const char *root = path.data[0] == '\\' ? "\\\\?\\GLOBALROOT" : "\\\\?\\";
  const char *text = fsa_arena_printf(arena, "%s%.*s", root, (int)path.size, path.data);
  size_t units;
  if (!text) return FSA_E_NOMEM;
  return windows_wide(arena, (FsaText){text, strlen(text)}, ret_path, &units);
}
