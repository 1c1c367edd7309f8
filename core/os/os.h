/*
 * The live host: the contract that each system's folder implements under the same file names.
 *
 * linux/ reads /proc and /sys below replaceable roots, so that a recorded host can be examined and
 * tested; windows/ asks the native and Win32 interfaces; none/ always compiles, answers
 * FSA_E_UNSUPPORTED and lends each system the files of objects that it does not have. Nothing here
 * knows tables, SQLite or evidence. An FsaOs may be used by several threads; results live in the
 * arena that the caller gives and texts in them are valid UTF-8.
 *
 * What every function answers: FSA_E_ABSENT when the process (or the asked thing) is gone or does
 * not exist, FSA_E_ACCESS when the system refuses, FSA_E_NOMEM, FSA_E_FORMAT for a damaged
 * recording, FSA_E_UNSUPPORTED where the system or a recording cannot tell. A process that ends
 * while it is looked at is never an error of another kind.
 */
#ifndef FSA_OS_OS_H
#define FSA_OS_OS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"

typedef struct FsaOs FsaOs;

/* A number that the system does not tell. Unknown texts have data NULL. */
#define FSA_OS_UNKNOWN INT64_MIN

/*
 * Opens the host whose files lie below `root` ("" = this host); `root`/proc and `root`/sys are its
 * pseudo files.
 */
int fsa_os_open(const char *root, FsaOs **ret_os);
void fsa_os_close(FsaOs *os); /* accepts NULL */

/* Which system it is: what a fact is called and where it is looked for depends on it. */
typedef enum FsaOsFamily { FSA_OS_LINUX, FSA_OS_WINDOWS } FsaOsFamily;
FsaOsFamily fsa_os_family(const FsaOs *os);

/* True when the host is this machine and not a recording: only then can memory be read. */
bool fsa_os_is_this_machine(const FsaOs *os);

/*
 * True when `pid` is the program itself: its memory holds what it looks for. False in a recording.
 */
bool fsa_os_is_self(const FsaOs *os, int64_t pid);

/*
 * True when the caller may read everything (root; on Windows SeDebugPrivilege and
 * SeBackupPrivilege); shown in fsa_coverage.
 */
bool fsa_os_is_privileged(const FsaOs *os);

/*
 * The names, separated by blanks, of the privileges that a whole look needs and that the caller
 * does not hold. FSA_E_ABSENT: none is lacking.
 */
int fsa_os_lacked_privileges(const FsaOs *os, FsaArena *arena, FsaText *ret_names);

/*
 * True when the system keeps other users' processes out of fsa_os_pids() (hidepid): what is missing
 * is then unknown.
 */
bool fsa_os_hides_processes(FsaOs *os);

/* What the host calls itself; FSA_E_ABSENT where a recording does not tell. Memory from `arena`. */
int fsa_os_hostname(FsaOs *os, FsaArena *arena, FsaText *ret_name);

/* Cores of this machine that programs may use; 1 when it does not tell. */
unsigned fsa_os_core_count(void);

/* All pids, ascending. A process that vanishes meanwhile is simply not there. */
int fsa_os_pids(FsaOs *os, FsaArena *arena, int64_t **ret_pids, size_t *ret_count);

/* ---- processes ------------------------------------------------------------------------------- */

/*
 * A process, held so that its pid cannot come to mean another one: once it has ended, every
 * function answers FSA_E_ABSENT. Lives in the arena; belongs to one thread at a time; closed by the
 * caller.
 */
typedef struct FsaOsProcess FsaOsProcess;
int fsa_os_process_open(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsProcess **ret_process);
void fsa_os_process_close(FsaOsProcess *process); /* accepts NULL */

/*
 * True when something was mounted over the process's place in the system's listing (Linux:
 * /proc/PID), a way to hide it. fsa_os_process_open() then answers FSA_E_ACCESS: what would be read
 * there is somebody else's.
 */
bool fsa_os_process_is_covered(FsaOs *os, int64_t pid);

