/* The tally. See tally.h. */
#include "method/tally.h"

#include <string.h>

#include "method/weight.h"
#include "store/store_count.h"
#include "text/key.h"
#include "text/number_list.h"

void fsa_tally_done(FsaTally *tally) {
  g_free(tally->artefacts);
  g_free(tally->of_queries);
  g_free(tally->covered_in);
  g_free(tally->by_key);
  g_free(tally->slots);
  fsa_id_map_done(&tally->hosts);
  fsa_id_map_done(&tally->queries);
  fsa_id_map_done(&tally->by_id);
  *tally = (FsaTally){0};
}

static int prepare(FsaCase *store, const char *sql, sqlite3_stmt **ret_stmt) {
  return sqlite3_prepare_v2(fsa_case_database(store), sql, -1, ret_stmt, NULL) == SQLITE_OK
             ? FSA_OK
             : FSA_E_IO;
}

/* ---- artefacts --------------------------------------------------------------------------------
 */

static bool is_named(FsaText column, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (column.size == strlen(list[i]) && memcmp(column.data, list[i], column.size) == 0)
      return true;
  return false;
}

/* What a key column says of a signature: 1 signed, 2 not, 0 nothing. */
static unsigned signature_kind(FsaText column, FsaText value) {
  static const char *const columns[] = {"is_signed", "is_trusted", "signature_status", "signed"};
  static const char *const good[] = {"1", "trusted", "valid", "signed"};
  if (!value.size || !is_named(column, columns, 4)) return 0;
  return is_named(value, good, 4) ? 1 : 2;
}

/* The first key column that is a path decides the kind of place. */
static uint8_t stratum_of(const FsaQueryMeta *meta, FsaText key) {
  FsaPathClass place = FSA_PATH_NONE;
  unsigned signature = 0;
  for (size_t column = 0; key.data; column++) {
    const char *end = key.size ? memchr(key.data, FSA_KEY_SEPARATOR, key.size) : NULL;
    FsaText value = {key.data, end ? (size_t)(end - key.data) : key.size};
    if (place == FSA_PATH_NONE) place = fsa_path_class(value);
    if (meta && column < meta->key_count && !signature)
      signature = signature_kind(meta->key[column], value);
    key = end ? (FsaText){end + 1, key.size - value.size - 1} : (FsaText){NULL, 0};
  }
  return (uint8_t)(place * FSA_SIGNATURES + signature);
}

static void load_artefact(FsaTally *tally, const FsaMatrix *matrix, sqlite3_stmt *stmt,
                          uint32_t query) {
  const char *key = (const char *)sqlite3_column_text(stmt, 3);
  FsaText text = {key, key ? (size_t)sqlite3_column_bytes(stmt, 3) : 0};
  tally->artefacts[tally->count++] = (FsaTallied){
      .key_hash = (uint64_t)sqlite3_column_int64(stmt, 2),
      .id = (uint32_t)sqlite3_column_int64(stmt, 0),
      .query = (uint16_t)query,
      .stratum = stratum_of(matrix->queries[query].meta, text),
  };
}

static int load_artefacts(FsaTally *tally, FsaCase *store, const FsaMatrix *matrix) {
  sqlite3_stmt *stmt = NULL;
  int result = prepare(store, "SELECT count(*), ifnull(max(id), 0) FROM artefact", &stmt);
  if (result != FSA_OK) return result;
  int64_t room = 0, most = 0;
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    room = sqlite3_column_int64(stmt, 0);
    most = sqlite3_column_int64(stmt, 1);
  }
  result = fsa_case_finish(store, stmt);
  if (result != FSA_OK) return result;
  if (most >= UINT32_MAX || room >= UINT32_MAX / 4) return FSA_E_LIMIT;
  tally->artefacts = g_new0(FsaTallied, (size_t)room + 1);
  result = prepare(store, "SELECT id, query, hash, key FROM artefact ORDER BY id", &stmt);
  if (result != FSA_OK) return result;
  uint32_t query;
  while (tally->count < room && sqlite3_step(stmt) == SQLITE_ROW)
    if (sqlite3_column_int64(stmt, 0) >= 0 &&
        fsa_id_map_find(&tally->queries, sqlite3_column_int64(stmt, 1), &query) &&
        fsa_query_is_scored(&matrix->queries[query]))
      load_artefact(tally, matrix, stmt, query);
  return fsa_case_finish(store, stmt);
}

