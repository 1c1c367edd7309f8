/*
 * The entities of the hosts that are shown: rows as they stand in the case, terms in plain words.
 * Part of score.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "log/log_row.h"
#include "method/join.h"
#include "method/scorer.h"
#include "method/term_text.h"
#include "text/print.h"

#define DEFAULT_DETAILED 100
#define MAX_LABEL 300 /* bytes */

/* A host while its entities are told. */
typedef struct Teller {
  FsaScorer *scorer;
  FsaScoredHost *host;
  uint32_t place; /* of the host, in the score */
  const FsaHostSignals *signals;
  FsaWeighed *all;
  uint32_t count;
  FsaArena arena; /* of the host */
  bool *wanted;   /* [signal]: its row is shown */
  FsaText *rows;  /* [signal] */
  int64_t *times; /* [signal] */
} Teller;

/* ---- from the case ----------------------------------------------------------------------------
 */

FsaText fsa_score_key(FsaScorer *scorer, uint32_t artefact) {
  sqlite3_stmt *stmt = NULL;
  FsaText key = {NULL, 0};
  sqlite3 *db = fsa_case_database(scorer->store);
  if (sqlite3_prepare_v2(db, "SELECT key FROM artefact WHERE id=?1", -1, &stmt, NULL) != SQLITE_OK)
    return key;
  sqlite3_bind_int64(stmt, 1, scorer->model.tally.artefacts[artefact].id);
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    const void *text = sqlite3_column_text(stmt, 0);
    size_t size = (size_t)sqlite3_column_bytes(stmt, 0);
    key.data = fsa_arena_copy(&scorer->score->arena, text ? text : "", size);
    key.size = key.data ? size : 0;
  }
  sqlite3_finalize(stmt);
  return key;
}

FsaText fsa_score_row(FsaScorer *scorer, const FsaAnswerLine *line) {
  FsaBuffer json = fsa_buffer(FSA_MAX_ROW_BYTES);
  fsa_row_json(line->columns, line->values, &json);
  FsaText row = {NULL, 0};
  if (!json.error) row.data = fsa_arena_copy(&scorer->score->arena, json.data, json.size);
  if (row.data) row.size = json.size;
  fsa_buffer_done(&json);
  return row;
}

/* Takes the wanted rows of one answer; signals from `first` on are of its query. */
static int take_rows(FsaScorer *scorer, const FsaHostSignals *signals, uint32_t first,
                     const bool *wanted, FsaText text, FsaText *ret_rows, int64_t *ret_times) {
  FsaAnswerLine line = {0};
  uint32_t at = first;
  for (uint32_t row = 0; fsa_answer_next(&text, &line); row++)
    for (; at < signals->count && signals->all[at].query == signals->all[first].query &&
           signals->all[at].row == row;
         at++) {
      if (!wanted[at]) continue;
      ret_rows[at] = fsa_score_row(scorer, &line);
      ret_times[at] = line.time;
      if (!ret_rows[at].data) return FSA_E_NOMEM;
    }
  return FSA_OK;
}

