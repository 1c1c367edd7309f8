/* formats/nt_security, formats/nt_sid: descriptors as SDDL, honest and hostile. */
#include "formats/nt_security.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "formats/nt_sid.h"

/* ---- a writer -------------------------------------------------------------------------------- */

typedef struct Bytes {
  uint8_t data[2048];
  size_t size;
} Bytes;

static void put(Bytes *b, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) b->data[b->size++] = (uint8_t)(number >> 8 * i);
}

static void put_sid(Bytes *b, uint8_t authority, const uint32_t *parts, uint8_t count) {
  put(b, 1, 1), put(b, count, 1);
  for (int i = 0; i < 5; i++) put(b, 0, 1);
  put(b, authority, 1);
  for (uint8_t i = 0; i < count; i++) put(b, parts[i], 4);
}

static const uint32_t administrators[] = {32, 544}, local_system[] = {18}, everyone[] = {0};
static const uint32_t somebody[] = {21, 1, 2, 4294967295u, 1001};

static void put_entry(Bytes *b, uint8_t type, uint8_t flags, uint32_t mask, const uint32_t *parts,
                      uint8_t count, uint8_t authority) {
  put(b, type, 1), put(b, flags, 1), put(b, 16u + 4u * count, 2), put(b, mask, 4);
  put_sid(b, authority, parts, count);
}

static void set(Bytes *b, size_t at, uint32_t number, size_t width) {
  Bytes field = {.size = at};
  put(&field, number, width);
  memcpy(b->data + at, field.data + at, width);
}

/* Begins a list of `count` entries; end_list() writes its size. */
static size_t begin_list(Bytes *b, uint16_t count) {
  const size_t at = b->size;
  put(b, 2, 1), put(b, 0, 1), put(b, 0, 2), put(b, count, 2), put(b, 0, 2);
  return at;
}

static void end_list(Bytes *b, size_t at) {
  set(b, at + 2, (uint32_t)(b->size - at), 2);
}

static Bytes begin(uint16_t control) {
  Bytes b = {.size = 0};
  put(&b, 1, 1), put(&b, 0, 1), put(&b, control, 2);
  for (int i = 0; i < 4; i++) put(&b, 0, 4);
  return b;
}

enum { OWNER = 4, GROUP = 8, AUDIT = 12, ACCESS = 16 };

