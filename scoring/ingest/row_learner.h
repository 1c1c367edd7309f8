/*
 * Finding the rows that several hosts give, while answers are stored, and making the dictionaries
 * of a case of them. The first answer to a query is its first dictionary; later ones add the rows
 * whose key was there before and that are like none of it.
 */
#ifndef FSA_SCORING_ROW_LEARNER_H
#define FSA_SCORING_ROW_LEARNER_H

#include "case/case.h"
#include "ingest/piece.h"

typedef struct FsaRowLearner FsaRowLearner;

/* `store`, open for writing, and `meta` must outlive it. */
FsaRowLearner *fsa_row_learner_new(FsaCase *store, const FsaPackMeta *meta);
void fsa_row_learner_free(FsaRowLearner *learner); /* NULL is allowed */

/* Makes the indexes of the dictionaries that the case has. FSA_OK or FSA_E_FORMAT. */
int fsa_row_learner_load(FsaRowLearner *learner);

/* The indexes of all dictionaries, which grow while answers are stored. */
FsaRowIndexes *fsa_row_learner_indexes(FsaRowLearner *learner);

/*
 * Learns from a snapshot inside a transaction of the case. `artefacts` are the numbers of its rows'
 * keys, those above `newest` are new with it. FSA_OK, or what the case gives.
 */
typedef struct FsaLearnedAnswer {
  int64_t query;
  const FsaPieceEntry *entry;
  const uint32_t *artefacts;
  uint32_t newest;
} FsaLearnedAnswer;
int fsa_row_learner_learn(FsaRowLearner *learner, const FsaLearnedAnswer *answer);

#endif
