/*
 * fsa_registry: keys and values of the registry, seeking where the query names a key.
 *
 * Columns and the form of paths ("HKEY_LOCAL_MACHINE\SOFTWARE\...") are those of osquery's table of
 * the same name: the row of a key stands under its parent with the type 'subkey'.
 *
 * A scan is a list of starts: the keys that the query names, or all hives. Each start is walked
 * depth first; a level of the walk keeps its names in an arena of its own, so that memory follows
 * the depth of the tree and not its size.
 */
#include "evidence/registry.h"
#include "fsa.h"

enum {
  KEY,
  PATH,
  NAME,
  TYPE,
  DATA,
  MTIME,
  RAW,
  DATA_SIZE,
  CLASS_NAME,
  IS_DELETED,
  DELETED,
};

static const FsaColumn columns[] = {
    [KEY] = {"key", FSA_TEXT, FSA_KEY | FSA_ARGUMENT,
             "The key that holds the value, or the parent of the subkey; a query that names it is "
             "answered by seeking. Never NULL."},
    [PATH] = {"path", FSA_TEXT, 0, "key, a backslash and name; never NULL."},
    [NAME] = {"name", FSA_TEXT, FSA_KEY,
              "Name of the value, empty for the default value, or of the subkey; a NUL inside it, "
              "which hides it from regedit, is shown as U+2400. Never NULL."},
    [TYPE] = {"type", FSA_TEXT, 0,
              "'subkey' for a key, else REG_SZ, REG_DWORD, ..., or 0x... for a number that is no "
              "known type; never NULL."},
    [DATA] =
        {"data", FSA_TEXT, FSA_COSTLY,
         "The value as text: strings up to their first NUL, numbers in decimal, REG_MULTI_SZ as "
         "a JSON array, all else in lower-case hex. NULL for a subkey and when nothing of it "
         "can be read."},
    [MTIME] = {"mtime", FSA_TIME, FSA_KEY,
               "Last write of the subkey, or of the key that holds the value, Unix seconds; NULL "
               "when unknown."},
    [RAW] = {"raw", FSA_BLOB, FSA_COSTLY | FSA_HIDDEN,
             "The value's bytes as stored; NULL for a subkey and when nothing can be read."},
    [DATA_SIZE] = {"data_size", FSA_INTEGER, 0,
                   "Size of the value as the hive claims it, bytes; NULL for a subkey."},
    [CLASS_NAME] = {"class_name", FSA_TEXT, 0,
                    "Class name of the subkey; NULL for a value and without one."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when it was recovered from free space of the hive; such rows come only with "
                    "deleted = 1. Never NULL."},
    [DELETED] =
        {"deleted", FSA_INTEGER, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
         "Give deleted = 1 to have deleted keys and values recovered too; keys whose parent "
         "is gone stand below the hive's (unknown). The number that was asked, else 0."},
};

/* Where a walk begins. */
typedef struct Start {
  FsaRegKey key;
  const char *path;   /* the key, as the query spells it or under its long name */
  const char *parent; /* non-NULL: its own row comes first, under this path */
  const char *prefix; /* only subkeys whose names begin so are entered and shown; NULL = all */
  bool is_deep;       /* subkeys are entered */
  bool is_silent;     /* the key's own values are not shown */
  bool has_orphans;   /* `index` is a hive whose parentless keys are shown behind it */
  size_t index;
} Start;

/* One level of a walk. */
typedef struct Level {
  FsaArena arena; /* what follows lies in it */
  FsaText path;
  int64_t mtime;
  FsaText file;
  FsaRegValue *values;
  size_t value_count, next_value;
  FsaRegKey *keys;
  size_t key_count, next_key;
  const char *prefix;
} Level;

typedef struct State {
  FsaRegistry *registry;
  Start *starts;
  size_t start_count, start_room, next_start;
  Level levels[FSA_MAX_REGISTRY_DEPTH];
  size_t depth;     /* levels in use */
  size_t used;      /* levels whose arena was ever used */
  bool is_deep;     /* the start at hand is */
  bool is_whole;    /* all hives were added for a key that could not be sought */
  int64_t deleted;  /* what the column shows */
  FsaArena scratch; /* of one step */
} State;

