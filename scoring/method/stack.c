/*
 * Stacking. See stack.h.
 *
 * One pass over the answers' artefact numbers counts hosts; a second one unpacks only the answers
 * that hold a rare key. Memory is a few words per distinct key, and rows of rare keys.
 */
#include "method/stack.h"

#include <stdlib.h>
#include <string.h>

#include "method/join.h"
#include "store/store_count.h"
#include "text/number_list.h"
#include "text/print.h"

#define MAX_LINKED_QUERIES 64

void fsa_stack_done(FsaStack *stack) {
  fsa_arena_done(&stack->arena);
}

/* What the passes share. */
typedef struct Stacker {
  FsaCase *store;
  const FsaMatrix *matrix;
  FsaStack *stack;
  GHashTable *by_id;   /* artefact number -> index + 1 */
  GHashTable *hosts;   /* host number -> index + 1 */
  GHashTable *queries; /* query number -> index + 1 */
  GArray *sightings;   /* FsaSighting */
  GHashTable *by_key;  /* query's and key's hash -> index + 1, of rare ones */
  FsaRowReader *reader;
  FsaBuffer row; /* as JSON */
} Stacker;

static gpointer slot(uint64_t value) {
  return (gpointer)(uintptr_t)value;
}

static bool look_up(GHashTable *table, uint64_t key, uint32_t *ret_index) {
  gsize found = GPOINTER_TO_SIZE(g_hash_table_lookup(table, slot(key)));
  *ret_index = (uint32_t)(found - 1);
  return found != 0;
}

