/* What the commands about scores share: running the score, and the pieces that they print. */
#include <math.h>

#include "command/score_command.h"
#include "text/json_out.h"

int fsa_score_view(const FsaScoreCommand *command, int (*show)(FsaScoreView *view)) {
  FsaCase *store;
  FsaMatrix matrix = {0};
  FsaScore score = {0};
  int code = 2, result = fsa_case_open(command->case_path, FSA_CASE_READ, &store);
  if (result == FSA_OK) result = fsa_matrix_build(store, &matrix);
  if (result == FSA_OK) result = fsa_score_build(store, &matrix, &command->options, &score);
  if (result == FSA_OK) {
    FsaScoreView view = {command, &matrix, &score, fsa_buffer(FSA_MAX_ANSWER_BYTES)};
    code = show(&view);
    fsa_buffer_done(&view.out);
  } else if (score.has_store_failed) {
    code = 3;
  } else if (score.message) {
    fsa_complain("%s", score.message);
  } else {
    const char *why = fsa_case_message(store);
    fsa_complain("%s: %s", command->case_path, why[0] ? why : fsa_result_name(result));
  }
  fsa_score_done(&score);
  fsa_matrix_done(&matrix);
  fsa_case_close(store);
  return code;
}

const FsaMatrixHost *fsa_view_host(const FsaScoreView *view, uint32_t host) {
  return &view->matrix->hosts[view->score->hosts[host].matrix_host];
}

void fsa_view_put_group(FsaScoreView *view, uint32_t group) {
  const FsaGroup *of = &view->score->groups[group];
  fsa_put_safe(&view->out, fsa_text(of->platform[0] ? of->platform : "platform unknown"), 40);
  if (!of->role[0]) return;
  fsa_buffer_puts(&view->out, ", ");
  fsa_put_safe(&view->out, fsa_text(of->role), 60);
}

