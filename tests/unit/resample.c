/* scoring/method/resample.c: hosts made anew have what others have, never their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "method/entity.h"
#include "method/resample.h"

#define HOSTS 40

/* One entity a host: of weight -3, of the last host 9. */
typedef struct Fleet {
  double weights[HOSTS], outliers[HOSTS];
  uint16_t sources[HOSTS];
  size_t first[HOSTS + 1];
  uint8_t groups[HOSTS], unknown[HOSTS], left_out[HOSTS];
} Fleet;

static FsaEntityPool make_pool(Fleet *fleet) {
  memset(fleet, 0, sizeof *fleet);
  for (size_t i = 0; i < HOSTS; i++) {
    fleet->weights[i] = i == HOSTS - 1 ? 9 : -3;
    fleet->first[i + 1] = i + 1;
  }
  return (FsaEntityPool){.weights = fleet->weights,
                         .sources = fleet->sources,
                         .first = fleet->first,
                         .group_of = fleet->groups,
                         .outliers = fleet->outliers,
                         .is_unknown = fleet->unknown,
                         .is_left_out = fleet->left_out,
                         .host_count = HOSTS,
                         .group_count = 1,
                         .source_count = 1};
}

static size_t count_heavy(const double *scores, size_t count) {
  size_t heavy = 0;
  for (size_t i = 0; i < count; i++) heavy += scores[i] > 1;
  return heavy;
}

/* The heavy entity is drawn about once a turn for the others, and for its own host never. */
static void test_draws_others(void **state) {
  (void)state;
  Fleet fleet;
  FsaEntityPool pool = make_pool(&fleet);
  size_t count;
  double *scores = fsa_resample(&pool, 1, 1, &count);
  assert_int_equal(count, HOSTS * FSA_RESAMPLES);
  size_t heavy = count_heavy(scores, count);
  assert_true(heavy > FSA_RESAMPLES / 3 && heavy < FSA_RESAMPLES * 3);
  assert_true(fsa_e_value(scores, count, 9, HOSTS) > 0.3);
  double e = fsa_e_value(scores, count, 9.5, HOSTS);
  assert_true(e > 0.03 && e < 0.04); /* nothing is as high: 1 / 32 */
  assert_true(fsa_e_value(scores, count, 0, HOSTS) >= HOSTS - 0.001);
  g_free(scores);
}

/* Of a host that is left out nothing is drawn, and it is made anew of what the others have. */
static void test_left_out(void **state) {
  (void)state;
  Fleet fleet;
  FsaEntityPool pool = make_pool(&fleet);
  size_t count;
  fleet.left_out[HOSTS - 1] = 1;
  double *scores = fsa_resample(&pool, 1, 1, &count);
  assert_int_equal(count, HOSTS * FSA_RESAMPLES);
  assert_int_equal(count_heavy(scores, count), 0);
  assert_true(scores[0] > 0);
  g_free(scores);
}

static void test_same_for_all_threads(void **state) {
  (void)state;
  Fleet fleet;
  FsaEntityPool pool = make_pool(&fleet);
  size_t count, again;
  double *one = fsa_resample(&pool, 7, 1, &count), *three = fsa_resample(&pool, 7, 3, &again);
  assert_int_equal(count, again);
  assert_memory_equal(one, three, count * sizeof *one);
  g_free(one);
  g_free(three);
}

/* What only one host has is drawn for nobody else; unknown hosts are not made anew. */
static void test_what_one_host_has(void **state) {
  (void)state;
  Fleet fleet;
  FsaEntityPool pool = make_pool(&fleet);
  for (size_t i = 0; i < HOSTS; i++) fleet.first[i + 1] = i == HOSTS - 1;
  fleet.first[HOSTS] = 1;
  fleet.weights[0] = 9;
  fleet.unknown[3] = 1;
  size_t count;
  double *scores = fsa_resample(&pool, 1, 2, &count);
  assert_int_equal(count, (HOSTS - 1) * FSA_RESAMPLES);
  assert_int_equal(count_heavy(scores, count), 0);
  g_free(scores);
}

/* Sources of which a group has few are drawn from together. */
static void test_sparse_sources_share_a_pool(void **state) {
  (void)state;
  Fleet fleet;
  FsaEntityPool pool = make_pool(&fleet);
  pool.source_count = HOSTS;
  for (size_t i = 0; i < HOSTS; i++) fleet.sources[i] = (uint16_t)i;
  size_t count;
  double *scores = fsa_resample(&pool, 1, 1, &count);
  assert_true(count_heavy(scores, count) > 0);
  g_free(scores);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_draws_others),
      cmocka_unit_test(test_left_out),
      cmocka_unit_test(test_same_for_all_threads),
      cmocka_unit_test(test_what_one_host_has),
      cmocka_unit_test(test_sparse_sources_share_a_pool),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