static const char orphan_name[] = "(unknown)";

/* ---- starts ---------------------------------------------------------------------------------- */

static bool same_start(const FsaRegistry *registry, const Start *a, const Start *b) {
  const char *x = a->prefix ? a->prefix : "", *y = b->prefix ? b->prefix : "";
  return a->is_deep == b->is_deep && strcmp(x, y) == 0 &&
         fsa_text_same(a->path, strlen(a->path), b->path, strlen(b->path)) &&
         fsa_registry_same_key(registry, a->key, b->key);
}

static int add_start(FsaScan *scan, State *state, Start start) {
  for (size_t i = 0; i < state->start_count; i++)
    if (!start.parent && same_start(state->registry, &state->starts[i], &start)) return FSA_OK;
  if (state->start_count == state->start_room) {
    size_t room = state->start_room ? state->start_room * 2 : 16;
    Start *grown = fsa_arena_grow(fsa_scan_arena(scan), state->starts,
                                  state->start_room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    state->starts = grown;
    state->start_room = room;
  }
  state->starts[state->start_count++] = start;
  return FSA_OK;
}

/* The roots that hives hang below; they are no keys themselves. */
typedef struct Root {
  const char *name;
  bool is_machine;
} Root;

static const Root roots[] = {
    {"HKEY_LOCAL_MACHINE", true},
    {"HKLM", true},
    {"HKEY_USERS", false},
    {"HKU", false},
};

static const Root *find_root(const char *name, size_t size) {
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
    if (fsa_text_same(name, size, roots[i].name, strlen(roots[i].name))) return &roots[i];
  return NULL;
}

static bool is_machine(FsaText path) {
  return path.size >= 4 && memcmp(path.data, "HKLM", 4) == 0;
}

/*
 * Hives below `root` (NULL = all), as its subkeys alone or with all that is in them. `shown` is how
 * the query spells the root; NULL = its long name.
 */
static int add_hives(FsaScan *scan, State *state, const Root *root, const char *shown,
                     const char *prefix, bool is_deep) {
  size_t count = fsa_registry_root_count(state->registry);
  for (size_t i = 0; i < count; i++) {
    FsaText path;
    fsa_registry_root(state->registry, i, &path, NULL);
    const char *name = path.data + strcspn(path.data, "\\");
    if (root && root->is_machine != is_machine(path)) continue;
    if (prefix && !fsa_text_starts(name + 1, strlen(name + 1), prefix, strlen(prefix))) continue;
    Start start = {.is_deep = is_deep, .has_orphans = is_deep, .index = i};
    int result = fsa_registry_root_key(state->registry, i, &start.key);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK) continue; /* it was told */
    start.parent = shown ? shown : is_machine(path) ? "HKEY_LOCAL_MACHINE" : "HKEY_USERS";
    start.path = fsa_arena_printf(fsa_scan_arena(scan), "%s%s", start.parent, name);
    if (!start.path) return FSA_E_NOMEM;
    result = add_start(scan, state, start);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

/*
 * A key that a query names was not found: no problem where its hive was looked into. Recovered keys
 * have no path to seek by: all are walked.
 */
static int add_unfound(FsaScan *scan, State *state, const char *path, int result) {
  if (result == FSA_E_NOMEM) return result;
  if (!fsa_registry_has_hive(state->registry, path))
    fsa_problem_in(scan, FSA_E_ABSENT, path, FSA_NO_OFFSET,
                   "the evidence has no hive for this key");
  if (state->deleted == 0 || state->is_whole) return FSA_OK;
  state->is_whole = true;
  return add_hives(scan, state, NULL, NULL, NULL, true);
}

/* key = 'path': its values and the rows of its subkeys. */
static int add_named(FsaScan *scan, State *state, FsaText path) {
  const char *text = fsa_arena_copy(fsa_scan_arena(scan), path.data, path.size);
  if (!text) return FSA_E_NOMEM;
  const Root *root = find_root(text, path.size);
  if (root) return add_hives(scan, state, root, text, NULL, false);
  Start start = {.path = text};
  int result = fsa_registry_find(state->registry, text, fsa_scan_arena(scan), &start.key);
  return result == FSA_OK ? add_start(scan, state, start) : add_unfound(scan, state, text, result);
}

/* A part of a path as the registry itself spells it; the query's spelling of what has another name.
 */
static FsaText stored_name(const State *state, FsaArena *arena, const Root *root, const char *path,
                           FsaText part) {
  FsaRegKey key;
  FsaRegKeyInfo info;
  const bool is_hive = part.data == strchr(path, '\\') + 1;
  const size_t count = !is_hive           ? 0
                       : root->is_machine ? fsa_registry_machine_count(state->registry)
                                          : fsa_registry_root_count(state->registry);
  for (size_t i = 0; i < count; i++) {
    FsaText hive;
    fsa_registry_root(state->registry, i, &hive, NULL);
    const char *name = strchr(hive.data, '\\') + 1;
    if (root->is_machine == is_machine(hive) &&
        fsa_text_same(name, strlen(name), part.data, part.size))
      return (FsaText){name, strlen(name)};
  }
  if (!is_hive && fsa_registry_find(state->registry, path, arena, &key) == FSA_OK &&
      fsa_registry_key_info(state->registry, key, arena, &info) == FSA_OK &&
      fsa_text_same(info.name.data, info.name.size, part.data, part.size))
    return info.name;
  return part; /* CurrentControlSet, a link, another name of a hive */
}

/*
 * A path below a root as a walk from its hive shows it. LIKE is true of it in any letter case, and
 * a row has one spelling, whoever asks: osquery tells rows of two questions apart by it. NULL when
 * memory ran out.
 */
static const char *stored_path(const State *state, FsaArena *arena, const Root *root,
                               const char *path) {
  char *stored = fsa_arena_copy(arena, root->name, strlen(root->name));
  for (const char *at = strchr(path, '\\'); stored && at; at = strchr(at + 1, '\\')) {
    const size_t size = strcspn(at + 1, "\\");
    const char *above = fsa_arena_copy(arena, path, (size_t)(at - path) + 1 + size);
    if (!above) return NULL;
    const FsaText part = {above + (at - path) + 1, size};
    const FsaText name = stored_name(state, arena, root, above, part);
    stored = fsa_arena_printf(arena, "%s\\%.*s", stored, (int)name.size, name.data);
  }
  return stored;
}

/*
 * key LIKE 'path\pre%': below the last key that the prefix names in full, what begins with the
 * rest.
 */
static int add_prefix(FsaScan *scan, State *state, FsaText prefix) {
  FsaArena *arena = fsa_scan_arena(scan);
  const char *text = fsa_arena_copy(arena, prefix.data, prefix.size);
  if (!text) return FSA_E_NOMEM;
  const char *rest = strrchr(text, '\\');
  if (!rest) return add_hives(scan, state, NULL, NULL, NULL, true); /* SQLite drops what differs */
  Start start = {.prefix = rest + 1, .is_deep = true, .is_silent = true};
  start.path = fsa_arena_copy(arena, text, (size_t)(rest - text));
  if (!start.path) return FSA_E_NOMEM;
  const Root *root = find_root(start.path, strcspn(start.path, "\\"));
  if (root) start.path = stored_path(state, arena, root, start.path);
  if (!start.path) return FSA_E_NOMEM;
  if (root && !strchr(start.path, '\\'))
    return add_hives(scan, state, root, start.path, rest + 1, true);
  int result = fsa_registry_find(state->registry, start.path, arena, &start.key);
  return result == FSA_OK ? add_start(scan, state, start)
                          : add_unfound(scan, state, start.path, result);
}

/*
 * What a LIKE names in full: "HKEY_LOCAL_MACHINE\Soft" of 'HKEY_LOCAL_MACHINE\Soft_are\%'. The '_'
 * in the name of a root, which no other root fits, is no wildcard.
 */
static FsaText fixed_part(const FsaKey *key) {
  const FsaText wide = key->wide_prefix;
  if (!wide.data) return key->prefix;
  const size_t root_size = strcspn(wide.data, "\\");
  if (!find_root(wide.data, root_size)) return key->prefix;
  return (FsaText){wide.data, root_size + strcspn(wide.data + root_size, "_")};
}

static int find_starts(FsaScan *scan, State *state) {
  const FsaKey *key = fsa_key(scan, KEY);
  if (!key || (key->value_count == 0 && !key->prefix.data))
    return add_hives(scan, state, NULL, NULL, NULL, true);
  if (key->value_count == 0) return add_prefix(scan, state, fixed_part(key));
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < key->value_count; i++)
    if (key->values[i].text.data) result = add_named(scan, state, key->values[i].text);
  return result;
}

static int open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  const FsaKey *deleted = fsa_key(scan, DELETED);
  state->scratch = fsa_arena(FSA_SUBJECT_MEMORY);
  if (deleted && deleted->value_count == 1 && deleted->values[0].integer > 0)
    state->deleted = deleted->values[0].integer;
  int result = fsa_scan_registry(scan, &state->registry);
  if (result == FSA_OK) return find_starts(scan, state);
  return result == FSA_E_ABSENT ? FSA_OK : result;
}

