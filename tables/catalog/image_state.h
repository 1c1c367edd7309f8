/*
 * What stands in memory of a mapped program or library of Windows, beside the file that lies at its
 * path: headers, where code may be, and the bytes of code.
 *
 * The comparison is that of formats/pe.h; here is what it needs of the process and of the file, and
 * what its answers mean. A number that nobody can tell is FSA_OS_UNKNOWN.
 */
#ifndef FSA_TABLES_CATALOG_IMAGE_STATE_H
#define FSA_TABLES_CATALOG_IMAGE_STATE_H

#include "formats/pe.h"
#include "fsa.h"
#include "os/module.h"

typedef struct FsaImageState {
  uint64_t base;       /* 0 = none was looked at */
  FsaBytes file;       /* first bytes of the file that lies at the path now; size 0 = unknown */
  int64_t on_disk;     /* 1: a file lies at the path, 0: none does */
  int64_t is_replaced; /* 1: another file lies there than the one that is mapped */
  int64_t is_header_erased;   /* 1: "MZ" or "PE" is gone from memory */
  int64_t is_header_modified; /* 1: the header in memory was written to */
  int64_t is_entry_changed;   /* 1: it has another entry point than the file's */
} FsaImageState;

/*
 * Looks at the image whose first region is `first`. What was refused is the result, FSA_OK
 * otherwise; *ret_state is set in either case.
 */
int fsa_image_state(FsaOsProcess *process, FsaOsModuleFiles *files, const FsaOsRegion *first,
                    FsaImageState *ret_state);

/* 1 when a part of the region is not code by the file's sections, 0 when all of it is. */
int64_t fsa_image_has_added_code(const FsaImageState *state, const FsaOsRegion *region);

/*
 * Counts the bytes of a region that are not those of its file: in all of it, or only in the pages
 * that the process has changed. FSA_E_TIMEOUT, or why the file or the memory could not be read.
 */
int fsa_image_changes(FsaScan *scan, FsaOsProcess *process, FsaOsModuleFiles *files,
                      const FsaOsRegion *region, bool whole, FsaPeChanges *ret_changes);

#endif
