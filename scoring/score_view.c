/* What the commands about scores share: running the score, and the pieces that they print. */
#include <math.h>
#include <string.h>

#include "score_command.h"

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

static void put_name(FsaBuffer *out, const char *name) {
  fsa_buffer_printf(out, "%s\"%s\": ", out->size && out->data[out->size - 1] == '{' ? "" : ", ",
                    name);
}

static void put_string(FsaBuffer *out, const char *name, FsaText text) {
  put_name(out, name);
  if (text.size)
    fsa_buffer_json(out, text.data, text.size);
  else
    fsa_buffer_puts(out, "null");
}

static void put_number(FsaBuffer *out, const char *name, double value) {
  put_name(out, name);
  if (isfinite(value))
    fsa_buffer_printf(out, "%.12g", value);
  else
    fsa_buffer_puts(out, "null");
}

static void put_time(FsaBuffer *out, const char *name, int64_t time) {
  put_name(out, name);
  if (time)
    fsa_buffer_i64(out, time);
  else
    fsa_buffer_puts(out, "null");
}

void fsa_view_put_host_json(FsaScoreView *view, const FsaScoredHost *host) {
  FsaBuffer *out = &view->out;
  const FsaMatrixHost *of = &view->matrix->hosts[host->matrix_host];
  bool is_known = host->band != FSA_BAND_UNKNOWN;
  fsa_buffer_putc(out, '{');
  put_string(out, "host_identifier", fsa_text(of->identifier));
  put_string(out, "hostname", fsa_text(of->hostname));
  put_string(out, "platform", fsa_text(view->score->groups[host->group].platform));
  put_string(out, "role", fsa_text(view->score->groups[host->group].role));
  put_number(out, "rank", is_known ? (double)host->rank : NAN);
  put_string(out, "band", fsa_text(fsa_band_name(host->band)));
  put_number(out, "score", is_known ? host->score : NAN);
  put_number(out, "points", is_known ? fsa_points(host->score) : NAN);
  put_number(out, "e_value", is_known ? host->e_value : NAN);
  put_number(out, "probability", is_known ? host->probability : NAN);
  put_number(out, "sources_covered", host->covered);
  put_number(out, "sources_applicable", host->applicable);
  put_number(out, "rows_that_weigh", host->weighed);
  put_number(out, "rule_hits", host->rule_hits);
  put_number(out, "rows_suppressed", host->suppressed);
  fsa_buffer_putc(out, '}');
}

static void put_prevalence(FsaBuffer *out, const char *name, const FsaPrevalence *prevalence) {
  put_name(out, name);
  fsa_buffer_putc(out, '{');
  put_number(out, "hosts", prevalence->hosts);
  put_number(out, "covered", prevalence->covered);
  put_number(out, "low", prevalence->low);
  put_number(out, "high", prevalence->high);
  put_number(out, "smoothed", prevalence->smoothed);
  fsa_buffer_putc(out, '}');
}

static void put_evidence(FsaScoreView *view, const FsaEvidence *evidence) {
  FsaBuffer *out = &view->out;
  fsa_buffer_putc(out, '{');
  put_string(out, "query", fsa_text(view->matrix->queries[evidence->query].name));
  put_string(out, "key", evidence->key);
  put_name(out, "row"); /* canonical JSON already */
  fsa_buffer_put(out, evidence->row.data ? evidence->row.data : "null",
                 evidence->row.data ? evidence->row.size : 4);
  put_time(out, "time", evidence->time);
  put_time(out, "first_seen", evidence->first_seen);
  put_prevalence(out, "fleet", &evidence->fleet);
  put_prevalence(out, "group", &evidence->group);
  put_number(out, "share_as_rare", evidence->as_rare);
  put_string(out, "joined_by", evidence->link);
  fsa_buffer_putc(out, '}');
}

static void put_term(FsaBuffer *out, const FsaTerm *term) {
  fsa_buffer_putc(out, '{');
  put_string(out, "kind", fsa_text(fsa_term_name(term->kind)));
  put_string(out, "family", fsa_text(term->family));
  put_string(out, "name", fsa_text(term->name));
  put_number(out, "weight", term->weight);
  put_number(out, "undiscounted", term->undiscounted);
  put_number(out, "evidence", term->evidence == FSA_NO_INDEX ? NAN : (double)term->evidence);
  put_string(out, "text", fsa_text(term->text));
  fsa_buffer_putc(out, '}');
}

static void put_lists(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  fsa_buffer_puts(out, ", \"attack\": [");
  for (uint32_t i = 0; i < entity->attack_count; i++) {
    fsa_buffer_puts(out, i ? ", " : "");
    fsa_buffer_json(out, entity->attack[i], strlen(entity->attack[i]));
  }
  fsa_buffer_puts(out, "], \"terms\": [");
  for (uint32_t i = 0; i < entity->term_count; i++) {
    fsa_buffer_puts(out, i ? ", " : "");
    put_term(out, &entity->terms[i]);
  }
  fsa_buffer_puts(out, "], \"evidence\": [");
  for (uint32_t i = 0; i < entity->evidence_count; i++) {
    fsa_buffer_puts(out, i ? ", " : "");
    put_evidence(view, &entity->evidence[i]);
  }
  fsa_buffer_putc(out, ']');
}

void fsa_view_put_entity_json(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  const FsaMatrixHost *host = fsa_view_host(view, entity->host);
  bool is_clustered = entity->cluster != FSA_NO_INDEX;
  fsa_buffer_putc(out, '{');
  put_string(out, "id", fsa_text(entity->id));
  put_string(out, "label", fsa_text(entity->label));
  put_string(out, "host_identifier", fsa_text(host->identifier));
  put_string(out, "hostname", fsa_text(host->hostname));
  put_number(out, "rank", entity->rank);
  put_number(out, "weight", entity->weight);
  put_number(out, "points", fsa_points(entity->weight));
  put_number(out, "probability", entity->probability);
  put_number(out, "discount", entity->discount);
  put_number(out, "contribution", entity->contribution);
  put_number(out, "rows", entity->row_count);
  put_number(out, "families", entity->source_count);
  put_time(out, "first_seen", entity->first_seen);
  put_number(out, "on_hosts", is_clustered ? view->score->clusters[entity->cluster].host_count : 1);
  put_string(out, "next_step", fsa_text(entity->next_step));
  put_string(out, "proves", fsa_text(entity->proves));
  put_string(out, "does_not_prove", fsa_text(entity->does_not_prove));
  put_lists(view, entity);
  fsa_buffer_putc(out, '}');
}
