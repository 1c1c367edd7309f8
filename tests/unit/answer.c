/* scoring/case/answer.c: the state of an answer does not depend on the order of its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "case/answer.h"

static const FsaSipKey hash_key = {1, 2};

typedef struct Change {
  int64_t time;
  int kind; /* 'R' reset, '+' added, '-' removed */
  const char *row;
} Change;

static void apply(FsaAnswer *answer, const Change *change) {
  FsaArena arena = fsa_arena(0);
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  if (change->kind == 'R') {
    fsa_answer_reset(answer, change->time);
  } else {
    FsaJson json = fsa_json(change->row, strlen(change->row));
    FsaLogRow row;
    int result = FSA_OK;
    assert_int_equal(fsa_row_read(reader, &json, NULL, &arena, &row), FSA_OK);
    fsa_answer_begin(answer);
    fsa_answer_change(answer, &row, change->time, change->kind == '+', &result);
    assert_int_equal(result, FSA_OK);
  }
  fsa_row_reader_free(reader);
  fsa_arena_done(&arena);
}

/* What is present after the changes, in the order of `order`. */
static void check(const Change *changes, const size_t *order, size_t count, const char *wanted) {
  FsaAnswer *answer = fsa_answer_new();
  FsaAnswerWriter out = fsa_answer_writer();
  FsaBuffer row = fsa_buffer(4096);
  for (size_t i = 0; i < count; i++) apply(answer, &changes[order[i]]);
  fsa_answer_print(answer, &out);
  FsaText text = {out.text.data, out.text.size};
  FsaAnswerLine line = {0};
  size_t present = 0;
  while (fsa_answer_next(&text, &line)) {
    if (!line.is_present) continue;
    present++;
    fsa_buffer_clear(&row);
    fsa_row_json(line.columns, line.values, &row);
    assert_non_null(strstr(wanted, fsa_buffer_text(&row)));
  }
  assert_int_equal(text.size, 0);
  size_t expected = 0;
  for (const char *at = wanted; *at; at++) expected += *at == '{';
  assert_int_equal(present, expected);
  fsa_buffer_done(&out.text);
  fsa_buffer_done(&row);
  fsa_answer_free(answer);
}

static void check_all_orders(const Change *changes, size_t *order, size_t at, size_t count,
                             const char *wanted) {
  if (at == count) check(changes, order, count, wanted);
  for (size_t i = at; i < count; i++) {
    size_t swap = order[at];
    order[at] = order[i];
    order[i] = swap;
    check_all_orders(changes, order, at + 1, count, wanted);
    order[i] = order[at];
    order[at] = swap;
  }
}

static void any_order(void **state) {
  (void)state;
  const Change changes[] = {{1, '+', "{\"a\":\"1\"}"}, {5, 'R', NULL},
                            {5, '+', "{\"a\":\"2\"}"}, {6, '+', "{\"a\":\"3\"}"},
                            {7, '-', "{\"a\":\"2\"}"}, {8, '+', "{\"a\":\"2\"}"},
                            {9, '-', "{\"a\":\"3\"}"}};
  size_t order[] = {0, 1, 2, 3, 4, 5, 6};
  check_all_orders(changes, order, 0, 7, "{\"a\":\"2\"}");
}

static void same_second_never_hides(void **state) {
  (void)state;
  const Change changes[] = {{1, '+', "{\"a\":\"1\"}"}, {1, '-', "{\"a\":\"1\"}"}};
  size_t order[] = {0, 1};
  check_all_orders(changes, order, 0, 2, "{\"a\":\"1\"}");
}

