/* Bounded reading: what lies outside is 0 and remembered, and no sum of offsets can overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

static const uint8_t ten[] = {0, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x99};

static void reads_are_little_endian(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes(ten, sizeof ten);
  assert_int_equal(fsa_u8(&b, 9), 0x99);
  assert_int_equal(fsa_u16(&b, 8), 0x9988);
  assert_int_equal(fsa_u32(&b, 6), 0x99880706);
  assert_true(fsa_u64(&b, 2) == UINT64_C(0x9988070605040302));
  assert_false(b.bad);
}

static void reads_outside_are_zero_and_sticky(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes(ten, sizeof ten);
  assert_int_equal(fsa_u64(&b, 3), 0); /* one byte too far */
  assert_true(b.bad);
  assert_int_equal(b.bad_at, 3);
  assert_int_equal(fsa_u8(&b, 10), 0);
  assert_int_equal(b.bad_at, 3);         /* the first offence is kept */
  assert_int_equal(fsa_u8(&b, 9), 0x99); /* good reads go on */
  assert_true(b.bad);
}

static void each_width_at_the_edge(void **state) {
  (void)state;
  for (size_t size = 0; size <= 9; size++) {
    FsaBytes b = fsa_bytes(ten, size);
    (void)fsa_u8(&b, 0);
    assert_int_equal(b.bad, size < 1);
    b = fsa_bytes(ten, size);
    (void)fsa_u16(&b, 0);
    assert_int_equal(b.bad, size < 2);
    b = fsa_bytes(ten, size);
    (void)fsa_u32(&b, 0);
    assert_int_equal(b.bad, size < 4);
    b = fsa_bytes(ten, size);
    (void)fsa_u64(&b, 0);
    assert_int_equal(b.bad, size < 8);
  }
}

static void sums_do_not_overflow(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes(ten, sizeof ten);
  assert_false(fsa_bytes_has(&b, SIZE_MAX, 1));
  assert_false(fsa_bytes_has(&b, 1, SIZE_MAX));
  assert_false(fsa_bytes_has(&b, SIZE_MAX - 1, SIZE_MAX));
  assert_false(fsa_bytes_has(&b, 11, 0));
  assert_true(fsa_bytes_has(&b, 10, 0));
  assert_true(fsa_bytes_has(&b, 0, 10));
  assert_false(b.bad); /* asking is no offence */
  assert_false(fsa_bytes_need(&b, SIZE_MAX, SIZE_MAX));
  assert_true(b.bad);
  assert_true(b.bad_at == SIZE_MAX);
}

static void slices(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes(ten, sizeof ten);
  FsaBytes part = fsa_slice(&b, 4, 6);
  assert_int_equal(part.size, 6);
  assert_int_equal(fsa_u8(&part, 0), 4);
  assert_int_equal(fsa_u8(&part, 6), 0); /* the slice has an end of its own */
  assert_true(part.bad);
  assert_false(b.bad);
  part = fsa_slice(&b, 10, 0);
  assert_int_equal(part.size, 0);
  assert_false(part.bad || b.bad);
  part = fsa_slice(&b, 4, 7);
  assert_int_equal(part.size, 0);
  assert_null(part.data);
  assert_true(b.bad);
  assert_int_equal(b.bad_at, 4);
}

static void matches(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes("regf....", 8);
  assert_true(fsa_bytes_match(&b, 0, "regf", 4));
  assert_false(fsa_bytes_match(&b, 1, "regf", 4));
  assert_false(fsa_bytes_match(&b, 5, "....", 4));
  assert_false(fsa_bytes_match(&b, SIZE_MAX, "....", 4));
  assert_true(fsa_bytes_match(&b, 8, "", 0));
  assert_false(b.bad);
}

static void an_empty_view(void **state) {
  (void)state;
  FsaBytes b = fsa_bytes(NULL, 0);
  assert_true(fsa_bytes_has(&b, 0, 0));
  assert_int_equal(fsa_u32(&b, 0), 0);
  assert_true(b.bad);
  assert_int_equal(b.bad_at, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_are_little_endian),
      cmocka_unit_test(reads_outside_are_zero_and_sticky),
      cmocka_unit_test(each_width_at_the_edge),
      cmocka_unit_test(sums_do_not_overflow),
      cmocka_unit_test(slices),
      cmocka_unit_test(matches),
      cmocka_unit_test(an_empty_view),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