int fsa_score_rows(FsaScorer *scorer, uint32_t host, const bool *wanted, FsaText *ret_rows,
                   int64_t *ret_times) {
  const FsaHostSignals *signals = &scorer->signals.hosts[host];
  const char *sql = "SELECT rows FROM answer WHERE host=?1 AND query=?2";
  FsaBuffer rows = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  sqlite3_stmt *stmt = NULL;
  int result = FSA_OK;
  if (sqlite3_prepare_v2(fsa_case_database(scorer->store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  for (uint32_t first = 0, last; first < signals->count && result == FSA_OK; first = last) {
    bool is_wanted = false;
    for (last = first;
         last < signals->count && signals->all[last].query == signals->all[first].query; last++)
      is_wanted |= wanted[last];
    if (!is_wanted) continue;
    sqlite3_bind_int64(stmt, 1, scorer->matrix->hosts[host].id);
    sqlite3_bind_int64(stmt, 2, scorer->matrix->queries[signals->all[first].query].id);
    fsa_buffer_clear(&rows);
    if (sqlite3_step(stmt) == SQLITE_ROW)
      result = fsa_case_unpack(
          scorer->store,
          fsa_bytes(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)), &rows);
    if (sqlite3_reset(stmt) != SQLITE_OK) result = FSA_E_IO;
    if (result == FSA_OK)
      result = take_rows(scorer, signals, first, wanted, (FsaText){rows.data, rows.size}, ret_rows,
                         ret_times);
  }
  sqlite3_finalize(stmt);
  fsa_buffer_done(&rows);
  return result == FSA_OK ? result : fsa_case_fail(scorer->store, result, "reading rows to show");
}

/* ---- one row ----------------------------------------------------------------------------------
 */

/* True when another signal of the entity has the join value. */
static bool is_shared(const Teller *teller, const FsaWeighed *entity, uint32_t signal,
                      uint64_t value) {
  for (uint32_t i = 0; i < entity->member_count; i++) {
    const FsaSignal *other = &teller->signals->all[entity->members[i]];
    for (unsigned j = 0; entity->members[i] != signal && j < other->join_count; j++)
      if (teller->signals->joins[other->join_first + j] == value) return true;
  }
  return false;
}

/* The first join value of a row that it shares (`shared_only`), or has. */
static FsaText find_link(Teller *teller, const FsaWeighed *entity, uint32_t signal,
                         bool shared_only) {
  const FsaSignal *own = &teller->signals->all[signal];
  const FsaQueryMeta *meta = teller->scorer->matrix->queries[own->query].meta;
  FsaSipKey key = fsa_case_hash_key(teller->scorer->store);
  FsaBuffer name = fsa_buffer(FSA_MAX_META_BYTES);
  FsaText found = {NULL, 0};
  for (size_t i = 0; meta && i < meta->join_count && !found.data; i++) {
    FsaText value = fsa_log_row_value(teller->rows[signal], meta->join[i], &teller->arena);
    const char *text = value.data ? fsa_join_name(meta->join[i], value, &name) : "";
    if (!text[0]) continue;
    uint64_t hash = fsa_siphash(key, text, strlen(text));
    if (shared_only && !is_shared(teller, entity, signal, hash)) continue;
    found.data = fsa_arena_copy(&teller->scorer->score->arena, value.data, value.size);
    found.size = found.data ? value.size : 0;
  }
  fsa_buffer_done(&name);
  return found;
}

static FsaEvidence tell_row(Teller *teller, const FsaWeighed *entity, uint32_t at) {
  FsaScorer *scorer = teller->scorer;
  const FsaModel *model = &scorer->model;
  const FsaSignal *signal = &teller->signals->all[at];
  const FsaTallied *artefact = &model->tally.artefacts[signal->artefact];
  uint32_t host = teller->host->matrix_host, group = scorer->grouping.of[host];
  FsaSignalWeight weight = fsa_signal_weight(model, host, signal);
  return (FsaEvidence){
      .query = signal->query,
      .artefact = artefact->id,
      .key = fsa_score_key(scorer, signal->artefact),
      .row = teller->rows[at],
      .time = teller->times[at],
      .first_seen = signal->first_seen,
      .fleet = fsa_model_prevalence(model, signal->query, artefact->hosts,
                                    (uint32_t)scorer->matrix->queries[signal->query].covered),
      .group = fsa_model_prevalence(model, signal->query,
                                    fsa_tally_in_group(&model->tally, signal->artefact, group),
                                    fsa_tally_covered_in(&model->tally, signal->query, group)),
      .rarity = weight.rarity,
      .peer = weight.peer,
      .as_rare = fsa_share_as_rare(model, signal->artefact),
      .link = find_link(teller, entity, at, true),
  };
}

/* ---- one entity -------------------------------------------------------------------------------
 */

static int tell_terms(Teller *teller, const FsaWeighed *weighed, FsaEntity *entity) {
  FsaScore *score = teller->scorer->score;
  FsaTermScene scene = {teller->scorer, teller->host->matrix_host, teller->signals, weighed};
  FsaTerm *terms = fsa_arena_zero(&score->arena, weighed->term_count + 1u, sizeof *terms);
  if (!terms) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < weighed->term_count; i++) {
    const FsaWeighedTerm *term = &weighed->terms[i];
    terms[i] = (FsaTerm){.kind = term->kind,
                         .family = "",
                         .name = fsa_term_subject(&scene, term),
                         .text = fsa_term_text(&scene, term),
                         .weight = term->weight,
                         .undiscounted = term->undiscounted,
                         .evidence = FSA_NO_INDEX};
    if (!terms[i].text) return FSA_E_NOMEM;
    if (term->signal == FSA_NO_INDEX) continue;
    uint16_t query = teller->signals->all[term->signal].query;
    const FsaMatrixQuery *of = &teller->scorer->matrix->queries[query];
    terms[i].family =
        term->kind == FSA_TERM_RULE
            ? fsa_fact_family(of, &teller->scorer->model.queries[query].facts[term->fact])
            : fsa_query_family(of);
    for (uint32_t m = 0; m < entity->evidence_count; m++)
      if (weighed->members[m] == term->signal) terms[i].evidence = m;
  }
  entity->terms = terms;
  entity->term_count = weighed->term_count;
  return FSA_OK;
}

void fsa_score_attack(const FsaModelQuery *query, const FsaQueryMeta *meta, uint64_t hits,
                      const char *all[FSA_MAX_ATTACK], uint32_t *count) {
  for (size_t f = 0; f < query->rule_count; f++) {
    const FsaFact *fact = &query->facts[f];
    bool is_detection = !fact->rule && meta;
    const FsaText *ids = is_detection ? meta->attack : fact->rule ? fact->rule->attack : NULL;
    size_t id_count = is_detection ? meta->attack_count : fact->rule ? fact->rule->attack_count : 0;
    if (!(hits >> f & 1)) continue;
    for (size_t i = 0; i < id_count; i++) {
      uint32_t at = 0;
      while (at < *count && strcmp(all[at], ids[i].data) != 0) at++;
      if (at == *count && *count < FSA_MAX_ATTACK) all[(*count)++] = ids[i].data;
    }
  }
}

/* Of the rules that hit; where none did, of the query that weighs most. */
static int tell_attack(Teller *teller, const FsaWeighed *weighed, FsaEntity *entity) {
  const FsaModel *model = &teller->scorer->model;
  const char *all[FSA_MAX_ATTACK];
  uint32_t count = 0;
  for (uint32_t i = 0; i < weighed->member_count; i++) {
    const FsaSignal *signal = &teller->signals->all[weighed->members[i]];
    const FsaModelQuery *query = &model->queries[signal->query];
    fsa_score_attack(query, model->matrix->queries[signal->query].meta,
                     fsa_model_weighing(query, signal->hits), all, &count);
  }
  const FsaQueryMeta *meta = model->matrix->queries[teller->signals->all[weighed->main].query].meta;
  for (size_t i = 0; !count && meta && i < meta->attack_count; i++) all[i] = meta->attack[i].data;
  if (!count && meta) count = (uint32_t)meta->attack_count;
  const char **copy = fsa_arena_zero(&teller->scorer->score->arena, count + 1u, sizeof *copy);
  if (!copy) return FSA_E_NOMEM;
  memcpy(copy, all, count * sizeof *copy);
  entity->attack = copy;
  entity->attack_count = count;
  return FSA_OK;
}

/* What it is, for people: the value that joins its rows, else its key. */
static const char *tell_label(Teller *teller, const FsaWeighed *weighed,
                              const FsaEvidence *evidence) {
  FsaText label = find_link(teller, weighed, weighed->main, true);
  if (!label.size) label = find_link(teller, weighed, weighed->main, false);
  if (!label.size) label = evidence->key;
  FsaBuffer out = fsa_buffer(MAX_LABEL * 16);
  for (size_t i = 0; i < label.size && i < MAX_LABEL; i++)
    if (label.data[i] == FSA_KEY_SEPARATOR)
      fsa_buffer_puts(&out, " | ");
    else
      fsa_buffer_putc(&out, label.data[i]);
  FsaText clean = fsa_text_clean(&teller->arena, fsa_buffer_text(&out), out.size);
  const char *copy = fsa_arena_copy(&teller->scorer->score->arena, clean.data, clean.size);
  fsa_buffer_done(&out);
  return copy;
}

/* The same thing on the same host has the same id, also in another case. */
static const char *tell_id(Teller *teller, const FsaEvidence *evidence) {
  const FsaSipKey fixed = {0x4653412d656e7469, 0x74792d6964000001};
  const FsaMatrixHost *host = &teller->scorer->matrix->hosts[teller->host->matrix_host];
  const char *query = teller->scorer->matrix->queries[evidence->query].name;
  uint64_t hash = fsa_siphash(fixed, host->identifier, strlen(host->identifier));
  hash = hash * 31 + fsa_siphash(fixed, host->hostname, strlen(host->hostname));
  hash = hash * 31 + fsa_siphash(fixed, query, strlen(query));
  hash = hash * 31 +
         fsa_siphash(fixed, evidence->key.data ? evidence->key.data : "", evidence->key.size);
  return fsa_arena_printf(&teller->scorer->score->arena, "%016llx", (unsigned long long)hash);
}

static int tell_entity(Teller *teller, const FsaWeighed *weighed, uint32_t rank,
                       FsaEntity *entity) {
  FsaScore *score = teller->scorer->score;
  uint32_t shown = MIN(weighed->member_count, FSA_SHOWN_EVIDENCE);
  FsaEvidence *evidence = fsa_arena_zero(&score->arena, shown + 1u, sizeof *evidence);
  if (!evidence) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < shown; i++) evidence[i] = tell_row(teller, weighed, weighed->members[i]);
  const FsaQueryMeta *meta = teller->scorer->matrix->queries[evidence[0].query].meta;
  double softplus = fsa_softplus(weighed->weight), discount = fsa_place_discount(rank);
  *entity = (FsaEntity){.id = tell_id(teller, &evidence[0]),
                        .label = tell_label(teller, weighed, &evidence[0]),
                        .host = teller->place,
                        .rank = rank,
                        .weight = weighed->weight,
                        .probability = fsa_logistic(weighed->weight),
                        .softplus = softplus,
                        .discount = discount,
                        .contribution = softplus * discount,
                        .evidence = evidence,
                        .evidence_count = shown,
                        .row_count = weighed->member_count,
                        .source_count = weighed->source_count,
                        .first_seen = weighed->first_seen,
                        .next_step = meta ? meta->next_step : "",
                        .proves = meta ? meta->proves : "",
                        .does_not_prove = meta ? meta->does_not_prove : "",
                        .cluster = FSA_NO_INDEX,
                        .is_suppressed = weighed->is_suppressed};
  if (!entity->id || !entity->label) return FSA_E_NOMEM;
  int result = tell_terms(teller, weighed, entity);
  return result == FSA_OK ? tell_attack(teller, weighed, entity) : result;
}

