/* The C library knows no folders: only files can be named. */
#include "os/folder.h"

#include <errno.h>
#include <string.h>

int fsa_path_kind(const char *path, FsaPathKind *ret_kind) {
  (void)path;
  *ret_kind = FSA_PATH_FILE; /* opening it tells more */
  return 0;
}

const char *fsa_last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

int fsa_folder_names(const char *path, FsaArena *arena, const char *const **ret_names,
                     size_t *ret_count) {
  (void)path, (void)arena, (void)ret_names, (void)ret_count;
  return ENOSYS;
}

int fsa_folder_make(const char *path) {
  (void)path;
  return ENOSYS;
}
