/*
 * What the NT kernel answers about a process's address space: MEMORY_BASIC_INFORMATION and the
 * entries of MEMORY_WORKING_SET_EX_INFORMATION.
 *
 * Layouts as NtQueryVirtualMemory of 64-bit Windows 7 to 11 fills them. Sources: Microsoft's
 * documentation of winnt.h (MEMORY_BASIC_INFORMATION, memory protection constants) and psapi.h
 * (PSAPI_WORKING_SET_EX_BLOCK); the bits that those leave out (SharedOriginal, Location) are
 * described by the public headers of the System Informer project.
 */
#ifndef FSA_FORMATS_NT_MEMORY_H
#define FSA_FORMATS_NT_MEMORY_H

#include "base/bytes.h"
#include "base/result.h"

#define FSA_NT_PAGE 4096u /* bytes of a page of x64 and x86 */

/* `state` and `type` of MEMORY_BASIC_INFORMATION. */
#define FSA_NT_COMMITTED 0x1000u
#define FSA_NT_PRIVATE 0x20000u
#define FSA_NT_MAPPED 0x40000u
#define FSA_NT_IMAGE 0x1000000u

/* Pages of one protection and state, side by side. */
typedef struct FsaNtMemory {
  uint64_t start, size; /* bytes; the end does not overflow */
  uint64_t allocation;  /* start of what they were allocated or mapped with; 0 for free pages */
  uint32_t first_protection; /* PAGE_...: what it was allocated with; 0 for free pages */
  uint32_t state;            /* FSA_NT_COMMITTED, reserved or free */
  uint32_t protection;       /* PAGE_... now; 0 unless committed */
  uint32_t type;             /* FSA_NT_PRIVATE, _MAPPED, _IMAGE; 0 for free pages */
} FsaNtMemory;

enum { FSA_NT_MEMORY_BYTES = 48 };

/* FSA_E_FORMAT when the bytes are too few, the size is no number of pages or leads behind 2^64. */
int fsa_nt_memory(FsaBytes bytes, FsaNtMemory *ret_memory);

/* What a PAGE_... value lets a process do. */
typedef struct FsaNtAccess {
  bool may_read, may_write, may_execute;
  bool is_copied; /* a page that is written becomes the process's own (PAGE_WRITECOPY) */
  bool is_guard;  /* the first touch raises an exception and takes the guard away */
} FsaNtAccess;
FsaNtAccess fsa_nt_access(uint32_t protection);

/* What an entry of MEMORY_WORKING_SET_EX_INFORMATION says of one page. */
typedef struct FsaNtPage {
  uint64_t address;
  bool is_resident;    /* it is in the process's working set */
  bool is_swapped_out; /* it lies in a page file, and the system says so */
  /*
   * It is the process's own copy: of a file's page, one that was written to. When it is not:
   * `is_original_known` tells whether that says anything.
   */
  bool is_private;
  bool is_original_known;
} FsaNtPage;

enum { FSA_NT_PAGE_BYTES = 16 };

/*
 * The entry at `index` of the bytes; `tells_original` when the system's build has SharedOriginal
 * (FSA_NT_BUILD_ORIGINAL on). FSA_E_FORMAT behind the last one.
 */
#define FSA_NT_BUILD_ORIGINAL 16299u /* Windows 10 1709 */
int fsa_nt_page(FsaBytes bytes, size_t index, bool tells_original, FsaNtPage *ret_page);

#endif