void fsa_view_put_points(FsaBuffer *out, double weight) {
  fsa_buffer_printf(out, "%+.4f", fsa_points(weight));
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

/* Texts of a score are "" where they are unknown. */
static void put_string(FsaJsonOut *json, const char *name, const char *text) {
  fsa_json_put_string(json, name, text[0] ? text : NULL);
}

void fsa_view_put_host_json(FsaScoreView *view, const FsaScoredHost *host) {
  FsaJsonOut json = {.out = &view->out};
  const FsaMatrixHost *of = &view->matrix->hosts[host->matrix_host];
  bool is_known = host->band != FSA_BAND_UNKNOWN;
  fsa_json_open(&json, NULL, '{');
  put_string(&json, "host_identifier", of->identifier);
  put_string(&json, "hostname", of->hostname);
  put_string(&json, "platform", view->score->groups[host->group].platform);
  put_string(&json, "role", view->score->groups[host->group].role);
  fsa_json_put_number(&json, "rank", is_known ? (double)host->rank : NAN);
  put_string(&json, "band", fsa_band_name(host->band));
  fsa_json_put_number(&json, "score", is_known ? host->score : NAN);
  fsa_json_put_number(&json, "points", is_known ? fsa_points(host->score) : NAN);
  fsa_json_put_number(&json, "e_value", is_known ? host->e_value : NAN);
  fsa_json_put_number(&json, "probability", is_known ? host->probability : NAN);
  fsa_json_put_integer(&json, "sources_covered", host->covered);
  fsa_json_put_integer(&json, "sources_applicable", host->applicable);
  fsa_json_put_integer(&json, "rows_that_weigh", host->weighed);
  fsa_json_put_integer(&json, "rule_hits", host->rule_hits);
  fsa_json_put_integer(&json, "rows_suppressed", host->suppressed);
  fsa_json_close(&json, '}');
}

static void put_prevalence(FsaJsonOut *json, const char *name, const FsaPrevalence *prevalence) {
  fsa_json_open(json, name, '{');
  fsa_json_put_integer(json, "hosts", prevalence->hosts);
  fsa_json_put_integer(json, "covered", prevalence->covered);
  fsa_json_put_number(json, "low", prevalence->low);
  fsa_json_put_number(json, "high", prevalence->high);
  fsa_json_put_number(json, "smoothed", prevalence->smoothed);
  fsa_json_close(json, '}');
}

static void put_evidence(const FsaScoreView *view, FsaJsonOut *json, const FsaEvidence *evidence) {
  fsa_json_open(json, NULL, '{');
  put_string(json, "query", view->matrix->queries[evidence->query].name);
  fsa_json_put_text(json, "key", evidence->key.size ? evidence->key : (FsaText){0});
  fsa_json_put_json(json, "row", evidence->row);
  fsa_json_put_time(json, "time", evidence->time);
  fsa_json_put_time(json, "first_seen", evidence->first_seen);
  put_prevalence(json, "fleet", &evidence->fleet);
  put_prevalence(json, "group", &evidence->group);
  fsa_json_put_number(json, "share_as_rare", evidence->as_rare);
  fsa_json_put_text(json, "joined_by", evidence->link.size ? evidence->link : (FsaText){0});
  fsa_json_close(json, '}');
}

static void put_term(FsaJsonOut *json, const FsaTerm *term) {
  fsa_json_open(json, NULL, '{');
  put_string(json, "kind", fsa_term_name(term->kind));
  put_string(json, "family", term->family);
  put_string(json, "name", term->name);
  fsa_json_put_number(json, "weight", term->weight);
  fsa_json_put_number(json, "undiscounted", term->undiscounted);
  fsa_json_put_number(json, "evidence",
                      term->evidence == FSA_NO_INDEX ? NAN : (double)term->evidence);
  put_string(json, "text", term->text);
  fsa_json_close(json, '}');
}

static void put_lists(const FsaScoreView *view, FsaJsonOut *json, const FsaEntity *entity) {
  fsa_json_open(json, "attack", '[');
  for (uint32_t i = 0; i < entity->attack_count; i++)
    fsa_json_put_string(json, NULL, entity->attack[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "terms", '[');
  for (uint32_t i = 0; i < entity->term_count; i++) put_term(json, &entity->terms[i]);
  fsa_json_close(json, ']');
  fsa_json_open(json, "evidence", '[');
  for (uint32_t i = 0; i < entity->evidence_count; i++)
    put_evidence(view, json, &entity->evidence[i]);
  fsa_json_close(json, ']');
}

void fsa_view_put_entity_json(FsaScoreView *view, const FsaEntity *entity) {
  FsaJsonOut json = {.out = &view->out};
  const FsaMatrixHost *host = fsa_view_host(view, entity->host);
  bool is_clustered = entity->cluster != FSA_NO_INDEX;
  fsa_json_open(&json, NULL, '{');
  put_string(&json, "id", entity->id);
  put_string(&json, "label", entity->label);
  put_string(&json, "host_identifier", host->identifier);
  put_string(&json, "hostname", host->hostname);
  fsa_json_put_integer(&json, "rank", entity->rank);
  fsa_json_put_number(&json, "weight", entity->weight);
  fsa_json_put_number(&json, "points", fsa_points(entity->weight));
  fsa_json_put_number(&json, "probability", entity->probability);
  fsa_json_put_number(&json, "discount", entity->discount);
  fsa_json_put_number(&json, "contribution", entity->contribution);
  fsa_json_put_integer(&json, "rows", entity->row_count);
  fsa_json_put_integer(&json, "families", entity->source_count);
  fsa_json_put_time(&json, "first_seen", entity->first_seen);
  fsa_json_put_integer(&json, "on_hosts",
                       is_clustered ? view->score->clusters[entity->cluster].host_count : 1);
  put_string(&json, "next_step", entity->next_step);
  put_string(&json, "proves", entity->proves);
  put_string(&json, "does_not_prove", entity->does_not_prove);
  put_lists(view, &json, entity);
  fsa_json_close(&json, '}');
}
