/*
 * The files of this machine, for reading only: what the evidence layer stands on.
 *
 * Each system's folder implements it. A folder is opened once; everything below it is then reached
 * from that opening, one component after the other, and never through a link, so that a folder that
 * is swapped meanwhile leads nowhere else. Devices, FIFOs and sockets are never opened.
 *
 * A path below a folder is relative to it, '/' separated, its names exactly as they are stored, ""
 * being the folder itself. A name that is no UTF-8 where it is stored comes as it is: on Windows an
 * unpaired surrogate stands as its three bytes. A path of this machine is one that a user gives, in
 * the system's own manner; links in it are followed.
 *
 * Results as in os.h. Threads: all calls on a folder may run at once; a reader belongs to one
 * thread at a time.
 */
#ifndef FSA_OS_FILES_H
#define FSA_OS_FILES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

typedef enum FsaNodeKind {
  FSA_NODE_FILE, /* a regular file */
  FSA_NODE_DIRECTORY,
  FSA_NODE_LINK,  /* a symbolic link */
  FSA_NODE_OTHER, /* a device, FIFO or socket: never opened */
} FsaNodeKind;

/* One entry of a directory. */
typedef struct FsaNode {
  const char *name; /* as stored */
  FsaNodeKind kind;
} FsaNode;

/* The entries of one directory, sorted by the bytes of their names. */
typedef struct FsaListing {
  FsaNode *nodes;
  size_t count;
  bool is_cut; /* more than FSA_MAX_DIR_ENTRIES: the rest was not looked at */
} FsaListing;

/* Which file or directory it is, and when it was changed last. */
typedef struct FsaIdentity {
  uint64_t device, inode;
  int64_t changed; /* ns since 1970 UTC */
} FsaIdentity;

/* ---- paths of this machine ------------------------------------------------------------------- */

/* What stands at `path` now, links followed. */
int fsa_os_path_look(const char *path, FsaNodeKind *ret_kind, uint64_t *ret_size);
int fsa_os_path_identity(const char *path, FsaIdentity *ret_identity);

/* True when the last part of `path` is a symbolic link. */
bool fsa_os_path_is_link(const char *path);

/*
 * The real path of a file, links resolved, as the path of its folder and its name in it; memory
 * from `arena`.
 */
int fsa_os_path_split(const char *path, FsaArena *arena, const char **ret_folder,
                      const char **ret_name);

/* ---- folders --------------------------------------------------------------------------------- */

typedef struct FsaOsFolder FsaOsFolder;

/* Opens the folder `path` of this machine; closed by the caller. */
int fsa_os_folder_open(const char *path, FsaOsFolder **ret_folder);
void fsa_os_folder_close(FsaOsFolder *folder); /* accepts NULL */

/*
 * Its own real path, absolute, as the targets of links name it; NULL when it has none. Lives as
 * long as the folder.
 */
const char *fsa_os_folder_location(const FsaOsFolder *folder);

/* The entries of a directory below it, without "." and ".."; memory from `arena`. */
int fsa_os_folder_list(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       FsaListing *ret_listing);

/* What stands at `path`. FSA_E_ACCESS where a link stands on the way. */
int fsa_os_folder_look(FsaOsFolder *folder, const char *path, FsaNodeKind *ret_kind);

/* Where the link at `path` points to; memory from `arena`. */
int fsa_os_folder_link(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       const char **ret_target);

/* ---- readers --------------------------------------------------------------------------------- */

/* A regular file that is open for reading. */
typedef struct FsaOsReader FsaOsReader;

/* FSA_E_UNSUPPORTED for anything but a regular file. *ret_reader is closed by the caller. */
int fsa_os_reader_open(FsaOsFolder *folder, const char *path, FsaOsReader **ret_reader);
void fsa_os_reader_close(FsaOsReader *reader); /* accepts NULL */

/* Its bytes; lives as long as the reader. */
FsaSource fsa_os_reader_source(FsaOsReader *reader);

/*
 * Memory for all bytes of a file, given back with free(); NULL when it ran out. Where the system
 * has large pages it may come in them: the first touch of each small one is a third of a walk over
 * a hive.
 */
void *fsa_os_file_memory(size_t size);

#endif
