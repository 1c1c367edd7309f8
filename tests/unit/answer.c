/* scoring/answer.c: the state of an answer does not depend on the order of its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "answer.h"

static const FsaSipKey hash_key = {1, 2};

typedef struct Change {
  int64_t time;
  int kind; /* 'R' reset, '+' added, '-' removed */
  const char *row;
} Change;

static void apply(FsaAnswer *answer, const Change *change) {
  FsaArena arena = fsa_arena(0);
  FsaBuffer scratch = fsa_buffer(4096);
  if (change->kind == 'R') {
    fsa_answer_reset(answer, change->time);
  } else {
    FsaJson json = fsa_json(change->row, strlen(change->row));
    FsaLogRow row;
    int result = FSA_OK;
    assert_int_equal(fsa_log_row_read(&json, NULL, hash_key, &arena, &scratch, &row), FSA_OK);
    fsa_answer_change(answer, &row, change->time, change->kind == '+', &result);
    assert_int_equal(result, FSA_OK);
  }
  fsa_buffer_done(&scratch);
  fsa_arena_done(&arena);
}

/* What is present after the changes, in the order of `order`. */
static void check(const Change *changes, const size_t *order, size_t count, const char *wanted) {
  FsaAnswer *answer = fsa_answer_new();
  FsaBuffer out = fsa_buffer(4096);
  for (size_t i = 0; i < count; i++) apply(answer, &changes[order[i]]);
  fsa_answer_print(answer, &out);
  FsaText text = {fsa_buffer_text(&out), out.size};
  FsaAnswerLine line;
  size_t present = 0;
  while (fsa_answer_next(&text, &line)) {
    if (!line.is_present) continue;
    present++;
    char *row = g_strndup(line.json.data, line.json.size);
    assert_non_null(strstr(wanted, row));
    g_free(row);
  }
  assert_int_equal(text.size, 0);
  size_t expected = 0;
  for (const char *at = wanted; *at; at++) expected += *at == '{';
  assert_int_equal(present, expected);
  fsa_buffer_done(&out);
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

static void text_round_trip(void **state) {
  (void)state;
  FsaAnswer *one = fsa_answer_new(), *two = fsa_answer_new();
  const Change changes[] = {{1, '+', "{\"a\":\"x\\ty\\nz\"}"}, {2, '-', "{\"b\":\"\\u0000\"}"}};
  FsaBuffer first = fsa_buffer(4096), second = fsa_buffer(4096);
  for (size_t i = 0; i < 2; i++) apply(one, &changes[i]);
  fsa_answer_print(one, &first);
  FsaText text = {first.data, first.size};
  assert_int_equal(fsa_answer_parse(two, text, NULL, hash_key), FSA_OK);
  fsa_answer_print(two, &second);
  assert_int_equal(first.size, second.size);
  assert_memory_equal(first.data, second.data, first.size);
  text.size--;
  fsa_answer_free(two);
  two = fsa_answer_new();
  assert_int_equal(fsa_answer_parse(two, text, NULL, hash_key), FSA_E_FORMAT);
  fsa_buffer_done(&first);
  fsa_buffer_done(&second);
  fsa_answer_free(one);
  fsa_answer_free(two);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_order),
      cmocka_unit_test(same_second_never_hides),
      cmocka_unit_test(text_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
