/* The score of a fleet. See score.h; the method: docs/scoring.md. */
#include "method/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "method/resample.h"
#include "method/scorer.h"

#define SEED UINT64_C(0x46534153636F7265)
#define STRONG 0.1   /* E-values below which a host has a band */
#define MOST_DRAWS 8 /* of all hosts, each without the strong ones of the last */
#define PROBABLE 1.0
#define WEAK 10.0
#define LOWEST_EDGE 0.001 /* of the score distribution */

static const char *const band_names[FSA_BAND_COUNT] = {
    [FSA_BAND_UNKNOWN] = "unknown",   [FSA_BAND_NONE] = "none",     [FSA_BAND_WEAK] = "weak",
    [FSA_BAND_PROBABLE] = "probable", [FSA_BAND_STRONG] = "strong",
};

const char *fsa_band_name(FsaBand band) {
  return band_names[band];
}

double fsa_points(double weight) {
  return weight * 10 / log(10);
}

void fsa_score_done(FsaScore *score) {
  fsa_arena_done(&score->arena);
}

/* ---- entities of all hosts --------------------------------------------------------------------
 */

/* The pool of resample.h while it is filled, by host. */
typedef struct Pool {
  double **weights;            /* [host] */
  uint16_t **sources;          /* [host] */
  uint32_t *counts;            /* [host] */
  double *probability_of_none; /* [host]: product of 1 - P */
  FsaScorer *scorer;
  gint next;
  gint failure; /* a negative FsaResult */
} Pool;

#define HOSTS_AT_ONCE 64

static int weigh_host(Pool *pool, uint32_t host, FsaArena *arena) {
  FsaScorer *scorer = pool->scorer;
  const FsaHostSignals *signals = &scorer->signals.hosts[host];
  FsaWeighed *all;
  uint32_t count;
  double outlier = scorer->row_counts[host].weight, none = 1;
  int result = fsa_entities_make(&scorer->model, host, signals, outlier, arena, &all, &count);
  if (result != FSA_OK) return result;
  pool->counts[host] = count;
  pool->weights[host] = g_new(double, count + 1);
  pool->sources[host] = g_new(uint16_t, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    pool->weights[host][i] = all[i].weight - (i == 0 ? outlier : 0);
    pool->sources[host][i] = signals->all[all[i].main].query;
    none *= 1 - fsa_logistic(all[i].weight);
    if (i >= FSA_SCORED_ENTITIES) continue;
    scorer->tops[(size_t)host * FSA_SCORED_ENTITIES + i] = (FsaTopEntity){
        all[i].weight, signals->all[all[i].main].artefact, (uint32_t)all[i].first_seen};
  }
  pool->probability_of_none[host] = none;
  scorer->top_counts[host] = (uint8_t)MIN(count, FSA_SCORED_ENTITIES);
  return FSA_OK;
}

static gpointer weigh_hosts(gpointer data) {
  Pool *pool = data;
  FsaArena arena = fsa_arena(0);
  size_t hosts = pool->scorer->matrix->host_count;
  for (;;) {
    size_t first = (size_t)g_atomic_int_add(&pool->next, 1) * HOSTS_AT_ONCE;
    if (first >= hosts || g_atomic_int_get(&pool->failure)) break;
    for (size_t host = first; host < MIN(first + HOSTS_AT_ONCE, hosts); host++) {
      int result = weigh_host(pool, (uint32_t)host, &arena);
      if (result != FSA_OK) g_atomic_int_set(&pool->failure, result);
      fsa_arena_clear(&arena);
    }
  }
  fsa_arena_done(&arena);
  return NULL;
}

static int fill_pool(Pool *pool) {
  GThread **threads = g_new0(GThread *, pool->scorer->jobs + 1);
  for (unsigned i = 1; i < pool->scorer->jobs; i++)
    threads[i] = g_thread_new("entities", weigh_hosts, pool);
  weigh_hosts(pool);
  for (unsigned i = 1; i < pool->scorer->jobs; i++) g_thread_join(threads[i]);
  g_free(threads);
  return pool->failure;
}

static Pool open_pool(FsaScorer *scorer) {
  size_t hosts = scorer->matrix->host_count;
  return (Pool){.weights = g_new0(double *, hosts + 1),
                .sources = g_new0(uint16_t *, hosts + 1),
                .counts = g_new0(uint32_t, hosts + 1),
                .probability_of_none = g_new0(double, hosts + 1),
                .scorer = scorer};
}

static void close_pool(Pool *pool) {
  for (size_t host = 0; host < pool->scorer->matrix->host_count; host++) {
    g_free(pool->weights[host]);
    g_free(pool->sources[host]);
  }
  g_free(pool->weights);
  g_free(pool->sources);
  g_free(pool->counts);
  g_free(pool->probability_of_none);
}

