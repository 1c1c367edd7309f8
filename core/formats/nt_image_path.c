/* Image paths of services and drivers. */
#include "formats/nt_image_path.h"

#include <string.h>

#include "formats/nt_path.h"

static FsaText literal(const char *text) {
  return (FsaText){text, strlen(text)};
}

static FsaText from(FsaText text, size_t start) {
  return (FsaText){text.data + start, text.size - start};
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* ---- the program of a command line ----------------------------------------------------------- */

/* Behind the first ".exe" that a blank, a quote or the end follows; 0 when there is none. */
static size_t end_of_exe(FsaText text) {
  for (size_t i = 0; i + 4 <= text.size; i++) {
    const size_t end = i + 4;
    const bool ends = end == text.size || is_blank(text.data[end]) || text.data[end] == '"';
    if (ends && fsa_text_same(text.data + i, 4, ".exe", 4)) return end;
  }
  return 0;
}

static FsaText program_of(FsaText command, bool is_driver) {
  size_t start = 0, end;
  while (start < command.size && is_blank(command.data[start])) start++;
  command = from(command, start);
  if (command.size && command.data[0] == '"') {
    command = from(command, 1);
    for (end = 0; end < command.size && command.data[end] != '"';) end++;
    return (FsaText){command.data, end};
  }
  end = is_driver ? command.size : end_of_exe(command);
  if (end == 0)
    while (end < command.size && !is_blank(command.data[end])) end++;
  while (end > 0 && is_blank(command.data[end - 1])) end--;
  return (FsaText){command.data, end};
}

/* ---- its path -------------------------------------------------------------------------------- */

/* Variables that mean the same on every host, but for its drive. NULL: the system's folder. */
static const struct {
  const char *name, *folder;
} variables[] = {
    {"%SystemRoot%", NULL},
    {"%windir%", NULL},
    {"%SystemDrive%", ""},
    {"%ProgramFiles%", "\\Program Files"},
    {"%ProgramW6432%", "\\Program Files"},
    {"%ProgramFiles(x86)%", "\\Program Files (x86)"},
    {"%CommonProgramFiles%", "\\Program Files\\Common Files"},
    {"%CommonProgramFiles(x86)%", "\\Program Files (x86)\\Common Files"},
    {"%ProgramData%", "\\ProgramData"},
    {"%ALLUSERSPROFILE%", "\\ProgramData"},
    {"%PUBLIC%", "\\Users\\Public"},
};

static bool begins(FsaText text, const char *prefix) {
  return fsa_text_starts(text.data, text.size, prefix, strlen(prefix));
}

/* Three pieces as one text; FSA_E_NOMEM. */
static int join(FsaArena *arena, FsaText first, FsaText second, FsaText third, FsaText *ret_path) {
  const FsaText pieces[] = {first, second, third};
  char *path = fsa_arena_alloc(arena, first.size + second.size + third.size + 1);
  size_t size = 0;
  if (!path) return FSA_E_NOMEM;
  for (size_t i = 0; i < 3; i++) {
    if (pieces[i].size) memcpy(path + size, pieces[i].data, pieces[i].size);
    size += pieces[i].size;
  }
  path[size] = '\0';
  *ret_path = (FsaText){path, size};
  return FSA_OK;
}

/* "C:" of "C:\Windows". */
static FsaText drive_of(FsaText system_root) {
  return (FsaText){system_root.data, system_root.size < 2 ? system_root.size : 2};
}

static int expand(FsaText path, FsaText system_root, FsaArena *arena, FsaText *ret_path) {
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    if (!begins(path, variables[i].name)) continue;
    const FsaText rest = from(path, strlen(variables[i].name));
    if (!variables[i].folder) return join(arena, system_root, rest, literal(""), ret_path);
    return join(arena, drive_of(system_root), literal(variables[i].folder), rest, ret_path);
  }
  *ret_path = path;
  return FSA_OK;
}

int fsa_nt_image_path(FsaText image, bool is_driver, FsaText system_root, FsaArena *arena,
                   FsaText *ret_path) {
  static const char *const below_root[] = {"System32\\", "SysWOW64\\", "SysNative\\"};
  FsaText path = program_of(image, is_driver);
  if (path.size == 0) {
    *ret_path = (FsaText){NULL, 0};
    return FSA_OK;
  }
  int result = expand(path, system_root, arena, &path);
  if (result == FSA_OK) result = fsa_nt_path(path, NULL, 0, system_root, arena, &path);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < sizeof below_root / sizeof *below_root; i++)
    if (begins(path, below_root[i])) return join(arena, system_root, literal("\\"), path, ret_path);
  /* "\WINDOWS\system32\x.sys": from the top of the system's drive */
  const bool is_rooted = path.size > 1 && path.data[0] == '\\' && path.data[1] != '\\' &&
                         path.data[1] != '?' && !begins(path, "\\Device\\");
  if (is_rooted) return join(arena, drive_of(system_root), path, literal(""), ret_path);
  *ret_path = path;
  return FSA_OK;
}
