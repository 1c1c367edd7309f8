/* The report's findings, what stands on many hosts and what was set aside. See report_json.h. */
#include "report/report_json.h"

/* ---- entities ---------------------------------------------------------------------------------
 */

/* An index, null where there is none. */
static void put_index(FsaJsonOut *json, const char *name, uint32_t index) {
  if (index == FSA_NO_INDEX)
    fsa_json_put_null(json, name);
  else
    fsa_json_put_integer(json, name, index);
}

static void put_term(FsaJsonOut *json, const FsaTerm *term) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "kind", fsa_term_name(term->kind));
  fsa_json_put_string(json, "family", term->family);
  fsa_json_put_string(json, "name", term->name);
  fsa_json_put_string(json, "text", term->text);
  fsa_json_put_number(json, "weight", term->weight);
  fsa_json_put_number(json, "undiscounted", term->undiscounted);
  put_index(json, "evidence", term->evidence);
  fsa_json_close(json, '}');
}

static void put_evidence(FsaJsonOut *json, const FsaEvidence *piece, size_t *rows_left) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "source", piece->query);
  fsa_report_put_key(json, piece->key);
  fsa_report_put_row(json, piece->row, rows_left);
  fsa_json_put_time(json, "time", piece->time);
  fsa_json_put_time(json, "first_seen", piece->first_seen);
  fsa_report_put_prevalence(json, "fleet", &piece->fleet);
  fsa_report_put_prevalence(json, "group", &piece->group);
  fsa_json_put_number(json, "rarity", piece->rarity);
  fsa_json_put_number(json, "peer", piece->peer);
  fsa_json_put_number(json, "as_rare", piece->as_rare);
  fsa_json_put_text(json, "link", piece->link);
  fsa_json_close(json, '}');
}

static void put_weights(FsaJsonOut *json, const FsaEntity *entity) {
  fsa_json_put_number(json, "weight", entity->weight);
  fsa_json_put_number(json, "probability", entity->probability);
  fsa_json_put_number(json, "softplus", entity->softplus);
  fsa_json_put_number(json, "discount", entity->discount);
  fsa_json_put_number(json, "contribution", entity->contribution);
  fsa_json_open(json, "terms", '[');
  for (uint32_t i = 0; i < entity->term_count; i++) put_term(json, &entity->terms[i]);
  fsa_json_close(json, ']');
}

static void put_entity(FsaJsonOut *json, const char *name, const FsaEntity *entity,
                       size_t *rows_left) {
  fsa_json_open(json, name, '{');
  fsa_json_put_string(json, "id", entity->id);
  fsa_json_put_string(json, "label", entity->label);
  put_weights(json, entity);
  fsa_json_open(json, "evidence", '[');
  for (uint32_t i = 0; i < entity->evidence_count; i++)
    put_evidence(json, &entity->evidence[i], rows_left);
  fsa_json_close(json, ']');
  fsa_json_put_integer(json, "rows", entity->row_count);
  fsa_json_put_integer(json, "sources", entity->source_count);
  fsa_json_put_time(json, "first_seen", entity->first_seen);
  fsa_report_put_attack(json, entity->attack, entity->attack_count);
  fsa_json_put_string(json, "next_step", entity->next_step);
  fsa_json_put_string(json, "proves", entity->proves);
  fsa_json_put_string(json, "does_not_prove", entity->does_not_prove);
  put_index(json, "cluster", entity->cluster);
  fsa_json_put_bool(json, "is_suppressed", entity->is_suppressed);
  fsa_json_close(json, '}');
}

static void put_finding(FsaJsonOut *json, const FsaScore *score, uint32_t at, size_t *rows_left) {
  const FsaScoredHost *host = &score->hosts[at];
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "host", at);
  fsa_json_open(json, "entities", '[');
  for (uint32_t i = 0; i < host->entity_count; i++)
    put_entity(json, NULL, &score->entities[host->first_entity + i], rows_left);
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

