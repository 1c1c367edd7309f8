/* `fsa-score explain`: every term of a host's score. See score_command.h. */
#include <math.h>
#include <string.h>

#include "command/score_command.h"

#define SHOWN_ROW 400 /* characters of a row */

static void put_term(FsaScoreView *view, const FsaTerm *term) {
  FsaBuffer *out = &view->out;
  fsa_buffer_printf(out, "    %+10.4f  %-9s ", fsa_points(term->weight), fsa_term_name(term->kind));
  if (term->kind == FSA_TERM_RULE || term->kind == FSA_TERM_ATTRIBUTE) {
    fsa_put_safe(out, fsa_text(term->name), 60);
    fsa_buffer_puts(out, " - ");
  }
  fsa_put_safe(out, fsa_text(term->text), 0);
  if (term->evidence != FSA_NO_INDEX) fsa_buffer_printf(out, " [row %u]", term->evidence + 1);
  fsa_buffer_putc(out, '\n');
}

static void put_rows(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  for (uint32_t i = 0; i < entity->evidence_count; i++) {
    const FsaEvidence *evidence = &entity->evidence[i];
    fsa_buffer_printf(out, "    row %u  %s  ", i + 1, view->matrix->queries[evidence->query].name);
    fsa_put_time(out, evidence->time);
    fsa_buffer_puts(out, "\n      ");
    fsa_put_safe(out, evidence->row, SHOWN_ROW);
    if (evidence->link.size) {
      fsa_buffer_puts(out, "\n      joined by ");
      fsa_put_safe(out, evidence->link, 200);
    }
    fsa_buffer_putc(out, '\n');
  }
  if (entity->row_count > entity->evidence_count)
    fsa_buffer_printf(out, "    ... and %u more rows\n",
                      entity->row_count - entity->evidence_count);
}

static void put_text(FsaBuffer *out, const char *name, const char *text) {
  if (!text[0]) return;
  fsa_buffer_printf(out, "    %s: ", name);
  fsa_put_safe(out, fsa_text(text), 0);
  fsa_buffer_putc(out, '\n');
}

static void put_entity(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  fsa_buffer_printf(out, "\n  %u  ", entity->rank);
  fsa_put_safe(out, fsa_text(entity->label), 160);
  fsa_buffer_printf(out, "  (finding %s)\n", entity->id);
  for (uint32_t i = 0; i < entity->term_count; i++) put_term(view, &entity->terms[i]);
  fsa_buffer_printf(out,
                    "    %+10.4f  in all: P %.3g. In the score: ln(1 + e^L) %.4f x %.4f = %.4f\n",
                    fsa_points(entity->weight), entity->probability, fsa_points(entity->softplus),
                    entity->discount, fsa_points(entity->contribution));
  put_rows(view, entity);
  put_text(out, "proves", entity->proves);
  put_text(out, "does not prove", entity->does_not_prove);
  put_text(out, "next step", entity->next_step);
}

static void put_head(FsaScoreView *view, const FsaScoredHost *host) {
  FsaBuffer *out = &view->out;
  const FsaMatrixHost *of = &view->matrix->hosts[host->matrix_host];
  fsa_put_safe(out, fsa_text(fsa_matrix_host_label(of)), 120);
  fsa_buffer_puts(out, " (");
  fsa_put_safe(out, fsa_text(of->identifier), 80);
  fsa_buffer_puts(out, "), group ");
  fsa_view_put_group(view, host->group);
  fsa_buffer_printf(out, "; %u of %u sources covered\n", host->covered, host->applicable);
  if (host->band == FSA_BAND_UNKNOWN) {
    fsa_buffer_puts(out, "  unknown: no source of this host is covered. It has no score.\n");
    return;
  }
  fsa_buffer_printf(out,
                    "  rank %u of %u, band %s: %.4f points, E %.3g - so many uncompromised hosts "
                    "of this fleet would score as high by chance.\n",
                    host->rank, view->score->host_count - view->score->unknown_count,
                    fsa_band_name(host->band), fsa_points(host->score), host->e_value);
  fsa_buffer_puts(out, "  All weights are in points: 10 log10 of a likelihood ratio, +10 is ten "
                       "times as likely.\n");
}

static void put_sum(FsaScoreView *view, const FsaScoredHost *host) {
  if (host->band == FSA_BAND_UNKNOWN) return;
  fsa_buffer_puts(&view->out, "\n  Score = ");
  for (uint32_t i = 0; i < host->entity_count; i++)
    fsa_buffer_printf(&view->out, "%s%.4f", i ? " + " : "",
                      fsa_points(view->score->entities[host->first_entity + i].contribution));
  fsa_buffer_printf(&view->out, "%s%.4f points\n",
                    host->entity_count ? " = " : "nothing: ", fsa_points(host->score));
}

static void put_host(FsaScoreView *view, const FsaScoredHost *host) {
  put_head(view, host);
  for (uint32_t i = 0; i < host->entity_count; i++)
    put_entity(view, &view->score->entities[host->first_entity + i]);
  put_sum(view, host);
}

static void put_host_json(FsaScoreView *view, const FsaScoredHost *host, bool is_first) {
  FsaBuffer *out = &view->out;
  fsa_buffer_puts(out, is_first ? "{\"host\": " : ",\n {\"host\": ");
  fsa_view_put_host_json(view, host);
  fsa_buffer_puts(out, ", \"entities\": [");
  for (uint32_t i = 0; i < host->entity_count; i++) {
    fsa_buffer_puts(out, i ? ",\n  " : "\n  ");
    fsa_view_put_entity_json(view, &view->score->entities[host->first_entity + i]);
  }
  fsa_buffer_puts(out, "]}");
}

static bool is_named(const FsaScoreView *view, uint32_t host) {
  const FsaMatrixHost *of = fsa_view_host(view, host);
  const char *name = view->command->options.detail_host;
  size_t size = strlen(name);
  return fsa_text_same(name, size, of->identifier, strlen(of->identifier)) ||
         fsa_text_same(name, size, of->hostname, strlen(of->hostname));
}

/* Clones share an identifier: then all of them are told. */
static int explain(FsaScoreView *view) {
  bool is_json = view->command->format == FSA_FORMAT_JSON, found = false;
  if (is_json) fsa_buffer_putc(&view->out, '[');
  for (uint32_t i = 0; i < view->score->host_count; i++) {
    if (!is_named(view, i)) continue;
    if (is_json)
      put_host_json(view, &view->score->hosts[i], !found);
    else
      put_host(view, &view->score->hosts[i]);
    found = true;
  }
  if (is_json) fsa_buffer_puts(&view->out, "]\n");
  if (found) fsa_print(&view->out);
  if (!found)
    fsa_complain("no line of %s arrived: it is unknown. `fsa-score coverage` lists the hosts that "
                 "answered",
                 view->command->options.detail_host);
  return found ? 0 : 2;
}

int fsa_explain(const FsaScoreCommand *command) {
  return fsa_score_view(command, explain);
}
