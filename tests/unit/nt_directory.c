/* formats/nt_directory: lists of objects and of pipes as Windows fills them, whole and damaged. */
#include "formats/nt_directory.h"

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

static void put_text(size_t offset, const char *ascii) {
  for (size_t i = 0; i < strlen(ascii); i++) put(offset + i * 2, (uint8_t)ascii[i], 2);
}

static void put_string(size_t offset, size_t *text, const char *ascii) {
  const size_t size = strlen(ascii) * 2;
  put(offset, size, 2);
  put(offset + 2, size + 2, 2);
  put(offset + 8, BASE + *text, 8);
  put_text(*text, ascii);
  *text += size + 2;
}

static void assert_utf16(FsaBytes bytes, const char *ascii) {
  assert_int_equal(bytes.size, strlen(ascii) * 2);
  for (size_t i = 0; i < strlen(ascii); i++) assert_int_equal(bytes.data[i * 2], ascii[i]);
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Two entries, the entry of zeros that ends them, and the texts behind. */
static size_t put_objects(void) {
  memset(buffer, 0, sizeof buffer);
  size_t text = 3 * 32;
  put_string(0, &text, "Sessions");
  put_string(16, &text, "Directory");
  put_string(32, &text, "fsa_mutex");
  put_string(48, &text, "Mutant");
  return text;
}

static void objects_of_a_directory(void **state) {
  (void)state;
  const size_t size = put_objects();
  FsaNtDirectory directory = {.bytes = fsa_bytes(buffer, size), .address = BASE};
  FsaNtDirectoryObject object;
  assert_int_equal(fsa_nt_directory_next(&directory, &object), FSA_ROW);
  assert_utf16(object.name, "Sessions");
  assert_utf16(object.type, "Directory");
  assert_int_equal(fsa_nt_directory_next(&directory, &object), FSA_ROW);
  assert_utf16(object.name, "fsa_mutex");
  assert_utf16(object.type, "Mutant");
  assert_int_equal(fsa_nt_directory_next(&directory, &object), FSA_OK);
  assert_int_equal(fsa_nt_directory_next(&directory, &object), FSA_OK);
}

static void objects_that_are_damaged(void **state) {
  (void)state;
  const size_t size = put_objects();
  FsaNtDirectoryObject object;
  FsaNtDirectory cut = {.bytes = fsa_bytes(buffer, 31), .address = BASE};
  assert_int_equal(fsa_nt_directory_next(&cut, &object), FSA_E_FORMAT);
  FsaNtDirectory empty = {.bytes = fsa_bytes(NULL, 0), .address = BASE};
  assert_int_equal(fsa_nt_directory_next(&empty, &object), FSA_OK);
  FsaNtDirectory textless = {.bytes = fsa_bytes(buffer, 97), .address = BASE};
  assert_int_equal(fsa_nt_directory_next(&textless, &object), FSA_E_FORMAT);
  put(8, BASE + 4096, 8);
  FsaNtDirectory outside = {.bytes = fsa_bytes(buffer, size), .address = BASE};
  assert_int_equal(fsa_nt_directory_next(&outside, &object), FSA_E_FORMAT);
}

/* ---- pipes ----------------------------------------------------------------------------------- */

typedef struct Pipe {
  const char *name;
  uint32_t instances, most;
} Pipe;

static size_t put_pipes(const Pipe *pipes, size_t count) {
  memset(buffer, 0, sizeof buffer);
  size_t at = 0, end = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t size = strlen(pipes[i].name) * 2;
    end = at + 64 + size;
    const size_t next = (end + 7) & ~(size_t)7;
    put(at, i + 1 < count ? next - at : 0, 4);
    put(at + 40, pipes[i].instances, 8);
    put(at + 48, pipes[i].most, 8); /* the file system of pipes fills the low half alone */
    put(at + 56, 0x80, 4);          /* FILE_ATTRIBUTE_NORMAL */
    put(at + 60, size, 4);
    put_text(at + 64, pipes[i].name);
    at = next;
  }
  return end;
}

static const Pipe pipes[] = {
    {"lsass", 3, UINT32_MAX},
    {"Winsock2\\CatalogChangeListener-1a4-0", 1, 1},
    {"msagent_a1", 0, 254},
};

static void pipes_of_the_root(void **state) {
  (void)state;
  const size_t size = put_pipes(pipes, 3);
  FsaNtFiles files = {.bytes = fsa_bytes(buffer, size)};
  FsaNtDirectoryFile file;
  assert_int_equal(fsa_nt_files_next(&files, &file), FSA_ROW);
  assert_utf16(file.name, "lsass");
  assert_int_equal(file.end_of_file, 3);
  assert_int_equal(file.most_instances, -1);
  assert_int_equal(file.attributes, 0x80);
  assert_int_equal(fsa_nt_files_next(&files, &file), FSA_ROW);
  assert_utf16(file.name, "Winsock2\\CatalogChangeListener-1a4-0");
  assert_int_equal(file.most_instances, 1);
  assert_int_equal(fsa_nt_files_next(&files, &file), FSA_ROW);
  assert_int_equal(file.end_of_file, 0);
  assert_int_equal(file.most_instances, 254);
  assert_int_equal(fsa_nt_files_next(&files, &file), FSA_OK);
}

static void pipes_that_are_damaged(void **state) {
  (void)state;
  const size_t size = put_pipes(pipes, 3);
  FsaNtDirectoryFile file;
  FsaNtFiles empty = {.bytes = fsa_bytes(NULL, 0)};
  assert_int_equal(fsa_nt_files_next(&empty, &file), FSA_OK);
  FsaNtFiles cut = {.bytes = fsa_bytes(buffer, 64 + 9)};
  assert_int_equal(fsa_nt_files_next(&cut, &file), FSA_E_FORMAT);
  put(60, 0xfffffffe, 4); /* a name that is longer than everything */
  FsaNtFiles longer = {.bytes = fsa_bytes(buffer, size)};
  assert_int_equal(fsa_nt_files_next(&longer, &file), FSA_E_FORMAT);
  put_pipes(pipes, 3);
  put(0, 8, 4); /* the next entry inside this one */
  FsaNtFiles overlapping = {.bytes = fsa_bytes(buffer, size)};
  assert_int_equal(fsa_nt_files_next(&overlapping, &file), FSA_E_FORMAT);
  put(0, UINT32_MAX, 4); /* the next entry behind everything */
  FsaNtFiles far = {.bytes = fsa_bytes(buffer, size)};
  assert_int_equal(fsa_nt_files_next(&far, &file), FSA_ROW);
  assert_int_equal(fsa_nt_files_next(&far, &file), FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_of_a_directory),
      cmocka_unit_test(objects_that_are_damaged),
      cmocka_unit_test(pipes_of_the_root),
      cmocka_unit_test(pipes_that_are_damaged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
