/* formats/nt_key: keys and values as the NT kernel tells them, honest and hostile. */
#include "formats/nt_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* NtEnumerateKey of "SYSTEM" with the class "Shell". */
static const uint8_t node[] = {
    0x80, 0x96, 0x98, 0x00, 0x40, 0xD5, 0xDA, 0x01, 0,   0, 0,   0, /* time, index */
    0x24, 0,    0,    0,    10,   0,    0,    0,    12,  0, 0,   0, /* class, name */
    'S',  0,    'Y',  0,    'S',  0,    'T',  0,    'E', 0, 'M', 0, /* name */
    'S',  0,    'h',  0,    'e',  0,    'l',  0,    'l', 0,         /* class */
};

static const uint8_t full[] = {
    0x80, 0x96, 0x98, 0x00, 0x40, 0xD5, 0xDA, 0x01, 0, 0, 0, 0, /* time, index */
    0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,                /* no class */
    3,    0,    0,    0,    20,   0,    0,    0,    0, 0, 0, 0, /* subkeys, longest name, class */
    7,    0,    0,    0,    8,    0,    0,    0,    4, 0, 0, 0, /* values, longest name, data */
};

/* A value whose name holds a NUL, with four bytes of data. */
static const uint8_t value[] = {
    0,   0, 0, 0, 4,   0, 0, 0,             /* index, type */
    28,  0, 0, 0, 4,   0, 0, 0, 6, 0, 0, 0, /* data at, data, name */
    'a', 0, 0, 0, 'b', 0, 0, 0,             /* name, filler */
    1,   2, 3, 4,
};

static void node_of_a_key(void **state) {
  (void)state;
  FsaNtKey key;
  assert_int_equal(fsa_nt_key_node(fsa_bytes(node, sizeof node), &key), FSA_OK);
  assert_int_equal(key.write_time, 0x01DAD54000989680ull);
  assert_int_equal(key.name.size, 12);
  assert_memory_equal(key.name.data, "S\0Y\0S\0T\0E\0M", 12);
  assert_int_equal(key.class_name.size, 10);
  assert_memory_equal(key.class_name.data, "S\0h\0e\0l\0l", 10);
}

static void counts_of_a_key(void **state) {
  (void)state;
  FsaNtKey key;
  assert_int_equal(fsa_nt_key_full(fsa_bytes(full, sizeof full), &key), FSA_OK);
  assert_int_equal(key.subkey_count, 3);
  assert_int_equal(key.value_count, 7);
  assert_int_equal(key.class_name.size, 0);
  assert_int_equal(key.name.size, 0);
}

static void value_with_a_nul_in_its_name(void **state) {
  (void)state;
  FsaNtKeyValue found;
  assert_int_equal(fsa_nt_key_value(fsa_bytes(value, sizeof value), &found), FSA_OK);
  assert_int_equal(found.type, 4);
  assert_int_equal(found.name.size, 6);
  assert_memory_equal(found.name.data, "a\0\0\0b", 6);
  assert_int_equal(found.data.size, 4);
  assert_memory_equal(found.data.data, "\1\2\3\4", 4);
}

/* The kernel leaves any offset in a value without data. */
static void value_without_data(void **state) {
  (void)state;
  uint8_t bytes[sizeof value];
  FsaNtKeyValue found;
  memcpy(bytes, value, sizeof bytes);
  memset(bytes + 8, 0xFF, 4);
  memset(bytes + 12, 0, 4);
  assert_int_equal(fsa_nt_key_value(fsa_bytes(bytes, sizeof bytes), &found), FSA_OK);
  assert_int_equal(found.data.size, 0);
  assert_int_equal(found.name.size, 6);
}

/* Every cut is an error or an answer that lies inside, and an error leaves the answer alone. */
static void cut_anywhere(void **state) {
  (void)state;
  for (size_t size = 0; size < sizeof node; size++) {
    FsaNtKey key = {.write_time = 1};
    assert_int_equal(fsa_nt_key_node(fsa_bytes(node, size), &key), FSA_E_FORMAT);
    assert_int_equal(key.write_time, 1);
  }
  for (size_t size = 0; size < sizeof value; size++) {
    FsaNtKeyValue found = {.type = 99};
    assert_int_equal(fsa_nt_key_value(fsa_bytes(value, size), &found), FSA_E_FORMAT);
    assert_int_equal(found.type, 99);
  }
}

static void sizes_that_lie(void **state) {
  (void)state;
  uint8_t bytes[sizeof value];
  FsaNtKeyValue found;
  static const size_t fields[] = {8, 12, 16};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    memcpy(bytes, value, sizeof bytes);
    memset(bytes + fields[i], 0xFF, 4);
    assert_int_equal(fsa_nt_key_value(fsa_bytes(bytes, sizeof bytes), &found), FSA_E_FORMAT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(node_of_a_key),
      cmocka_unit_test(counts_of_a_key),
      cmocka_unit_test(value_with_a_nul_in_its_name),
      cmocka_unit_test(value_without_data),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(sizes_that_lie),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
