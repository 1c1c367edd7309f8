/*
 * UTF-16, UTF-8 and letter case. The simple case mappings are those of the Unicode Character
 * Database.
 */
#include "base/text.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define REPLACEMENT 0xFFFDu
#define VISIBLE_NUL 0x2400u

size_t fsa_utf8_put(char *out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

/* ---- UTF-16 ---------------------------------------------------------------------------------- */

/* A 16-bit value in each of the four lanes of a word. */
#define LANES(x) ((uint64_t)(x)*UINT64_C(0x0001000100010001))

/*
 * The top bit of each lane that is zero, when all lanes are below 0x8000; also of some lane above
 * such a one.
 */
static uint64_t zero_lanes(uint64_t four) {
  return (four - LANES(1)) & ~four & LANES(0x8000);
}

/* True when the four units in `four` (as loaded on a little-endian machine) are ASCII but NUL. */
static bool is_ascii4(uint64_t four) {
  return !(four & LANES(0xFF80)) && !zero_lanes(four);
}

/* True when the four units are what a JSON string takes as it is. */
static bool is_plain4(uint64_t four) {
  return !(four & LANES(0xFF80)) && !((four - LANES(0x20)) & LANES(0x8000)) &&
         !zero_lanes(four ^ LANES('"')) && !zero_lanes(four ^ LANES('\\'));
}

#if defined(__SSE2__)
/*
 * Narrows sixteen units to bytes: what is above 0xFF saturates to 0xFF, what is above 0x7FFF to 0,
 * so that every unit that is not ASCII becomes a byte that the masks below turn down.
 */
static __m128i narrow16(const uint8_t *utf16) {
  return _mm_packus_epi16(_mm_loadu_si128((const __m128i *)(const void *)utf16),
                          _mm_loadu_si128((const __m128i *)(const void *)(utf16 + 16)));
}

static __m128i narrow8(const uint8_t *utf16) {
  __m128i eight = _mm_loadu_si128((const __m128i *)(const void *)utf16);
  return _mm_packus_epi16(eight, eight);
}

/*
 * One bit for each byte that cannot be copied: not ASCII, below `lowest`, or (in JSON) to be
 * escaped.
 */
static unsigned special_mask(__m128i bytes, bool json) {
  __m128i good = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(json ? 0x1F : 0));
  if (json) {
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    good = _mm_andnot_si128(_mm_or_si128(quote, backslash), good);
  }
  return ~(unsigned)_mm_movemask_epi8(good) & 0xFFFFu;
}
#endif

/*
 * Copies the leading units that need no work, in steps of 16, 8 and 4; gives how many. It may write
 * behind the copied ones, never behind one byte per unit.
 */
static inline size_t copy_plain(char *out, const uint8_t *utf16, size_t units, bool json) {
  size_t i = 0;
#if defined(__SSE2__)
  for (; units - i >= 16; i += 16) {
    __m128i bytes = narrow16(utf16 + 2 * i);
    _mm_storeu_si128((__m128i *)(void *)(out + i), bytes);
    unsigned special = special_mask(bytes, json);
    if (special) return i + (size_t)__builtin_ctz(special);
  }
  if (units - i >= 8) {
    __m128i bytes = narrow8(utf16 + 2 * i);
    _mm_storel_epi64((__m128i *)(void *)(out + i), bytes);
    unsigned special = special_mask(bytes, json);
    if (special) return i + (size_t)__builtin_ctz(special);
    i += 8;
  }
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; units - i >= 4; i += 4) {
    uint64_t four;
    memcpy(&four, utf16 + 2 * i, 8);
    if (json ? !is_plain4(four) : !is_ascii4(four)) break;
    four |= four >> 8;
    four = (four & 0xFFFF) | (four >> 16 & UINT64_C(0xFFFF0000));
    uint32_t packed = (uint32_t)four;
    memcpy(out + i, &packed, 4);
  }