static void close(void *opaque) {
  State *state = opaque;
  for (size_t i = 0; i < state->used; i++) fsa_arena_done(&state->levels[i].arena);
  fsa_arena_done(&state->scratch);
}

/* ---- levels ---------------------------------------------------------------------------------- */

static void tell_key(FsaScan *scan, const State *state, FsaRegKey key, int code, const char *path) {
  FsaText file = fsa_registry_key_file(state->registry, key);
  fsa_problem_in(scan, code, file.data, fsa_registry_key_offset(state->registry, key),
                 "%s cannot be read", path);
}

/* A fresh level on top of the others; NULL at the ceiling, which is told. */
static Level *push(FsaScan *scan, State *state, FsaText path) {
  if (state->depth == FSA_MAX_REGISTRY_DEPTH) {
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET, "%.120s...: more than %d levels of keys",
                path.data, FSA_MAX_REGISTRY_DEPTH);
    return NULL;
  }
  Level *level = &state->levels[state->depth++];
  if (state->used < state->depth) {
    level->arena = fsa_arena(FSA_SUBJECT_MEMORY);
    state->used = state->depth;
  }
  FsaArena arena = level->arena;
  fsa_arena_clear(&arena);
  *level = (Level){.arena = arena};
  const char *copy = fsa_arena_copy(&level->arena, path.data, path.size);
  level->path = (FsaText){copy, path.size};
  return level;
}