/* ---- hosts ------------------------------------------------------------------------------------
 */

static void count_queries(const FsaMatrix *matrix, uint32_t host, FsaScoredHost *scored) {
  for (size_t query = 0; query < matrix->query_count; query++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    if (!fsa_query_is_scored(&matrix->queries[query])) continue;
    scored->covered += fsa_cell_is_covered(cell);
    scored->applicable += cell->status != FSA_COVER_FOREIGN;
  }
}

static void score_host(FsaScorer *scorer, const Pool *pool, uint32_t host, FsaScoredHost *scored) {
  const FsaHostSignals *signals = &scorer->signals.hosts[host];
  const FsaTopEntity *tops = &scorer->tops[(size_t)host * FSA_SCORED_ENTITIES];
  double weights[FSA_SCORED_ENTITIES];
  *scored = (FsaScoredHost){.matrix_host = host, .group = scorer->grouping.of[host]};
  count_queries(scorer->matrix, host, scored);
  for (size_t i = 0; i < scorer->top_counts[host]; i++) weights[i] = tops[i].weight;
  scored->score = fsa_entities_score(weights, scorer->top_counts[host]);
  scored->probability = 1 - pool->probability_of_none[host];
  scored->weighed = signals->count;
  scored->rule_hits = signals->rule_hits;
  scored->suppressed = signals->suppressed;
  scored->outlier = scorer->row_counts[host].weight;
  scored->band = scored->covered ? FSA_BAND_NONE : FSA_BAND_UNKNOWN;
}

/* The scores of hosts made anew, from what hosts have that are not left out. */
static double *draw_scores(FsaScorer *scorer, const Pool *pool, const uint8_t *is_left_out,
                           size_t *ret_count) {
  const FsaScore *score = scorer->score;
  size_t hosts = scorer->matrix->host_count, total = 0;
  size_t *first = g_new0(size_t, hosts + 2);
  for (size_t i = 0; i < hosts; i++) first[i + 1] = total += pool->counts[i];
  double *weights = g_new(double, total + 1), *outliers = g_new0(double, hosts + 1);
  uint16_t *sources = g_new(uint16_t, total + 1);
  uint8_t *is_unknown = g_new0(uint8_t, hosts + 1);
  for (size_t i = 0; i < hosts; i++) {
    uint32_t host = score->hosts[i].matrix_host;
    is_unknown[host] = score->hosts[i].band == FSA_BAND_UNKNOWN;
    outliers[host] = score->hosts[i].outlier;
    memcpy(&weights[first[host]], pool->weights[host], pool->counts[host] * sizeof *weights);
    memcpy(&sources[first[host]], pool->sources[host], pool->counts[host] * sizeof *sources);
  }
  FsaEntityPool entities = {.weights = weights,
                            .sources = sources,
                            .first = first,
                            .group_of = scorer->grouping.of,
                            .outliers = outliers,
                            .is_unknown = is_unknown,
                            .is_left_out = is_left_out,
                            .host_count = hosts,
                            .group_count = scorer->grouping.count,
                            .source_count = scorer->matrix->query_count};
  double *drawn = fsa_resample(&entities, SEED, scorer->jobs, ret_count);
  g_free(first);
  g_free(weights);
  g_free(outliers);
  g_free(sources);
  g_free(is_unknown);
  return drawn;
}

/* Leaves out the hosts whose score chance hardly gives; true when there are new ones. */
static bool leave_strong_out(const FsaScore *score, const double *drawn, size_t count,
                             uint8_t *is_left_out) {
  uint32_t known = score->host_count - score->unknown_count;
  bool has_new = false;
  for (uint32_t i = 0; i < score->host_count; i++) {
    const FsaScoredHost *host = &score->hosts[i];
    if (host->band == FSA_BAND_UNKNOWN || is_left_out[host->matrix_host]) continue;
    if (fsa_e_value(drawn, count, host->score, known) >= STRONG) continue;
    is_left_out[host->matrix_host] = has_new = true;
  }
  return has_new;
}

/*
 * What a compromised host has is not what chance gives to others: while hosts are found of the band
 * "strong", nothing is drawn from them any more. Without an intruder one fleet of ten has one.
 */
static double *draw_null(FsaScorer *scorer, const Pool *pool, size_t *ret_count) {
  uint8_t *is_left_out = g_new0(uint8_t, scorer->matrix->host_count + 1);
  double *drawn = draw_scores(scorer, pool, is_left_out, ret_count);
  for (int turn = 1; turn < MOST_DRAWS; turn++) {
    if (!leave_strong_out(scorer->score, drawn, *ret_count, is_left_out)) break;
    g_free(drawn);
    drawn = draw_scores(scorer, pool, is_left_out, ret_count);
  }
  g_free(is_left_out);
  return drawn;
}

