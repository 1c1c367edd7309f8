/* The files of hives: found, given their place, read with their logs, closed. */
#include "evidence/mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/path.h"

const char *fsa_mount_name(const char *path) {
  const char *slash = strrchr(path, '/'), *backslash = strrchr(path, '\\');
  const char *last = slash > backslash ? slash : backslash;
  return last ? last + 1 : path;
}

void fsa_registry_tell(FsaRegistry *registry, int code, const char *source, uint64_t offset,
                       const char *message) {
  pthread_mutex_lock(&registry->problem_lock);
  registry->problem(registry->context, code, source, offset, message);
  pthread_mutex_unlock(&registry->problem_lock);
}

void fsa_mount_tell(void *context, int code, uint64_t offset, const char *message) {
  FsaMountedHive *hive = context;
  fsa_registry_tell(hive->registry, code, hive->source, offset, message);
}

void fsa_mount_tell_find(void *context, int code, const char *path, const char *message) {
  fsa_registry_tell(context, code, path, FSA_NO_OFFSET, message);
}

/* ---- places ---------------------------------------------------------------------------------- */

static bool is_taken(const FsaRegistry *registry, const char *path) {
  for (size_t i = 0; i < registry->count; i++)
    if (fsa_name_same(registry->hives[i]->path, path)) return true;
  return false;
}

bool fsa_mount_is_loaded(const FsaRegistry *registry, const char *path) {
  for (size_t i = 0; registry->live && i < registry->count; i++)
    if (registry->hives[i]->live && fsa_name_same(registry->hives[i]->path, path)) return true;
  return false;
}

/* `path`, or with " (2)", " (3)" ... behind it, whichever is free. */
static const char *free_path(FsaRegistry *registry, const char *path) {
  const char *candidate = fsa_arena_copy(&registry->arena, path, strlen(path));
  for (size_t i = 2; candidate && is_taken(registry, candidate); i++)
    candidate = fsa_arena_printf(&registry->arena, "%s (%zu)", path, i);
  return candidate;
}

