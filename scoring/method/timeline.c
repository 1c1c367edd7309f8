/* When things began: days of the timeline, and the window that heavy entities propose. Part of
 * score.h. */
#include <stdlib.h>
#include <string.h>

#include "method/scorer.h"

#define DAY 86400
#define WINDOW_DAYS 14   /* of a window that is proposed */
#define LEAST_PROPOSED 3 /* heavy entities without which none is */

/* A heavy entity and when it began. */
typedef struct Beginning {
  int64_t time;
  double probability;
} Beginning;

static int compare_beginnings(const void *a, const void *b) {
  const Beginning *left = a, *right = b;
  if (left->time != right->time) return left->time < right->time ? -1 : 1;
  return left->probability < right->probability ? -1 : left->probability > right->probability;
}

static GArray *collect(const FsaScorer *scorer) {
  GArray *all = g_array_new(FALSE, FALSE, sizeof(Beginning));
  for (uint32_t host = 0; host < scorer->matrix->host_count; host++)
    for (size_t i = 0; i < scorer->top_counts[host]; i++) {
      const FsaTopEntity *top = &scorer->tops[(size_t)host * FSA_SCORED_ENTITIES + i];
      Beginning beginning = {top->first_seen, fsa_logistic(top->weight)};
      if (top->first_seen && top->weight >= FSA_HEAVY_ENTITY) g_array_append_val(all, beginning);
    }
  if (all->len) qsort(all->data, all->len, sizeof(Beginning), compare_beginnings);
  return all;
}

/* The stretch in which the expected number of malicious beginnings is highest. */
static FsaWindow propose(const GArray *all) {
  const Beginning *at = (const Beginning *)(const void *)all->data;
  FsaWindow best = {0};
  double most = 0, sum = 0;
  for (guint first = 0, last = 0; last < all->len; last++) {
    sum += at[last].probability;
    while (at[last].time - at[first].time > WINDOW_DAYS * DAY) sum -= at[first++].probability;
    if (sum <= most || last - first + 1 < LEAST_PROPOSED) continue;
    most = sum;
    best = (FsaWindow){at[first].time, at[last].time, false, last - first + 1};
  }
  return best;
}

static FsaWindow count_given(const FsaModel *model, const GArray *all) {
  FsaWindow window = {model->window_from, model->window_to, true, 0};
  for (guint i = 0; i < all->len; i++) {
    int64_t time = g_array_index(all, Beginning, i).time;
    window.entities += time >= window.from && time <= window.to;
  }
  return window;
}

/* ---- days -------------------------------------------------------------------------------------
 */

static void count_day(GHashTable *days, int64_t time, bool is_heavy) {
  gpointer slot = GUINT_TO_POINTER((guint)(time / DAY));
  FsaDay *day = g_hash_table_lookup(days, slot);
  if (!day) {
    day = g_new0(FsaDay, 1);
    day->day = time / DAY * DAY;
    g_hash_table_insert(days, slot, day);
  }
  day->things += !is_heavy;
  day->heavy += is_heavy;
}

static int compare_days(const void *a, const void *b) {
  int64_t left = ((const FsaDay *)a)->day, right = ((const FsaDay *)b)->day;
  return left < right ? -1 : left > right;
}

static int take_days(FsaScorer *scorer, GHashTable *days) {
  FsaScore *score = scorer->score;
  guint count = g_hash_table_size(days), at = 0;
  FsaDay *all = fsa_arena_zero(&score->arena, count + 1u, sizeof *all);
  GHashTableIter iterator;
  gpointer value;
  if (!all) return FSA_E_NOMEM;
  g_hash_table_iter_init(&iterator, days);
  while (g_hash_table_iter_next(&iterator, NULL, &value)) all[at++] = *(FsaDay *)value;
  if (count) qsort(all, count, sizeof *all, compare_days);
  guint dropped = count > FSA_MAX_TIMELINE_DAYS ? count - FSA_MAX_TIMELINE_DAYS : 0;
  score->days = all + dropped;
  score->day_count = count - dropped;
  return FSA_OK;
}

static int fill_days(FsaScorer *scorer) {
  const FsaScore *score = scorer->score;
  GHashTable *days = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
  for (uint32_t host = 0; host < scorer->matrix->host_count; host++) {
    const FsaHostSignals *signals = &scorer->signals.hosts[host];
    for (uint32_t i = 0; i < signals->count; i++)
      if (signals->all[i].first_seen) count_day(days, signals->all[i].first_seen, false);
  }
  for (uint32_t i = 0; i < score->entity_count; i++) {
    const FsaEntity *entity = &score->entities[i];
    if (entity->first_seen && score->hosts[entity->host].band >= FSA_BAND_WEAK)
      count_day(days, entity->first_seen, true);
  }
  int result = take_days(scorer, days);
  g_hash_table_destroy(days);
  return result;
}

int fsa_score_timeline(FsaScorer *scorer) {
  GArray *all = collect(scorer);
  scorer->score->window = scorer->model.window_to ? count_given(&scorer->model, all) : propose(all);
  g_array_free(all, TRUE);
  return fill_days(scorer);
}
