/* `fsa-score score`: what to look at first, and why. See score_command.h. */
#include "command/score_command.h"

#include <string.h>

#define DEFAULT_SHOWN 10
#define SHOWN_ENTITIES 3 /* of a host */
#define SHOWN_TERMS 4    /* of an entity: those that speak most against it */
#define SHOWN_TEXT 140   /* characters of a term */
#define SHOWN_LISTED 5   /* clusters, mass keys */
#define HEAVY (-4.595)   /* P of 1 %: what a weak lead must weigh to be shown */

static void put_counted(FsaBuffer *out, int64_t count, const char *one, const char *many) {
  fsa_put_count(out, count);
  fsa_buffer_printf(out, " %s", count == 1 ? one : many);
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void put_verdict(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  put_counted(out, score->host_count, "host", "hosts");
  fsa_buffer_puts(out, ": ");
  fsa_put_count(out, score->host_count - score->unknown_count);
  fsa_buffer_puts(out, " scored, ");
  fsa_put_count(out, score->unknown_count);
  fsa_buffer_puts(out, " unknown (no source of them is covered).\n");
  fsa_buffer_printf(out,
                    "%u strong (E < 0.1), %u probable (E < 1), %u weak (E < 10); the others score "
                    "what chance gives, which is not \"clean\".\n",
                    score->bands[FSA_BAND_STRONG], score->bands[FSA_BAND_PROBABLE],
                    score->bands[FSA_BAND_WEAK]);
}

/* The terms that speak most against it, heaviest first. */
static void put_reasons(FsaScoreView *view, const FsaEntity *entity) {
  bool shown[256] = {false};
  for (int n = 0; n < SHOWN_TERMS; n++) {
    uint32_t best = FSA_NO_INDEX;
    for (uint32_t i = 0; i < entity->term_count && i < sizeof shown; i++)
      if (!shown[i] && entity->terms[i].weight > 0 &&
          (best == FSA_NO_INDEX || entity->terms[i].weight > entity->terms[best].weight))
        best = i;
    if (best == FSA_NO_INDEX) return;
    const FsaTerm *term = &entity->terms[best];
    shown[best] = true;
    fsa_buffer_printf(&view->out, "        %+6.1f  ", fsa_points(term->weight));
    if (term->kind == FSA_TERM_RULE || term->kind == FSA_TERM_ATTRIBUTE) {
      fsa_put_safe(&view->out, fsa_text(term->name), 60);
      fsa_buffer_puts(&view->out, " - ");
    }
    fsa_put_safe(&view->out, fsa_text(term->text), SHOWN_TEXT);
    fsa_buffer_putc(&view->out, '\n');
  }
}

static void put_entity(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  fsa_buffer_puts(out, "      ");
  fsa_put_safe(out, fsa_text(entity->label), 120);
  fsa_buffer_printf(out, "  P %.2g, ", entity->probability);
  put_counted(out, entity->row_count, "row", "rows");
  if (entity->first_seen) {
    fsa_buffer_puts(out, ", first seen ");
    fsa_put_time(out, entity->first_seen);
  }
  if (entity->cluster != FSA_NO_INDEX)
    fsa_buffer_printf(out, ", on %u hosts", view->score->clusters[entity->cluster].host_count);
  for (uint32_t i = 0; i < entity->attack_count && i < 4; i++) {
    fsa_buffer_puts(out, i ? " " : ", ");
    fsa_put_safe(out, fsa_text(entity->attack[i]), 12);
  }
  fsa_buffer_putc(out, '\n');
  put_reasons(view, entity);
}

static void put_host(FsaScoreView *view, const FsaScoredHost *host) {
  FsaBuffer *out = &view->out;
  const FsaMatrixHost *of = &view->matrix->hosts[host->matrix_host];
  fsa_buffer_printf(out, "\n%4u  ", host->rank);
  fsa_put_safe(out, fsa_text(fsa_matrix_host_label(of)), 80);
  fsa_buffer_printf(out, "  %s  E %.2g  %.1f points  ", fsa_band_name(host->band), host->e_value,
                    fsa_points(host->score));
  fsa_view_put_group(view, host->group);
  fsa_buffer_printf(out, "; %u of %u sources covered\n", host->covered, host->applicable);
  const FsaEntity *first = &view->score->entities[host->first_entity];
  for (uint32_t i = 0; i < host->entity_count && i < SHOWN_ENTITIES; i++)
    if (i == 0 || first[i].weight >= HEAVY) put_entity(view, &first[i]);
  if (host->entity_count && first->next_step[0]) {
    fsa_buffer_puts(out, "      next: ");
    fsa_put_safe(out, fsa_text(first->next_step), 240);
    fsa_buffer_putc(out, '\n');
  }
}

static void put_clusters(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  if (score->cluster_count) fsa_buffer_puts(out, "\nThe same thing on several hosts:\n");
  for (uint32_t i = 0; i < score->cluster_count && i < SHOWN_LISTED; i++) {
    const FsaCluster *cluster = &score->clusters[i];
    fsa_buffer_printf(out, "  %3u hosts  ", cluster->host_count);
    fsa_put_safe(out, cluster->label[0] ? fsa_text(cluster->label) : cluster->key, 120);
    fsa_buffer_printf(out, "  (%s, from ", view->matrix->queries[cluster->query].name);
    fsa_put_safe(out, fsa_text(fsa_matrix_host_label(fsa_view_host(view, cluster->hosts[0]))), 60);
    fsa_buffer_puts(out, " on)\n");
  }
}

static void put_mass(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  if (score->mass_count)
    fsa_buffer_puts(out, "\nMay be everywhere because an intruder put it everywhere (without "
                         "rarity, rules at their author's rates):\n");
  for (uint32_t i = 0; i < score->mass_count && i < SHOWN_LISTED; i++) {
    const FsaMassKey *mass = &score->mass[i];
    fsa_buffer_printf(out, "  on %u of %u covered hosts  %+.1f  ", mass->fleet.hosts,
                      mass->fleet.covered, fsa_points(mass->weight));
    fsa_put_safe(out, mass->key, 100);
    fsa_buffer_printf(out, "  (%s: ", view->matrix->queries[mass->query].name);
    fsa_put_safe(out, fsa_text(mass->why), 120);
    fsa_buffer_puts(out, ")\n");
  }
}

static void put_window(FsaScoreView *view) {
  const FsaWindow *window = &view->score->window;
  FsaBuffer *out = &view->out;
  if (!window->to) return;
  fsa_buffer_printf(out, "\n%s: ", window->is_given ? "Incident window" : "Incident window to try");
  fsa_put_time(out, window->from);
  fsa_buffer_puts(out, " to ");
  fsa_put_time(out, window->to);
  fsa_buffer_printf(out, ", %u heavy findings began in it.%s\n", window->entities,
                    window->is_given ? ""
                                     : " No weight was taken from it: judge it, then give it with "
                                       "--window.");
}

static void put_suppressions(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  uint64_t rows = 0;
  uint32_t expired = 0;
  for (uint32_t i = 0; i < score->suppression_count; i++) {
    rows += score->suppressions[i].rows;
    expired += score->suppressions[i].is_expired;
  }
  if (!score->suppression_count) return;
  fsa_buffer_puts(out, "\nKnown good: ");
  put_counted(out, score->suppression_count - expired, "entry is in force and hides ",
              "entries are in force and hide ");
  put_counted(out, (int64_t)rows, "row.\n", "rows.\n");
  for (uint32_t i = 0; i < score->suppression_count; i++) {
    const FsaSuppression *entry = &score->suppressions[i];
    if (!entry->is_expired) continue;
    fsa_buffer_printf(out, "  not applied, expired on %s: line %u, ", entry->expires, entry->line);
    fsa_put_safe(out, fsa_text(entry->scope), 120);
    fsa_buffer_putc(out, '\n');
  }
}

static void put_not_run(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  uint32_t count = 0;
  for (uint32_t i = 0; i < score->measure_count; i++) {
    const FsaMeasure *measure = &score->measures[i];
    if (!measure->not_run) continue;
    if (count++ == 0) fsa_buffer_puts(out, "\nRules and attributes that did not run:\n");
    fsa_buffer_printf(out, "  %s ", view->matrix->queries[measure->query].name);
    fsa_put_safe(out, fsa_text(measure->id), 60);
    fsa_buffer_puts(out, ": ");
    fsa_put_safe(out, fsa_text(measure->not_run), 120);
    fsa_buffer_putc(out, '\n');
  }
}

static void put_unknown(FsaScoreView *view, size_t most) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  uint32_t known = score->host_count - score->unknown_count;
  if (score->unknown_count) fsa_buffer_puts(out, "\nUnknown - nothing can be said of them:\n");
  for (uint32_t i = known; i < score->host_count && i < known + most; i++) {
    fsa_buffer_puts(out, "  ");
    fsa_put_safe(out, fsa_text(fsa_matrix_host_label(fsa_view_host(view, i))), 80);
    fsa_buffer_putc(out, '\n');
  }
  if (score->unknown_count > most)
    fsa_buffer_printf(out, "  ... and %zu more: -f csv has all\n", score->unknown_count - most);
}

