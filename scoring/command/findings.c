/* `fsa-score findings`: the entities that weigh most, one a line. See score_command.h. */
#include <stdlib.h>
#include <string.h>

#include "command/score_command.h"

#define DEFAULT_LISTED 50

static int compare_entities(const void *a, const void *b) {
  const FsaEntity *left = *(FsaEntity *const *)a, *right = *(FsaEntity *const *)b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  return left < right ? -1 : left > right;
}

static void put_table(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out;
  const FsaScoredHost *host = &view->score->hosts[entity->host];
  fsa_buffer_printf(out, "%s  %+7.1f  P %-8.2g %-9s E %-7.2g ", entity->id,
                    fsa_points(entity->weight), entity->probability, fsa_band_name(host->band),
                    host->e_value);
  fsa_put_safe(out, fsa_text(fsa_matrix_host_label(fsa_view_host(view, entity->host))), 40);
  fsa_buffer_puts(out, "  ");
  fsa_put_safe(out, fsa_text(entity->label), 100);
  fsa_buffer_putc(out, '\n');
}

/* The rules that hit, by a blank. */
static void put_rules(FsaBuffer *out, const FsaEntity *entity) {
  bool is_first = true;
  for (uint32_t i = 0; i < entity->term_count; i++) {
    if (entity->terms[i].kind != FSA_TERM_RULE) continue;
    fsa_buffer_puts(out, is_first ? "" : " ");
    fsa_buffer_puts(out, entity->terms[i].name);
    is_first = false;
  }
}

static void put_csv(FsaScoreView *view, const FsaEntity *entity) {
  FsaBuffer *out = &view->out, rules = fsa_buffer(FSA_MAX_META_BYTES);
  const FsaMatrixHost *of = fsa_view_host(view, entity->host);
  const FsaScoredHost *host = &view->score->hosts[entity->host];
  put_rules(&rules, entity);
  fsa_buffer_printf(out, "%s,", entity->id);
  fsa_put_csv(out, fsa_text(of->identifier));
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(of->hostname));
  fsa_buffer_printf(out, ",%u,%s,%.6g,%u,%.6f,%.6g,%u,", host->rank, fsa_band_name(host->band),
                    host->e_value, entity->rank, fsa_points(entity->weight), entity->probability,
                    entity->row_count);
  if (entity->first_seen) fsa_buffer_i64(out, entity->first_seen);
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(fsa_buffer_text(&rules)));
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(entity->label));
  fsa_buffer_putc(out, '\n');
  fsa_buffer_done(&rules);
}

static void put_finding(FsaScoreView *view, const FsaEntity *entity, bool is_first) {
  switch (view->command->format) {
  case FSA_FORMAT_TABLE: put_table(view, entity); break;
  case FSA_FORMAT_CSV: put_csv(view, entity); break;
  case FSA_FORMAT_JSON:
    fsa_buffer_puts(&view->out, is_first ? "" : ",\n ");
    fsa_view_put_entity_json(view, entity);
    break;
  }
}

static int show(FsaScoreView *view) {
  static const char *const heads[] = {
      [FSA_FORMAT_TABLE] = "",
      [FSA_FORMAT_CSV] = ("id,host_identifier,hostname,host_rank,band,e_value,rank,points,"
                          "probability,rows,first_seen,rules,label\n"),
      [FSA_FORMAT_JSON] = "["};
  const FsaScore *score = view->score;
  size_t top = view->command->top ? view->command->top : DEFAULT_LISTED;
  const FsaEntity **all = g_new(const FsaEntity *, score->entity_count + 1u);
  for (uint32_t i = 0; i < score->entity_count; i++) all[i] = &score->entities[i];
  if (score->entity_count) qsort(all, score->entity_count, sizeof *all, compare_entities);
  fsa_buffer_puts(&view->out, heads[view->command->format]);
  for (uint32_t i = 0; i < score->entity_count && i < top; i++) {
    put_finding(view, all[i], i == 0);
    if (!fsa_print(&view->out)) break;
  }
  if (view->command->format == FSA_FORMAT_JSON) fsa_buffer_puts(&view->out, "]\n");
  fsa_print(&view->out);
  g_free(all);
  return 0;
}

int fsa_findings(const FsaScoreCommand *command) {
  return fsa_score_view(command, show);
}
