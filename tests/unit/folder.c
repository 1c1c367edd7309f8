/* Folders that a user names: made with those above them, listed by the bytes of their names. */
#include "os/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "os/stream.h"

#define FOLDER FSA_BUILD_DIR "/unit-folder"

static void make_file(const char *path) {
  FsaStream stream;
  assert_int_equal(fsa_stream_create(path, &stream), 0);
  assert_int_equal(fsa_stream_close(&stream), 0);
}

static int make_folders(void **state) {
  (void)state;
  if (fsa_folder_make(FOLDER "/b/\u00e4/c") || fsa_folder_make(FOLDER "/empty")) return -1;
  make_file(FOLDER "/a");
  make_file(FOLDER "/\u20ac");
  make_file(FOLDER "/.hidden");
  make_file(FOLDER "/Z");
  return 0;
}

static void names_come_in_the_order_of_their_bytes(void **state) {
  (void)state;
  static const char *const expected[] = {".hidden", "Z", "a", "b", "empty", "\u20ac"};
  FsaArena arena = fsa_arena(0);
  const char *const *names;
  size_t count;
  assert_int_equal(fsa_folder_names(FOLDER, &arena, &names, &count), 0);
  assert_int_equal(count, sizeof expected / sizeof *expected);
  for (size_t i = 0; i < count; i++) assert_string_equal(names[i], expected[i]);
  assert_int_equal(fsa_folder_names(FOLDER "/b/", &arena, &names, &count), 0);
  assert_int_equal(count, 1);
  assert_string_equal(names[0], "\u00e4");
  fsa_arena_done(&arena);
}

static void an_empty_folder_has_no_names(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  const char *const *names;
  size_t count = 99;
  assert_int_equal(fsa_folder_names(FOLDER "/empty", &arena, &names, &count), 0);
  assert_int_equal(count, 0);
  fsa_arena_done(&arena);
}

static void what_is_no_folder_has_no_names(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  const char *const *names;
  size_t count = 99;
  assert_int_equal(fsa_folder_names(FOLDER "/nothing", &arena, &names, &count), ENOENT);
  assert_int_not_equal(fsa_folder_names(FOLDER "/a", &arena, &names, &count), 0);
  assert_int_equal(count, 99);
  fsa_arena_done(&arena);
}

static void a_path_has_a_kind(void **state) {
  (void)state;
  FsaPathKind kind;
  assert_int_equal(fsa_path_kind(FOLDER, &kind), 0);
  assert_int_equal(kind, FSA_PATH_FOLDER);
  assert_int_equal(fsa_path_kind(FOLDER "/\u20ac", &kind), 0);
  assert_int_equal(kind, FSA_PATH_FILE);
  assert_int_equal(fsa_path_kind(FOLDER "/nothing", &kind), ENOENT);
}

static void making_what_is_there_is_no_error(void **state) {
  (void)state;
  assert_int_equal(fsa_folder_make(FOLDER "/b"), 0);
  assert_int_equal(fsa_folder_make("/"), 0);
  assert_int_not_equal(fsa_folder_make(FOLDER "/a/below a file"), 0);
}

static void the_last_part_of_a_path_is_its_name(void **state) {
  (void)state;
  assert_string_equal(fsa_last_part("/cases/42"), "42");
  assert_string_equal(fsa_last_part("42"), "42");
  assert_string_equal(fsa_last_part("/cases/42/"), "/cases/42/");
  assert_string_equal(fsa_last_part(""), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_come_in_the_order_of_their_bytes),
      cmocka_unit_test(an_empty_folder_has_no_names),
      cmocka_unit_test(what_is_no_folder_has_no_names),
      cmocka_unit_test(a_path_has_a_kind),
      cmocka_unit_test(making_what_is_there_is_no_error),
      cmocka_unit_test(the_last_part_of_a_path_is_its_name),
  };
  return cmocka_run_group_tests(tests, make_folders, NULL);
}
