/*
 * The users' hives: which profiles there are, which SID each has, where its two hives stand.
 *
 * HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList has one key per SID; its value
 * ProfileImagePath is the profile's folder, which may be anywhere.
 */
#include <string.h>

#include "evidence/mount.h"
#include "evidence/path.h"

static const char profile_list[] =
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";

/* One line of ProfileList. */
typedef struct Profile {
  FsaText sid;
  const char *folder; /* without its drive: "\Users\bob" */
} Profile;

typedef struct Profiles {
  Profile *list;
  size_t count;
} Profiles;

/* A profile's folder without what differs between evidence and host: the drive, %variables%. */
static const char *plain_folder(FsaArena *arena, const char *path) {
  static const char *const variables[][2] = {
      {"%SystemRoot%", "\\Windows"},
      {"%SystemDrive%", ""},
      {"%ProgramData%", "\\ProgramData"},
  };
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    size_t size = strlen(variables[i][0]);
    if (fsa_text_starts(path, strlen(path), variables[i][0], size))
      return fsa_arena_printf(arena, "%s%s", variables[i][1], path + size);
  }
  return path[0] && path[1] == ':' ? path + 2 : path;
}

static int read_profile(FsaRegistry *registry, FsaRegKey key, Profiles *profiles) {
  FsaArena *arena = &registry->arena;
  FsaRegKeyInfo info;
  FsaRegValue value;
  int result = fsa_registry_key_info(registry, key, arena, &info);
  if (result == FSA_OK)
    result = fsa_registry_value(registry, key, "ProfileImagePath", arena, &value);
  if (result == FSA_E_NOMEM) return result;
  FsaText path = result == FSA_OK ? fsa_registry_string(&value, arena) : (FsaText){NULL, 0};
  if (!path.data) return FSA_OK;
  const char *folder = plain_folder(arena, path.data);
  if (!folder) return FSA_E_NOMEM;
  profiles->list[profiles->count++] = (Profile){.sid = info.name, .folder = folder};
  return FSA_OK;
}

static int read_profile_list(FsaRegistry *registry, Profiles *profiles) {
  FsaRegKey list, *keys;
  size_t count;
  int result = fsa_registry_find(registry, profile_list, &registry->arena, &list);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  result = fsa_registry_subkeys(registry, list, false, &registry->arena, &keys, &count);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  profiles->list = fsa_arena_zero(&registry->arena, count, sizeof *profiles->list);
  if (!profiles->list) return FSA_E_NOMEM;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = read_profile(registry, keys[i], profiles);
  return result;
}

static const char *const user_patterns[] = {
    "Users/*/NTUSER.DAT",
    "Users/*/NTUSER.MAN",
    "Users/*/AppData/Local/Microsoft/Windows/UsrClass.dat",
    "Users/*/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat",
    "Windows/ServiceProfiles/*/NTUSER.DAT",
    "Windows/ServiceProfiles/*/AppData/Local/Microsoft/Windows/UsrClass.dat",
};

#define USER_PATTERN_COUNT (sizeof user_patterns / sizeof *user_patterns)

/* Where the hives of a profile stand below its folder. */
static const char *const user_files[] = {
    "\\NTUSER.DAT",
    "\\NTUSER.MAN",
    "\\AppData\\Local\\Microsoft\\Windows\\UsrClass.dat",
    "\\Local Settings\\Application Data\\Microsoft\\Windows\\UsrClass.dat",
};

#define USER_FILE_COUNT (sizeof user_files / sizeof *user_files)

