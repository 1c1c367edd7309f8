/*
 * Folders and paths that a user names: packs, logs, places for output. os/program.h says who may
 * include this. The int that a function gives is 0 or an errno value.
 */
#ifndef FSA_OS_FOLDER_H
#define FSA_OS_FOLDER_H

#include <stddef.h>

#include "base/arena.h"

typedef enum FsaPathKind { FSA_PATH_FILE, FSA_PATH_FOLDER, FSA_PATH_OTHER } FsaPathKind;

/* What lies at `path`, links followed; nothing is opened that could wait. */
int fsa_path_kind(const char *path, FsaPathKind *ret_kind);

/*
 * The last part of a path, without the folders before it; all of a path that ends with a separator.
 * '/' separates on every system, on Windows '\' too.
 */
const char *fsa_last_part(const char *path);

/*
 * The names in a folder in the order of their bytes, without "." and "..", from `arena`. E2BIG
 * beyond FSA_MAX_DIR_ENTRIES.
 */
int fsa_folder_names(const char *path, FsaArena *arena, const char *const **ret_names,
                     size_t *ret_count);

/* Makes the folder, and those above it; one that is there is no error. */
int fsa_folder_make(const char *path);

#endif
