/*
 * Outliers: hosts with unusually many rows for their role. The sum of tail probabilities over
 * sources, free of parameters and explained by each. [ECOD: Li et al. 2022]
 */
#ifndef FSA_SCORING_OUTLIER_H
#define FSA_SCORING_OUTLIER_H

#include "case/matrix.h"
#include "method/group.h"

typedef struct FsaRowCounts {
  double weight;  /* 0..2, of all its sources together */
  uint32_t query; /* the source that stands out most; meaningless while the weight is 0 */
  double tail;    /* the share of the group with as many rows of that source */
  double median;  /* of the group */
} FsaRowCounts;

/*
 * Each host's, in an array of the matrix' hosts that g_free() frees. A host of a group with fewer
 * than FSA_MIN_PEERS covered hosts weighs 0: so few cannot tell what is usual.
 */
FsaRowCounts *fsa_row_counts(const FsaMatrix *matrix, const FsaGrouping *grouping);

#endif
