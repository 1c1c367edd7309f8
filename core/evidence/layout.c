/* Recognises the layouts of collectors by the folders that they make. */
#include "evidence/layout.h"

#include <string.h>

#include "evidence/path.h"

/* Where a collector puts the volumes of a host. Several lines may belong to one layout. */
typedef struct Container {
  const char *layout;
  const char *path;
  bool is_encoded;
} Container;

static const Container containers[] = {
    {"velociraptor", "uploads/auto", true},
    {"velociraptor", "uploads/ntfs", true},
    {"velociraptor", "uploads/lazy_ntfs", true},
    {"velociraptor", "uploads/file", true},
    {"uac", "[root]", false},
    {"kape", "", false}, /* CyLR's is the same but for its log */
};

/* What the top of a Windows volume may hold; a drive folder with one of them is a volume. */
static const char *const windows_names[] = {
    "Windows",
    "WINNT",
    "Users",
    "Documents and Settings",
    "ProgramData",
    "Program Files",
    "Program Files (x86)",
    "$MFT",
    "$Extend",
    "$LogFile",
    "$Recycle.Bin",
    "inetpub",
    NULL,
};

/* What the Windows folder itself holds. */
static const char *const system_names[] = {
    "System32", "SysWOW64", "Prefetch", "AppCompat", "System", NULL,
};

/* What stands beside /etc in a Linux root. */
static const char *const linux_names[] = {
    "var", "usr", "home", "root", "bin", "opt", "lib", "run", "boot", NULL,
};

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names; names++)
    if (fsa_name_same(name, *names)) return true;
  return false;
}

static bool has_one_of(const FsaListing *listing, const char *const *names) {
  for (size_t i = 0; i < listing->count; i++)
    if (is_one_of(listing->nodes[i].name, names)) return true;
  return false;
}

/* The stored name of a directory (or link to one) in any letter case; NULL when there is none. */
static const char *find_directory(const FsaListing *listing, const char *name) {
  for (size_t i = 0; i < listing->count; i++) {
    const FsaNode *node = &listing->nodes[i];
    bool may_be = node->kind == FSA_NODE_DIRECTORY || node->kind == FSA_NODE_LINK;
    if (may_be && fsa_name_same(node->name, name)) return node->name;
  }
  return NULL;
}

/* ---- systems --------------------------------------------------------------------------------- */

static bool is_linux_root(const FsaListing *listing) {
  return find_directory(listing, "etc") && has_one_of(listing, linux_names);
}

static bool is_windows_root(FsaTree *tree, FsaArena *arena, const char *path,
                            const FsaListing *listing) {
  const char *name = find_directory(listing, "Windows");
  if (!name) name = find_directory(listing, "WINNT");
  if (!name) return false;
  if (find_directory(listing, "Users") || find_directory(listing, "Documents and Settings"))
    return true;
  FsaListing system;
  const char *folder = fsa_path_join(arena, path, '/', name);
  return folder && tree->ops->list(tree, folder, arena, &system) == FSA_OK &&
         has_one_of(&system, system_names);
}

/*
 * The drive letter that a folder is named after ("C", "C:", "C%3A", "\\.\C:"), upper case; 0 =
 * none.
 */
static char drive_of(FsaArena *arena, const char *stored) {
  const char *name = fsa_path_decode(arena, stored);
  if (!name) return 0;
  if (strncmp(name, "\\\\.\\", 4) == 0 || strncmp(name, "\\\\?\\", 4) == 0) name += 4;
  char letter = (char)(name[0] & ~0x20);
  bool is_drive =
      letter >= 'A' && letter <= 'Z' && (name[1] == '\0' || (name[1] == ':' && name[2] == '\0'));
  return is_drive ? letter : 0;
}

/* ---- volumes --------------------------------------------------------------------------------- */

typedef struct Volumes {
  FsaVolume list[FSA_MAX_VOLUMES];
  size_t count;
} Volumes;

static void add_volume(Volumes *volumes, FsaVolume volume) {
  if (volumes->count < FSA_MAX_VOLUMES) volumes->list[volumes->count++] = volume;
}

/* Adds the drive folders of a container, if at least one of them looks like Windows. */
static int add_drives(FsaTree *tree, FsaArena *arena, const char *path, bool is_encoded,
                      const FsaListing *listing, Volumes *volumes) {
  size_t before = volumes->count;
  bool is_windows = false;
  for (size_t i = 0; i < listing->count; i++) {
    const FsaNode *node = &listing->nodes[i];
    char drive = node->kind == FSA_NODE_DIRECTORY ? drive_of(arena, node->name) : 0;
    if (!drive) continue;
    const char *root = fsa_path_join(arena, path, '/', node->name);
    if (!root) return FSA_E_NOMEM;
    FsaListing top;
    if (tree->ops->list(tree, root, arena, &top) == FSA_OK && has_one_of(&top, windows_names))
      is_windows = true;
    add_volume(volumes, (FsaVolume){.root = root, .drive = drive, .is_encoded = is_encoded});
  }
  if (!is_windows) volumes->count = before;
  return FSA_OK;
}

