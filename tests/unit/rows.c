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

static FsaBuffer bytes_of(const FsaRows *rows) {
  FsaBuffer all = fsa_buffer(256u << 20);
  assert_int_equal(fsa_rows_each(rows, collect, &all), FSA_OK);
  return all;
}

static void assert_cell(FsaBytes row, const char *name, const char *wanted) {
  const FsaCellName cell = fsa_cell_name(name, "");
  const FsaText value = fsa_rows_cell(row, &cell);
  if (!wanted) {
    assert_null(value.data);
    return;
  }
  assert_int_equal(value.size, strlen(wanted));
  assert_memory_equal(value.data, wanted, value.size);
}

static void the_bytes_are_those_of_a_thrift_map(void **state) {
  (void)state;
  static const char wanted[] = "\013\013\0\0\0\002"
                               "\0\0\0\003pid\0\0\0\002-1"
                               "\0\0\0\007time_ns\0\0\0\0011";
  FsaRows *rows = fsa_rows_new(1000);
  const FsaCellName pid = fsa_cell_name("pid", ""), time = fsa_cell_name("time", "_ns");
  fsa_rows_begin(rows);
  fsa_rows_int(rows, &pid, -1);
  fsa_rows_int(rows, &time, 1);
  assert_int_equal(fsa_rows_end(rows), FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  assert_int_equal(all.size, sizeof wanted - 1);
  assert_memory_equal(all.data, wanted, all.size);
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
}

static void every_kind_of_value_is_text(void **state) {
  (void)state;
  FsaRows *rows = fsa_rows_new(1000);
  const FsaCellName least = fsa_cell_name("least", ""), real = fsa_cell_name("real", "");
  const FsaCellName hex = fsa_cell_name("hex", ""), blob = fsa_cell_name("blob", "");
  fsa_rows_begin(rows);
  fsa_rows_int(rows, &least, INT64_MIN);
  fsa_rows_double(rows, &real, 0.1);
  fsa_rows_hex(rows, &hex, UINT64_MAX);
  fsa_rows_blob(rows, &blob, "\0\x7f\xff", 3);
  assert_int_equal(fsa_rows_end(rows), FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  const FsaBytes row = fsa_rows_at(fsa_bytes(all.data, all.size), 0);
  assert_int_equal(row.size, all.size);
  assert_cell(row, "least", "-9223372036854775808");
  assert_cell(row, "real", "0.10000000000000001");
  assert_cell(row, "hex", "0xffffffffffffffff");
  assert_cell(row, "blob", "007FFF");
  assert_cell(row, "blo", NULL);
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
}

static FsaRows *many_rows(size_t count, size_t limit, int *ret_result) {
  FsaRows *rows = fsa_rows_new(limit);
  const FsaCellName number = fsa_cell_name("number", ""), text = fsa_cell_name("text", "");
  *ret_result = FSA_OK;
  for (size_t i = 0; i < count && *ret_result == FSA_OK; i++) {
    char words[64];
    snprintf(words, sizeof words, "row %zu of a table that has very many of them", i);
    fsa_rows_begin(rows);
    fsa_rows_int(rows, &number, (int64_t)i);
    fsa_rows_text(rows, &text, words, strlen(words));
    *ret_result = fsa_rows_end(rows);
  }
  return rows;
}

static void many_rows_are_packed_and_come_out_in_order(void **state) {
  (void)state;
  int result;
  FsaRows *rows = many_rows(MANY, 64u << 20, &result);
  assert_int_equal(result, FSA_OK);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  assert_int_equal(fsa_rows_count(rows), MANY);
  FsaBuffer all = bytes_of(rows);
  assert_true(fsa_rows_held(rows) < all.size / 2);
  const FsaBytes piece = fsa_bytes(all.data, all.size);
  size_t at = 0;
  for (size_t i = 0; i < MANY; i++) {
    char wanted[24];
    snprintf(wanted, sizeof wanted, "%zu", i);
    const FsaBytes row = fsa_rows_at(piece, at);
    assert_cell(row, "number", wanted);
    at += row.size;
  }
  assert_int_equal(at, all.size);
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
}

static void a_row_longer_than_a_block_stays_whole(void **state) {
  (void)state;
  const size_t size = 3u << 20;
  char *long_text = malloc(size);
  memset(long_text, 'x', size);
  FsaRows *rows = fsa_rows_new(8u << 20);
  const FsaCellName text = fsa_cell_name("text", "");
  for (int i = 0; i < 2; i++) {
    fsa_rows_begin(rows);
    fsa_rows_text(rows, &text, long_text, size);
    assert_int_equal(fsa_rows_end(rows), FSA_OK);
  }
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  FsaBuffer all = bytes_of(rows);
  assert_int_equal(all.size, 2 * (6 + 8 + 4 + size));
  fsa_buffer_done(&all);
  fsa_rows_drop(rows);
  free(long_text);
}

static void the_ceiling_is_an_error(void **state) {
  (void)state;
  int result;
  FsaRows *rows = many_rows(MANY, 1u << 20, &result);
  assert_int_equal(result, FSA_E_LIMIT);
  fsa_rows_drop(rows);
}

static int copy_all(void *context, FsaBytes piece) {
  for (size_t at = 0; at < piece.size;) {
    const FsaBytes row = fsa_rows_at(piece, at);
    const int result = fsa_rows_copy(context, row);
    if (result != FSA_OK) return result;
    at += row.size;
  }
  return FSA_OK;
}

static void copied_rows_are_the_same_bytes(void **state) {
  (void)state;
  int result;
  FsaRows *rows = many_rows(MANY, 64u << 20, &result), *copy = fsa_rows_new(64u << 20);
  assert_int_equal(fsa_rows_seal(rows), FSA_OK);
  assert_int_equal(fsa_rows_each(rows, copy_all, copy), FSA_OK);
  assert_int_equal(fsa_rows_seal(copy), FSA_OK);
  assert_int_equal(fsa_rows_count(copy), MANY);
  FsaBuffer a = bytes_of(rows), b = bytes_of(copy);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  fsa_buffer_done(&a);
  fsa_buffer_done(&b);
  fsa_rows_drop(rows);
  fsa_rows_drop(copy);
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
      cmocka_unit_test(the_ceiling_is_an_error),
      cmocka_unit_test(copied_rows_are_the_same_bytes),
      cmocka_unit_test(no_rows_are_no_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
