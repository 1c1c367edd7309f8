/*
 * Text: UTF-8 inside, whatever it was outside.
 *
 * What leaves these functions is always valid UTF-8 without embedded NULs, because SQLite, JSON and
 * osquery all end a text at one. An embedded NUL - the classic way to hide a registry name -
 * becomes U+2400 (SYMBOL FOR NULL), an unpaired surrogate or an invalid byte becomes U+FFFD.
 */
#ifndef FSA_BASE_TEXT_H
#define FSA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* A piece of UTF-8; not NUL-terminated unless said so. Does not own its memory. */
typedef struct FsaText {
  const char *data; /* NULL = unknown */
  size_t size;      /* bytes */
} FsaText;

/* The most bytes of UTF-8 that `units` UTF-16 code units can become. */
#define FSA_UTF8_CEILING(units) ((units)*3u)

/*
 * UTF-16LE to UTF-8. `out` has room for FSA_UTF8_CEILING(units) bytes; `units` 16-bit units are
 * read at `utf16`, which need not be aligned. Gives the bytes written; adds no NUL.
 */
size_t fsa_utf8_from_utf16(char *out, const uint8_t *utf16, size_t units);

/* The most bytes that `units` UTF-16 code units can become inside a JSON string ("\\u001f"). */
#define FSA_JSON_CEILING(units) ((units)*6u)

/*
 * UTF-16LE to the inside of a JSON string in one pass: UTF-8 with quote, backslash and control
 * characters escaped [RFC 8259], without the quotes around it. `out` has room for
 * FSA_JSON_CEILING(units) bytes. Gives the bytes written; adds no NUL.
 */
size_t fsa_json_from_utf16(char *out, const uint8_t *utf16, size_t units);

/* The same into an arena, NUL-terminated. {NULL, 0} when memory ran out. */
FsaText fsa_text_from_utf16(FsaArena *arena, const uint8_t *utf16, size_t units);

/*
 * As above, but stops before the first NUL unit: for fields of fixed width and zero-terminated
 * values.
 */
FsaText fsa_text_from_utf16z(FsaArena *arena, const uint8_t *utf16, size_t units);

/* Latin-1 bytes (the registry's "compressed" names) to UTF-8 in an arena, NUL-terminated. */
FsaText fsa_text_from_latin1(FsaArena *arena, const uint8_t *bytes, size_t size);

/*
 * Bytes that claim to be UTF-8, made valid, in an arena, NUL-terminated; the bytes themselves when
 * they are.
 */
FsaText fsa_text_clean(FsaArena *arena, const void *bytes, size_t size);

/* True when `size` bytes are valid UTF-8 without NUL. */
bool fsa_text_is_valid(const void *bytes, size_t size);

/*
 * The simple upper case of a code point: ASCII, Latin, Greek, Cyrillic, Armenian, fullwidth; others
 * unchanged.
 */
uint32_t fsa_upper(uint32_t code_point);

/* Compares two UTF-8 texts without regard to case, code point by code point: <0, 0, >0. */
int fsa_text_compare(const char *a, size_t a_size, const char *b, size_t b_size);

/* True when `text` is `other` in any letter case. */
bool fsa_text_same(const char *a, size_t a_size, const char *b, size_t b_size);

/* True when `text` begins with `prefix` in any letter case. */
bool fsa_text_starts(const char *text, size_t text_size, const char *prefix, size_t prefix_size);

/*
 * Matches a path part or a path against a pattern in any letter case: `*` any run of characters but
 * '/', `?` one character, `**` any run with '/'. Both are UTF-8. Linear in text times stars.
 */
bool fsa_text_glob(const char *text, size_t text_size, const char *pattern, size_t pattern_size);

/*
 * Reads one code point at `*at` < size and moves `*at` behind it; an invalid byte gives U+FFFD and
 * moves by one.
 */
uint32_t fsa_utf8_next(const char *text, size_t size, size_t *at);

/* Writes a code point as UTF-8 (up to 4 bytes); gives the bytes written. */
size_t fsa_utf8_put(char *out, uint32_t code_point);

#endif