/* Adds what stands in the folder `path`: a Linux root, a Windows volume or drive folders. */
static int add_volumes(FsaTree *tree, FsaArena *arena, const char *path, bool is_encoded,
                       const FsaListing *listing, Volumes *volumes) {
  if (is_windows_root(tree, arena, path, listing)) {
    add_volume(volumes, (FsaVolume){.root = path, .drive = 'C', .is_encoded = is_encoded});
    return FSA_OK;
  }
  if (is_linux_root(listing)) {
    add_volume(volumes, (FsaVolume){.root = path, .drive = 0, .is_encoded = is_encoded});
    return FSA_OK;
  }
  return add_drives(tree, arena, path, is_encoded, listing, volumes);
}

/*
 * The stored path of a container below the host's folder, in any letter case; NULL when it is not
 * there.
 */
static const char *find_container(FsaTree *tree, FsaArena *arena, const char *host,
                                  const FsaListing *host_listing, const char *path) {
  const char *found = host;
  FsaListing listing = *host_listing;
  while (*path) {
    size_t size = strcspn(path, "/");
    const char *part = fsa_arena_copy(arena, path, size);
    const char *name = part ? find_directory(&listing, part) : NULL;
    found = name ? fsa_path_join(arena, found, '/', name) : NULL;
    if (!found || tree->ops->list(tree, found, arena, &listing) != FSA_OK) return NULL;
    path += size + (path[size] == '/');
  }
  return found;
}

static bool has_cylr_log(const FsaListing *listing) {
  for (size_t i = 0; i < listing->count; i++) {
    const char *name = listing->nodes[i].name;
    if (fsa_text_starts(name, strlen(name), "CyLR", 4)) return true;
  }
  return false;
}

/* The containers of the first layout that holds a volume. */
static int search_containers(FsaTree *tree, FsaArena *arena, const char *host,
                             const FsaListing *root, Volumes *volumes, const char **ret_name) {
  const char *layout = NULL;
  for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
    const Container *container = &containers[i];
    if (layout && strcmp(layout, container->layout) != 0) continue;
    const char *path = find_container(tree, arena, host, root, container->path);
    FsaListing listing;
    if (!path || tree->ops->list(tree, path, arena, &listing) != FSA_OK) continue;
    int result = *container->path
                     ? add_volumes(tree, arena, path, container->is_encoded, &listing, volumes)
                     : add_drives(tree, arena, path, container->is_encoded, &listing, volumes);
    if (result != FSA_OK) return result;
    if (volumes->count) layout = container->layout;
  }
  if (layout && strcmp(layout, "kape") == 0 && has_cylr_log(root)) layout = "cylr";
  *ret_name = layout ? layout : "loose";
  return FSA_OK;
}

/* The volumes of a host whose folder is `path`. */
static int detect_host(FsaTree *tree, FsaArena *arena, const char *path, const FsaListing *listing,
                       Volumes *volumes, const char **ret_name) {
  *ret_name = "volume";
  if (is_windows_root(tree, arena, path, listing)) {
    add_volume(volumes, (FsaVolume){.root = path, .drive = 'C'});
    return FSA_OK;
  }
  if (is_linux_root(listing)) {
    add_volume(volumes, (FsaVolume){.root = path, .drive = 0});
    return FSA_OK;
  }
  return search_containers(tree, arena, path, listing, volumes, ret_name);
}

/* True when a folder directly below the root is a host of its own. */
static bool is_case(FsaTree *tree, const FsaListing *root) {
  bool found = false;
  for (size_t i = 0; i < root->count && !found; i++) {
    if (root->nodes[i].kind != FSA_NODE_DIRECTORY) continue;
    FsaArena scratch = fsa_arena(0);
    Volumes volumes = {.count = 0};
    FsaListing listing;
    const char *path = root->nodes[i].name, *name;
    found = tree->ops->list(tree, path, &scratch, &listing) == FSA_OK &&
            detect_host(tree, &scratch, path, &listing, &volumes, &name) == FSA_OK &&
            volumes.count > 0;
    fsa_arena_done(&scratch);
  }
  return found;
}

int fsa_layout_detect(FsaTree *tree, FsaArena *arena, FsaLayout *ret_layout) {
  FsaListing root;
  int result = tree->ops->list(tree, "", arena, &root);
  if (result != FSA_OK) return result;
  Volumes volumes = {.count = 0};
  const char *name;
  result = detect_host(tree, arena, "", &root, &volumes, &name);
  if (result != FSA_OK) return result;
  if (volumes.count == 0 && is_case(tree, &root)) name = "case";
  FsaVolume *list = fsa_arena_zero(arena, volumes.count, sizeof *list);
  if (!list) return FSA_E_NOMEM;
  if (volumes.count) memcpy(list, volumes.list, volumes.count * sizeof *list);
  *ret_layout = (FsaLayout){.name = name, .volumes = list, .count = volumes.count};
  return FSA_OK;
}