/* The known places and those of ProfileList, which may name any folder, as patterns. */
static const char *const *patterns_of_profiles(FsaArena *arena, const Profiles *profiles) {
  size_t most = USER_PATTERN_COUNT + profiles->count * USER_FILE_COUNT + 1;
  const char **patterns = fsa_arena_zero(arena, most, sizeof *patterns);
  if (!patterns) return NULL;
  size_t count = 0;
  for (size_t i = 0; i < USER_PATTERN_COUNT; i++) patterns[count++] = user_patterns[i];
  for (size_t i = 0; i < profiles->count * USER_FILE_COUNT; i++) {
    char *pattern = fsa_arena_printf(arena, "%s%s", profiles->list[i / USER_FILE_COUNT].folder,
                                     user_files[i % USER_FILE_COUNT]);
    if (!pattern) return NULL;
    for (char *p = pattern; *p; p++)
      if (*p == '\\') *p = '/';
    patterns[count++] = pattern;
  }
  return patterns;
}

/* The profile folder of a user's hive, without its drive. */
static const char *folder_of_hive(FsaArena *arena, const char *path) {
  for (size_t i = USER_FILE_COUNT; i-- > 0;) {
    if (!fsa_name_ends(path, user_files[i])) continue;
    const char *folder = fsa_arena_copy(arena, path, strlen(path) - strlen(user_files[i]));
    return folder ? plain_folder(arena, folder) : NULL;
  }
  return path;
}

/* The SID of a profile folder; NULL when ProfileList does not know it. */
static const char *sid_of_folder(const Profiles *profiles, const char *folder) {
  const char *backup = NULL;
  for (size_t i = 0; i < profiles->count; i++) {
    const Profile *profile = &profiles->list[i];
    if (!fsa_name_same(profile->folder, folder)) continue;
    if (!fsa_name_ends(profile->sid.data, ".bak")) return profile->sid.data;
    backup = profile->sid.data; /* the profile that Windows put aside; better than nothing */
  }
  return backup;
}

/* Templates that new profiles are made from: they belong to nobody. */
static bool is_template(const char *name) {
  return fsa_name_same(name, "Default") || fsa_name_same(name, "Default User");
}

static int mount_user(FsaRegistry *registry, const Profiles *profiles, const FsaFound *found) {
  FsaArena *arena = &registry->arena;
  const char *folder = folder_of_hive(arena, found->path);
  if (!folder) return FSA_E_NOMEM;
  bool is_classes = fsa_name_ends(found->path, "UsrClass.dat");
  const char *user = sid_of_folder(profiles, folder);
  if (!user) {
    user = fsa_mount_name(folder);
    if (!is_template(user) && !is_classes)
      fsa_registry_tell(registry, FSA_E_ABSENT, found->path, FSA_NO_OFFSET,
                        "no SID is known for this profile (ProfileList does not name its folder): "
                        "the folder's name stands in for it");
  }
  const char *path = fsa_arena_printf(arena, "HKU\\%s%s", user, is_classes ? "_Classes" : "");
  if (!path) return FSA_E_NOMEM;
  if (fsa_mount_is_loaded(registry, path)) return FSA_OK;
  return fsa_mount_add(registry, path, found, NULL);
}

static int find_users(FsaRegistry *registry) {
  Profiles profiles = {0};
  const FsaFound *found;
  size_t count;
  int result = registry->live ? fsa_live_mount_users(registry) : FSA_OK;
  if (result == FSA_OK) result = read_profile_list(registry, &profiles);
  if (result != FSA_OK) return result;
  const char *const *patterns = patterns_of_profiles(&registry->arena, &profiles);
  if (!patterns) return FSA_E_NOMEM;
  const FsaSeeker seeker = {.problem = fsa_mount_tell_find, .context = registry};
  result = fsa_evidence_find(registry->evidence, patterns, NULL, &registry->arena, &seeker, &found,
                             &count);
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = mount_user(registry, &profiles, &found[i]);
  return result;
}

int fsa_mount_users(FsaRegistry *registry) {
  pthread_mutex_lock(&registry->lock);
  int result = FSA_OK;
  if (!registry->has_users && registry->evidence->layout.count) result = find_users(registry);
  registry->has_users = true;
  pthread_mutex_unlock(&registry->lock);
  return result;
}
