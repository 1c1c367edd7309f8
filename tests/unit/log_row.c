/* scoring/log/log_row.c: one row is one row, however it was written and whichever way it was read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "log/log_row.h"

static const FsaSipKey hash_key = {1, 2};
static const FsaQueryMeta meta = {
    .name = "fsa_x", .key = {{"path", 4}, {"name", 4}}, .key_count = 2};

typedef struct Seen {
  int result;
  FsaLogRow row;
  char columns[1024], values[4096], key[1024];
} Seen;

static void copy(char *to, FsaText text) {
  if (text.size) memcpy(to, text.data, text.size);
  to[text.size] = '\0';
}

static Seen read_row(FsaRowReader *reader, const char *line) {
  FsaArena arena = fsa_arena(0);
  FsaJson json = fsa_json(line, strlen(line));
  Seen seen = {0};
  seen.result = fsa_row_read(reader, &json, &meta, &arena, &seen.row);
  if (seen.result == FSA_OK) {
    copy(seen.columns, seen.row.columns);
    copy(seen.values, seen.row.values);
    copy(seen.key, seen.row.key);
    assert_int_equal(fsa_json_kind(&json), FSA_JSON_END);
  }
  fsa_arena_done(&arena);
  return seen;
}

/* The row that stands behind others gives what it gives alone. */
static void same_as_alone(const char *line) {
  static const char *const others[] = {
      "{\"path\":\"C:\\\\a\",\"name\":\"b\",\"pid\":\"4\"}", "{\"pid\":\"4\"}", "{}",
      "{\"path\":\"x\",\"name\":\"y\",\"pid\":\"z\",\"more\":\"w\"}"};
  FsaRowReader *fresh = fsa_row_reader_new(hash_key);
  Seen alone = read_row(fresh, line);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    FsaRowReader *used = fsa_row_reader_new(hash_key);
    read_row(used, others[i]);
    for (int again = 0; again < 2; again++) {
      Seen behind = read_row(used, line);
      assert_int_equal(behind.result, alone.result);
      assert_string_equal(behind.columns, alone.columns);
      assert_string_equal(behind.values, alone.values);
      assert_true(behind.row.hash == alone.row.hash);
      assert_true(behind.row.key_hash == alone.row.key_hash);
      if (behind.row.key.data) assert_string_equal(behind.key, alone.key);
    }
    fsa_row_reader_free(used);
  }
  fsa_row_reader_free(fresh);
}

static void position_does_not_matter(void **state) {
  (void)state;
  static const char *const lines[] = {
      "{\"path\":\"C:\\\\Windows\\\\x.exe\",\"name\":\"x.exe\",\"pid\":\"77\"}",
      "{\"path\":\"C:\\\\Windows\\\\x.exe\",\"name\":\"x.exe\",\"pid\":77}",
      "{ \"path\" : \"\" , \"name\" : \"\\u00e4\" , \"pid\" : -1.5e3 }",
      "{\"path\":\"\xc3\xa4\xff\",\"name\":\"\\/\\t\\\"\",\"pid\":null}",
      "{\"path\":\"a\tb\nc\",\"name\":{\"q\":[1]},\"pid\":true}",
      "{\"path\":\"x\",\"path\":\"y\",\"name\":\"z\",\"pid\":\"\"}",
      "{\"path\":\"x\",\"name\":\"unfinished",
      "{\"path\":\"x\",\"name\":\"y\",\"pid\":\"z\"",
      "{\"path\":\"x\",\"name\":\"y\" \"pid\":\"z\"}",
      "{\"path\":\"x\",\"name\":\"y\",\"pid\":0x4}",
      "{}",
      "[]",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) same_as_alone(lines[i]);
}

static void same_row(const char *one, const char *other) {
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  Seen left = read_row(reader, one), right = read_row(reader, other);
  assert_int_equal(left.result, FSA_OK);
  assert_int_equal(right.result, FSA_OK);
  assert_true(left.row.hash == right.row.hash);
  assert_true(left.row.key_hash == right.row.key_hash);
  fsa_row_reader_free(reader);
}