static void print_table(FsaScoreView *view) {
  const FsaScore *score = view->score;
  size_t top = view->command->top ? view->command->top : DEFAULT_SHOWN;
  put_verdict(view);
  if (score->host_count > score->unknown_count)
    fsa_buffer_puts(&view->out, "\nLook at these first. Weights are points, 10 log10 of a "
                                "likelihood ratio; E is how many uncompromised hosts\nof this "
                                "fleet would score as high by chance.\n");
  for (uint32_t i = 0; i < score->host_count && i < top; i++)
    if (score->hosts[i].band != FSA_BAND_UNKNOWN) put_host(view, &score->hosts[i]);
  put_clusters(view);
  put_mass(view);
  put_window(view);
  put_suppressions(view);
  put_unknown(view, top);
  put_not_run(view);
  fsa_buffer_puts(&view->out, "\n`fsa-score explain --host NAME` has every term and row.\n");
  fsa_print(&view->out);
}

/* ---- csv and json: every host -----------------------------------------------------------------
 */

static void put_csv(FsaScoreView *view, const FsaScoredHost *host) {
  FsaBuffer *out = &view->out;
  const FsaMatrixHost *of = &view->matrix->hosts[host->matrix_host];
  const FsaGroup *group = &view->score->groups[host->group];
  const FsaText texts[] = {fsa_text(of->identifier), fsa_text(of->hostname),
                           fsa_text(group->platform), fsa_text(group->role)};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    fsa_put_csv(out, texts[i]);
    fsa_buffer_putc(out, ',');
  }
  if (host->band == FSA_BAND_UNKNOWN)
    fsa_buffer_puts(out, ",unknown,,,,");
  else
    fsa_buffer_printf(out, "%u,%s,%.6f,%.6f,%.6g,%.6g", host->rank, fsa_band_name(host->band),
                      host->score, fsa_points(host->score), host->e_value, host->probability);
  fsa_buffer_printf(out, ",%u,%u\n", host->covered, host->applicable);
}