static uint64_t key_slot(uint32_t query, uint64_t key_hash) {
  return key_hash ^ (query + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static void index_matrix(Stacker *stacker) {
  const FsaMatrix *matrix = stacker->matrix;
  stacker->by_id = g_hash_table_new(g_direct_hash, g_direct_equal);
  stacker->hosts = g_hash_table_new(g_direct_hash, g_direct_equal);
  stacker->queries = g_hash_table_new(g_direct_hash, g_direct_equal);
  stacker->by_key = g_hash_table_new(g_direct_hash, g_direct_equal);
  stacker->sightings = g_array_new(FALSE, TRUE, sizeof(FsaSighting));
  stacker->reader = fsa_row_reader_new(fsa_case_hash_key(stacker->store));
  stacker->row = fsa_buffer(FSA_MAX_ROW_BYTES);
  for (size_t i = 0; i < matrix->host_count; i++)
    g_hash_table_insert(stacker->hosts, slot((uint64_t)matrix->hosts[i].id), slot(i + 1));
  for (size_t i = 0; i < matrix->query_count; i++) {
    const FsaMatrixQuery *query = &matrix->queries[i];
    if (fsa_query_is_scored(query))
      g_hash_table_insert(stacker->queries, slot((uint64_t)query->id), slot(i + 1));
  }
}

static void free_index(Stacker *stacker) {
  g_hash_table_destroy(stacker->by_id);
  g_hash_table_destroy(stacker->hosts);
  g_hash_table_destroy(stacker->queries);
  g_hash_table_destroy(stacker->by_key);
  g_array_free(stacker->sightings, TRUE);
  fsa_row_reader_free(stacker->reader);
  fsa_buffer_done(&stacker->row);
}

static int prepare(FsaCase *store, const char *sql, sqlite3_stmt **ret_stmt) {
  return sqlite3_prepare_v2(fsa_case_database(store), sql, -1, ret_stmt, NULL) == SQLITE_OK
             ? FSA_OK
             : FSA_E_IO;
}

/* ---- the first pass: counting -----------------------------------------------------------------
 */

static int load_artefacts(Stacker *stacker) {
  FsaStack *stack = stacker->stack;
  sqlite3_stmt *stmt;
  if (prepare(stacker->store, "SELECT count(*) FROM artefact", &stmt) != FSA_OK) return FSA_E_IO;
  size_t room = sqlite3_step(stmt) == SQLITE_ROW ? (size_t)sqlite3_column_int64(stmt, 0) : 0;
  int result = fsa_case_finish(stacker->store, stmt);
  if (result != FSA_OK) return result;
  stack->artefacts = fsa_arena_zero(&stack->arena, room + 1, sizeof *stack->artefacts);
  if (!stack->artefacts) return FSA_E_NOMEM;
  const char *sql = "SELECT id, query, hash FROM artefact ORDER BY id";
  if (prepare(stacker->store, sql, &stmt) != FSA_OK) return FSA_E_IO;
  while (stack->artefact_count < room && sqlite3_step(stmt) == SQLITE_ROW) {
    FsaArtefact *artefact = &stack->artefacts[stack->artefact_count];
    if (!look_up(stacker->queries, (uint64_t)sqlite3_column_int64(stmt, 1), &artefact->query))
      continue;
    artefact->id = sqlite3_column_int64(stmt, 0);
    artefact->key_hash = (uint64_t)sqlite3_column_int64(stmt, 2);
    g_hash_table_insert(stacker->by_id, slot((uint64_t)artefact->id),
                        slot(++stack->artefact_count));
  }
  return fsa_case_finish(stacker->store, stmt);
}

/* Calls `each` for every artefact of a number list; stops when it says false. */
static bool each_number(FsaText list, bool (*each)(Stacker *, uint32_t), Stacker *stacker) {
  uint64_t number = 0;
  uint32_t index;
  while (fsa_numbers_next(&list, &number))
    if (look_up(stacker->by_id, number, &index) && !each(stacker, index)) return false;
  return true;
}

static FsaText list_column(sqlite3_stmt *stmt, int column) {
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  return (FsaText){text, (size_t)sqlite3_column_bytes(stmt, column)};
}

static bool count_artefact(Stacker *stacker, uint32_t index) {
  stacker->stack->artefacts[index].hosts++;
  stacker->stack->rows++;
  return true;
}

/* True when the answer's host and query count; *ret_host and *ret_query are their places. */
static bool is_counted(Stacker *stacker, sqlite3_stmt *stmt, uint32_t *ret_host,
                       uint32_t *ret_query) {
  return look_up(stacker->hosts, (uint64_t)sqlite3_column_int64(stmt, 0), ret_host) &&
         look_up(stacker->queries, (uint64_t)sqlite3_column_int64(stmt, 1), ret_query);
}

static int count_hosts(Stacker *stacker) {
  sqlite3_stmt *stmt;
  uint32_t host, query;
  if (prepare(stacker->store, "SELECT host, query, artefacts FROM answer", &stmt)) return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW)
    if (is_counted(stacker, stmt, &host, &query))
      each_number(list_column(stmt, 2), count_artefact, stacker);
  return fsa_case_finish(stacker->store, stmt);
}

/* ---- counting in a store ----------------------------------------------------------------------
 */

/* A count of the store, for the key that has the same hash here. */
static int take_count(void *context, const FsaKeyCount *count) {
  Stacker *stacker = context;
  uint32_t index;
  if (!look_up(stacker->by_key, key_slot(count->query, count->key_hash), &index))
    return FSA_E_FORMAT;
  stacker->stack->artefacts[index].hosts = count->hosts;
  stacker->stack->rows += count->hosts;
  return FSA_OK;
}

static int count_elsewhere(Stacker *stacker, FsaStore *counter) {
  const FsaStack *stack = stacker->stack;
  for (size_t i = 0; i < stack->artefact_count; i++)
    g_hash_table_insert(stacker->by_key,
                        slot(key_slot(stack->artefacts[i].query, stack->artefacts[i].key_hash)),
                        slot(i + 1));
  int result = fsa_store_count(counter, stacker->store, stacker->matrix, NULL, take_count, stacker);
  g_hash_table_remove_all(stacker->by_key); /* from here on, of rare keys */
  return result;
}

/* ---- what is rare -----------------------------------------------------------------------------
 */

/* Sightings of one query by how many hosts their key has: at[n] = those of keys on n hosts, at[0]
 * all. */
static uint64_t *count_of_counts(const Stacker *stacker, uint32_t query) {
  size_t most = stacker->matrix->host_count;
  uint64_t *at = g_new0(uint64_t, most + 1);
  for (size_t i = 0; i < stacker->stack->artefact_count; i++) {
    const FsaArtefact *artefact = &stacker->stack->artefacts[i];
    if (artefact->query != query || !artefact->hosts || artefact->hosts > most) continue;
    at[artefact->hosts] += artefact->hosts;
    at[0] += artefact->hosts;
  }
  return at;
}

static void mark_rare(Stacker *stacker, size_t most_hosts) {
  FsaStack *stack = stacker->stack;
  for (uint32_t query = 0; query < stacker->matrix->query_count; query++) {
    size_t covered = stacker->matrix->queries[query].covered;
    size_t limit = most_hosts ? most_hosts : MAX(3, covered / 50);
    uint64_t *at = count_of_counts(stacker, query);
    for (size_t i = 0; i < stack->artefact_count; i++) {
      FsaArtefact *artefact = &stack->artefacts[i];
      /* on every host that was asked: common, however few those are */
      if (artefact->query != query || !artefact->hosts || artefact->hosts > limit) continue;
      if (artefact->hosts == covered && covered > 1) continue;
      artefact->is_rare = true;
      artefact->kinds = 1;
      artefact->share = (double)at[artefact->hosts] / (double)at[0];
      g_hash_table_insert(stacker->by_key, slot(key_slot(query, artefact->key_hash)), slot(i + 1));
    }
    g_free(at);
  }
}

static int load_keys(Stacker *stacker) {
  sqlite3_stmt *stmt;
  if (prepare(stacker->store, "SELECT key FROM artefact WHERE id=?1", &stmt) != FSA_OK)
    return FSA_E_IO;
  int result = FSA_OK;
  for (size_t i = 0; i < stacker->stack->artefact_count && result == FSA_OK; i++) {
    FsaArtefact *artefact = &stacker->stack->artefacts[i];
    if (!artefact->is_rare) continue;
    sqlite3_bind_int64(stmt, 1, artefact->id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
      size_t size = (size_t)sqlite3_column_bytes(stmt, 0);
      artefact->key.data =
          fsa_arena_copy(&stacker->stack->arena, sqlite3_column_text(stmt, 0), size);
      artefact->key.size = size;
      if (!artefact->key.data) result = FSA_E_NOMEM;
    }
    if (sqlite3_reset(stmt) != SQLITE_OK) result = FSA_E_IO;
  }
  sqlite3_finalize(stmt);
  return result == FSA_OK ? result : fsa_case_fail(stacker->store, result, "reading keys");
}

/* ---- the second pass: rows of rare keys --------------------------------------------------------
 */

static bool is_common(Stacker *stacker, uint32_t index) {
  return !stacker->stack->artefacts[index].is_rare;
}

static int take_row(Stacker *stacker, const FsaAnswerLine *line, uint32_t artefact, uint32_t host,
                    uint32_t query) {
  fsa_buffer_clear(&stacker->row);
  fsa_row_json(line->columns, line->values, &stacker->row);
  if (stacker->row.error) return stacker->row.error;
  const char *copy = fsa_arena_copy(&stacker->stack->arena, stacker->row.data, stacker->row.size);
  FsaSighting sighting = {
      .artefact = artefact, .host = host, .time = line->time, .row = {copy, stacker->row.size}};
  if (query < MAX_LINKED_QUERIES) sighting.linked = UINT64_C(1) << query;
  if (!copy) return FSA_E_NOMEM;
  g_array_append_val(stacker->sightings, sighting);
  return FSA_OK;
}

static int take_rows(Stacker *stacker, FsaText rows, uint32_t host, uint32_t query) {
  FsaArena arena = fsa_arena(0);
  FsaAnswerLine line = {0};
  int result = FSA_OK;
  while (result == FSA_OK && fsa_answer_next(&rows, &line)) {
    FsaLogRow row;
    uint32_t artefact;
    if (!line.is_present) continue;
    result = fsa_row_take(stacker->reader, line.columns, line.values,
                          stacker->matrix->queries[query].meta, &arena, &row);
    if (result == FSA_OK && look_up(stacker->by_key, key_slot(query, row.key_hash), &artefact))
      result = take_row(stacker, &line, artefact, host, query);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return result;
}

static int collect_sightings(Stacker *stacker) {
  sqlite3_stmt *stmt;
  uint32_t host, query;
  FsaBuffer rows = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  int result = FSA_OK;
  const char *sql = "SELECT host, query, artefacts, rows FROM answer ORDER BY host, query";
  if (prepare(stacker->store, sql, &stmt) != FSA_OK) return FSA_E_IO;
  while (result == FSA_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    if (!is_counted(stacker, stmt, &host, &query) ||
        each_number(list_column(stmt, 2), is_common, stacker))
      continue;
    fsa_buffer_clear(&rows);
    result = fsa_case_unpack(
        stacker->store,
        fsa_bytes(sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3)), &rows);
    if (result == FSA_OK) result = take_rows(stacker, (FsaText){rows.data, rows.size}, host, query);
  }
  fsa_buffer_done(&rows);
  if (result != FSA_OK) fsa_case_fail(stacker->store, result, "unpacking an answer");
  int ended = fsa_case_finish(stacker->store, stmt);
  return result == FSA_OK ? ended : result;
}

/* ---- entities ---- */

/* The sightings [first, last) of one host while they are joined to entities (union-find). */
typedef struct Joiner {
  Stacker *stacker;
  FsaSighting *all;
  GHashTable *names; /* join value -> index + 1 of the first sighting that has it */
} Joiner;

static uint32_t find_root(FsaSighting *all, uint32_t at) {
  while (all[at].entity != at) {
    all[at].entity = all[all[at].entity].entity;
    at = all[at].entity;
  }
  return at;
}

/* Joins a sighting with the first one that has the value too. */
static void join(Joiner *joiner, uint32_t at, const char *name, FsaText value) {
  FsaSighting *all = joiner->all;
  uint32_t first = GPOINTER_TO_UINT(g_hash_table_lookup(joiner->names, name));
  if (!first--) {
    g_hash_table_insert(joiner->names, g_strdup(name), GUINT_TO_POINTER(at + 1));
    return;
  }
  const FsaArtefact *artefacts = joiner->stacker->stack->artefacts;
  if (artefacts[all[first].artefact].query != artefacts[all[at].artefact].query) {
    if (!all[first].link.data) all[first].link = value;
    if (!all[at].link.data) all[at].link = value;
  }
  uint32_t left = find_root(all, first), right = find_root(all, at);
  all[MAX(left, right)].entity = MIN(left, right);
}

static void join_values(Joiner *joiner, uint32_t at, FsaBuffer *name) {
  Stacker *stacker = joiner->stacker;
  const FsaSighting *sighting = &joiner->all[at];
  uint32_t query = stacker->stack->artefacts[sighting->artefact].query;
  const FsaQueryMeta *meta = stacker->matrix->queries[query].meta;
  for (size_t i = 0; meta && i < meta->join_count; i++) {
    FsaText value = fsa_log_row_value(sighting->row, meta->join[i], &stacker->stack->arena);
    const char *link = value.data ? fsa_join_name(meta->join[i], value, name) : "";
    if (link[0]) join(joiner, at, link, value);
  }
}

/* How many families of evidence the queries of a mask belong to; one without a family is its own.
 */
static unsigned count_kinds(const FsaMatrix *matrix, uint64_t linked) {
  const char *seen[MAX_LINKED_QUERIES];
  unsigned kinds = 0;
  for (size_t i = 0; i < matrix->query_count && i < MAX_LINKED_QUERIES; i++) {
    if (!(linked >> i & 1)) continue;
    const FsaMatrixQuery *query = &matrix->queries[i];
    const char *family = query->meta && query->meta->family[0] ? query->meta->family : query->name;
    unsigned at = 0;
    while (at < kinds && strcmp(seen[at], family) != 0) at++;
    if (at == kinds) seen[kinds++] = family;
  }
  return kinds;
}

/* Makes the entities of one host, of its sightings [first, last). */
static void join_host(Stacker *stacker, uint32_t first, uint32_t last) {
  FsaSighting *all = stacker->stack->sightings;
  FsaBuffer name = fsa_buffer(FSA_MAX_META_BYTES);
  Joiner joiner = {stacker, all, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  for (uint32_t i = first; i < last; i++) all[i].entity = i;
  for (uint32_t i = first; i < last; i++) join_values(&joiner, i, &name);
  for (uint32_t i = first; i < last; i++) {
    all[i].entity = find_root(all, i);
    all[all[i].entity].linked |= all[i].linked;
  }
  for (uint32_t i = first; i < last; i++) {
    FsaArtefact *artefact = &stacker->stack->artefacts[all[i].artefact];
    all[i].linked = all[all[i].entity].linked;
    unsigned kinds = count_kinds(stacker->matrix, all[i].linked);
    if (kinds > artefact->kinds) artefact->kinds = kinds;
  }
  g_hash_table_destroy(joiner.names);
  fsa_buffer_done(&name);
}

static int compare_sightings(const void *a, const void *b) {
  const FsaSighting *left = a, *right = b;
  if (left->artefact != right->artefact) return left->artefact < right->artefact ? -1 : 1;
  if (left->host != right->host) return left->host < right->host ? -1 : 1;
  size_t size = MIN(left->row.size, right->row.size);
  int order = memcmp(left->row.data, right->row.data, size);
  return order ? order : left->row.size < right->row.size ? -1 : left->row.size > right->row.size;
}

/* On how many hosts entities join the same queries. What joins a script and a program may stand on
 * one host of the fleet where programs with pipes stand on every tenth. */
typedef struct Shape {
  uint32_t hosts, last_host;
} Shape;

static gint compare_hosts(gconstpointer a, gconstpointer b, gpointer sightings) {
  const FsaSighting *all = sightings;
  uint32_t left = all[*(const uint32_t *)a].host, right = all[*(const uint32_t *)b].host;
  return left < right ? -1 : left > right;
}

static GHashTable *count_shapes(const FsaStack *stack) {
  GHashTable *shapes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
  uint32_t count = (uint32_t)stack->sighting_count;
  uint32_t *by_host = g_new(uint32_t, count + 1);
  for (uint32_t i = 0; i < count; i++) by_host[i] = i;
  g_qsort_with_data(by_host, (gint)count, sizeof *by_host, compare_hosts, stack->sightings);
  for (uint32_t i = 0; i < count; i++) {
    FsaSighting *sighting = &stack->sightings[by_host[i]];
    Shape *shape = g_hash_table_lookup(shapes, &sighting->linked);
    if (!shape) {
      shape = g_new0(Shape, 1);
      g_hash_table_insert(shapes, &sighting->linked, shape);
    } else if (shape->last_host == sighting->host) {
      continue;
    }
    shape->hosts++;
    shape->last_host = sighting->host;
  }
  g_free(by_host);
  return shapes;
}

static void count_alike(FsaStack *stack) {
  GHashTable *shapes = count_shapes(stack);
  for (size_t i = 0; i < stack->sighting_count; i++) {
    FsaArtefact *artefact = &stack->artefacts[stack->sightings[i].artefact];
    const Shape *shape = g_hash_table_lookup(shapes, &stack->sightings[i].linked);
    if (!artefact->alike || shape->hosts < artefact->alike) artefact->alike = shape->hosts;
  }
  g_hash_table_destroy(shapes);
}

static int join_sightings(Stacker *stacker) {
  FsaStack *stack = stacker->stack;
  uint32_t count = stacker->sightings->len;
  stack->sightings = fsa_arena_zero(&stack->arena, count + 1, sizeof *stack->sightings);
  if (!stack->sightings) return FSA_E_NOMEM;
  if (count) memcpy(stack->sightings, stacker->sightings->data, count * sizeof *stack->sightings);
  stack->sighting_count = count;
  for (uint32_t first = 0, last; first < count; first = last) { /* answers came by host */
    for (last = first; last < count && stack->sightings[last].host == stack->sightings[first].host;)
      last++;
    join_host(stacker, first, last);
  }
  qsort(stack->sightings, count, sizeof *stack->sightings, compare_sightings);
  for (size_t i = count; i-- > 0;) {
    FsaArtefact *artefact = &stack->artefacts[stack->sightings[i].artefact];
    artefact->first = i;
    artefact->count++;
  }
  count_alike(stack);
  return FSA_OK;
}

int fsa_stack_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter, size_t most_hosts,
                    FsaStack *ret_stack) {
  *ret_stack = (FsaStack){.arena = fsa_arena(0)};
  Stacker stacker = {.store = store, .matrix = matrix, .stack = ret_stack};
  index_matrix(&stacker);
  int result = load_artefacts(&stacker);
  if (result == FSA_OK)
    result = counter ? count_elsewhere(&stacker, counter) : count_hosts(&stacker);
  if (result == FSA_OK) mark_rare(&stacker, most_hosts);
  if (result == FSA_OK) result = load_keys(&stacker);
  if (result == FSA_OK) result = collect_sightings(&stacker);
  if (result == FSA_OK) result = join_sightings(&stacker);
  free_index(&stacker);
  return result;
}