int fsa_mount_add(FsaRegistry *registry, const char *path, const FsaFound *found,
                  FsaMountedHive **ret_hive) {
  if (registry->count == FSA_MAX_HIVES) {
    fsa_registry_tell(registry, FSA_E_LIMIT, found ? found->path : path, FSA_NO_OFFSET,
                      "more than " FSA_CEILING_TEXT(FSA_MAX_HIVES) " hives: this one was left out");
    return FSA_OK;
  }
  FsaMountedHive *hive = fsa_arena_zero(&registry->arena, 1, sizeof *hive);
  if (!hive) return FSA_E_NOMEM;
  *hive = (FsaMountedHive){.registry = registry, .found = found, .state = FSA_ROW};
  hive->path = free_path(registry, path);
  if (!hive->path) return FSA_E_NOMEM;
  hive->source = found ? found->path : hive->path;
  hive->is_system = fsa_text_starts(hive->path, strlen(hive->path), "HKLM\\SYSTEM", 11);
  pthread_mutex_init(&hive->lock, NULL);
  registry->hives[registry->count++] = hive;
  if (ret_hive) *ret_hive = hive;
  return FSA_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

#define MAX_LOGS 3 /* .LOG of XP, .LOG1 and .LOG2 since Vista */

typedef struct Logs {
  FsaFile *files[MAX_LOGS];
  FsaBytes bytes[MAX_LOGS];
  size_t count;
} Logs;

static void close_logs(Logs *logs) {
  for (size_t i = 0; i < logs->count; i++) fsa_file_close(logs->files[i]);
}

static bool is_log_of(const char *name, const char *hive) {
  static const char *const endings[] = {".LOG", ".LOG1", ".LOG2"};
  size_t size = strlen(hive);
  if (!fsa_text_starts(name, strlen(name), hive, size)) return false;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (fsa_name_same(name + size, endings[i])) return true;
  return false;
}

static void open_log(FsaMountedHive *hive, const char *opened, const char *name, Logs *logs) {
  FsaFound found = {.path = name, .opened = opened};
  FsaError error;
  FsaFile *file;
  int result = fsa_file_open(hive->registry->evidence, &found, &file, &error);
  if (result != FSA_OK) {
    fsa_mount_tell(hive, result, FSA_NO_OFFSET, error.message);
    return;
  }
  result = fsa_file_bytes(file, FSA_MAX_HIVE_BYTES, &logs->bytes[logs->count]);
  if (result == FSA_OK) {
    logs->files[logs->count++] = file;
    return;
  }
  fsa_file_close(file);
  fsa_mount_tell(hive, result, FSA_NO_OFFSET,
                 "the transaction log beside this hive cannot be read");
}

/* Opens the logs beside the hive. A folder that cannot be listed has been told, or will be. */
static void open_logs(FsaMountedHive *hive, Logs *logs) {
  FsaTree *tree = hive->registry->evidence->tree;
  const char *name = fsa_path_name(hive->found->opened);
  FsaArena scratch = fsa_arena(0);
  size_t folder_size = (size_t)(name - hive->found->opened);
  const char *folder =
      fsa_arena_copy(&scratch, hive->found->opened, folder_size ? folder_size - 1 : 0);
  FsaListing listing;
  int result = folder ? tree->ops->list(tree, folder, &scratch, &listing) : FSA_E_NOMEM;
  if (result != FSA_OK)
    fsa_mount_tell(
        hive, result, FSA_NO_OFFSET,
        "cannot look for the transaction logs of this hive: its folder cannot be listed");
  for (size_t i = 0; result == FSA_OK && i < listing.count && logs->count < MAX_LOGS; i++) {
    const FsaNode *node = &listing.nodes[i];
    if (node->kind != FSA_NODE_FILE || !is_log_of(node->name, name)) continue;
    const char *opened = fsa_path_join(&scratch, folder, '/', node->name);
    if (opened) open_log(hive, opened, node->name, logs);
  }
  fsa_arena_done(&scratch);
}

static int read_hive(FsaMountedHive *hive) {
  FsaError error;
  int result = fsa_file_open(hive->registry->evidence, hive->found, &hive->file, &error);
  if (result != FSA_OK) {
    fsa_mount_tell(hive, result, FSA_NO_OFFSET, error.message);
    return result;
  }
  FsaBytes bytes;
  result = fsa_file_bytes(hive->file, FSA_MAX_HIVE_BYTES, &bytes);
  if (result != FSA_OK) {
    fsa_mount_tell(hive, result, FSA_NO_OFFSET,
                   result == FSA_E_LIMIT ? "larger than 2 GiB, which no registry hive is: not read"
                                         : "reading this hive failed");
    return result;
  }
  Logs logs = {.count = 0};
  open_logs(hive, &logs);
  result = fsa_regf_open(bytes, logs.bytes, logs.count, fsa_mount_tell, hive, &hive->regf);
  if (result == FSA_E_FORMAT)
    fsa_mount_tell(hive, result, 0, "not a registry hive: its first bytes are not those of one");
  close_logs(&logs);
  return result;
}

int fsa_mount_open(FsaMountedHive *hive) {
  pthread_mutex_lock(&hive->lock);
  if (hive->state == FSA_ROW) hive->state = read_hive(hive);
  int result = hive->state;
  pthread_mutex_unlock(&hive->lock);
  return result;
}

/* ---- recovered keys -------------------------------------------------------------------------- */

static int compare_deleted(const void *a, const void *b) {
  const FsaDeletedKey *x = a, *y = b;
  if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
  return (x->key > y->key) - (x->key < y->key);
}

static int sort_deleted(FsaMountedHive *hive) {
  const FsaRegfKey *keys;
  size_t count;
  int result = fsa_regf_deleted_keys(hive->regf, &keys, &count);
  if (result != FSA_OK) return result;
  FsaDeletedKey *deleted = calloc(count ? count : 1, sizeof *deleted);
  if (!deleted) return FSA_E_NOMEM;
  FsaArena scratch = fsa_arena(0);
  for (size_t i = 0; result == FSA_OK && i < count; i++) {
    FsaRegfKeyInfo info;
    result = fsa_regf_key_info(hive->regf, keys[i], &scratch, &info);
    if (result != FSA_OK && result != FSA_E_NOMEM) { /* what is unreadable has no known parent */
      info.parent = 0;
      result = FSA_OK;
    }
    deleted[i] = (FsaDeletedKey){.parent = info.parent, .key = keys[i]};
    fsa_arena_clear(&scratch);
  }
  fsa_arena_done(&scratch);
  if (result != FSA_OK) {
    free(deleted);
    return result;
  }
  qsort(deleted, count, sizeof *deleted, compare_deleted);
  hive->deleted = deleted;
  hive->deleted_count = count;
  return FSA_OK;
}

int fsa_mount_recover(FsaMountedHive *hive) {
  pthread_mutex_lock(&hive->lock);
  int result = hive->deleted ? FSA_OK : sort_deleted(hive);
  pthread_mutex_unlock(&hive->lock);
  return result;
}

/* ---- the machine's hives --------------------------------------------------------------------- */

/* Where each file belongs. The same names serve to recognise a loose hive by what it remembers. */
typedef struct Place {
  const char *name;
  const char *pattern;
  const char *path;
} Place;

static const Place places[] = {
    {"SYSTEM", "Windows/System32/config/SYSTEM", "HKLM\\SYSTEM"},
    {"SOFTWARE", "Windows/System32/config/SOFTWARE", "HKLM\\SOFTWARE"},
    {"SAM", "Windows/System32/config/SAM", "HKLM\\SAM"},
    {"SECURITY", "Windows/System32/config/SECURITY", "HKLM\\SECURITY"},
    {"DEFAULT", "Windows/System32/config/DEFAULT", "HKU\\.DEFAULT"},
    {"COMPONENTS", "Windows/System32/config/COMPONENTS", "HKLM\\COMPONENTS"},
    {"DRIVERS", "Windows/System32/config/DRIVERS", "HKLM\\DRIVERS"},
    {"ELAM", "Windows/System32/config/ELAM", "HKLM\\ELAM"},
    {"BCD", "Boot/BCD", "HKLM\\BCD00000000"},
    {"Amcache.hve", "Windows/appcompat/Programs/Amcache.hve", "HKLM\\{AMCACHE}"},
};

#define PLACE_COUNT (sizeof places / sizeof *places)

static int mount_system(FsaRegistry *registry) {
  const char *patterns[PLACE_COUNT + 1] = {NULL};
  for (size_t i = 0; i < PLACE_COUNT; i++) patterns[i] = places[i].pattern;
  const FsaFound *found;
  size_t count;
  const FsaSeeker seeker = {.problem = fsa_mount_tell_find, .context = registry};
  int result = fsa_evidence_find(registry->evidence, patterns, NULL, &registry->arena, &seeker,
                                 &found, &count);
  for (size_t p = 0; p < PLACE_COUNT; p++) {
    if (fsa_mount_is_loaded(registry, places[p].path)) continue;
    for (size_t i = 0; result == FSA_OK && i < count; i++)
      if (fsa_name_same(fsa_mount_name(found[i].path), places[p].name))
        result = fsa_mount_add(registry, places[p].path, &found[i], NULL);
  }
  return result;
}

/* ---- loose hives ----------------------------------------------------------------------------- */

static bool has_key(const FsaRegf *regf, const char *name) {
  FsaRegfKey key;
  FsaRegfKey root = fsa_regf_root(regf);
  return root && fsa_regf_find(regf, root, name, strlen(name), &key) == FSA_OK;
}

/* Where a hive belongs by the keys at its top; NULL when they do not tell. */
static const char *place_of_keys(const FsaRegf *regf) {
  if (has_key(regf, "Select") && (has_key(regf, "ControlSet001") || has_key(regf, "Setup")))
    return "HKLM\\SYSTEM";
  if (has_key(regf, "Microsoft") && has_key(regf, "Classes")) return "HKLM\\SOFTWARE";
  if (has_key(regf, "SAM")) return "HKLM\\SAM";
  if (has_key(regf, "Policy")) return "HKLM\\SECURITY";
  if (has_key(regf, "Objects") && has_key(regf, "Description")) return "HKLM\\BCD00000000";
  if (has_key(regf, "Root") && !has_key(regf, "Software")) return "HKLM\\{AMCACHE}";
  return NULL;
}

/* Where it belongs by the file name that the hive remembers. */
static const char *place_of_name(const char *name) {
  for (size_t i = 0; i < PLACE_COUNT; i++)
    if (fsa_name_same(fsa_mount_name(name), places[i].name)) return places[i].path;
  return NULL;
}

static const char *place_of_loose(FsaRegistry *registry, const FsaMountedHive *hive) {
  FsaArena *arena = &registry->arena;
  const char *name = fsa_mount_name(hive->found->path);
  if (!hive->regf) return fsa_arena_printf(arena, "HKLM\\%s", name);
  FsaText remembered = fsa_regf_file_name(hive->regf, arena);
  const char *own = remembered.data ? remembered.data : "";
  bool is_classes = fsa_name_ends(own, "UsrClass.dat") || fsa_name_ends(name, "UsrClass.dat");
  if (is_classes) return fsa_arena_printf(arena, "HKU\\%s_Classes", name);
  const char *place = place_of_keys(hive->regf);
  if (place) return place;
  bool is_default = fsa_name_same(fsa_mount_name(own), "DEFAULT") || fsa_name_same(name, "DEFAULT");
  if (is_default && has_key(hive->regf, "Software")) return "HKU\\.DEFAULT";
  if (has_key(hive->regf, "Software") &&
      (has_key(hive->regf, "Control Panel") || has_key(hive->regf, "Environment") ||
       fsa_name_ends(own, "ntuser.dat")))
    return fsa_arena_printf(arena, "HKU\\%s", name);
  place = place_of_name(own);
  return place ? place : fsa_arena_printf(arena, "HKLM\\%s", name);
}

/* A loose hive must be read to know its place: it is mounted under a free name and then moved. */
static int mount_loose_file(FsaRegistry *registry, const FsaFound *found) {
  FsaMountedHive *hive = NULL;
  int result = fsa_mount_add(registry, "", found, &hive);
  if (result != FSA_OK || !hive) return result;
  result = fsa_mount_open(hive);
  if (result == FSA_E_NOMEM) return result;
  registry->count--; /* its own temporary name must not be in the way */
  const char *place = place_of_loose(registry, hive);
  hive->path = place ? free_path(registry, place) : NULL;
  registry->count++;
  if (!hive->path) return FSA_E_NOMEM;
  hive->is_system = fsa_text_starts(hive->path, strlen(hive->path), "HKLM\\SYSTEM", 11);
  return FSA_OK;
}

static int mount_loose(FsaRegistry *registry) {
  static const char *const names[] = {
      "SYSTEM",     "SOFTWARE",   "SAM",          "SECURITY",    "DEFAULT",
      "NTUSER.DAT", "NTUSER.MAN", "UsrClass.dat", "Amcache.hve", NULL,
  };
  const FsaFound *found;
  size_t count;
  const FsaSeeker seeker = {.problem = fsa_mount_tell_find, .context = registry};
  int result = fsa_evidence_find(registry->evidence, names, fsa_regf_probe, &registry->arena,
                                 &seeker, &found, &count);
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = mount_loose_file(registry, &found[i]);
  return result;
}

int fsa_mount_machine(FsaRegistry *registry) {
  registry->hives = fsa_arena_zero(&registry->arena, FSA_MAX_HIVES, sizeof *registry->hives);
  if (!registry->hives) return FSA_E_NOMEM;
  int result = FSA_OK;
  if (fsa_live_is(registry->evidence)) result = fsa_live_open(registry->evidence, &registry->live);
  if (result == FSA_OK && registry->live) result = fsa_live_mount_machine(registry);
  if (result == FSA_OK && registry->evidence->layout.count)
    result = mount_system(registry);
  else if (result == FSA_OK && !registry->live)
    result = mount_loose(registry);
  registry->machine_count = registry->count;
  return result;
}

/* ---- the end --------------------------------------------------------------------------------- */

void fsa_mount_close(FsaRegistry *registry) {
  for (size_t i = 0; i < registry->count; i++) {
    FsaMountedHive *hive = registry->hives[i];
    fsa_regf_close(hive->regf);
    fsa_file_close(hive->file);
    free(hive->deleted);
    pthread_mutex_destroy(&hive->lock);
  }
  fsa_live_close(registry->live);
}
