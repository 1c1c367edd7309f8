/* What the fleet itself says about weights. See model.h. */
#include "method/model.h"

#include <math.h>
#include <string.h>

#include "method/interval.h"
#include "pack/condition.h"

/* ---- facts ------------------------------------------------------------------------------------
 */

static void add_rules(FsaModelQuery *query, const FsaQueryMeta *meta) {
  for (size_t i = 0; i < meta->rule_count; i++) {
    const FsaRule *rule = &meta->rules[i];
    query->facts[query->fact_count++] = (FsaFact){.id = rule->id,
                                                  .where = rule->where,
                                                  .rule = rule,
                                                  .is_rule = true,
                                                  .is_fixed = rule->is_fixed,
                                                  .tpr = rule->tpr,
                                                  .prior = rule->fpr};
  }
  bool is_detection = !meta->rule_count && meta->tpr > 0;
  if (is_detection)
    query->facts[query->fact_count++] = (FsaFact){.id = meta->name,
                                                  .where = "1",
                                                  .is_rule = true,
                                                  .by_hosts = true,
                                                  .tpr = meta->tpr,
                                                  .prior = meta->fpr};
  query->rule_count = query->fact_count;
}

static bool is_join_column(const FsaQueryMeta *meta, const char *column) {
  for (size_t i = 0; i < meta->join_count; i++)
    if (fsa_text_same(column, strlen(column), meta->join[i].data, meta->join[i].size)) return true;
  return false;
}

/* Which columns a condition names SQLite alone can tell. */
static void look_at_condition(FsaFact *fact, const FsaQueryMeta *meta) {
  FsaConditions *conditions = fsa_conditions_new(&fact->where, 1);
  const char *fault = fsa_conditions_fault(conditions, 0);
  size_t count;
  const char *const *columns = fsa_conditions_columns(conditions, &count);
  fact->is_of_name = count > 0;
  for (size_t i = 0; i < count; i++) fact->is_of_name &= is_join_column(meta, columns[i]);
  fact->not_run = g_strdup(fault);
  fsa_conditions_free(conditions);
}

static void add_facts(FsaModelQuery *query, const FsaQueryMeta *meta) {
  query->facts = g_new0(FsaFact, meta->rule_count + meta->attribute_count + 1);
  add_rules(query, meta);
  for (size_t i = 0; i < meta->attribute_count && query->fact_count < FSA_MAX_CONDITIONS; i++)
    query->facts[query->fact_count++] = (FsaFact){.id = meta->attributes[i].family,
                                                  .where = meta->attributes[i].where,
                                                  .tpr = meta->attributes[i].frequency};
  for (size_t i = 0; i < query->fact_count; i++) look_at_condition(&query->facts[i], meta);
  for (size_t i = 0; i < query->rule_count; i++)
    query->facts[i].author_weight = fsa_rule_weight(query->facts[i].tpr, query->facts[i].prior);
}

static void weigh_fact(FsaFact *fact, const FsaModelQuery *query, uint32_t covered) {
  uint64_t rows = query->rows;
  if (fact->not_run) return;
  if (!fact->is_rule) {
    fact->measured = fsa_attribute_rate(fact->hits, rows, fact->rare_hits, query->rare_rows);
    fact->weight = fsa_attribute_weight(fact->tpr, fact->measured);
    return;
  }
  fact->measured = fact->by_hosts ? fsa_rule_rate(fact->prior, fact->hosts, covered)
                                  : fsa_rule_rate(fact->prior, fact->hits, rows);
  fact->weight = fact->is_fixed ? fact->author_weight : fsa_rule_weight(fact->tpr, fact->measured);
}

void fsa_model_weigh_facts(FsaModel *model) {
  for (size_t i = 0; i < model->matrix->query_count; i++) {
    FsaModelQuery *query = &model->queries[i];
    for (size_t f = 0; f < query->fact_count; f++)
      weigh_fact(&query->facts[f], query, (uint32_t)model->matrix->queries[i].covered);
  }
}

/* ---- rarity -----------------------------------------------------------------------------------
 */

typedef struct Moments {
  uint64_t count;
  double sum, squares;
} Moments;

static void count_buckets(FsaModel *model, Moments *moments) {
  for (uint32_t i = 0; i < model->tally.count; i++) {
    const FsaTallied *artefact = &model->tally.artefacts[i];
    size_t covered = model->matrix->queries[artefact->query].covered;
    if (!artefact->hosts || !covered) continue;
    FsaModelQuery *query = &model->queries[artefact->query];
    query->sightings[artefact->stratum][artefact->bucket] += artefact->hosts;
    query->of_stratum[artefact->stratum] += artefact->hosts;
    double share = (double)artefact->hosts / (double)covered;
    Moments *sums = &moments[artefact->query];
    sums->count++;
    sums->sum += share;
    sums->squares += share * share;
  }
}

static void weigh_rarity(FsaModelQuery *query, uint32_t covered) {
  uint64_t source[FSA_RARITY_BUCKETS] = {0};
  for (size_t stratum = 0; stratum < FSA_STRATA; stratum++)
    for (size_t b = 0; b < FSA_RARITY_BUCKETS; b++) source[b] += query->sightings[stratum][b];
  for (size_t stratum = 0; stratum < FSA_STRATA; stratum++)
    if (query->of_stratum[stratum])
      fsa_rarity_weights(query->sightings[stratum], source, covered, query->rarity[stratum]);
}

static void weigh_queries(FsaModel *model) {
  Moments *moments = g_new0(Moments, model->matrix->query_count + 1);
  count_buckets(model, moments);
  for (size_t i = 0; i < model->matrix->query_count; i++) {
    uint32_t covered = (uint32_t)model->matrix->queries[i].covered;
    double count = (double)MAX(moments[i].count, 1), mean = moments[i].sum / count;
    weigh_rarity(&model->queries[i], covered);
    model->queries[i].beta = fsa_beta_from_moments(
        moments[i].count, mean, moments[i].squares / count - mean * mean, covered);
  }
  g_free(moments);
}

