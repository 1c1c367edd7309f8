/* formats/nt_service: services as the service control manager tells them, honest and hostile. */
#include "formats/nt_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FILLED_AT 0x7FF800000000ull
#define ENTRY 56

typedef struct Buffer {
  uint8_t data[2 * ENTRY + 64];
  size_t size;
} Buffer;

static void set(Buffer *b, size_t at, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) b->data[at + i] = (uint8_t)(number >> 8 * i);
}

/* Puts a text behind the entries and its address into the entry. */
static void set_text(Buffer *b, size_t at, const char *text) {
  set(b, at, FILLED_AT + b->size, 8);
  for (;; text++) {
    set(b, b->size, (uint8_t)*text, 2);
    b->size += 2;
    if (!*text) break;
  }
}

/* What EnumServicesStatusExW of Windows 10 tells of two services. */
static Buffer answer(void) {
  Buffer b = {.size = 2 * ENTRY};
  set_text(&b, 0, "Dnscache");
  set_text(&b, 8, "DNS Client");
  set(&b, 16, 0x20, 4), set(&b, 20, 4, 4), set(&b, 44, 1812, 4);
  set_text(&b, ENTRY, "evil");
  set(&b, ENTRY + 16, 1, 4), set(&b, ENTRY + 20, 1, 4);
  set(&b, ENTRY + 28, 1066, 4), set(&b, ENTRY + 32, 7, 4);
  return b;
}

static void assert_wide(FsaBytes text, const char *expected) {
  assert_int_equal(text.size, 2 * strlen(expected));
  for (size_t i = 0; expected[i]; i++) assert_int_equal(text.data[2 * i], expected[i]);
}

static void two_services(void **state) {
  (void)state;
  const Buffer b = answer();
  const FsaBytes bytes = fsa_bytes(b.data, b.size);
  FsaNtService service;
  assert_int_equal(fsa_nt_service(bytes, FILLED_AT, 0, &service), FSA_OK);
  assert_wide(service.name, "Dnscache");
  assert_wide(service.display_name, "DNS Client");
  assert_int_equal(service.type, 0x20);
  assert_int_equal(service.state, 4);
  assert_int_equal(service.pid, 1812);
  assert_int_equal(fsa_nt_service(bytes, FILLED_AT, 1, &service), FSA_OK);
  assert_wide(service.name, "evil");
  assert_int_equal(service.display_name.size, 0);
  assert_int_equal(service.win32_exit_code, 1066);
  assert_int_equal(service.service_exit_code, 7);
  assert_int_equal(service.pid, 0);
}

static void addresses_that_lie(void **state) {
  (void)state;
  static const uint64_t addresses[] = {1, FILLED_AT - 2, FILLED_AT + 400, UINT64_MAX};
  FsaNtService service = {.pid = 42};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    Buffer b = answer();
    set(&b, 0, addresses[i], 8);
    const FsaBytes bytes = fsa_bytes(b.data, b.size);
    assert_int_equal(fsa_nt_service(bytes, FILLED_AT, 0, &service), FSA_E_FORMAT);
    assert_int_equal(service.pid, 42);
  }
}

static void cut_anywhere(void **state) {
  (void)state;
  const Buffer b = answer();
  FsaNtService service;
  for (size_t size = 0; size < 2 * ENTRY + 18; size++)
    assert_int_equal(fsa_nt_service(fsa_bytes(b.data, size), FILLED_AT, 0, &service), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_service(fsa_bytes(b.data, b.size), FILLED_AT, SIZE_MAX, &service),
                   FSA_E_FORMAT);
}

/* Of a real hive: three actions, the pointers are whatever they were. */
static void failure_actions(void **state) {
  (void)state;
  static const uint8_t value[] = {
      0x80, 0x51, 1,    0,    0,    0, 0, 0, 0, 0,    0,    0, 3, 0, 0,
      0,    0xF9, 0x31, 0x0F, 0x70, 1, 0, 0, 0, 0xC0, 0xD4, 1, 0, 3, 0,
      0,    0,    0xE0, 0x93, 4,    0, 0, 0, 0, 0,    0,    0, 0, 0,
  };
  const FsaBytes bytes = fsa_bytes(value, sizeof value);
  FsaNtFailureAction action;
  assert_int_equal(fsa_nt_failure_action(bytes, 0, &action), FSA_ROW);
  assert_int_equal(action.type, 1);
  assert_int_equal(action.delay, 120000);
  assert_int_equal(fsa_nt_failure_action(bytes, 1, &action), FSA_ROW);
  assert_int_equal(action.type, 3);
  assert_int_equal(fsa_nt_failure_action(bytes, 2, &action), FSA_ROW);
  assert_int_equal(action.type, 0);
  assert_int_equal(fsa_nt_failure_action(bytes, 3, &action), FSA_OK);
  for (size_t size = 0; size < sizeof value; size++)
    assert_int_equal(fsa_nt_failure_action(fsa_bytes(value, size), 2, &action), FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_services),
      cmocka_unit_test(addresses_that_lie),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(failure_actions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
