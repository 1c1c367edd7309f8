/* formats/nt_reparse: what tags mean and where links lead. */
#include "formats/nt_reparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A REPARSE_DATA_BUFFER whose two names are `name`. */
typedef struct Buffer {
  uint8_t data[256];
  size_t size;
} Buffer;

static void put16(Buffer *buffer, size_t at, size_t value) {
  buffer->data[at] = (uint8_t)value;
  buffer->data[at + 1] = (uint8_t)(value >> 8);
}

static Buffer make(uint32_t tag, uint32_t flags, const char *name) {
  Buffer buffer = {{0}, 0};
  size_t length = strlen(name), names = tag == 0xA000000Cu ? 20 : 16;
  put16(&buffer, 0, tag & 0xFFFF);
  put16(&buffer, 2, tag >> 16);
  put16(&buffer, 8, 0);
  put16(&buffer, 10, length * 2);
  put16(&buffer, 12, length * 2);
  put16(&buffer, 14, length * 2);
  if (names == 20) put16(&buffer, 16, flags);
  for (size_t i = 0; i < length; i++) buffer.data[names + 2 * i] = (uint8_t)name[i];
  buffer.size = names + 4 * length;
  put16(&buffer, 4, buffer.size - 8);
  return buffer;
}

static void expect(Buffer buffer, const char *volume, const char *target) {
  FsaArena arena = fsa_arena(0);
  const char *found = NULL;
  assert_int_equal(fsa_nt_link_target(fsa_bytes(buffer.data, buffer.size), volume, &arena, &found),
                   FSA_OK);
  assert_string_equal(found, target);
  fsa_arena_done(&arena);
}

#define SYMLINK 0xA000000Cu
#define JUNCTION 0xA0000003u
#define RELATIVE 1

static void targets(void **state) {
  (void)state;
  expect(make(JUNCTION, 0, "\\??\\C:\\Users"), "/C:", "/C:/Users");
  expect(make(JUNCTION, 0, "\\??\\Volume{01234567-89ab}\\"), "/C:", "/Volume{01234567-89ab}/");
  expect(make(SYMLINK, 0, "\\??\\UNC\\server\\share\\x"), "/C:", "/UNC/server/share/x");
  expect(make(SYMLINK, RELATIVE, "..\\All Users"), "/C:", "../All Users");
  expect(make(SYMLINK, RELATIVE, "\\ProgramData"), "/C:", "/C:/ProgramData");
  expect(make(SYMLINK, RELATIVE, "\\ProgramData"), "", "/ProgramData");
  expect(make(SYMLINK, 0, "D:\\x"), "", "/D:/x");
}

static void a_link_of_wsl(void **state) {
  (void)state;
  Buffer buffer = {{0x1D, 0, 0, 0xA0, 8, 0, 0, 0, 2, 0, 0, 0, '/', 'e', 't', 'c'}, 16};
  expect(buffer, "/C:", "/etc");
}

/* No target is found in the first bytes of `buffer`, up to `needed`. */
static void expect_cut(Buffer buffer, size_t needed) {
  FsaArena arena = fsa_arena(0);
  const char *found = NULL;
  for (size_t size = 0; size < needed; size++) {
    assert_int_equal(fsa_nt_link_target(fsa_bytes(buffer.data, size), "", &arena, &found),
                     FSA_E_FORMAT);
    assert_null(found);
  }
  fsa_arena_done(&arena);
}

static void cut_anywhere(void **state) {
  (void)state;
  const Buffer wsl = {{0x1D, 0, 0, 0xA0, 8, 0, 0, 0, 2, 0, 0, 0, '/', 'e', 't', 'c'}, 16};
  expect_cut(make(JUNCTION, 0, "\\??\\C:\\Users"), 16 + 2 * 12);
  expect_cut(make(SYMLINK, RELATIVE, "..\\x"), 20 + 2 * 4);
  expect_cut(wsl, 16);
}

static void what_no_path_can_hold(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  const char *found = NULL;
  Buffer buffer = make(JUNCTION, 0, "\\??\\C:\\Users");
  buffer.data[16 + 10] = 0; /* a NUL in the name */
  assert_int_equal(fsa_nt_link_target(fsa_bytes(buffer.data, buffer.size), "", &arena, &found),
                   FSA_E_FORMAT);
  buffer = make(JUNCTION, 0, "x");
  buffer.data[10] = 1; /* half a unit */
  assert_int_equal(fsa_nt_link_target(fsa_bytes(buffer.data, buffer.size), "", &arena, &found),
                   FSA_E_FORMAT);
  buffer = make(0x80000017u, 0, "x");
  assert_int_equal(fsa_nt_link_target(fsa_bytes(buffer.data, buffer.size), "", &arena, &found),
                   FSA_E_UNSUPPORTED);
  fsa_arena_done(&arena);
}

static void tags(void **state) {
  (void)state;
  assert_int_equal(fsa_nt_reparse(SYMLINK), FSA_NT_LINK);
  assert_int_equal(fsa_nt_reparse(JUNCTION), FSA_NT_LINK);
  assert_int_equal(fsa_nt_reparse(0), FSA_NT_LINK);
  assert_int_equal(fsa_nt_reparse(0x80000017u), FSA_NT_FILTERED); /* WOF */
  assert_int_equal(fsa_nt_reparse(0x80000013u), FSA_NT_FILTERED); /* deduplicated */
  assert_int_equal(fsa_nt_reparse(0x9000601Au), FSA_NT_PLAIN);    /* a cloud file */
  assert_int_equal(fsa_nt_reparse(0x8000001Bu), FSA_NT_SPECIAL);  /* an alias of a program */
  assert_int_equal(fsa_nt_reparse(0x80000024u), FSA_NT_SPECIAL);  /* a FIFO of WSL */
  assert_int_equal(fsa_nt_reparse(0xA0001234u), FSA_NT_SPECIAL);  /* some other name */
  assert_int_equal(fsa_nt_reparse(0x00001234u), FSA_NT_PLAIN);    /* nobody knows it */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(targets),      cmocka_unit_test(a_link_of_wsl),
      cmocka_unit_test(cut_anywhere), cmocka_unit_test(what_no_path_can_hold),
      cmocka_unit_test(tags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