/* Enters a key: reads its values and subkeys. FSA_OK also when it cannot be read, which is told. */
static int enter(FsaScan *scan, State *state, FsaRegKey key, FsaText path, int64_t mtime,
                 const Start *start) {
  Level *level = push(scan, state, path);
  if (!level) return FSA_OK;
  if (!level->path.data) return FSA_E_NOMEM;
  bool deleted = state->deleted > 0;
  level->file = fsa_registry_key_file(state->registry, key);
  level->mtime = mtime;
  level->prefix = start ? start->prefix : NULL;
  int result = FSA_OK;
  if (!start || !start->is_silent)
    result = fsa_registry_values(state->registry, key, deleted, &level->arena, &level->values,
                                 &level->value_count);
  if (result == FSA_OK)
    result = fsa_registry_subkeys(state->registry, key, deleted, &level->arena, &level->keys,
                                  &level->key_count);
  if (result == FSA_OK || result == FSA_E_NOMEM) return result;
  tell_key(scan, state, key, result, level->path.data);
  return FSA_OK;
}

/* The keys of a hive that have lost their parent, as if they stood below one called "(unknown)". */
static int enter_orphans(FsaScan *scan, State *state, const Start *start) {
  const char *path = fsa_arena_printf(&state->scratch, "%s\\%s", start->path, orphan_name);
  if (!path) return FSA_E_NOMEM;
  Level *level = push(scan, state, (FsaText){path, strlen(path)});
  if (!level) return FSA_OK;
  level->mtime = INT64_MIN;
  level->file = fsa_registry_key_file(state->registry, start->key);
  int result = fsa_registry_orphans(state->registry, start->index, &level->arena, &level->keys,
                                    &level->key_count);
  if (result == FSA_OK || result == FSA_E_NOMEM) return result;
  tell_key(scan, state, start->key, result, path);
  return FSA_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* "parent\name", NUL-terminated; data NULL when memory ran out. */
static FsaText join(FsaArena *arena, FsaText parent, FsaText name) {
  size_t size = parent.size + 1 + name.size;
  char *path = fsa_arena_alloc(arena, size + 1);
  if (!path) return (FsaText){NULL, 0};
  memcpy(path, parent.data, parent.size);
  path[parent.size] = '\\';
  if (name.size) memcpy(path + parent.size + 1, name.data, name.size);
  path[size] = '\0';
  return (FsaText){path, size};
}

/* Sets the columns that keys and values share. */
static int fill_names(FsaScan *scan, const State *state, FsaRow *row, FsaText key, FsaText name) {
  fsa_row_int(row, DELETED, state->deleted);
  if (!fsa_wants(scan, KEY) && !fsa_wants(scan, PATH) && !fsa_wants(scan, NAME)) return FSA_OK;
  FsaText path = join(fsa_row_arena(scan), key, name);
  if (!path.data) return FSA_E_NOMEM;
  fsa_row_text(row, KEY, path.data, key.size);
  fsa_row_text(row, PATH, path.data, path.size);
  fsa_row_text(row, NAME, path.data + key.size + 1, name.size);
  return FSA_OK;
}

/* The row of a key; FSA_OK when the query does not want it. */
static int key_row(FsaScan *scan, const State *state, FsaRow *row, FsaText parent,
                   const FsaRegKeyInfo *info, FsaText name, FsaText file) {
  if (!fsa_admits_text(scan, NAME, name.data, name.size)) return FSA_OK;
  if (info->write_time != INT64_MIN && !fsa_admits_int(scan, MTIME, info->write_time))
    return FSA_OK;
  if (fill_names(scan, state, row, parent, name) != FSA_OK) return FSA_E_NOMEM;
  if (info->class_name.data) {
    const char *class_name =
        fsa_arena_copy(fsa_row_arena(scan), info->class_name.data, info->class_name.size);
    if (!class_name) return FSA_E_NOMEM;
    fsa_row_text(row, CLASS_NAME, class_name, info->class_name.size);
  }
  fsa_row_string(row, TYPE, "subkey");
  if (info->write_time != INT64_MIN) fsa_row_int(row, MTIME, info->write_time);
  fsa_row_bool(row, IS_DELETED, info->is_deleted);
  fsa_row_source(row, file.data, file.size);
  fsa_row_offset(row, info->offset);
  return FSA_ROW;
}

static int fill_data(FsaScan *scan, FsaRow *row, const FsaRegValue *value) {
  FsaArena *arena = fsa_row_arena(scan);
  bool is_known = value->data.size || !value->is_partial;
  if (fsa_wants(scan, DATA)) {
    FsaText text = fsa_registry_decode(value, arena);
    if (!text.data && is_known) return FSA_E_NOMEM;
    fsa_row_text(row, DATA, text.data, text.size);
  }
  if (fsa_wants(scan, RAW) && is_known) {
    const char *raw = fsa_arena_copy(arena, value->data.data, value->data.size);
    if (!raw) return FSA_E_NOMEM;
    fsa_row_blob(row, RAW, raw, value->data.size);
  }
  fsa_row_int(row, DATA_SIZE, value->data_size);
  return FSA_OK;
}

/* The row of a value; FSA_OK when the query does not want it. */
static int value_row(FsaScan *scan, const State *state, FsaRow *row, const Level *level,
                     const FsaRegValue *value) {
  if (!fsa_admits_text(scan, NAME, value->name.data, value->name.size)) return FSA_OK;
  if (level->mtime != INT64_MIN && !fsa_admits_int(scan, MTIME, level->mtime)) return FSA_OK;
  if (value->is_partial)
    fsa_problem_in(scan, FSA_E_FORMAT, level->file.data, value->offset,
                   "%.200s\\%.100s claims %u bytes, %zu could be read", level->path.data,
                   value->name.data, value->data_size, value->data.size);
  const char *type = fsa_registry_type_name(value->type, fsa_row_arena(scan));
  if (!type || fill_names(scan, state, row, level->path, value->name) != FSA_OK ||
      fill_data(scan, row, value) != FSA_OK)
    return FSA_E_NOMEM;
  fsa_row_string(row, TYPE, type);
  if (level->mtime != INT64_MIN) fsa_row_int(row, MTIME, level->mtime);
  fsa_row_bool(row, IS_DELETED, value->is_deleted);
  fsa_row_source(row, level->file.data, level->file.size);
  fsa_row_offset(row, value->offset);
  return FSA_ROW;
}

/* ---- the walk -------------------------------------------------------------------------------- */

/* The row of the next subkey of `level`, and a level of its own when the walk is deep. */
static int next_subkey(FsaScan *scan, State *state, FsaRow *row, Level *level) {
  FsaRegKey key = level->keys[level->next_key++];
  FsaRegKeyInfo info;
  int result = fsa_registry_key_info(state->registry, key, &state->scratch, &info);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) {
    tell_key(scan, state, key, result, level->path.data);
    return FSA_OK;
  }
  if (level->prefix &&
      !fsa_text_starts(info.name.data, info.name.size, level->prefix, strlen(level->prefix)))
    return FSA_OK;
  result = key_row(scan, state, row, level->path, &info, info.name, level->file);
  if (!state->is_deep || result == FSA_E_NOMEM) return result;
  FsaText path = join(&state->scratch, level->path, info.name);
  if (!path.data) return FSA_E_NOMEM;
  int entered = enter(scan, state, key, path, info.write_time, NULL);
  return entered == FSA_OK ? result : entered;
}

