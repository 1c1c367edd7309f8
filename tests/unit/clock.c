/* Times: the limits of each source, impossible dates, printing, and calendar against gmtime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

#define EPOCH UINT64_C(116444736000000000)        /* 1970-01-01 as FILETIME */
#define LAST (EPOCH + (uint64_t)INT64_MAX / 100)  /* 2262-04-11, the last that ns can hold */
#define FIRST (EPOCH - (uint64_t)INT64_MAX / 100) /* 1677-09-21 */

static void filetimes(void **state) {
  (void)state;
  int64_t ns = 77;
  assert_false(fsa_time_from_filetime(0, &ns));
  assert_false(fsa_time_from_filetime(UINT64_MAX, &ns));
  assert_false(fsa_time_from_filetime(INT64_MAX, &ns)); /* "never" of Active Directory */
  assert_false(fsa_time_from_filetime(UINT64_C(1) << 63, &ns));
  assert_false(fsa_time_from_filetime(1, &ns)); /* 1601 lies before what ns can hold */
  assert_false(fsa_time_from_filetime(LAST + 1, &ns));
  assert_false(fsa_time_from_filetime(FIRST - 1, &ns));
  assert_int_equal(ns, 77); /* untouched on failure */
  assert_true(fsa_time_from_filetime(LAST, &ns));
  assert_true(ns == INT64_MAX / 100 * 100);
  assert_true(fsa_time_from_filetime(FIRST, &ns));
  assert_true(ns == -(INT64_MAX / 100 * 100));
  assert_true(fsa_time_from_filetime(EPOCH, &ns));
  assert_int_equal(ns, 0);
  assert_true(fsa_time_from_filetime(EPOCH - 1, &ns));
  assert_int_equal(ns, -100);
  /* [MS-DTYP] style: 2020-01-01 00:00:00 UTC = 132223104000000000 */
  assert_true(fsa_time_from_filetime(UINT64_C(132223104000000000), &ns));
  assert_true(ns == INT64_C(1577836800) * FSA_NS_PER_SECOND);
}

static void unix_times(void **state) {
  (void)state;
  int64_t ns = 77;
  assert_false(fsa_time_from_unix(0, 0, &ns));
  assert_false(fsa_time_from_unix(-1, 0, &ns));
  assert_false(fsa_time_from_unix(INT64_MAX, 0, &ns));
  assert_false(fsa_time_from_unix(INT64_MIN, 0, &ns));
  assert_false(fsa_time_from_unix(INT64_MAX / FSA_NS_PER_SECOND, 0, &ns));
  assert_int_equal(ns, 77);
  assert_true(fsa_time_from_unix(1, 999999999, &ns));
  assert_int_equal(ns, 1999999999);
  assert_true(fsa_time_from_unix(1, 1000000000, &ns)); /* a fraction that cannot be is left out */
  assert_int_equal(ns, 1000000000);
  assert_true(fsa_time_from_unix(1, -5, &ns));
  assert_int_equal(ns, 1000000000);
  assert_true(fsa_time_from_unix(INT64_MAX / FSA_NS_PER_SECOND - 1, 999999999, &ns));
}

static void impossible_dates(void **state) {
  (void)state;
  static const int dates[][6] = {
      {2023, 2, 29, 0, 0, 0}, {1900, 2, 29, 0, 0, 0}, {2023, 0, 1, 0, 0, 0},
      {2023, 13, 1, 0, 0, 0}, {2023, 1, 0, 0, 0, 0},  {2023, 1, 32, 0, 0, 0},
      {2023, 4, 31, 0, 0, 0}, {2023, 1, 1, 24, 0, 0}, {2023, 1, 1, 0, 60, 0},
      {2023, 1, 1, 0, 0, 61}, {2023, 1, 1, -1, 0, 0}, {1677, 1, 1, 0, 0, 0},
      {2262, 1, 1, 0, 0, 0},  {-2000, 1, 1, 0, 0, 0},
  };
  int64_t ns = 77;
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
    const int *d = dates[i];
    assert_false(fsa_time_from_date(d[0], d[1], d[2], d[3], d[4], d[5], 0, &ns));
  }
  assert_false(fsa_time_from_date(2023, 1, 1, 0, 0, 0, FSA_NS_PER_SECOND, &ns));
  assert_false(fsa_time_from_date(2023, 1, 1, 0, 0, 0, -1, &ns));
  assert_int_equal(ns, 77);
  assert_true(fsa_time_from_date(2000, 2, 29, 23, 59, 60, 0, &ns)); /* a leap second */
  assert_true(ns == INT64_C(951868800) * FSA_NS_PER_SECOND);
}

/* Every fifth day of what dates may be, both ways, against the C library. */
static void the_calendar(void **state) {
  (void)state;
  for (int64_t day = -106000; day < 106000; day += 5) {
    time_t seconds = (time_t)(day * 86400 + 12345);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    int64_t ns;
    assert_true(fsa_time_from_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                                   tm.tm_min, tm.tm_sec, 5, &ns));
    assert_true(ns == (int64_t)seconds * FSA_NS_PER_SECOND + 5);
    char ours[FSA_TIME_TEXT], theirs[FSA_TIME_TEXT];
    fsa_time_print(ours, ns, 0);
    strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm);
    assert_string_equal(ours, theirs);
  }
}

static void printed(int64_t ns, int digits, const char *expected) {
  char text[FSA_TIME_TEXT];
  assert_int_equal(fsa_time_print(text, ns, digits), strlen(expected));
  assert_string_equal(text, expected);
}

static void printing(void **state) {
  (void)state;
  printed(0, 0, "1970-01-01T00:00:00Z");
  printed(1, 9, "1970-01-01T00:00:00.000000001Z");
  printed(-1, 9, "1969-12-31T23:59:59.999999999Z");
  printed(-1, 0, "1969-12-31T23:59:59Z");
  printed(INT64_C(1577836800123456789), 7, "2020-01-01T00:00:00.1234567Z");
  printed(INT64_C(1577836800123456789), 3, "2020-01-01T00:00:00.123Z");
  printed(INT64_C(1577836800123456789), 12, "2020-01-01T00:00:00.123456789Z");
  printed(INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z");
  printed(INT64_MIN, 9, "1677-09-21T00:12:43.145224192Z");
}

static void seconds_round_towards_the_past(void **state) {
  (void)state;
  assert_int_equal(fsa_time_seconds(0), 0);
  assert_int_equal(fsa_time_seconds(999999999), 0);
  assert_int_equal(fsa_time_seconds(-1), -1);
  assert_int_equal(fsa_time_seconds(-1000000000), -1);
  assert_int_equal(fsa_time_seconds(-1000000001), -2);
  assert_true(fsa_time_seconds(INT64_MIN) == INT64_C(-9223372037));
}

static void clocks(void **state) {
  (void)state;
  int64_t before = fsa_clock_monotonic();
  for (int i = 0; i < 1000; i++) {
    int64_t now = fsa_clock_monotonic();
    assert_true(now >= before);
    before = now;
  }
  assert_true(llabs(fsa_time_seconds(fsa_clock_now()) - (int64_t)time(NULL)) <= 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(filetimes),        cmocka_unit_test(unix_times),
      cmocka_unit_test(impossible_dates), cmocka_unit_test(the_calendar),
      cmocka_unit_test(printing),         cmocka_unit_test(seconds_round_towards_the_past),
      cmocka_unit_test(clocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
