/*
 * Finding the bytes that matter to JSON, many at a time: 16 with SSE2, which every x86-64 has, and
 * one by one elsewhere.
 */
#ifndef FSA_SCORING_JSON_SCAN_H
#define FSA_SCORING_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* One bit for each of 64 bytes. */
typedef struct FsaStringMasks {
  uint64_t quotes, backslashes;
} FsaStringMasks;

typedef struct FsaBracketMasks {
  uint64_t opens, closes; /* opens: { and [, closes: } and ] */
} FsaBracketMasks;

#if defined(__SSE2__)

static inline __m128i fsa_load16(const char *data) {
  return _mm_loadu_si128((const __m128i *)(const void *)data);
}

/* The bytes of 16 that are `c`. */
static inline __m128i fsa_equal16(__m128i bytes, char c) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

/* 16 bytes with [ made {, and ] made }; nothing else becomes one of them. */
static inline __m128i fsa_fold16(const char *data) {
  return _mm_or_si128(fsa_load16(data), _mm_set1_epi8(0x20));
}

static inline uint64_t fsa_mask16(__m128i equal, int at) {
  return (uint64_t)(uint32_t)_mm_movemask_epi8(equal) << at;
}

/* The masks of the 64 bytes at `data`. */
static inline FsaStringMasks fsa_string_masks(const char *data) {
  FsaStringMasks masks = {0, 0};
  for (int at = 0; at < 64; at += 16) {
    __m128i bytes = fsa_load16(data + at);
    masks.quotes |= fsa_mask16(fsa_equal16(bytes, '"'), at);
    masks.backslashes |= fsa_mask16(fsa_equal16(bytes, '\\'), at);
  }
  return masks;
}

static inline FsaBracketMasks fsa_bracket_masks(const char *data) {
  FsaBracketMasks masks = {0, 0};
  for (int at = 0; at < 64; at += 16) {
    __m128i folded = fsa_fold16(data + at);
    masks.opens |= fsa_mask16(fsa_equal16(folded, '{'), at);
    masks.closes |= fsa_mask16(fsa_equal16(folded, '}'), at);
  }
  return masks;
}

/* True when a bracket is among the 64 bytes: of a log's it is in few. */
static inline int fsa_has_brackets(const char *data) {
  __m128i found = _mm_setzero_si128();
  for (int at = 0; at < 64; at += 16) {
    __m128i folded = fsa_fold16(data + at);
    found = _mm_or_si128(found, fsa_equal16(folded, '{'));
    found = _mm_or_si128(found, fsa_equal16(folded, '}'));
  }
  return _mm_movemask_epi8(found) != 0;
}

/* Bits of those of 16 bytes that end a run of plain ones; below 0x20 and above 0x7F is below 0x20
 * in signed bytes. */
static inline unsigned fsa_json_specials16(const char *data) {
  __m128i bytes = fsa_load16(data);
  __m128i special = _mm_or_si128(fsa_equal16(bytes, '"'), fsa_equal16(bytes, '\\'));
  special = _mm_or_si128(special, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
  return (unsigned)_mm_movemask_epi8(special);
}

#else

static inline FsaStringMasks fsa_string_masks(const char *data) {
  FsaStringMasks masks = {0, 0};
  for (unsigned at = 0; at < 64; at++) {
    masks.quotes |= (uint64_t)(data[at] == '"') << at;
    masks.backslashes |= (uint64_t)(data[at] == '\\') << at;
  }
  return masks;
}

static inline FsaBracketMasks fsa_bracket_masks(const char *data) {
  FsaBracketMasks masks = {0, 0};
  for (unsigned at = 0; at < 64; at++) {
    masks.opens |= (uint64_t)((data[at] | 0x20) == '{') << at;
    masks.closes |= (uint64_t)((data[at] | 0x20) == '}') << at;
  }
  return masks;
}

static inline int fsa_has_brackets(const char *data) {
  for (unsigned at = 0; at < 64; at++)
    if ((data[at] | 0x20) == '{' || (data[at] | 0x20) == '}') return 1;
  return 0;
}

#endif

/* The number of bytes from their beginnings on that two texts of `size` bytes share. */
static inline size_t fsa_json_shared(const char *a, const char *b, size_t size) {
  size_t at = 0;
#if defined(__SSE2__)
  for (; size - at >= 16; at += 16) {
    __m128i equal = _mm_cmpeq_epi8(fsa_load16(a + at), fsa_load16(b + at));
    unsigned differs = 0xFFFFu ^ (unsigned)_mm_movemask_epi8(equal);
    if (differs) return at + (size_t)__builtin_ctz(differs);
  }
#endif
  while (at < size && a[at] == b[at]) at++;
  return at;
}

/* True for a byte that ends a run of plain ones: quote, backslash, control, not ASCII. */
static inline int fsa_json_is_special(char c) {
  return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

/* The end of the plain bytes from `at`: the place of the first special one, or `size`. */
static inline size_t fsa_json_plain_end(const char *data, size_t at, size_t size) {
#if defined(__SSE2__)
  for (; size - at >= 16; at += 16) {
    unsigned specials = fsa_json_specials16(data + at);
    if (specials) return at + (size_t)__builtin_ctz(specials);
  }
#endif
  while (at < size && !fsa_json_is_special(data[at])) at++;
  return at;
}

#endif
