/*
 * Programs that make code at run time: what explains anonymous executable memory.
 *
 * One row a fact: which file, mapped into a process, tells that the runtime is there, and where it
 * is documented that the runtime writes code into memory. A row explains, it does not excuse:
 * whoever injects into such a process hides behind it.
 */
#ifndef FSA_TABLES_CATALOG_RUNTIMES_H
#define FSA_TABLES_CATALOG_RUNTIMES_H

#include <stddef.h>

typedef struct FsaRuntime {
  const char *file;    /* pattern (fsa_text_glob) of the last part of a mapped file's path */
  const char *runtime; /* short name, as the `runtime` column shows it */
  const char *source;  /* where it says that code is made at run time */
} FsaRuntime;

extern const FsaRuntime fsa_runtimes[];
extern const size_t fsa_runtime_count;

#endif