static void writing_does_not_matter(void **state) {
  (void)state;
  same_row("{\"path\":\"a\",\"pid\":\"4\"}", "{\"pid\":4,\"path\":\"a\"}");
  same_row("{\"path\":\"a/b\"}", "{\"path\":\"a\\/b\"}");
  same_row("{\"path\":\"<\"}", "{\"path\":\"\\u003C\"}");
  same_row("{\"path\":\"\xc3\xa4\"}", "{\"path\":\"\\u00e4\"}");
  same_row("{\"path\":\"a\",\"name\":\"\"}", "{\"path\":\"a\",\"name\":null}");
  same_row("{\"path\":\"\\u0009\"}", "{\"path\":\"\\t\"}");
}

static void kept_row(void **state) {
  (void)state;
  static const char line[] =
      "{\"path\":\"C:\\\\Users\\\\Ada\\\\x\\n\",\"name\":\"\\u0001\",\"pid\":4}";
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  FsaArena arena = fsa_arena(0);
  FsaBuffer out = fsa_buffer(4096);
  Seen seen = read_row(reader, line);
  assert_string_equal(seen.columns, "path\tname\tpid");
  assert_string_equal(seen.values, "C:\\\\Users\\\\Ada\\\\x\\n\t\\u0001\t4");
  FsaText columns = {seen.columns, strlen(seen.columns)};
  FsaText values = {seen.values, strlen(seen.values)};
  fsa_row_json(columns, values, &out);
  assert_string_equal(fsa_buffer_text(&out), "{\"path\":\"C:\\\\Users\\\\Ada\\\\x\\n\","
                                             "\"name\":\"\\u0001\",\"pid\":\"4\"}");
  FsaText path = fsa_row_value(columns, values, (FsaText){"path", 4}, &arena);
  assert_int_equal(path.size, 15);
  assert_memory_equal(path.data, "C:\\Users\\Ada\\x\n", 15);
  assert_null(fsa_row_value(columns, values, (FsaText){"none", 4}, &arena).data);
  FsaLogRow again;
  assert_int_equal(fsa_row_take(reader, columns, values, &meta, &arena, &again), FSA_OK);
  assert_true(again.hash == seen.row.hash && again.key_hash == seen.row.key_hash);
  fsa_buffer_clear(&out);
  assert_int_equal(fsa_row_key(reader, columns, values, &meta, &out), FSA_OK);
  assert_string_equal(fsa_buffer_text(&out), seen.key);
  fsa_buffer_done(&out);
  fsa_arena_done(&arena);
  fsa_row_reader_free(reader);
}

static const char known_rows[] =
    "path\tname\tpid\nC:\\\\a\tb\t4\nC:\\\\a\tb\t5\n\t\t\n/x/1234\t\xc3\xa4\t7\nq\t\\\"\t7\n";

/* The row's values, from the known row and what differs, or as it came. */
static void put_values(const FsaRowDictionary *rows, const FsaLogRow *row, FsaBuffer *out) {
  if (row->like == FSA_NO_ROW) fsa_buffer_put(out, row->values.data, row->values.size);
  for (size_t i = 0; row->like != FSA_NO_ROW && i < rows->column_count; i++) {
    FsaText value = row->same[i] ? fsa_row_dictionary_cell(rows, row->like, i) : row->cells[i];
    if (i) fsa_buffer_putc(out, '\t');
    fsa_buffer_put(out, value.data, value.size);
  }
}

/* Reads rows that stand behind each other with and without an index: they must not differ. */
static void compare_rows(FsaRowIndex *index, const char *lines, size_t likes) {
  FsaRowReader *plain = fsa_row_reader_new(hash_key), *compared = fsa_row_reader_new(hash_key);
  FsaJson json = fsa_json(lines, strlen(lines)), again = json;
  FsaArena arena = fsa_arena(0);
  size_t found = 0;
  fsa_row_reader_compare(compared, index);
  while (fsa_json_kind(&json) != FSA_JSON_END) {
    FsaLogRow row, other;
    FsaBuffer values = fsa_buffer(4096);
    assert_int_equal(fsa_row_read(plain, &json, &meta, &arena, &row), FSA_OK);
    assert_int_equal(fsa_row_read(compared, &again, &meta, &arena, &other), FSA_OK);
    assert_int_equal(json.at, again.at);
    assert_true(row.hash == other.hash && row.key_hash == other.key_hash);
    put_values(index->dictionary, &other, &values);
    assert_int_equal(values.size, row.values.size);
    assert_memory_equal(values.data, row.values.data, values.size);
    found += other.like != FSA_NO_ROW;
    fsa_buffer_done(&values);
  }
  assert_int_equal(found, likes);
  fsa_arena_done(&arena);
  fsa_row_reader_free(plain);
  fsa_row_reader_free(compared);
}