#endif
  for (; i < units; i++) {
    unsigned unit = (unsigned)(utf16[2 * i] | utf16[2 * i + 1] << 8);
    if (unit - (json ? 0x20u : 1u) >= (json ? 0x60u : 0x7Fu)) break;
    if (json && (unit == '"' || unit == '\\')) break;
    out[i] = (char)unit;
  }
  return i;
}

/*
 * Reads the code point at unit *i < units and moves *i behind it; makes what must not stand in text
 * visible.
 */
static uint32_t utf16_next(const uint8_t *utf16, size_t units, size_t *i) {
  uint32_t unit = (uint32_t)(utf16[2 * *i] | utf16[2 * *i + 1] << 8);
  ++*i;
  if (unit - 0xD800u < 0x400u && *i < units) {
    uint32_t low = (uint32_t)(utf16[2 * *i] | utf16[2 * *i + 1] << 8);
    if (low - 0xDC00u < 0x400u) {
      ++*i;
      return 0x10000u + ((unit - 0xD800u) << 10) + (low - 0xDC00u);
    }
  }
  if (unit - 0xD800u < 0x800u) return REPLACEMENT;
  return unit ? unit : VISIBLE_NUL;
}

size_t fsa_utf8_from_utf16(char *out, const uint8_t *utf16, size_t units) {
  char *to = out;
  for (size_t i = 0; i < units;) {
    size_t plain = copy_plain(to, utf16 + 2 * i, units - i, false);
    to += plain;
    i += plain;
    /* where one unit needed work, the next ones likely do not; where several did, more will */
    size_t burst = plain ? 1 : 4;
    for (size_t stop = i + burst < units ? i + burst : units; i < stop;)
      to += fsa_utf8_put(to, utf16_next(utf16, units, &i));
  }
  return (size_t)(to - out);
}

/* Writes a code point as it stands inside a JSON string; up to 6 bytes. */
static size_t json_put(char *out, uint32_t c) {
  static const char digits[] = "0123456789abcdef";
  static const char shorts[32] = {
      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
  if (c >= 0x20 && c != '"' && c != '\\') return fsa_utf8_put(out, c);
  out[0] = '\\';
  out[1] = c >= 0x20 ? (char)c : shorts[c];
  if (out[1]) return 2;
  out[1] = 'u';
  out[2] = out[3] = '0';
  out[4] = digits[c >> 4];
  out[5] = digits[c & 15];
  return 6;
}

size_t fsa_json_from_utf16(char *out, const uint8_t *utf16, size_t units) {
  char *to = out;
  for (size_t i = 0; i < units;) {
    size_t plain = copy_plain(to, utf16 + 2 * i, units - i, true);
    to += plain;
    i += plain;
    /* where one unit needed work, the next ones likely do not; where several did, more will */
    size_t burst = plain ? 1 : 4;
    for (size_t stop = i + burst < units ? i + burst : units; i < stop;)
      to += json_put(to, utf16_next(utf16, units, &i));
  }
  return (size_t)(to - out);
}

FsaText fsa_text_from_utf16(FsaArena *arena, const uint8_t *utf16, size_t units) {
  if (units > SIZE_MAX / 4) return (FsaText){NULL, 0};
  char *out = fsa_arena_alloc(arena, FSA_UTF8_CEILING(units) + 1);
  if (!out) return (FsaText){NULL, 0};
  size_t size = fsa_utf8_from_utf16(out, utf16, units);
  out[size] = '\0';
  return (FsaText){out, size};
}

FsaText fsa_text_from_utf16z(FsaArena *arena, const uint8_t *utf16, size_t units) {
  size_t length = 0;
  while (length < units && (utf16[2 * length] || utf16[2 * length + 1])) length++;
  return fsa_text_from_utf16(arena, utf16, length);
}

FsaText fsa_text_from_latin1(FsaArena *arena, const uint8_t *bytes, size_t size) {
  if (size > SIZE_MAX / 4) return (FsaText){NULL, 0};
  char *out = fsa_arena_alloc(arena, size * 3 + 1);
  if (!out) return (FsaText){NULL, 0};
  size_t to = 0;
  for (size_t i = 0; i < size; i++) to += fsa_utf8_put(out + to, bytes[i] ? bytes[i] : VISIBLE_NUL);
  out[to] = '\0';
  return (FsaText){out, to};
}

/* The length of the valid sequence at `p`, 0 when there is none. */
static size_t sequence_length(const uint8_t *p, size_t left) {
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xC2) return 0;
  size_t length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  if (p[0] == 0xE0 && p[1] < 0xA0) return 0; /* overlong */
  if (p[0] == 0xED && p[1] > 0x9F) return 0; /* a surrogate */
  if (p[0] == 0xF0 && p[1] < 0x90) return 0; /* overlong */
  if (p[0] == 0xF4 && p[1] > 0x8F) return 0; /* above U+10FFFF */
  return length;
}

