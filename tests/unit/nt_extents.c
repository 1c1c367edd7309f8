/* formats/nt_extents: where a file's clusters lie, and its bytes read from a volume of our own. */
#include "formats/nt_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLUSTER = 4096, SECTOR = 512, VOLUME_CLUSTERS = 400 };

/* ---- answers of the system ------------------------------------------------------------------- */

typedef struct Answer {
  uint8_t data[16 + 16 * 16];
  size_t size;
} Answer;

static void put64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* RETRIEVAL_POINTERS_BUFFER from `start` on; pairs of the next cluster and the place. */
static Answer answer_of(uint64_t start, const uint64_t (*pairs)[2], size_t count) {
  Answer answer = {.size = 16 + 16 * count};
  answer.data[0] = (uint8_t)count;
  put64(answer.data + 8, start);
  for (size_t i = 0; i < count; i++) {
    put64(answer.data + 16 + 16 * i, pairs[i][0]);
    put64(answer.data + 24 + 16 * i, pairs[i][1]);
  }
  return answer;
}

static int add(FsaNtExtents *extents, FsaArena *arena, uint64_t start, const uint64_t (*pairs)[2],
               size_t count) {
  Answer answer = answer_of(start, pairs, count);
  return fsa_nt_extents_add(extents, fsa_bytes(answer.data, answer.size), arena);
}

#define ADD(extents, start, ...)                                                                   \
  add(extents, &arena, start, (const uint64_t[][2]){__VA_ARGS__},                                  \
      sizeof((uint64_t[][2]){__VA_ARGS__}) / 16)

static void assert_extent(const FsaNtExtents *extents, size_t index, uint64_t vcn, uint64_t count,
                          uint64_t lcn) {
  assert_true(index < extents->count);
  assert_int_equal(extents->list[index].vcn, vcn);
  assert_int_equal(extents->list[index].count, count);
  assert_true(extents->list[index].lcn == lcn);
}

static void extents_of_two_answers(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaNtExtents extents = {0};
  assert_int_equal(ADD(&extents, 0, {4, 100}, {6, FSA_NT_HOLE}), FSA_ROW);
  assert_int_equal(ADD(&extents, 6, {7, 50}), FSA_ROW);
  assert_int_equal(ADD(&extents, 4, {6, FSA_NT_HOLE}, {9, 50}), FSA_ROW); /* told again, and more */
  assert_int_equal(extents.end, 9);
  assert_int_equal(extents.count, 4);
  assert_extent(&extents, 0, 0, 4, 100);
  assert_extent(&extents, 1, 4, 2, FSA_NT_HOLE);
  assert_extent(&extents, 2, 6, 1, 50);
  assert_extent(&extents, 3, 7, 2, 51);
  assert_int_equal(ADD(&extents, 0, {9, 100}), FSA_OK); /* nothing new */
  fsa_arena_done(&arena);
}

static void extents_that_lie(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaNtExtents extents = {0};
  assert_int_equal(ADD(&extents, 1, {4, 100}), FSA_E_FORMAT);            /* a gap */
  assert_int_equal(ADD(&extents, 0, {4, 100}, {4, 200}), FSA_E_FORMAT);  /* an empty one */
  assert_int_equal(ADD(&extents, 4, {3, 100}), FSA_E_FORMAT);            /* backwards */
  assert_int_equal(ADD(&extents, 4, {8, UINT64_MAX - 1}), FSA_E_FORMAT); /* before the volume */
  assert_int_equal(ADD(&extents, 4, {UINT64_MAX, 100}), FSA_E_FORMAT);   /* a file without end */
  Answer answer = answer_of(4, (const uint64_t[][2]){{5, 9}}, 1);
  answer.data[0] = 2; /* more than it holds */
  assert_int_equal(fsa_nt_extents_add(&extents, fsa_bytes(answer.data, answer.size), &arena),
                   FSA_E_FORMAT);
  for (size_t size = 0; size < 32; size++)
    assert_int_equal(fsa_nt_extents_add(&extents, fsa_bytes(answer.data, size), &arena),
                     FSA_E_FORMAT);
  fsa_arena_done(&arena);
}

