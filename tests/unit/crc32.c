/* CRC-32: the catalogue's check value, and both ways of computing it against the bitwise
 * definition. */
#include "base/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint32_t bitwise(const uint8_t *p, size_t size) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < size; i++) {
    crc ^= p[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

static void check_value(void **state) {
  (void)state;
  assert_int_equal(fsa_crc32(0, "123456789", 9), 0xCBF43926u);
  assert_int_equal(fsa_crc32(0, NULL, 0), 0);
}

/* Every size around the fold's block sizes, at every alignment, whole and in two pieces. */
static void every_size(void **state) {
  (void)state;
  uint8_t bytes[400];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 167 + (i >> 3));
  for (size_t size = 0; size < 340; size++) {
    const uint8_t *p = bytes + size % 16;
    uint32_t expected = bitwise(p, size);
    assert_int_equal(fsa_crc32(0, p, size), expected);
    uint32_t first = fsa_crc32(0, p, size / 3);
    assert_int_equal(fsa_crc32(first, p + size / 3, size - size / 3), expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_value),
      cmocka_unit_test(every_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
