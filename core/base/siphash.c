/* SipHash with one round for each word and three at the end; names are the paper's. */
#include "base/siphash.h"

static uint64_t rotate(uint64_t x, unsigned n) {
  return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

/* Up to eight bytes as a little-endian number; the compiler makes one load of it. */
static inline uint64_t load(const uint8_t *p, size_t size) {
  uint64_t word = 0;
  for (size_t i = 0; i < size; i++) word |= (uint64_t)p[i] << (8 * i);
  return word;
}

uint64_t fsa_siphash(FsaSipKey key, const void *data, size_t size) {
  const uint8_t *p = data;
  uint64_t v[4] = {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
                   key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)};
  uint64_t last = (uint64_t)size << 56;
  for (; size >= 8; p += 8, size -= 8) {
    uint64_t m = load(p, 8);
    v[3] ^= m;
    sip_round(v);
    v[0] ^= m;
  }
  last |= load(p, size);
  v[3] ^= last;
  sip_round(v);
  v[0] ^= last;
  v[2] ^= 0xFF;
  for (int i = 0; i < 3; i++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