static void rows_that_are_known(void **state) {
  (void)state;
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  FsaRowDictionary *rows;
  FsaText text = {known_rows, sizeof known_rows - 1};
  assert_int_equal(fsa_row_dictionary_new(NULL, text, &rows), FSA_OK);
  FsaRowIndex *first = fsa_row_index_new(rows, &meta, 1, NULL, reader);
  FsaRowIndex *index = fsa_row_index_new(rows, &meta, 1, first, reader); /* one that has grown */
  fsa_row_index_unref(first);
  /* in their order, in another, with other values, and strangers between them */
  static const char begin[] = "{\"path\":\"first\",\"name\":\"of\",\"pid\":\"all\"}";
  static const struct {
    const char *rows;
    size_t likes;
  } cases[] = {
      {"{\"path\":\"C:\\\\a\",\"name\":\"b\",\"pid\":\"4\"}"
       "{\"path\":\"C:\\\\a\",\"name\":\"b\",\"pid\":\"5\"}",
       2},
      {"{\"path\":\"/x/1234\",\"name\":\"\xc3\xa4\",\"pid\":8}"
       "{\"path\":\"\",\"name\":\"\",\"pid\":\"\"}",
       2},
      {"{\"path\":\"/x/12345\",\"name\":\"\xc3\xa4\",\"pid\":7}", 0},
      {"{\"path\":\"C:\\\\a\",\"name\":\"b\\\"\",\"pid\":\"4\"}", 0},
      {"{\"path\":\"C:\\\\a\\u0041\",\"name\":\"b\",\"pid\":\"4\"}", 0},
      {"{\"path\":\"q\",\"name\":\"\\\"\",\"pid\":\"a\\tb\"}", 1},
      {"{ \"path\":\"\\u0071\",\"name\":\"\\\"\",\"pid\":\"\\u0007\"}", 1},
      {"{\"pid\":\"4\",\"path\":\"C:\\\\a\",\"name\":\"b\"}", 0}, /* other columns */
      {"{\"path\":\"q\",\"name\":\"\\\"\",\"pid\":\"7\",\"more\":\"\"}{}", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    FsaBuffer lines = fsa_buffer(4096);
    fsa_buffer_printf(&lines, "%s%s%s", begin, cases[i].rows, begin);
    compare_rows(index, fsa_buffer_text(&lines), cases[i].likes);
    fsa_buffer_done(&lines);
  }
  fsa_row_index_unref(index);
  fsa_row_dictionary_unref(rows);
  fsa_row_reader_free(reader);
}

/* A row with too many columns costs itself, not what stands behind it. */
static void too_many_columns(void **state) {
  (void)state;
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  FsaArena arena = fsa_arena(0);
  FsaBuffer line = fsa_buffer(65536);
  fsa_buffer_puts(&line, "{\"a\":\"b\"");
  for (int i = 0; i < FSA_MAX_ROW_COLUMNS; i++) fsa_buffer_printf(&line, ",\"c%d\":\"\"", i);
  fsa_buffer_puts(&line, "}{\"path\":\"x\"}");
  FsaJson json = fsa_json(line.data, line.size);
  FsaLogRow row;
  assert_int_equal(fsa_row_read(reader, &json, &meta, &arena, &row), FSA_E_FORMAT);
  assert_null(json.why);
  assert_int_equal(fsa_row_read(reader, &json, &meta, &arena, &row), FSA_OK);
  fsa_buffer_done(&line);
  fsa_arena_done(&arena);
  fsa_row_reader_free(reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(position_does_not_matter),
      cmocka_unit_test(writing_does_not_matter),
      cmocka_unit_test(kept_row),
      cmocka_unit_test(rows_that_are_known),
      cmocka_unit_test(too_many_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