static void put_weak(FsaJsonOut *json, const FsaScore *score, size_t *rows_left) {
  fsa_json_open(json, "weak", '[');
  for (uint32_t i = 0; i < score->weak_count; i++) {
    const FsaEntity *entity = &score->entities[score->weak[i]];
    fsa_json_open(json, NULL, '{');
    fsa_json_put_integer(json, "host", entity->host);
    put_entity(json, "entity", entity, rows_left);
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
}

void fsa_report_put_findings(FsaJsonOut *json, const FsaReportSource *source, size_t *rows_left) {
  const FsaScore *score = source->score;
  fsa_json_open(json, "findings", '[');
  for (uint32_t at = 0; at < score->host_count; at++)
    if (score->hosts[at].band >= FSA_BAND_WEAK) put_finding(json, score, at, rows_left);
  fsa_json_close(json, ']');
  put_weak(json, score, rows_left);
}

/* ---- on many hosts ----------------------------------------------------------------------------
 */

static void put_cluster(FsaJsonOut *json, const FsaCluster *cluster) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "label", cluster->label);
  fsa_json_put_integer(json, "source", cluster->query);
  fsa_report_put_key(json, cluster->key);
  fsa_json_open(json, "hosts", '[');
  for (uint32_t i = 0; i < cluster->host_count; i++)
    fsa_json_put_integer(json, NULL, cluster->hosts[i]);
  fsa_json_close(json, ']');
  fsa_json_put_number(json, "weight", cluster->weight);
  fsa_json_put_time(json, "first_seen", cluster->first_seen);
  fsa_json_put_time(json, "last_seen", cluster->last_seen);
  fsa_json_close(json, '}');
}

static void put_mass(FsaJsonOut *json, const FsaMassKey *key, size_t *rows_left) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "source", key->query);
  fsa_report_put_key(json, key->key);
  fsa_report_put_prevalence(json, "fleet", &key->fleet);
  fsa_json_put_number(json, "weight", key->weight);
  fsa_json_put_string(json, "why", key->why);
  fsa_report_put_row(json, key->row, rows_left);
  fsa_json_put_time(json, "first_seen", key->first_seen);
  fsa_json_put_integer(json, "in_window", key->in_window);
  fsa_report_put_attack(json, key->attack, key->attack_count);
  fsa_json_close(json, '}');
}

static void put_outlier(FsaJsonOut *json, const FsaOutlier *outlier) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "host", outlier->host);
  fsa_json_put_integer(json, "source", outlier->query);
  fsa_json_put_integer(json, "rows", outlier->rows);
  fsa_json_put_number(json, "group_median", outlier->group_median);
  fsa_json_put_number(json, "tail", outlier->tail);
  fsa_json_put_number(json, "weight", outlier->weight);
  fsa_json_close(json, '}');
}

static void put_suppression(FsaJsonOut *json, const FsaSuppression *entry) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "scope", entry->scope);
  fsa_json_put_string(json, "reason", entry->reason);
  fsa_json_put_string(json, "author", entry->author);
  fsa_json_put_string(json, "date", entry->date);
  fsa_json_put_string(json, "expires", entry->expires);
  fsa_json_put_integer(json, "line", entry->line);
  fsa_json_put_bool(json, "is_expired", entry->is_expired);
  fsa_json_put_integer(json, "rows", entry->rows);
  fsa_json_put_integer(json, "hosts", entry->hosts);
  fsa_json_close(json, '}');
}

static void put_measure(FsaJsonOut *json, const FsaMeasure *measure) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "source", measure->query);
  fsa_json_put_string(json, "id", measure->id);
  fsa_json_put_string(json, "where", measure->where);
  fsa_json_put_bool(json, "is_rule", measure->is_rule);
  fsa_json_put_bool(json, "is_fixed", measure->is_fixed);
  fsa_json_put_number(json, "tpr", measure->tpr);
  fsa_json_put_number(json, "prior", measure->prior);
  fsa_json_put_number(json, "measured", measure->measured);
  fsa_json_put_number(json, "weight", measure->weight);
  fsa_json_put_integer(json, "rows", (int64_t)measure->rows);
  fsa_json_put_integer(json, "hits", (int64_t)measure->hits);
  fsa_json_put_integer(json, "hosts", measure->hosts);
  fsa_json_put_string(json, "not_run", measure->not_run);
  fsa_json_close(json, '}');
}

