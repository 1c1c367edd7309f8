/* Clusters: the same thing on several hosts is one finding. Part of score.h. */
#include <stdlib.h>
#include <string.h>

#include "method/scorer.h"

/* An entity of a host, told by the key of its heaviest row. */
typedef struct Sight {
  uint32_t artefact, host; /* host: in the score */
  uint32_t first_seen;
  double weight;
} Sight;

static int compare_sights(const void *a, const void *b) {
  const Sight *left = a, *right = b;
  if (left->artefact != right->artefact) return left->artefact < right->artefact ? -1 : 1;
  return left->host < right->host ? -1 : left->host > right->host;
}

/* Those that weigh enough to be looked at. */
static GArray *collect(const FsaScorer *scorer) {
  GArray *sights = g_array_new(FALSE, FALSE, sizeof(Sight));
  for (uint32_t host = 0; host < scorer->matrix->host_count; host++)
    for (size_t i = 0; i < scorer->top_counts[host]; i++) {
      const FsaTopEntity *top = &scorer->tops[(size_t)host * FSA_SCORED_ENTITIES + i];
      Sight sight = {top->artefact, scorer->places[host], top->first_seen, top->weight};
      if (top->weight >= FSA_HEAVY_ENTITY) g_array_append_val(sights, sight);
    }
  if (sights->len) qsort(sights->data, sights->len, sizeof(Sight), compare_sights);
  return sights;
}

static int add_cluster(FsaScorer *scorer, const Sight *sights, uint32_t count, GArray *clusters) {
  FsaScore *score = scorer->score;
  uint32_t *hosts = fsa_arena_zero(&score->arena, count, sizeof *hosts);
  FsaCluster cluster = {.query = scorer->model.tally.artefacts[sights[0].artefact].query,
                        .weight = sights[0].weight,
                        .hosts = hosts,
                        .host_count = count};
  if (!hosts) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < count; i++) {
    hosts[i] = sights[i].host;
    cluster.weight = MAX(cluster.weight, sights[i].weight);
    int64_t time = sights[i].first_seen;
    if (time && (!cluster.first_seen || time < cluster.first_seen)) cluster.first_seen = time;
    cluster.last_seen = MAX(cluster.last_seen, time);
  }
  cluster.artefact = sights[0].artefact;
  g_array_append_val(clusters, cluster);
  return FSA_OK;
}

static int compare_clusters(const void *a, const void *b) {
  const FsaCluster *left = a, *right = b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  return left->artefact < right->artefact ? -1 : left->artefact > right->artefact;
}

/* The label of an entity that is shown, else the key. */
static void name_clusters(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  GHashTable *by_artefact = g_hash_table_new(g_direct_hash, g_direct_equal);
  for (uint32_t i = 0; i < score->cluster_count; i++) {
    FsaCluster *cluster = &score->clusters[i];
    cluster->key = fsa_score_key(scorer, cluster->artefact);
    cluster->label = "";
    g_hash_table_insert(by_artefact, GUINT_TO_POINTER(cluster->artefact + 1),
                        GUINT_TO_POINTER(i + 1));
  }
  for (uint32_t i = 0; i < score->entity_count; i++) {
    FsaEntity *entity = &score->entities[i];
    uint32_t artefact, at;
    if (!fsa_id_map_find(&scorer->model.tally.by_id, entity->evidence[0].artefact, &artefact) ||
        entity->weight < FSA_HEAVY_ENTITY)
      continue;
    at = GPOINTER_TO_UINT(g_hash_table_lookup(by_artefact, GUINT_TO_POINTER(artefact + 1)));
    if (!at--) continue;
    entity->cluster = at;
    if (!score->clusters[at].label[0]) score->clusters[at].label = entity->label;
  }
  g_hash_table_destroy(by_artefact);
}

int fsa_score_clusters(FsaScorer *scorer) {
  FsaScore *score = scorer->score;
  GArray *sights = collect(scorer), *clusters = g_array_new(FALSE, FALSE, sizeof(FsaCluster));
  const Sight *all = (const Sight *)(const void *)sights->data;
  int result = FSA_OK;
  for (guint first = 0, last; first < sights->len && result == FSA_OK; first = last) {
    for (last = first; last < sights->len && all[last].artefact == all[first].artefact;) last++;
    if (last - first > 1) result = add_cluster(scorer, &all[first], last - first, clusters);
  }
  if (clusters->len) qsort(clusters->data, clusters->len, sizeof(FsaCluster), compare_clusters);
  score->cluster_count = MIN(clusters->len, FSA_MAX_LISTED);
  score->clusters =
      fsa_arena_zero(&score->arena, score->cluster_count + 1u, sizeof *score->clusters);
  if (!score->clusters) result = FSA_E_NOMEM;
  if (result == FSA_OK && score->cluster_count)
    memcpy(score->clusters, clusters->data, score->cluster_count * sizeof *score->clusters);
  if (result == FSA_OK) name_clusters(scorer);
  g_array_free(sights, TRUE);
  g_array_free(clusters, TRUE);
  return result;
}
