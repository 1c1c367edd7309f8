/* formats/nt_driver: modules of the kernel, as a chain and as an array, honest and hostile. */
#include "formats/nt_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const paths[] = {
    "\\SystemRoot\\system32\\ntoskrnl.exe",
    "\\SystemRoot\\System32\\drivers\\tcpip.sys",
    "\\??\\C:\\Users\\Public\\x.sys",
};

#define COUNT 3u

static void set(uint8_t *data, size_t at, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) data[at + i] = (uint8_t)(number >> 8 * i);
}

static void set_driver(uint8_t *data, size_t at, size_t i) {
  set(data, at + 16, 0xFFFFF80000000000ull + i * 0x100000, 8);
  set(data, at + 24, 0x1000 * (i + 1), 4);
  set(data, at + 32, i, 2);
  set(data, at + 36, i + 7, 2);
  memcpy(data + at + 40, paths[i], strlen(paths[i]));
}

/* Class 77: each entry says how far the next one is; behind the last stand two bytes of 0. */
static size_t chain(uint8_t *data) {
  for (size_t i = 0; i < COUNT; i++) {
    set(data, 320 * i, 320, 2);
    set_driver(data, 320 * i + 8, i);
    set(data, 320 * i + 304, 0xABC0 + i, 4);
    set(data, 320 * i + 308, 0x5F000000 + i, 4);
  }
  return 320 * COUNT + 2;
}

static size_t array(uint8_t *data) {
  set(data, 0, COUNT, 4);
  for (size_t i = 0; i < COUNT; i++) set_driver(data, 8 + 296 * i, i);
  return 8 + 296 * COUNT;
}

static void assert_drivers(FsaNtDrivers *drivers, bool is_chain) {
  FsaNtDriver driver;
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(fsa_nt_drivers_next(drivers, &driver), FSA_ROW);
    assert_int_equal(driver.base, 0xFFFFF80000000000ull + i * 0x100000);
    assert_int_equal(driver.size, 0x1000 * (i + 1));
    assert_int_equal(driver.load_order, i);
    assert_int_equal(driver.load_count, i + 7);
    assert_int_equal(driver.path.size, strlen(paths[i]));
    assert_memory_equal(driver.path.data, paths[i], driver.path.size);
    assert_int_equal(driver.checksum, is_chain ? 0xABC0 + i : 0);
    assert_int_equal(driver.timestamp, is_chain ? 0x5F000000 + i : 0);
  }
  assert_int_equal(fsa_nt_drivers_next(drivers, &driver), FSA_OK);
  assert_int_equal(fsa_nt_drivers_next(drivers, &driver), FSA_OK);
}

static void chain_and_array(void **state) {
  (void)state;
  uint8_t data[2048] = {0};
  FsaNtDrivers drivers = fsa_nt_drivers_chain(fsa_bytes(data, chain(data)));
  assert_drivers(&drivers, true);
  memset(data, 0, sizeof data);
  assert_int_equal(fsa_nt_drivers_array(fsa_bytes(data, array(data)), &drivers), FSA_OK);
  assert_drivers(&drivers, false);
}

/* Wine's last entry is a whole one whose step is 0. */
static void chain_that_ends_with_an_entry(void **state) {
  (void)state;
  uint8_t data[2048] = {0};
  chain(data);
  set(data, 640, 0, 2);
  FsaNtDrivers drivers = fsa_nt_drivers_chain(fsa_bytes(data, 960));
  assert_drivers(&drivers, true);
}

static void steps_that_lie(void **state) {
  (void)state;
  static const uint16_t steps[] = {1, 8, 319, 0x8000, 0xFFFF};
  FsaNtDriver driver;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    uint8_t data[2048] = {0};
    const size_t size = chain(data);
    set(data, 0, steps[i], 2);
    FsaNtDrivers drivers = fsa_nt_drivers_chain(fsa_bytes(data, size));
    size_t count = 0;
    int result;
    while ((result = fsa_nt_drivers_next(&drivers, &driver)) == FSA_ROW) assert_true(++count < 9);
    assert_int_equal(result, FSA_E_FORMAT);
  }
}

static void cut_anywhere(void **state) {
  (void)state;
  uint8_t data[2048] = {0};
  const size_t size = array(data);
  for (size_t cut = 0; cut < size; cut++) {
    FsaNtDrivers drivers;
    FsaNtDriver driver;
    int result = fsa_nt_drivers_array(fsa_bytes(data, cut), &drivers);
    while (result == FSA_OK || result == FSA_ROW) {
      result = fsa_nt_drivers_next(&drivers, &driver);
      assert_int_not_equal(result, FSA_OK);
    }
    assert_int_equal(result, FSA_E_FORMAT);
  }
}

/* A path of 256 bytes without a NUL. */
static void path_without_an_end(void **state) {
  (void)state;
  uint8_t data[512] = {1};
  FsaNtDrivers drivers;
  FsaNtDriver driver;
  memset(data + 8 + 40, 'x', 256);
  assert_int_equal(fsa_nt_drivers_array(fsa_bytes(data, 8 + 296), &drivers), FSA_OK);
  assert_int_equal(fsa_nt_drivers_next(&drivers, &driver), FSA_ROW);
  assert_int_equal(driver.path.size, 256);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chain_and_array),     cmocka_unit_test(chain_that_ends_with_an_entry),
      cmocka_unit_test(steps_that_lie),      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(path_without_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
