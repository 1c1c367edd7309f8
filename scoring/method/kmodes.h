/*
 * k-modes: groups of hosts that have much the same things. [Huang 1998]
 *
 * Things are bits of a vector. Clusters are added one at a time, each at the place that brings the
 * vectors closest to their modes, for as long as that is worth it: so their number need not be
 * known. The same vectors in the same order give the same clusters.
 */
#ifndef FSA_SCORING_KMODES_H
#define FSA_SCORING_KMODES_H

#include <stddef.h>
#include <stdint.h>

#define FSA_MAX_MODES 16
#define FSA_MODE_WORDS 4 /* 64-bit words of a vector */

typedef struct FsaBits {
  uint64_t words[FSA_MODE_WORDS];
} FsaBits;

/*
 * The cluster of each vector to `ret_of`; gives the number of clusters, at most FSA_MAX_MODES, each
 * of at least `least` vectors. 1 = all are one.
 */
size_t fsa_kmodes(const FsaBits *vectors, size_t count, size_t least, uint8_t *ret_of);

#endif
