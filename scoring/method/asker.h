/*
 * Asking the facts of one query - its rules and attributes - of rows.
 *
 * Facts that name the same columns are asked together, and what was answered for some values is
 * remembered: most of what stands in a row stands in thousands of others, even where its pid or its
 * command line does not. An asker belongs to one thread.
 */
#ifndef FSA_SCORING_ASKER_H
#define FSA_SCORING_ASKER_H

#include "case/row_scan.h"
#include "method/model.h"

typedef struct FsaAsker FsaAsker;

/* Never NULL: GLib ends the program when memory runs out. */
FsaAsker *fsa_asker_new(const FsaModelQuery *query);
void fsa_asker_free(FsaAsker *asker);

/* Why a fact is not asked; NULL = it is. Lives as long as the asker. */
const char *fsa_asker_fault(const FsaAsker *asker, size_t fact);

/* The columns that the facts name, for the plan. Live as long as the asker. */
const char *const *fsa_asker_columns(const FsaAsker *asker, size_t *ret_count);

/*
 * The facts that hold for a row: bit i for fact i. The plan is one with the asker's columns;
 * `arena` holds values whose escapes must be undone.
 */
uint64_t fsa_asker_ask(FsaAsker *asker, const FsaRowPlan *plan, const FsaScannedRow *row,
                       FsaArena *arena);

#endif