static void regions(void **state) {
  (void)state;
  uint8_t data[16 + 2 * 24] = {[4] = 2, [8] = 2};
  uint64_t end = 7;
  put64(data + 16 + 8, 1000);
  assert_int_equal(fsa_nt_regions_end(fsa_bytes(data, sizeof data), &end), FSA_E_ABSENT);
  data[16 + 16] = 1; /* FILE_REGION_USAGE_VALID_CACHED_DATA */
  put64(data + 40, 2000);
  put64(data + 48, 500);
  assert_int_equal(fsa_nt_regions_end(fsa_bytes(data, sizeof data), &end), FSA_OK);
  assert_int_equal(end, 1000);
  data[40 + 16] = 2;
  assert_int_equal(fsa_nt_regions_end(fsa_bytes(data, sizeof data), &end), FSA_OK);
  assert_int_equal(end, 2500);
  for (size_t size = 0; size < sizeof data; size++)
    assert_int_equal(fsa_nt_regions_end(fsa_bytes(data, size), &end), FSA_E_FORMAT);
  put64(data + 40, INT64_MAX);
  assert_int_equal(fsa_nt_regions_end(fsa_bytes(data, sizeof data), &end), FSA_E_FORMAT);
  assert_int_equal(end, 2500);
}

/* ---- reading by them ------------------------------------------------------------------------- */

/* A volume whose every cluster holds its number in each of its 32-bit words. */
typedef struct Volume {
  uint8_t *data;
  size_t size;
  size_t reads;
} Volume;

static int read_volume(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  Volume *volume = context;
  volume->reads++;
  assert_int_equal(offset % SECTOR, 0);
  assert_int_equal(size % SECTOR, 0);
  assert_true(size <= FSA_NT_WINDOW);
  size_t here = offset < volume->size ? volume->size - (size_t)offset : 0;
  if (here > size) here = size;
  if (here) memcpy(buffer, volume->data + offset, here);
  *ret_size = here;
  return FSA_OK;
}

typedef struct Bench {
  Volume volume;
  FsaArena arena;
  FsaNtFile file;
} Bench;

static void setup(Bench *bench) {
  *bench = (Bench){.arena = fsa_arena(0)};
  bench->volume.size = (size_t)VOLUME_CLUSTERS * CLUSTER;
  bench->volume.data = malloc(bench->volume.size);
  assert_non_null(bench->volume.data);
  for (uint32_t i = 0; i < bench->volume.size / 4; i++) {
    uint32_t number = i * 4 / CLUSTER;
    memcpy(bench->volume.data + (size_t)i * 4, &number, 4);
  }
  bench->file = (FsaNtFile){.cluster_size = CLUSTER,
                            .sector_size = SECTOR,
                            .volume = {.context = &bench->volume, .read = read_volume},
                            .window = malloc(FSA_NT_WINDOW)};
  assert_non_null(bench->file.window);
}

static void teardown(Bench *bench) {
  free(bench->volume.data);
  free(bench->file.window);
  fsa_arena_done(&bench->arena);
}

/* Clusters 0-2 at 10, a hole of two, 5-249 at 100, 250 at 9. */
static void lay_out(Bench *bench, uint64_t size, uint64_t valid_size) {
  static const uint64_t pairs[][2] = {{3, 10}, {5, FSA_NT_HOLE}, {250, 100}, {251, 9}};
  assert_int_equal(add(&bench->file.extents, &bench->arena, 0, pairs, 4), FSA_ROW);
  bench->file.size = size;
  bench->file.valid_size = valid_size;
}

/* What byte `offset` of that file is: the number of its cluster, little-endian. */
static uint8_t byte_at(const Bench *bench, uint64_t offset) {
  uint64_t vcn = offset / CLUSTER;
  if (offset >= bench->file.valid_size || vcn == 3 || vcn == 4) return 0;
  uint64_t lcn = vcn < 3 ? 10 + vcn : vcn < 250 ? 95 + vcn : 9;
  return (uint8_t)(lcn >> 8 * (offset % 4));
}

