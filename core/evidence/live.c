/* Keys of the running system: opened by path, listed, read. */
#include "evidence/live.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/mount.h"
#include "os/registry.h"

struct FsaLive {
  FsaOs *os;
  pthread_mutex_t lock; /* guards what follows */
  FsaOsKey *open;       /* NULL = none */
  uint8_t *path;        /* of the open key */
  size_t size;
  bool follows;
  bool has_told_deleted;
};

/* ---- opening and closing --------------------------------------------------------------------- */

bool fsa_live_is(const FsaEvidence *evidence) {
  return evidence->os && fsa_os_family(evidence->os) == FSA_OS_WINDOWS &&
         fsa_os_is_this_machine(evidence->os);
}

int fsa_live_open(const FsaEvidence *evidence, FsaLive **ret_live) {
  FsaLive *live = calloc(1, sizeof *live);
  if (!live) return FSA_E_NOMEM;
  live->os = evidence->os;
  pthread_mutex_init(&live->lock, NULL);
  *ret_live = live;
  return FSA_OK;
}

static void forget(FsaLive *live) {
  fsa_os_key_close(live->open);
  free(live->path);
  live->open = NULL;
  live->path = NULL;
}

void fsa_live_close(FsaLive *live) {
  if (!live) return;
  forget(live);
  pthread_mutex_destroy(&live->lock);
  free(live);
}

/* The open key of a path; the lock is held, and the key good, until release(). */
static int acquire(FsaLive *live, const FsaLiveKey *key, FsaOsKey **ret_key) {
  pthread_mutex_lock(&live->lock);
  int result = FSA_OK;
  const bool is_same = live->open && live->follows == key->follows &&
                       live->size == key->path.size &&
                       memcmp(live->path, key->path.data, live->size) == 0;
  if (!is_same) {
    forget(live);
    live->path = malloc(key->path.size);
    result =
        live->path ? fsa_os_key_open(live->os, key->path, key->follows, &live->open) : FSA_E_NOMEM;
    if (result == FSA_OK) {
      memcpy(live->path, key->path.data, key->path.size);
      live->size = key->path.size;
      live->follows = key->follows;
    } else {
      forget(live);
    }
  }
  if (result == FSA_OK)
    *ret_key = live->open;
  else
    pthread_mutex_unlock(&live->lock);
  return result;
}