/* A row that stands twice in one line is two rows; a line that comes twice is one. */
static void copies(void **state) {
  (void)state;
  static const char line[] = "{\"a\":\"1\"}";
  FsaAnswer *answer = fsa_answer_new();
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  FsaArena arena = fsa_arena(0);
  FsaAnswerWriter out = fsa_answer_writer();
  for (size_t entry = 0; entry < 3; entry++) {
    fsa_answer_begin(answer);
    for (size_t i = 0; i <= entry % 2; i++) {
      FsaJson json = fsa_json(line, sizeof line - 1);
      FsaLogRow row;
      int result = FSA_OK;
      assert_int_equal(fsa_row_read(reader, &json, NULL, &arena, &row), FSA_OK);
      bool is_first = entry == 0, is_second_copy = entry == 1 && i == 1;
      assert_int_equal(fsa_answer_change(answer, &row, 5, true, &result),
                       is_first || is_second_copy);
    }
  }
  fsa_answer_print(answer, &out);
  assert_string_equal(fsa_buffer_text(&out.text), "\x1e"
                                                  "a\n\x1d"
                                                  "5\t+\n1\n1\n");
  FsaAnswer *again = fsa_answer_new();
  assert_int_equal(fsa_answer_parse(again, (FsaText){out.text.data, out.text.size}, NULL, reader),
                   FSA_OK);
  FsaAnswerWriter second = fsa_answer_writer();
  fsa_answer_print(again, &second);
  assert_string_equal(fsa_buffer_text(&second.text), fsa_buffer_text(&out.text));
  fsa_buffer_done(&out.text);
  fsa_buffer_done(&second.text);
  fsa_answer_free(answer);
  fsa_answer_free(again);
  fsa_arena_done(&arena);
  fsa_row_reader_free(reader);
}

static void text_round_trip(void **state) {
  (void)state;
  FsaAnswer *one = fsa_answer_new(), *two = fsa_answer_new();
  const Change changes[] = {{1, '+', "{\"a\":\"x\\ty\\nz\"}"},
                            {2, '-', "{\"b\":\"\\u0000\"}"},
                            {2, '+', "{\"b\":\"\\u001e\",\"c\":\"\"}"},
                            {2, '+', "{}"}};
  FsaAnswerWriter first = fsa_answer_writer(), second = fsa_answer_writer();
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) apply(one, &changes[i]);
  fsa_answer_print(one, &first);
  FsaText text = {first.text.data, first.text.size};
  assert_int_equal(fsa_answer_parse(two, text, NULL, reader), FSA_OK);
  assert_int_equal(g_hash_table_size(two->rows), sizeof changes / sizeof *changes);
  fsa_answer_print(two, &second);
  assert_int_equal(first.text.size, second.text.size);
  assert_memory_equal(first.text.data, second.text.data, first.text.size);
  text.size--;
  fsa_answer_free(two);
  two = fsa_answer_new();
  assert_int_equal(fsa_answer_parse(two, text, NULL, reader), FSA_E_FORMAT);
  fsa_buffer_done(&first.text);
  fsa_buffer_done(&second.text);
  fsa_row_reader_free(reader);
  fsa_answer_free(one);
  fsa_answer_free(two);
}

/* What no writer wrote is refused, not guessed. */
static void damaged_text(void **state) {
  (void)state;
  static const char *const texts[] = {
      "value\n", /* no columns */
      "\x1e"
      "a\nvalue\n", /* no state */
      "\x1e"
      "a\n\x1d"
      "5\t+\nvalue", /* cut */
      "\x1e"
      "a\n\x1d"
      "x\t+\nvalue\n", /* no time */
      "\x1e"
      "a\tb\n\x1d"
      "5\t+\nvalue\n", /* fewer values than columns */
      "\x1e"
      "a\n\x1d"
      "5\t+\nvalue\tmore\n", /* more values than columns */
  };
  FsaRowReader *reader = fsa_row_reader_new(hash_key);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    FsaAnswer *answer = fsa_answer_new();
    FsaText text = {texts[i], strlen(texts[i])};
    assert_int_equal(fsa_answer_parse(answer, text, NULL, reader), FSA_E_FORMAT);
    fsa_answer_free(answer);
  }
  fsa_row_reader_free(reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_order),    cmocka_unit_test(same_second_never_hides),
      cmocka_unit_test(copies),       cmocka_unit_test(text_round_trip),
      cmocka_unit_test(damaged_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