static void print_csv(FsaScoreView *view) {
  fsa_buffer_puts(&view->out,
                  "host_identifier,hostname,platform,role,rank,band,score,points,e_value,"
                  "probability,sources_covered,sources_applicable\n");
  for (uint32_t i = 0; i < view->score->host_count; i++) {
    put_csv(view, &view->score->hosts[i]);
    if (!fsa_print(&view->out)) return;
  }
  fsa_print(&view->out);
}

static void print_json(FsaScoreView *view) {
  const FsaScore *score = view->score;
  FsaBuffer *out = &view->out;
  fsa_buffer_printf(out,
                    "{\"host_count\": %u, \"unknown_count\": %u, \"resamples\": %u, "
                    "\"rows_per_host\": %.6g,\n \"hosts\": [",
                    score->host_count, score->unknown_count, score->resamples,
                    score->rows_per_host);
  for (uint32_t i = 0; i < score->host_count; i++) {
    fsa_buffer_puts(out, i ? ",\n  " : "\n  ");
    fsa_view_put_host_json(view, &score->hosts[i]);
    if (!fsa_print(out)) return;
  }
  fsa_buffer_puts(out, "]}\n");
  fsa_print(out);
}

static int show(FsaScoreView *view) {
  switch (view->command->format) {
  case FSA_FORMAT_TABLE: print_table(view); break;
  case FSA_FORMAT_CSV: print_csv(view); break;
  case FSA_FORMAT_JSON: print_json(view); break;
  }
  return 0;
}

int fsa_score(const FsaScoreCommand *command) {
  return fsa_score_view(command, show);
}
