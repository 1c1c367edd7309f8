/* How often chance scores as high. See resample.h. */
#include "method/resample.h"

#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "method/entity.h"

/*
 * The weights of one group's entities of one source lie together, those of a host behind those of
 * the host before. Sources of which a group has few share the group's last pool: what is the only
 * one of its source is no wonder when every host has something of that kind.
 */
typedef struct Pools {
  double *weights;
  size_t *first; /* [kind], one more at the end */
  size_t *kinds; /* [group * source_count + source]: the pool it is in */
  size_t *own;   /* [entity]: its place in `weights` */
} Pools;

typedef struct Resampler {
  const FsaEntityPool *pool;
  Pools pools;
  uint64_t seed;
  double *scores; /* [known host * FSA_RESAMPLES + turn] */
  size_t *slot;   /* [host]: its place among the known ones */
  gint next;
} Resampler;

#define LEAST_POOL 20 /* entities of a source in a group that are a pool of their own */
#define HOSTS_AT_ONCE 64

/* Sebastiano Vigna's splitmix64: a good step for each call, and no state but a number. */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static size_t source_of(const FsaEntityPool *pool, size_t host, size_t entity) {
  return pool->group_of[host] * pool->source_count + pool->sources[entity];
}

/* Behind the last entity of a host that may be drawn for others. */
static size_t drawable_end(const FsaEntityPool *pool, size_t host) {
  return pool->first[pool->is_left_out[host] ? host : host + 1];
}

static void assign_kinds(const FsaEntityPool *pool, Pools *pools) {
  size_t sources = pool->group_count * pool->source_count;
  size_t *sizes = g_new0(size_t, sources + 1);
  for (size_t host = 0; host < pool->host_count; host++)
    for (size_t i = pool->first[host]; i < drawable_end(pool, host); i++)
      sizes[source_of(pool, host, i)]++;
  for (size_t i = 0; i < sources; i++) {
    size_t group = i / pool->source_count, own = i + group; /* one pool more for each group */
    pools->kinds[i] =
        sizes[i] >= LEAST_POOL ? own : group * (pool->source_count + 1) + pool->source_count;
  }
  g_free(sizes);
}

static Pools make_pools(const FsaEntityPool *pool) {
  size_t kinds = pool->group_count * (pool->source_count + 1),
         total = pool->first[pool->host_count];
  Pools pools = {.weights = g_new(double, total + 1),
                 .first = g_new0(size_t, kinds + 2),
                 .kinds = g_new0(size_t, pool->group_count * pool->source_count + 1),
                 .own = g_new0(size_t, total + 1)};
  assign_kinds(pool, &pools);
  for (size_t host = 0; host < pool->host_count; host++)
    for (size_t i = pool->first[host]; i < drawable_end(pool, host); i++)
      pools.first[pools.kinds[source_of(pool, host, i)] + 2]++;
  for (size_t i = 2; i < kinds + 2; i++) pools.first[i] += pools.first[i - 1];
  for (size_t host = 0; host < pool->host_count; host++)
    for (size_t i = pool->first[host]; i < drawable_end(pool, host); i++) {
      pools.own[i] = pools.first[pools.kinds[source_of(pool, host, i)] + 1]++;
      pools.weights[pools.own[i]] = pool->weights[i];
    }
  return pools;
}

/* Keeps the heaviest, in order. */
static void keep(double *heaviest, size_t *count, double weight) {
  if (*count == FSA_SCORED_ENTITIES && weight <= heaviest[*count - 1]) return;
  size_t at = *count < FSA_SCORED_ENTITIES ? (*count)++ : *count - 1;
  for (; at && heaviest[at - 1] < weight; at--) heaviest[at] = heaviest[at - 1];
  heaviest[at] = weight;
}

/* Where a host's own entities lie in a pool; nothing of them is drawn for it. */
typedef struct Own {
  size_t first, count;
} Own;

