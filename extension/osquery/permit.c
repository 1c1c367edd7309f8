/* Evidence below a prefix, compared by real paths. */
#include "osquery/permit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDED "live:" /* a recorded host: the folder's name follows */

static int fail(FsaError *ret_error, int code, const char *format, const char *name) {
  *ret_error = (FsaError){.code = code, .is_evidence = true};
  snprintf(ret_error->message, sizeof ret_error->message, format, name);
  return code;
}

/* True when `path` is `folder` or lies below it; both are real paths. */
static bool is_below(const char *path, const char *folder) {
  const size_t size = strlen(folder);
  if (strcmp(folder, "/") == 0) return true;
  return strncmp(path, folder, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static bool is_permitted(const char *real, const char *const *prefixes, size_t count) {
  char folder[PATH_MAX];
  for (size_t i = 0; i < count; i++)
    if (realpath(prefixes[i], folder) && is_below(real, folder)) return true;
  return false;
}

int fsa_permit_evidence(const char *name, const char *const *prefixes, size_t prefix_count,
                        FsaArena *arena, const char **ret_real, FsaError *ret_error) {
  char real[PATH_MAX];
  const bool is_recorded = strncmp(name, RECORDED, strlen(RECORDED)) == 0;
  const char *path = is_recorded ? name + strlen(RECORDED) : name;
  *ret_real = NULL;
  if (strcmp(name, "live") == 0) return FSA_OK;
  if (prefix_count == 0)
    return fail(ret_error, FSA_E_ACCESS,
                "evidence is off in this extension: %s may not be asked; start fsa.ext with "
                "--allow_evidence FOLDER to allow what lies below it",
                name);
  if (!realpath(path, real) || !is_permitted(real, prefixes, prefix_count))
    /* one message: who may not look somewhere does not learn what is there */
    return fail(ret_error, FSA_E_ACCESS,
                "the evidence %s is not there, or not below a folder of --allow_evidence", name);
  *ret_real = fsa_arena_printf(arena, "%s%s", is_recorded ? RECORDED : "", real);
  return *ret_real ? FSA_OK : fail(ret_error, FSA_E_NOMEM, "%s: out of memory", name);
}
