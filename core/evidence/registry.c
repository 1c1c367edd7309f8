/* The registry over hives in files and in the running system: paths to keys, keys to facts. */
#include "evidence/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/mount.h"

#define CURRENT_SET "CurrentControlSet"

/* ---- opening and closing --------------------------------------------------------------------- */

int fsa_registry_open(const FsaEvidence *evidence, FsaRegistryProblem *problem, void *context,
                      FsaRegistry **ret_registry) {
  FsaRegistry *registry = calloc(1, sizeof *registry);
  if (!registry) return FSA_E_NOMEM;
  *registry = (FsaRegistry){.evidence = evidence, .problem = problem, .context = context};
  pthread_mutex_init(&registry->problem_lock, NULL);
  pthread_mutex_init(&registry->lock, NULL);
  int result = fsa_mount_machine(registry);
  if (result == FSA_OK && registry->count == 0) {
    result = fsa_mount_users(registry); /* a package may hold the users' hives alone */
    if (result == FSA_OK && registry->count == 0) result = FSA_E_ABSENT;
  }
  if (result != FSA_OK) {
    fsa_registry_close(registry);
    return result;
  }
  *ret_registry = registry;
  return FSA_OK;
}

void fsa_registry_close(FsaRegistry *registry) {
  if (!registry) return;
  fsa_mount_close(registry);
  fsa_arena_done(&registry->arena);
  pthread_mutex_destroy(&registry->problem_lock);
  pthread_mutex_destroy(&registry->lock);
  free(registry);
}

/* ---- keys and hives -------------------------------------------------------------------------- */

/* The hive that a key belongs to: ours, so it may be changed under its lock. */
static FsaMountedHive *hive_of(FsaRegKey key) {
  return (FsaMountedHive *)(uintptr_t)key.hive;
}

/* A key of a live hive: its handle is the address of what is known of it. */
static const FsaLiveKey *live_key(FsaRegKey key) {
  return (const FsaLiveKey *)(uintptr_t)key.handle;
}

static FsaRegKey key_in(const FsaMountedHive *hive, FsaRegfKey key) {
  return (FsaRegKey){.hive = hive, .handle = key};
}

static int top_of(FsaMountedHive *hive, FsaRegKey *ret_key) {
  if (hive->live) return fsa_live_top(hive, ret_key);
  int result = fsa_mount_open(hive);
  if (result != FSA_OK) return result;
  FsaRegfKey root = fsa_regf_root(hive->regf);
  if (!root) return FSA_E_FORMAT;
  *ret_key = key_in(hive, root);
  return FSA_OK;
}

size_t fsa_registry_root_count(FsaRegistry *registry) {
  if (fsa_mount_users(registry) == FSA_E_NOMEM)
    fsa_registry_tell(registry, FSA_E_NOMEM, "HKU", FSA_NO_OFFSET,
                      "memory ran out while looking for the users' hives");
  return registry->count;
}

size_t fsa_registry_machine_count(const FsaRegistry *registry) {
  return registry->machine_count;
}

void fsa_registry_root(FsaRegistry *registry, size_t index, FsaText *ret_path, FsaText *ret_file) {
  const FsaMountedHive *hive = registry->hives[index];
  if (ret_path) *ret_path = (FsaText){hive->path, strlen(hive->path)};
  if (ret_file) *ret_file = (FsaText){hive->source, strlen(hive->source)};
}

int fsa_registry_root_key(FsaRegistry *registry, size_t index, FsaRegKey *ret_key) {
  return top_of(registry->hives[index], ret_key);
}

FsaText fsa_registry_key_file(const FsaRegistry *registry, FsaRegKey key) {
  (void)registry;
  return (FsaText){key.hive->source, strlen(key.hive->source)};
}

uint64_t fsa_registry_key_offset(const FsaRegistry *registry, FsaRegKey key) {
  (void)registry;
  return key.hive->live ? FSA_NO_OFFSET : fsa_regf_key_offset(key.handle);
}