typedef struct FsaOsProcessFacts {
  FsaText name;           /* what the system calls it, often cut (Linux: 15 bytes) */
  char state;             /* Linux: R S D T t Z X I; 0 = unknown */
  bool is_kernel;         /* runs in the kernel only */
  int64_t parent;         /* pid; 0 = none */
  int64_t group, session; /* pids */
  int64_t terminal;       /* device number of the controlling terminal; 0 = none */
  int64_t threads;
  int64_t nice;       /* -20..19 */
  int64_t start_time; /* ns since 1970 UTC */
  /* since boot: compares starts exactly, whatever was done to the clock */
  int64_t start_ticks;
  int64_t user_time, system_time;    /* ns of CPU */
  int64_t total_size, resident_size; /* bytes */
} FsaOsProcessFacts;

int fsa_os_process_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts);

/*
 * True for a thread of the kernel: it has no program, no memory and no handles, and nothing of it
 * is ever refused in earnest.
 */
bool fsa_os_process_is_kernel(FsaOsProcess *process);

typedef enum FsaOsProcessText {
  /* arguments, separated by one blank; FSA_E_ABSENT for kernel threads and zombies */
  FSA_OS_COMMAND_LINE,
  FSA_OS_CWD,
  FSA_OS_ROOT,
  FSA_OS_CGROUP,
  FSA_OS_LABEL, /* of the Linux security module: SELinux context, AppArmor profile */
} FsaOsProcessText;

int fsa_os_process_text(FsaOsProcess *process, FsaOsProcessText which, FsaArena *arena,
                        FsaText *ret_text);

/* A file behind a path or a mapping. */
typedef struct FsaOsFile {
  uint64_t device, inode;
  uint32_t mode;  /* POSIX type and permission bits */
  uint64_t links; /* names it has */
  int64_t uid, gid;
} FsaOsFile;

/* True for a first-in-first-out file, whatever the system's numbers are. */
bool fsa_os_file_is_fifo(const FsaOsFile *file);

/* The program that a process runs. */
typedef struct FsaOsImage {
  FsaText path;    /* without the system's mark for a deleted file */
  bool is_deleted; /* its name is gone */
  bool is_memory;  /* it never had a name: memfd */
} FsaOsImage;

/* FSA_E_ABSENT for kernel threads and zombies. */
int fsa_os_process_image(FsaOsProcess *process, FsaArena *arena, FsaOsImage *ret_image);

/* The file that runs, deleted or not. FSA_E_UNSUPPORTED for a recording: it holds the path only. */
int fsa_os_process_image_file(FsaOsProcess *process, FsaOsFile *ret_file);

/* The file that the process itself would find under an absolute path; nothing is opened. */
int fsa_os_process_file(FsaOsProcess *process, FsaText path, FsaOsFile *ret_file);

/* Bytes that it caused to be read from and written to storage, since it started. */
typedef struct FsaOsTransfer {
  int64_t read_bytes, written_bytes;
} FsaOsTransfer;
int fsa_os_process_transfer(FsaOsProcess *process, FsaArena *arena, FsaOsTransfer *ret_transfer);

/* ---- tokens: the credentials of a process and of each of its threads ------------------------- */

enum { FSA_OS_REAL, FSA_OS_EFFECTIVE, FSA_OS_SAVED, FSA_OS_FILE_SYSTEM, FSA_OS_IDS };
enum {
  FSA_OS_INHERITABLE,
  FSA_OS_PERMITTED,
  FSA_OS_ACTIVE,
  FSA_OS_BOUNDING,
  FSA_OS_AMBIENT,
  FSA_OS_CAPABILITIES,
};

typedef struct FsaOsToken {
  FsaText name; /* of the thread */
  int64_t uids[FSA_OS_IDS], gids[FSA_OS_IDS];
  FsaText groups; /* supplementary group ids, ascending, separated by blanks */
  int64_t group_count;
  uint64_t capabilities[FSA_OS_CAPABILITIES];
  unsigned capabilities_known; /* bit i: capabilities[i] was told */
  int64_t no_new_privileges;   /* 0, 1 */
  int64_t seccomp;             /* 0 off, 1 strict, 2 filter */
  int64_t seccomp_filters;
  int64_t tracer;        /* pid of the debugger; 0 = none */
  int64_t namespace_pid; /* its own idea of its pid: in a container another one */
} FsaOsToken;

