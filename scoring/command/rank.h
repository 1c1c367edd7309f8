/*
 * `fsa-score rank`: the rarest keys among covered hosts.
 *
 * A key is rare when it stands on at most `most_hosts` hosts. Rarity alone ranks busy hosts: so
 * rare rows of one host that share a join value (a path, a pid, a name) are one entity, and the
 * order is
 *   1. kinds of evidence (families) in the key's entity: more first,
 *   2. hosts with an entity that joins the same queries: fewer first,
 *   3. share of its source's sightings that stand on exactly as many hosts: smaller first - in a
 * source that is full of singletons, being one says little [the idea of Good and Turing],
 *   4. hosts that have the key: fewer first,
 *   5. query and key, so that two runs say the same.
 * A key whose entities are all shown under keys before it is folded under the first of them. All
 * numbers are printed. Nothing here is a score: a rare key is a place to look, not a finding.
 */
#ifndef FSA_SCORING_RANK_H
#define FSA_SCORING_RANK_H

#include "case/matrix.h"
#include "text/print.h"

typedef struct FsaRankOptions {
  const char *case_path;
  const char *store_url; /* where keys are counted; NULL = in the case */
  size_t top;
  size_t most_hosts; /* 0 = 2 % of the covered hosts, at least 3 */
  FsaFormat format;
} FsaRankOptions;

/* Runs it; prints to standard output. The exit code of the program: 0; 2 when the case or 3 when
 * the store cannot be read. */
int fsa_rank(const FsaRankOptions *options);

#endif
