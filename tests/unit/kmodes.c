/* scoring/method/kmodes.c: hosts with the same things are one cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "method/kmodes.h"

#define COUNT 90

/* Three kinds, each with things of its own, one bit of noise each. */
static FsaBits make(size_t i) {
  FsaBits bits = {{UINT64_C(0xFF)}};
  bits.words[1] = UINT64_C(0xFFFF) << (16 * (i % 3));
  bits.words[2] ^= UINT64_C(1) << (i * 7 % 64);
  return bits;
}

static void test_finds_kinds(void **state) {
  (void)state;
  FsaBits vectors[COUNT];
  uint8_t of[COUNT];
  for (size_t i = 0; i < COUNT; i++) vectors[i] = make(i);
  assert_int_equal(fsa_kmodes(vectors, COUNT, 10, of), 3);
  for (size_t i = 0; i < COUNT; i++) assert_int_equal(of[i], of[i % 3]);
  assert_true(of[0] != of[1] && of[1] != of[2] && of[0] != of[2]);
}

/* A kind of fewer than `least` is no cluster; what is all alike is one. */
static void test_needs_enough(void **state) {
  (void)state;
  FsaBits vectors[COUNT];
  uint8_t of[COUNT];
  for (size_t i = 0; i < COUNT; i++) vectors[i] = make(i);
  assert_int_equal(fsa_kmodes(vectors, COUNT, 40, of), 1);
  for (size_t i = 0; i < COUNT; i++) assert_int_equal(of[i], 0);
  for (size_t i = 0; i < COUNT; i++) vectors[i] = vectors[0];
  assert_int_equal(fsa_kmodes(vectors, COUNT, 10, of), 1);
  assert_int_equal(fsa_kmodes(vectors, 1, 10, of), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_finds_kinds),
      cmocka_unit_test(test_needs_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
