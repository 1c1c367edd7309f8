/*
 * How often chance scores as high: hosts made of entities drawn from their role's pool. [the idea
 * of E-values: Karlin and Altschul 1990]
 *
 * Each host is made anew FSA_RESAMPLES times: as many entities of each source as it has, each drawn
 * with replacement from those of the other hosts of its group. Its own are left out: what speaks
 * against a host is not what chance gives it. Nor is anything drawn from hosts that the caller
 * leaves out as compromised; implants of others are in the pools, so what is found is rather too
 * high than too low. The same seed gives the same draws, whatever the threads.
 */
#ifndef FSA_SCORING_RESAMPLE_H
#define FSA_SCORING_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define FSA_RESAMPLES 32 /* of each host; the smallest E-value is its reciprocal */

/* The entities of all hosts, one host's behind the other's. */
typedef struct FsaEntityPool {
  const double *weights;      /* without the outlier's */
  const uint16_t *sources;    /* the query of each one's heaviest row */
  const size_t *first;        /* [host_count + 1]: where a host's begin */
  const uint8_t *group_of;    /* [host] */
  const double *outliers;     /* [host]: added to its first entity */
  const uint8_t *is_unknown;  /* [host]: not made anew */
  const uint8_t *is_left_out; /* [host]: made anew, but nothing is drawn from it */
  size_t host_count, group_count, source_count;
} FsaEntityPool;

/*
 * The scores of the hosts made anew, ascending, in an array that g_free() frees; *ret_count is
 * their number: FSA_RESAMPLES for each known host. `jobs` threads, at least 1.
 */
double *fsa_resample(const FsaEntityPool *pool, uint64_t seed, unsigned jobs, size_t *ret_count);

/*
 * Uncompromised hosts of the fleet that chance would give a score of `score` or more: (scores made
 * anew that are as high + 1) / FSA_RESAMPLES, never more than `hosts`.
 */
double fsa_e_value(const double *null_scores, size_t count, double score, size_t hosts);

#endif
