/*
 * What the fleet measured: rules and attributes, histograms of rarity, known-good entries, hosts
 * with unusually many rows. Part of score.h.
 */
#include <stdlib.h>
#include <string.h>

#include "method/scorer.h"

static const char *copy(FsaScore *score, const char *text) {
  return text ? fsa_arena_copy(&score->arena, text, strlen(text)) : NULL;
}

static int take_facts(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  size_t room = 0;
  for (size_t q = 0; q < scorer->matrix->query_count; q++)
    room += scorer->model.queries[q].fact_count;
  score->measures = fsa_arena_zero(&score->arena, room + 1, sizeof *score->measures);
  if (!score->measures) return FSA_E_NOMEM;
  for (uint32_t q = 0; q < scorer->matrix->query_count; q++) {
    const FsaModelQuery *query = &scorer->model.queries[q];
    for (size_t i = 0; i < query->fact_count; i++) {
      const FsaFact *fact = &query->facts[i];
      score->measures[score->measure_count++] = (FsaMeasure){.query = q,
                                                             .id = fact->id,
                                                             .where = fact->where,
                                                             .is_rule = fact->is_rule,
                                                             .is_fixed = fact->is_fixed,
                                                             .tpr = fact->tpr,
                                                             .prior = fact->prior,
                                                             .measured = fact->measured,
                                                             .weight = fact->weight,
                                                             .rows = query->rows,
                                                             .hits = fact->hits,
                                                             .hosts = fact->hosts,
                                                             .not_run = copy(score, fact->not_run)};
    }
  }
  return FSA_OK;
}

static const char *stratum_name(FsaScore *score, size_t stratum) {
  static const char *const signatures[] = {"", "signed", "not signed"};
  const char *place = fsa_path_class_name((FsaPathClass)(stratum / FSA_SIGNATURES));
  const char *signature = signatures[stratum % FSA_SIGNATURES];
  return fsa_arena_printf(&score->arena, "%s%s%s", place, place[0] && signature[0] ? ", " : "",
                          signature);
}

static int take_rarities(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  size_t room = 0;
  for (size_t q = 0; q < scorer->matrix->query_count; q++)
    for (size_t s = 0; s < FSA_STRATA; s++) room += scorer->model.queries[q].of_stratum[s] > 0;
  score->rarities = fsa_arena_zero(&score->arena, room + 1, sizeof *score->rarities);
  if (!score->rarities) return FSA_E_NOMEM;
  for (uint32_t q = 0; q < scorer->matrix->query_count; q++)
    for (size_t s = 0; s < FSA_STRATA; s++) {
      const FsaModelQuery *query = &scorer->model.queries[q];
      if (!query->of_stratum[s]) continue;
      FsaRarity *rarity = &score->rarities[score->rarity_count++];
      rarity->query = q;
      rarity->stratum = stratum_name(score, s);
      memcpy(rarity->sightings, query->sightings[s], sizeof rarity->sightings);
      memcpy(rarity->weight, query->rarity[s], sizeof rarity->weight);
      if (!rarity->stratum) return FSA_E_NOMEM;
    }
  return FSA_OK;
}

static int take_suppressions(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  uint32_t count = scorer->suppressions.count;
  score->suppressions = fsa_arena_zero(&score->arena, count + 1u, sizeof *score->suppressions);
  if (!score->suppressions) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < count; i++) {
    const FsaKnownGood *good = &scorer->suppressions.all[i];
    score->suppressions[i] = (FsaSuppression){.scope = copy(score, good->scope),
                                              .reason = copy(score, good->reason),
                                              .author = copy(score, good->author),
                                              .date = copy(score, good->date),
                                              .expires = copy(score, good->expires),
                                              .line = good->line,
                                              .is_expired = good->is_expired,
                                              .rows = scorer->signals.suppressed_rows[i],
                                              .hosts = scorer->signals.suppressed_hosts[i]};
  }
  score->suppression_count = count;
  return FSA_OK;
}

static int compare_outliers(const void *a, const void *b) {
  const FsaOutlier *left = a, *right = b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  if (left->tail > right->tail || left->tail < right->tail)
    return left->tail < right->tail ? -1 : 1;
  return left->host < right->host ? -1 : left->host > right->host;
}

static int take_outliers(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  GArray *all = g_array_new(FALSE, FALSE, sizeof(FsaOutlier));
  for (uint32_t host = 0; host < scorer->matrix->host_count; host++) {
    const FsaRowCounts *count = &scorer->row_counts[host];
    if (count->weight <= 0) continue;
    FsaOutlier outlier = {.host = scorer->places[host],
                          .query = count->query,
                          .rows = fsa_matrix_cell(scorer->matrix, host, count->query)->arrived,
                          .group_median = count->median,
                          .tail = count->tail,
                          .weight = count->weight};
    g_array_append_val(all, outlier);
  }
  if (all->len) qsort(all->data, all->len, sizeof(FsaOutlier), compare_outliers);
  score->outlier_count = MIN(all->len, FSA_MAX_LISTED);
  score->outliers =
      fsa_arena_zero(&score->arena, score->outlier_count + 1u, sizeof *score->outliers);
  if (score->outliers && score->outlier_count)
    memcpy(score->outliers, all->data, score->outlier_count * sizeof *score->outliers);
  g_array_free(all, TRUE);
  return score->outliers ? FSA_OK : FSA_E_NOMEM;
}

int fsa_score_measures(FsaScorer *scorer) {
  int result = take_facts(scorer);
  if (result == FSA_OK) result = take_rarities(scorer);
  if (result == FSA_OK) result = take_suppressions(scorer);
  return result == FSA_OK ? take_outliers(scorer) : result;
}
