/* Native paths as users know them; see nt_path.h. */
#include "formats/nt_path.h"

#include <string.h>

static FsaText literal(const char *text) {
  return (FsaText){text, strlen(text)};
}

/* What is behind `prefix` (any letter case); false when the path does not begin with it. */
static bool behind(FsaText path, FsaText prefix, FsaText *ret_rest) {
  if (!fsa_text_starts(path.data, path.size, prefix.data, prefix.size)) return false;
  *ret_rest = (FsaText){path.data + prefix.size, path.size - prefix.size};
  return true;
}

/* The same for a whole device or folder: nothing or a '\' comes behind it. */
static bool below(FsaText path, FsaText folder, FsaText *ret_rest) {
  FsaText rest;
  if (!behind(path, folder, &rest) || (rest.size > 0 && rest.data[0] != '\\')) return false;
  *ret_rest = rest;
  return true;
}

static int join(FsaArena *arena, FsaText first, FsaText second, FsaText *ret_path) {
  char *path = fsa_arena_alloc(arena, first.size + second.size + 1);
  if (!path) return FSA_E_NOMEM;
  if (first.size) memcpy(path, first.data, first.size);
  if (second.size) memcpy(path + first.size, second.data, second.size);
  path[first.size + second.size] = '\0';
  *ret_path = (FsaText){path, first.size + second.size};
  return FSA_OK;
}

static bool has_drive(FsaText path) {
  return path.size >= 2 && path.data[1] == ':' &&
         ((path.data[0] | 0x20) >= 'a' && (path.data[0] | 0x20) <= 'z');
}

/*
 * A redirector's path: "\server\share\...", in front of which it may have put its own name and the
 * session's drive, parts that begin with ';'.
 */
static FsaText without_redirector(FsaText path) {
  while (path.size > 1 && path.data[0] == '\\' && path.data[1] == ';') {
    const char *next = memchr(path.data + 1, '\\', path.size - 1);
    size_t skipped = next ? (size_t)(next - path.data) : path.size;
    path = (FsaText){path.data + skipped, path.size - skipped};
  }
  return path;
}

/* The names that the object manager and Win32 have for the folder of drive letters. */
static bool dos_path(FsaText native, FsaText *ret_rest) {
  static const char *const prefixes[] = {"\\??\\", "\\\\?\\", "\\DosDevices\\", "\\GLOBAL??\\"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (behind(native, literal(prefixes[i]), ret_rest)) return true;
  return false;
}

/*
 * A letter that is a link to a folder (subst) has the device of another one as its beginning: the
 * longest device that fits is taken last.
 */
static const FsaNtDrive *drive_of(FsaText native, const FsaNtDrive *drives, size_t count) {
  const FsaNtDrive *best = NULL;
  for (size_t i = 0; i < count; i++) {
    FsaText rest;
    if (drives[i].device.size == 0 || !below(native, drives[i].device, &rest)) continue;
    if (!best || drives[i].device.size > best->device.size) best = &drives[i];
  }
  return best;
}

int fsa_nt_path(FsaText native, const FsaNtDrive *drives, size_t count, FsaText system_root,
                FsaArena *arena, FsaText *ret_path) {
  static const char *const networks[] = {"\\Device\\Mup", "\\Device\\LanmanRedirector"};
  FsaText rest;
  if (dos_path(native, &rest)) {
    FsaText unc;
    if (has_drive(rest)) {
      *ret_path = rest;
      return FSA_OK;
    }
    if (behind(rest, literal("UNC\\"), &unc)) return join(arena, literal("\\\\"), unc, ret_path);
  }
  if (system_root.size && below(native, literal("\\SystemRoot"), &rest))
    return join(arena, system_root, rest, ret_path);
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
    if (below(native, literal(networks[i]), &rest) && rest.size > 1)
      return join(arena, literal("\\"), without_redirector(rest), ret_path);
  const FsaNtDrive *drive = drive_of(native, drives, count);
  if (drive && below(native, drive->device, &rest)) {
    const char letter[] = {drive->letter, ':'};
    return join(arena, (FsaText){letter, 2}, rest, ret_path);
  }
  *ret_path = native;
  return FSA_OK;
}

FsaText fsa_nt_path_name(FsaText path) {
  size_t at = path.size;
  while (at > 0 && path.data[at - 1] != '\\' && path.data[at - 1] != '/') at--;
  return (FsaText){path.data ? path.data + at : NULL, path.size - at};
}
