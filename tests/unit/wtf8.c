/* base/wtf8: names of Windows files come through bytes unchanged. */
#include "base/wtf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* `units` become `text`, and back. */
static void both_ways(const uint16_t *units, size_t count, const char *text) {
  uint8_t bytes[64];
  char out[64];
  uint16_t back[64];
  for (size_t i = 0; i < count; i++) {
    bytes[2 * i] = (uint8_t)units[i];
    bytes[2 * i + 1] = (uint8_t)(units[i] >> 8);
  }
  size_t size = fsa_wtf8_from_utf16(out, bytes, count);
  assert_int_equal(size, strlen(text));
  assert_memory_equal(out, text, size);
  assert_int_equal(fsa_utf16_from_wtf8(back, text, size), count);
  assert_memory_equal(back, units, count * sizeof *units);
}

#define BOTH_WAYS(text, ...)                                                                       \
  both_ways((const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2, text)

static void text_is_utf8(void **state) {
  (void)state;
  BOTH_WAYS("a.txt", 'a', '.', 't', 'x', 't');
  BOTH_WAYS("\xC3\xBC\xE2\x82\xAC", 0xFC, 0x20AC);
  BOTH_WAYS("\xF0\x9F\x98\x80", 0xD83D, 0xDE00);
  BOTH_WAYS("\xEF\xBF\xBD", 0xFFFD);
}

static void unpaired_surrogates_come_back(void **state) {
  (void)state;
  BOTH_WAYS("\xED\xA0\x80", 0xD800);
  BOTH_WAYS("x\xED\xBF\xBF", 'x', 0xDFFF);
  BOTH_WAYS("\xED\xBF\xBF\xED\xA0\x80", 0xDFFF, 0xD800); /* low before high */
  BOTH_WAYS("\xED\xA0\x80\xED\xA0\x80", 0xD800, 0xD800);
}

static void what_is_neither_is_told(void **state) {
  (void)state;
  static const char *const wrong[] = {"\xFF", "a\x80", "\xED\xA0", "\xC0\x80", "\xF5\x80\x80\x80"};
  uint16_t out[8];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_true(fsa_utf16_from_wtf8(out, wrong[i], strlen(wrong[i])) == SIZE_MAX);
  assert_int_equal(fsa_utf16_from_wtf8(out, "", 0), 0);
}

static void shown_as_one_sign(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaText text = fsa_text_from_wtf8(&arena,
                                    "a\xED\xA0\x80"
                                    "b\xFF",
                                    6);
  assert_string_equal(text.data, "a\xEF\xBF\xBD"
                                 "b\xEF\xBF\xBD");
  text = fsa_text_from_wtf8(&arena, "plain", 5);
  assert_string_equal(text.data, "plain");
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_utf8),
      cmocka_unit_test(unpaired_surrogates_come_back),
      cmocka_unit_test(what_is_neither_is_told),
      cmocka_unit_test(shown_as_one_sign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
