/* Contexts of osquery, as keys: what is understood narrows, what is not narrows nothing. */
#include "osquery/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH, PID, TIME, TEXT };

static const FsaColumn columns[] = {
    [PATH] = {"path", FSA_TEXT, FSA_KEY, "A path."},
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "A number."},
    [TIME] = {"time", FSA_TIME, FSA_KEY, "A time."},
    [TEXT] = {"text", FSA_TEXT, 0, "No key."},
};
static const FsaTable table = {.name = "things",
                               .subject = FSA_FILE,
                               .subject_key = PATH,
                               .columns = columns,
                               .column_count = 4};

static FsaArena arena;
static FsaQuestion question;
static FsaError error;

static int ask(const char *json) {
  fsa_arena_clear(&arena);
  return fsa_question_read(&table, (FsaText){json, strlen(json)}, &arena, &question, &error);
}

/* One condition on one column. */
static void ask_one(const char *column, const char *list) {
  char json[512];
  snprintf(json, sizeof json,
           "{\"constraints\":[{\"name\":\"%s\",\"list\":[%s],\"affinity\":\"TEXT\"}]}", column,
           list);
  assert_int_equal(ask(json), FSA_OK);
}

static bool is_open(int column) {
  return fsa_key_is_open(&question.keys[column]);
}

static void nothing_asks_everything(void **state) {
  (void)state;
  static const char *const contexts[] = {"", "{}", "{\"constraints\":[]}"};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(ask(contexts[i]), FSA_OK);
    assert_int_equal(question.wanted.bits[0], 15);
    assert_false(question.has_keys);
    for (int c = 0; c < layout_count(&table); c++) assert_true(question.sent[c]);
  }
}

static void only_the_columns_that_are_used(void **state) {
  (void)state;
  assert_int_equal(ask("{\"colsUsed\":[\"pid\",\"time_ns\",\"nobody\",7]}"), FSA_OK);
  assert_int_equal(question.wanted.bits[0], 1 << PID | 1 << TIME);
  assert_false(question.sent[LAYOUT_FIRST + TIME]);
  assert_true(question.sent[layout_count(&table) - 1]);
  assert_int_equal(ask("{\"colsUsed\":[],\"colsUsedBitset\":18446744073709551615}"), FSA_OK);
  assert_int_equal(question.wanted.bits[0], 0);
}

static void several_equals_are_a_union(void **state) {
  (void)state;
  ask_one("pid",
          "{\"op\":2,\"expr\":\"9\"},{\"op\":2,\"expr\":\"04\"},{\"op\":2,\"expr\":\"5.0\"}");
  const FsaKey *key = &question.keys[PID];
  assert_int_equal(key->value_count, 3);
  assert_true(fsa_key_admits_int(key, 4) && fsa_key_admits_int(key, 5));
  assert_true(fsa_key_admits_int(key, 9) && !fsa_key_admits_int(key, 8));
  assert_false(question.seeks);
}

static void what_names_subjects_seeks(void **state) {
  (void)state;
  ask_one("path", "{\"op\":2,\"expr\":\"/etc/x\"}");
  assert_true(question.seeks);
  assert_true(fsa_key_admits_text(&question.keys[PATH], "/ETC/x", 6));
  ask_one("path", "{\"op\":65,\"expr\":\"/etc/%\"}");
  assert_false(question.seeks);
  assert_true(question.has_keys);
  assert_false(fsa_key_admits_text(&question.keys[PATH], "/usr", 4));
}

static void ranges_of_numbers_and_of_seconds(void **state) {
  (void)state;
  ask_one("pid", "{\"op\":4,\"expr\":\"4\"},{\"op\":\"8\",\"expr\":\"100\"}");
  assert_int_equal(question.keys[PID].min, 5);
  assert_int_equal(question.keys[PID].max, 100);
  ask_one("time", "{\"op\":32,\"expr\":\"10\"},{\"op\":16,\"expr\":\"12\"}");
  assert_int_equal(question.keys[TIME].min, 10 * FSA_NS_PER_SECOND);
  assert_int_equal(question.keys[TIME].max, 12 * FSA_NS_PER_SECOND - 1);
  ask_one("time_ns", "{\"op\":2,\"expr\":\"10\"}");
  assert_true(fsa_key_admits_int(&question.keys[TIME], 10));
  assert_false(fsa_key_admits_int(&question.keys[TIME], 11));
}