/* By pool of the host's group. */
static void find_own(const Resampler *resampler, size_t host, Own *own) {
  const FsaEntityPool *pool = resampler->pool;
  size_t base = pool->group_of[host] * (pool->source_count + 1);
  memset(own, 0, (pool->source_count + 1) * sizeof *own);
  for (size_t i = pool->first[host]; i < drawable_end(pool, host); i++) {
    Own *of = &own[resampler->pools.kinds[source_of(pool, host, i)] - base];
    size_t place = resampler->pools.own[i];
    if (!of->count++ || place < of->first) of->first = place;
  }
}

/* An entity of another host; false when no other has any. */
static bool draw(const Pools *pools, size_t kind, const Own *own, uint64_t *state,
                 double *ret_weight) {
  size_t first = pools->first[kind], size = pools->first[kind + 1] - first - own->count;
  if (!size) return false;
  size_t at = first + (size_t)(((next_random(state) >> 32) * size) >> 32);
  *ret_weight = pools->weights[own->count && at >= own->first ? at + own->count : at];
  return true;
}

static double make_host(const Resampler *resampler, size_t host, uint64_t turn, const Own *own) {
  const FsaEntityPool *pool = resampler->pool;
  double heaviest[FSA_SCORED_ENTITIES], weight;
  size_t count = 0, base = pool->group_of[host] * (pool->source_count + 1);
  uint64_t state = resampler->seed ^ (host * FSA_RESAMPLES + turn + 1) * 0xD1342543DE82EF95u;
  for (size_t i = pool->first[host]; i < pool->first[host + 1]; i++) {
    size_t kind = resampler->pools.kinds[source_of(pool, host, i)];
    if (draw(&resampler->pools, kind, &own[kind - base], &state, &weight))
      keep(heaviest, &count, weight);
  }
  if (count) heaviest[0] += pool->outliers[host];
  return fsa_entities_score(heaviest, count);
}

static gpointer run(gpointer data) {
  Resampler *resampler = data;
  const FsaEntityPool *pool = resampler->pool;
  Own *own = g_new0(Own, pool->source_count + 1);
  for (;;) {
    size_t first = (size_t)g_atomic_int_add(&resampler->next, 1) * HOSTS_AT_ONCE;
    if (first >= pool->host_count) break;
    for (size_t host = first; host < MIN(first + HOSTS_AT_ONCE, pool->host_count); host++) {
      if (pool->is_unknown[host]) continue;
      double *scores = &resampler->scores[resampler->slot[host] * FSA_RESAMPLES];
      find_own(resampler, host, own);
      for (uint64_t turn = 0; turn < FSA_RESAMPLES; turn++)
        scores[turn] = make_host(resampler, host, turn, own);
    }
  }
  g_free(own);
  return NULL;
}

static int compare_scores(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

double *fsa_resample(const FsaEntityPool *pool, uint64_t seed, unsigned jobs, size_t *ret_count) {
  Resampler resampler = {.pool = pool, .pools = make_pools(pool), .seed = seed};
  GThread **threads = g_new0(GThread *, jobs + 1);
  size_t known = 0;
  resampler.slot = g_new0(size_t, pool->host_count + 1);
  for (size_t host = 0; host < pool->host_count; host++)
    if (!pool->is_unknown[host]) resampler.slot[host] = known++;
  resampler.scores = g_new0(double, known *FSA_RESAMPLES + 1);
  for (unsigned i = 1; i < jobs; i++) threads[i] = g_thread_new("resample", run, &resampler);
  run(&resampler);
  for (unsigned i = 1; i < jobs; i++) g_thread_join(threads[i]);
  *ret_count = known * FSA_RESAMPLES;
  if (*ret_count) qsort(resampler.scores, *ret_count, sizeof(double), compare_scores);
  g_free(threads);
  g_free(resampler.slot);
  g_free(resampler.pools.weights);
  g_free(resampler.pools.first);
  g_free(resampler.pools.kinds);
  g_free(resampler.pools.own);
  return resampler.scores;
}

double fsa_e_value(const double *null_scores, size_t count, double score, size_t hosts) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (null_scores[middle] < score)
      low = middle + 1;
    else
      high = middle;
  }
  double expected = ((double)(count - low) + 1) / FSA_RESAMPLES;
  return MIN(expected, (double)hosts);
}
