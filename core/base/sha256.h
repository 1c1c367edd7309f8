/*
 * SHA-256, small and portable. [FIPS 180-4]
 *
 * A state belongs to one thread. No allocation, no failure.
 */
#ifndef FSA_BASE_SHA256_H
#define FSA_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define FSA_SHA256_SIZE 32 /* bytes of a digest */
#define FSA_SHA256_TEXT 65 /* bytes of a digest as lower-case hexadecimal, with the NUL */

typedef struct FsaSha256 {
  uint32_t state[8];
  uint64_t size;     /* bytes seen */
  uint8_t block[64]; /* the part of a block that is not yet full */
} FsaSha256;

void fsa_sha256_start(FsaSha256 *hash);

/* `data` may be NULL when `size` is 0. */
void fsa_sha256_add(FsaSha256 *hash, const void *data, size_t size);

/* Ends the hash; start it again before the next use. */
void fsa_sha256_end(FsaSha256 *hash, uint8_t out[FSA_SHA256_SIZE]);

/* The digest of `size` bytes as lower-case hexadecimal with a NUL. */
void fsa_sha256_text(const void *data, size_t size, char out[FSA_SHA256_TEXT]);

#endif
