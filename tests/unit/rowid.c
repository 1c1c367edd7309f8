/* Rowids: one thing has one number in every scan, whatever of it varies; equal rows differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql/rowid.h"

enum { NAME, TIME_USED };

static const FsaColumn columns[] = {
    [NAME] = {"name", FSA_TEXT, 0, "A name."},
    [TIME_USED] = {"time_used", FSA_INTEGER, FSA_VARIES, "What the next look finds changed."},
};
static const FsaTable table = {.name = "things", .columns = columns, .column_count = 2};

static int64_t number(RowIds *ids, const char *evidence, const char *name, int64_t time_used) {
  FsaValue values[2] = {0};
  FsaRow row = {.values = values, .offset = FSA_NO_OFFSET};
  fsa_row_string(&row, NAME, name);
  fsa_row_int(&row, TIME_USED, time_used);
  int64_t rowid = -1;
  assert_int_equal(row_ids_number(ids, &table, evidence, &row, &rowid), FSA_OK);
  assert_true(rowid >= 0);
  return rowid;
}

static void what_varies_is_no_part_of_it(void **state) {
  (void)state;
  RowIds first = {0}, second = {0};
  assert_int_equal(number(&first, "live", "bash", 10), number(&second, "live", "bash", 11));
  assert_int_not_equal(number(&first, "live", "zsh", 10), number(&second, "live", "fish", 10));
  assert_int_not_equal(number(&first, "live", "dash", 10), number(&second, "/other", "dash", 10));
  row_ids_done(&first);
  row_ids_done(&second);
}

static void equal_rows_are_told_apart_in_their_order(void **state) {
  (void)state;
  RowIds first = {0}, second = {0};
  const int64_t one = number(&first, "live", "twin", 1), other = number(&first, "live", "twin", 1);
  assert_int_not_equal(one, other);
  assert_int_equal(number(&second, "live", "twin", 5), one);
  assert_int_equal(number(&second, "live", "twin", 6), other);
  row_ids_done(&first);
  row_ids_done(&second);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_varies_is_no_part_of_it),
      cmocka_unit_test(equal_rows_are_told_apart_in_their_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
