/*
 * Handles and objects, as the kernel of 64-bit Windows tells them: bytes in, facts out.
 *
 * SYSTEM_HANDLE_INFORMATION_EX (class 64, since XP), OBJECT_TYPES_INFORMATION (object class 3),
 * OBJECT_NAME_INFORMATION (1) and OBJECT_BASIC_INFORMATION (0). Layouts are documented by nobody
 * but have been the same from Windows 7 to 11; facts from the public descriptions of the native API
 * (System Informer's phnt, ReactOS). Nothing here allocates; all may be used by several threads.
 */
#ifndef FSA_FORMATS_NT_HANDLE_H
#define FSA_FORMATS_NT_HANDLE_H

#include "base/bytes.h"
#include "base/result.h"

/* ---- all handles of the host ----------------------------------------------------------------- */

/* One handle of one process. */
typedef struct FsaNtHandle {
  uint64_t object; /* the object's address in the kernel; 0 = not told (Wine; 24H2 without SeDebug)
                    */
  uint64_t pid, handle;
  uint32_t access; /* granted */
  uint16_t type;   /* FsaNtType.index */
  uint32_t attributes;
} FsaNtHandle;

/* Of `attributes`. */
#define FSA_NT_HANDLE_PROTECT 1u /* closing it is refused */
#define FSA_NT_HANDLE_INHERIT 2u /* child processes get it */

typedef struct FsaNtHandles {
  FsaBytes bytes;
  size_t count; /* entries that are there */
  size_t told;  /* entries that the kernel counted; more than `count` when the answer was cut */
} FsaNtHandles;

/* FSA_E_FORMAT when not even the count is there. */
int fsa_nt_handles(FsaBytes bytes, FsaNtHandles *ret_handles);

/* The handle `index` < count. */
FsaNtHandle fsa_nt_handles_at(const FsaNtHandles *handles, size_t index);

/* ---- the types of objects -------------------------------------------------------------------- */

typedef struct FsaNtType {
  uint16_t index; /* what a handle's `type` refers to */
  FsaBytes name;  /* UTF-16 */
} FsaNtType;

typedef struct FsaNtTypes {
  FsaBytes bytes;
  uint64_t address; /* where the bytes stood when they were filled */
  size_t at;        /* offset of the next entry */
  size_t position;  /* its number */
  size_t count;
} FsaNtTypes;

/* FSA_E_FORMAT when not even the count is there. */
int fsa_nt_types(FsaBytes bytes, uint64_t address, FsaNtTypes *ret_types);

/* FSA_ROW, FSA_OK behind the last, FSA_E_FORMAT when an entry is not whole. */
int fsa_nt_types_next(FsaNtTypes *types, FsaNtType *ret_type);

/* ---- one object ------------------------------------------------------------------------------ */

/* The name in an OBJECT_NAME_INFORMATION, UTF-16, empty for an object without a name. */
int fsa_nt_object_name(FsaBytes bytes, uint64_t address, FsaBytes *ret_name);

typedef struct FsaNtObject {
  uint32_t attributes, access;
  uint32_t handles, pointers; /* open handles of all processes; references */
} FsaNtObject;

int fsa_nt_object(FsaBytes bytes, FsaNtObject *ret_object);

#endif
