/* SHA-256 as FIPS 180-4 writes it; names are the standard's. */
#include "base/sha256.h"

#include <string.h>

/*
 * clang before 16 cannot ask the processor for SHA; FSA_PORTABLE is for the test of the other path.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(FSA_PORTABLE)
#define HAVE_SHA_NI 1
#include <immintrin.h>
#endif

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n) {
  return x >> n | x << (32 - n);
}

static void expand(uint32_t w[64], const uint8_t *block) {
  for (int t = 0; t < 16; t++, block += 4)
    w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
}

static void compress_portable(uint32_t state[8], const uint8_t *block) {
  uint32_t w[64];
  expand(w, block);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t++) {
    uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[t] + w[t];
    uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const uint32_t after[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += after[i];
}

#ifdef HAVE_SHA_NI
/* Where the state's halves are ABEF and CDGH, as the processor's SHA instructions want them. */
typedef struct Halves {
  __m128i abef, cdgh;
} Halves;

#define SHA_TARGET __attribute__((target("sha,sse4.1")))

SHA_TARGET static Halves load_state(const uint32_t state[8]) {
  __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
  __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
  __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
  __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  return (Halves){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

SHA_TARGET static void store_state(uint32_t state[8], Halves s) {
  __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
  __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four words of the message schedule from the sixteen before them. */
SHA_TARGET static inline __m128i schedule(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(sum, w3);
}

SHA_TARGET static void compress_by_ni(uint32_t state[8], const uint8_t *block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Halves before = load_state(state), s = before;
  __m128i w[4];
  for (int i = 0; i < 4; i++)
    w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)),
                            big_endian);
  for (int t = 0; t < 16; t++) { /* four rounds each */
    __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(round_constants + 4 * t));
    __m128i sum = _mm_add_epi32(w[0], k);
    s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sum);
    s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(sum, 0x0E));
    __m128i next = schedule(w[0], w[1], w[2], w[3]);
    w[0] = w[1];
    w[1] = w[2];
    w[2] = w[3];
    w[3] = next;
  }
  s.abef = _mm_add_epi32(s.abef, before.abef);
  s.cdgh = _mm_add_epi32(s.cdgh, before.cdgh);
  store_state(state, s);
}
#endif

/* `count` blocks. The processor's own instructions are five times as fast. */
static void compress(uint32_t state[8], const uint8_t *block, size_t count) {
#ifdef HAVE_SHA_NI
  if (__builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("sha")) {
    for (; count; count--, block += 64) compress_by_ni(state, block);
    return;
  }
#endif
  for (; count; count--, block += 64) compress_portable(state, block);
}

void fsa_sha256_start(FsaSha256 *hash) {
  *hash = (FsaSha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void fsa_sha256_add(FsaSha256 *hash, const void *data, size_t size) {
  const uint8_t *p = data;
  size_t held = hash->size % 64;
  hash->size += size;
  if (held + size < 64) {
    if (size) memcpy(hash->block + held, p, size);
    return;
  }
  if (held) {
    memcpy(hash->block + held, p, 64 - held);
    compress(hash->state, hash->block, 1);
    p += 64 - held;
    size -= 64 - held;
  }
  compress(hash->state, p, size / 64);
  p += size & ~(size_t)63;
  size %= 64;
  if (size) memcpy(hash->block, p, size);
}

void fsa_sha256_end(FsaSha256 *hash, uint8_t out[FSA_SHA256_SIZE]) {
  static const uint8_t padding[64] = {0x80};
  uint64_t bits = hash->size * 8;
  size_t held = hash->size % 64;
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  fsa_sha256_add(hash, padding, (held < 56 ? 56 : 120) - held);
  fsa_sha256_add(hash, length, 8);
  for (int i = 0; i < FSA_SHA256_SIZE; i++)
    out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void fsa_sha256_text(const void *data, size_t size, char out[FSA_SHA256_TEXT]) {
  static const char digits[] = "0123456789abcdef";
  FsaSha256 hash;
  uint8_t digest[FSA_SHA256_SIZE];
  fsa_sha256_start(&hash);
  fsa_sha256_add(&hash, data, size);
  fsa_sha256_end(&hash, digest);
  for (int i = 0; i < FSA_SHA256_SIZE; i++) {
    out[2 * i] = digits[digest[i] >> 4];
    out[2 * i + 1] = digits[digest[i] & 15];
  }
  out[2 * FSA_SHA256_SIZE] = '\0';
}