/* ---- one host ---------------------------------------------------------------------------------
 */

static int prepare_teller(Teller *teller) {
  uint32_t host = teller->host->matrix_host, count;
  teller->signals = &teller->scorer->signals.hosts[host];
  count = teller->signals->count;
  teller->wanted = fsa_arena_zero(&teller->arena, count + 1u, sizeof *teller->wanted);
  teller->rows = fsa_arena_zero(&teller->arena, count + 1u, sizeof *teller->rows);
  teller->times = fsa_arena_zero(&teller->arena, count + 1u, sizeof *teller->times);
  if (!teller->wanted || !teller->rows || !teller->times) return FSA_E_NOMEM;
  int result =
      fsa_entities_make(&teller->scorer->model, host, teller->signals, teller->host->outlier,
                        &teller->arena, &teller->all, &teller->count);
  if (result != FSA_OK) return result;
  teller->count = MIN(teller->count, FSA_SCORED_ENTITIES);
  for (uint32_t i = 0; i < teller->count; i++)
    for (uint32_t m = 0; m < teller->all[i].member_count && m < FSA_SHOWN_EVIDENCE; m++)
      teller->wanted[teller->all[i].members[m]] = true;
  return fsa_score_rows(teller->scorer, host, teller->wanted, teller->rows, teller->times);
}

