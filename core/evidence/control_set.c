/* The control sets of a SYSTEM hive: what Windows ran with, and what it would fall back to. */
#include <stdio.h>
#include <string.h>

#include "evidence/mount.h"

#define CURRENT_SET "CurrentControlSet"

/* The number in "ControlSet001"; -1 for another name. */
static int64_t number_of(FsaText name) {
  static const char prefix[] = "ControlSet";
  const size_t size = sizeof prefix - 1;
  if (name.size != size + 3 || !fsa_text_starts(name.data, name.size, prefix, size)) return -1;
  int64_t number = 0;
  for (const char *p = name.data + size; *p; p++) {
    if (*p < '0' || *p > '9') return -1;
    number = number * 10 + (*p - '0');
  }
  return number;
}

/* Select\Current; -1 when it cannot be read. */
static int64_t current_number(FsaRegistry *registry, FsaRegKey top, FsaArena *arena) {
  FsaRegKey select;
  FsaRegValue value;
  uint64_t number;
  if (fsa_registry_find_below(registry, top, "Select", arena, &select) != FSA_OK) return -1;
  if (fsa_registry_value(registry, select, "Current", arena, &value) != FSA_OK) return -1;
  return fsa_registry_integer(&value, &number) && number < 1000 ? (int64_t)number : -1;
}

bool fsa_registry_is_system(const FsaRegistry *registry, size_t index) {
  return registry->hives[index]->is_system;
}

/*
 * A system that runs and has no numbered set keeps CurrentControlSet itself, not as a link (Wine).
 */
static int add_current(FsaRegistry *registry, const FsaMountedHive *hive, FsaRegKey top,
                       int64_t current, FsaArena *arena, FsaControlSet *ret_set, size_t *count) {
  FsaControlSet set = {.number = current, .is_current = 1};
  int result = fsa_registry_find_below(registry, top, CURRENT_SET, arena, &set.key);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  const char *path = fsa_arena_printf(arena, "%s\\" CURRENT_SET, hive->path);
  if (!path) return FSA_E_NOMEM;
  set.path = (FsaText){path, strlen(path)};
  ret_set[(*count)++] = set;
  return FSA_OK;
}

int fsa_registry_control_sets(FsaRegistry *registry, size_t index, FsaArena *arena,
                              FsaControlSet **ret_sets, size_t *ret_count) {
  const FsaMountedHive *hive = registry->hives[index];
  FsaRegKey top, *keys;
  size_t key_count, count = 0;
  int result = fsa_registry_root_key(registry, index, &top);
  if (result == FSA_OK)
    result = fsa_registry_subkeys(registry, top, false, arena, &keys, &key_count);
  if (result != FSA_OK) return result;
  const int64_t current = current_number(registry, top, arena);
  FsaControlSet *sets = fsa_arena_zero(arena, key_count + 1, sizeof *sets);
  if (!sets) return FSA_E_NOMEM;
  for (size_t i = 0; i < key_count; i++) {
    FsaRegKeyInfo info;
    result = fsa_registry_key_info(registry, keys[i], arena, &info);
    if (result == FSA_E_NOMEM) return result;
    const int64_t number = result == FSA_OK ? number_of(info.name) : -1;
    if (number < 0) continue;
    const char *path = fsa_arena_printf(arena, "%s\\%s", hive->path, info.name.data);
    if (!path) return FSA_E_NOMEM;
    sets[count++] = (FsaControlSet){
        .key = keys[i],
        .path = {path, strlen(path)},
        .number = number,
        .is_current = current < 0 ? -1 : number == current,
    };
  }
  result = FSA_OK;
  if (count == 0 && hive->live)
    result = add_current(registry, hive, top, current, arena, sets, &count);
  if (result != FSA_OK) return result;
  *ret_sets = sets;
  *ret_count = count;
  return FSA_OK;
}