bool fsa_registry_same_key(const FsaRegistry *registry, FsaRegKey a, FsaRegKey b) {
  (void)registry;
  if (a.hive != b.hive) return false;
  if (!a.hive->live) return a.handle == b.handle;
  return fsa_live_same(live_key(a), live_key(b));
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Other names of places in the registry. */
static const char *const root_names[][2] = {
    {"HKEY_LOCAL_MACHINE", "HKLM"},
    {"HKEY_USERS\\S-1-5-18", "HKU\\.DEFAULT"},
    {"HKU\\S-1-5-18", "HKU\\.DEFAULT"},
    {"HKEY_USERS", "HKU"},
    {"HKEY_CLASSES_ROOT", "HKLM\\SOFTWARE\\Classes"},
    {"HKCR", "HKLM\\SOFTWARE\\Classes"},
    {"HKEY_CURRENT_CONFIG", "HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"},
    {"HKCC", "HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"},
};

/* The part of `path` behind `prefix`, which must end at a '\'; NULL when it does not begin so. */
static const char *behind(const char *path, const char *prefix) {
  size_t size = strlen(prefix);
  if (!fsa_text_starts(path, strlen(path), prefix, size)) return NULL;
  return path[size] == '\0' || path[size] == '\\' ? path + size : NULL;
}

static const char *plain_path(FsaArena *arena, const char *path) {
  while (*path == '\\') path++;
  for (size_t i = 0; i < sizeof root_names / sizeof *root_names; i++) {
    const char *rest = behind(path, root_names[i][0]);
    if (rest) return fsa_arena_printf(arena, "%s%s", root_names[i][1], rest);
  }
  return fsa_arena_copy(arena, path, strlen(path));
}

/* "ControlSet001", as Select\Current says, into `name`. */
static int current_set(const FsaMountedHive *hive, char name[sizeof "ControlSet000000"]) {
  FsaRegfKey select;
  int result = fsa_regf_find(hive->regf, fsa_regf_root(hive->regf), "Select", 6, &select);
  if (result != FSA_OK) return result;
  FsaArena scratch = fsa_arena(0);
  FsaRegValue value;
  uint64_t number = 0;
  result = fsa_registry_value(hive->registry, key_in(hive, select), "Current", &scratch, &value);
  if (result == FSA_OK && (!fsa_registry_integer(&value, &number) || number > 999))
    result = FSA_E_ABSENT;
  fsa_arena_done(&scratch);
  if (result == FSA_OK)
    snprintf(name, sizeof "ControlSet000000", "ControlSet%03u", (unsigned)number);
  return result;
}

static int find_part(const FsaMountedHive *hive, FsaRegfKey *key, const char *part, size_t size) {
  char name[sizeof "ControlSet000000"];
  if (hive->is_system && *key == fsa_regf_root(hive->regf) &&
      fsa_text_same(part, size, CURRENT_SET, strlen(CURRENT_SET)) &&
      current_set(hive, name) == FSA_OK)
    return fsa_regf_find(hive->regf, *key, name, strlen(name), key);
  return fsa_regf_find(hive->regf, *key, part, size, key);
}

int fsa_registry_find_below(FsaRegistry *registry, FsaRegKey key, const char *path, FsaArena *arena,
                            FsaRegKey *ret_key) {
  (void)registry;
  if (key.hive->live) return fsa_live_find(hive_of(key), live_key(key), path, arena, ret_key);
  FsaRegfKey at = key.handle;
  for (;;) {
    while (*path == '\\') path++;
    if (!*path) break;
    size_t size = strcspn(path, "\\");
    int result = find_part(key.hive, &at, path, size);
    if (result != FSA_OK) return result;
    path += size;
  }
  *ret_key = key_in(key.hive, at);
  return FSA_OK;
}

/* The hive mounted at the beginning of `path`; *ret_rest is what stands behind. NULL = none. */
static FsaMountedHive *hive_at(FsaRegistry *registry, const char *path, const char **ret_rest) {
  size_t count = registry->machine_count;
  if (fsa_text_starts(path, strlen(path), "HKU", 3) && !behind(path, "HKU\\.DEFAULT")) {
    fsa_mount_users(registry);
    count = registry->count;
  }
  for (size_t i = 0; i < count; i++) {
    const char *rest = behind(path, registry->hives[i]->path);
    if (!rest) continue;
    *ret_rest = rest;
    return registry->hives[i];
  }
  return NULL;
}

int fsa_registry_find(FsaRegistry *registry, const char *path, FsaArena *arena,
                      FsaRegKey *ret_key) {
  FsaArena scratch = fsa_arena(0);
  const char *plain = plain_path(&scratch, path);
  const char *rest = NULL;
  FsaRegKey top;
  int result = FSA_E_NOMEM;
  if (plain) {
    FsaMountedHive *hive = hive_at(registry, plain, &rest);
    result = hive ? top_of(hive, &top) : FSA_E_ABSENT;
  }
  if (result == FSA_OK) result = fsa_registry_find_below(registry, top, rest, arena, ret_key);
  fsa_arena_done(&scratch);
  return result;
}

bool fsa_registry_has_hive(FsaRegistry *registry, const char *path) {
  FsaArena scratch = fsa_arena(0);
  const char *plain = plain_path(&scratch, path), *rest;
  bool has_hive = plain && hive_at(registry, plain, &rest);
  fsa_arena_done(&scratch);
  return has_hive;
}

/* ---- facts ----------------------------------------------------------------------------------- */

int fsa_registry_key_info(FsaRegistry *registry, FsaRegKey key, FsaArena *arena,
                          FsaRegKeyInfo *ret_info) {
  (void)registry;
  if (key.hive->live) return fsa_live_info(hive_of(key), live_key(key), arena, ret_info);
  FsaRegfKeyInfo info;
  int result = fsa_regf_key_info(key.hive->regf, key.handle, arena, &info);
  if (result != FSA_OK) return result;
  *ret_info = (FsaRegKeyInfo){
      .name = info.name,
      .write_time = info.write_time,
      .class_name = info.class_name,
      .offset = info.offset,
      .is_deleted = info.is_deleted,
  };
  return FSA_OK;
}

/* The recovered keys below `parent` (0 = those without one): a run in the sorted list. */
static const FsaDeletedKey *deleted_below(const FsaMountedHive *hive, FsaRegfKey parent,
                                          size_t *ret_count) {
  size_t low = 0, high = hive->deleted_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (hive->deleted[middle].parent < parent)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < hive->deleted_count && hive->deleted[end].parent == parent) end++;
  *ret_count = end - low;
  return hive->deleted + low;
}