static void release(FsaLive *live) {
  pthread_mutex_unlock(&live->lock);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* UTF-8 to UTF-16, NULs none. Data NULL when memory ran out. */
static FsaBytes utf16_of(FsaArena *arena, const char *text, size_t size) {
  uint8_t *out = fsa_arena_alloc(arena, 2 * size + 2);
  size_t count = 0;
  for (size_t at = 0; out && at < size;) {
    uint32_t c = fsa_utf8_next(text, size, &at);
    if (c > 0xFFFF) {
      const uint32_t high = 0xD800u + ((c - 0x10000u) >> 10);
      out[count++] = (uint8_t)high;
      out[count++] = (uint8_t)(high >> 8);
      c = 0xDC00u + (c & 0x3FFu);
    }
    out[count++] = (uint8_t)c;
    out[count++] = (uint8_t)(c >> 8);
  }
  return fsa_bytes(out, out ? count : 0);
}

/* parent, a backslash, name. Data NULL when memory ran out. */
static FsaBytes path_below(FsaArena *arena, FsaBytes parent, FsaBytes name) {
  uint8_t *path = fsa_arena_alloc(arena, parent.size + 2 + name.size);
  if (!path) return fsa_bytes(NULL, 0);
  memcpy(path, parent.data, parent.size);
  path[parent.size] = '\\';
  path[parent.size + 1] = 0;
  if (name.size) memcpy(path + parent.size + 2, name.data, name.size);
  return fsa_bytes(path, parent.size + 2 + name.size);
}

/* True when a name as text may stand for other units than its own: NULs, unpaired surrogates. */
static bool is_substitute(const char *text) {
  return strstr(text, "\xE2\x90\x80") || strstr(text, "\xEF\xBF\xBD");
}

bool fsa_live_same(const FsaLiveKey *a, const FsaLiveKey *b) {
  FsaArena scratch = fsa_arena(0);
  const FsaText x = fsa_text_from_utf16(&scratch, a->path.data, a->path.size / 2);
  const FsaText y = fsa_text_from_utf16(&scratch, b->path.data, b->path.size / 2);
  const bool is_same = a->path.size == b->path.size && x.data && y.data &&
                       fsa_text_same(x.data, x.size, y.data, y.size);
  fsa_arena_done(&scratch);
  return is_same;
}

/* ---- listing --------------------------------------------------------------------------------- */

static FsaRegKey key_of(const FsaMountedHive *hive, const FsaLiveKey *key) {
  return (FsaRegKey){.hive = hive, .handle = (uint64_t)(uintptr_t)key};
}

/* A list of keys that grows in an arena. */
typedef struct Keys {
  FsaLiveKey *list;
  size_t count, room;
} Keys;

static int add_subkey(Keys *keys, FsaBytes parent, const FsaOsKeyFacts *facts, FsaArena *arena) {
  if (keys->count == keys->room) {
    const size_t room = keys->room ? keys->room * 2 : 16;
    FsaLiveKey *grown =
        fsa_arena_grow(arena, keys->list, keys->room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    keys->list = grown;
    keys->room = room;
  }
  FsaLiveKey key = {
      .path = path_below(arena, parent, facts->name),
      .name = fsa_text_from_utf16(arena, facts->name.data, facts->name.size / 2),
      .has_facts = true,
      .write_time = facts->write_time,
      .class_name = facts->class_name,
  };
  if (!key.path.data || !key.name.data) return FSA_E_NOMEM;
  keys->list[keys->count++] = key;
  return FSA_OK;
}

/* One entry of a listing that cannot be read is told and passed over. */
static void tell_entry(FsaRegistry *registry, const char *source, int code, const FsaLiveKey *key,
                       const char *kind, uint32_t index) {
  FsaArena scratch = fsa_arena(0);
  const FsaText path = fsa_text_from_utf16(&scratch, key->path.data, key->path.size / 2);
  const char *message = fsa_arena_printf(&scratch, "%s %u of %s cannot be read (%s)", kind, index,
                                         path.data ? path.data : "?", fsa_result_name(code));
  fsa_registry_tell(registry, code, source, FSA_NO_OFFSET, message ? message : kind);
  fsa_arena_done(&scratch);
}

#define MAX_TOLD 100 /* entries of one listing that are told before it is given up */

/* After an error that is not the entry's own the rest of a listing is not asked for. */
static bool is_of_entry(int result) {
  return result == FSA_E_LIMIT || result == FSA_E_FORMAT;
}

/* The subkeys of `key`; their nodes in `arena`. `source` is told in problems. */
static int list_keys(FsaRegistry *registry, const char *source, const FsaLiveKey *key,
                     FsaArena *arena, Keys *ret_keys) {
  FsaLive *live = registry->live;
  FsaOsKey *open;
  Keys keys = {0};
  int told = 0;
  int result = acquire(live, key, &open);
  if (result != FSA_OK) return result;
  for (uint32_t i = 0; i < FSA_MAX_KEY_ENTRIES && told < MAX_TOLD; i++) {
    FsaOsKeyFacts facts;
    result = fsa_os_subkey(open, i, arena, &facts);
    if (result == FSA_OK) result = add_subkey(&keys, key->path, &facts, arena);
    if (result == FSA_E_ABSENT || result == FSA_E_NOMEM) break;
    if (result == FSA_OK) continue;
    tell_entry(registry, source, result, key, "subkey", i);
    told += is_of_entry(result) ? 1 : MAX_TOLD;
  }
  release(live);
  if (result == FSA_E_NOMEM) return result;
  *ret_keys = keys;
  return FSA_OK;
}

int fsa_live_subkeys(FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                     FsaRegKey **ret_keys, size_t *ret_count) {
  Keys found;
  int result = list_keys(hive->registry, hive->source, key, arena, &found);
  if (result != FSA_OK) return result;
  FsaRegKey *keys = fsa_arena_zero(arena, found.count, sizeof *keys);
  if (!keys) return FSA_E_NOMEM;
  for (size_t i = 0; i < found.count; i++) keys[i] = key_of(hive, &found.list[i]);
  *ret_keys = keys;
  *ret_count = found.count;
  return FSA_OK;
}

/* ---- facts ----------------------------------------------------------------------------------- */

int fsa_live_info(FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                  FsaRegKeyInfo *ret_info) {
  FsaOsKeyFacts facts = {.write_time = key->write_time, .class_name = key->class_name};
  if (!key->has_facts) {
    FsaOsKey *open;
    int result = acquire(hive->registry->live, key, &open);
    if (result != FSA_OK) return result;
    result = fsa_os_key_facts(open, arena, &facts);
    release(hive->registry->live);
    if (result != FSA_OK) return result;
  }
  *ret_info = (FsaRegKeyInfo){
      .name = key->name,
      .write_time = facts.write_time,
      .class_name = facts.class_name,
      .offset = FSA_NO_OFFSET,
  };
  return FSA_OK;
}

static FsaRegValue value_of(const FsaOsKeyValue *value) {
  return (FsaRegValue){
      .name = value->name,
      .type = value->type,
      .data = value->data,
      .offset = FSA_NO_OFFSET,
      .data_size = (uint32_t)value->data.size,
  };
}

/* A list of values that grows in an arena. */
typedef struct Values {
  FsaRegValue *list;
  size_t count, room;
} Values;

static int add_value(Values *values, const FsaOsKeyValue *value, FsaArena *arena) {
  if (values->count == values->room) {
    const size_t room = values->room ? values->room * 2 : 8;
    FsaRegValue *grown =
        fsa_arena_grow(arena, values->list, values->room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    values->list = grown;
    values->room = room;
  }
  values->list[values->count++] = value_of(value);
  return FSA_OK;
}

int fsa_live_values(FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                    FsaRegValue **ret_values, size_t *ret_count) {
  FsaLive *live = hive->registry->live;
  FsaOsKey *open;
  Values values = {0};
  int told = 0;
  int result = acquire(live, key, &open);
  if (result != FSA_OK) return result;
  for (uint32_t i = 0; i < FSA_MAX_KEY_ENTRIES && told < MAX_TOLD; i++) {
    FsaOsKeyValue value;
    result = fsa_os_key_value(open, i, arena, &value);
    if (result == FSA_OK) result = add_value(&values, &value, arena);
    if (result == FSA_E_ABSENT || result == FSA_E_NOMEM) break;
    if (result == FSA_OK) continue;
    tell_entry(hive->registry, hive->source, result, key, "value", i);
    told += is_of_entry(result) ? 1 : MAX_TOLD;
  }
  release(live);
  if (result == FSA_E_NOMEM) return result;
  *ret_values = values.list;
  *ret_count = values.count;
  return FSA_OK;
}

/* The value whose name shows as `name`. */
static int value_shown(FsaMountedHive *hive, const FsaLiveKey *key, const char *name,
                       FsaArena *arena, FsaRegValue *ret_value) {
  FsaRegValue *values;
  size_t count;
  int result = fsa_live_values(hive, key, arena, &values, &count);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < count; i++) {
    if (!fsa_text_same(values[i].name.data, values[i].name.size, name, strlen(name))) continue;
    *ret_value = values[i];
    return FSA_OK;
  }
  return FSA_E_ABSENT;
}

int fsa_live_value(FsaMountedHive *hive, const FsaLiveKey *key, const char *name, FsaArena *arena,
                   FsaRegValue *ret_value) {
  if (is_substitute(name)) return value_shown(hive, key, name, arena, ret_value);
  const FsaBytes units = utf16_of(arena, name, strlen(name));
  FsaOsKey *open;
  FsaOsKeyValue value;
  if (!units.data) return FSA_E_NOMEM;
  int result = acquire(hive->registry->live, key, &open);
  if (result != FSA_OK) return result;
  result = fsa_os_key_value_named(open, units, arena, &value);
  release(hive->registry->live);
  if (result == FSA_OK) *ret_value = value_of(&value);
  return result;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* FSA_OK when the key at `path` can be opened, or is there and refuses. */
static int look(FsaLive *live, FsaBytes path) {
  const FsaLiveKey key = {.path = path, .follows = true};
  FsaOsKey *open;
  int result = acquire(live, &key, &open);
  if (result == FSA_OK) release(live);
  return result == FSA_E_ACCESS ? FSA_OK : result;
}

/* The subkey of `parent` whose name shows as `part`; its path replaces *path. */
static int shown_part(FsaMountedHive *hive, FsaBytes *path, const char *part, size_t size,
                      FsaArena *arena) {
  const FsaLiveKey parent = {.path = *path, .follows = true};
  Keys keys;
  int result = list_keys(hive->registry, hive->source, &parent, arena, &keys);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < keys.count; i++) {
    if (!fsa_text_same(keys.list[i].name.data, keys.list[i].name.size, part, size)) continue;
    *path = keys.list[i].path;
    return FSA_OK;
  }
  return FSA_E_ABSENT;
}

/* Where `path` leads to below *at, which becomes it; `shown`: by the names as they are shown. */
static int follow(FsaMountedHive *hive, FsaBytes *at, const char *path, bool shown, FsaArena *arena,
                  FsaText *ret_last) {
  for (;;) {
    while (*path == '\\') path++;
    if (!*path) break;
    const size_t size = strcspn(path, "\\");
    const FsaBytes part = utf16_of(arena, path, size);
    if (!part.data) return FSA_E_NOMEM;
    if (shown) {
      int result = shown_part(hive, at, path, size, arena);
      if (result != FSA_OK) return result;
    } else {
      *at = path_below(arena, *at, part);
      if (!at->data) return FSA_E_NOMEM;
    }
    *ret_last = (FsaText){path, size};
    path += size;
  }
  return shown ? FSA_OK : look(hive->registry->live, *at);
}

int fsa_live_find(FsaMountedHive *hive, const FsaLiveKey *key, const char *path, FsaArena *arena,
                  FsaRegKey *ret_key) {
  FsaText last = {NULL, 0};
  FsaBytes at = key->path;
  FsaLiveKey *node = fsa_arena_zero(arena, 1, sizeof *node);
  if (!node) return FSA_E_NOMEM;
  int result = follow(hive, &at, path, false, arena, &last);
  if (result == FSA_E_ABSENT && is_substitute(path)) {
    at = key->path;
    result = follow(hive, &at, path, true, arena, &last);
  }
  if (result != FSA_OK) return result;
  *node = (FsaLiveKey){.path = at, .name = key->name, .follows = true, .write_time = INT64_MIN};
  if (last.data) {
    const char *name = fsa_arena_copy(arena, last.data, last.size);
    if (!name) return FSA_E_NOMEM;
    node->name = (FsaText){name, last.size};
  }
  *ret_key = key_of(hive, node);
  return FSA_OK;
}

/* ---- hives ----------------------------------------------------------------------------------- */

int fsa_live_top(FsaMountedHive *hive, FsaRegKey *ret_key) {
  FsaOsKey *open;
  int result = acquire(hive->registry->live, hive->live, &open);
  if (result == FSA_OK) {
    release(hive->registry->live);
    *ret_key = key_of(hive, hive->live);
    return FSA_OK;
  }
  fsa_registry_tell(hive->registry, result, hive->source, FSA_NO_OFFSET,
                    result == FSA_E_ACCESS
                        ? "the system refuses this hive: administrators read it, and "
                          "SeBackupPrivilege reads all of it"
                        : "this hive cannot be opened");
  return result;
}

/* True when the key is a link: it holds the name that it leads to. */
static bool is_link(FsaLive *live, const FsaLiveKey *key, FsaArena *arena) {
  const FsaBytes name = utf16_of(arena, "SymbolicLinkValue", 17);
  FsaOsKey *open;
  FsaOsKeyValue value = {0};
  if (!name.data || acquire(live, key, &open) != FSA_OK) return false;
  int result = fsa_os_key_value_named(open, name, arena, &value);
  release(live);
  return result == FSA_OK && value.type == FSA_REG_LINK;
}

static int mount_key(FsaRegistry *registry, const char *root, const FsaLiveKey *key) {
  FsaArena *arena = &registry->arena;
  const char *path = fsa_arena_printf(arena, "%s\\%s", root, key->name.data);
  FsaMountedHive *hive = NULL;
  if (!path) return FSA_E_NOMEM;
  if (is_link(registry->live, key, arena)) return FSA_OK; /* the hive stands under another name */
  int result = fsa_mount_add(registry, path, NULL, &hive);
  if (hive) hive->live = key;
  return result;
}

/* The keys of `native` that `wanted` accepts, mounted below `root`. */
static int mount_keys(FsaRegistry *registry, const char *native, const char *root,
                      bool (*wanted)(FsaText name)) {
  const FsaBytes path = utf16_of(&registry->arena, native, strlen(native));
  const FsaLiveKey key = {.path = path, .follows = true};
  Keys keys;
  if (!path.data) return FSA_E_NOMEM;
  int result = list_keys(registry, root, &key, &registry->arena, &keys);
  if (result != FSA_OK && result != FSA_E_NOMEM) {
    fsa_registry_tell(registry, result, root, FSA_NO_OFFSET,
                      "the registry of the running system cannot be listed");
    return FSA_OK;
  }
  for (size_t i = 0; result == FSA_OK && i < keys.count; i++)
    if (!wanted || wanted(keys.list[i].name)) result = mount_key(registry, root, &keys.list[i]);
  return result;
}

static bool is_default(FsaText name) {
  return fsa_text_same(name.data, name.size, ".DEFAULT", 8);
}

static bool is_user(FsaText name) {
  return !is_default(name);
}

int fsa_live_mount_machine(FsaRegistry *registry) {
  int result = mount_keys(registry, "\\Registry\\Machine", "HKLM", NULL);
  if (result == FSA_OK) result = mount_keys(registry, "\\Registry\\User", "HKU", is_default);
  return result;
}

int fsa_live_mount_users(FsaRegistry *registry) {
  return mount_keys(registry, "\\Registry\\User", "HKU", is_user);
}

void fsa_live_tell_deleted(FsaMountedHive *hive) {
  FsaLive *live = hive->registry->live;
  pthread_mutex_lock(&live->lock);
  const bool is_first = !live->has_told_deleted;
  live->has_told_deleted = true;
  pthread_mutex_unlock(&live->lock);
  if (is_first)
    fsa_registry_tell(hive->registry, FSA_E_UNSUPPORTED, hive->source, FSA_NO_OFFSET,
                      "deleted keys and values are recovered from hive files: the registry of a "
                      "running system shows none");
}
