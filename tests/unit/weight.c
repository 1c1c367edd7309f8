/* scoring/method/weight.c: the weights, against figures worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "method/weight.h"

static void near(double value, double wanted) {
  if (fabs(value - wanted) > 0.0005) print_message("%.6f, not %.6f\n", value, wanted);
  assert_true(fabs(value - wanted) <= 0.0005);
}

static void test_buckets(void **state) {
  (void)state;
  static const struct {
    uint32_t hosts;
    unsigned bucket;
  } cases[] = {{1, 0}, {2, 2},  {3, 3},     {4, 4},       {5, 4},          {6, 5},
               {8, 6}, {16, 8}, {2048, 22}, {100000, 22}, {UINT32_MAX, 22}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(fsa_rarity_bucket(cases[i].hosts), cases[i].bucket);
}

static void test_prior(void **state) {
  (void)state;
  near(fsa_prior_weight(30, 15, 450), log(0.01 / 450)); /* as many as any source has */
  near(fsa_prior_weight(30, 0.5, 450), log(0.01 * (1.0 / 15 + 1.0 / 450) / 2));
  near(fsa_prior_weight(30, 150, 450), log(0.01 * (1.0 / 4500 + 1.0 / 450) / 2));
  near(fsa_prior_weight(30, 0.01, 0.5), log(0.01)); /* no row is likelier malicious than its host */
}

/*
 * A fleet of 2 hosts: malicious keys weigh 0.45 + 0.002 + 0.01 = 0.462 on one host and
 * 0.2475 + 0.002 + 0.01 = 0.2595 on both; shares 0.6403 and 0.3597. Buckets 0 and 2 of 3 count.
 */
static void test_rarity_of_two_hosts(void **state) {
  (void)state;
  const uint64_t sightings[FSA_RARITY_BUCKETS] = {[0] = 1, [2] = 97};
  double weights[FSA_RARITY_BUCKETS];
  fsa_rarity_weights(sightings, sightings, 2, weights);
  /* the source's share of bucket 0 is 2/101; the kind's (1 + 3 * 2/101) / 101 */
  near(weights[0], log(0.640333 / ((1 + 3 * 2.0 / 101) / 101)));
  near(weights[2], log(0.359667 / ((97 + 3 * 98.0 / 101) / 101)));
  near(weights[1], 0); /* between 1 and 2 hosts there is nothing */
}

static void test_rarity_measures_the_source(void **state) {
  (void)state;
  const uint64_t services[FSA_RARITY_BUCKETS] = {[0] = 300, [19] = 99700};
  const uint64_t own[FSA_RARITY_BUCKETS] = {[0] = 90000, [19] = 10000};
  double weights[FSA_RARITY_BUCKETS];
  fsa_rarity_weights(services, services, 1000, weights);
  near(weights[0], 4.9018); /* 0.3 % of rows are this rare: nearly all that rarity can say */
  fsa_rarity_weights(own, own, 1000, weights);
  assert_true(weights[0] < 0); /* nine rows of ten are this rare: no evidence */
  fsa_rarity_weights(services, services, 0, weights);
  near(weights[0], 0);
}

static void test_peers(void **state) {
  (void)state;
  near(fsa_peer_weight(50, 100, 1, 9), 0);                      /* too few peers */
  near(fsa_peer_weight(50, 100, 1, 40), -log(11.0 / 60 / 0.5)); /* (1 + 20 * .5) / (40 + 20) */
  near(fsa_peer_weight(50, 100, 40, 40), 0);
  near(fsa_peer_weight(9900, 10000, 1000, 4980), -log((1000 + 19.8) / 5000 / 0.99));
  near(fsa_peer_weight(99000, 100000, 1, 90000), FSA_MAX_PEER);
}

static void test_beta(void **state) {
  (void)state;
  FsaBeta beta = fsa_beta_from_moments(100, 0.2, 0.2 * 0.8 / 10 + 0.036 * 0.9, 10);
  near(beta.alpha, 0.2 * (0.16 / 0.036 - 1));
  near(beta.beta, 0.8 * (0.16 / 0.036 - 1));
  beta = fsa_beta_from_moments(100, 0.2, 0.001, 10); /* less than sampling alone gives */
  near(beta.alpha, 0.5);
  beta = fsa_beta_from_moments(0, 0, 0, 10);
  near(beta.beta, 0.5);
}

static void test_rules(void **state) {
  (void)state;
  near(fsa_rule_rate(0.02, 0, 950), 1.0 / 1000);
  near(fsa_rule_rate(0.02, 99, 950), 100.0 / 1000);
  near(fsa_rule_weight(0.5, 0.001), log(500));
  near(fsa_rule_weight(0.5, 0.6), 0); /* more usual among the harmless: no evidence against it */
  near(fsa_rule_weight(0.7, 0), FSA_MAX_RULE);
  near(fsa_rule_weight(0, 0.1), 0);
}

static void test_attributes(void **state) {
  (void)state;
  near(fsa_attribute_weight(0.6, 0.3), log(0.6 / 0.3));
  near(fsa_attribute_weight(0.9, 0.00001), FSA_MAX_ATTRIBUTE);
  near(fsa_attribute_weight(0, 0.5), 0);
  near(fsa_attribute_rate(29, 98, 0, 0), 0.3);    /* no rare row: as of all */
  near(fsa_attribute_rate(29, 98, 74, 80), 0.8);  /* (74 + 20 * 0.3) / (80 + 20) */
  near(fsa_attribute_rate(0, 98, 80, 80), 0.802); /* usual of strangers is no sign of malice */
}

static void test_families(void **state) {
  (void)state;
  double weights[] = {4, 2, 2};
  near(fsa_family_discount(weights, 3), 5.5);
  near(weights[1], 1);
  near(weights[2], 0.5);
  double heavy[] = {7, 7};
  near(fsa_family_discount(heavy, 2), FSA_MAX_FAMILY);
  near(heavy[0] + heavy[1], FSA_MAX_FAMILY); /* what is printed sums to what counts */
  near(heavy[0], 7 * 8 / 10.5);
  near(fsa_family_discount(NULL, 0), 0);
}

static void test_sources_and_time(void **state) {
  (void)state;
  near(fsa_source_weight(0), 0);
  near(fsa_source_weight(1), 0);
  near(fsa_source_weight(3), 2.4);
  near(fsa_source_weight(9), 3.6);
  near(fsa_time_weight(true, 9, 98), log(0.8 / 0.1));
  near(fsa_time_weight(false, 9, 98), log(0.2 / 0.9));
  near(fsa_time_weight(true, 0, 1000), FSA_MAX_TIME);
}

static void test_hosts(void **state) {
  (void)state;
  near(fsa_softplus(0), log(2));
  near(fsa_softplus(800), 800);
  near(fsa_softplus(-800), 0);
  near(fsa_logistic(0), 0.5);
  near(fsa_place_discount(3), 1);
  near(fsa_place_discount(4), pow(3, -1.5));
  near(fsa_outlier_weight(0.05), 0);
  near(fsa_outlier_weight(0.01), log(5));
  near(fsa_outlier_weight(0.0001), FSA_MAX_OUTLIER);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_buckets),
      cmocka_unit_test(test_prior),
      cmocka_unit_test(test_rarity_of_two_hosts),
      cmocka_unit_test(test_rarity_measures_the_source),
      cmocka_unit_test(test_peers),
      cmocka_unit_test(test_beta),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_attributes),
      cmocka_unit_test(test_families),
      cmocka_unit_test(test_sources_and_time),
      cmocka_unit_test(test_hosts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