void fsa_report_put_fleet(FsaJsonOut *json, const FsaReportSource *source, size_t *rows_left) {
  const FsaScore *score = source->score;
  fsa_json_open(json, "clusters", '[');
  for (uint32_t i = 0; i < score->cluster_count; i++) put_cluster(json, &score->clusters[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "mass", '[');
  for (uint32_t i = 0; i < score->mass_count; i++) put_mass(json, &score->mass[i], rows_left);
  fsa_json_close(json, ']');
  fsa_json_open(json, "outliers", '[');
  for (uint32_t i = 0; i < score->outlier_count; i++) put_outlier(json, &score->outliers[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "suppressions", '[');
  for (uint32_t i = 0; i < score->suppression_count; i++)
    put_suppression(json, &score->suppressions[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "measures", '[');
  for (uint32_t i = 0; i < score->measure_count; i++) put_measure(json, &score->measures[i]);
  fsa_json_close(json, ']');
}

/* ---- what charts are drawn of -----------------------------------------------------------------
 */

static void put_rarity(FsaJsonOut *json, const FsaRarity *rarity) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "source", rarity->query);
  fsa_json_put_string(json, "stratum", rarity->stratum);
  fsa_json_open(json, "sightings", '[');
  for (size_t i = 0; i < FSA_RARITY_BUCKETS; i++)
    fsa_json_put_integer(json, NULL, (int64_t)rarity->sightings[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "weight", '[');
  for (size_t i = 0; i < FSA_RARITY_BUCKETS; i++)
    fsa_json_put_number(json, NULL, rarity->weight[i]);
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

static void put_distribution(FsaJsonOut *json, const FsaScore *score) {
  fsa_json_open(json, "score_distribution", '{');
  fsa_json_open(json, "edges", '[');
  for (size_t i = 0; i <= FSA_SCORE_BUCKETS; i++)
    fsa_json_put_number(json, NULL, score->score_edges[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "hosts", '[');
  for (size_t i = 0; i < FSA_SCORE_BUCKETS; i++)
    fsa_json_put_integer(json, NULL, score->score_hosts[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "null", '[');
  for (size_t i = 0; i < FSA_SCORE_BUCKETS; i++)
    fsa_json_put_number(json, NULL, score->score_null[i] / (double)MAX(score->resamples, 1u));
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

static void put_window(FsaJsonOut *json, const FsaWindow *window) {
  if (!window->from && !window->to) {
    fsa_json_put_null(json, "window");
    return;
  }
  fsa_json_open(json, "window", '{');
  fsa_json_put_integer(json, "from", window->from);
  fsa_json_put_integer(json, "to", window->to);
  fsa_json_put_bool(json, "is_given", window->is_given);
  fsa_json_put_integer(json, "entities", window->entities);
  fsa_json_close(json, '}');
}

void fsa_report_put_charts(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaScore *score = source->score;
  fsa_json_open(json, "rarities", '[');
  for (uint32_t i = 0; i < score->rarity_count; i++) put_rarity(json, &score->rarities[i]);
  fsa_json_close(json, ']');
  put_distribution(json, score);
  put_window(json, &score->window);
  fsa_json_open(json, "days", '[');
  for (uint32_t i = 0; i < score->day_count; i++) {
    fsa_json_open(json, NULL, '{');
    fsa_json_put_integer(json, "day", score->days[i].day);
    fsa_json_put_integer(json, "things", score->days[i].things);
    fsa_json_put_integer(json, "heavy", score->days[i].heavy);
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
}
