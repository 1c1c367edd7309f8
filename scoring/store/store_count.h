/*
 * Stacking in a store: on how many covered hosts each key stands, in the fleet and in each group.
 *
 * The case says which hosts count: with each question goes a table of the hosts that the query
 * covers, the state of their answer and their group. So the store counts the very answers of the
 * case, whoever pushes a newer one meanwhile, and asking writes nothing.
 */
#ifndef FSA_SCORING_STORE_COUNT_H
#define FSA_SCORING_STORE_COUNT_H

#include "case/matrix.h"
#include "store/store.h"

/* On how many hosts of a group a key stands. */
typedef struct FsaKeyCount {
  uint32_t query; /* in FsaMatrix.queries */
  uint64_t key_hash;
  uint32_t group, hosts; /* hosts > 0 */
} FsaKeyCount;

/* Anything but FSA_OK ends the counting. */
typedef int (*FsaTakeCount)(void *context, const FsaKeyCount *count);

/*
 * Counts in the store, over all its servers, and gives each key of the queries that are scored once
 * for every group that has it. `group_of` gives the group of each host of the matrix; NULL = all
 * are group 0. Before that, what the store holds is compared with the case: a store that lacks an
 * answer, or has another state of one, is refused. FSA_OK; what `take` gave; FSA_E_IO (the case's
 * message says why) or FSA_E_LIMIT; or an error that fsa_store_has_failed() knows of.
 */
int fsa_store_count(FsaStore *store, FsaCase *own, const FsaMatrix *matrix, const uint8_t *group_of,
                    FsaTakeCount take, void *context);

#endif
