/* scoring/method/interval.c: the bounds of a share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "method/interval.h"

static void check(uint64_t count, uint64_t total, double low, double high) {
  double got_low, got_high;
  fsa_wilson(count, total, &got_low, &got_high);
  assert_true(fabs(got_low - low) < 0.00005);
  assert_true(fabs(got_high - high) < 0.00005);
}

/* Values of statsmodels' proportion_confint(method="wilson"). */
static void wilson(void **state) {
  (void)state;
  check(1, 198, 0.000892, 0.028044);
  check(0, 10, 0, 0.277533);
  check(10, 10, 0.722467, 1);
  check(5, 10, 0.236593, 0.763407);
  check(1, 1, 0.206549, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(wilson)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