uint32_t fsa_utf8_next(const char *text, size_t size, size_t *at) {
  const uint8_t *p = (const uint8_t *)text + *at;
  size_t length = sequence_length(p, size - *at);
  *at += length ? length : 1;
  switch (length) {
  case 1: return p[0];
  case 2: return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
  case 3: return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  case 4: return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
  default: return REPLACEMENT;
  }
}

/* True for ASCII without NUL, which most text is: told by whole words, the last of which overlaps.
 */
static bool is_plain(const uint8_t *p, size_t size) {
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
  uint64_t word, seen = 0;
  if (size < sizeof word) return false;
  for (size_t at = 0; at < size; at += sizeof word) {
    memcpy(&word, p + (size - at < sizeof word ? size - sizeof word : at), sizeof word);
    seen |= word | (word - ones); /* a byte above 0x7f, or one that was 0 */
  }
  return (seen & highs) == 0;
}

bool fsa_text_is_valid(const void *bytes, size_t size) {
  const uint8_t *p = bytes;
  if (is_plain(p, size)) return true;
  for (size_t i = 0; i < size;) {
    size_t length = p[i] ? sequence_length(p + i, size - i) : 0;
    if (length == 0) return false;
    i += length;
  }
  return true;
}

FsaText fsa_text_clean(FsaArena *arena, const void *bytes, size_t size) {
  if (fsa_text_is_valid(bytes, size)) {
    const char *copy = fsa_arena_copy(arena, bytes, size);
    return (FsaText){copy, copy ? size : 0};
  }
  if (size > SIZE_MAX / 4) return (FsaText){NULL, 0};
  char *out = fsa_arena_alloc(arena, size * 3 + 1);
  if (!out) return (FsaText){NULL, 0};
  size_t to = 0;
  for (size_t at = 0; at < size;) {
    uint32_t c = fsa_utf8_next(bytes, size, &at);
    to += fsa_utf8_put(out + to, c ? c : VISIBLE_NUL);
  }
  out[to] = '\0';
  return (FsaText){out, to};
}

/* A run of letters whose upper case lies `delta` away: every one, or every second one. */
typedef struct CaseRange {
  uint16_t first, last; /* lower-case code points */
  int16_t delta;        /* added to reach the upper case */
  uint8_t step;         /* 1: each is lower case; 2: lower and upper alternate */
} CaseRange;

