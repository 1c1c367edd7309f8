/*
 * The loader's lists of a process: PEB_LDR_DATA and the LDR_DATA_TABLE_ENTRY records that it links,
 * in the process's own memory.
 *
 * They are what the process says of itself. Whoever runs in it can take a record out of one list or
 * of all, rename it, or link the lists into a circle; nothing here trusts them. Which images are
 * mapped in truth, the kernel tells (formats/nt_memory.h). Layouts of 64-bit processes and of
 * 32-bit ones on 64-bit Windows, from Windows 7 to 11. Sources: Microsoft's documentation of
 * winternl.h (PEB_LDR_DATA, LDR_DATA_TABLE_ENTRY) and the public headers of the ReactOS and System
 * Informer projects (facts only).
 */
#ifndef FSA_FORMATS_NT_MODULES_H
#define FSA_FORMATS_NT_MODULES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"

/* Reads all of [address, address + size) of the examined process; else FSA_E_IO or what it was. */
typedef struct FsaNtReader {
  void *context;
  int (*read)(void *context, uint64_t address, void *buffer, size_t size);
} FsaNtReader;

/* The lists that a record can be in, as bits of `lists`. */
enum { FSA_NT_LOAD_ORDER = 1, FSA_NT_MEMORY_ORDER = 2, FSA_NT_INITIALIZATION_ORDER = 4 };

/* LDR_DLL_LOAD_REASON, since Windows 8. */
enum { FSA_NT_LOADED_STATICALLY = 0, FSA_NT_LOADED_AT_RUN_TIME = 4 };

typedef struct FsaNtModule {
  uint64_t record; /* address of the record */
  unsigned lists;  /* FSA_NT_LOAD_ORDER | ...: where it is linked */
  uint64_t base, entry_point;
  uint32_t size;       /* bytes of the image, as the record says */
  uint32_t timestamp;  /* of the image's header, as the record says */
  FsaText path, name;  /* data NULL when the text could not be read */
  uint64_t load_time;  /* FILETIME; 0 = not told */
  int64_t load_reason; /* LDR_DLL_LOAD_REASON; -1 = not told */
  int64_t load_count;  /* references; -1 = never unloaded, or not told */
} FsaNtModule;

typedef struct FsaNtModules {
  FsaNtModule *list; /* in load order, then what the other lists have beside it */
  size_t count;
  /*
   * FSA_OK when each list led back to its beginning. Else why not: FSA_E_FORMAT for a circle that
   * misses the beginning, FSA_E_LIMIT for too many records, or what reading gave; the records that
   * were found are good.
   */
  int damage;
  uint64_t damage_at; /* address of the link or record */
} FsaNtModules;

/*
 * The modules that the PEB_LDR_DATA at `loader` links. `is_32`: of a 32-bit process. `build`: of
 * the system, since the records grew with Windows 8. Memory from `arena`. An error only when the
 * PEB_LDR_DATA itself cannot be read, or FSA_E_NOMEM.
 */
int fsa_nt_modules(const FsaNtReader *reader, uint64_t loader, bool is_32, uint32_t build,
                   FsaArena *arena, FsaNtModules *ret_modules);

#endif
