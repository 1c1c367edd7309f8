/* Stacking in a store: on how many hosts each key stands. */
#ifndef FSA_SCORING_STORE_COUNT_H
#define FSA_SCORING_STORE_COUNT_H

#include "case.h"
#include "store.h"

/* One key of a query and how many hosts have it. Anything but FSA_OK ends the counting. */
typedef int (*FsaTakeCount)(void *context, FsaText query, FsaText key, uint64_t hosts);

/*
 * Counts in the store, over all its servers, and gives each key once. Before that, what the store
 * holds is compared with the case: a store that lacks an answer, or has another state of one, is
 * refused. FSA_OK, what `take` gave, or an error that was said on standard error.
 */
int fsa_store_count(FsaStore *store, FsaCase *own, FsaTakeCount take, void *context);

#endif
