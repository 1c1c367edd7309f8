/* Paths inside evidence. Links follow chroot(2)'s rule: nothing leads out of the root. */
#include "evidence/path.h"

#include <string.h>

const char *fsa_path_join(FsaArena *arena, const char *folder, char separator, const char *name) {
  size_t folder_size = strlen(folder), name_size = strlen(name);
  char *path = fsa_arena_alloc(arena, folder_size + name_size + 2);
  if (!path) return NULL;
  memcpy(path, folder, folder_size);
  if (folder_size) path[folder_size++] = separator;
  memcpy(path + folder_size, name, name_size + 1);
  return path;
}

const char *fsa_path_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

bool fsa_name_same(const char *a, const char *b) {
  return fsa_text_same(a, strlen(a), b, strlen(b));
}

bool fsa_name_ends(const char *name, const char *tail) {
  size_t size = strlen(name), tail_size = strlen(tail);
  return size >= tail_size && fsa_name_same(name + size - tail_size, tail);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *fsa_path_decode(FsaArena *arena, const char *name) {
  if (!strchr(name, '%')) return name;
  char *decoded = fsa_arena_copy(arena, name, strlen(name));
  if (!decoded) return NULL;
  char *to = decoded;
  for (const char *from = name; *from; from++) {
    int high = *from == '%' ? hex_digit(from[1]) : -1;
    int low = high >= 0 ? hex_digit(from[2]) : -1;
    int byte = low >= 0 ? high << 4 | low : 0;
    *to++ = byte ? (char)byte : *from;
    if (byte) from += 2;
  }
  *to = '\0';
  return decoded;
}

/* ---- links ----------------------------------------------------------------------------------- */

typedef struct Way {
  FsaTree *tree;
  FsaArena *arena;
  const char *root;
  const char *done; /* resolved, without links */
  const char *rest; /* still to go */
  FsaNodeKind kind; /* of `done` */
  unsigned links;
} Way;

/* The directory above `done`, never above the root. */
static int step_up(Way *way) {
  size_t root_size = strlen(way->root);
  const char *slash = strrchr(way->done, '/');
  size_t size = slash ? (size_t)(slash - way->done) : 0;
  if (size < root_size) size = root_size;
  way->done = fsa_arena_copy(way->arena, way->done, size);
  return way->done ? FSA_OK : FSA_E_NOMEM;
}

/*
 * A mounting program may write the absolute path of its mount point into the links that it makes of
 * Windows junctions; such a target is meant to be inside, and is. A drive in front of one ("/C:/x")
 * is that of the volume itself.
 */
static const char *target_inside(const Way *way, const char *target) {
  const char *location = way->tree->location;
  size_t size = location ? strlen(location) : 0;
  if (size > 1 && strncmp(target, location, size) == 0 && (!target[size] || target[size] == '/'))
    return target + size;
  bool has_drive = target[1] && target[2] == ':' && (!target[3] || target[3] == '/');
  return has_drive ? target + 3 : target;
}

static int follow_link(Way *way, const char *link) {
  if (++way->links > FSA_MAX_LINKS) return FSA_E_LIMIT;
  const char *target;
  int result = way->tree->ops->link(way->tree, link, way->arena, &target);
  if (result != FSA_OK) return result;
  if (*target == '/') {
    if (way->tree->is_machine)
      way->root = "";
    else
      target = target_inside(way, target);
    way->done = way->root;
  }
  way->rest = fsa_path_join(way->arena, target, '/', way->rest);
  if (!way->rest) return FSA_E_NOMEM;
  way->kind = FSA_NODE_DIRECTORY;
  return strlen(way->rest) > FSA_MAX_PATH ? FSA_E_LIMIT : FSA_OK;
}

static int step(Way *way, const char *part) {
  if (way->kind != FSA_NODE_DIRECTORY) return FSA_E_ABSENT;
  if (strcmp(part, ".") == 0) return FSA_OK;
  if (strcmp(part, "..") == 0) return step_up(way);
  const char *next = fsa_path_join(way->arena, way->done, '/', part);
  if (!next) return FSA_E_NOMEM;
  FsaNodeKind kind;
  int result = way->tree->ops->look(way->tree, next, &kind);
  if (result != FSA_OK) return result;
  if (kind == FSA_NODE_LINK) return follow_link(way, next);
  way->done = next;
  way->kind = kind;
  return FSA_OK;
}

int fsa_path_resolve(FsaTree *tree, const char *root, const char *path, FsaArena *arena,
                     const char **ret_path, FsaNodeKind *ret_kind) {
  size_t root_size = strlen(root);
  if (strncmp(path, root, root_size) == 0) path += root_size;
  Way way = {.tree = tree,
             .arena = arena,
             .root = root,
             .done = root,
             .rest = path,
             .kind = FSA_NODE_DIRECTORY};
  for (;;) {
    while (*way.rest == '/') way.rest++;
    if (!*way.rest) break;
    size_t size = strcspn(way.rest, "/");
    const char *part = fsa_arena_copy(arena, way.rest, size);
    if (!part) return FSA_E_NOMEM;
    way.rest += size;
    int result = step(&way, part);
    if (result != FSA_OK) return result;
  }
  *ret_path = way.done;
  *ret_kind = way.kind;
  return FSA_OK;
}
