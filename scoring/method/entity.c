/* Entities. See entity.h; the method: docs/scoring.md. */
#include "method/entity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "method/join.h"

#define MAX_TERMS 256 /* of an entity */

static const char *const term_names[FSA_TERM_COUNT] = {
    [FSA_TERM_PRIOR] = "prior", [FSA_TERM_RARITY] = "rarity",
    [FSA_TERM_PEER] = "peer",   [FSA_TERM_ATTRIBUTE] = "attribute",
    [FSA_TERM_RULE] = "rule",   [FSA_TERM_SOURCES] = "sources",
    [FSA_TERM_TIME] = "time",   [FSA_TERM_OUTLIER] = "outlier",
};

const char *fsa_term_name(FsaTermKind kind) {
  return term_names[kind];
}

bool fsa_is_first_of_source(const FsaHostSignals *signals, const uint32_t *members, uint32_t at) {
  uint16_t query = signals->all[members[at]].query;
  for (uint32_t i = 0; i < at; i++)
    if (signals->all[members[i]].query == query) return false;
  return true;
}

/* A host while its entities are made. */
typedef struct Maker {
  const FsaModel *model;
  const FsaHostSignals *signals;
  FsaArena *arena;
  FsaSignalWeight *weights; /* [signal] */
  double *own;              /* [signal]: what it weighs by itself */
  uint32_t *parents;        /* [signal]: union-find */
  uint32_t host;
} Maker;

/* One entity while its terms are taken. */
typedef struct Sum {
  Maker *maker;
  const uint32_t *members;
  uint32_t count;
  FsaWeighedTerm terms[MAX_TERMS];
  uint32_t term_count;
  double weight;
} Sum;

/* ---- joining ----------------------------------------------------------------------------------
 */

typedef struct Link {
  uint64_t value;
  uint32_t signal;
} Link;

static int compare_links(const void *a, const void *b) {
  const Link *left = a, *right = b;
  if (left->value != right->value) return left->value < right->value ? -1 : 1;
  return left->signal < right->signal ? -1 : left->signal > right->signal;
}

/* Joins signals that share a value, unless so many do that it names no thing. */
static void join_links(Maker *maker, Link *links, size_t count, size_t most) {
  if (count) qsort(links, count, sizeof *links, compare_links);
  for (size_t first = 0, last; first < count; first = last) {
    for (last = first; last < count && links[last].value == links[first].value;) last++;
    for (size_t i = first + 1; i < last && last - first <= most; i++)
      fsa_join_union(maker->parents, links[first].signal, links[i].signal);
  }
}

static int join_signals(Maker *maker) {
  const FsaHostSignals *signals = maker->signals;
  size_t count = 0;
  for (uint32_t i = 0; i < signals->count; i++) count += signals->all[i].join_count;
  Link *links = fsa_arena_alloc(maker->arena, (count + signals->count + 1) * sizeof *links);
  if (!links) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < signals->count; i++) {
    maker->parents[i] = i;
    links[i] = (Link){signals->all[i].artefact, i}; /* rows with one key are one thing */
  }
  join_links(maker, links, signals->count, signals->count);
  count = 0;
  for (uint32_t i = 0; i < signals->count; i++)
    for (unsigned j = 0; j < signals->all[i].join_count; j++)
      links[count++] = (Link){signals->joins[signals->all[i].join_first + j], i};
  join_links(maker, links, count, FSA_MAX_JOINED);
  return FSA_OK;
}

/* ---- terms ------------------------------------------------------------------------------------
 */

static void add_term(Sum *sum, FsaTermKind kind, double weight, double undiscounted,
                     uint32_t signal, uint32_t fact) {
  if (sum->term_count == MAX_TERMS) return;
  sum->terms[sum->term_count++] = (FsaWeighedTerm){kind, weight, undiscounted, signal, fact};
  sum->weight += weight;
}

static const FsaSignal *signal_at(const Sum *sum, uint32_t member) {
  return &sum->maker->signals->all[sum->members[member]];
}

/* No source alone says how many such things a host has: of several the mean counts. */
static void add_prior(Sum *sum) {
  double prior = 0;
  uint32_t sources = 0;
  for (uint32_t i = 0; i < sum->count; i++) {
    if (!fsa_is_first_of_source(sum->maker->signals, sum->members, i)) continue;
    prior += sum->maker->model->queries[signal_at(sum, i)->query].prior;
    sources++;
  }
  prior /= sources;
  add_term(sum, FSA_TERM_PRIOR, prior, prior, FSA_NO_INDEX, 0);
}

