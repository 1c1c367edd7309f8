/*
 * The SHA-256 of a log as it lies there, for the list of what a case rests on.
 *
 * Hashing costs a third of what reading a log costs, so it has a thread of its own, which follows
 * the reader through the same file and never passes it: a log that grows meanwhile is hashed as far
 * as it was read.
 */
#ifndef FSA_SCORING_INPUT_HASH_H
#define FSA_SCORING_INPUT_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"

typedef struct FsaInputHash FsaInputHash;

/* Begins with the file `path`; NULL when it is no ordinary file, which could be read once only. */
FsaInputHash *fsa_input_hash_begin(const char *path);

/* The reader has read so many bytes of the file. `hash` may be NULL here and below. */
void fsa_input_hash_follow(FsaInputHash *hash, int64_t bytes);

/*
 * Waits until all that was read is hashed, and frees. False when there is no digest: the file could
 * not be read again, or changed its size.
 */
bool fsa_input_hash_end(FsaInputHash *hash, char ret_text[FSA_SHA256_TEXT]);

#endif
