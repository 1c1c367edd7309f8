/*
 * What the files of this folder share: the open host, the open process, and reading below them.
 *
 * Everything goes through directory descriptors. On this machine /proc is the kernel's; in a
 * recording every name may be hostile, so links are never followed out of it and only ordinary
 * files are read.
 */
#ifndef FSA_OS_LINUX_LINUX_H
#define FSA_OS_LINUX_LINUX_H

#include "base/printf.h"
#include "os/os.h"

struct FsaOs {
  int root; /* directory descriptors; -1 = not open */
  int proc;
  bool is_this_machine;
  bool is_privileged;
  int64_t ticks_per_second; /* of the times in PID/stat */
  int64_t page_size;        /* bytes; FSA_OS_UNKNOWN for a recording */
  int64_t boot_time;        /* ns since 1970 UTC, or FSA_OS_UNKNOWN */
};

struct FsaOsProcess {
  FsaOs *os;
  int64_t pid;
  int directory; /* /proc/PID */
};

/* Opens `name` below `directory` for reading; in a recording only what is an ordinary file. */
int linux_open(const FsaOs *os, int directory, const char *name, int *ret_file);

/*
 * Opens the directory `name` below `directory` to look below it. *ret_is_covered (may be NULL) says
 * that another file system or another part of this one is mounted there; that is FSA_E_ACCESS.
 */
int linux_open_directory(const FsaOs *os, int directory, const char *name, int *ret_directory,
                         bool *ret_is_covered);

/*
 * All bytes of a text of /proc, up to FSA_MAX_PROC_BYTES. Memory from `arena`. The kernel gives
 * long texts a page at a time.
 */
int linux_read(const FsaOs *os, int directory, const char *name, FsaArena *arena,
               FsaBytes *ret_bytes);

/*
 * The same for a text that the kernel gives in one piece (cmdline, cgroup, fdinfo ...): no read to
 * see its end.
 */
int linux_read_piece(const FsaOs *os, int directory, const char *name, FsaArena *arena,
                     FsaBytes *ret_bytes);

/* The same into `buffer`. FSA_E_LIMIT when it does not fit. */
int linux_read_small(const FsaOs *os, int directory, const char *name, void *buffer, size_t room,
                     FsaBytes *ret_bytes);

/* The target of a symbolic link, as it stands; not cleaned. */
int linux_read_link(int directory, const char *name, FsaArena *arena, FsaText *ret_target);

/* The names of `directory`/`name` that are numbers, ascending; `name` "." = itself. */
int linux_list_numbers(const FsaOs *os, int directory, const char *name, FsaArena *arena,
                       int64_t **ret_numbers, size_t *ret_count);

/* What lies at `path` below `directory`, links resolved inside it; nothing is opened. */
int linux_stat_beneath(const FsaOs *os, int directory, FsaText path, FsaOsFile *ret_file);

/* What the link `directory`/`name` of this machine's /proc leads to. */
int linux_stat_link(int directory, const char *name, FsaOsFile *ret_file);

/* Takes the kernel's " (deleted)" off a path; true when it was there. */
bool linux_take_deleted(FsaText *path);

/* True for a file of the kernel's own memory file system: memfd, System V shared memory. */
bool linux_is_memfd(FsaText path);

/* "123/stat" and such; NULL-terminated in `out`. */
void linux_name(char out[64], const char *format, ...) FSA_PRINTF(2, 3);

#endif
