/*
 * The texts of Linux's /proc: bytes in, facts out.
 *
 * Names in these files are chosen by the examined processes (a command may hold ") R 1", a mapped
 * file's name may hold spaces), and a recording may hold anything at all; nothing here trusts them.
 * Texts point into the bytes that were given and are not cleaned: they may be invalid UTF-8.
 * No function allocates; all may be used by several threads. [proc(5), Linux
 * Documentation/filesystems/proc.rst]
 */
#ifndef FSA_FORMATS_PROCFS_H
#define FSA_FORMATS_PROCFS_H

#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"

/* A number that the kernel does not tell, or that cannot be true. */
#define FSA_PROC_UNKNOWN INT64_MIN

/* ---- PID/stat -------------------------------------------------------------------------------- */

#define FSA_PROC_KERNEL_THREAD 0x00200000u /* of `flags`: PF_KTHREAD [include/linux/sched.h] */

typedef struct FsaProcStat {
  FsaText name;                   /* the command name, up to 15 bytes; 63 for kernel workers */
  char state;                     /* R S D T t Z X I */
  int64_t parent, group, session; /* pids; 0 = none */
  int64_t terminal;               /* device number of the controlling terminal; 0 = none */
  uint64_t flags;                 /* PF_... of the kernel */
  uint64_t user_ticks, system_ticks;
  int64_t nice; /* -20..19 */
  int64_t threads;
  uint64_t start_ticks;  /* since boot */
  uint64_t virtual_size; /* bytes */
  uint64_t resident_pages;
} FsaProcStat;

/* PID/stat or PID/task/TID/stat. FSA_E_FORMAT when a field is missing or no number. */
int fsa_proc_stat(FsaBytes bytes, FsaProcStat *ret_stat);

/* ---- PID/status ------------------------------------------------------------------------------ */

enum { FSA_PROC_REAL, FSA_PROC_EFFECTIVE, FSA_PROC_SAVED, FSA_PROC_FILE_SYSTEM, FSA_PROC_IDS };
enum {
  FSA_PROC_INHERITABLE,
  FSA_PROC_PERMITTED,
  FSA_PROC_ACTIVE, /* CapEff */
  FSA_PROC_BOUNDING,
  FSA_PROC_AMBIENT,
  FSA_PROC_CAPABILITIES,
};

typedef struct FsaProcStatus {
  FsaText name; /* the thread's name, as the kernel escapes it (\n, \\) */
  int64_t uids[FSA_PROC_IDS];
  int64_t gids[FSA_PROC_IDS];
  /* supplementary group ids, separated by spaces; NULL = not told */
  FsaText groups;
  int64_t group_count;
  int64_t tracer;        /* pid of the debugger; 0 = none */
  int64_t namespace_pid; /* its pid in its own pid namespace, the innermost */
  uint64_t capabilities[FSA_PROC_CAPABILITIES];
  unsigned capabilities_known; /* bit i: capabilities[i] was there */
  int64_t no_new_privileges;   /* 0, 1 */
  int64_t seccomp;             /* 0 off, 1 strict, 2 filter */
  int64_t seccomp_filters;
  int64_t resident_size; /* bytes */
} FsaProcStatus;

/*
 * PID/status or PID/task/TID/status. Lines that an older kernel lacks stay unknown. FSA_E_FORMAT
 * without Uid and Gid.
 */
int fsa_proc_status(FsaBytes bytes, FsaProcStatus *ret_status);

/* ---- PID/maps, PID/smaps --------------------------------------------------------------------- */

typedef struct FsaProcRegion {
  uint64_t start, end; /* addresses; start < end */
  bool is_readable, is_writable, is_executable, is_shared;
  uint64_t offset;       /* bytes into the file */
  uint64_t major, minor; /* of the file's device */
  uint64_t inode;        /* 0 = no file */
  /* a path, "[heap]"; size 0 = anonymous; "\012" stands for a newline */
  FsaText name;
  /* smaps only, bytes; else FSA_PROC_UNKNOWN */
  int64_t resident_size;
  /* pages that belong to this process alone: of a file, the ones it changed */
  int64_t anonymous_size;
  int64_t swapped_size;
  int64_t is_accounted; /* VmFlags has "ac": private and at some time writable */
} FsaProcRegion;