/* What half of a small fleet gets by chance is no band, however few hosts that is. */
static FsaBand band_of(double e_value, uint32_t hosts) {
  if (e_value * 2 >= hosts) return FSA_BAND_NONE;
  return e_value < STRONG     ? FSA_BAND_STRONG
         : e_value < PROBABLE ? FSA_BAND_PROBABLE
         : e_value < WEAK     ? FSA_BAND_WEAK
                              : FSA_BAND_NONE;
}

/* Where a score lies in the distribution; edges grow by the same factor. */
static unsigned bucket_of(const FsaScore *score, double value) {
  unsigned bucket = 0;
  while (bucket + 1 < FSA_SCORE_BUCKETS && value >= score->score_edges[bucket + 1]) bucket++;
  return bucket;
}

static void fill_distribution(FsaScore *score, const double *drawn, size_t count) {
  double most = LOWEST_EDGE * 10;
  for (uint32_t i = 0; i < score->host_count; i++) most = MAX(most, score->hosts[i].score);
  if (count) most = MAX(most, drawn[count - 1]);
  for (int i = 1; i <= FSA_SCORE_BUCKETS; i++)
    score->score_edges[i] =
        LOWEST_EDGE * pow(most / LOWEST_EDGE, (double)(i - 1) / (FSA_SCORE_BUCKETS - 1));
  for (uint32_t i = 0; i < score->host_count; i++)
    if (score->hosts[i].band != FSA_BAND_UNKNOWN)
      score->score_hosts[bucket_of(score, score->hosts[i].score)]++;
  for (size_t i = 0; i < count; i++) score->score_null[bucket_of(score, drawn[i])]++;
}

static void take_e_values(FsaScorer *scorer, const double *drawn, size_t count) {
  FsaScore *score = scorer->score;
  uint32_t known = score->host_count - score->unknown_count;
  for (uint32_t i = 0; i < score->host_count; i++) {
    FsaScoredHost *host = &score->hosts[i];
    if (host->band != FSA_BAND_UNKNOWN) {
      host->e_value = fsa_e_value(drawn, count, host->score, known);
      host->band = band_of(host->e_value, known);
    }
    score->bands[host->band]++;
  }
  fill_distribution(score, drawn, count);
}

static int compare_hosts(const void *a, const void *b) {
  const FsaScoredHost *left = a, *right = b;
  bool left_unknown = left->band == FSA_BAND_UNKNOWN,
       right_unknown = right->band == FSA_BAND_UNKNOWN;
  if (left_unknown != right_unknown) return left_unknown ? 1 : -1;
  if (left->score > right->score || left->score < right->score)
    return left->score > right->score ? -1 : 1;
  return left->matrix_host < right->matrix_host ? -1 : left->matrix_host > right->matrix_host;
}

static void rank_hosts(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  if (score->host_count)
    qsort(score->hosts, score->host_count, sizeof *score->hosts, compare_hosts);
  for (uint32_t i = 0; i < score->host_count; i++) {
    FsaScoredHost *host = &score->hosts[i];
    scorer->places[host->matrix_host] = i;
    if (host->band != FSA_BAND_UNKNOWN) host->rank = i + 1;
  }
}

static int score_hosts(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  size_t hosts = scorer->matrix->host_count, drawn_count;
  score->hosts = fsa_arena_zero(&score->arena, hosts + 1, sizeof *score->hosts);
  if (!score->hosts) return FSA_E_NOMEM;
  Pool pool = open_pool(scorer);
  int result = fill_pool(&pool);
  for (size_t i = 0; i < hosts && result == FSA_OK; i++) {
    score_host(scorer, &pool, (uint32_t)i, &score->hosts[i]);
    score->unknown_count += score->hosts[i].band == FSA_BAND_UNKNOWN;
    score->weighed += scorer->signals.hosts[i].count;
  }
  if (result == FSA_OK) {
    score->host_count = (uint32_t)hosts;
    double *drawn = draw_null(scorer, &pool, &drawn_count);
    take_e_values(scorer, drawn, drawn_count);
    g_free(drawn);
    rank_hosts(scorer);
  }
  close_pool(&pool);
  return result;
}

/* ---- groups -----------------------------------------------------------------------------------
 */

static const char *copy(FsaScore *score, const char *text) {
  return fsa_arena_copy(&score->arena, text, strlen(text));
}

