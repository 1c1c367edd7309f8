/* The growing buffer: ceilings, the sticky error, numbers, JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/result.h"

static void appending(void **state) {
  (void)state;
  FsaBuffer b = fsa_buffer(1000);
  assert_string_equal(fsa_buffer_text(&b), "");
  fsa_buffer_puts(&b, "a");
  fsa_buffer_putc(&b, 'b');
  fsa_buffer_put(&b, "cde", 2);
  fsa_buffer_put(&b, NULL, 0);
  fsa_buffer_printf(&b, "-%s-%03d", "x", 7);
  assert_string_equal(fsa_buffer_text(&b), "abcd-x-007");
  fsa_buffer_puts(&b, "!"); /* goes on behind the NUL */
  assert_string_equal(fsa_buffer_text(&b), "abcd-x-007!");
  assert_int_equal(b.error, FSA_OK);
  fsa_buffer_done(&b);
  assert_int_equal(b.limit, 1000);
  fsa_buffer_puts(&b, "again");
  assert_string_equal(fsa_buffer_text(&b), "again");
  fsa_buffer_done(&b);
}

static void numbers(void **state) {
  (void)state;
  FsaBuffer b = fsa_buffer(1000);
  const int64_t values[] = {0, 7, -7, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    fsa_buffer_i64(&b, values[i]);
    fsa_buffer_putc(&b, ' ');
  }
  fsa_buffer_u64(&b, UINT64_MAX);
  assert_string_equal(fsa_buffer_text(&b), "0 7 -7 9223372036854775807 -9223372036854775808 "
                                           "18446744073709551615");
  fsa_buffer_done(&b);
}

/* Exactly the ceiling fits; one more is an error that stays, and what was there stays too. */
static void the_ceiling_is_sticky(void **state) {
  (void)state;
  for (size_t limit = 0; limit < 600; limit += 7) {
    FsaBuffer b = fsa_buffer(limit);
    for (size_t i = 0; i < limit; i++) fsa_buffer_putc(&b, 'x');
    assert_int_equal(b.error, FSA_OK);
    assert_int_equal(strlen(fsa_buffer_text(&b)), limit);
    fsa_buffer_putc(&b, 'y');
    assert_int_equal(b.error, FSA_E_LIMIT);
    assert_int_equal(b.size, limit);
    fsa_buffer_puts(&b, "");
    fsa_buffer_printf(&b, "%d", 1);
    assert_null(fsa_buffer_room(&b, 0));
    assert_int_equal(b.size, limit);
    assert_string_equal(fsa_buffer_text(&b), "");
    fsa_buffer_clear(&b);
    assert_int_equal(b.error, FSA_OK);
    assert_int_equal(b.size, 0);
    fsa_buffer_done(&b);
  }
}

static void a_formatted_text_is_whole_or_not_there(void **state) {
  (void)state;
  FsaBuffer b = fsa_buffer(300);
  fsa_buffer_printf(&b, "%0*d", 300, 5);
  assert_int_equal(b.size, 300);
  fsa_buffer_clear(&b);
  fsa_buffer_printf(&b, "%0*d", 301, 5);
  assert_int_equal(b.error, FSA_E_LIMIT);
  assert_int_equal(b.size, 0);
  fsa_buffer_done(&b);
}

static void sizes_do_not_overflow(void **state) {
  (void)state;
  FsaBuffer b = fsa_buffer(SIZE_MAX);
  fsa_buffer_puts(&b, "x");
  assert_null(fsa_buffer_room(&b, SIZE_MAX));
  assert_int_equal(b.error, FSA_E_LIMIT);
  fsa_buffer_clear(&b);
  fsa_buffer_puts(&b, "x");
  assert_null(fsa_buffer_room(&b, SIZE_MAX / 2 + 2)); /* doubling would pass the end of numbers */
  assert_int_not_equal(b.error, FSA_OK);
  fsa_buffer_done(&b);
}

static void room_and_added(void **state) {
  (void)state;
  FsaBuffer b = fsa_buffer(1u << 20);
  char *room = fsa_buffer_room(&b, 1000);
  assert_non_null(room);
  memset(room, 'z', 1000);
  fsa_buffer_added(&b, 999);
  assert_int_equal(strlen(fsa_buffer_text(&b)), 999);
  fsa_buffer_done(&b);
  FsaBuffer declared = {0};
  fsa_buffer_done(&declared);
}

static void json(const char *text, size_t size, const char *expected) {
  FsaBuffer b = fsa_buffer(1000);
  fsa_buffer_json(&b, text, size);
  assert_string_equal(fsa_buffer_text(&b), expected);
  fsa_buffer_done(&b);
}

static void json_strings(void **state) {
  (void)state;
  json("", 0, "\"\"");
  json(NULL, 0, "\"\"");
  json("plain", 5, "\"plain\"");
  json("\"\\/", 3, "\"\\\"\\\\/\"");
  json("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
  json("\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
  json("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  json("a\xFFz", 3, "\"a\xEF\xBF\xBDz\"");
  json("\xC3", 1, "\"\xEF\xBF\xBD\"");                                 /* cut in its middle */
  json("\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                 /* overlong */
  json("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); /* a surrogate */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appending),
      cmocka_unit_test(numbers),
      cmocka_unit_test(the_ceiling_is_sticky),
      cmocka_unit_test(a_formatted_text_is_whole_or_not_there),
      cmocka_unit_test(sizes_do_not_overflow),
      cmocka_unit_test(room_and_added),
      cmocka_unit_test(json_strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
