/*
 * All handles of all processes at once, as Windows keeps them, and what each leads to.
 *
 * The table is a picture of one moment. What it holds costs nothing more; whatever else is asked of
 * a handle is asked of a copy of it, made in this process without any effect on the owner: never
 * opened by name, never closed there. A copy that is another kind of object than the table says
 * tells that the owner closed the handle meanwhile: FSA_E_ABSENT.
 *
 * What can hang (a synchronous pipe does not tell its name while its owner reads from it) is asked
 * under a time guard: FSA_E_TIMEOUT. Elsewhere than on Windows: FSA_E_UNSUPPORTED.
 */
#ifndef FSA_OS_HANDLE_TABLE_H
#define FSA_OS_HANDLE_TABLE_H

#include "os/os.h"

/* Belongs to one thread at a time. */
typedef struct FsaOsHandleTable FsaOsHandleTable;

/* FSA_E_LIMIT beyond FSA_MAX_HANDLE_BYTES. */
int fsa_os_handle_table_open(FsaOs *os, FsaOsHandleTable **ret_table);
void fsa_os_handle_table_close(FsaOsHandleTable *table); /* accepts NULL */

/* Handles that the system counted and did not give. */
size_t fsa_os_handle_table_missing(const FsaOsHandleTable *table);

/* One handle. */
typedef struct FsaOsTableHandle {
  int64_t pid, number;
  FsaText type;    /* "File", "Process", ...; data NULL = unknown; lives as long as the table */
  uint64_t object; /* address in the kernel, equal for handles on one object; 0 = not told */
  uint32_t access; /* granted rights [MS-DTYP 2.4.3] */
  uint16_t type_number;
  bool is_inheritable; /* child processes get it */
  bool is_protected;   /* closing it is refused */
} FsaOsTableHandle;

/* The next handle, by process. FSA_ROW, or FSA_OK behind the last. */
int fsa_os_handle_table_next(FsaOsHandleTable *table, FsaOsTableHandle *ret_handle);

/* Back to the first handle. */
void fsa_os_handle_table_rewind(FsaOsHandleTable *table);

/*
 * Of the functions below: FSA_E_ACCESS when the owner's handles may not be copied or the copy not
 * be asked; FSA_E_ABSENT when the handle is gone or has nothing of the kind; FSA_E_TIMEOUT when it
 * did not answer; FSA_E_LIMIT when too many did not (FSA_MAX_HANGS) and it was not asked.
 */

/*
 * The object's name. Of a file its path as users know it ("C:\..."), of other objects the native
 * one ("\BaseNamedObjects\...", "\REGISTRY\MACHINE\...").
 */
int fsa_os_handle_name(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaText *ret_name);

/* Whom a handle of type Process, Thread, Token or Mutant leads to. */
typedef struct FsaOsHandleTarget {
  int64_t pid;  /* the process, the thread's process, the mutant's owner; FSA_OS_UNKNOWN */
  int64_t tid;  /* the thread; FSA_OS_UNKNOWN for others */
  FsaText user; /* SID of the token's user; data NULL for others */
} FsaOsHandleTarget;

/* FSA_E_ABSENT also for a mutant that nobody owns. */
int fsa_os_handle_target(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                         FsaOsHandleTarget *ret_target);

/* True when the file of a handle of type File is gone with its last handle. */
int fsa_os_handle_is_deleted(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                             bool *ret_is_deleted);

/*
 * The file that lies behind a handle of type Section, as users know it; FSA_E_ABSENT when it is
 * memory only. One view is mapped into this process for a moment.
 */
int fsa_os_handle_section_file(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                               FsaArena *arena, FsaText *ret_path);

/* One end of a named pipe, as its handle tells. */
typedef struct FsaOsPipeEnd {
  FsaText name;   /* below \Device\NamedPipe\; never empty */
  bool is_server; /* meaningful when is_end_known */
  bool is_end_known;
  unsigned server_access; /* FSA_OS_READ | FSA_OS_WRITE: what the server may; 0 = unknown */
  int64_t creator;        /* who made this instance, by the pipe's file system; FSA_OS_UNKNOWN */
  int64_t client;         /* who connected to it, by the same; FSA_OS_UNKNOWN */
  int64_t instances;      /* FSA_OS_UNKNOWN */
  int64_t most_instances; /* -1 = any number; FSA_OS_UNKNOWN */
  FsaText sddl;           /* who may do what with it; data NULL = unknown */
} FsaOsPipeEnd;

/* FSA_E_ABSENT when the handle is no end of a pipe that has a name. */
int fsa_os_handle_pipe(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaOsPipeEnd *ret_end);

#endif
