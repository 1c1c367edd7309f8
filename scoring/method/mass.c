/*
 * What may be everywhere because an intruder put it everywhere: keys that rules hit on several
 * hosts, ranked without rarity and with the rules at their author's rates. Part of score.h.
 */
#include <stdlib.h>
#include <string.h>

#include "log/log_row.h"
#include "method/scorer.h"
#include "text/print.h"

#define LEAST_HOSTS 3
#define MAX_WHY 4096

typedef struct Mass {
  uint32_t artefact;
  const FsaMassCount *count;
  double weight;
} Mass;

/* Rules at their author's rates, of one family as all rules of a query are; attributes as measured.
 */
static double weigh(const FsaModelQuery *query, uint64_t hits) {
  double weights[FSA_MAX_CONDITIONS];
  size_t count = 0;
  for (size_t i = 0; i < query->rule_count; i++) {
    double weight = query->facts[i].author_weight;
    size_t at = count;
    if (!(hits >> i & 1) || weight <= 0) continue;
    for (; at && weights[at - 1] < weight; at--) weights[at] = weights[at - 1];
    weights[at] = weight;
    count++;
  }
  double attributes = fsa_model_attributes(query, hits);
  return fsa_family_discount(weights, count) + MAX(attributes, 0);
}

static int compare_mass(const void *a, const void *b) {
  const Mass *left = a, *right = b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  if (left->count->hosts != right->count->hosts)
    return left->count->hosts > right->count->hosts ? -1 : 1;
  return left->artefact < right->artefact ? -1 : left->artefact > right->artefact;
}

/* With a window, only what began in it on so many hosts: the rest was there before. */
static GArray *collect(const FsaScorer *scorer) {
  GArray *all = g_array_new(FALSE, FALSE, sizeof(Mass));
  GHashTableIter iterator;
  gpointer slot, value;
  g_hash_table_iter_init(&iterator, scorer->signals.mass);
  while (g_hash_table_iter_next(&iterator, &slot, &value)) {
    const FsaMassCount *count = value;
    uint32_t artefact = GPOINTER_TO_UINT(slot) - 1;
    bool has_window = scorer->model.window_to > 0;
    uint32_t hosts = has_window && count->first_seen ? count->in_window : count->hosts;
    if (hosts < LEAST_HOSTS) continue;
    const FsaTallied *tallied = &scorer->model.tally.artefacts[artefact];
    Mass mass = {artefact, count, weigh(&scorer->model.queries[tallied->query], count->hits)};
    g_array_append_val(all, mass);
  }
  if (all->len) qsort(all->data, all->len, sizeof(Mass), compare_mass);
  return all;
}

/* ---- one of them ------------------------------------------------------------------------------
 */

static FsaText sample_row(FsaScorer *scorer, const Mass *mass) {
  const char *sql = "SELECT rows FROM answer WHERE host=?1 AND query=?2";
  uint16_t query = scorer->model.tally.artefacts[mass->artefact].query;
  FsaBuffer rows = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  sqlite3_stmt *stmt = NULL;
  FsaText row = {NULL, 0};
  if (sqlite3_prepare_v2(fsa_case_database(scorer->store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return row;
  sqlite3_bind_int64(stmt, 1, scorer->matrix->hosts[mass->count->sample_host].id);
  sqlite3_bind_int64(stmt, 2, scorer->matrix->queries[query].id);
  if (sqlite3_step(stmt) == SQLITE_ROW &&
      fsa_case_unpack(
          scorer->store,
          fsa_bytes(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)),
          &rows) == FSA_OK) {
    FsaText text = {rows.data, rows.size};
    FsaAnswerLine line = {0};
    for (uint32_t at = 0; fsa_answer_next(&text, &line); at++) {
      if (at != mass->count->sample_row) continue;
      row = fsa_score_row(scorer, &line);
      break;
    }
  }
  sqlite3_finalize(stmt);
  fsa_buffer_done(&rows);
  return row;
}

/* A signed program of one publisher that came everywhere at once is a roll-out. */
static bool is_rollout(FsaText row) {
  static const char *const columns[] = {"signed_status", "is_signed", "signature_status"};
  static const char *const good[] = {"good", "1", "trusted", "valid"};
  FsaArena arena = fsa_arena(0);
  bool is_good = false;
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    FsaText value = fsa_log_row_value(row, fsa_text(columns[i]), &arena);
    for (size_t g = 0; value.size && g < sizeof good / sizeof *good; g++)
      is_good |= value.size == strlen(good[g]) && memcmp(value.data, good[g], value.size) == 0;
  }
  FsaText signer = fsa_log_row_value(row, fsa_text("signer"), &arena);
  is_good &= signer.size > 0;
  fsa_arena_done(&arena);
  return is_good;
}

static const char *tell_why(FsaScorer *scorer, const FsaModelQuery *query, uint64_t hits) {
  FsaBuffer out = fsa_buffer(MAX_WHY);
  for (size_t i = 0; i < query->fact_count; i++) {
    const FsaFact *fact = &query->facts[i];
    double weight = i < query->rule_count ? fact->author_weight : fact->weight;
    if (!(hits >> i & 1) || weight <= 0) continue;
    fsa_buffer_printf(&out, "%s%s %s", out.size ? ", " : "",
                      i < query->rule_count ? "rule" : "attribute", fact->id);
  }
  const char *text = fsa_buffer_text(&out);
  const char *copy = fsa_arena_copy(&scorer->score->arena, text, strlen(text));
  fsa_buffer_done(&out);
  return copy;
}

static int add_mass(FsaScorer *scorer, const Mass *mass) {
  FsaScore *score = scorer->score;
  uint16_t query = scorer->model.tally.artefacts[mass->artefact].query;
  const FsaModelQuery *model = &scorer->model.queries[query];
  const FsaMatrixQuery *matrix = &scorer->matrix->queries[query];
  const char *attack[FSA_MAX_ATTACK];
  uint32_t attack_count = 0;
  FsaText row = sample_row(scorer, mass);
  if (row.data && is_rollout(row)) return FSA_OK;
  fsa_score_attack(model, matrix->meta, mass->count->hits, attack, &attack_count);
  const char **ids = fsa_arena_zero(&score->arena, attack_count + 1u, sizeof *ids);
  FsaMassKey key = {
      .query = query,
      .key = fsa_score_key(scorer, mass->artefact),
      .fleet = fsa_model_prevalence(&scorer->model, query, mass->count->hosts,
                                    (uint32_t)matrix->covered),
      .weight = mass->weight,
      .why = tell_why(scorer, model, mass->count->hits),
      .row = row,
      .first_seen = mass->count->first_seen,
      .in_window = mass->count->in_window,
      .attack = ids,
      .attack_count = attack_count,
  };
  if (!ids || !key.why) return FSA_E_NOMEM;
  memcpy(ids, attack, attack_count * sizeof *ids);
  score->mass[score->mass_count++] = key;
  return FSA_OK;
}

int fsa_score_mass(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  GArray *all = collect(scorer);
  int result = FSA_OK;
  score->mass = fsa_arena_zero(&score->arena, FSA_MAX_LISTED, sizeof *score->mass);
  if (!score->mass) result = FSA_E_NOMEM;
  for (guint i = 0; i < all->len && score->mass_count < FSA_MAX_LISTED && result == FSA_OK; i++)
    result = add_mass(scorer, &g_array_index(all, Mass, i));
  g_array_free(all, TRUE);
  return result;
}
