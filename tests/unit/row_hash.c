/* scoring/log/row_hash.c: what is equal, what differs, and that no length is special. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "log/row_hash.h"

static FsaText text(const char *data) {
  return (FsaText){data, strlen(data)};
}

static void columns_do_not_mix(void **state) {
  (void)state;
  FsaHashKeys keys = fsa_hash_keys((FsaSipKey){1, 2});
  uint64_t a = fsa_hash_seed(&keys, text("a")), b = fsa_hash_seed(&keys, text("b"));
  assert_true(fsa_hash_value(&keys, a, text("x")) != fsa_hash_value(&keys, b, text("x")));
  assert_true(fsa_hash_value(&keys, a, (FsaText){NULL, 0}) == 0);
  assert_true(fsa_hash_value(&keys, a, text("")) == 0);
}

/* Every byte of every length counts, and so does the secret. */
static void every_byte_counts(void **state) {
  (void)state;
  FsaHashKeys keys = fsa_hash_keys((FsaSipKey){1, 2}), others = fsa_hash_keys((FsaSipKey){1, 3});
  char data[600];
  memset(data, 'x', sizeof data);
  for (size_t size = 1; size < sizeof data; size++) {
    FsaText value = {data, size};
    uint64_t hash = fsa_hash_value(&keys, 7, value);
    assert_true(hash != fsa_hash_value(&others, 7, value));
    assert_true(hash != fsa_hash_value(&keys, 7, (FsaText){data, size - 1}));
    for (size_t at = 0; at < size; at++) {
      data[at] = 'y';
      assert_true(hash != fsa_hash_value(&keys, 7, value));
      data[at] = 'x';
    }
    assert_true(hash == fsa_hash_value(&keys, 7, value));
  }
}

/* Rows (a, b), (c, d) and rows (a, d), (c, b) have the same values in each column. */
static void rows_are_no_sums(void **state) {
  (void)state;
  FsaHashKeys keys = fsa_hash_keys((FsaSipKey){1, 2});
  uint64_t a = fsa_hash_value(&keys, 1, text("a")), b = fsa_hash_value(&keys, 2, text("b"));
  uint64_t c = fsa_hash_value(&keys, 1, text("c")), d = fsa_hash_value(&keys, 2, text("d"));
  uint64_t one = fsa_hash_row(&keys, a + b) + fsa_hash_row(&keys, c + d);
  uint64_t other = fsa_hash_row(&keys, a + d) + fsa_hash_row(&keys, c + b);
  assert_true(one != other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_do_not_mix),
      cmocka_unit_test(every_byte_counts),
      cmocka_unit_test(rows_are_no_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
