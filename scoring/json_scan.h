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
typedef struct FsaJsonMasks {
  uint64_t quotes, backslashes, opens, closes; /* opens: { and [, closes: } and ] */
} FsaJsonMasks;

#if defined(__SSE2__)

static inline uint64_t fsa_mask16(__m128i equal, int at) {
  return (uint64_t)(uint32_t)_mm_movemask_epi8(equal) << at;
}

/* The masks of the 64 bytes at `data`. */
static inline FsaJsonMasks fsa_json_masks(const char *data) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}'), bit = _mm_set1_epi8(0x20);
  FsaJsonMasks masks = {0, 0, 0, 0};
  for (int at = 0; at < 64; at += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
    __m128i folded = _mm_or_si128(bytes, bit); /* [ becomes {, ] becomes }, nothing else does */
    masks.quotes |= fsa_mask16(_mm_cmpeq_epi8(bytes, quote), at);
    masks.backslashes |= fsa_mask16(_mm_cmpeq_epi8(bytes, backslash), at);
    masks.opens |= fsa_mask16(_mm_cmpeq_epi8(folded, open), at);
    masks.closes |= fsa_mask16(_mm_cmpeq_epi8(folded, close), at);
  }
  return masks;
}

/* Bits of those of 16 bytes that end a run of plain ones; below 0x20 and above 0x7F is below 0x20
 * in signed bytes. */
static inline unsigned fsa_json_specials16(const char *data) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);
  __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  special = _mm_or_si128(special, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
  return (unsigned)_mm_movemask_epi8(special);
}

#else

static inline FsaJsonMasks fsa_json_masks(const char *data) {
  FsaJsonMasks masks = {0, 0, 0, 0};
  for (unsigned at = 0; at < 64; at++) {
    masks.quotes |= (uint64_t)(data[at] == '"') << at;
    masks.backslashes |= (uint64_t)(data[at] == '\\') << at;
    masks.opens |= (uint64_t)((data[at] | 0x20) == '{') << at;
    masks.closes |= (uint64_t)((data[at] | 0x20) == '}') << at;
  }
  return masks;
}

#endif

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