static void assert_sddl(const Bytes *b, const char *expected) {
  FsaArena arena = fsa_arena(0);
  FsaText text = {NULL, 0};
  assert_int_equal(fsa_nt_sddl(fsa_bytes(b->data, b->size), &arena, &text), FSA_OK);
  assert_string_equal(text.data, expected);
  assert_int_equal(text.size, strlen(expected));
  fsa_arena_done(&arena);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* What the service control manager writes for a service that was created without one. */
static Bytes service(void) {
  Bytes b = begin(0x8014);
  set(&b, ACCESS, (uint32_t)b.size, 4);
  size_t list = begin_list(&b, 3);
  put_entry(&b, 0, 0, 0x201fd, local_system, 1, 5);
  put_entry(&b, 0, 0, 0xf01ff, administrators, 2, 5);
  put_entry(&b, 1, 0x0b, 0x2008d, somebody, 5, 5);
  end_list(&b, list);
  set(&b, AUDIT, (uint32_t)b.size, 4);
  list = begin_list(&b, 1);
  put_entry(&b, 2, 0x80, 0xf01ff, everyone, 1, 1);
  end_list(&b, list);
  set(&b, OWNER, (uint32_t)b.size, 4);
  put_sid(&b, 5, administrators, 2);
  set(&b, GROUP, (uint32_t)b.size, 4);
  put_sid(&b, 5, local_system, 1);
  return b;
}

static void descriptor_of_a_service(void **state) {
  (void)state;
  const Bytes b = service();
  assert_sddl(&b, "O:BAG:SYD:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)"
                  "(D;OICIIO;CCLCSWLORC;;;S-1-5-21-1-2-4294967295-1001)"
                  "S:(AU;FA;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)");
}

static void lists_that_are_absent_null_and_empty(void **state) {
  (void)state;
  Bytes b = begin(0x8000);
  assert_sddl(&b, "");
  b = begin(0x8004); /* present, without a list: everybody may do everything */
  assert_sddl(&b, "D:NO_ACCESS_CONTROL");
  b = begin(0x9504);
  set(&b, ACCESS, (uint32_t)b.size, 4);
  end_list(&b, begin_list(&b, 0)); /* a list without entries: nobody may do anything */
  assert_sddl(&b, "D:PARAI");
}

static void rights_of_files_keys_and_labels(void **state) {
  (void)state;
  static const uint32_t low[] = {4096};
  Bytes b = begin(0x8014);
  set(&b, ACCESS, (uint32_t)b.size, 4);
  size_t list = begin_list(&b, 5);
  put_entry(&b, 0, 0x13, 0x1f01ff, everyone, 1, 1);
  put_entry(&b, 0, 0, 0xf003f, everyone, 1, 1);
  put_entry(&b, 0, 0, 0x10000000, everyone, 1, 1);
  put_entry(&b, 0, 0, 0x100001, everyone, 1, 1);
  put_entry(&b, 0, 0, 0, everyone, 1, 1);
  end_list(&b, list);
  set(&b, AUDIT, (uint32_t)b.size, 4);
  list = begin_list(&b, 1);
  put_entry(&b, 0x11, 0, 3, low, 1, 16);
  end_list(&b, list);
  assert_sddl(&b, "D:(A;OICIID;FA;;;WD)(A;;KA;;;WD)(A;;GA;;;WD)(A;;0x100001;;;WD)(A;;;;;WD)"
                  "S:(ML;;NWNR;;;LW)");
}

/* An object entry with one of its two GUIDs, a conditional one, one of an unknown type. */
static void entries_of_other_kinds(void **state) {
  (void)state;
  Bytes b = begin(0x8004);
  set(&b, ACCESS, (uint32_t)b.size, 4);
  const size_t list = begin_list(&b, 3);
  put(&b, 5, 1), put(&b, 0, 1), put(&b, 12 + 16 + 12, 2), put(&b, 0x100, 4), put(&b, 2, 4);
  for (uint8_t i = 0; i < 16; i++) put(&b, i, 1);
  put_sid(&b, 1, everyone, 1);
  put(&b, 9, 1), put(&b, 0, 1), put(&b, 8 + 12 + 4, 2), put(&b, 1, 4);
  put_sid(&b, 1, everyone, 1);
  put(&b, 0x78747261, 4);
  put(&b, 0x40, 1), put(&b, 0, 1), put(&b, 8, 2), put(&b, 1, 4);
  end_list(&b, list);
  assert_sddl(&b, "D:(OA;;CR;;03020100-0504-0706-0809-0a0b0c0d0e0f;WD)(XA;;CC;;;WD;#61727478)"
                  "(0x40;;;;;)");
}

/* Each prefix is refused, or is a whole descriptor; no byte beyond it is looked at. */
static void cut_anywhere(void **state) {
  (void)state;
  const Bytes b = service();
  for (size_t size = 0; size < b.size; size++) {
    FsaArena arena = fsa_arena(0);
    FsaText text = {NULL, 0};
    assert_int_equal(fsa_nt_sddl(fsa_bytes(b.data, size), &arena, &text), FSA_E_FORMAT);
    assert_null(text.data);
    fsa_arena_done(&arena);
  }
}

static void bytes_that_lie(void **state) {
  (void)state;
  for (size_t at = 0; at < service().size; at++) {
    Bytes b = service();
    FsaArena arena = fsa_arena(0);
    FsaText text;
    b.data[at] = 0xFF;
    fsa_nt_sddl(fsa_bytes(b.data, b.size), &arena, &text);
    fsa_arena_done(&arena);
  }
  Bytes b = begin(0x8004); /* an entry of size 0 must not be walked for ever */
  set(&b, ACCESS, (uint32_t)b.size, 4);
  const size_t list = begin_list(&b, 65535);
  put(&b, 0, 8);
  end_list(&b, list);
  FsaArena arena = fsa_arena(0);
  FsaText text;
  assert_int_equal(fsa_nt_sddl(fsa_bytes(b.data, b.size), &arena, &text), FSA_E_FORMAT);
  fsa_arena_done(&arena);
}

static void sids(void **state) {
  (void)state;
  char out[FSA_NT_SID_TEXT];
  size_t size;
  uint32_t parts[15];
  Bytes b = {.size = 0};
  for (size_t i = 0; i < 15; i++) parts[i] = UINT32_MAX;
  put_sid(&b, 5, parts, 15);
  for (size_t i = 2; i < 8; i++) b.data[i] = 0xFF;
  assert_int_equal(fsa_nt_sid_text(fsa_bytes(b.data, b.size), 0, out, &size), FSA_OK);
  assert_int_equal(size, 68);
  assert_int_equal(strlen(out), 18 + 15 * 11);
  assert_memory_equal(out, "S-1-0xffffffffffff-4294967295-", 30);
  assert_int_equal(fsa_nt_sid_text(fsa_bytes(b.data, b.size - 1), 0, out, &size), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_sid_text(fsa_bytes(b.data, b.size), SIZE_MAX, out, &size), FSA_E_FORMAT);
  b.data[1] = 16;
  assert_int_equal(fsa_nt_sid_text(fsa_bytes(b.data, b.size), 0, out, &size), FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(descriptor_of_a_service),
      cmocka_unit_test(lists_that_are_absent_null_and_empty),
      cmocka_unit_test(rights_of_files_keys_and_labels),
      cmocka_unit_test(entries_of_other_kinds),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(bytes_that_lie),
      cmocka_unit_test(sids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
