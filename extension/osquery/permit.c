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

bool fsa_permit_is_full(const char *path) {
#ifdef _WIN32
  /* of a drive: to a share's host we would say who we are, and that is SYSTEM */
  return isalpha((unsigned char)path[0]) && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
#else
  return path[0] == '/';
#endif
}

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
  *ret_real = fsa_arena_printf(arena, "%s%s", is_recorded ? RECORDED : "", real);
  return *ret_real ? FSA_OK : fail(ret_error, FSA_E_NOMEM, "%s: out of memory", name);
}
