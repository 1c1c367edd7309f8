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
#include "base/text.h"

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

/* ---- the machine ----------------------------------------------------------------------------- */

typedef struct FsaOsFolder FsaOsFolder;

/*
 * Opens all that stands on this machine; closed by the caller. On Windows its entries are the
 * drives ("C:") of fsa_os_drives().
 */
int fsa_os_machine_open(FsaOsFolder **ret_folder);

#define FSA_OS_DRIVES 26

/*
 * The letters of the fixed drives, ascending; gives how many. 0 where the system knows no such
 * letters. A letter that stands for a folder (subst) is left out.
 */
size_t fsa_os_drives(char ret_letters[FSA_OS_DRIVES]);

/* ---- paths of this machine ------------------------------------------------------------------- */

/* True for what separates the names of a path: '/', on Windows also '\\'. */
bool fsa_os_is_separator(char c);

/* What to put between `path` and a name below it: the separator that it uses itself. */
char fsa_os_separator_of(const char *path);

/*
 * A path as patterns name it, "cases/x" of "/cases/x" and of "C:\cases\x": '/' between its names
 * and nothing in front of the first. From `arena` or `path` itself; NULL when memory ran out.
 */
const char *fsa_os_path_plain(FsaArena *arena, const char *path);

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

/* Opens the folder `path` of this machine; closed by the caller. */
int fsa_os_folder_open(const char *path, FsaOsFolder **ret_folder);
void fsa_os_folder_close(FsaOsFolder *folder); /* accepts NULL */

/*
 * Its own real path, '/' separated, as the absolute targets of links name it: on Windows
 * "/C:/cases". NULL when it has none. Lives as long as the folder.
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

/*
 * FSA_E_UNSUPPORTED for anything but a regular file. *ret_reader is closed by the caller. A file
 * that another program has opened for itself alone is read from its volume where that is possible.
 * On failure *ret_why may become the reason in words ("its content is in the cloud"; static
 * storage), where the result alone would mislead.
 */
int fsa_os_reader_open(FsaOsFolder *folder, const char *path, FsaOsReader **ret_reader,
                       const char **ret_why);
void fsa_os_reader_close(FsaOsReader *reader); /* accepts NULL */

/* Its bytes; lives as long as the reader, which is its context. */
FsaSource fsa_os_reader_source(FsaOsReader *reader);

/*
 * Memory for all bytes of a file, given back with free(); NULL when it ran out. Where the system
 * has large pages it may come in them: the first touch of each small one is a third of a walk over
 * a hive.
 */
void *fsa_os_file_memory(size_t size);

#endif