typedef struct FsaProcMaps {
  FsaBytes bytes;
  size_t at; /* the next line's offset */
} FsaProcMaps;

/*
 * The next region of maps or smaps: FSA_ROW; FSA_OK at the end; FSA_E_FORMAT (`at` is the bad
 * line's offset, the next call goes on behind it).
 */
int fsa_proc_maps_next(FsaProcMaps *maps, FsaProcRegion *ret_region);

/* What a PID/pagemap entry says of a page. [Documentation/admin-guide/mm/pagemap.rst] */
#define FSA_PROC_PAGE_PRESENT (UINT64_C(1) << 63)
#define FSA_PROC_PAGE_SWAPPED (UINT64_C(1) << 62)
#define FSA_PROC_PAGE_FILE (UINT64_C(1) << 61) /* of a file or shared memory, unchanged */

/* ---- net/unix -------------------------------------------------------------------------------- */

typedef struct FsaProcUnixSocket {
  uint64_t inode;
  unsigned type;  /* 1 stream, 2 datagram, 5 sequential packets */
  unsigned state; /* SS_...: 1 unconnected, 3 connected */
  bool is_listening;
  FsaText path; /* size 0 = no name; an abstract name begins with '@' */
} FsaProcUnixSocket;

typedef struct FsaProcLines {
  FsaBytes bytes;
  size_t at;
} FsaProcLines;

/* The next socket of net/unix; the heading is skipped. FSA_ROW, FSA_OK, FSA_E_FORMAT as above. */
int fsa_proc_unix_next(FsaProcLines *lines, FsaProcUnixSocket *ret_socket);

/* ---- net/tcp, net/tcp6, net/udp, net/udp6 ---------------------------------------------------- */

typedef struct FsaProcInetSocket {
  uint64_t inode;                /* 0 = no file belongs to it any more */
  uint8_t local[16], remote[16]; /* in network order */
  size_t address_size;           /* 4 or 16 */
  uint16_t local_port, remote_port;
  unsigned state; /* TCP_...: 1 established .. 10 listen; of UDP 1 connected, 7 not */
  uint64_t uid;
} FsaProcInetSocket;

/* The next socket; the heading is skipped. FSA_ROW, FSA_OK, FSA_E_FORMAT as above. */
int fsa_proc_inet_next(FsaProcLines *lines, FsaProcInetSocket *ret_socket);

/* ---- small ones ------------------------------------------------------------------------------ */

/* The next line without its newline; false at the end. */
bool fsa_proc_line(FsaProcLines *lines, FsaText *ret_line);

/*
 * The value behind `key` at the start of a line ("btime", "flags:"), blanks skipped; false without
 * one.
 */
bool fsa_proc_value(FsaBytes bytes, const char *key, FsaText *ret_value);

/*
 * The whole text as one number (loginuid, sessionid; a newline may follow); false when it is none.
 */
bool fsa_proc_number(FsaText text, unsigned base, uint64_t *ret_number);

/*
 * PID/cgroup: the path in the unified hierarchy, else in systemd's, else in the first; false
 * without one.
 */
bool fsa_proc_cgroup(FsaBytes bytes, FsaText *ret_path);

/*
 * PID/task/TID/syscall: the instruction pointer; false while the thread runs or the text is
 * damaged.
 */
bool fsa_proc_instruction(FsaBytes bytes, uint64_t *ret_address);

/*
 * The inode of a link such as "pipe:[123]" when `link` begins with `kind` ("pipe"); false
 * otherwise.
 */
bool fsa_proc_link_inode(FsaText link, const char *kind, uint64_t *ret_inode);

/*
 * True when mountinfo says that the file system at `point` ("/proc") hides other users' processes.
 */
bool fsa_proc_hides_pids(FsaBytes mountinfo, const char *point);

/*
 * The octal escapes of the kernel ("\012") undone in place of a copy; gives the new size. `out` has
 * room for text.size bytes.
 */
size_t fsa_proc_unescape(char *out, FsaText text);

#endif