/* ---- indexes ----------------------------------------------------------------------------------
 */

static uint64_t mix(uint32_t query, uint64_t key_hash) {
  return key_hash ^ (query + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

bool fsa_tally_find(const FsaTally *tally, uint32_t query, uint64_t key_hash, uint32_t *ret_place) {
  uint64_t at = mix(query, key_hash) & tally->by_key_mask;
  for (uint32_t place; (place = tally->by_key[at]) != 0; at = (at + 1) & tally->by_key_mask) {
    const FsaTallied *artefact = &tally->artefacts[place - 1];
    if (artefact->key_hash != key_hash || artefact->query != query) continue;
    *ret_place = place - 1;
    return true;
  }
  return false;
}

static void index_keys(FsaTally *tally) {
  uint64_t room = 1024;
  while (room < (uint64_t)tally->count * 2) room *= 2; /* never full: a search ends */
  tally->by_key = g_new0(uint32_t, room);
  tally->by_key_mask = room - 1;
  for (uint32_t i = 0; i < tally->count; i++) {
    const FsaTallied *artefact = &tally->artefacts[i];
    uint64_t at = mix(artefact->query, artefact->key_hash) & tally->by_key_mask;
    while (tally->by_key[at]) at = (at + 1) & tally->by_key_mask;
    tally->by_key[at] = i + 1;
  }
}

static void index_matrix(FsaTally *tally, const FsaMatrix *matrix) {
  int64_t *ids = g_new(int64_t, MAX(matrix->host_count, matrix->query_count) + 1);
  for (size_t i = 0; i < matrix->host_count; i++) ids[i] = matrix->hosts[i].id;
  tally->hosts = fsa_id_map(ids, matrix->host_count);
  for (size_t i = 0; i < matrix->query_count; i++) ids[i] = matrix->queries[i].id;
  tally->queries = fsa_id_map(ids, matrix->query_count);
  g_free(ids);
}

static void index_ids(FsaTally *tally) {
  int64_t *ids = g_new(int64_t, tally->count + 1);
  for (uint32_t i = 0; i < tally->count; i++) ids[i] = tally->artefacts[i].id;
  tally->by_id = fsa_id_map(ids, tally->count);
  g_free(ids);
}

/* ---- counting ---------------------------------------------------------------------------------
 */

/*
 * While an artefact has few hosts its `in_groups` holds a byte for each: the group + 1. With one
 * host more it becomes the number of a slot that counts every group.
 */
static void spread(FsaTally *tally, FsaTallied *artefact) {
  size_t width = tally->group_count;
  if (tally->slot_count == tally->slot_room) {
    tally->slot_room = MAX(1024, tally->slot_room * 2);
    tally->slots = g_renew(uint32_t, tally->slots, tally->slot_room * width);
  }
  uint32_t *counts = &tally->slots[tally->slot_count * width];
  memset(counts, 0, width * sizeof *counts);
  for (unsigned i = 0; i < FSA_TALLY_FEW; i++)
    counts[(artefact->in_groups >> (8 * i) & 0xFF) - 1]++;
  artefact->in_groups = tally->slot_count++;
}

static void count_one(FsaTally *tally, FsaTallied *artefact, uint32_t group) {
  if (artefact->hosts == FSA_TALLY_FEW) spread(tally, artefact);
  if (artefact->hosts < FSA_TALLY_FEW)
    artefact->in_groups |= (group + 1) << (8 * artefact->hosts);
  else
    tally->slots[(size_t)artefact->in_groups * tally->group_count + group]++;
  artefact->hosts++;
}

uint32_t fsa_tally_in_group(const FsaTally *tally, uint32_t place, uint32_t group) {
  const FsaTallied *artefact = &tally->artefacts[place];
  if (artefact->hosts > FSA_TALLY_FEW)
    return tally->slots[(size_t)artefact->in_groups * tally->group_count + group];
  uint32_t count = 0;
  for (unsigned i = 0; i < artefact->hosts; i++)
    count += (artefact->in_groups >> (8 * i) & 0xFF) == group + 1;
  return count;
}

static void count_answer(FsaTally *tally, FsaText list, uint32_t query, uint32_t group) {
  uint32_t place;
  uint64_t id = 0, sightings = 0;
  while (fsa_numbers_next(&list, &id)) {
    if (!fsa_id_map_find(&tally->by_id, (int64_t)id, &place)) continue;
    count_one(tally, &tally->artefacts[place], group);
    sightings++;
  }
  tally->of_queries[query] += sightings;
  tally->sightings += sightings;
}

static int count_answers(FsaTally *tally, FsaCase *store, const FsaMatrix *matrix,
                         const uint8_t *group_of) {
  sqlite3_stmt *stmt = NULL;
  uint32_t host, query;
  if (prepare(store, "SELECT host, query, artefacts FROM answer", &stmt) != FSA_OK) return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    if (!fsa_id_map_find(&tally->hosts, sqlite3_column_int64(stmt, 0), &host) ||
        !fsa_id_map_find(&tally->queries, sqlite3_column_int64(stmt, 1), &query) ||
        !fsa_query_is_scored(&matrix->queries[query]) ||
        !fsa_cell_is_covered(fsa_matrix_cell(matrix, host, query)))
      continue;
    const char *list = (const char *)sqlite3_column_text(stmt, 2);
    count_answer(tally, (FsaText){list, (size_t)sqlite3_column_bytes(stmt, 2)}, query,
                 group_of ? group_of[host] : 0);
  }
  return fsa_case_finish(store, stmt);
}

/* What a store counted: as if count_one() had been called for each of its hosts. More hosts than
 * are covered are no count. */
static int take_count(void *context, const FsaKeyCount *count) {
  FsaTally *tally = context;
  uint32_t place, left = count->hosts;
  if (count->group >= tally->group_count ||
      !fsa_tally_find(tally, count->query, count->key_hash, &place) ||
      left > fsa_tally_covered_in(tally, count->query, count->group) -
                 fsa_tally_in_group(tally, place, count->group))
    return FSA_E_FORMAT;
  FsaTallied *artefact = &tally->artefacts[place];
  for (; left && artefact->hosts <= FSA_TALLY_FEW; left--) count_one(tally, artefact, count->group);
  if (left) tally->slots[(size_t)artefact->in_groups * tally->group_count + count->group] += left;
  artefact->hosts += left;
  tally->of_queries[count->query] += count->hosts;
  tally->sightings += count->hosts;
  return FSA_OK;
}

static void count_covered(FsaTally *tally, const FsaMatrix *matrix, const uint8_t *group_of) {
  for (size_t host = 0; host < matrix->host_count; host++)
    for (size_t query = 0; query < matrix->query_count; query++)
      if (fsa_cell_is_covered(fsa_matrix_cell(matrix, host, query)))
        tally->covered_in[query * tally->group_count + (group_of ? group_of[host] : 0)]++;
}

int fsa_tally_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter,
                    const uint8_t *group_of, uint32_t group_count, FsaTally *ret_tally) {
  *ret_tally = (FsaTally){.group_count = MAX(group_count, 1), .query_count = matrix->query_count};
  FsaTally *tally = ret_tally;
  tally->of_queries = g_new0(uint64_t, matrix->query_count + 1);
  tally->covered_in = g_new0(uint32_t, matrix->query_count * tally->group_count + 1);
  index_matrix(tally, matrix);
  int result = matrix->query_count > UINT16_MAX ? FSA_E_LIMIT : FSA_OK;
  if (result == FSA_OK) result = load_artefacts(tally, store, matrix);
  index_ids(tally);
  index_keys(tally);
  if (result == FSA_OK) count_covered(tally, matrix, group_of);
  if (result == FSA_OK)
    result = counter ? fsa_store_count(counter, store, matrix, group_of, take_count, tally)
                     : count_answers(tally, store, matrix, group_of);
  for (uint32_t i = 0; i < tally->count; i++)
    tally->artefacts[i].bucket = (uint8_t)fsa_rarity_bucket(tally->artefacts[i].hosts);
  return result;
}
