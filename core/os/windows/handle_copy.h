/* Copies of other processes' handles: what the files that ask handles share. */
#ifndef FSA_OS_WINDOWS_HANDLE_COPY_H
#define FSA_OS_WINDOWS_HANDLE_COPY_H

#include "formats/nt_handle.h"
#include "os/handle_table.h"
#include "os/windows/guard.h"

/* A type of objects. */
typedef struct HandleType {
  FsaText name;   /* data NULL = the system did not tell it */
  FsaBytes utf16; /* the same, as the system writes it */
} HandleType;

/* A handle that did not answer. */
typedef struct HungHandle {
  int64_t pid, number;
  uint64_t object;
} HungHandle;

struct FsaOsHandleTable {
  FsaOs *os;
  uint8_t *bytes; /* the kernel's answer */
  FILETIME taken; /* when it was asked for */
  FsaNtHandles handles;
  size_t index;
  FsaArena arena; /* of the types */
  HandleType *types;
  size_t type_count;
  WindowsGuard *guard;
  WindowsAnswer *answer; /* of calls that cannot hang */

  int64_t owner_pid; /* whose handles are copied; -1 = nobody's yet */
  HANDLE owner;      /* NULL = it cannot be opened: owner_result says why */
  int owner_result;

  HungHandle hung[FSA_MAX_HANGS];
  size_t hung_count, hung_in_owner;
};

/*
 * Makes a copy of a handle with just these rights; the caller closes it. FSA_E_ABSENT when it is
 * gone or now another kind of object. A handle of type File may be anything, as asking it for its
 * kind may hang.
 */
int windows_handle_copy(FsaOsHandleTable *table, const FsaOsTableHandle *handle, ACCESS_MASK access,
                        HANDLE *ret_copy);

/* The call on a copy, under the table's guard and within its patience. */
int windows_handle_ask(FsaOsHandleTable *table, const FsaOsTableHandle *handle, ACCESS_MASK access,
                       WindowsGuarded *call, const WindowsAnswer **ret_answer);

/* True for types whose handles may hang: files, and what the system does not name. */
bool windows_handle_may_hang(const FsaOsTableHandle *handle);

/* True when the handle's type is `type`. */
bool windows_handle_is(const FsaOsTableHandle *handle, const char *type);

/* Lets go of the process whose handles were copied last. */
void windows_handle_owner_close(FsaOsHandleTable *table);

#endif
