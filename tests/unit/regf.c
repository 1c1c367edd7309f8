/* regf: over the hives that tests/evidence/make_hives.py makes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/regf.h"

#define FIXTURES FSA_BUILD_DIR "/evidence/hives/"

/* An open fixture and what was told about it. */
typedef struct Hive {
  FsaBytes primary;
  FsaBytes logs[2];
  FsaRegf *regf;
  FsaArena arena;
  int problems, stale;
  size_t keys, values, partial;
} Hive;

static void count_problem(void *context, int code, uint64_t offset, const char *message) {
  Hive *hive = context;
  (void)offset;
  assert_true(message[0] != '\0' && code < 0);
  hive->problems++;
  hive->stale += code == FSA_E_STALE;
}

/* A file in memory of exactly its size; empty when it is not there. */
static FsaBytes slurp(const char *name, const char *suffix) {
  char path[1024];
  snprintf(path, sizeof path, "%s%s%s", FIXTURES, name, suffix);
  FILE *file = fopen(path, "rb");
  if (!file) return fsa_bytes(NULL, 0);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *data = size ? malloc(size) : NULL;
  if (size) assert_int_equal(fread(data, 1, size, file), size);
  fclose(file);
  return fsa_bytes(data, size);
}

static int open_bytes(Hive *hive) {
  hive->arena = fsa_arena(0);
  return fsa_regf_open(hive->primary, hive->logs, 2, count_problem, hive, &hive->regf);
}

static int open_fixture(Hive *hive, const char *name) {
  *hive = (Hive){.primary = slurp(name, "")};
  hive->logs[0] = slurp(name, ".LOG1");
  hive->logs[1] = slurp(name, ".LOG2");
  if (!hive->primary.data) fail_msg("no fixture %s: tests/evidence/make_hives.py makes it", name);
  return open_bytes(hive);
}

static void done(Hive *hive) {
  fsa_regf_close(hive->regf);
  fsa_arena_done(&hive->arena);
  free((void *)(uintptr_t)hive->primary.data);
  free((void *)(uintptr_t)hive->logs[0].data);
  free((void *)(uintptr_t)hive->logs[1].data);
}

/* Walks everything below a key; reads every byte of what it gets. */
static unsigned walk(Hive *hive, FsaRegfKey key, int depth) {
  FsaRegfKeyInfo info;
  FsaRegfValue *values;
  FsaRegfKey *keys;
  size_t count;
  unsigned sum = 0;
  assert_true(depth < 600);
  assert_int_equal(fsa_regf_key_info(hive->regf, key, &hive->arena, &info), FSA_OK);
  assert_true(fsa_text_is_valid(info.name.data, info.name.size));
  for (size_t i = 0; i < info.security.size; i++) sum += info.security.data[i];
  hive->keys++;
  int rc = fsa_regf_values(hive->regf, key, &hive->arena, count_problem, hive, &values, &count);
  assert_int_equal(rc, FSA_OK);
  hive->values += count;
  for (size_t i = 0; i < count; i++) {
    hive->partial += values[i].is_partial;
    assert_true(fsa_text_is_valid(values[i].name.data, values[i].name.size));
    for (size_t at = 0; at < values[i].data.size; at++) sum += values[i].data.data[at];
  }
  rc = fsa_regf_subkeys(hive->regf, key, &hive->arena, count_problem, hive, &keys, &count);
  assert_int_equal(rc, FSA_OK);
  for (size_t i = 0; i < count; i++) sum += walk(hive, keys[i], depth + 1);
  return sum;
}

static void walk_all(Hive *hive) {
  if (fsa_regf_root(hive->regf)) walk(hive, fsa_regf_root(hive->regf), 0);
}

/* The key at a '/' separated path, 0 when there is none. */
static FsaRegfKey at(Hive *hive, const char *path) {
  FsaRegfKey key = fsa_regf_root(hive->regf);
  while (*path && key) {
    size_t size = strcspn(path, "/");
    if (fsa_regf_find(hive->regf, key, path, size, &key) != FSA_OK) return 0;
    path += size + (path[size] == '/');
  }
  return key;
}

