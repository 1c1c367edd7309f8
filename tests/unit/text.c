/* Text: UTF-16 and UTF-8 at their edges, letter case, patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/* ---- UTF-16 ------------------------------------------------------------------------------------
 */

/* Units at an odd address in a block of exactly their size, so that a sanitizer sees every step too
 * far. */
static uint8_t *units_of(const uint16_t *units, size_t count) {
  uint8_t *block = malloc(count * 2 + 1);
  assert_non_null(block);
  for (size_t i = 0; i < count; i++) {
    block[1 + 2 * i] = (uint8_t)units[i];
    block[2 + 2 * i] = (uint8_t)(units[i] >> 8);
  }
  return block;
}

static void utf16(const uint16_t *units, size_t count, const char *expected) {
  uint8_t *block = units_of(units, count);
  char *out = malloc(FSA_UTF8_CEILING(count) + 1);
  size_t size = fsa_utf8_from_utf16(out, block + 1, count);
  assert_int_equal(size, strlen(expected));
  assert_memory_equal(out, expected, size);
  assert_true(fsa_text_is_valid(out, size));
  free(out);
  free(block);
}

static void utf16_edges(void **state) {
  (void)state;
  utf16(NULL, 0, "");
  utf16((const uint16_t[]){0x7F, 0x80, 0x7FF, 0x800}, 4, "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80");
  utf16((const uint16_t[]){0xFFFF}, 1, "\xEF\xBF\xBF");
  utf16((const uint16_t[]){0xD83D, 0xDE00}, 2, "\xF0\x9F\x98\x80");
  utf16((const uint16_t[]){0xDBFF, 0xDFFF}, 2, "\xF4\x8F\xBF\xBF");
  utf16((const uint16_t[]){0xD83D}, 1, "\xEF\xBF\xBD"); /* high at the end */
  utf16((const uint16_t[]){0xDE00, 0xD83D}, 2,
        "\xEF\xBF\xBD\xEF\xBF\xBD"); /* the wrong way round */
  utf16((const uint16_t[]){0xD83D, 0xD83D, 0xDE00}, 3, "\xEF\xBF\xBD\xF0\x9F\x98\x80");
  utf16((const uint16_t[]){0xD83D, 'x'}, 2, "\xEF\xBF\xBDx");
  utf16((const uint16_t[]){'a', 0, 'b'}, 3,
        "a\xE2\x90\x80"
        "b"); /* a hidden NUL is shown */
}

/* A special unit at every place of texts of every length: the fast paths must not pass it by. */
static void utf16_every_place(void **state) {
  (void)state;
  static const struct {
    uint16_t unit;
    const char *utf8, *json;
  } specials[] = {{0, "\xE2\x90\x80", "\xE2\x90\x80"},
                  {0x80, "\xC2\x80", "\xC2\x80"},
                  {0xFF, "\xC3\xBF", "\xC3\xBF"},
                  {0x141, "\xC5\x81", "\xC5\x81"},
                  {0x8041, "\xE8\x81\x81", "\xE8\x81\x81"},
                  {0xD800, "\xEF\xBF\xBD", "\xEF\xBF\xBD"},
                  {'"', "\"", "\\\""},
                  {'\\', "\\", "\\\\"},
                  {'\n', "\n", "\\n"},
                  {0x1F, "\x1F", "\\u001f"},
                  {0x7F, "\x7F", "\x7F"},
                  {'a', "a", "a"}};
  for (size_t s = 0; s < sizeof specials / sizeof *specials; s++)
    for (size_t count = 1; count < 40; count++)
      for (size_t place = 0; place < count; place++) {
        uint16_t units[40];
        char expected[80] = "", quoted[80] = "", out[256];
        for (size_t i = 0; i < count; i++) {
          units[i] = i == place ? specials[s].unit : (uint16_t)('A' + i % 26);
          char plain[2] = {(char)('A' + i % 26), 0};
          memcpy(expected + strlen(expected), i == place ? specials[s].utf8 : plain,
                 strlen(i == place ? specials[s].utf8 : plain) + 1);
          memcpy(quoted + strlen(quoted), i == place ? specials[s].json : plain,
                 strlen(i == place ? specials[s].json : plain) + 1);
        }
        utf16(units, count, expected);
        uint8_t *block = units_of(units, count);
        size_t size = fsa_json_from_utf16(out, block + 1, count);
        assert_int_equal(size, strlen(quoted));
        assert_memory_equal(out, quoted, size);
        free(block);
      }
}