static const CaseRange case_ranges[] = {
    {0x00E0, 0x00F6, -32, 1}, {0x00F8, 0x00FE, -32, 1}, {0x00FF, 0x00FF, 121, 1},
    {0x0101, 0x012F, -1, 2},  {0x0133, 0x0137, -1, 2},  {0x013A, 0x0148, -1, 2},
    {0x014B, 0x0177, -1, 2},  {0x017A, 0x017E, -1, 2},  {0x01CE, 0x01DC, -1, 2},
    {0x01DF, 0x01EF, -1, 2},  {0x01F9, 0x021F, -1, 2},  {0x0223, 0x0233, -1, 2},
    {0x03AC, 0x03AC, -38, 1}, {0x03AD, 0x03AF, -37, 1}, {0x03B1, 0x03C1, -32, 1},
    {0x03C3, 0x03CB, -32, 1}, {0x03CC, 0x03CC, -64, 1}, {0x03CD, 0x03CE, -63, 1},
    {0x0430, 0x044F, -32, 1}, {0x0450, 0x045F, -80, 1}, {0x0461, 0x0481, -1, 2},
    {0x048B, 0x04BF, -1, 2},  {0x04C2, 0x04CE, -1, 2},  {0x04D1, 0x0527, -1, 2},
    {0x0561, 0x0586, -48, 1}, {0x1E01, 0x1E95, -1, 2},  {0x1EA1, 0x1EFF, -1, 2},
    {0x24D0, 0x24E9, -26, 1}, {0xFF41, 0xFF5A, -32, 1},
};

uint32_t fsa_upper(uint32_t c) {
  if (c < 0x80) return c - 'a' < 26u ? c - 32 : c;
  if (c > 0xFF5A) return c;
  for (size_t i = 0; i < sizeof case_ranges / sizeof *case_ranges; i++) {
    const CaseRange *range = &case_ranges[i];
    if (c < range->first) return c;
    if (c <= range->last)
      return (c - range->first) % range->step == 0 ? (uint32_t)((int32_t)c + range->delta) : c;
  }
  return c;
}

int fsa_text_compare(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t i = 0, j = 0;
  while (i < a_size && j < b_size) {
    uint32_t x = fsa_upper(fsa_utf8_next(a, a_size, &i));
    uint32_t y = fsa_upper(fsa_utf8_next(b, b_size, &j));
    if (x != y) return x < y ? -1 : 1;
  }
  if (i < a_size) return 1;
  return j < b_size ? -1 : 0;
}

bool fsa_text_same(const char *a, size_t a_size, const char *b, size_t b_size) {
  return fsa_text_compare(a, a_size, b, b_size) == 0;
}

bool fsa_text_starts(const char *text, size_t text_size, const char *prefix, size_t prefix_size) {
  size_t i = 0, j = 0;
  while (j < prefix_size) {
    if (i >= text_size) return false;
    if (fsa_upper(fsa_utf8_next(text, text_size, &i)) !=
        fsa_upper(fsa_utf8_next(prefix, prefix_size, &j)))
      return false;
  }
  return true;
}

/* Where to go on when a star has to take one character more. */
typedef struct Retry {
  size_t text, pattern;
  bool crosses; /* the star may take '/' */
  bool set;
} Retry;

bool fsa_text_glob(const char *text, size_t text_size, const char *pattern, size_t pattern_size) {
  Retry star = {0, 0, false, false}, globstar = {0, 0, true, false};
  size_t t = 0, p = 0;
  for (;;) {
    if (p < pattern_size && pattern[p] == '*') {
      bool crosses = p + 1 < pattern_size && pattern[p + 1] == '*';
      p += crosses ? 2 : 1;
      if (crosses) {
        globstar = (Retry){t, p, true, true};
        star.set = false;
      } else
        star = (Retry){t, p, false, true};
      continue;
    }
    if (t == text_size && p == pattern_size) return true;
    if (t < text_size && p < pattern_size) {
      size_t t_next = t, p_next = p;
      uint32_t x = fsa_utf8_next(text, text_size, &t_next);
      uint32_t y = fsa_utf8_next(pattern, pattern_size, &p_next);
      if ((y == '?' && x != '/') || fsa_upper(x) == fsa_upper(y)) {
        t = t_next;
        p = p_next;
        continue;
      }
    }
    /* the innermost star takes one more; where it meets '/', the enclosing globstar does */
    Retry *retry = star.set && star.text < text_size && text[star.text] != '/' ? &star : &globstar;
    if (!retry->set || retry->text >= text_size) return false;
    fsa_utf8_next(text, text_size, &retry->text);
    t = retry->text;
    p = retry->pattern;
    if (retry == &globstar) star.set = false;
  }
}