static FsaRegfValue value_at(Hive *hive, const char *path, const char *name) {
  FsaRegfValue value = {.type = UINT32_MAX};
  fsa_regf_find_value(hive->regf, at(hive, path), name, strlen(name), &hive->arena, count_problem,
                      hive, &value);
  return value;
}

/* Opens, walks, compares the counts. */
static void expect(const char *name, FsaRegfReplay replay, size_t keys, size_t values,
                   int problems) {
  Hive hive;
  assert_int_equal(open_fixture(&hive, name), FSA_OK);
  walk_all(&hive);
  if (hive.keys != keys || hive.values != values || hive.problems != problems ||
      fsa_regf_replay(hive.regf) != replay)
    fail_msg("%s: %zu keys, %zu values, %d problems, replay %d", name, hive.keys, hive.values,
             hive.problems, (int)fsa_regf_replay(hive.regf));
  assert_int_equal(hive.stale > 0, replay == FSA_REGF_STALE);
  done(&hive);
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void test_list_kinds(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "kinds"), FSA_OK);
  static const char *const parents[] = {"lf", "lh", "li", "lf_ri", "lh_ri", "li_ri"};
  for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
    char path[64];
    FsaRegfKey *keys, parent = at(&hive, parents[i]);
    size_t count;
    assert_int_equal(
        fsa_regf_subkeys(hive.regf, parent, &hive.arena, count_problem, &hive, &keys, &count),
        FSA_OK);
    assert_int_equal(count, 10);
    for (int child = 0; child < 10; child++) {
      FsaRegfKeyInfo info;
      snprintf(path, sizeof path, "%s/cHILD%d", parents[i], child);
      assert_int_equal(at(&hive, path), keys[child]);
      assert_int_equal(fsa_regf_key_info(hive.regf, keys[child], &hive.arena, &info), FSA_OK);
      assert_int_equal(info.parent, parent);
      assert_int_equal(value_at(&hive, path, "N").data.data[0], child);
    }
    snprintf(path, sizeof path, "%s/Child", parents[i]);
    assert_int_equal(at(&hive, path), 0);
  }
  assert_int_not_equal(at(&hive, "many/K1199"), 0);
  assert_int_equal(hive.problems, 0);
  done(&hive);
}

static void test_key_facts(void **state) {
  (void)state;
  Hive hive;
  FsaRegfKeyInfo info;
  assert_int_equal(open_fixture(&hive, "rich"), FSA_OK);
  assert_string_equal(fsa_regf_file_name(hive.regf, &hive.arena).data,
                      "SystemRoot\\System32\\Config\\RICH"); /* 31 characters are kept */
  assert_int_equal(fsa_regf_key_info(hive.regf, at(&hive, "class"), &hive.arena, &info), FSA_OK);
  assert_string_equal(info.class_name.data, "Klasse \xC3\xBC");
  assert_int_equal(info.write_time, INT64_C(1704164645) * FSA_NS_PER_SECOND);
  assert_int_equal(fsa_regf_key_info(hive.regf, at(&hive, "early"), &hive.arena, &info), FSA_OK);
  assert_int_equal(info.write_time, 0);
  assert_null(info.class_name.data);
  assert_int_equal(info.security.size, 100);
  assert_int_equal(info.security.data[0], 1);
  assert_int_equal(fsa_regf_key_info(hive.regf, at(&hive, "never"), &hive.arena, &info), FSA_OK);
  assert_int_equal(info.write_time, INT64_MIN);
  FsaRegfKey unsecured = at(&hive, "unsecured");
  assert_int_equal(fsa_regf_key_info(hive.regf, unsecured, &hive.arena, &info), FSA_OK);
  assert_int_equal(info.security.size, 0);
  assert_int_equal(info.offset, unsecured);
  done(&hive);
}

static void test_names(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "rich"), FSA_OK);
  static const char *const names[] = {"PLAIN",
                                      "CAF\xC3\x89",
                                      "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
                                      "a\xE2\x90\x80hidden",
                                      "\xF0\x9F\x94\x91",
                                      "upper",
                                      "wide"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[64];
    snprintf(path, sizeof path, "names/%s", names[i]);
    assert_int_not_equal(at(&hive, path), 0);
    if (i < 6) assert_int_equal(value_at(&hive, path, names[i]).type, 1);
  }
  assert_int_equal(value_at(&hive, "names", "WIDE VALUE").data.size, 4);
  assert_int_equal(at(&hive, "names/a"), 0);
  done(&hive);
}