static void utf16_into_arenas(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0), small = fsa_arena(16);
  const uint8_t padded[] = {'a', 0, 'b', 0, 0, 0, 'z', 0};
  assert_string_equal(fsa_text_from_utf16z(&arena, padded, 4).data, "ab");
  assert_int_equal(fsa_text_from_utf16z(&arena, padded, 2).size, 2); /* no NUL inside: all of it */
  assert_string_equal(fsa_text_from_utf16(&arena, padded, 4).data, "ab\xE2\x90\x80z");
  assert_string_equal(fsa_text_from_utf16(&arena, padded, 0).data, "");
  assert_null(fsa_text_from_utf16(&arena, padded, SIZE_MAX / 2).data);
  assert_null(fsa_text_from_utf16(&small, padded, 6).data);
  assert_string_equal(fsa_text_from_latin1(&arena, (const uint8_t *)"\xE9\0x", 3).data,
                      "\xC3\xA9\xE2\x90\x80x");
  assert_null(fsa_text_from_latin1(&small, padded, 8).data);
  fsa_arena_done(&arena);
  fsa_arena_done(&small);
}

/* ---- UTF-8 --------------------------------------------------------------------------------------
 */

static void validity(void **state) {
  (void)state;
  static const char *const good[] = {"",
                                     "a",
                                     "\x7F",
                                     "\xC2\x80",
                                     "\xDF\xBF",
                                     "\xE0\xA0\x80",
                                     "\xED\x9F\xBF",
                                     "\xEE\x80\x80",
                                     "\xF0\x90\x80\x80",
                                     "\xF4\x8F\xBF\xBF"};
  static const char *const bad[] = {"\x80",
                                    "\xBF",
                                    "\xC0\x80",
                                    "\xC1\xBF",
                                    "\xC2",
                                    "\xC2\x7F",
                                    "\xE0\x9F\xBF",
                                    "\xE0\xA0",
                                    "\xED\xA0\x80",
                                    "\xEF\xBF",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xFF",
                                    "a\xFE"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(fsa_text_is_valid(good[i], strlen(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(fsa_text_is_valid(bad[i], strlen(bad[i])));
  assert_false(fsa_text_is_valid("a\0b", 3));
}

/* Every code point there and back. */
static void code_points(void **state) {
  (void)state;
  for (uint32_t c = 1; c < 0x110000; c++) {
    if (c - 0xD800u < 0x800u) continue;
    char text[4];
    size_t size = fsa_utf8_put(text, c), at = 0;
    assert_true(fsa_text_is_valid(text, size));
    assert_int_equal(fsa_utf8_next(text, size, &at), c);
    assert_int_equal(at, size);
  }
}

static void cleaning(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  assert_string_equal(fsa_text_clean(&arena, "good", 4).data, "good");
  assert_string_equal(fsa_text_clean(&arena, NULL, 0).data, "");
  assert_string_equal(fsa_text_clean(&arena, "a\xFF\0b", 4).data, "a\xEF\xBF\xBD\xE2\x90\x80"
                                                                  "b");
  assert_string_equal(fsa_text_clean(&arena, "\xE2\x82", 2).data, "\xEF\xBF\xBD\xEF\xBF\xBD");
  for (unsigned a = 0; a < 256; a++)
    for (unsigned b = 0; b < 256; b++) {
      const char pair[] = {(char)a, (char)b};
      FsaText text = fsa_text_clean(&arena, pair, 2);
      assert_true(fsa_text_is_valid(text.data, text.size));
      assert_int_equal(strlen(text.data), text.size);
      fsa_arena_clear(&arena);
    }
  fsa_arena_done(&arena);
}

/* ---- letter case ---- */

static bool same(const char *a, const char *b) {
  return fsa_text_same(a, strlen(a), b, strlen(b));
}

static void letter_case(void **state) {
  (void)state;
  assert_true(same("SYSTEM32", "System32"));
  assert_true(same("\xC3\xA4\xC3\xB6\xC3\xBC", "\xC3\x84\xC3\x96\xC3\x9C")); /* German */
  assert_true(same("\xD0\xBF\xD1\x80", "\xD0\x9F\xD0\xA0"));                 /* Cyrillic */
  assert_true(same("\xCF\x83\xCE\xBF", "\xCE\xA3\xCE\x9F"));                 /* Greek */
  assert_false(same("a", "b"));
  assert_false(same("a", "ab"));
  assert_false(same("[", "{"));               /* 32 apart, no letters */
  assert_false(same("\xC3\xB7", "\xC3\x97")); /* division and multiplication signs, 32 apart too */
  assert_true(fsa_text_compare("a", 1, "B", 1) < 0);
  assert_true(fsa_text_compare("b", 1, "A", 1) > 0);
  assert_true(fsa_text_compare("a", 1, "aa", 2) < 0);
  assert_true(fsa_text_starts("C:\\Windows\\x", 12, "c:\\WINDOWS", 10));
  assert_true(fsa_text_starts("abc", 3, "", 0));
  assert_false(fsa_text_starts("ab", 2, "abc", 3));
}

static void upper_case_is_stable(void **state) {
  (void)state;
  for (uint32_t c = 0; c < 0x20000; c++) assert_int_equal(fsa_upper(fsa_upper(c)), fsa_upper(c));
}

/* ---- patterns ---- */

static bool glob(const char *text, const char *pattern) {
  return fsa_text_glob(text, strlen(text), pattern, strlen(pattern));
}

static void patterns(void **state) {
  (void)state;
  assert_true(glob("", ""));
  assert_true(glob("", "*"));
  assert_true(glob("", "**"));
  assert_false(glob("", "?"));
  assert_false(glob("a", ""));
  assert_true(glob("System.evtx", "*.EVTX"));
  assert_true(glob("a/b/c", "a/*/c"));
  assert_false(glob("a/b/b/c", "a/*/c")); /* one star stays in its part */
  assert_true(glob("a/b/b/c", "a/**/c"));
  assert_true(glob("a/b", "a**b"));
  assert_false(glob("a/b", "a?b"));
  assert_true(glob("aXb", "a?b"));
  assert_true(glob("\xC3\xA4.txt", "?.txt")); /* one character, two bytes */
  assert_true(glob("x/y/z.txt", "**.txt"));
  assert_false(glob("x/y/z.txt", "*.txt"));
  assert_true(glob("abcabc", "*abc"));
  assert_true(glob("Users/x/NTUSER.DAT", "users/*/ntuser.dat"));
  assert_true(glob("a*b", "a*b"));
  assert_true(glob("p/q/r/s", "**/r/*"));
  assert_false(glob("p/q/r/s/t", "**/r/*"));
  assert_true(glob("p/r/q/r/s", "**/r/*")); /* the first r leads nowhere */
}

/* The slow and sure way to say what a pattern means. */
static bool simple_glob(const char *text, const char *pattern) {
  if (*pattern == '\0') return *text == '\0';
  if (pattern[0] == '*' && pattern[1] == '*') {
    for (;; text++) {
      if (simple_glob(text, pattern + 2)) return true;
      if (*text == '\0') return false;
    }
  }
  if (*pattern == '*') {
    for (;; text++) {
      if (simple_glob(text, pattern + 1)) return true;
      if (*text == '\0' || *text == '/') return false;
    }
  }
  if (*text == '\0') return false;
  if (*pattern == '?') return *text != '/' && simple_glob(text + 1, pattern + 1);
  return *text == *pattern && simple_glob(text + 1, pattern + 1);
}

static void fill(char *out, size_t size, uint32_t *seed, const char *letters) {
  for (size_t i = 0; i < size; i++) {
    *seed = *seed * 1664525u + 1013904223u;
    out[i] = letters[(*seed >> 16) % strlen(letters)];
  }
  out[size] = '\0';
}

static void patterns_against_the_slow_way(void **state) {
  (void)state;
  uint32_t seed = 20261124;
  for (int i = 0; i < 200000; i++) {
    char text[16], pattern[16];
    fill(text, (size_t)i % 9, &seed, "ab/");
    fill(pattern, (size_t)i / 9 % 8, &seed, "ab/**?");
    if (strstr(pattern, "***")) continue; /* not a pattern that anybody writes */
    if (glob(text, pattern) != simple_glob(text, pattern))
      fail_msg("'%s' and '%s': %d", text, pattern, glob(text, pattern));
  }
}

/* Patterns that make backtracking matchers go on for ever. */
static void patterns_end_in_time(void **state) {
  (void)state;
  char text[5001], pattern[201];
  memset(text, 'a', 5000);
  text[5000] = '\0';
  for (size_t i = 0; i < 100; i++) memcpy(pattern + 2 * i, "*a", 2);
  pattern[199] = 'b';
  pattern[200] = '\0';
  assert_false(glob(text, pattern));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf16_edges),
      cmocka_unit_test(utf16_every_place),
      cmocka_unit_test(utf16_into_arenas),
      cmocka_unit_test(validity),
      cmocka_unit_test(code_points),
      cmocka_unit_test(cleaning),
      cmocka_unit_test(letter_case),
      cmocka_unit_test(upper_case_is_stable),
      cmocka_unit_test(patterns),
      cmocka_unit_test(patterns_against_the_slow_way),
      cmocka_unit_test(patterns_end_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
