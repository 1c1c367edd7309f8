/* The tree of a directory on this machine: os/files.h, as a tree. */
#include <stdlib.h>

#include "evidence/tree.h"

typedef struct Folder {
  FsaTree tree;
  FsaOsFolder *folder;
} Folder;

static FsaOsFolder *folder_of(FsaTree *tree) {
  return ((Folder *)tree)->folder;
}

static int folder_list(FsaTree *tree, const char *path, FsaArena *arena, FsaListing *ret_listing) {
  return fsa_os_folder_list(folder_of(tree), path, arena, ret_listing);
}

static int folder_look(FsaTree *tree, const char *path, FsaNodeKind *ret_kind) {
  return fsa_os_folder_look(folder_of(tree), path, ret_kind);
}

static int folder_link(FsaTree *tree, const char *path, FsaArena *arena, const char **ret_target) {
  return fsa_os_folder_link(folder_of(tree), path, arena, ret_target);
}

static void file_close(void *reader) {
  fsa_os_reader_close(reader);
}

static int folder_open_file(FsaTree *tree, const char *path, FsaTreeFile *ret_file,
                            const char **ret_why) {
  FsaOsReader *reader;
  int result = fsa_os_reader_open(folder_of(tree), path, &reader, ret_why);
  if (result != FSA_OK) return result;
  *ret_file = (FsaTreeFile){.source = fsa_os_reader_source(reader), .close = file_close};
  return FSA_OK;
}

static void folder_close(FsaTree *tree) {
  fsa_os_folder_close(folder_of(tree));
  free(tree);
}

static const FsaTreeOps folder_ops = {
    .list = folder_list,
    .look = folder_look,
    .link = folder_link,
    .open = folder_open_file,
    .close = folder_close,
};

static int tree_of(FsaOsFolder *opened, bool is_machine, FsaTree **ret_tree) {
  Folder *folder = malloc(sizeof *folder);
  if (!folder) {
    fsa_os_folder_close(opened);
    return FSA_E_NOMEM;
  }
  folder->folder = opened;
  folder->tree = (FsaTree){
      .ops = &folder_ops, .location = fsa_os_folder_location(opened), .is_machine = is_machine};
  *ret_tree = &folder->tree;
  return FSA_OK;
}

int fsa_folder_open(const char *path, FsaTree **ret_tree) {
  FsaOsFolder *folder;
  int result = fsa_os_folder_open(path, &folder);
  return result == FSA_OK ? tree_of(folder, false, ret_tree) : result;
}

int fsa_machine_open(FsaTree **ret_tree) {
  FsaOsFolder *machine;
  int result = fsa_os_machine_open(&machine);
  return result == FSA_OK ? tree_of(machine, true, ret_tree) : result;
}

int fsa_folder_open_parent(const char *path, FsaArena *arena, FsaTree **ret_tree,
                           const char **ret_name) {
  const char *folder, *name;
  int result = fsa_os_path_split(path, arena, &folder, &name);
  if (result == FSA_OK) result = fsa_folder_open(folder, ret_tree);
  if (result == FSA_OK) *ret_name = name;
  return result;
}
