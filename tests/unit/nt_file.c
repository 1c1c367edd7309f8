/* formats/nt_file: the entries of a directory as Windows lists it. */
#include "formats/nt_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST_SIZE = 72 };

/* FILE_FULL_DIR_INFORMATION of "." and of a junction "ab"; the times are left out. */
static const uint8_t listing[] = {
    [0] = FIRST_SIZE,
    [56] = 0x10,
    [60] = 2,
    [68] = '.',
    [FIRST_SIZE + 57] = 0x04, /* FILE_ATTRIBUTE_REPARSE_POINT */
    [FIRST_SIZE + 56] = 0x10,
    [FIRST_SIZE + 60] = 4,
    [FIRST_SIZE + 64] = 0x03, /* IO_REPARSE_TAG_MOUNT_POINT */
    [FIRST_SIZE + 67] = 0xA0,
    [FIRST_SIZE + 68] = 'a',
    [FIRST_SIZE + 70] = 'b',
    [FIRST_SIZE + 71] = 0,
};

static void entries_in_order(void **state) {
  (void)state;
  FsaBytes answer = fsa_bytes(listing, sizeof listing);
  FsaNtEntry entry;
  size_t at = 0;
  assert_int_equal(fsa_nt_entry_next(answer, &at, &entry), FSA_ROW);
  assert_int_equal(entry.units, 1);
  assert_memory_equal(entry.name, ".", 2);
  assert_int_equal(entry.attributes, FSA_NT_IS_DIRECTORY);
  assert_int_equal(entry.tag, 0);
  assert_int_equal(fsa_nt_entry_next(answer, &at, &entry), FSA_ROW);
  assert_int_equal(entry.units, 2);
  assert_memory_equal(entry.name, "a\0b", 4);
  assert_int_equal(entry.attributes, FSA_NT_IS_DIRECTORY | FSA_NT_REPARSE_POINT);
  assert_int_equal(entry.tag, 0xA0000003u);
  assert_int_equal(fsa_nt_entry_next(answer, &at, &entry), FSA_OK);
  assert_int_equal(fsa_nt_entry_next(fsa_bytes(NULL, 0), &(size_t){0}, &entry), FSA_OK);
}

static void cut_anywhere(void **state) {
  (void)state;
  for (size_t size = 1; size < sizeof listing; size++) {
    FsaNtEntry entry = {.tag = 99};
    size_t at = 0, rows = 0;
    int result;
    while ((result = fsa_nt_entry_next(fsa_bytes(listing, size), &at, &entry)) == FSA_ROW) rows++;
    /* cut between the two, the first one says that there is more: it ends there all the same */
    assert_int_equal(result, size == FIRST_SIZE ? FSA_OK : FSA_E_FORMAT);
    assert_int_equal(rows, size >= FIRST_SIZE);
  }
}

static void links_that_lie(void **state) {
  (void)state;
  uint8_t bytes[sizeof listing];
  FsaNtEntry entry;
  static const uint8_t wrong[][2] = {
      {0, 1},   /* the next entry lies inside this one */
      {0, 69},  /* ... in its name */
      {60, 3},  /* half a unit */
      {63, 64}, /* a name of a gigabyte */
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    memcpy(bytes, listing, sizeof bytes);
    bytes[wrong[i][0]] = wrong[i][1];
    size_t at = 0;
    assert_int_equal(fsa_nt_entry_next(fsa_bytes(bytes, sizeof bytes), &at, &entry), FSA_E_FORMAT);
    assert_int_equal(at, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entries_in_order),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(links_that_lie),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
