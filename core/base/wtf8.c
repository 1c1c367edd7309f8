/* Names of Windows files as bytes, and back. */
#include "base/wtf8.h"

#include <string.h>

#define IS_HIGH(unit) ((unit)-0xD800u < 0x400u)
#define IS_LOW(unit) ((unit)-0xDC00u < 0x400u)

static uint32_t unit_at(const uint8_t *utf16, size_t index) {
  return (uint32_t)(utf16[2 * index] | utf16[2 * index + 1] << 8);
}

size_t fsa_wtf8_from_utf16(char *out, const uint8_t *utf16, size_t units) {
  char *to = out;
  for (size_t i = 0; i < units;) {
    uint32_t c = unit_at(utf16, i++);
    if (IS_HIGH(c) && i < units && IS_LOW(unit_at(utf16, i)))
      c = 0x10000u + ((c - 0xD800u) << 10) + (unit_at(utf16, i++) - 0xDC00u);
    to += fsa_utf8_put(to, c);
  }
  return (size_t)(to - out);
}

char *fsa_wtf8_copy(FsaArena *arena, const uint8_t *utf16, size_t units) {
  if (units > SIZE_MAX / 4) return NULL;
  char *out = fsa_arena_alloc(arena, FSA_WTF8_CEILING(units) + 1);
  if (out) out[fsa_wtf8_from_utf16(out, utf16, units)] = '\0';
  return out;
}

/* True when the bytes at `at` are those of a surrogate. */
static bool is_surrogate(const char *text, size_t size, size_t at) {
  const uint8_t *p = (const uint8_t *)text + at;
  return size - at >= 3 && p[0] == 0xED && (p[1] & 0xE0) == 0xA0 && (p[2] & 0xC0) == 0x80;
}

/* The bytes of U+FFFD, which also stands for bytes that are no text. */
static bool is_replacement(const char *text, size_t size, size_t at) {
  return size - at >= 3 && memcmp(text + at, "\xEF\xBF\xBD", 3) == 0;
}

size_t fsa_utf16_from_wtf8(uint16_t *out, const char *text, size_t size) {
  uint16_t *to = out;
  for (size_t at = 0; at < size;) {
    if (is_surrogate(text, size, at)) {
      const uint8_t *p = (const uint8_t *)text + at;
      *to++ = (uint16_t)(0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
      at += 3;
      continue;
    }
    bool is_itself = is_replacement(text, size, at);
    uint32_t c = fsa_utf8_next(text, size, &at);
    if (c == 0xFFFDu && !is_itself) return SIZE_MAX;
    if (c < 0x10000u) {
      *to++ = (uint16_t)c;
    } else {
      *to++ = (uint16_t)(0xD800u + ((c - 0x10000u) >> 10));
      *to++ = (uint16_t)(0xDC00u + (c & 0x3FFu));
    }
  }
  return (size_t)(to - out);
}

FsaText fsa_text_from_wtf8(FsaArena *arena, const char *text, size_t size) {
  if (!memchr(text, 0xED, size)) return fsa_text_clean(arena, text, size); /* no surrogate */
  char *copy = fsa_arena_copy(arena, text, size);
  if (!copy) return (FsaText){NULL, 0};
  for (size_t at = 0; at < size; at++)
    if (is_surrogate(text, size, at)) memcpy(copy + at, "\xEF\xBF\xBD", 3);
  return fsa_text_clean(arena, copy, size);
}
