/* The weights of evidence. See weight.h; the method: docs/scoring.md. */
#include "method/weight.h"

#include <math.h>

#define RULE_PRIOR_ROWS 50.0
#define MIN_RULE_RATE 1e-6
#define ATTRIBUTE_PRIOR_ROWS 20.0
#define PEER_PRIOR_HOSTS 20.0
#define MALICIOUS_INSIDE 0.8
#define OUTLIER_TAIL 0.05

#define MALICIOUS_HOSTS 0.01 /* the share of hosts that are compromised, before any evidence */

static double clamp(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

double fsa_prior_weight(double sources, double rows, double all_rows) {
  double by_source = 1 / fmax(sources * rows, 1), by_row = 1 / fmax(all_rows, 1);
  return log(MALICIOUS_HOSTS * (by_source + by_row) / 2);
}

unsigned fsa_rarity_bucket(uint32_t hosts) {
  if (hosts < 2) return 0;
  unsigned bucket = (unsigned)(2 * log2(hosts) + 1e-9); /* powers of two are whole */
  return bucket < FSA_RARITY_BUCKETS ? bucket : FSA_RARITY_BUCKETS - 1;
}

/*
 * How many hosts a malicious key stands on: mostly one or few, sometimes up to fifty, and as likely
 * anything up to the whole fleet. Normalised over the buckets.
 */
static void malicious_shares(uint32_t covered, double *shares) {
  double sum = 0, few = 0.45;
  for (uint32_t n = 1; n <= covered; n++, few *= 0.55) {
    double share = few + (n <= 50 ? 0.1 / 50 : 0) + 0.02 / covered;
    shares[fsa_rarity_bucket(n)] += share;
    sum += share;
  }
  for (unsigned b = 0; b < FSA_RARITY_BUCKETS; b++) shares[b] /= sum;
}

void fsa_rarity_weights(const uint64_t *stratum, const uint64_t *source, uint32_t covered,
                        double *ret_weights) {
  double malicious[FSA_RARITY_BUCKETS] = {0}, in_stratum = 0, in_source = 0;
  for (unsigned b = 0; b < FSA_RARITY_BUCKETS; b++) ret_weights[b] = 0;
  if (!covered) return;
  malicious_shares(covered, malicious);
  unsigned buckets = fsa_rarity_bucket(covered) + 1;
  for (unsigned b = 0; b < buckets; b++) {
    in_stratum += (double)stratum[b];
    in_source += (double)source[b];
  }
  for (unsigned b = 0; b < buckets; b++) {
    if (malicious[b] <= 0) continue; /* no whole number of hosts falls into it */
    double usual = ((double)source[b] + 1) / (in_source + buckets);
    double benign = ((double)stratum[b] + buckets * usual) / (in_stratum + buckets);
    ret_weights[b] = clamp(log(malicious[b] / benign), FSA_MIN_RARITY, FSA_MAX_RARITY);
  }
}

double fsa_peer_weight(uint32_t hosts, uint32_t covered, uint32_t group_hosts,
                       uint32_t group_covered) {
  if (group_covered < FSA_MIN_PEERS || !hosts || !covered) return 0;
  if ((uint64_t)group_hosts * covered >= (uint64_t)group_covered * hosts) return 0; /* at home */
  double fleet = (double)hosts / covered;
  double group = (group_hosts + PEER_PRIOR_HOSTS * fleet) / (group_covered + PEER_PRIOR_HOSTS);
  return clamp(-log(group / fleet), 0, FSA_MAX_PEER);
}

FsaBeta fsa_beta_from_moments(uint64_t count, double mean, double variance, uint32_t covered) {
  const FsaBeta jeffreys = {0.5, 0.5};
  if (count < 2 || covered < 2 || mean <= 0 || mean >= 1) return jeffreys;
  double binomial = mean * (1 - mean);
  double between = (variance - binomial / covered) / (1 - 1.0 / covered); /* without the sampling */
  if (between <= 0 || between >= binomial) return jeffreys;
  double size = binomial / between - 1;
  return (FsaBeta){mean * size, (1 - mean) * size};
}

double fsa_rule_rate(double fpr, uint64_t hits, uint64_t rows) {
  return ((double)hits + RULE_PRIOR_ROWS * fpr) / ((double)rows + RULE_PRIOR_ROWS);
}

double fsa_rule_weight(double tpr, double rate) {
  if (tpr <= 0) return 0;
  return clamp(log(tpr / fmax(rate, MIN_RULE_RATE)), 0, FSA_MAX_RULE);
}

double fsa_attribute_rate(uint64_t hits, uint64_t rows, uint64_t rare_hits, uint64_t rare_rows) {
  double usual = ((double)hits + 1) / ((double)rows + 2);
  return ((double)rare_hits + ATTRIBUTE_PRIOR_ROWS * usual) /
         ((double)rare_rows + ATTRIBUTE_PRIOR_ROWS);
}

double fsa_attribute_weight(double frequency, double rate) {
  if (frequency <= 0 || rate <= 0) return 0;
  return clamp(log(frequency / rate), -FSA_MAX_ATTRIBUTE, FSA_MAX_ATTRIBUTE);
}

double fsa_family_discount(double *weights, size_t count) {
  double sum = 0, factor = 1;
  for (size_t i = 0; i < count; i++, factor /= 2) sum += weights[i] *= factor;
  if (sum <= FSA_MAX_FAMILY) return sum;
  for (size_t i = 0; i < count; i++) weights[i] *= FSA_MAX_FAMILY / sum;
  return FSA_MAX_FAMILY;
}

double fsa_source_weight(size_t sources) {
  if (sources < 2) return 0;
  return FSA_SOURCE_BONUS * (double)((sources < FSA_MAX_SOURCES ? sources : FSA_MAX_SOURCES) - 1);
}

double fsa_time_weight(bool is_inside, uint64_t inside, uint64_t timed) {
  double usual = ((double)inside + 1) / ((double)timed + 2);
  double ratio = is_inside ? MALICIOUS_INSIDE / usual : (1 - MALICIOUS_INSIDE) / (1 - usual);
  return clamp(log(ratio), -FSA_MAX_TIME, FSA_MAX_TIME);
}

double fsa_softplus(double x) {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double fsa_logistic(double x) {
  return 1 / (1 + exp(-x));
}

double fsa_place_discount(unsigned rank) {
  return rank <= 3 ? 1 : pow(rank - 1, -1.5);
}

double fsa_outlier_weight(double tail) {
  return tail > 0 ? clamp(log(OUTLIER_TAIL / tail), 0, FSA_MAX_OUTLIER) : 0;
}
