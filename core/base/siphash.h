/*
 * SipHash-1-3: a hash with a key, so that whoever writes the evidence cannot make values collide.
 *
 * Thread safe: no state. [Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012]
 */
#ifndef FSA_BASE_SIPHASH_H
#define FSA_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct FsaSipKey {
  uint64_t k0, k1;
} FsaSipKey;

/* The hash of `size` bytes. `data` may be NULL when size is 0. */
uint64_t fsa_siphash(FsaSipKey key, const void *data, size_t size);

#endif