static int recovered(FsaMountedHive *hive, FsaRegfKey parent, const FsaDeletedKey **ret_keys,
                     size_t *ret_count) {
  int result = fsa_mount_recover(hive);
  if (result == FSA_OK) *ret_keys = deleted_below(hive, parent, ret_count);
  return result;
}

int fsa_registry_subkeys(FsaRegistry *registry, FsaRegKey key, bool deleted, FsaArena *arena,
                         FsaRegKey **ret_keys, size_t *ret_count) {
  (void)registry;
  FsaMountedHive *hive = hive_of(key);
  if (hive->live) {
    if (deleted) fsa_live_tell_deleted(hive);
    return fsa_live_subkeys(hive, live_key(key), arena, ret_keys, ret_count);
  }
  FsaRegfKey *live;
  size_t live_count, gone_count = 0;
  const FsaDeletedKey *gone = NULL;
  int result =
      fsa_regf_subkeys(hive->regf, key.handle, arena, fsa_mount_tell, hive, &live, &live_count);
  if (result == FSA_OK && deleted) result = recovered(hive, key.handle, &gone, &gone_count);
  if (result != FSA_OK) return result;
  FsaRegKey *keys = fsa_arena_zero(arena, live_count + gone_count, sizeof *keys);
  if (!keys) return FSA_E_NOMEM;
  for (size_t i = 0; i < live_count; i++) keys[i] = key_in(hive, live[i]);
  for (size_t i = 0; i < gone_count; i++) keys[live_count + i] = key_in(hive, gone[i].key);
  *ret_keys = keys;
  *ret_count = live_count + gone_count;
  return FSA_OK;
}

int fsa_registry_orphans(FsaRegistry *registry, size_t index, FsaArena *arena, FsaRegKey **ret_keys,
                         size_t *ret_count) {
  FsaMountedHive *hive = registry->hives[index];
  if (hive->live) {
    fsa_live_tell_deleted(hive);
    *ret_keys = NULL;
    *ret_count = 0;
    return FSA_OK;
  }
  const FsaDeletedKey *gone;
  size_t count;
  int result = fsa_mount_open(hive);
  if (result == FSA_OK) result = recovered(hive, 0, &gone, &count);
  if (result != FSA_OK) return result;
  FsaRegKey *keys = fsa_arena_zero(arena, count, sizeof *keys);
  if (!keys) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) keys[i] = key_in(hive, gone[i].key);
  *ret_keys = keys;
  *ret_count = count;
  return FSA_OK;
}

static FsaRegValue value_of(const FsaRegfValue *value) {
  return (FsaRegValue){
      .name = value->name,
      .type = value->type,
      .data = value->data,
      .offset = value->offset,
      .is_deleted = value->is_deleted,
      .is_partial = value->is_partial,
      .data_size = value->data_size,
  };
}

int fsa_registry_values(FsaRegistry *registry, FsaRegKey key, bool deleted, FsaArena *arena,
                        FsaRegValue **ret_values, size_t *ret_count) {
  (void)registry;
  FsaMountedHive *hive = hive_of(key);
  if (hive->live) {
    if (deleted) fsa_live_tell_deleted(hive);
    return fsa_live_values(hive, live_key(key), arena, ret_values, ret_count);
  }
  FsaRegfValue *live, *gone = NULL;
  size_t live_count, gone_count = 0;
  int result =
      fsa_regf_values(hive->regf, key.handle, arena, fsa_mount_tell, hive, &live, &live_count);
  bool is_key_deleted =
      result == FSA_OK && live_count && live[0].is_deleted; /* then these are all */
  if (result == FSA_OK && deleted && !is_key_deleted)
    result = fsa_regf_deleted_values(hive->regf, key.handle, arena, &gone, &gone_count);
  if (result != FSA_OK) return result;
  FsaRegValue *values = fsa_arena_zero(arena, live_count + gone_count, sizeof *values);
  if (!values) return FSA_E_NOMEM;
  for (size_t i = 0; i < live_count; i++) values[i] = value_of(&live[i]);
  for (size_t i = 0; i < gone_count; i++) values[live_count + i] = value_of(&gone[i]);
  *ret_values = values;
  *ret_count = live_count + gone_count;
  return FSA_OK;
}

int fsa_registry_value(FsaRegistry *registry, FsaRegKey key, const char *name, FsaArena *arena,
                       FsaRegValue *ret_value) {
  if (key.hive->live) return fsa_live_value(hive_of(key), live_key(key), name, arena, ret_value);
  FsaRegValue *values;
  size_t count;
  int result = fsa_registry_values(registry, key, false, arena, &values, &count);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < count; i++) {
    if (!fsa_text_same(values[i].name.data, values[i].name.size, name, strlen(name))) continue;
    *ret_value = values[i];
    return FSA_OK;
  }
  return FSA_E_ABSENT;
}
