/* scoring/method/suppress.c: days, and what an entry covers. tests/fleet/test_method.py has files
 * of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "method/suppress.h"

static void test_days(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t time; /* -1 = it is none */
  } cases[] = {{"1970-01-01", 0},
               {"2026-11-28", 1795824000},
               {"2024-02-29", 1709164800},
               {"2023-02-29", -1},
               {"2026-13-01", -1},
               {"2026-1-01", -1},
               {"26-11-28", -1},
               {"2026-11-28 ", -1},
               {"0000-01-01", -1},
               {"20a6-11-28", -1},
               {"", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t time = -1;
    assert_int_equal(fsa_day_read(cases[i].text, &time), cases[i].time >= 0);
    assert_int_equal(time, cases[i].time);
  }
}

static uint32_t find(const FsaSuppressions *all, const char *values) {
  FsaArena arena = fsa_arena(0);
  static const char columns[] = "path\tsigner\tsigned_status";
  FsaAnswerLine row = {.columns = {columns, sizeof columns - 1},
                       .values = {values, strlen(values)}};
  uint32_t place = fsa_suppressions_find(all, "fsa_x", (FsaText){"k", 1}, &row, &arena);
  fsa_arena_done(&arena);
  return place;
}

static void test_covers(void **state) {
  (void)state;
  char *path = g_build_filename(FSA_BUILD_DIR, "tests", "known-good.csv", NULL);
  static const char text[] = "path=C:\\Tools\\*.exe,r,a,2026-01-01,2026-12-31\n"
                             "signer=Example Corp,r,a,2026-01-01,2026-12-31\n"
                             "path=/old/**,r,a,2020-01-01,2020-12-31\n";
  FsaSuppressions all;
  assert_true(g_file_set_contents(path, text, -1, NULL));
  assert_int_equal(fsa_suppressions_read(path, 1795824000, &all), FSA_OK);
  assert_int_equal(all.count, 3);
  assert_true(all.all[2].is_expired && !all.all[0].is_expired);
  assert_int_equal(find(&all, "c:\\\\TOOLS\\\\a.exe\t\t"), 1);
  assert_int_equal(find(&all, "C:\\\\Tools\\\\b\\\\a.exe\t\t"), 0); /* * stays in its folder */
  assert_int_equal(find(&all, "C:\\\\x\tEXAMPLE corp\tgood"), 2);
  assert_int_equal(find(&all, "C:\\\\x\tExample Corp\tbad"), 0); /* whoever can write a name */
  assert_int_equal(find(&all, "/old/a\t\t"), 0);
  fsa_suppressions_done(&all);
  g_remove(path);
  g_free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_days),
      cmocka_unit_test(test_covers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