static int tell_host(FsaScorer *scorer, uint32_t place, GArray *entities) {
  Teller teller = {.scorer = scorer,
                   .host = &scorer->score->hosts[place],
                   .place = place,
                   .arena = fsa_arena(0)};
  int result = prepare_teller(&teller);
  teller.host->first_entity = entities->len;
  for (uint32_t i = 0; i < teller.count && result == FSA_OK; i++) {
    FsaEntity entity;
    result = tell_entity(&teller, &teller.all[i], i + 1, &entity);
    if (result == FSA_OK) g_array_append_val(entities, entity);
  }
  teller.host->entity_count = entities->len - teller.host->first_entity;
  teller.host->is_detailed = true;
  fsa_arena_done(&teller.arena);
  return result;
}

/* ---- all that are shown -----------------------------------------------------------------------
 */

static bool is_named(const FsaMatrixHost *host, const char *name) {
  size_t size = strlen(name);
  return fsa_text_same(name, size, host->identifier, strlen(host->identifier)) ||
         fsa_text_same(name, size, host->hostname, strlen(host->hostname));
}

static bool is_detailed(const FsaScorer *scorer, uint32_t place) {
  const FsaScoredHost *host = &scorer->score->hosts[place];
  const char *name = scorer->options->detail_host;
  uint32_t top = scorer->options->detail_top ? scorer->options->detail_top : DEFAULT_DETAILED;
  if (name && is_named(&scorer->matrix->hosts[host->matrix_host], name)) return true;
  if (host->band == FSA_BAND_UNKNOWN || place >= FSA_MAX_DETAILED) return false;
  return place < top || host->band >= FSA_BAND_WEAK;
}