/* All thread ids of a process, ascending. */
int fsa_os_threads(FsaOsProcess *process, FsaArena *arena, int64_t **ret_tids, size_t *ret_count);

/* The credentials of a thread; `tid` 0 = of the process (its first thread). */
int fsa_os_token(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaOsToken *ret_token);

/* The thread's security label (FSA_OS_LABEL). */
int fsa_os_thread_label(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_label);

/*
 * The user who logged in and the audit session that the process belongs to, whatever su and sudo
 * did. FSA_E_ABSENT: none.
 */
int fsa_os_login(FsaOsProcess *process, FsaArena *arena, int64_t *ret_uid, int64_t *ret_session);

/* The inode of the process's user namespace, and whether that is the machine's first one. */
int fsa_os_user_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode,
                          bool *ret_is_initial);

/* ---- handles: what a process holds open ------------------------------------------------------ */

typedef enum FsaOsHandleKind {
  FSA_OS_OTHER,
  FSA_OS_PATH,
  FSA_OS_PIPE,
  FSA_OS_SOCKET,
} FsaOsHandleKind;

typedef struct FsaOsHandle {
  int64_t number; /* descriptor */
  FsaOsHandleKind kind;
  uint64_t inode; /* of a pipe or socket; 0 for others */
  /* path, or what the system says in place of one ("anon_inode:[eventfd]") */
  FsaText target;
  /* of a path: its name is gone; the system's mark for that is not in target */
  bool is_deleted;
} FsaOsHandle;

/* All handles of a process, ascending; nothing is opened. */
int fsa_os_handles(FsaOsProcess *process, FsaArena *arena, FsaOsHandle **ret_handles,
                   size_t *ret_count);

/* The file behind a handle of kind FSA_OS_PATH, without opening it. */
int fsa_os_handle_file(FsaOsProcess *process, const FsaOsHandle *handle, FsaOsFile *ret_file);

/* FSA_OS_READ | FSA_OS_WRITE: how a handle was opened. */
int fsa_os_handle_access(FsaOsProcess *process, int64_t number, FsaArena *arena,
                         unsigned *ret_access);

/* ---- sockets --------------------------------------------------------------------------------- */

typedef struct FsaOsUnixSocket {
  uint64_t inode;
  uint64_t peer; /* inode of the other end; 0 = none or unknown */
  unsigned type; /* 1 stream, 2 datagram, 5 sequential packets */
  bool is_listening;
  bool is_peer_known; /* the system was asked for the peer and answered */
  FsaText path;       /* size 0 = unnamed; an abstract name begins with '@' */
} FsaOsUnixSocket;

/* The inode of the network namespace of a process; its unix sockets are those of the namespace. */
int fsa_os_network_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode);

/* The unix sockets in the network namespace of a process, by inode. */
int fsa_os_unix_sockets(FsaOsProcess *process, FsaArena *arena, FsaOsUnixSocket **ret_sockets,
                        size_t *ret_count);

/* ---- memory ---------------------------------------------------------------------------------- */

enum {
  FSA_OS_READ = 1,
  FSA_OS_WRITE = 2,
  FSA_OS_EXECUTE = 4,
  FSA_OS_SHARED = 8,
  FSA_OS_GUARD =
      16, /* Windows: the first touch of a page is told to the process, so none is read */
};

/* What stands behind a mapping. */
typedef enum FsaOsBacking {
  FSA_OS_ANONYMOUS, /* memory without a file, shared or not */
  FSA_OS_FILE,      /* a file's bytes */
  FSA_OS_IMAGE,     /* Windows: a program or library, mapped section by section */
} FsaOsBacking;

