/* The files of a pack: finding them below folders, and reading them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/result.h"
#include "os/folder.h"
#include "os/stream.h"
#include "pack.h"
#include "terminal.h"

#define ROOM (FSA_MAX_PACK_FILE + FSA_STREAM_LEAST) /* a file, its NUL, and a byte too many */

/* A walk through folders. */
typedef struct Walk {
  const char *const *endings;
  FsaPackVisit *visit;
  void *context;
} Walk;

int fsa_pack_refuse(const char *path, const char *why) {
  fsa_terminal_complain("cannot read the pack %s: %s", path, why);
  return FSA_E_USAGE;
}

bool fsa_pack_ends(const char *path, const char *const *endings) {
  const size_t size = strlen(path);
  for (; *endings; endings++) {
    const size_t length = strlen(*endings);
    if (size > length && strcmp(path + size - length, *endings) == 0) return true;
  }
  return false;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* A checkout on Windows may have CR LF: the packs that are built of it must not differ. */
static size_t drop_carriage_returns(char *text, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size; i++)
    if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n') text[kept++] = text[i];
  return kept;
}

/* Reads a file into `text`, which has ROOM bytes. NULL, or why it cannot. */
static const char *read_into(const char *path, char *text, size_t *ret_size) {
  FsaPathKind kind;
  FsaStream stream;
  size_t size = 0, got = 0;
  int error = fsa_path_kind(path, &kind);
  if (!error && kind != FSA_PATH_FILE) return "not a file";
  if (!error) error = fsa_stream_open(path, &stream);
  if (error) return strerror(error);
  do error = fsa_stream_read(&stream, text + size, ROOM - size, &got);
  while (!error && got && (size += got) <= FSA_MAX_PACK_FILE);
  fsa_stream_close(&stream);
  if (error) return strerror(error);
  if (size > FSA_MAX_PACK_FILE) return "larger than a file of a pack may be (1 MiB)";
  *ret_size = size;
  return memchr(text, '\0', size) ? "not a text" : NULL;
}

int fsa_pack_read(FsaArena *arena, const char *path, const char **ret_text) {
  char *text = malloc(ROOM);
  size_t size = 0;
  const char *why = text ? read_into(path, text, &size) : "out of memory";
  const char *copy = why ? NULL : fsa_arena_copy(arena, text, drop_carriage_returns(text, size));
  free(text);
  if (why) return fsa_pack_refuse(path, why);
  if (!copy) return FSA_E_NOMEM;
  *ret_text = copy;
  return FSA_OK;
}

/* ---- finding ----------------------------------------------------------------------------- */

static int walk_path(const Walk *walk, const char *path, unsigned depth);

static int walk_entry(const Walk *walk, const char *folder, const char *name, unsigned depth) {
  char path[FSA_MAX_PATH];
  FsaPathKind kind;
  if (name[0] == '.') return FSA_OK;
  int size = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (size < 0 || (size_t)size >= sizeof path)
    return fsa_pack_refuse(folder, "the path is too long");
  const int error = fsa_path_kind(path, &kind);
  if (error) return fsa_pack_refuse(path, strerror(error));
  if (kind == FSA_PATH_FOLDER) return walk_path(walk, path, depth + 1);
  return fsa_pack_ends(name, walk->endings) ? walk->visit(walk->context, path) : FSA_OK;
}

static int walk_folder(const Walk *walk, const char *path, unsigned depth) {
  if (depth > FSA_MAX_PACK_DEPTH)
    return fsa_pack_refuse(path, "too many folders inside each other");
  FsaArena arena = fsa_arena(0);
  const char *const *names;
  size_t count;
  const int error = fsa_folder_names(path, &arena, &names, &count);
  int result = error ? fsa_pack_refuse(path, strerror(error)) : FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = walk_entry(walk, path, names[i], depth);
  fsa_arena_done(&arena);
  return result;
}

static int walk_path(const Walk *walk, const char *path, unsigned depth) {
  FsaPathKind kind;
  const int error = fsa_path_kind(path, &kind);
  if (error) return fsa_pack_refuse(path, strerror(error));
  return kind == FSA_PATH_FOLDER ? walk_folder(walk, path, depth)
                                 : walk->visit(walk->context, path);
}

int fsa_pack_walk(const char *path, const char *const *endings, FsaPackVisit *visit,
                  void *context) {
  return walk_path(&(Walk){endings, visit, context}, path, 0);
}