static void test_data(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "rich"), FSA_OK);
  static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 4096, 16343, 16344, 16345, 32688, 40000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char name[16];
    snprintf(name, sizeof name, "b%zu", sizes[i]);
    FsaRegfValue value = value_at(&hive, "sizes", name);
    assert_int_equal(value.type, 3);
    assert_int_equal(value.data.size, sizes[i]);
    assert_int_equal(value.data_size, sizes[i]);
    assert_false(value.is_partial);
    for (size_t byte = 0; byte < sizes[i]; byte++)
      assert_int_equal(value.data.data[byte], byte * 7 % 251);
  }
  assert_memory_equal(value_at(&hive, "sizes", "four in a cell").data.data, "ABCD", 4);
  assert_int_equal(hive.problems, 0);
  assert_int_equal(value_at(&hive, "types", "device").type, 0xFFFF0012u);
  assert_int_equal(value_at(&hive, "types", "qword").data.data[7], 0x80);
  done(&hive);
}

static void test_versions(void **state) {
  (void)state;
  expect("nt31", FSA_REGF_CLEAN, 3, 2, 0);
  expect("v1_2", FSA_REGF_CLEAN, 3, 1, 0);
  expect("v1_3", FSA_REGF_CLEAN, 3, 1, 0);
  expect("v1_4", FSA_REGF_CLEAN, 3, 1, 0);
  expect("v1_6", FSA_REGF_CLEAN, 3, 1, 0);
  Hive hive;
  assert_int_equal(open_fixture(&hive, "version"), FSA_E_VERSION);
  done(&hive);
}

static void test_probe(void **state) {
  (void)state;
  FsaBytes hive = slurp("small", ""), log = slurp("dirty_new", ".LOG1");
  assert_true(fsa_regf_probe(hive));
  assert_true(fsa_regf_probe(fsa_bytes(hive.data, 512)));
  assert_false(fsa_regf_probe(log));
  assert_false(fsa_regf_probe(fsa_bytes("regf", 0)));
  FsaRegf *regf;
  assert_int_equal(fsa_regf_open(log, NULL, 0, NULL, NULL, &regf), FSA_E_FORMAT);
  free((void *)(uintptr_t)hive.data);
  free((void *)(uintptr_t)log.data);
}

/* ---- logs ------------------------------------------------------------------------------------ */

static void test_new_logs(void **state) {
  (void)state;
  expect("dirty_new", FSA_REGF_REPLAYED, 44, 42, 0);
  expect("dirty_split", FSA_REGF_REPLAYED, 44, 42, 0);
  expect("badbase_new", FSA_REGF_REPLAYED, 44, 42, 0);
  expect("dirty_torn", FSA_REGF_REPLAYED, 3, 2, 1);
  expect("dirty_badhash", FSA_REGF_REPLAYED, 3, 2, 1);
  expect("dirty_firstbad", FSA_REGF_STALE, 2, 1, 2);
  expect("dirty_oldentries", FSA_REGF_STALE, 2, 1, 1);
  expect("clean_with_log", FSA_REGF_CLEAN, 2, 1, 0);
}

static void test_gap_is_stale(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "dirty_gap"), FSA_OK);
  assert_int_equal(fsa_regf_replay(hive.regf), FSA_REGF_REPLAYED);
  assert_int_equal(hive.stale, 1); /* entries 6 and 7 are missing, 8 must not be applied */
  assert_int_not_equal(at(&hive, "middle"), 0);
  assert_int_equal(at(&hive, "after"), 0);
  done(&hive);
}

static void test_lying_logs(void **state) {
  (void)state;
  static const char *const names[] = {
      "page_outside", "page_wraps", "pages_missing", "many_pages", "bins_huge", "bins_beyond_logs",
      "bins_odd",     "bins_none",  "entry_small",   "entry_huge", "old_bins"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[32];
    snprintf(name, sizeof name, "lie_%s", names[i]);
    expect(name, FSA_REGF_STALE, 2, 1, 2);
  }
}