/* One mapping of a process; on Windows pages of one protection in one. */
typedef struct FsaOsRegion {
  uint64_t start, end; /* addresses; `end` is the first byte behind */
  unsigned protection; /* FSA_OS_READ | ... */
  FsaOsBacking backing;
  uint64_t file_offset;   /* bytes; 0 without a file and where it is not told */
  uint64_t device, inode; /* of the file; 0 = none, or not told */
  FsaText name;           /* path or "[heap]"; size 0 = none, or the system has lost it */
  bool is_deleted;        /* the file's name is gone */
  /* of the allocation, mapping or image that it is a part of: where that begins, and its bytes */
  uint64_t allocation, allocation_size;
  int64_t first_protection; /* what that was allocated with; FSA_OS_UNKNOWN where it is not told */
  int64_t was_writable;     /* 1: private and at some time writable, 0: never; or FSA_OS_UNKNOWN */
  /* figures; FSA_OS_UNKNOWN where they were not asked for or are not told */
  int64_t resident_size; /* bytes in memory */
  /* bytes in pages of its own, in memory or swapped: of a file, what it changed */
  int64_t private_size;
} FsaOsRegion;

/* What fsa_os_process_regions() is asked for: the figures cost a walk over the pages. */
typedef enum FsaOsRegions {
  FSA_OS_ALL_REGIONS,    /* without figures */
  FSA_OS_REGIONS_IN_USE, /* all, with figures */
  /*
   * With figures, at least those that may be executed or were allocated so, and the first of each
   * image: a system may leave out the others.
   */
  FSA_OS_CODE_REGIONS,
} FsaOsRegions;

/* The mappings of a process, by address, without figures. */
int fsa_os_regions(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsRegion **ret_regions,
                   size_t *ret_count);

/* The same of an open process. FSA_E_LIMIT beyond FSA_MAX_REGIONS. */
int fsa_os_process_regions(FsaOsProcess *process, FsaOsRegions which, FsaArena *arena,
                           FsaOsRegion **ret_regions, size_t *ret_count);

/*
 * The region that holds an address. FSA_E_ABSENT when nothing is mapped there; FSA_E_UNSUPPORTED on
 * Linux, which lists them all.
 */
int fsa_os_region_at(FsaOsProcess *process, uint64_t address, FsaArena *arena,
                     FsaOsRegion *ret_region);

/* The pages of a file's mapping that the process has changed. */
typedef struct FsaOsPrivatePages {
  uint64_t count;
  uint64_t first;  /* address of the first one; meaningless when count is 0 */
  uint64_t *pages; /* their addresses, ascending, when an arena was given */
  size_t listed;   /* how many of them: FSA_MAX_PRIVATE_PAGES at the most */
} FsaOsPrivatePages;

/* `arena` NULL: they are counted, not listed. */
int fsa_os_private_pages(FsaOsProcess *process, const FsaOsRegion *region, FsaArena *arena,
                         FsaOsPrivatePages *ret_pages);

/* The file that is mapped, whatever lies at its path now. FSA_E_UNSUPPORTED for a recording. */
int fsa_os_region_file(FsaOsProcess *process, const FsaOsRegion *region, FsaOsFile *ret_file);

/* Where a thread's next instruction lies. FSA_E_ABSENT while it runs or when it is gone. */
int fsa_os_thread_instruction(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                              uint64_t *ret_address);

/*
 * Where a thread began to run, as the system remembers it; a thread may have had that changed.
 * FSA_E_ABSENT when it is gone or nothing is remembered; FSA_E_UNSUPPORTED on Linux.
 */
int fsa_os_thread_start(FsaOsProcess *process, int64_t tid, uint64_t *ret_address);

/*
 * Reads another process's memory without stopping it and without paging in what the system says it
 * has swapped out. *ret_size is what could be read from `address` on. FSA_E_UNSUPPORTED for a
 * recording.
 */
int fsa_os_process_memory(FsaOsProcess *process, uint64_t address, void *buffer, size_t size,
                          size_t *ret_size);

/* The same of a process by its pid. */
int fsa_os_memory_read(FsaOs *os, int64_t pid, uint64_t address, void *buffer, size_t size,
                       size_t *ret_size);

#endif
