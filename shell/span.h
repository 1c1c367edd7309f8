/*
 * Finding the next byte that needs care, eight bytes at a time.
 *
 * Output is mostly bytes that go out as they came. These loops pass over them a word at a time; the
 * caller says which bytes are special by a function over words that sets the high bit of each
 * special byte (the lowest one exactly; borrows may set false ones above it).
 */
#ifndef FSA_SHELL_SPAN_H
#define FSA_SHELL_SPAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FSA_SPAN_EACH(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))
#define FSA_SPAN_HIGH FSA_SPAN_EACH(0x80)

/* Room behind the copied bytes that fsa_span_copy() may overwrite. */
#define FSA_SPAN_SLACK 8

typedef uint64_t FsaSpanSpecial(uint64_t word);

/* High bits of the bytes that equal `byte`. */
static inline uint64_t fsa_span_equals(uint64_t word, char byte) {
  uint64_t same = word ^ FSA_SPAN_EACH(byte);
  return (same - FSA_SPAN_EACH(1)) & ~same & FSA_SPAN_HIGH;
}

/* High bits of the bytes below `bound` (<= 0x80). */
static inline uint64_t fsa_span_below(uint64_t word, uint8_t bound) {
  return (word - FSA_SPAN_EACH(bound)) & ~word & FSA_SPAN_HIGH;
}

/* The index of the first special byte of a word that has one. */
static inline size_t fsa_span_first(uint64_t marks) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return (size_t)__builtin_ctzll(marks) / 8;
#else
#error "fsa_span_first() is written for little-endian machines"
#endif
}

/* The word at `from`; where fewer than 8 bytes are left, filled up with `filler`, which is plain.
 */
static inline uint64_t fsa_span_load(const char *from, size_t left, char filler) {
  uint64_t word = FSA_SPAN_EACH(filler);
  if (left >= 8)
    memcpy(&word, from, 8); /* of fixed size: one load */
  else
    memcpy(&word, from, left);
  return word;
}

/* How many bytes lie before the first special one. */
static inline size_t fsa_span_find(const char *from, size_t size, FsaSpanSpecial *special) {
  for (size_t at = 0; at < size; at += 8) {
    uint64_t marks = special(fsa_span_load(from + at, size - at, 'a'));
    if (marks) return at + fsa_span_first(marks);
  }
  return size;
}

/* Copies the bytes before the first special one; gives their number. */
static inline size_t fsa_span_copy(char *to, const char *from, size_t size,
                                   FsaSpanSpecial *special) {
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = fsa_span_load(from + at, size - at, 'a');
    uint64_t marks = special(word);
    memcpy(to + at, &word, 8);
    if (marks) return at + fsa_span_first(marks);
  }
  return size;
}

#endif
