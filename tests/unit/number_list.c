/* scoring/text/number_list.c: sets of numbers, written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text/number_list.h"

static void check(const uint32_t *numbers, size_t count, const char *wanted) {
  uint32_t sorted[4096], room[4096];
  FsaBuffer out = fsa_buffer(65536);
  memcpy(sorted, numbers, count * sizeof *numbers);
  fsa_numbers_print(sorted, room, count, &out);
  if (wanted) assert_string_equal(fsa_buffer_text(&out), wanted);
  FsaText list = {out.data, out.size};
  uint64_t number = 0;
  for (size_t i = 0; i < count; i++) {
    if (i && sorted[i] == sorted[i - 1]) continue;
    if (i) assert_true(sorted[i] > sorted[i - 1]);
    assert_true(fsa_numbers_next(&list, &number));
    assert_int_equal(number, sorted[i]);
  }
  assert_false(fsa_numbers_next(&list, &number));
  fsa_buffer_done(&out);
}

static void lists(void **state) {
  (void)state;
  check((uint32_t[]){0}, 0, "[]");
  check((uint32_t[]){7}, 1, "[7]");
  check((uint32_t[]){7, 7, 7}, 3, "[7]");
  check((uint32_t[]){300, 7, 9, 7}, 4, "[7,2,291]");
  check((uint32_t[]){UINT32_MAX, 1, 65536}, 3, "[1,65535,4294901759]");
}

static void many(void **state) {
  (void)state;
  uint32_t numbers[4096], next = 1;
  for (size_t i = 0; i < 4096; i++) {
    next = next * 1664525 + 1013904223;
    numbers[i] = i % 3 ? next : next >> 20;
  }
  check(numbers, 4096, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
