/* scoring/text/csv.c: lists as people and spreadsheets write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text/csv.h"

static void test_records(void **state) {
  (void)state;
  static const char text[] = "\xEF\xBB\xBF"
                             "a, b ,\"c, \"\"d\"\"\nx\"\r\n"
                             "\n# a comment, too\n"
                             "  last  ,\"cut";
  const char *fields[FSA_MAX_CSV_FIELDS];
  FsaArena arena = fsa_arena(0);
  FsaCsv csv = fsa_csv((FsaText){text, sizeof text - 1});
  assert_int_equal(fsa_csv_next(&csv, &arena, fields), 3);
  assert_string_equal(fields[0], "a");
  assert_string_equal(fields[1], "b");
  assert_string_equal(fields[2], "c, \"d\"\nx");
  assert_int_equal(csv.line, 1);
  assert_int_equal(fsa_csv_next(&csv, &arena, fields), 2);
  assert_string_equal(fields[0], "last");
  assert_string_equal(fields[1], "cut");
  assert_int_equal(csv.line, 5);
  assert_int_equal(fsa_csv_next(&csv, &arena, fields), 0);
  fsa_arena_done(&arena);
}

/* Every cut and every byte ends; fields beyond the ceiling are lost, not written. */
static void test_hostile(void **state) {
  (void)state;
  char text[200];
  const char *fields[FSA_MAX_CSV_FIELDS];
  for (size_t round = 0; round < 2000; round++) {
    FsaArena arena = fsa_arena(0);
    size_t size = round % sizeof text;
    for (size_t i = 0; i < size; i++) text[i] = ",\"\n a#\r"[(round * 31 + i * i) % 7];
    FsaCsv csv = fsa_csv((FsaText){text, size});
    for (size_t count; (count = fsa_csv_next(&csv, &arena, fields)) > 0;)
      assert_true(count <= FSA_MAX_CSV_FIELDS);
    assert_int_equal(csv.rest.size, 0);
    fsa_arena_done(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records),
      cmocka_unit_test(test_hostile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