static bool has_fixed_rule(const Sum *sum) {
  for (uint32_t i = 0; i < sum->count; i++) {
    const FsaSignal *signal = signal_at(sum, i);
    const FsaModelQuery *query = &sum->maker->model->queries[signal->query];
    for (size_t f = 0; f < query->rule_count; f++)
      if ((signal->hits >> f & 1) && query->facts[f].is_fixed) return true;
  }
  return false;
}

/*
 * The rarest row counts for all: the others are rare for the same reason. That a thing is common
 * takes nothing from an exact sign: else a compromise of half of the fleet would hide itself.
 */
static void add_rarity(Sum *sum) {
  const FsaModel *model = sum->maker->model;
  uint32_t best = 0;
  double most = -INFINITY;
  for (uint32_t i = 0; i < sum->count; i++) {
    const FsaSignalWeight *weight = &sum->maker->weights[sum->members[i]];
    if (weight->rarity + weight->peer <= most) continue;
    most = weight->rarity + weight->peer;
    best = sum->members[i];
  }
  const FsaSignalWeight *weight = &sum->maker->weights[best];
  const FsaSignal *signal = &sum->maker->signals->all[best];
  double rarity = has_fixed_rule(sum) ? MAX(weight->rarity, 0) : weight->rarity;
  uint32_t group = model->grouping->of[sum->maker->host];
  double peer = fsa_model_peer(model, signal->artefact, group);
  add_term(sum, FSA_TERM_RARITY, rarity, fsa_model_rarity(model, signal->artefact), best, 0);
  if (peer > 0) add_term(sum, FSA_TERM_PEER, weight->peer, peer, best, 0);
}

/* The weight of an attribute of a row, without what a known-good entry hides. */
static double attribute_weight(const FsaSignal *signal, const FsaFact *fact) {
  return signal->suppressed ? MIN(fact->weight, 0) : fact->weight;
}

/*
 * A trait that several rows tell of is one fact, and no stronger than the source says in which it
 * is most usual: many programs are unsigned, though few of those that start by themselves are.
 */
static void add_attribute(Sum *sum, uint32_t member, uint32_t fact_at) {
  const FsaSignal *signal = signal_at(sum, member);
  const FsaFact *fact = &sum->maker->model->queries[signal->query].facts[fact_at];
  double weight = attribute_weight(signal, fact);
  for (uint32_t i = 0; i < sum->term_count; i++) {
    FsaWeighedTerm *term = &sum->terms[i];
    if (term->kind != FSA_TERM_ATTRIBUTE) continue;
    const FsaSignal *other = &sum->maker->signals->all[term->signal];
    if (strcmp(sum->maker->model->queries[other->query].facts[term->fact].id, fact->id) != 0)
      continue;
    if (weight >= term->weight) return;
    sum->weight += weight - term->weight;
    *term =
        (FsaWeighedTerm){FSA_TERM_ATTRIBUTE, weight, fact->weight, sum->members[member], fact_at};
    return;
  }
  add_term(sum, FSA_TERM_ATTRIBUTE, weight, fact->weight, sum->members[member], fact_at);
}

/* Of each row the heaviest attribute of a family. */
static void add_attributes(Sum *sum) {
  for (uint32_t i = 0; i < sum->count; i++) {
    const FsaSignal *signal = signal_at(sum, i);
    const FsaModelQuery *query = &sum->maker->model->queries[signal->query];
    for (size_t f = query->rule_count; f < query->fact_count; f++) {
      size_t best = f;
      bool hits = (signal->hits >> f & 1) && !query->facts[f].not_run;
      if (hits && fsa_model_attribute(query, signal->hits, query->facts[f].id, &best) && best == f)
        add_attribute(sum, i, (uint32_t)f);
    }
  }
}

/* A rule that hit, once for an entity however many rows it hit. */
typedef struct Hit {
  const char *family;
  double weight;
  uint32_t signal, fact, query;
} Hit;

static int compare_hits(const void *a, const void *b) {
  const Hit *left = a, *right = b;
  int order = strcmp(left->family, right->family);
  if (order) return order;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  if (left->query != right->query) return left->query < right->query ? -1 : 1;
  if (left->fact != right->fact) return left->fact < right->fact ? -1 : 1;
  return left->signal < right->signal ? -1 : left->signal > right->signal;
}

