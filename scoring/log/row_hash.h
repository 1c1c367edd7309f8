/*
 * Hashes of values under the secret of a case, so that a host cannot make two of its rows meet.
 *
 * Values are short and many, so this is a multiplying hash (NH: sums of products of value words and
 * secret words [Black et al., UMAC, 1999]) and not a cipher's: who writes the values neither knows
 * the secret nor ever sees a hash, and without both two values meet by chance alone, as often as 64
 * bits allow. Hashes of one case are the same on every machine.
 */
#ifndef FSA_SCORING_ROW_HASH_H
#define FSA_SCORING_ROW_HASH_H

#include "base/siphash.h"
#include "base/text.h"

#define FSA_HASH_WORDS 16 /* secret words of a stretch of a value: 128 bytes */

typedef struct FsaHashKeys {
  FsaSipKey secret;
  uint64_t words[FSA_HASH_WORDS];
  uint64_t chain, end, row; /* odd multipliers */
} FsaHashKeys;

/* The words that a secret gives. */
FsaHashKeys fsa_hash_keys(FsaSipKey secret);

/* What makes the same value of two columns differ. */
uint64_t fsa_hash_seed(const FsaHashKeys *keys, FsaText column);

/* The hash of one column's value. An empty value is 0, as an absent one is: osquery writes NULL as
 * "". */
uint64_t fsa_hash_value(const FsaHashKeys *keys, uint64_t seed, FsaText value);

/* The hash of a row, of the sum of its values' hashes: the order of its columns does not matter. */
uint64_t fsa_hash_row(const FsaHashKeys *keys, uint64_t sum);

#endif
