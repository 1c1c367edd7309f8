/* The detection bound and the words for coverage. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report/report_facts.h"

static void near(double value, double wanted) {
  assert_true(fabs(value - wanted) < 1e-12);
}

static void test_miss_chance(void **state) {
  (void)state;
  near(fsa_miss_chance(200, 150, 1), 50.0 / 200);
  near(fsa_miss_chance(200, 150, 3), 50.0 * 49 * 48 / (200.0 * 199 * 198)); /* C(50,3)/C(200,3) */
  near(fsa_miss_chance(10, 0, 10), 1);                                      /* nobody looked */
  near(fsa_miss_chance(10, 10, 1), 0);
  near(fsa_miss_chance(10, 8, 3), 0); /* two hosts cannot hide three */
}

static void test_miss_chance_unknown(void **state) {
  (void)state;
  assert_true(isnan(fsa_miss_chance(2, 1, 3))); /* fewer hosts than that */
  assert_true(isnan(fsa_miss_chance(0, 0, 1)));
  assert_true(isnan(fsa_miss_chance(5, 6, 1))); /* more were looked at than there are */
}

static void test_names(void **state) {
  (void)state;
  assert_string_equal(fsa_host_cover_name(FSA_HOST_COMPLETE), "complete");
  assert_string_equal(fsa_host_cover_name(FSA_HOST_NEVER), "never");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_miss_chance),
      cmocka_unit_test(test_miss_chance_unknown),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
