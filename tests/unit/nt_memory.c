/*
 * The address space as the NT kernel tells it: bytes as Windows 7 and 10 fill them, and hostile
 * ones.
 */
#include "formats/nt_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put(uint8_t *bytes, size_t offset, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

static void make_memory(uint8_t bytes[FSA_NT_MEMORY_BYTES], uint64_t start, uint64_t size) {
  memset(bytes, 0, FSA_NT_MEMORY_BYTES);
  put(bytes, 0, start, 8);
  put(bytes, 8, 0x7FF600000000, 8);
  put(bytes, 16, 0x80, 4);
  put(bytes, 20, 0xFFFF, 2); /* the partition, which is none of the protection */
  put(bytes, 24, size, 8);
  put(bytes, 32, FSA_NT_COMMITTED, 4);
  put(bytes, 36, 0x20, 4);
  put(bytes, 40, FSA_NT_IMAGE, 4);
}

static void a_region_is_read(void **state) {
  (void)state;
  uint8_t bytes[FSA_NT_MEMORY_BYTES];
  FsaNtMemory memory;
  make_memory(bytes, 0x7FF600001000, 0x5000);
  assert_int_equal(fsa_nt_memory(fsa_bytes(bytes, sizeof bytes), &memory), FSA_OK);
  assert_true(memory.start == 0x7FF600001000 && memory.size == 0x5000);
  assert_true(memory.allocation == 0x7FF600000000 && memory.first_protection == 0x80);
  assert_true(memory.state == FSA_NT_COMMITTED && memory.protection == 0x20);
  assert_true(memory.type == FSA_NT_IMAGE);
}

static void a_region_that_cannot_be_is_refused(void **state) {
  (void)state;
  uint8_t bytes[FSA_NT_MEMORY_BYTES];
  FsaNtMemory memory = {.size = 7};
  static const uint64_t sizes[] = {0, 1, 0x1800, UINT64_MAX - 0xFFF};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    make_memory(bytes, 0x10000, sizes[i]);
    assert_int_equal(fsa_nt_memory(fsa_bytes(bytes, sizeof bytes), &memory), FSA_E_FORMAT);
  }
  make_memory(bytes, 0x10000, 0x1000);
  assert_int_equal(fsa_nt_memory(fsa_bytes(bytes, 43), &memory), FSA_E_FORMAT);
  assert_true(memory.size == 7);
}

static void protections_are_rights(void **state) {
  (void)state;
  static const struct {
    uint32_t protection;
    FsaNtAccess access;
  } cases[] = {
      {0, {false, false, false, false, false}},
      {0x01, {false, false, false, false, false}},
      {0x02, {true, false, false, false, false}},
      {0x04, {true, true, false, false, false}},
      {0x08, {true, true, false, true, false}},
      {0x10, {false, false, true, false, false}},
      {0x20, {true, false, true, false, false}},
      {0x40, {true, true, true, false, false}},
      {0x80, {true, true, true, true, false}},
      {0x104, {true, true, false, false, true}},      /* a stack's guard */
      {0x40000040, {true, true, true, false, false}}, /* not a target of Control Flow Guard */
      {0x604, {true, true, false, false, false}},     /* not cached, write-combined */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const FsaNtAccess access = fsa_nt_access(cases[i].protection), *expected = &cases[i].access;
    assert_int_equal(access.may_read, expected->may_read);
    assert_int_equal(access.may_write, expected->may_write);
    assert_int_equal(access.may_execute, expected->may_execute);
    assert_int_equal(access.is_copied, expected->is_copied);
    assert_int_equal(access.is_guard, expected->is_guard);
  }
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Attributes as Windows fills them: bit 0 valid, 15 shared, 22-23 location, 30 shared original. */
enum { VALID = 1, SHARED = 1 << 15, RESIDENT = 1 << 22, PAGE_FILE = 2 << 22, ORIGINAL = 1 << 30 };

static FsaNtPage page_of(uint64_t attributes, bool tells_original) {
  uint8_t bytes[FSA_NT_PAGE_BYTES];
  FsaNtPage page;
  put(bytes, 0, 0x7FF600001000, 8);
  put(bytes, 8, attributes, 8);
  assert_int_equal(fsa_nt_page(fsa_bytes(bytes, sizeof bytes), 0, tells_original, &page), FSA_OK);
  assert_true(page.address == 0x7FF600001000);
  assert_int_equal(page.is_original_known, tells_original);
  return page;
}

static void a_written_page_of_an_image_is_private(void **state) {
  (void)state;
  assert_true(page_of(VALID | 0x20 << 4, true).is_private);
  assert_false(page_of(VALID | SHARED | ORIGINAL | 0x20 << 4, true).is_private);
  /* another process broke the sharing, this one did not */
  assert_false(page_of(VALID | ORIGINAL, true).is_private);
  assert_true(page_of(VALID, true).is_resident);
}

static void a_page_that_is_nowhere_tells_nothing(void **state) {
  (void)state;
  assert_false(page_of(0, true).is_private);
  assert_false(page_of(0, true).is_resident);
  assert_false(page_of(ORIGINAL, true).is_private);
  assert_true(page_of(RESIDENT, true).is_private); /* trimmed, not forgotten */
  assert_true(page_of(PAGE_FILE, true).is_private);
  assert_true(page_of(PAGE_FILE, true).is_swapped_out);
  assert_false(page_of(RESIDENT | ORIGINAL, true).is_private);
}

static void an_old_system_tells_by_sharing(void **state) {
  (void)state;
  assert_true(page_of(VALID, false).is_private);
  assert_false(page_of(VALID | SHARED, false).is_private);
  assert_false(page_of(0, false).is_private);
  assert_false(page_of(RESIDENT, false).is_private);
}

/* Bits 22 and 23 of a valid page are other things: its lock and its size. */
static void a_valid_page_has_no_location(void **state) {
  (void)state;
  assert_false(page_of(VALID | PAGE_FILE | ORIGINAL, true).is_swapped_out);
}

static void entries_end(void **state) {
  (void)state;
  uint8_t bytes[40] = {0};
  FsaNtPage page;
  put(bytes, 16, 0x2000, 8);
  assert_int_equal(fsa_nt_page(fsa_bytes(bytes, 40), 1, true, &page), FSA_OK);
  assert_true(page.address == 0x2000);
  assert_int_equal(fsa_nt_page(fsa_bytes(bytes, 40), 2, true, &page), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_page(fsa_bytes(bytes, 40), SIZE_MAX, true, &page), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_page(fsa_bytes(NULL, 0), 0, true, &page), FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_region_is_read),
      cmocka_unit_test(a_region_that_cannot_be_is_refused),
      cmocka_unit_test(protections_are_rights),
      cmocka_unit_test(a_written_page_of_an_image_is_private),
      cmocka_unit_test(a_page_that_is_nowhere_tells_nothing),
      cmocka_unit_test(an_old_system_tells_by_sharing),
      cmocka_unit_test(a_valid_page_has_no_location),
      cmocka_unit_test(entries_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
