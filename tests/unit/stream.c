/* Files that a user names: bytes come back as they went out, and refusals have their errno value.
 */
#include "os/stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "os/folder.h"

#define FOLDER FSA_BUILD_DIR "/unit-stream-\u00e4"
#define FILE_NAME FOLDER "/\u20ac uro.txt"

static void write_file(const char *path, const void *data, size_t size) {
  FsaStream stream;
  assert_int_equal(fsa_stream_create(path, &stream), 0);
  assert_false(stream.is_terminal);
  assert_int_equal(fsa_stream_write(&stream, data, size), 0);
  assert_int_equal(fsa_stream_close(&stream), 0);
  assert_int_equal(fsa_stream_close(&stream), 0); /* a closed one is accepted */
}

/* Reads the whole file in small pieces. */
static size_t read_file(const char *path, char *out, size_t room) {
  FsaStream stream;
  size_t size = 0, got;
  assert_int_equal(fsa_stream_open(path, &stream), 0);
  assert_true(stream.is_regular);
  assert_false(stream.is_device);
  const int64_t expected = fsa_stream_size(&stream);
  do {
    char piece[FSA_STREAM_LEAST];
    assert_int_equal(fsa_stream_read(&stream, piece, sizeof piece, &got), 0);
    assert_true(size + got <= room);
    memcpy(out + size, piece, got);
    size += got;
  } while (got);
  assert_int_equal(fsa_stream_close(&stream), 0);
  assert_int_equal(size, expected);
  return size;
}

static int make_folder(void **state) {
  (void)state;
  return fsa_folder_make(FOLDER);
}

static void bytes_are_not_translated(void **state) {
  (void)state;
  static const char bytes[] = "a\nb\r\nc\x1a\0d\xff\n";
  char out[64];
  write_file(FILE_NAME, bytes, sizeof bytes);
  assert_int_equal(read_file(FILE_NAME, out, sizeof out), sizeof bytes);
  assert_memory_equal(out, bytes, sizeof bytes);
}

static void a_file_is_made_anew(void **state) {
  (void)state;
  char out[64];
  write_file(FILE_NAME, "a longer text", 13);
  write_file(FILE_NAME, "short", 5);
  assert_int_equal(read_file(FILE_NAME, out, sizeof out), 5);
  write_file(FILE_NAME, "", 0);
  assert_int_equal(read_file(FILE_NAME, out, sizeof out), 0);
}

static void a_refusal_leaves_the_stream_alone(void **state) {
  (void)state;
  FsaStream stream = {.handle = 4711};
  assert_int_equal(fsa_stream_open(FOLDER "/nothing", &stream), ENOENT);
  assert_int_equal(fsa_stream_open("", &stream), ENOENT);
  assert_int_equal(fsa_stream_open(FOLDER, &stream), EISDIR);
  assert_int_equal(fsa_stream_create(FOLDER, &stream), EISDIR);
  assert_int_equal(fsa_stream_create(FOLDER "/no/such", &stream), ENOENT);
  assert_int_equal(stream.handle, 4711);
}

static void a_closed_stream_cannot_be_used(void **state) {
  (void)state;
  FsaStream stream = {.handle = -1};
  char room[FSA_STREAM_LEAST];
  size_t size = 99;
  assert_int_equal(fsa_stream_write(&stream, "x", 1), EBADF);
  assert_int_equal(fsa_stream_read(&stream, room, sizeof room, &size), EBADF);
  assert_int_equal(size, 99);
}

/* Windows opens paths above 260 characters in another form only. */
static void a_long_path_is_a_path(void **state) {
  (void)state;
  char path[700] = FOLDER, out[8];
  for (int i = 0; i < 12; i++) strcat(path, "/a folder with a name of fifty letters, that is long");
  assert_int_equal(fsa_folder_make(path), 0);
  strcat(path, "/file");
  write_file(path, "deep", 4);
  assert_int_equal(read_file(path, out, sizeof out), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_not_translated),
      cmocka_unit_test(a_file_is_made_anew),
      cmocka_unit_test(a_refusal_leaves_the_stream_alone),
      cmocka_unit_test(a_closed_stream_cannot_be_used),
      cmocka_unit_test(a_long_path_is_a_path),
  };
  return cmocka_run_group_tests(tests, make_folder, NULL);
}