static void assert_reads(Bench *bench, uint64_t offset, size_t size, size_t expected) {
  uint8_t *buffer = malloc(size + 1);
  size_t got = 0;
  assert_non_null(buffer);
  buffer[expected] = 0xA5;
  assert_int_equal(fsa_nt_file_read(&bench->file, offset, buffer, size, &got), FSA_OK);
  assert_int_equal(got, expected);
  assert_int_equal(buffer[expected], 0xA5);
  for (size_t i = 0; i < expected; i++)
    if (buffer[i] != byte_at(bench, offset + i)) fail_msg("byte %zu", (size_t)offset + i);
  free(buffer);
}

static void reads_across_extents(void **state) {
  (void)state;
  Bench bench;
  const size_t size = 250 * CLUSTER + 1000;
  setup(&bench);
  lay_out(&bench, size, size);
  assert_reads(&bench, 0, size + 5000, size);
  assert_reads(&bench, 1, 2, 2);
  assert_reads(&bench, 2 * CLUSTER - 1, CLUSTER * 4, CLUSTER * 4);
  assert_reads(&bench, 249 * CLUSTER + 511, CLUSTER, CLUSTER);
  assert_reads(&bench, size - 1, 1, 1);
  assert_reads(&bench, size, 10, 0);
  assert_reads(&bench, UINT64_MAX, 10, 0);
  teardown(&bench);
}

static void zeros_behind_what_was_written(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  lay_out(&bench, 251 * CLUSTER, 6 * CLUSTER + 100);
  assert_reads(&bench, 0, 251 * CLUSTER, 251 * CLUSTER);
  bench.volume.reads = 0;
  assert_reads(&bench, 7 * CLUSTER, CLUSTER, CLUSTER);
  assert_int_equal(bench.volume.reads, 0);
  teardown(&bench);
}

static void extents_end_before_the_file(void **state) {
  (void)state;
  Bench bench;
  uint8_t buffer[8];
  size_t got = 77;
  setup(&bench);
  lay_out(&bench, 300 * CLUSTER, 300 * CLUSTER);
  assert_int_equal(fsa_nt_file_read(&bench.file, 251 * CLUSTER - 4, buffer, 8, &got), FSA_E_IO);
  assert_int_equal(got, 77);
  bench.file.valid_size = 251 * CLUSTER; /* never written: zeros */
  assert_reads(&bench, 260 * CLUSTER, 4, 4);
  teardown(&bench);
}

static void the_volume_ends_before_an_extent(void **state) {
  (void)state;
  Bench bench;
  uint8_t buffer[8];
  size_t got = 77;
  setup(&bench);
  lay_out(&bench, 251 * CLUSTER, 251 * CLUSTER);
  bench.volume.size = 100 * CLUSTER;
  assert_int_equal(fsa_nt_file_read(&bench.file, 5 * CLUSTER, buffer, 8, &got), FSA_E_IO);
  assert_int_equal(got, 77);
  bench.file.extents.list[0].lcn = INT64_MAX; /* beyond any volume */
  assert_int_equal(fsa_nt_file_read(&bench.file, 0, buffer, 8, &got), FSA_E_FORMAT);
  teardown(&bench);
}

static void large_clusters(void **state) {
  (void)state;
  Bench bench;
  static const uint64_t pairs[][2] = {{1, 0}};
  uint8_t buffer[16];
  size_t got = 0;
  setup(&bench);
  assert_int_equal(add(&bench.file.extents, &bench.arena, 0, pairs, 1), FSA_ROW);
  bench.file.cluster_size = 1u << 20; /* larger than the window */
  bench.file.size = bench.file.valid_size = 1u << 20;
  assert_int_equal(fsa_nt_file_read(&bench.file, (1u << 20) - 16, buffer, 32, &got), FSA_OK);
  assert_int_equal(got, 16);
  assert_int_equal(buffer[0], (1u << 20) / CLUSTER - 1);
  teardown(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(extents_of_two_answers),
      cmocka_unit_test(extents_that_lie),
      cmocka_unit_test(regions),
      cmocka_unit_test(reads_across_extents),
      cmocka_unit_test(zeros_behind_what_was_written),
      cmocka_unit_test(extents_end_before_the_file),
      cmocka_unit_test(the_volume_ends_before_an_extent),
      cmocka_unit_test(large_clusters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
