/* scoring/store/store_rows.c: rows of a store, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/result.h"
#include "store/store_rows.h"

static const char *const names[] = {"key", "hosts"};

static void rows(void **state) {
  (void)state;
  static const char text[] = "{\"hosts\":\"18446744073709551615\",\"key\":\"a\\u001Fb\"}\n"
                             "{\"key\":\"\",\"other\":1}\n";
  FsaText rest = {text, strlen(text)}, values[2];
  FsaArena arena = fsa_arena(0);
  uint64_t number;
  assert_int_equal(fsa_store_row(&rest, &arena, names, 2, values), FSA_ROW);
  assert_int_equal(values[0].size, 3);
  assert_memory_equal(values[0].data,
                      "a\x1f"
                      "b",
                      3);
  assert_true(fsa_store_number(values[1], &number));
  assert_true(number == UINT64_MAX);
  assert_int_equal(fsa_store_row(&rest, &arena, names, 2, values), FSA_ROW);
  assert_null(values[1].data);
  assert_false(fsa_store_number(values[1], &number));
  assert_int_equal(fsa_store_row(&rest, &arena, names, 2, values), FSA_OK);
  fsa_arena_done(&arena);
}

/* A server that fails on the way writes its error behind the rows. */
static void no_rows(void **state) {
  (void)state;
  static const char *const texts[] = {"Code: 279, e.displayText() = ...", "{\"key\":\"a\"", "[1]",
                                      "{\"key\":{}}", "7"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    FsaText rest = {texts[i], strlen(texts[i])}, values[2];
    FsaArena arena = fsa_arena(0);
    assert_int_equal(fsa_store_row(&rest, &arena, names, 2, values), FSA_E_FORMAT);
    fsa_arena_done(&arena);
  }
}

static void numbers(void **state) {
  (void)state;
  static const char *const bad[] = {"", "-1", "1.5", "18446744073709551616", "x"};
  uint64_t number;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(fsa_store_number((FsaText){bad[i], strlen(bad[i])}, &number));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows),
      cmocka_unit_test(no_rows),
      cmocka_unit_test(numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