/* Begins the next start: the row of its key if it has one, then what is in it. */
static int next_start(FsaScan *scan, State *state, FsaRow *row) {
  const Start *start = &state->starts[state->next_start++];
  state->is_deep = start->is_deep;
  FsaRegKeyInfo info = {.write_time = INT64_MIN};
  int result = fsa_registry_key_info(state->registry, start->key, &state->scratch, &info);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) tell_key(scan, state, start->key, result, start->path);
  bool has_row = result == FSA_OK && start->parent;
  result = FSA_OK;
  if (has_row) {
    const char *name = start->path + strlen(start->parent) + 1;
    result =
        key_row(scan, state, row, (FsaText){start->parent, strlen(start->parent)}, &info,
                (FsaText){name, strlen(name)}, fsa_registry_key_file(state->registry, start->key));
  }
  if (result == FSA_E_NOMEM || (start->parent && !start->is_deep)) return result;
  int entered = FSA_OK;
  if (start->has_orphans && state->deleted > 0) entered = enter_orphans(scan, state, start);
  if (entered == FSA_OK)
    entered = enter(scan, state, start->key, (FsaText){start->path, strlen(start->path)},
                    info.write_time, start);
  return entered == FSA_OK ? result : entered;
}

/* One step: a row, or FSA_OK when the step gave none. */
static int step(FsaScan *scan, State *state, FsaRow *row) {
  if (state->depth == 0) return next_start(scan, state, row);
  Level *level = &state->levels[state->depth - 1];
  if (level->next_value < level->value_count)
    return value_row(scan, state, row, level, &level->values[level->next_value++]);
  if (level->next_key < level->key_count) return next_subkey(scan, state, row, level);
  state->depth--;
  return FSA_OK;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  while (state->depth || state->next_start < state->start_count) {
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    fsa_arena_clear(&state->scratch);
    int result = step(scan, state, row);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

const FsaTable fsa_table_registry = {
    .name = "registry",
    .summary = "Keys and values of the registry, one row for each.",
    .proves =
        "The hive held this key or value when it was last written or copied; with deleted = 1 "
        "also what was deleted and not yet overwritten.",
    .caveat = "Offline there is only what lies in hive files: volatile keys (HKLM\\HARDWARE) and "
              "links are not in them. CurrentControlSet is answered when a query names it; a walk "
              "shows the control sets under their own names. Live there is nothing deleted, and a "
              "rootkit may keep keys from being listed: compare with a copy of the hives.",
    .example = "SELECT name, type, data FROM fsa_registry WHERE key = "
               "'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'",
    .sources = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME | FSA_LOOSE_FILE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open,
    .next = next,
    .close = close,
};
