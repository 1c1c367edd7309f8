/* scoring/pack/condition.c: conditions compute with a row's columns and do nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pack/condition.h"

static FsaText text_of(const char *text) {
  return (FsaText){text, text ? strlen(text) : 0};
}

/* Asks one condition over the column `x`. */
static bool holds(const char *where, const char *x) {
  FsaConditions *conditions = fsa_conditions_new(&where, 1);
  size_t count;
  const char *const *columns = fsa_conditions_columns(conditions, &count);
  FsaText value = text_of(x);
  if (fsa_conditions_fault(conditions, 0))
    print_message("%s\n", fsa_conditions_fault(conditions, 0));
  assert_null(fsa_conditions_fault(conditions, 0));
  assert_true(count == 0 || (count == 1 && strcmp(columns[0], "x") == 0));
  bool answer = fsa_conditions_ask(conditions, &value) == 1;
  fsa_conditions_free(conditions);
  return answer;
}

static void test_values(void **state) {
  (void)state;
  assert_true(holds("x = '1'", "1"));
  assert_false(holds("x = 1", "1")); /* text is no number */
  assert_true(holds("CAST(x AS INTEGER) > 9", "10"));
  assert_true(holds("x = ''", ""));
  assert_true(holds("x = ''", NULL));
  assert_true(holds("X LIKE '%EVIL%'", "c:\\evil.exe"));
  assert_true(holds("json_extract(x, '$.a') = 1", "{\"a\":1}"));
  assert_false(holds("json_extract(x, '$.a') = 1", "{\"a\""));
  assert_true(holds("1", "anything"));
}

static void test_own_functions(void **state) {
  (void)state;
  assert_true(holds("path_class(x) = 'temp'", "C:\\Windows\\Temp\\a.exe"));
  assert_true(holds("path_class(x) = ''", "a.exe"));
  assert_true(holds("is_near_system_name(x)", "C:\\Users\\Public\\svch0st.exe"));
  assert_false(holds("is_near_system_name(x)", "C:\\Windows\\System32\\svchost.exe"));
  assert_true(holds("vendor_token(x) = 'microsoft'", "C:\\ProgramData\\Microsoft\\a.exe"));
  assert_true(holds("path_base(x) = 'b.exe'", "C:\\a\\b.exe"));
  assert_true(holds("path_image(x) = 'C:\\a b.exe'", "\"C:\\a b.exe\" -k"));
}

static void refuses(const char *where) {
  FsaConditions *conditions = fsa_conditions_new(&where, 1);
  FsaText values[FSA_MAX_CONDITION_COLUMNS] = {{0}};
  if (!fsa_conditions_fault(conditions, 0)) print_message("not refused: %s\n", where);
  assert_non_null(fsa_conditions_fault(conditions, 0));
  assert_int_equal(fsa_conditions_ask(conditions, values), 0);
  fsa_conditions_free(conditions);
}

static void test_refuses_to_do_more_than_compute(void **state) {
  (void)state;
  refuses("x = ");
  refuses("1), (2");
  refuses("1); DELETE FROM a; --");
  refuses("load_extension('x')");
  refuses("(SELECT count(*) FROM sqlite_schema)");
  refuses("(SELECT name FROM pragma_database_list)");
  refuses("(WITH RECURSIVE a(b) AS (SELECT 1 UNION ALL SELECT b + 1 FROM a) SELECT max(b) FROM a)");
  refuses("random() > 0");
  refuses("(SELECT value FROM json_each(x))");
  refuses("no_such_function(x)");
  refuses("a.b.c = 1");
}

/* One that fails on a row, or is refused, takes nothing from the others. */
static void test_each_stands_alone(void **state) {
  (void)state;
  const char *const where[] = {"x = '1'", "y =", "json_extract(y, '$.a') = 1", "y LIKE '{%'"};
  FsaConditions *conditions = fsa_conditions_new(where, 4);
  size_t count;
  const char *const *columns = fsa_conditions_columns(conditions, &count);
  assert_int_equal(count, 2);
  assert_string_equal(columns[0], "x");
  FsaText row[] = {text_of("1"), text_of("{\"a\"")};
  assert_int_equal(fsa_conditions_ask(conditions, row), 1 | 8);
  row[1] = text_of("{\"a\":1}");
  assert_int_equal(fsa_conditions_ask(conditions, row), 1 | 4 | 8);
  row[0] = text_of("");
  assert_int_equal(fsa_conditions_ask(conditions, row), 4 | 8);
  fsa_conditions_free(conditions);
}

/* A bomb ends at its bound, and the row does not hit. */
static void test_bounds(void **state) {
  (void)state;
  assert_false(
      holds("length(replace(replace(replace(replace(printf('%01000d', 0), '0', x), '0', x),"
            " '0', x), '0', x)) > 0",
            "00000000000000000000000000000000000000000000000000000000000000000000000000000000"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_own_functions),
      cmocka_unit_test(test_refuses_to_do_more_than_compute),
      cmocka_unit_test(test_each_stands_alone),
      cmocka_unit_test(test_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