static void test_old_logs(void **state) {
  (void)state;
  expect("dirty_old", FSA_REGF_REPLAYED, 44, 42, 0);
  expect("badbase_old", FSA_REGF_REPLAYED, 44, 42, 0);
  expect("dirty_old_cut", FSA_REGF_STALE, 2, 1, 2);
  expect("dirty_old_other", FSA_REGF_STALE, 2, 1, 1);
}

static void test_no_logs(void **state) {
  (void)state;
  expect("dirty_nolog", FSA_REGF_STALE, 2, 1, 1);
  expect("dirty_emptylog", FSA_REGF_STALE, 2, 1, 1);
  expect("checksum", FSA_REGF_STALE, 1268, 60, 2);
}

/* ---- deleted --------------------------------------------------------------------------------- */

/* The recovered key of this name, 0 when there is none. */
static FsaRegfKey deleted_named(Hive *hive, const char *name, FsaRegfKeyInfo *ret_info) {
  const FsaRegfKey *keys;
  size_t count;
  assert_int_equal(fsa_regf_deleted_keys(hive->regf, &keys, &count), FSA_OK);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(fsa_regf_key_info(hive->regf, keys[i], &hive->arena, ret_info), FSA_OK);
    if (strcmp(ret_info->name.data, name) == 0) return keys[i];
  }
  return 0;
}

static void test_deleted_keys(void **state) {
  (void)state;
  Hive hive;
  FsaRegfKeyInfo a, b, info;
  FsaRegfValue *values;
  size_t count;
  const FsaRegfKey *below;
  assert_int_equal(open_fixture(&hive, "deleted"), FSA_OK);
  assert_int_equal(at(&hive, "tree/a"), 0);
  FsaRegfKey key_a = deleted_named(&hive, "a", &a), key_b = deleted_named(&hive, "b", &b);
  assert_true(key_a && key_b && a.is_deleted && b.is_deleted);
  assert_int_equal(a.parent, at(&hive, "tree"));
  assert_int_equal(b.parent, key_a);
  assert_int_equal(fsa_regf_deleted_subkeys(hive.regf, key_a, &below, &count), FSA_OK);
  assert_true(count == 1 && below[0] == key_b);
  int rc = fsa_regf_values(hive.regf, key_b, &hive.arena, count_problem, &hive, &values, &count);
  assert_true(rc == FSA_OK && count == 1 && values[0].is_deleted && !values[0].is_partial);
  assert_string_equal(values[0].name.data, "deep");
  assert_int_equal(values[0].data.size, 24);
  FsaRegfKey big = deleted_named(&hive, "bigone", &info);
  assert_int_equal(fsa_regf_deleted_values(hive.regf, big, &hive.arena, &values, &count), FSA_OK);
  assert_true(count == 1 && values[0].data.size == 20000);
  for (size_t i = 0; i < 20000; i++) assert_int_equal(values[0].data.data[i], i % 253);
  assert_int_not_equal(deleted_named(&hive, "hidden", &info), 0); /* allocated, in no list */
  done(&hive);
}

