/*
 * Time: everything becomes nanoseconds since 1970-01-01 UTC, once, here.
 *
 * A time that a format leaves empty (0, all ones) or that cannot be true is unknown: the functions
 * give false and the column stays NULL. Good times lie in 1970..2261 for Unix sources and in
 * 1677..2262 (what 64-bit nanoseconds hold) for FILETIME.
 */
#ifndef FSA_BASE_CLOCK_H
#define FSA_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FSA_NS_PER_SECOND INT64_C(1000000000)

/*
 * FILETIME (100 ns since 1601-01-01). False for 0, all ones and what does not fit. [MS-DTYP 2.3.3]
 */
bool fsa_time_from_filetime(uint64_t filetime, int64_t *ret_ns);

/* Unix seconds and nanoseconds. False for 0 and what does not fit. */
bool fsa_time_from_unix(int64_t seconds, int64_t nanoseconds, int64_t *ret_ns);

/* A calendar date, UTC; month and day from 1. False when it does not exist or does not fit. */
bool fsa_time_from_date(int year, int month, int day, int hour, int minute, int second,
                        int64_t nanoseconds, int64_t *ret_ns);

/* Whole seconds of a time, rounded towards the past. */
int64_t fsa_time_seconds(int64_t ns);

/* Bytes that fsa_time_print() needs, with the NUL. */
#define FSA_TIME_TEXT 40

/*
 * "2026-11-24T10:11:12.1234567Z"; `digits` (0..9) of the fraction. Gives the length without the
 * NUL.
 */
size_t fsa_time_print(char out[FSA_TIME_TEXT], int64_t ns, int digits);

/* Now, wall clock, ns since 1970 UTC. */
int64_t fsa_clock_now(void);

/* A clock that only goes forward, ns since an unknown moment: for durations and deadlines. */
int64_t fsa_clock_monotonic(void);

#endif