static uint32_t collect_hits(const Sum *sum, Hit *hits, uint32_t room) {
  const FsaModel *model = sum->maker->model;
  uint32_t count = 0;
  for (uint32_t i = 0; i < sum->count; i++) {
    const FsaSignal *signal = signal_at(sum, i);
    const FsaModelQuery *query = &model->queries[signal->query];
    for (uint32_t f = 0; f < query->rule_count; f++) {
      if (!(signal->hits >> f & 1) || query->facts[f].weight <= 0) continue;
      uint32_t known = 0;
      while (known < count && (hits[known].query != signal->query || hits[known].fact != f))
        known++;
      if (known == count && count < room)
        hits[count++] =
            (Hit){fsa_fact_family(&model->matrix->queries[signal->query], &query->facts[f]),
                  query->facts[f].weight, sum->members[i], f, signal->query};
    }
  }
  return count;
}

static void add_rules(Sum *sum) {
  Hit hits[MAX_TERMS / 2];
  double weights[MAX_TERMS / 2];
  uint32_t count = collect_hits(sum, hits, MAX_TERMS / 2);
  if (count) qsort(hits, count, sizeof *hits, compare_hits);
  for (uint32_t first = 0, last; first < count; first = last) {
    for (last = first; last < count && strcmp(hits[last].family, hits[first].family) == 0; last++)
      weights[last] = hits[last].weight;
    fsa_family_discount(&weights[first], last - first);
    for (uint32_t i = first; i < last; i++)
      add_term(sum, FSA_TERM_RULE, weights[i], hits[i].weight, hits[i].signal, hits[i].fact);
  }
}

/* Families of evidence that speak against the thing; those of one family share a cause. */
static uint32_t count_sources(const Sum *sum) {
  const char *seen[FSA_MAX_SOURCES];
  uint32_t count = 0;
  for (uint32_t i = 0; i < sum->count && count < FSA_MAX_SOURCES; i++) {
    const FsaSignalWeight *weight = &sum->maker->weights[sum->members[i]];
    if (weight->rarity + weight->peer <= 0 && weight->rules <= 0) continue;
    const char *family =
        fsa_query_family(&sum->maker->model->matrix->queries[signal_at(sum, i)->query]);
    uint32_t at = 0;
    while (at < count && strcmp(seen[at], family) != 0) at++;
    if (at == count) seen[count++] = family;
  }
  return count;
}

/* The row that gives the earliest time; FSA_NO_INDEX when none gives any. */
static uint32_t earliest(const Sum *sum) {
  uint32_t best = FSA_NO_INDEX;
  for (uint32_t i = 0; i < sum->count; i++) {
    uint32_t time = signal_at(sum, i)->first_seen;
    if (time && (best == FSA_NO_INDEX || time < sum->maker->signals->all[best].first_seen))
      best = sum->members[i];
  }
  return best;
}

static void add_time(Sum *sum, uint32_t first) {
  const FsaModel *model = sum->maker->model;
  if (first == FSA_NO_INDEX || !model->window_to) return;
  const FsaSignal *signal = &sum->maker->signals->all[first];
  const FsaModelQuery *query = &model->queries[signal->query];
  bool is_inside =
      signal->first_seen >= model->window_from && signal->first_seen <= model->window_to;
  double weight = fsa_time_weight(is_inside, query->inside, query->timed);
  add_term(sum, FSA_TERM_TIME, weight, weight, first, 0);
}

/* ---- one entity -------------------------------------------------------------------------------
 */

static int weigh(Maker *maker, const uint32_t *members, uint32_t count, FsaWeighed *entity) {
  Sum sum = {.maker = maker, .members = members, .count = count};
  *entity = (FsaWeighed){.members = members, .member_count = count, .main = members[0]};
  add_prior(&sum);
  add_rarity(&sum);
  add_attributes(&sum);
  add_rules(&sum);
  entity->source_count = count_sources(&sum);
  double bonus = fsa_source_weight(entity->source_count);
  if (bonus > 0) add_term(&sum, FSA_TERM_SOURCES, bonus, bonus, FSA_NO_INDEX, 0);
  uint32_t first = earliest(&sum);
  add_time(&sum, first);
  if (first != FSA_NO_INDEX) entity->first_seen = maker->signals->all[first].first_seen;
  for (uint32_t i = 0; i < count; i++) entity->is_suppressed |= signal_at(&sum, i)->suppressed != 0;
  FsaWeighedTerm *terms = fsa_arena_zero(maker->arena, sum.term_count + 1, sizeof *terms);
  if (!terms) return FSA_E_NOMEM;
  memcpy(terms, sum.terms, sum.term_count * sizeof *terms);
  entity->terms = terms;
  entity->term_count = sum.term_count;
  entity->weight = sum.weight;
  return FSA_OK;
}

