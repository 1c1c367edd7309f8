/* Folders through readdir(3). */
#include "os/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"

int fsa_path_kind(const char *path, FsaPathKind *ret_kind) {
  struct stat facts;
  if (stat(path, &facts) != 0) return errno;
  *ret_kind = S_ISDIR(facts.st_mode)   ? FSA_PATH_FOLDER
              : S_ISREG(facts.st_mode) ? FSA_PATH_FILE
                                       : FSA_PATH_OTHER;
  return 0;
}

const char *fsa_last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static bool is_own_or_parent(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Reads the names into a list that grows. 0 or an errno value. */
static int read_names(DIR *directory, FsaArena *arena, const char ***names, size_t *count) {
  size_t room = 0;
  for (struct dirent *entry; errno = 0, (entry = readdir(directory)) != NULL;) {
    if (is_own_or_parent(entry->d_name)) continue;
    if (*count == FSA_MAX_DIR_ENTRIES) return E2BIG;
    if (*count == room) {
      size_t more = room ? room * 2 : 64;
      const char **grown =
          fsa_arena_grow(arena, *names, room * sizeof *grown, more * sizeof *grown);
      if (!grown) return ENOMEM;
      *names = grown;
      room = more;
    }
    (*names)[*count] = fsa_arena_copy(arena, entry->d_name, strlen(entry->d_name));
    if (!(*names)[*count]) return ENOMEM;
    ++*count;
  }
  return errno;
}

int fsa_folder_names(const char *path, FsaArena *arena, const char *const **ret_names,
                     size_t *ret_count) {
  const char **names = NULL;
  size_t count = 0;
  DIR *directory = opendir(path);
  if (!directory) return errno;
  const int error = read_names(directory, arena, &names, &count);
  closedir(directory);
  if (error) return error;
  if (count) qsort(names, count, sizeof *names, compare_names);
  *ret_names = names;
  *ret_count = count;
  return 0;
}

int fsa_folder_make(const char *path) {
  char part[FSA_MAX_PATH];
  size_t size = strlen(path);
  if (size >= sizeof part) return ENAMETOOLONG;
  for (size_t at = 1; at <= size; at++) {
    if (path[at] != '/' && path[at]) continue;
    memcpy(part, path, at);
    part[at] = '\0';
    if (mkdir(part, 0777) != 0 && errno != EEXIST) return errno;
  }
  return 0;
}
