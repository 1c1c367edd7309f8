/* SipHash-1-3 with a zero key against the values that CPython's hash() of bytes gives
 * (PYTHONHASHSEED=0). */
#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void known_values(void **state) {
  (void)state;
  static const struct {
    size_t size;
    uint64_t hash;
  } known[] = {{1, 0x68a914128e01e473},
               {7, 0x2f098ab0c751325a},
               {8, 0xead411e67ebe2eea},
               {15, 0xf30eb725bb91c9ea},
               {63, 0x385d3e39e5f37359}};
  uint8_t bytes[63];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_int_equal(fsa_siphash((FsaSipKey){0, 0}, bytes, known[i].size), known[i].hash);
}

static void key_and_data_matter(void **state) {
  (void)state;
  uint64_t one = fsa_siphash((FsaSipKey){1, 2}, "abc", 3);
  assert_int_not_equal(one, fsa_siphash((FsaSipKey){1, 3}, "abc", 3));
  assert_int_not_equal(one, fsa_siphash((FsaSipKey){1, 2}, "abd", 3));
  assert_int_not_equal(fsa_siphash((FsaSipKey){1, 2}, NULL, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values),
      cmocka_unit_test(key_and_data_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
