/* JSON that may stand inside a page. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "text/json_out.h"

#define TEXT(literal) ((FsaText){literal, sizeof literal - 1})

/* What one value becomes as the only item of an array. */
static void expect(void (*put)(FsaJsonOut *json, const void *value), const void *value,
                   const char *wanted) {
  FsaBuffer out = fsa_buffer(4096);
  FsaJsonOut json = {.out = &out};
  fsa_json_open(&json, NULL, '[');
  put(&json, value);
  fsa_json_close(&json, ']');
  assert_string_equal(fsa_buffer_text(&out), wanted);
  fsa_buffer_done(&out);
}

static void put_text(FsaJsonOut *json, const void *value) {
  fsa_json_put_text(json, NULL, *(const FsaText *)value);
}

static void put_number(FsaJsonOut *json, const void *value) {
  fsa_json_put_number(json, NULL, *(const double *)value);
}

static void test_escapes_what_ends_a_script(void **state) {
  (void)state;
  expect(put_text, &TEXT("</script>"), "[\"\\u003c/script\\u003e\"]");
  expect(put_text, &TEXT("<!--&amp;"), "[\"\\u003c!--\\u0026amp;\"]");
  expect(put_text,
         &TEXT("a\xE2\x80\xA8"
               "b\xE2\x80\xA9"),
         "[\"a\\u2028b\\u2029\"]");
}

static void test_leaves_neighbours_alone(void **state) {
  (void)state;
  expect(put_text, &TEXT("\xE2\x80\xA7\xE2\x80\xAA\xE2\x82\xAC"),
         "[\"\xE2\x80\xA7\xE2\x80\xAA\xE2\x82\xAC\"]");
  expect(put_text, &TEXT("\xE2\x80"), "[\"\xEF\xBF\xBD\xEF\xBF\xBD\"]"); /* cut at the end */
  expect(put_text, &TEXT("\"\\\n"), "[\"\\\"\\\\\\n\"]");
}

static void test_null_and_empty(void **state) {
  (void)state;
  expect(put_text, &(FsaText){NULL, 0}, "[null]");
  expect(put_text, &TEXT(""), "[\"\"]");
}

static void test_numbers(void **state) {
  (void)state;
  expect(put_number, &(double){0.5}, "[0.5]");
  expect(put_number, &(double){-11.25}, "[-11.25]");
  expect(put_number, &(double){NAN}, "[null]");
  expect(put_number, &(double){INFINITY}, "[null]");
}

static void test_commas(void **state) {
  FsaBuffer out = fsa_buffer(4096);
  FsaJsonOut json = {.out = &out};
  (void)state;
  fsa_json_open(&json, NULL, '{');
  fsa_json_open(&json, "a", '[');
  fsa_json_close(&json, ']');
  fsa_json_open(&json, "b", '[');
  fsa_json_put_integer(&json, NULL, INT64_MIN);
  fsa_json_put_bool(&json, NULL, true);
  fsa_json_close(&json, ']');
  fsa_json_put_time(&json, "c", 0);
  fsa_json_put_time(&json, "d", 7);
  fsa_json_put_string(&json, "e", NULL);
  fsa_json_close(&json, '}');
  assert_string_equal(fsa_buffer_text(&out),
                      "{\"a\":[],\"b\":[-9223372036854775808,true],\"c\":null,\"d\":7,\"e\":null}");
  fsa_buffer_done(&out);
}

/* A document that is too large is an error, never a document without its end. */
static void test_too_large(void **state) {
  FsaBuffer out = fsa_buffer(16);
  FsaJsonOut json = {.out = &out};
  (void)state;
  fsa_json_open(&json, NULL, '[');
  fsa_json_put_text(&json, NULL, TEXT("longer than sixteen bytes"));
  fsa_json_close(&json, ']');
  assert_int_not_equal(out.error, 0);
  fsa_buffer_done(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_escapes_what_ends_a_script),
      cmocka_unit_test(test_leaves_neighbours_alone),
      cmocka_unit_test(test_null_and_empty),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_commas),
      cmocka_unit_test(test_too_large),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
