/* Evidence below a prefix, compared by real paths. */
#include "osquery/permit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "os/files.h"

#define RECORDED "live:" /* a recorded host: the folder's name follows */

static int fail(FsaError *ret_error, int code, const char *format, const char *name) {
  *ret_error = (FsaError){.code = code, .is_evidence = true};
  snprintf(ret_error->message, sizeof ret_error->message, format, name);
  return code;
}

#ifdef _WIN32
#define AS_IT_IS "\\\\?\\" /* before a path: nothing of it is interpreted */

/* Behind that prefix, if it is there. */
static const char *skip_prefix(const char *path) {
  return strncmp(path, AS_IT_IS, strlen(AS_IT_IS)) == 0 ? path + strlen(AS_IT_IS) : path;
}

/* Of a drive: to a share's host we would say who we are, and that is SYSTEM. */
bool fsa_permit_is_full(const char *path) {
  path = skip_prefix(path);
  return isalpha((unsigned char)path[0]) && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
}

/* True when a part of a path may mean a device, as "nul.txt" does wherever it stands. */
static bool is_like_a_device(const char *name) {
  static const char *const devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
  size_t size = strcspn(name, ".:\\");
  while (size > 0 && name[size - 1] == ' ') size--;
  if (size < 3 || (size > 5 && name[size - 1] != '$'))
    return false; /* CONIN$; COM1, UTF-8's COM² */
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
    if (_strnicmp(name, devices[i], 3) == 0) return true;
  return false;
}

/* A real path as people write it, unless Windows would then take it for another one: it drops dots
 * and blanks at the end of a name. */
static const char *plain(const char *real) {
  const char *path = skip_prefix(real);
  if (!fsa_permit_is_full(path)) return real;
  for (const char *name = path; name;) {
    const size_t size = strcspn(name, "\\");
    if (is_like_a_device(name) || (size && strchr(". ", name[size - 1]))) return real;
    name = name[size] ? name + size + 1 : NULL;
  }
  return path;
}
#else
bool fsa_permit_is_full(const char *path) {
  return path[0] == '/';
}

static const char *plain(const char *real) {
  return real;
}
#endif

/* The real path of what stands at `path`; NULL when it cannot be had. */
static const char *real_path(const char *path, FsaArena *arena) {
  const char *folder, *name;
  if (fsa_os_path_split(path, arena, &folder, &name) != FSA_OK) return NULL;
  const bool ends = folder[strlen(folder) - 1] == folder[0];
  return fsa_arena_printf(arena, "%s%.*s%s", folder, ends ? 0 : 1, folder, name);
}

/* True when `path` is `folder` or lies below it; both are real paths, and so begin with what
 * separates their parts. */
static bool is_below(const char *path, const char *folder) {
  const size_t size = strlen(folder);
  if (strncmp(path, folder, size) != 0) return false;
  return folder[size - 1] == path[0] || path[size] == '\0' || path[size] == path[0];
}

static bool is_permitted(const char *real, const char *const *prefixes, size_t count,
                         FsaArena *arena) {
  for (size_t i = 0; i < count; i++) {
    const char *folder = real_path(prefixes[i], arena);
    if (folder && is_below(real, folder)) return true;
  }
  return false;
}

int fsa_permit_evidence(const char *name, const char *const *prefixes, size_t prefix_count,
                        FsaArena *arena, const char **ret_real, FsaError *ret_error) {
  const bool is_recorded = strncmp(name, RECORDED, strlen(RECORDED)) == 0;
  const char *path = is_recorded ? name + strlen(RECORDED) : name;
  *ret_real = NULL;
  if (strcmp(name, "live") == 0) return FSA_OK;
  if (prefix_count == 0)
    return fail(ret_error, FSA_E_ACCESS,
                "evidence is off in this extension: %s may not be asked; start fsa.ext with "
                "--allow_evidence FOLDER to allow what lies below it",
                name);
  const char *real = fsa_permit_is_full(path) ? real_path(path, arena) : NULL;
  if (!real || !is_permitted(real, prefixes, prefix_count, arena))
    /* one message: who may not look somewhere does not learn what is there */
    return fail(ret_error, FSA_E_ACCESS,
                "the evidence %s is not there, or not below a folder of --allow_evidence", name);
  *ret_real = fsa_arena_printf(arena, "%s%s", is_recorded ? RECORDED : "", plain(real));
  return *ret_real ? FSA_OK : fail(ret_error, FSA_E_NOMEM, "%s: out of memory", name);
}
