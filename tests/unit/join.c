/* scoring/method/join.c and the union-find of join.h; scoring/text/id_map.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text/id_map.h"
#include "method/join.h"

static void names(const char *column, const char *value, const char *wanted) {
  FsaBuffer out = fsa_buffer(4096);
  assert_string_equal(
      fsa_join_name((FsaText){column, strlen(column)}, (FsaText){value, strlen(value)}, &out),
      wanted);
  fsa_buffer_done(&out);
}

static void test_names(void **state) {
  (void)state;
  names("image", "C:\\A\\B.EXE", "c:\\a\\b.exe");
  names("path", "\"C:\\A\\b.exe\" -k", "c:\\a\\b.exe");
  names("folder", "C:\\A\\", "c:\\a");
  names("folder", "/var/tmp/", "/var/tmp");
  names("folder", "/", "/");
  names("pid", "812", "pid=812");
  names("name", "Evil", "name=evil");
  names("pid", "0", "");
  names("path", "-", "");
  names("path", "", "");
}

static void test_union_find(void **state) {
  (void)state;
  uint32_t parents[8];
  for (uint32_t i = 0; i < 8; i++) parents[i] = i;
  fsa_join_union(parents, 6, 7);
  fsa_join_union(parents, 1, 2);
  fsa_join_union(parents, 7, 2);
  fsa_join_union(parents, 2, 1);
  for (uint32_t i = 0; i < 8; i++) {
    uint32_t root = i == 1 || i == 2 || i == 6 || i == 7 ? 1 : i;
    assert_int_equal(fsa_join_root(parents, i), root); /* the first of what is joined */
  }
}

static void check_map(const int64_t *ids, size_t count) {
  FsaIdMap map = fsa_id_map(ids, count);
  uint32_t place = 0;
  for (size_t i = 0; i < count; i++) {
    assert_true(fsa_id_map_find(&map, ids[i], &place));
    assert_int_equal(place, i);
  }
  assert_false(fsa_id_map_find(&map, 4, &place));
  assert_false(fsa_id_map_find(&map, -7, &place));
  assert_false(fsa_id_map_find(&map, INT64_MAX, &place));
  fsa_id_map_done(&map);
}

static void test_id_map(void **state) {
  (void)state;
  check_map((const int64_t[]){3, 1, 2, 9}, 4);
  check_map((const int64_t[]){3, INT64_C(1) << 40, 2, -9}, 4); /* wide gaps */
  check_map(NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_union_find),
      cmocka_unit_test(test_id_map),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