static int take_groups(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  const FsaGrouping *grouping = &scorer->grouping;
  size_t queries = scorer->matrix->query_count;
  score->groups = fsa_arena_zero(&score->arena, grouping->count, sizeof *score->groups);
  if (!score->groups) return FSA_E_NOMEM;
  score->group_count = grouping->count;
  for (uint32_t i = 0; i < grouping->count; i++) {
    FsaGroup *group = &score->groups[i];
    uint32_t *covered = fsa_arena_zero(&score->arena, queries + 1, sizeof *covered);
    if (!covered) return FSA_E_NOMEM;
    for (uint32_t query = 0; query < queries; query++)
      covered[query] = fsa_tally_covered_in(&scorer->model.tally, query, i);
    *group = (FsaGroup){.platform = copy(score, grouping->roles[i].platform),
                        .role = copy(score, grouping->roles[i].role),
                        .origin = copy(score, grouping->roles[i].origin),
                        .covered = covered};
  }
  for (uint32_t i = 0; i < score->host_count; i++) {
    FsaGroup *group = &score->groups[score->hosts[i].group];
    group->hosts++;
    group->unknown += score->hosts[i].band == FSA_BAND_UNKNOWN;
  }
  return FSA_OK;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int fail(FsaScorer *scorer, int result, const char *message) {
  if (message) scorer->score->message = copy(scorer->score, message);
  return result;
}

static int count_fleet(FsaScorer *scorer) {
  const FsaScoreOptions *options = scorer->options;
  int64_t now = options->now ? options->now : g_get_real_time() / G_USEC_PER_SEC;
  int result = fsa_suppressions_read(options->suppress_path, now, &scorer->suppressions);
  if (result != FSA_OK) return fail(scorer, result, scorer->suppressions.message);
  result =
      fsa_grouping_build(scorer->store, scorer->matrix, options->groups_path, &scorer->grouping);
  if (result != FSA_OK) return fail(scorer, result, scorer->grouping.message);
  scorer->row_counts = fsa_row_counts(scorer->matrix, &scorer->grouping);
  result = fsa_model_build(scorer->store, scorer->matrix, scorer->counter, &scorer->grouping,
                           &scorer->suppressions, &scorer->model);
  scorer->model.window_from = options->window_from;
  scorer->model.window_to = options->window_to;
  if (result == FSA_OK) result = fsa_signals_build(&scorer->model, scorer->jobs, &scorer->signals);
  return result;
}

static int score_fleet(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  size_t hosts = scorer->matrix->host_count;
  int result = count_fleet(scorer);
  if (result != FSA_OK) return result;
  scorer->tops = g_new0(FsaTopEntity, hosts * FSA_SCORED_ENTITIES + 1);
  scorer->top_counts = g_new0(uint8_t, hosts + 1);
  scorer->places = g_new0(uint32_t, hosts + 1);
  score->sources_per_host = scorer->model.sources_per_host;
  score->rows_per_host = scorer->model.rows_per_host;
  score->sightings = scorer->model.tally.sightings;
  score->resamples = FSA_RESAMPLES;
  score->seed = SEED;
  result = score_hosts(scorer);
  if (result == FSA_OK) result = take_groups(scorer);
  if (result == FSA_OK) result = fsa_score_details(scorer);
  if (result == FSA_OK) result = fsa_score_clusters(scorer);
  if (result == FSA_OK) result = fsa_score_mass(scorer);
  if (result == FSA_OK) result = fsa_score_timeline(scorer);
  return result == FSA_OK ? fsa_score_measures(scorer) : result;
}

static void close_scorer(FsaScorer *scorer) {
  fsa_signals_done(&scorer->signals);
  fsa_model_done(&scorer->model);
  fsa_grouping_done(&scorer->grouping);
  fsa_suppressions_done(&scorer->suppressions);
  g_free(scorer->row_counts);
  g_free(scorer->tops);
  g_free(scorer->top_counts);
  g_free(scorer->places);
  fsa_store_free(scorer->counter);
}

int fsa_score_build(FsaCase *store, const FsaMatrix *matrix, const FsaScoreOptions *options,
                    FsaScore *ret_score) {
  *ret_score = (FsaScore){.arena = fsa_arena(0)};
  FsaScorer scorer = {.store = store,
                      .matrix = matrix,
                      .options = options,
                      .score = ret_score,
                      .jobs = options->jobs ? options->jobs : MAX(g_get_num_processors(), 1)};
  if (options->store_url) scorer.counter = fsa_store_new(options->store_url);
  bool is_ready = scorer.counter || !options->store_url;
  int result = is_ready ? score_fleet(&scorer) : FSA_E_USAGE;
  ret_score->has_store_failed = !is_ready || fsa_store_has_failed(scorer.counter);
  close_scorer(&scorer);
  return result;
}
