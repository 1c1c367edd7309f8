/* Numbers to places. See id_map.h. */
#include "text/id_map.h"

#include <glib.h>
#include <stdlib.h>

#define MAX_GAP 8 /* times the numbers: a wider map would cost more than it saves */
#define MIN_DENSE 1024

typedef struct Pair {
  int64_t id;
  uint32_t place;
} Pair;

static int compare_pairs(const void *a, const void *b) {
  const Pair *left = a, *right = b;
  return left->id < right->id ? -1 : left->id > right->id;
}

static FsaIdMap make_sorted(const int64_t *ids, size_t count) {
  FsaIdMap map = {
      .sorted = g_new(int64_t, count + 1), .places = g_new(uint32_t, count + 1), .size = count};
  Pair *pairs = g_new(Pair, count + 1);
  for (size_t i = 0; i < count; i++) pairs[i] = (Pair){ids[i], (uint32_t)i};
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (size_t i = 0; i < count; i++) {
    map.sorted[i] = pairs[i].id;
    map.places[i] = pairs[i].place;
  }
  g_free(pairs);
  return map;
}

FsaIdMap fsa_id_map(const int64_t *ids, size_t count) {
  int64_t most = 0;
  bool is_dense = true;
  for (size_t i = 0; i < count; i++) {
    most = MAX(most, ids[i]);
    is_dense &= ids[i] >= 0;
  }
  if (!is_dense || (uint64_t)most > MIN_DENSE + (uint64_t)count * MAX_GAP)
    return make_sorted(ids, count);
  FsaIdMap map = {.dense = g_new0(uint32_t, (size_t)most + 1), .size = (size_t)most + 1};
  for (size_t i = 0; i < count; i++) map.dense[ids[i]] = (uint32_t)i + 1;
  return map;
}

void fsa_id_map_done(FsaIdMap *map) {
  g_free(map->dense);
  g_free(map->sorted);
  g_free(map->places);
  *map = (FsaIdMap){0};
}

bool fsa_id_map_search(const FsaIdMap *map, int64_t id, uint32_t *ret_place) {
  size_t low = 0, high = map->size;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (map->sorted[middle] < id)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == map->size || map->sorted[low] != id) return false;
  *ret_place = map->places[low];
  return true;
}