static bool is_covered_host(const FsaMatrix *matrix, size_t host) {
  for (size_t query = 0; query < matrix->query_count; query++)
    if (fsa_query_is_scored(&matrix->queries[query]) &&
        fsa_cell_is_covered(fsa_matrix_cell(matrix, host, query)))
      return true;
  return false;
}

static void take_priors(FsaModel *model) {
  const FsaMatrix *matrix = model->matrix;
  size_t hosts = 0, cells = 0;
  for (size_t host = 0; host < matrix->host_count; host++) hosts += is_covered_host(matrix, host);
  for (size_t i = 0; i < matrix->query_count; i++)
    if (fsa_query_is_scored(&matrix->queries[i])) cells += matrix->queries[i].covered;
  model->sources_per_host = MAX((double)cells / (double)MAX(hosts, 1), 1);
  model->rows_per_host = (double)model->tally.sightings / (double)MAX(hosts, 1);
  for (size_t i = 0; i < matrix->query_count; i++) {
    double rows = (double)model->tally.of_queries[i] / (double)MAX(matrix->queries[i].covered, 1);
    model->queries[i].prior = fsa_prior_weight(model->sources_per_host, rows, model->rows_per_host);
  }
}

int fsa_model_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter,
                    const FsaGrouping *grouping, const FsaSuppressions *suppressions,
                    FsaModel *ret_model) {
  *ret_model = (FsaModel){
      .store = store, .matrix = matrix, .grouping = grouping, .suppressions = suppressions};
  ret_model->queries = g_new0(FsaModelQuery, matrix->query_count + 1);
  for (size_t i = 0; i < matrix->query_count; i++)
    if (matrix->queries[i].meta && fsa_query_is_scored(&matrix->queries[i]))
      add_facts(&ret_model->queries[i], matrix->queries[i].meta);
  int result =
      fsa_tally_build(store, matrix, counter, grouping->of, grouping->count, &ret_model->tally);
  if (result != FSA_OK) return result;
  weigh_queries(ret_model);
  take_priors(ret_model);
  return FSA_OK;
}

void fsa_model_done(FsaModel *model) {
  for (size_t i = 0; model->queries && i < model->matrix->query_count; i++) {
    for (size_t f = 0; f < model->queries[i].fact_count; f++)
      g_free(model->queries[i].facts[f].not_run);
    g_free(model->queries[i].facts);
  }
  g_free(model->queries);
  model->queries = NULL;
  fsa_tally_done(&model->tally);
}

/* ---- what a row weighs ------------------------------------------------------------------------
 */

double fsa_model_rarity(const FsaModel *model, uint32_t place) {
  const FsaTallied *artefact = &model->tally.artefacts[place];
  return model->queries[artefact->query].rarity[artefact->stratum][artefact->bucket];
}

double fsa_model_peer(const FsaModel *model, uint32_t place, uint32_t group) {
  const FsaTallied *artefact = &model->tally.artefacts[place];
  return fsa_peer_weight(artefact->hosts, (uint32_t)model->matrix->queries[artefact->query].covered,
                         fsa_tally_in_group(&model->tally, place, group),
                         fsa_tally_covered_in(&model->tally, artefact->query, group));
}

double fsa_model_rules(const FsaModelQuery *query, uint64_t hits) {
  double sum = 0;
  for (size_t i = 0; i < query->rule_count; i++)
    if (hits >> i & 1) sum += query->facts[i].weight;
  return sum;
}

uint64_t fsa_model_weighing(const FsaModelQuery *query, uint64_t hits) {
  uint64_t weighing = 0;
  for (size_t i = 0; i < query->rule_count; i++)
    if ((hits >> i & 1) && query->facts[i].weight > 0) weighing |= UINT64_C(1) << i;
  return weighing;
}

bool fsa_model_attribute(const FsaModelQuery *query, uint64_t hits, const char *family,
                         size_t *ret_fact) {
  bool found = false;
  for (size_t i = query->rule_count; i < query->fact_count; i++) {
    const FsaFact *fact = &query->facts[i];
    if (!(hits >> i & 1) || strcmp(fact->id, family) != 0) continue;
    if (found && fact->weight <= query->facts[*ret_fact].weight) continue;
    *ret_fact = i;
    found = true;
  }
  return found;
}

double fsa_model_attributes(const FsaModelQuery *query, uint64_t hits) {
  double sum = 0;
  size_t best;
  for (size_t i = query->rule_count; i < query->fact_count; i++)
    if ((hits >> i & 1) && fsa_model_attribute(query, hits, query->facts[i].id, &best) && best == i)
      sum += query->facts[i].weight;
  return sum;
}

const char *fsa_query_family(const FsaMatrixQuery *query) {
  return query->meta && query->meta->family[0] ? query->meta->family : query->name;
}

const char *fsa_fact_family(const FsaMatrixQuery *query, const FsaFact *fact) {
  return fact->is_of_name ? "name and place" : fsa_query_family(query);
}

FsaPrevalence fsa_model_prevalence(const FsaModel *model, uint32_t query, uint32_t hosts,
                                   uint32_t covered) {
  FsaPrevalence prevalence = {.hosts = hosts, .covered = covered};
  FsaBeta beta = model->queries[query].beta;
  if (!covered) return prevalence;
  fsa_wilson(hosts, covered, &prevalence.low, &prevalence.high);
  prevalence.smoothed = (hosts + beta.alpha) / (covered + beta.alpha + beta.beta);
  return prevalence;
}
