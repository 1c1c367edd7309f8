/*
 * The weights of evidence: pure functions from counts to natural-log likelihood ratios.
 *
 * No state, any thread. Why each formula is what it is: docs/scoring.md.
 */
#ifndef FSA_SCORING_WEIGHT_H
#define FSA_SCORING_WEIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FSA_RARITY_BUCKETS 23 /* bucket b holds keys on about 2^(b/2) hosts */

#define FSA_MIN_RARITY (-6.0)
#define FSA_MAX_RARITY 5.0
#define FSA_MAX_PEER 3.0
#define FSA_MAX_ATTRIBUTE 2.5
#define FSA_MAX_RULE 7.0
#define FSA_MAX_FAMILY 8.0
#define FSA_MAX_TIME 2.5
#define FSA_MAX_OUTLIER 2.0
#define FSA_SOURCE_BONUS 1.2
#define FSA_MAX_SOURCES 4
#define FSA_MIN_PEERS 10 /* covered hosts of a group below which it says nothing about peers */

/*
 * What a row of a source weighs before any evidence: the logarithm of 1 % of hosts, spread over
 * the rows of a host. Half of it goes evenly to its `sources`, and there to the `rows` that it has
 * of this one; half evenly to `all_rows`: whether an intruder's traces lie as sources do or as
 * rows do, nobody knows. All are means over hosts. Never more than ln 1 %: no row is likelier
 * malicious than its host.
 */
double fsa_prior_weight(double sources, double rows, double all_rows);

/* The bucket of a key that stands on `hosts` >= 1 hosts: min(floor(2 log2 n), 22). */
unsigned fsa_rarity_bucket(uint32_t hosts);

/*
 * The rarity weight of each bucket: ln(malicious / benign), clamped to -6..5. `stratum` and
 * `source` are the sightings of the row's kind and of its whole source in each bucket: what is
 * usual there is no evidence [the idea of Good and Turing]. A kind with few rows leans on its
 * source: one sighting for each bucket is added in the source's own proportions. `covered` = hosts
 * that could have the key; 0 gives zeros.
 */
void fsa_rarity_weights(const uint64_t *stratum, const uint64_t *source, uint32_t covered,
                        double *ret_weights);

/*
 * Common elsewhere, foreign among the host's peers: -ln(share in the group / share in the fleet),
 * 0..3, the group's share leaning on the fleet's with the weight of 20 hosts. 0 when the group has
 * fewer than FSA_MIN_PEERS covered hosts.
 */
double fsa_peer_weight(uint32_t hosts, uint32_t covered, uint32_t group_hosts,
                       uint32_t group_covered);

/* The beta distribution of a source's shares, for smoothed ones. */
typedef struct FsaBeta {
  double alpha, beta;
} FsaBeta;

/*
 * By the method of moments from the mean and the variance of `count` shares that were each counted
 * on `covered` hosts; Jeffreys' prior (0.5, 0.5) where the moments fit no beta distribution.
 */
FsaBeta fsa_beta_from_moments(uint64_t count, double mean, double variance, uint32_t covered);

/* The share of other rows that a rule hits: measured, the author's rate weighing as 50 rows. */
double fsa_rule_rate(double fpr, uint64_t hits, uint64_t rows);

/* ln(tpr / rate), 0..7. Rates below one in a million are not believed. */
double fsa_rule_weight(double tpr, double rate);

/*
 * How often an attribute holds of rows that are rare: rarity has said already what is usual of a
 * stranger, and strangers lie in persons' folders and are not signed. With few rare rows it leans
 * on that of all rows, with the weight of 20.
 */
double fsa_attribute_rate(uint64_t hits, uint64_t rows, uint64_t rare_hits, uint64_t rare_rows);

/* ln(frequency among malicious things / that rate), clamped to -2.5..2.5. */
double fsa_attribute_weight(double frequency, double rate);

/*
 * A family's evidence shares a cause: sorted by weight, the j-th counts 1/2^j, together at most
 * FSA_MAX_FAMILY. `weights` (>= 0) come sorted, heaviest first, and are replaced by what they
 * count. Gives their sum.
 */
double fsa_family_discount(double *weights, size_t count);

/* The bonus for independent sources that tell of one thing. */
double fsa_source_weight(size_t sources);

/*
 * ln(P(first seen in the window | malicious) / P(in the window | benign)) for a thing inside it, or
 * of the opposites for one outside; `inside` of `timed` benign rows are. Malicious things are taken
 * to begin inside it 4 times of 5.
 */
double fsa_time_weight(bool is_inside, uint64_t inside, uint64_t timed);

/* ln(1 + exp(x)) */
double fsa_softplus(double x);

/* 1 / (1 + exp(-x)) */
double fsa_logistic(double x);

/* What the entity at place `rank` (1 = first) counts in its host's score: 1, 1, 1, (rank-1)^-1.5.
 */
double fsa_place_discount(unsigned rank);

/* The weight of a host whose row counts are as unusual as `tail` (0..1] of its group: 0..2. */
double fsa_outlier_weight(double tail);

#endif
