/* The terms of a weight in plain sentences. See term_text.h. */
#include "method/term_text.h"

#include <math.h>
#include <string.h>

#include "text/print.h"

#define MAX_SENTENCE 8192

static const FsaSignal *signal_of(const FsaTermScene *scene, const FsaWeighedTerm *term) {
  return &scene->signals->all[term->signal];
}

static const FsaFact *fact_of(const FsaTermScene *scene, const FsaWeighedTerm *term) {
  return &scene->scorer->model.queries[signal_of(scene, term)->query].facts[term->fact];
}

static const char *query_name(const FsaTermScene *scene, const FsaWeighedTerm *term) {
  return scene->scorer->matrix->queries[signal_of(scene, term)->query].name;
}

const char *fsa_term_subject(const FsaTermScene *scene, const FsaWeighedTerm *term) {
  bool is_fact = term->kind == FSA_TERM_RULE || term->kind == FSA_TERM_ATTRIBUTE;
  if (is_fact) return fact_of(scene, term)->id;
  return term->signal == FSA_NO_INDEX ? "" : query_name(scene, term);
}

double fsa_share_as_rare(const FsaModel *model, uint32_t artefact) {
  const FsaTallied *tallied = &model->tally.artefacts[artefact];
  const FsaModelQuery *query = &model->queries[tallied->query];
  uint64_t all = query->of_stratum[tallied->stratum], as_rare = 0;
  for (unsigned b = 0; b <= tallied->bucket; b++) as_rare += query->sightings[tallied->stratum][b];
  return all ? (double)as_rare / (double)all : 0;
}

static void put_hosts(FsaBuffer *out, uint64_t hosts, uint64_t covered) {
  fsa_buffer_puts(out, "on ");
  fsa_put_count(out, (int64_t)hosts);
  fsa_buffer_puts(out, " of ");
  fsa_put_count(out, (int64_t)covered);
  fsa_buffer_puts(out, " covered hosts");
}

/* A key that a known-good entry covers keeps its term, at nothing, so that one sees it. */
static void put_suppression(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  uint32_t entry = signal_of(scene, term)->suppressed;
  if (!entry) return;
  const FsaKnownGood *good = &scene->scorer->suppressions.all[entry - 1];
  fsa_buffer_printf(out, "; known good until %s: %s (%s)", good->expires, good->reason,
                    good->author);
}

static void put_prior(FsaBuffer *out, const FsaTermScene *scene) {
  const FsaModel *model = &scene->scorer->model;
  const FsaWeighed *entity = scene->entity;
  unsigned sources = 0;
  fsa_buffer_printf(out,
                    "before any evidence: 1 %% of hosts, half of it spread over the %.3g sources "
                    "of a host and the rows of each, half over all %.4g rows: ",
                    model->sources_per_host, model->rows_per_host);
  for (uint32_t i = 0; i < entity->member_count; i++) {
    uint32_t query = scene->signals->all[entity->members[i]].query;
    if (!fsa_is_first_of_source(scene->signals, entity->members, i)) continue;
    fsa_buffer_printf(out, "%s%.3g %% a row of %s", sources++ ? ", " : "",
                      100 * exp(model->queries[query].prior),
                      scene->scorer->matrix->queries[query].name);
  }
  if (sources > 1) fsa_buffer_puts(out, "; their geometric mean counts");
}

static void put_rarity(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  const FsaModel *model = &scene->scorer->model;
  const FsaSignal *signal = signal_of(scene, term);
  const FsaTallied *artefact = &model->tally.artefacts[signal->artefact];
  const FsaMatrixQuery *query = &scene->scorer->matrix->queries[signal->query];
  FsaPrevalence fleet =
      fsa_model_prevalence(model, signal->query, artefact->hosts, (uint32_t)query->covered);
  const char *place = fsa_path_class_name((FsaPathClass)(artefact->stratum / FSA_SIGNATURES));
  fsa_buffer_printf(out, "%s: ", query->name);
  put_hosts(out, fleet.hosts, fleet.covered);
  fsa_buffer_printf(out, " (95 %%: %.3g to %.3g %%); %.3g %% of its %s%s%srows are this rare",
                    100 * fleet.low, 100 * fleet.high,
                    100 * fsa_share_as_rare(model, signal->artefact), place[0] ? "\"" : "", place,
                    place[0] ? "\" " : "");
  if (term->weight > term->undiscounted)
    fsa_buffer_puts(out, "; that it is common takes nothing from a fixed rule");
  put_suppression(out, scene, term);
}

static void put_peer(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  const FsaModel *model = &scene->scorer->model;
  const FsaSignal *signal = signal_of(scene, term);
  uint32_t group = scene->scorer->grouping.of[scene->host];
  const FsaRole *role = &scene->scorer->grouping.roles[group];
  put_hosts(out, fsa_tally_in_group(&model->tally, signal->artefact, group),
            fsa_tally_covered_in(&model->tally, signal->query, group));
  fsa_buffer_printf(out, " of its group (%s%s%s), ", role->platform, role->role[0] ? ", " : "",
                    role->role);
  put_hosts(out, model->tally.artefacts[signal->artefact].hosts,
            scene->scorer->matrix->queries[signal->query].covered);
  fsa_buffer_puts(out, " of the fleet");
  put_suppression(out, scene, term);
}

