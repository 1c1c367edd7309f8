/* The case's numbers of hosts, queries and artefacts to places in arrays. */
#ifndef FSA_SCORING_ID_MAP_H
#define FSA_SCORING_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FsaIdMap {
  uint32_t *dense;  /* number -> place + 1; NULL = the numbers have wide gaps */
  int64_t *sorted;  /* then these, */
  uint32_t *places; /* and theirs */
  size_t size;      /* of either */
} FsaIdMap;

/*
 * The map of `count` numbers, each at its place in `ids`; the same number twice is found at one of
 * its places. Thread safe to read. GLib ends the program when memory runs out.
 */
FsaIdMap fsa_id_map(const int64_t *ids, size_t count);
void fsa_id_map_done(FsaIdMap *map);

/* For numbers with wide gaps. */
bool fsa_id_map_search(const FsaIdMap *map, int64_t id, uint32_t *ret_place);

/* False when the number is not there. */
static inline bool fsa_id_map_find(const FsaIdMap *map, int64_t id, uint32_t *ret_place) {
  if (!map->dense) return fsa_id_map_search(map, id, ret_place);
  if (id < 0 || (uint64_t)id >= map->size || !map->dense[id]) return false;
  *ret_place = map->dense[id] - 1;
  return true;
}

#endif
