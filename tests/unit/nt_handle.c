/*
 * formats/nt_handle: answers as Windows 7 to 11 fill them, whole and damaged. Layouts are those of
 * x64; the buffer stood at BASE when the kernel filled it.
 */
#include "formats/nt_handle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x000001f4c0de0000ull

static uint8_t buffer[4096];

static void put(size_t offset, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) buffer[offset + i] = (uint8_t)(value >> (8 * i));
}

/* A UNICODE_STRING at `offset` whose text stands at `text`; gives the bytes of its room. */
static size_t put_string(size_t offset, size_t text, const char *ascii) {
  const size_t units = strlen(ascii);
  put(offset, units * 2, 2);
  put(offset + 2, units * 2 + 2, 2);
  put(offset + 8, BASE + text, 8);
  for (size_t i = 0; i <= units; i++) put(text + i * 2, (uint8_t)ascii[i], 2);
  return units * 2 + 2;
}

static void assert_utf16(FsaBytes bytes, const char *ascii) {
  assert_int_equal(bytes.size, strlen(ascii) * 2);
  for (size_t i = 0; i < strlen(ascii); i++) {
    assert_int_equal(bytes.data[i * 2], ascii[i]);
    assert_int_equal(bytes.data[i * 2 + 1], 0);
  }
}

/* ---- all handles ----------------------------------------------------------------------------- */

static size_t put_handles(size_t count) {
  memset(buffer, 0, sizeof buffer);
  put(0, count, 8);
  for (size_t i = 0; i < count; i++) {
    const size_t at = 16 + i * 40;
    put(at, 0xffffa50f12345080ull + i * 0x100, 8); /* Object */
    put(at + 8, i ? 70000 + i : 4, 8);             /* UniqueProcessId: more than 16 bits */
    put(at + 16, i ? 0x12344 + i * 4 : 0x80000abc, 8);
    put(at + 24, 0x001fffff, 4);
    put(at + 28, 0xeeee, 2); /* CreatorBackTraceIndex */
    put(at + 30, 7 + i, 2);
    put(at + 32, i == 1 ? 3 : 0, 4);
    put(at + 36, 0xcccccccc, 4); /* Reserved */
  }
  return 16 + count * 40;
}

static void handles_of_the_whole_host(void **state) {
  (void)state;
  FsaNtHandles handles;
  const size_t size = put_handles(3);
  assert_int_equal(fsa_nt_handles(fsa_bytes(buffer, size), &handles), FSA_OK);
  assert_int_equal(handles.count, 3);
  assert_int_equal(handles.told, 3);
  const FsaNtHandle kernel = fsa_nt_handles_at(&handles, 0);
  assert_int_equal(kernel.pid, 4);
  assert_int_equal(kernel.handle, 0x80000abc);
  const FsaNtHandle second = fsa_nt_handles_at(&handles, 1);
  assert_true(second.object == 0xffffa50f12345180ull);
  assert_int_equal(second.pid, 70001);
  assert_int_equal(second.handle, 0x12348);
  assert_int_equal(second.access, 0x001fffff);
  assert_int_equal(second.type, 8);
  assert_int_equal(second.attributes, FSA_NT_HANDLE_PROTECT | FSA_NT_HANDLE_INHERIT);
}

static void handles_that_are_cut(void **state) {
  (void)state;
  FsaNtHandles handles;
  const size_t size = put_handles(3);
  assert_int_equal(fsa_nt_handles(fsa_bytes(buffer, size - 1), &handles), FSA_OK);
  assert_int_equal(handles.count, 2);
  assert_int_equal(handles.told, 3);
  assert_int_equal(fsa_nt_handles(fsa_bytes(buffer, 16), &handles), FSA_OK);
  assert_int_equal(handles.count, 0);
  assert_int_equal(fsa_nt_handles(fsa_bytes(buffer, 15), &handles), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_handles(fsa_bytes(NULL, 0), &handles), FSA_E_FORMAT);
  put(0, UINT64_MAX, 8);
  assert_int_equal(fsa_nt_handles(fsa_bytes(buffer, size), &handles), FSA_OK);
  assert_int_equal(handles.count, 3);
}

/* ---- types ----------------------------------------------------------------------------------- */

/* `index` 0 is what systems before Windows 8.1 leave in its place. */
static size_t put_types(unsigned first_index) {
  static const char *const names[] = {"Type", "Directory", "SymbolicLink"};
  memset(buffer, 0, sizeof buffer);
  put(0, 3, 4);
  size_t at = 8;
  for (size_t i = 0; i < 3; i++) {
    const size_t room = put_string(at, at + 104, names[i]);
    put(at + 16, 0x1234, 4); /* TotalNumberOfObjects */
    put(at + 84, 0x001f0001, 4);
    if (first_index) put(at + 90, first_index + i * 2, 1);
    at = (at + 104 + room + 7) & ~(size_t)7;
  }
  return at;
}

