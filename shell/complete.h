/* What can follow at the cursor: dot commands and their arguments, SQL words, tables, columns. */
#ifndef FSA_SHELL_COMPLETE_H
#define FSA_SHELL_COMPLETE_H

#include "base/arena.h"
#include "base/text.h"

#define FSA_MAX_COMPLETIONS 512

typedef struct FsaCompletion {
  size_t start;       /* where in the line the word at the cursor begins, bytes */
  const char **words; /* what it may become, sorted, without doubles */
  size_t count;
} FsaCompletion;

/*
 * Completes the word before `cursor` (bytes into `line`). `before` holds the earlier lines of the
 * statement: the tables it names offer their columns. Memory from `arena`. FSA_OK or FSA_E_NOMEM.
 */
int fsa_complete(FsaText before, const char *line, size_t cursor, FsaArena *arena,
                 FsaCompletion *ret_completion);

/* How many bytes at their beginning all words share, in any letter case. */
size_t fsa_completion_common(const FsaCompletion *completion);

#endif
