/* The shimcache value: every layout, cut at every byte and with every bit turned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/appcompatcache.h"

#define FIXTURES FSA_BUILD_DIR "/evidence/shimcache/values/"

static const char *const names[] = {
    "xp",    "2003-x86", "2003-x64", "vista-x86",   "vista-x64", "7-x86",
    "7-x64", "8.0",      "8.1",      "8.1-preview", "10",        "10-creators",
};

#define NAME_COUNT (sizeof names / sizeof *names)
#define MOST_CALLS                                                                                 \
  100000 /* far more than a fixture has entries: a loop that does not end is seen */

/* A fixture in memory of exactly its size, to be freed. */
static FsaBytes slurp(const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s%s.bin", FIXTURES, name);
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("no fixture %s: tests/evidence/make_shimcache.py makes it", path);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *data = malloc(size);
  assert_int_equal(fread(data, 1, size, file), size);
  fclose(file);
  return fsa_bytes(data, size);
}

typedef struct Counts {
  size_t rows, problems;
  const char *format;
} Counts;

/* Every byte that an entry claims is read, so that a view outside the value is seen. */
static unsigned touch(FsaBytes bytes) {
  unsigned sum = 0;
  for (size_t i = 0; i < bytes.size; i++) sum += bytes.data[i];
  return sum;
}

static Counts read_all(FsaBytes value) {
  Counts counts = {0};
  FsaAppCompatCache cache;
  FsaAppCompatEntry entry;
  if (fsa_appcompat_open(value, &cache) != FSA_OK) {
    assert_true(cache.problem[0]);
    counts.problems = 1;
    return counts;
  }
  counts.format = cache.format;
  for (size_t calls = 0;; calls++) {
    assert_true(calls < MOST_CALLS);
    int result = fsa_appcompat_next(&cache, &entry);
    if (result == FSA_OK) return counts;
    if (result == FSA_ROW) {
      counts.rows++;
      (void)(touch(entry.path) + touch(entry.package) + touch(entry.data));
      assert_true(entry.offset < value.size);
      assert_int_equal(entry.path.size % 2, 0);
    } else {
      assert_int_equal(result, FSA_E_FORMAT);
      assert_true(cache.problem[0]);
      counts.problems++;
    }
  }
}

static void test_layouts(void **state) {
  (void)state;
  static const size_t rows[NAME_COUNT] = {4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6};
  for (size_t i = 0; i < NAME_COUNT; i++) {
    FsaBytes value = slurp(names[i]);
    Counts counts = read_all(value);
    const char *format = strcmp(names[i], "8.1-preview") == 0 ? "8.1" : names[i];
    assert_string_equal(counts.format, format);
    assert_int_equal(counts.rows, rows[i]);
    assert_int_equal(counts.problems, 0);
    assert_true(fsa_appcompat_probe(value));
    free((void *)(uintptr_t)value.data);
  }
}

/* A value that was cut never gives more, and says so unless the cut is between two entries. */
static void test_cut_at_every_byte(void **state) {
  (void)state;
  for (size_t i = 0; i < NAME_COUNT; i++) {
    FsaBytes value = slurp(names[i]);
    size_t whole = read_all(value).rows;
    size_t step = value.size > 4096 ? 7 : 1; /* an XP value is 53 kB of empty slots */
    for (size_t size = 0; size < value.size; size += step) {
      uint8_t *exact = malloc(size ? size : 1);
      if (size) memcpy(exact, value.data, size);
      Counts counts = read_all(fsa_bytes(exact, size));
      assert_true(counts.rows <= whole);
      free(exact);
    }
    free((void *)(uintptr_t)value.data);
  }
}

static void test_every_bit_turned(void **state) {
  (void)state;
  for (size_t i = 0; i < NAME_COUNT; i++) {
    FsaBytes value = slurp(names[i]);
    uint8_t *data = (uint8_t *)(uintptr_t)value.data;
    size_t most = value.size > 4096 ? 4096 : value.size;
    for (size_t bit = 0; bit < 8 * most; bit++) {
      data[bit / 8] ^= (uint8_t)(1u << bit % 8);
      read_all(value);
      data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(data);
  }
}

static void test_what_is_no_value(void **state) {
  (void)state;
  static const uint8_t other[] = "this is no AppCompatCache value at all";
  FsaAppCompatCache cache;
  assert_false(fsa_appcompat_probe(fsa_bytes(NULL, 0)));
  assert_int_equal(fsa_appcompat_open(fsa_bytes(NULL, 0), &cache), FSA_E_FORMAT);
  assert_int_equal(fsa_appcompat_open(fsa_bytes(other, sizeof other), &cache), FSA_E_VERSION);
  assert_non_null(strstr(cache.problem, "0x73696874")); /* "this" */
}

static void test_empty_caches(void **state) {
  (void)state;
  uint8_t serial[0x34] = {0x34};
  uint8_t seven[128] = {0xEE, 0x0F, 0xDC, 0xBA};
  Counts counts = read_all(fsa_bytes(serial, sizeof serial));
  assert_string_equal(counts.format, "10-creators");
  assert_int_equal(counts.rows + counts.problems, 0);
  counts = read_all(fsa_bytes(seven, sizeof seven));
  assert_int_equal(counts.rows + counts.problems, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layouts),          cmocka_unit_test(test_cut_at_every_byte),
      cmocka_unit_test(test_every_bit_turned), cmocka_unit_test(test_what_is_no_value),
      cmocka_unit_test(test_empty_caches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