static void put_attribute(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  const FsaFact *fact = fact_of(scene, term);
  fsa_buffer_printf(out, "%s: so are %.3g %% of malicious things and %.3g %% of rare rows here",
                    query_name(scene, term), 100 * fact->tpr, 100 * fact->measured);
  put_suppression(out, scene, term);
  fsa_buffer_printf(out, ": %s", fact->where);
}

static void put_rule(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  const FsaFact *fact = fact_of(scene, term);
  fsa_buffer_printf(out, "%s: hits %.3g %% of malicious rows", query_name(scene, term),
                    100 * fact->tpr);
  if (fact->is_fixed)
    fsa_buffer_printf(out, " and %.3g %% of others by its author, which stays whatever is measured",
                      100 * fact->prior);
  else
    fsa_buffer_printf(out, " and %.3g %% of %s here", 100 * fact->measured,
                      fact->by_hosts ? "hosts" : "rows");
  if (term->weight < term->undiscounted)
    fsa_buffer_printf(out, "; counts %.0f %%, evidence of its family shares a cause",
                      100 * term->weight / term->undiscounted);
  fsa_buffer_printf(out, ": %s", fact->by_hosts ? "any row of it" : fact->where);
}

static void put_sources(FsaBuffer *out, const FsaTermScene *scene) {
  const char *seen[FSA_MAX_SOURCES];
  unsigned count = 0;
  fsa_buffer_puts(out, "independent evidence tells of it: ");
  for (uint32_t i = 0; i < scene->entity->member_count && count < FSA_MAX_SOURCES; i++) {
    const FsaSignal *signal = &scene->signals->all[scene->entity->members[i]];
    FsaSignalWeight weight = fsa_signal_weight(&scene->scorer->model, scene->host, signal);
    const char *family = fsa_query_family(&scene->scorer->matrix->queries[signal->query]);
    unsigned at = 0;
    while (at < count && strcmp(seen[at], family) != 0) at++;
    if (at < count || (weight.rarity + weight.peer <= 0 && weight.rules <= 0)) continue;
    fsa_buffer_printf(out, "%s%s", count ? ", " : "", family);
    seen[count++] = family;
  }
}

static void put_first_seen(FsaBuffer *out, const FsaTermScene *scene, const FsaWeighedTerm *term) {
  const FsaModel *model = &scene->scorer->model;
  const FsaSignal *signal = signal_of(scene, term);
  const FsaModelQuery *query = &model->queries[signal->query];
  bool is_inside =
      signal->first_seen >= model->window_from && signal->first_seen <= model->window_to;
  double share = ((double)query->inside + 1) / ((double)query->timed + 2);
  fsa_buffer_printf(out, "%s: first seen ", query_name(scene, term));
  fsa_put_time(out, signal->first_seen);
  fsa_buffer_printf(out, ", %s the incident window, as %.3g %% of its rows are",
                    is_inside ? "inside" : "outside", 100 * (is_inside ? share : 1 - share));
}

static void put_outlier(FsaBuffer *out, const FsaTermScene *scene) {
  const FsaRowCounts *count = &scene->scorer->row_counts[scene->host];
  const FsaMatrix *matrix = scene->scorer->matrix;
  const FsaCell *cell = fsa_matrix_cell(matrix, scene->host, count->query);
  fsa_buffer_puts(out, "the host has unusually many rows for its group, most of all ");
  fsa_put_count(out, cell->arrived);
  fsa_buffer_printf(out, " of %s, where the middle of the group is %.0f",
                    matrix->queries[count->query].name, count->median);
}

const char *fsa_term_text(const FsaTermScene *scene, const FsaWeighedTerm *term) {
  FsaBuffer out = fsa_buffer(MAX_SENTENCE);
  switch (term->kind) {
  case FSA_TERM_PRIOR: put_prior(&out, scene); break;
  case FSA_TERM_RARITY: put_rarity(&out, scene, term); break;
  case FSA_TERM_PEER: put_peer(&out, scene, term); break;
  case FSA_TERM_ATTRIBUTE: put_attribute(&out, scene, term); break;
  case FSA_TERM_RULE: put_rule(&out, scene, term); break;
  case FSA_TERM_SOURCES: put_sources(&out, scene); break;
  case FSA_TERM_TIME: put_first_seen(&out, scene, term); break;
  default: put_outlier(&out, scene); break;
  }
  const char *text = fsa_buffer_text(&out);
  const char *copy = fsa_arena_copy(&scene->scorer->score->arena, text, strlen(text));
  fsa_buffer_done(&out);
  return copy;
}
