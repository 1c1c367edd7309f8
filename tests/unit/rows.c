/* Encoded rows: what goes in comes out, packed or not, and ends at its ceiling. */
#include "osquery/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 20000 /* rows of some 90 bytes: several blocks */

static int collect(void *context, FsaBytes piece) {
  fsa_buffer_put(context, piece.data, piece.size);
  return ((FsaBuffer *)context)->error;
}

/* What is sent. */
static FsaBuffer bytes_of(const FsaRows *rows) {
  FsaBuffer all = fsa_buffer(256u << 20);
  assert_int_equal(fsa_rows_send(rows, collect, &all), FSA_OK);
  return all;
}

static void assert_sent(const FsaRows *rows, const char *wanted, size_t size) {
  FsaBuffer all = bytes_of(rows);
  assert_int_equal(all.size, size);
  assert_memory_equal(all.data, wanted, size);
  fsa_buffer_done(&all);
}

static void the_bytes_are_those_of_a_thrift_map(void **state) {
  (void)state;
  static const char wanted[] = "\013\013\0\0\0\002"
                               "\0\0\0\003pid\0\0\0\002-1"
                               "\0\0\0\007time_ns\0\0\0\0011"
                               "\013\013\0\0\0\0";
  FsaRows *rows = fsa_rows_new(1000);
  fsa_rows_name(rows, "pid", "");
  fsa_rows_name(rows, "time", "_ns");
  fsa_rows_begin(rows);
  fsa_rows_int(rows, 0, -1);
  fsa_rows_int(rows, 1, 1);
  assert_int_equal(fsa_rows_end(rows), FSA_OK);
  fsa_rows_begin(rows);
  assert_int_equal(fsa_rows_end(rows), FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  assert_sent(rows, wanted, sizeof wanted - 1);
  fsa_rows_drop(rows);
}

/* The rows of a row with one cell, and its value there. */
static void assert_value(FsaRows *rows, const char *wanted) {
  assert_int_equal(fsa_rows_end(rows), FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  const size_t head = 6 + 4 + 1 + 4;
  assert_int_equal(all.size, head + strlen(wanted));
  assert_memory_equal(all.data + head, wanted, strlen(wanted));
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
}

static FsaRows *one_row(void) {
  FsaRows *rows = fsa_rows_new(1000);
  fsa_rows_name(rows, "x", "");
  fsa_rows_begin(rows);
  return rows;
}

static void every_kind_of_value_is_text(void **state) {
  (void)state;
  static const int64_t numbers[] = {0,    9,     10,         99,        100,      101, 12345,
                                    -1,   -10,   INT64_MIN,  INT64_MAX, 1000000,  -99, 9999,
                                    1000, 99999, 4294967295, 100000000, 99999999, 7,   -123456789};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char wanted[32];
    FsaRows *rows = one_row();
    snprintf(wanted, sizeof wanted, "%lld", (long long)numbers[i]);
    fsa_rows_int(rows, 0, numbers[i]);
    assert_value(rows, wanted);
  }
  FsaRows *rows = one_row();
  fsa_rows_double(rows, 0, 0.1);
  assert_value(rows, "0.10000000000000001");
  rows = one_row();
  fsa_rows_hex(rows, 0, UINT64_MAX);
  assert_value(rows, "0xffffffffffffffff");
  rows = one_row();
  fsa_rows_blob(rows, 0, "\0\x7f\xff", 3);
  assert_value(rows, "007FFF");
}

enum { NUMBER, TEXT };

static FsaRows *many_rows(size_t count, size_t limit, int *ret_result) {
  FsaRows *rows = fsa_rows_new(limit);
  fsa_rows_name(rows, "number", "");
  fsa_rows_name(rows, "text", "");
  *ret_result = FSA_OK;
  for (size_t i = 0; i < count && *ret_result == FSA_OK; i++) {
    char words[64];
    snprintf(words, sizeof words, "row %zu of a table that has very many of them", i);
    fsa_rows_begin(rows);
    fsa_rows_int(rows, NUMBER, (int64_t)i);
    fsa_rows_text(rows, TEXT, words, strlen(words));
    *ret_result = fsa_rows_end(rows);
  }
  return rows;
}

/* The same rows as they are on the wire, made by hand. */
static FsaBuffer many_bytes(size_t count, size_t step) {
  FsaBuffer all = fsa_buffer(256u << 20);
  for (size_t i = 0; i < count; i += step) {
    char number[24], words[64];
    const uint8_t number_size = (uint8_t)snprintf(number, sizeof number, "%zu", i);
    const uint8_t size =
        (uint8_t)snprintf(words, sizeof words, "row %zu of a table that has very many of them", i);
    fsa_buffer_put(&all, "\013\013\0\0\0\002\0\0\0\006number\0\0\0", 19);
    fsa_buffer_putc(&all, (char)number_size);
    fsa_buffer_put(&all, number, number_size);
    fsa_buffer_put(&all, "\0\0\0\004text\0\0\0", 11);
    fsa_buffer_putc(&all, (char)size);
    fsa_buffer_put(&all, words, size);
  }
  return all;
}

static void many_rows_are_packed_and_come_out_in_order(void **state) {
  (void)state;
  int result;
  FsaRows *rows = many_rows(MANY, 64u << 20, &result);
  assert_int_equal(result, FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  assert_int_equal(fsa_rows_count(rows), MANY);
  FsaBuffer wanted = many_bytes(MANY, 1);
  assert_true(fsa_rows_held(rows) < wanted.size / 2);
  assert_sent(rows, wanted.data, wanted.size);
  fsa_buffer_done(&wanted);
  fsa_rows_drop(rows);
}

static void a_row_longer_than_a_block_stays_whole(void **state) {
  (void)state;
  const size_t size = 3u << 20;
  char *long_text = malloc(size);
  memset(long_text, 'x', size);
  FsaRows *rows = fsa_rows_new(8u << 20);
  fsa_rows_name(rows, "text", "");
  for (int i = 0; i < 2; i++) {
    fsa_rows_begin(rows);
    fsa_rows_text(rows, 0, long_text, size);
    assert_int_equal(fsa_rows_end(rows), FSA_OK);
  }
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  assert_int_equal(all.size, 2 * (6 + 8 + 4 + size));
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
  free(long_text);
}

static void the_ceiling_counts_what_is_sent(void **state) {
  (void)state;
  int result;
  FsaBuffer all = many_bytes(1000, 1);
  FsaRows *rows = many_rows(1000, all.size, &result);
  assert_int_equal(result, FSA_OK);
  fsa_rows_drop(rows);
  rows = many_rows(1000, all.size - 1, &result);
  assert_int_equal(result, FSA_E_LIMIT);
  fsa_rows_drop(rows);
  fsa_buffer_done(&all);
}

/* Every tenth row. */
static bool is_tenth(const void *context, FsaBytes row) {
  (void)context;
  const FsaText number = fsa_rows_cell(row, NUMBER);
  assert_null(fsa_rows_cell(row, 7).data);
  return number.data[number.size - 1] == '0';
}

static void picked_rows_are_the_same_bytes(void **state) {
  (void)state;
  int result;
  FsaRows *rows = many_rows(MANY, 64u << 20, &result);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaRows *picked = fsa_rows_pick(rows, is_tenth, NULL);
  assert_int_equal(fsa_rows_count(picked), MANY / 10);
  FsaBuffer wanted = many_bytes(MANY, 10);
  assert_sent(picked, wanted.data, wanted.size);
  fsa_buffer_done(&wanted);
  fsa_rows_drop(rows);
  fsa_rows_drop(picked);
}

static void no_rows_are_no_pieces(void **state) {
  (void)state;
  FsaRows *rows = fsa_rows_new(1000);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  assert_int_equal(all.size, 0);
  fsa_rows_drop(fsa_rows_share(rows));
  fsa_rows_drop(rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_bytes_are_those_of_a_thrift_map),
      cmocka_unit_test(every_kind_of_value_is_text),
      cmocka_unit_test(many_rows_are_packed_and_come_out_in_order),
      cmocka_unit_test(a_row_longer_than_a_block_stays_whole),
      cmocka_unit_test(the_ceiling_counts_what_is_sent),
      cmocka_unit_test(picked_rows_are_the_same_bytes),
      cmocka_unit_test(no_rows_are_no_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
