/* Times of all formats to nanoseconds. Days-from-civil after the proleptic Gregorian calendar. */
#include "base/clock.h"

#include <time.h>

/* 100-ns intervals from 1601-01-01 to 1970-01-01: 134774 days. */
#define FILETIME_EPOCH UINT64_C(116444736000000000)

bool fsa_time_from_filetime(uint64_t filetime, int64_t *ret_ns) {
  if (filetime == 0 || filetime > INT64_MAX) return false;
  int64_t intervals = (int64_t)filetime - (int64_t)FILETIME_EPOCH;
  if (intervals > INT64_MAX / 100 || intervals < INT64_MIN / 100) return false;
  *ret_ns = intervals * 100;
  return true;
}

bool fsa_time_from_unix(int64_t seconds, int64_t nanoseconds, int64_t *ret_ns) {
  if (seconds <= 0 || seconds > INT64_MAX / FSA_NS_PER_SECOND - 1) return false;
  if (nanoseconds < 0 || nanoseconds >= FSA_NS_PER_SECOND) nanoseconds = 0;
  *ret_ns = seconds * FSA_NS_PER_SECOND + nanoseconds;
  return true;
}

/* Days from 1970-01-01 to a date; years are counted from March so that the leap day comes last. */
static int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  *ret_day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
  *ret_month = (int)(shifted + (shifted < 10 ? 3 : -9));
  *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

bool fsa_time_from_date(int year, int month, int day, int hour, int minute, int second,
                        int64_t nanoseconds, int64_t *ret_ns) {
  static const int8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1678 || year > 2261 || month < 1 || month > 12) return false;
  if (day < 1 || day > month_days[month - 1]) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2 && day == 29 && !leap) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  if (nanoseconds < 0 || nanoseconds >= FSA_NS_PER_SECOND) return false;
  int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  *ret_ns = seconds * FSA_NS_PER_SECOND + nanoseconds;
  return true;
}

int64_t fsa_time_seconds(int64_t ns) {
  return ns / FSA_NS_PER_SECOND - (ns % FSA_NS_PER_SECOND < 0);
}

/* Writes `width` digits, zero-filled. */
static char *put_digits(char *out, int64_t value, int width) {
  for (int i = width - 1; i >= 0; i--) {
    out[i] = (char)('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

size_t fsa_time_print(char out[FSA_TIME_TEXT], int64_t ns, int digits) {
  int64_t seconds = fsa_time_seconds(ns);
  int64_t fraction = ns % FSA_NS_PER_SECOND; /* a difference overflows near the first */
  if (fraction < 0) fraction += FSA_NS_PER_SECOND;
  int64_t days = seconds / 86400 - (seconds % 86400 < 0);
  int64_t in_day = seconds - days * 86400;
  int year, month, day;
  civil_from_days(days, &year, &month, &day);
  char *p = put_digits(out, year, 4);
  *p++ = '-';
  p = put_digits(p, month, 2);
  *p++ = '-';
  p = put_digits(p, day, 2);
  *p++ = 'T';
  p = put_digits(p, in_day / 3600, 2);
  *p++ = ':';
  p = put_digits(p, in_day / 60 % 60, 2);
  *p++ = ':';
  p = put_digits(p, in_day % 60, 2);
  if (digits > 0) {
    if (digits > 9) digits = 9;
    *p++ = '.';
    for (int i = digits; i < 9; i++) fraction /= 10;
    p = put_digits(p, fraction, digits);
  }
  *p++ = 'Z';
  *p = '\0';
  return (size_t)(p - out);
}

static int64_t read_clock(clockid_t id) {
  struct timespec now;
  if (clock_gettime(id, &now) != 0) return 0;
  return (int64_t)now.tv_sec * FSA_NS_PER_SECOND + now.tv_nsec;
}

int64_t fsa_clock_now(void) {
  return read_clock(CLOCK_REALTIME);
}

int64_t fsa_clock_monotonic(void) {
  return read_clock(CLOCK_MONOTONIC);
}