static void types_since_windows_8_1(void **state) {
  (void)state;
  FsaNtTypes types;
  FsaNtType type;
  const size_t size = put_types(5);
  assert_int_equal(fsa_nt_types(fsa_bytes(buffer, size), BASE, &types), FSA_OK);
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_ROW);
  assert_int_equal(type.index, 5);
  assert_utf16(type.name, "Type");
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_ROW);
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_ROW);
  assert_int_equal(type.index, 9);
  assert_utf16(type.name, "SymbolicLink");
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_OK);
}

static void types_of_windows_7(void **state) {
  (void)state;
  FsaNtTypes types;
  FsaNtType type;
  const size_t size = put_types(0);
  assert_int_equal(fsa_nt_types(fsa_bytes(buffer, size), BASE, &types), FSA_OK);
  for (unsigned i = 2; i < 5; i++) {
    assert_int_equal(fsa_nt_types_next(&types, &type), FSA_ROW);
    assert_int_equal(type.index, i);
  }
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_OK);
}

static void types_that_are_damaged(void **state) {
  (void)state;
  FsaNtTypes types;
  FsaNtType type;
  const size_t size = put_types(5);
  assert_int_equal(fsa_nt_types(fsa_bytes(buffer, 3), BASE, &types), FSA_E_FORMAT);
  for (size_t cut = 4; cut < 128; cut++) {
    assert_int_equal(fsa_nt_types(fsa_bytes(buffer, cut), BASE, &types), FSA_OK);
    const bool is_whole = cut >= 8 + 104 + 10;
    assert_int_equal(fsa_nt_types_next(&types, &type), is_whole ? FSA_ROW : FSA_E_FORMAT);
  }
  /* a name in front of its entry would lead in a circle */
  put(8 + 8, BASE + 8, 8);
  assert_int_equal(fsa_nt_types(fsa_bytes(buffer, size), BASE, &types), FSA_OK);
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_E_FORMAT);
  /* a name that lies somewhere else */
  put(8 + 8, 0x7ffe0000, 8);
  assert_int_equal(fsa_nt_types(fsa_bytes(buffer, size), BASE, &types), FSA_OK);
  assert_int_equal(fsa_nt_types_next(&types, &type), FSA_E_FORMAT);
}

/* ---- one object ------------------------------------------------------------------------------ */

static void names(void **state) {
  (void)state;
  FsaBytes name;
  memset(buffer, 0, sizeof buffer);
  const size_t size = 16 + put_string(0, 16, "\\Device\\NamedPipe\\x");
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size), BASE, &name), FSA_OK);
  assert_utf16(name, "\\Device\\NamedPipe\\x");
  /* the terminator need not be there, the text must */
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size - 2), BASE, &name), FSA_OK);
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size - 3), BASE, &name), FSA_E_FORMAT);
  /* an odd length is cut to whole units */
  put(0, 5, 2);
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size), BASE, &name), FSA_OK);
  assert_utf16(name, "\\D");
  memset(buffer, 0, 16); /* no name */
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, 16), BASE, &name), FSA_OK);
  assert_int_equal(name.size, 0);
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, 15), BASE, &name), FSA_E_FORMAT);
  /* an address just below the bytes, and one at the end of all */
  put(0, 2, 2);
  put(8, BASE - 2, 8);
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size), BASE, &name), FSA_E_FORMAT);
  put(8, UINT64_MAX, 8);
  assert_int_equal(fsa_nt_object_name(fsa_bytes(buffer, size), BASE, &name), FSA_E_FORMAT);
}

static void counts_of_an_object(void **state) {
  (void)state;
  FsaNtObject object;
  memset(buffer, 0, sizeof buffer);
  put(4, 0x1f0001, 4);
  put(8, 3, 4);
  put(12, 32769, 4);
  assert_int_equal(fsa_nt_object(fsa_bytes(buffer, 56), &object), FSA_OK);
  assert_int_equal(object.access, 0x1f0001);
  assert_int_equal(object.handles, 3);
  assert_int_equal(object.pointers, 32769);
  assert_int_equal(fsa_nt_object(fsa_bytes(buffer, 15), &object), FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(handles_of_the_whole_host), cmocka_unit_test(handles_that_are_cut),
      cmocka_unit_test(types_since_windows_8_1),   cmocka_unit_test(types_of_windows_7),
      cmocka_unit_test(types_that_are_damaged),    cmocka_unit_test(names),
      cmocka_unit_test(counts_of_an_object),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
