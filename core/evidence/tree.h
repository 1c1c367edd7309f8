/*
 * A tree of files: what evidence is read from.
 *
 * folder.c is the tree of this machine's file system. An archive or a disk image is one more file
 * that fills an FsaTreeOps; nothing above this header changes.
 *
 * A path inside a tree is relative to its root, '/' separated, exactly as the names are stored (any
 * bytes but '/' and NUL), without "." and "..", "" being the root. No call follows a symbolic link:
 * a link on the way is FSA_E_ACCESS, so that what path.c has resolved cannot be swapped behind its
 * back. Threads: all calls on a tree may run at once; an open file belongs to one thread at a time.
 */
#ifndef FSA_EVIDENCE_TREE_H
#define FSA_EVIDENCE_TREE_H

#include "fsa.h"
#include "os/files.h"

/* An open file. */
typedef struct FsaTreeFile {
  FsaSource source;
  void (*close)(void *context); /* is given the source's context */
} FsaTreeFile;

typedef struct FsaTree FsaTree;

typedef struct FsaTreeOps {
  /* The entries of a directory without "." and ".."; memory from `arena`. */
  int (*list)(FsaTree *tree, const char *path, FsaArena *arena, FsaListing *ret_listing);
  /* What stands at `path`. */
  int (*look)(FsaTree *tree, const char *path, FsaNodeKind *ret_kind);
  /* Where the link at `path` points to; memory from `arena`. */
  int (*link)(FsaTree *tree, const char *path, FsaArena *arena, const char **ret_target);
  /*
   * Opens a regular file for reading; FSA_E_UNSUPPORTED for anything else. On failure *ret_why may
   * become the reason in words, where the result alone would mislead; static storage.
   */
  int (*open)(FsaTree *tree, const char *path, FsaTreeFile *ret_file, const char **ret_why);
  void (*close)(FsaTree *tree);
} FsaTreeOps;

/* A tree's own structure begins with it. */
struct FsaTree {
  const FsaTreeOps *ops;
  const char *location; /* the absolute path of its root on this machine; NULL when it has none */
  bool is_machine;      /* its root is this machine: absolute targets of links mean what they say */
};

/* The tree of all that stands on this machine; closed through its ops. */
int fsa_machine_open(FsaTree **ret_tree);

/* The tree below a directory of this machine; closed through its ops. */
int fsa_folder_open(const char *path, FsaTree **ret_tree);

/*
 * The tree of the directory that holds the file `path`, links resolved, and the file's name in it
 * (from `arena`).
 */
int fsa_folder_open_parent(const char *path, FsaArena *arena, FsaTree **ret_tree,
                           const char **ret_name);

#endif
