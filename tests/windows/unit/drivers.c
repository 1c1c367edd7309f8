/* os/windows/drivers: recorded lists of modules, of old and new Windows. */
#include "os/drivers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "os/windows/host.h"

typedef struct Host {
  FsaOs *os;
  FsaArena arena;
  Nt nt;
} Host;

static Host host;

static int set_up(void **state) {
  (void)state;
  host = (Host){.os = NULL};
  assert_int_equal(fsa_os_open("", &host.os), FSA_OK);
  host.nt = nt;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  nt = host.nt;
  fsa_arena_done(&host.arena);
  fsa_os_close(host.os);
  return 0;
}

static const char *const paths[] = {
    "\\SystemRoot\\system32\\ntoskrnl.exe",
    "\\SystemRoot\\System32\\drivers\\tcpip.sys",
    "\\??\\C:\\Users\\Public\\x y.sys",
    "\\WINDOWS\\system32\\hal.dll",
};

#define COUNT (sizeof paths / sizeof *paths)

static uint64_t first_base; /* 0: Windows 11 24H2 without SeDebugPrivilege */
static bool has_chain;      /* since Vista */
static bool is_refused;

static void put(uint8_t *to, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(number >> 8 * i);
}

static void put_driver(uint8_t *to, size_t i) {
  memset(to, 0, 296);
  if (first_base) put(to + 16, first_base + i * 0x100000, 8);
  put(to + 24, 0x1000 * (i + 1), 4);
  put(to + 32, i, 2);
  memcpy(to + 40, paths[i], strlen(paths[i]));
}

static NtStatus NTAPI query(int class, void *buffer, ULONG length, ULONG *ret_length) {
  uint8_t *out = buffer;
  if (is_refused) return NT_ACCESS_DENIED;
  if (class == NT_SYSTEM_MODULES_EX && !has_chain) return NT_INVALID_INFO_CLASS;
  const size_t size = class == NT_SYSTEM_MODULES_EX ? 320 * COUNT + 2 : 8 + 296 * COUNT;
  *ret_length = (ULONG)size;
  if (length < size) return NT_INFO_LENGTH_MISMATCH;
  if (class == NT_SYSTEM_MODULES) {
    put(out, COUNT, 8);
    for (size_t i = 0; i < COUNT; i++) put_driver(out + 8 + 296 * i, i);
    return 0;
  }
  for (size_t i = 0; i < COUNT; i++) {
    put(out + 320 * i, 320, 8);
    put_driver(out + 320 * i + 8, i);
    put(out + 320 * i + 304, 0xABCD, 4), put(out + 320 * i + 308, 0x5F000000, 4);
    put(out + 320 * i + 312, 0, 8);
  }
  put(out + 320 * COUNT, 0, 2);
  return 0;
}

static void assert_path(FsaText path, const char *tail) {
  const size_t size = strlen(tail);
  assert_true(path.size > size);
  assert_int_equal(path.data[1], ':');
  assert_true(fsa_text_same(path.data + path.size - size, size, tail, size));
}

static void the_list_of_each_windows(void **state) {
  (void)state;
  nt.NtQuerySystemInformation = query;
  is_refused = false;
  for (int chain = 0; chain < 2; chain++) {
    FsaOsDriver *drivers;
    size_t count;
    has_chain = chain;
    first_base = 0xFFFFF80000000000ull;
    assert_int_equal(fsa_os_drivers(host.os, &host.arena, &drivers, &count), FSA_OK);
    assert_int_equal(count, COUNT);
    assert_path(drivers[0].path, "\\system32\\ntoskrnl.exe");
    assert_path(drivers[1].path, "\\drivers\\tcpip.sys");
    assert_string_equal(drivers[2].path.data, "C:\\Users\\Public\\x y.sys");
    assert_path(drivers[3].path, ":\\WINDOWS\\system32\\hal.dll");
    assert_string_equal(drivers[2].native.data, paths[2]);
    assert_true(drivers[1].base == first_base + 0x100000);
    assert_int_equal(drivers[1].size, 0x2000);
    assert_int_equal(drivers[3].load_order, 3);
    assert_int_equal(drivers[0].has_header, chain);
    if (chain) assert_int_equal(drivers[0].timestamp, 0x5F000000);
  }
}

static void addresses_that_are_kept_back(void **state) {
  (void)state;
  FsaOsDriver *drivers;
  size_t count;
  nt.NtQuerySystemInformation = query;
  is_refused = false;
  has_chain = true;
  first_base = 0;
  assert_int_equal(fsa_os_drivers(host.os, &host.arena, &drivers, &count), FSA_OK);
  assert_true(drivers[1].base == 0);
  is_refused = true;
  assert_int_equal(fsa_os_drivers(host.os, &host.arena, &drivers, &count), FSA_E_ACCESS);
}

static void the_running_list(void **state) {
  (void)state;
  FsaOsDriver *drivers;
  size_t count;
  assert_int_equal(fsa_os_drivers(host.os, &host.arena, &drivers, &count), FSA_OK);
  assert_true(count > 0);
  assert_path(drivers[0].path, "\\ntoskrnl.exe");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_list_of_each_windows),
      TEST(addresses_that_are_kept_back),
      TEST(the_running_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