static void what_sqlite_may_see_otherwise_narrows_nothing(void **state) {
  (void)state;
  static const struct {
    const char *column, *list;
    int key;
  } cases[] = {
      {"path", "{\"op\":2,\"expr\":\"5\"}", PATH}, /* '05' = 5 beside a number */
      {"path", "{\"op\":2,\"expr\":\"\"}", PATH},  /* '' is NULL, too */
      {"path", "{\"op\":2,\"expr\":\"a\"},{\"op\":2,\"expr\":\"\"}", PATH},
      {"pid", "{\"op\":2,\"expr\":\"four\"}", PID},  /* no number */
      {"pid", "{\"op\":2,\"expr\":\"9e300\"}", PID}, /* not exact */
      {"pid", "{\"op\":2,\"expr\":null}", PID},
      {"pid", "{\"op\":73,\"expr\":\"1\"}", PID},  /* LIMIT */
      {"pid", "{\"op\":74,\"expr\":\"1\"}", PID},  /* OFFSET */
      {"pid", "{\"op\":68,\"expr\":\"1\"}", PID},  /* <> */
      {"pid", "{\"op\":150,\"expr\":\"1\"}", PID}, /* a function */
      {"pid", "{\"op\":1e300,\"expr\":\"1\"}", PID},
      {"pid", "{\"expr\":\"1\"}", PID},
      {"path", "{\"op\":4,\"expr\":\"a\"}", PATH}, /* a range of text */
      {"text", "{\"op\":2,\"expr\":\"a\"}", TEXT}, /* no key */
      {"nobody", "{\"op\":2,\"expr\":\"a\"}", PATH},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ask_one(cases[i].column, cases[i].list);
    assert_true(is_open(cases[i].key));
    assert_false(question.has_keys);
  }
  assert_int_equal(ask("{\"constraints\":[{\"name\":\"pid\",\"list\":\"\"}]}"), FSA_OK);
  assert_true(is_open(PID));
}

static void evidence_is_named_or_refused(void **state) {
  (void)state;
  ask_one("evidence", "{\"op\":2,\"expr\":\"/a\"},{\"op\":2,\"expr\":\"/"
                      "a\"},{\"op\":72,\"expr\":\"/b\"},{\"op\":2,\"expr\":\"\"}");
  assert_int_equal(question.evidence_count, 2); /* '' is none, and /a counts once */
  assert_string_equal(question.evidence[1], "/b");
  assert_int_equal(
      ask("{\"constraints\":[{\"name\":\"evidence\",\"list\":[{\"op\":65,\"expr\":\"/a%\"}]}]}"),
      FSA_E_USAGE);
  assert_non_null(strstr(error.message, "must be named"));
  assert_int_equal(ask("{\"constraints\":[{\"name\":\"evidence\",\"list\":[{\"op\":2,\"expr\":\"/"
                       "a\\u0000b\"}]}]}"),
                   FSA_E_USAGE);
}

/* A path may be no text; what stands for its bytes afterwards may not be compared with them. */
static void bytes_that_are_no_text_narrow_nothing(void **state) {
  (void)state;
  assert_int_equal(ask("{\"constraints\":[{\"name\":\"path\",\"list\":["
                       "{\"op\":2,\"expr\":\"/tmp/\xff\"},{\"op\":65,\"expr\":\"/tmp/\xff%\"}]}]}"),
                   FSA_OK);
  assert_true(is_open(PATH));
}

static void what_is_no_context_is_an_error(void **state) {
  (void)state;
  static const char *const broken[] = {"{", "[]", "7", "nonsense", "{\"constraints\":[}"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    assert_int_equal(ask(broken[i]), FSA_E_FORMAT);
    assert_non_null(strstr(error.message, "no JSON object"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_asks_everything),
      cmocka_unit_test(only_the_columns_that_are_used),
      cmocka_unit_test(several_equals_are_a_union),
      cmocka_unit_test(what_names_subjects_seeks),
      cmocka_unit_test(ranges_of_numbers_and_of_seconds),
      cmocka_unit_test(what_sqlite_may_see_otherwise_narrows_nothing),
      cmocka_unit_test(evidence_is_named_or_refused),
      cmocka_unit_test(bytes_that_are_no_text_narrow_nothing),
      cmocka_unit_test(what_is_no_context_is_an_error),
  };
  arena = fsa_arena(0);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  fsa_arena_done(&arena);
  return failed;
}