static void test_deleted_values(void **state) {
  (void)state;
  Hive hive;
  FsaRegfValue *values;
  size_t count;
  assert_int_equal(open_fixture(&hive, "deleted"), FSA_OK);
  FsaRegfKey live = at(&hive, "live");
  int rc = fsa_regf_values(hive.regf, live, &hive.arena, count_problem, &hive, &values, &count);
  assert_true(rc == FSA_OK && count == 1 && !values[0].is_deleted);
  assert_int_equal(fsa_regf_deleted_values(hive.regf, live, &hive.arena, &values, &count), FSA_OK);
  assert_int_equal(count, 2);
  assert_string_equal(values[0].name.data, "gone1");
  assert_string_equal(values[1].name.data, "gone2");
  assert_int_equal(values[1].data.size, 64);
  assert_int_equal(values[1].data.data[63], 'D');
  assert_int_equal(hive.problems, 0);
  done(&hive);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void test_damage(void **state) {
  (void)state;
  expect("bad_root", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("bad_bin_head", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("bad_bin_size", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("chain", FSA_REGF_CLEAN, 1267, 59, 3);
  expect("no_base", FSA_REGF_STALE, 1268, 60, 3);
  expect("no_subkey", FSA_REGF_CLEAN, 1267, 59, 2);
  expect("repeated", FSA_REGF_CLEAN, 1267, 59, 2);
  expect("wrong_parent", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("circle", FSA_REGF_CLEAN, 1268, 60, 11);
  expect("nested_ri", FSA_REGF_CLEAN, 1265, 57, 2);
  expect("value_data", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("value_count", FSA_REGF_CLEAN, 1268, 60, 3);
  expect("name_size", FSA_REGF_CLEAN, 1268, 60, 1);
  expect("cut", FSA_REGF_CLEAN, 1, 0, 3);
}

static void test_short_data(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "short_data"), FSA_OK);
  FsaRegfValue cut = value_at(&hive, "k", "claims more");
  assert_true(cut.is_partial && cut.data_size == 100 && cut.data.size == 12);
  assert_memory_equal(cut.data.data, "0123456789", 10);
  assert_int_equal(hive.problems, 1);
  done(&hive);
}

static void test_wrong_hash_hides_nothing(void **state) {
  (void)state;
  Hive hive;
  assert_int_equal(open_fixture(&hive, "wrong_hash"), FSA_OK);
  assert_int_not_equal(at(&hive, "lh/child5"), 0);
  done(&hive);
}

/* ---- every byte ------------------------------------------------------------------------------ */

/* Opens, walks and recovers; whatever happens must end, in bounds and with a told reason. */
static void use_everything(const uint8_t *data, size_t size, FsaBytes log) {
  Hive hive = {.primary = fsa_bytes(data, size), .logs = {log}};
  const FsaRegfKey *keys;
  FsaRegfValue *values;
  size_t count, value_count;
  if (open_bytes(&hive) == FSA_OK) {
    walk_all(&hive);
    assert_int_equal(fsa_regf_deleted_keys(hive.regf, &keys, &count), FSA_OK);
    for (size_t i = 0; i < count; i++)
      assert_int_equal(
          fsa_regf_deleted_values(hive.regf, keys[i], &hive.arena, &values, &value_count), FSA_OK);
    assert_true(hive.problems > 0 || hive.partial == 0);
  }
  fsa_regf_close(hive.regf);
  fsa_arena_done(&hive.arena);
}

static void test_cut_at_every_byte(void **state) {
  (void)state;
  FsaBytes sound = slurp("small", "");
  for (size_t size = 0; size < sound.size; size++) {
    uint8_t *cut = malloc(size ? size : 1); /* exact, so that a read behind it is seen */
    if (size) memcpy(cut, sound.data, size);
    use_everything(cut, size, fsa_bytes(NULL, 0));
    free(cut);
  }
  free((void *)(uintptr_t)sound.data);
}

static void test_every_bit_flipped(void **state) {
  (void)state;
  FsaBytes sound = slurp("small", "");
  uint8_t *bent = malloc(sound.size);
  memcpy(bent, sound.data, sound.size);
  for (size_t bit = 0; bit < sound.size * 8; bit++) {
    if (bit / 8 == 512) bit = 4096 * 8; /* the base block holds nothing between */
    bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
    use_everything(bent, sound.size, fsa_bytes(NULL, 0));
    bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  free(bent);
  free((void *)(uintptr_t)sound.data);
}

static void test_every_byte_of_a_log_bent(void **state) {
  (void)state;
  static const char *const names[] = {"dirty_new", "dirty_old"};
  for (size_t i = 0; i < 2; i++) {
    FsaBytes primary = slurp(names[i], ""), log = slurp(names[i], ".LOG1");
    uint8_t *bent = malloc(log.size);
    memcpy(bent, log.data, log.size);
    for (size_t byte = 0; byte < log.size; byte += byte < 2048 ? 1 : 37) {
      bent[byte] ^= 0xFF;
      use_everything(primary.data, primary.size, fsa_bytes(bent, log.size));
      use_everything(primary.data, primary.size, fsa_bytes(log.data, byte));
      bent[byte] ^= 0xFF;
    }
    free(bent);
    free((void *)(uintptr_t)primary.data);
    free((void *)(uintptr_t)log.data);
  }
}

/* ---- memory and threads ---------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__ /* the sanitizer brings its own allocator */
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define CAN_FAIL_MALLOC 1
#endif
#endif

#ifdef CAN_FAIL_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static int allocations_left = -1; /* negative: no end */

static bool may_allocate(void) {
  if (allocations_left < 0) return true;
  if (allocations_left == 0) return false;
  allocations_left--;
  return true;
}

void *malloc(size_t size) {
  return may_allocate() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size) {
  return may_allocate() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *old, size_t size) {
  return may_allocate() ? __libc_realloc(old, size) : NULL;
}

/* Everything once; the first error that is met. */
static int use_without_memory(Hive *hive) {
  FsaRegfKey *keys, key, stack[64];
  FsaRegfValue *values;
  FsaRegfKeyInfo info;
  const FsaRegfKey *gone;
  size_t count, depth = 1;
  int rc = open_bytes(hive);
  stack[0] = rc == FSA_OK ? fsa_regf_root(hive->regf) : 0;
  while (rc == FSA_OK && depth && stack[depth - 1]) {
    key = stack[--depth];
    rc = fsa_regf_key_info(hive->regf, key, &hive->arena, &info);
    if (rc == FSA_OK)
      rc = fsa_regf_values(hive->regf, key, &hive->arena, NULL, NULL, &values, &count);
    if (rc == FSA_OK)
      rc = fsa_regf_subkeys(hive->regf, key, &hive->arena, NULL, NULL, &keys, &count);
    for (size_t i = 0; rc == FSA_OK && i < count && depth < 64; i++) stack[depth++] = keys[i];
  }
  if (rc == FSA_OK) rc = fsa_regf_deleted_keys(hive->regf, &gone, &count);
  return rc;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  static const char *const names[] = {"small", "dirty_new", "dirty_old", "wrong_parent", "deleted"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    Hive hive;
    assert_int_equal(open_fixture(&hive, names[i]), FSA_OK);
    fsa_regf_close(hive.regf);
    int rc = FSA_E_NOMEM;
    for (int n = 0; rc != FSA_OK && n < 10000; n++) {
      hive.regf = NULL;
      allocations_left = n;
      rc = use_without_memory(&hive);
      allocations_left = -1;
      assert_true(rc == FSA_OK || rc == FSA_E_NOMEM);
      fsa_arena_done(&hive.arena);
      if (rc != FSA_OK) fsa_regf_close(hive.regf);
    }
    assert_int_equal(rc, FSA_OK);
    done(&hive);
  }
}
#endif

static void *read_in_thread(void *regf) {
  const FsaRegfKey *keys;
  FsaRegfKey *children, lh;
  FsaArena arena = fsa_arena(0);
  size_t count = 0;
  FsaRegfKey root = fsa_regf_root(regf);
  bool ok = fsa_regf_find(regf, root, "lh", 2, &lh) == FSA_OK &&
            fsa_regf_subkeys(regf, lh, &arena, NULL, NULL, &children, &count) == FSA_OK &&
            count == 10 && fsa_regf_deleted_keys(regf, &keys, &count) == FSA_OK;
  fsa_arena_done(&arena);
  return ok ? regf : NULL;
}

static void test_threads_share_a_hive(void **state) {
  (void)state;
  Hive hive;
  pthread_t threads[4];
  void *result;
  assert_int_equal(open_fixture(&hive, "wrong_parent"), FSA_OK);
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, read_in_thread, hive.regf), 0);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], &result);
    assert_non_null(result);
  }
  done(&hive);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_list_kinds),
      cmocka_unit_test(test_key_facts),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_data),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_probe),
      cmocka_unit_test(test_new_logs),
      cmocka_unit_test(test_gap_is_stale),
      cmocka_unit_test(test_lying_logs),
      cmocka_unit_test(test_old_logs),
      cmocka_unit_test(test_no_logs),
      cmocka_unit_test(test_deleted_keys),
      cmocka_unit_test(test_deleted_values),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_short_data),
      cmocka_unit_test(test_wrong_hash_hides_nothing),
#ifdef CAN_FAIL_MALLOC
      cmocka_unit_test(test_memory_runs_out),
#endif
      cmocka_unit_test(test_threads_share_a_hive),
      cmocka_unit_test(test_cut_at_every_byte),
      cmocka_unit_test(test_every_bit_flipped),
      cmocka_unit_test(test_every_byte_of_a_log_bent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