static int compare_weak(gconstpointer a, gconstpointer b, gpointer context) {
  const FsaEntity *all = context;
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  if (all[left].weight > all[right].weight || all[left].weight < all[right].weight)
    return all[left].weight > all[right].weight ? -1 : 1;
  return left < right ? -1 : left > right;
}

/* What may be looked at when the hosts with a band are done. */
static int list_weak(FsaScore *score) {
  GArray *weak = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  for (uint32_t i = 0; i < score->entity_count; i++) {
    FsaBand band = score->hosts[score->entities[i].host].band;
    bool is_weak = band == FSA_BAND_NONE || band == FSA_BAND_WEAK;
    if (is_weak && score->entities[i].weight >= FSA_HEAVY_ENTITY) g_array_append_val(weak, i);
  }
  g_array_sort_with_data(weak, compare_weak, score->entities);
  score->weak_count = MIN(weak->len, FSA_MAX_LISTED);
  uint32_t *copy = fsa_arena_zero(&score->arena, score->weak_count + 1u, sizeof *copy);
  if (copy && score->weak_count) memcpy(copy, weak->data, score->weak_count * sizeof *copy);
  score->weak = copy;
  g_array_free(weak, TRUE);
  return copy ? FSA_OK : FSA_E_NOMEM;
}

int fsa_score_details(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  GArray *entities = g_array_new(FALSE, FALSE, sizeof(FsaEntity));
  int result = FSA_OK;
  for (uint32_t i = 0; i < score->host_count && result == FSA_OK; i++)
    if (is_detailed(scorer, i)) result = tell_host(scorer, i, entities);
  score->entities = fsa_arena_zero(&score->arena, entities->len + 1u, sizeof *score->entities);
  if (!score->entities) result = FSA_E_NOMEM;
  if (result == FSA_OK) {
    score->entity_count = entities->len;
    if (entities->len)
      memcpy(score->entities, entities->data, entities->len * sizeof *score->entities);
    result = list_weak(score);
  }
  g_array_free(entities, TRUE);
  return result;
}