/* ---- all of a host ----------------------------------------------------------------------------
 */

typedef struct Member {
  uint32_t root, signal;
  double own;
} Member;

static int compare_members(const void *a, const void *b) {
  const Member *left = a, *right = b;
  if (left->root != right->root) return left->root < right->root ? -1 : 1;
  if (left->own > right->own || left->own < right->own) return left->own > right->own ? -1 : 1;
  return left->signal < right->signal ? -1 : left->signal > right->signal;
}

static int compare_entities(const void *a, const void *b) {
  const FsaWeighed *left = a, *right = b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  return left->main < right->main ? -1 : left->main > right->main;
}

static void add_outlier(FsaWeighed *entity, double outlier, FsaArena *arena, int *ret_result) {
  FsaWeighedTerm *terms = fsa_arena_zero(arena, entity->term_count + 1u, sizeof *terms);
  if (!terms) {
    *ret_result = FSA_E_NOMEM;
    return;
  }
  memcpy(terms, entity->terms, entity->term_count * sizeof *terms);
  terms[entity->term_count++] =
      (FsaWeighedTerm){FSA_TERM_OUTLIER, outlier, outlier, FSA_NO_INDEX, 0};
  entity->terms = terms;
  entity->weight += outlier;
}

static int prepare(Maker *maker) {
  uint32_t count = maker->signals->count;
  maker->weights = fsa_arena_zero(maker->arena, count + 1u, sizeof *maker->weights);
  maker->own = fsa_arena_zero(maker->arena, count + 1u, sizeof *maker->own);
  maker->parents = fsa_arena_zero(maker->arena, count + 1u, sizeof *maker->parents);
  if (!maker->weights || !maker->own || !maker->parents) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < count; i++) {
    FsaSignalWeight weight = fsa_signal_weight(maker->model, maker->host, &maker->signals->all[i]);
    maker->weights[i] = weight;
    maker->own[i] = weight.rarity + weight.peer + weight.rules + weight.attributes;
  }
  return join_signals(maker);
}

int fsa_entities_make(const FsaModel *model, uint32_t host, const FsaHostSignals *signals,
                      double outlier, FsaArena *arena, FsaWeighed **ret_all, uint32_t *ret_count) {
  Maker maker = {.model = model, .signals = signals, .arena = arena, .host = host};
  uint32_t count = signals->count, entities = 0;
  int result = prepare(&maker);
  Member *members = fsa_arena_zero(arena, count + 1u, sizeof *members);
  uint32_t *order = fsa_arena_zero(arena, count + 1u, sizeof *order);
  FsaWeighed *all = fsa_arena_zero(arena, count + 1u, sizeof *all);
  if (result != FSA_OK || !members || !order || !all) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < count; i++)
    members[i] = (Member){fsa_join_root(maker.parents, i), i, maker.own[i]};
  if (count) qsort(members, count, sizeof *members, compare_members);
  for (uint32_t i = 0; i < count; i++) order[i] = members[i].signal;
  for (uint32_t first = 0, last; first < count && result == FSA_OK; first = last) {
    for (last = first; last < count && members[last].root == members[first].root;) last++;
    result = weigh(&maker, &order[first], last - first, &all[entities++]);
  }
  if (entities) qsort(all, entities, sizeof *all, compare_entities);
  if (entities && outlier > 0 && result == FSA_OK) add_outlier(&all[0], outlier, arena, &result);
  *ret_all = all;
  *ret_count = entities;
  return result;
}

double fsa_entities_score(const double *weights, size_t count) {
  double score = 0;
  for (size_t i = 0; i < count && i < FSA_SCORED_ENTITIES; i++)
    score += fsa_softplus(weights[i]) * fsa_place_discount((unsigned)i + 1);
  return score;
}
