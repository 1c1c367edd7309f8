/* SMBIOS tables as GetSystemFirmwareTable() gives them: the UUID that osquery shows, or none. */
#include "formats/nt_firmware.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UUID_BYTES                                                                                 \
  0x44, 0x45, 0x4c, 0x4c, 0x38, 0x00, 0x10, 0x4a, 0x80, 0x5a, 0xb9, 0xc0, 0x4f, 0x4e, 0x48, 0x32
#define UUID_TEXT "4C4C4544-0038-4A10-805A-B9C04F4E4832"

/* SMBIOS 2.6: a BIOS structure with two texts, the system's with none, the end. */
static const uint8_t whole[] = {
    0,          2,   6,   0,   59,   0,   0,   0, /* the header of Windows */
    0,          5,   0,   0,   0xff,              /* type 0, shortened */
    'V',        'e', 'n', 'd', 'o',  'r', 0,   '1', '.', '0',
    0,          0,   1,   27,  1,    0,   1,   2,   3,   4, /* type 1: four text numbers */
    UUID_BYTES,                                             /* at its offset 8 */
    6,          0,   0,                                     /* wake-up type, SKU, family */
    'T',        0,   0,                                     /* its texts */
    127,        4,   2,   0,   0,    0,                     /* the end */
    'l',        'e', 'f', 't', ' ',  'o', 'v',
};

static bool uuid_of(const uint8_t *bytes, size_t size, char out[FSA_NT_FIRMWARE_UUID]) {
  strcpy(out, "untouched");
  return fsa_nt_firmware_uuid(fsa_bytes(bytes, size), out);
}

static void the_system_has_a_uuid(void **state) {
  (void)state;
  char uuid[FSA_NT_FIRMWARE_UUID];
  assert_true(uuid_of(whole, sizeof whole, uuid));
  assert_string_equal(uuid, UUID_TEXT);
}

/* Changed in one byte, the table has no UUID; what was there before stays. */
static void none_with(size_t at, uint8_t value) {
  uint8_t bytes[sizeof whole];
  char uuid[FSA_NT_FIRMWARE_UUID];
  memcpy(bytes, whole, sizeof bytes);
  bytes[at] = value;
  assert_false(uuid_of(bytes, sizeof bytes, uuid));
  assert_string_equal(uuid, "untouched");
}

static void a_table_without_a_uuid_has_none(void **state) {
  (void)state;
  none_with(25, 2);   /* no structure of type 1 */
  none_with(25, 127); /* the end comes first */
  none_with(26, 8);   /* SMBIOS 2.0: no UUID yet */
  none_with(26, 3);   /* a size that is none */
  none_with(26, 200); /* larger than the table */
  none_with(9, 0);    /* no progress */
  none_with(4, 200);  /* the header promises more than there is */
  none_with(4, 30);   /* ... or less than the structure needs */
}

static void a_cut_table_is_no_table(void **state) {
  (void)state;
  char uuid[FSA_NT_FIRMWARE_UUID];
  for (size_t size = 0; size < 8 + 59; size++) assert_false(uuid_of(whole, size, uuid));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_system_has_a_uuid),
      cmocka_unit_test(a_table_without_a_uuid_has_none),
      cmocka_unit_test(a_cut_table_is_no_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
