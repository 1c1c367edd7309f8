/* A score while it is made: what its parts (detail.c, cluster.c, mass.c, timeline.c, measure.c)
 * share.
 */
#ifndef FSA_SCORING_SCORER_H
#define FSA_SCORING_SCORER_H

#include "method/outlier.h"
#include "method/score.h"

/* An entity that enters the score of its host, in a few words. */
typedef struct FsaTopEntity {
  double weight;
  uint32_t artefact;   /* of its heaviest row, in the tally */
  uint32_t first_seen; /* 0 = unknown */
} FsaTopEntity;

typedef struct FsaScorer {
  FsaCase *store;
  const FsaMatrix *matrix;
  const FsaScoreOptions *options;
  FsaStore *counter; /* NULL = keys are counted in the case */
  FsaScore *score;
  FsaSuppressions suppressions;
  FsaGrouping grouping;
  FsaModel model;
  FsaSignals signals;
  FsaRowCounts *row_counts; /* [host of the matrix] */
  FsaTopEntity *tops;       /* [host of the matrix * FSA_SCORED_ENTITIES] */
  uint8_t *top_counts;      /* [host of the matrix] */
  uint32_t *places;         /* [host of the matrix]: in FsaScore.hosts */
  unsigned jobs;
} FsaScorer;

/* An entity at least as likely as not to be looked at: P of 1 %. */
#define FSA_HEAVY_ENTITY (-4.595)

/* Each fills its part of the score. FSA_OK, FSA_E_NOMEM, or what reading the case gives. */
int fsa_score_details(FsaScorer *scorer);  /* entities of the hosts that are detailed; weak leads */
int fsa_score_clusters(FsaScorer *scorer); /* the same thing on several hosts */
int fsa_score_mass(FsaScorer *scorer);
int fsa_score_timeline(FsaScorer *scorer);
int fsa_score_measures(FsaScorer *scorer); /* rules, attributes, rarity histograms, suppressions */

/* The key of an artefact, into the score's arena; {NULL, 0} when memory ran out or it is not there.
 */
FsaText fsa_score_key(FsaScorer *scorer, uint32_t artefact);

/* A kept row as JSON, in the score's arena; {NULL, 0} when memory ran out. */
FsaText fsa_score_row(FsaScorer *scorer, const FsaAnswerLine *line);

/* The rows that `wanted` names of one host's signals, into `ret_rows` and `ret_times` by signal. */
int fsa_score_rows(FsaScorer *scorer, uint32_t host, const bool *wanted, FsaText *ret_rows,
                   int64_t *ret_times);

/* The texts of the ATT&CK ids of facts that hold, each once; `all` holds them, *count grows. */
#define FSA_MAX_ATTACK 32
void fsa_score_attack(const FsaModelQuery *query, const FsaQueryMeta *meta, uint64_t hits,
                      const char *all[FSA_MAX_ATTACK], uint32_t *count);

#endif
