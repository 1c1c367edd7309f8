/* How sure a share is that was counted on few hosts. */
#ifndef FSA_SCORING_INTERVAL_H
#define FSA_SCORING_INTERVAL_H

#include <stdint.h>

/* The 95 % Wilson interval of a share of `count` in `total` > 0, both ends in 0..1. [Wilson 1927]
 */
void fsa_wilson(uint64_t count, uint64_t total, double *ret_low, double *ret_high);

#endif
