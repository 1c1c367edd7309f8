/*
 * The live host: the contract that each system's folder implements under the same file names.
 *
 * linux/ reads /proc and /sys below replaceable roots, so that a recorded host can be examined and
 * tested; none/ always compiles and answers FSA_E_UNSUPPORTED. Nothing here knows tables, SQLite or
 * evidence. An FsaOs may be used by several threads; results live in the arena that the caller gives.
 */
#ifndef FSA_OS_OS_H
#define FSA_OS_OS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"

typedef struct FsaOs FsaOs;

/* Opens the host whose files lie below `root` ("" = this host); `root`/proc and `root`/sys are its pseudo files. */
int fsa_os_open(const char *root, FsaOs **ret_os);
void fsa_os_close(FsaOs *os); /* accepts NULL */

/* True when the host is this machine and not a recording: only then can memory be read. */
bool fsa_os_is_this_machine(const FsaOs *os);

/* True when the caller may read everything (root); shown in fsa_coverage. */
bool fsa_os_is_privileged(const FsaOs *os);

/* All pids, ascending. A process that vanishes meanwhile is simply not there. */
int fsa_os_pids(FsaOs *os, FsaArena *arena, int64_t **ret_pids, size_t *ret_count);

/* ---- memory ------------------------------------------------------------------------------------ */

enum { FSA_OS_READ = 1, FSA_OS_WRITE = 2, FSA_OS_EXECUTE = 4, FSA_OS_SHARED = 8 };

/* One mapping of a process. */
typedef struct FsaOsRegion {
  uint64_t start, end;    /* addresses; `end` is the first byte behind */
  unsigned protection;    /* FSA_OS_READ | ... */
  uint64_t file_offset;   /* bytes; 0 without a file */
  uint64_t device, inode; /* of the file; 0 = none */
  FsaText name;           /* path or "[heap]"; size 0 = anonymous */
  bool is_deleted;        /* the file's name is gone */
} FsaOsRegion;

/* The mappings of a process, by address. FSA_E_ABSENT when it is gone, FSA_E_ACCESS when refused. */
int fsa_os_regions(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsRegion **ret_regions,
                   size_t *ret_count);

/*
 * Reads another process's memory without stopping it and without paging in what was swapped out.
 * *ret_size is what could be read from `address` on. FSA_E_UNSUPPORTED for a recording.
 */
int fsa_os_memory_read(FsaOs *os, int64_t pid, uint64_t address, void *buffer, size_t size,
                       size_t *ret_size);

#endif
