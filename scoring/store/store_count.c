/* Stacking in a store. See store_count.h. */
#include "store/store_count.h"

#include <glib.h>
#include <string.h>

#include "store/push.h"
#include "store/store_rows.h"
#include "text/id_map.h"

typedef struct Count {
  FsaStore *store;
  FsaCase *own;
  const FsaMatrix *matrix;
  const uint8_t *group_of;
  uint64_t *versions;            /* [host * query_count + query]: of the case's answer */
  uint64_t answers, version_sum; /* of the case */
  FsaTakeCount take;
  void *context;
} Count;

/* ---- what the case holds ----------------------------------------------------------------------
 */

static void note_answer(Count *count, sqlite3_stmt *stmt, uint32_t host, uint32_t query) {
  FsaAnswerHead head = {.reset_time = sqlite3_column_int64(stmt, 2),
                        .last_time = sqlite3_column_int64(stmt, 3),
                        .row_count = sqlite3_column_int64(stmt, 4),
                        .digest = (uint64_t)sqlite3_column_int64(stmt, 5)};
  uint64_t version = fsa_answer_version(&head, count->matrix->queries[query].meta);
  count->versions[host * count->matrix->query_count + query] = version;
  count->answers++;
  count->version_sum += version;
}

static int note_answers(Count *count, const FsaIdMap *hosts, const FsaIdMap *queries) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT host, query, reset_time, last_time, row_count, digest FROM answer";
  uint32_t host, query;
  if (sqlite3_prepare_v2(fsa_case_database(count->own), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW)
    if (fsa_id_map_find(hosts, sqlite3_column_int64(stmt, 0), &host) &&
        fsa_id_map_find(queries, sqlite3_column_int64(stmt, 1), &query))
      note_answer(count, stmt, host, query);
  return fsa_case_finish(count->own, stmt);
}

static int load_versions(Count *count) {
  const FsaMatrix *matrix = count->matrix;
  int64_t *ids = g_new(int64_t, MAX(matrix->host_count, matrix->query_count) + 1);
  for (size_t i = 0; i < matrix->host_count; i++) ids[i] = matrix->hosts[i].id;
  FsaIdMap hosts = fsa_id_map(ids, matrix->host_count);
  for (size_t i = 0; i < matrix->query_count; i++) ids[i] = matrix->queries[i].id;
  FsaIdMap queries = fsa_id_map(ids, matrix->query_count);
  count->versions = g_new0(uint64_t, matrix->host_count * matrix->query_count + 1);
  int result = note_answers(count, &hosts, &queries);
  fsa_id_map_done(&hosts);
  fsa_id_map_done(&queries);
  g_free(ids);
  return result;
}

/* ---- what the store holds ---------------------------------------------------------------------
 */

static int refuse(FsaStore *store) {
  fsa_store_complain(store, "the store's answer is not what was asked for");
  return FSA_E_FORMAT;
}

static int read_holding(FsaStore *store, FsaText rows, uint64_t *ret_answers, uint64_t *ret_sum) {
  static const char *const names[] = {"answers", "versions"};
  FsaText values[2];
  FsaArena arena = fsa_arena(0);
  bool is_read = fsa_store_row(&rows, &arena, names, 2, values) == FSA_ROW &&
                 fsa_store_number(values[0], ret_answers) && fsa_store_number(values[1], ret_sum);
  fsa_arena_done(&arena);
  return is_read ? FSA_OK : refuse(store);
}

/* The states that were pushed last must be the case's. A host's rows lie on one server together. */
static int check_holding(const Count *count) {
  uint64_t answers = 0, sum = 0;
  FsaText rows;
  char *sql =
      g_strdup_printf("SELECT count() AS answers, sum(current) AS versions FROM (SELECT host, "
                      "query, argMax(version, revision) AS current FROM %s.fsa_answer GROUP BY "
                      "host, query)",
                      fsa_store_database(count->store));
  int result = fsa_store_ask(count->store, sql, NULL, &rows);
  g_free(sql);
  if (result == FSA_OK) result = read_holding(count->store, rows, &answers, &sum);
  if (result != FSA_OK || (answers == count->answers && sum == count->version_sum)) return result;
  fsa_store_complain(count->store,
                     "the store holds %llu answers and not the %llu of the case as they are: run "
                     "`fsa-score push` with this case first",
                     (unsigned long long)answers, (unsigned long long)count->answers);
  return FSA_E_ABSENT;
}

/* ---- counting ---------------------------------------------------------------------------------
 */

/* A text as SQL writes it. [clickhouse.com/docs, "Syntax", "String literals"] */
static void put_literal(FsaBuffer *out, const char *text) {
  fsa_buffer_putc(out, '\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\') fsa_buffer_putc(out, '\\');
    fsa_buffer_putc(out, *text);
  }
  fsa_buffer_putc(out, '\'');
}

/* The hosts that the query covers and whose answer may have rows; in a set of hosts a number takes
 * a quarter of what their name does. */
static void put_cells(const Count *count, uint32_t query, FsaBuffer *out) {
  const FsaMatrix *matrix = count->matrix;
  for (size_t host = 0; host < matrix->host_count; host++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    if (!cell->has_answer || !fsa_cell_is_covered(cell)) continue;
    char *name = fsa_store_host(matrix->hosts[host].identifier, matrix->hosts[host].hostname);
    uint64_t version = count->versions[host * matrix->query_count + query];
    fsa_buffer_puts(out, "{\"host\":");
    fsa_buffer_json(out, name, strlen(name));
    fsa_buffer_printf(out, ",\"version\":%llu,\"number\":%zu,\"host_group\":%u}\n",
                      (unsigned long long)version, host,
                      count->group_of ? count->group_of[host] : 0u);
    g_free(name);
  }
}

static int ask(const Count *count, uint32_t query, FsaText cells, FsaText *ret_rows) {
  FsaBuffer sql = fsa_buffer(FSA_MAX_META_BYTES);
  fsa_buffer_printf(&sql,
                    "SELECT key, host_group, uniqExact(number) AS hosts FROM %s.fsa_sighting ALL "
                    "INNER JOIN cell USING (host, version) WHERE query = ",
                    fsa_store_database(count->store));
  put_literal(&sql, count->matrix->queries[query].name);
  fsa_buffer_puts(&sql, " GROUP BY key, host_group");
  FsaStoreTable brought = {"cell", "host String, version UInt64, number UInt32, host_group UInt8",
                           cells};
  int result = sql.error;
  if (result == FSA_OK)
    result = fsa_store_ask(count->store, fsa_buffer_text(&sql), &brought, ret_rows);
  fsa_buffer_done(&sql);
  return result;
}

static bool read_count(const Count *count, const FsaText *values, FsaKeyCount *ret_count) {
  uint64_t group, hosts;
  if (!values[0].data || !fsa_store_number(values[1], &group) || group > UINT8_MAX ||
      !fsa_store_number(values[2], &hosts) || !hosts || hosts > count->matrix->host_count)
    return false;
  ret_count->key_hash = fsa_siphash(fsa_case_hash_key(count->own), values[0].data, values[0].size);
  ret_count->group = (uint32_t)group;
  ret_count->hosts = (uint32_t)hosts;
  return true;
}

static int take_counts(const Count *count, uint32_t query, FsaText rows) {
  static const char *const names[] = {"key", "host_group", "hosts"};
  FsaKeyCount found = {.query = query};
  FsaText values[3];
  FsaArena arena = fsa_arena(0);
  int result;
  while ((result = fsa_store_row(&rows, &arena, names, 3, values)) == FSA_ROW) {
    result = read_count(count, values, &found) ? count->take(count->context, &found) : FSA_E_FORMAT;
    if (result != FSA_OK) break;
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return result == FSA_E_FORMAT ? refuse(count->store) : result;
}

static int count_query(const Count *count, uint32_t query) {
  FsaBuffer cells = fsa_buffer(FSA_MAX_STORE_TABLE);
  FsaText rows;
  put_cells(count, query, &cells);
  int result = cells.error;
  if (result == FSA_OK && cells.size) {
    result = ask(count, query, (FsaText){cells.data, cells.size}, &rows);
    if (result == FSA_OK) result = take_counts(count, query, rows);
  }
  fsa_buffer_done(&cells);
  return result;
}

int fsa_store_count(FsaStore *store, FsaCase *own, const FsaMatrix *matrix, const uint8_t *group_of,
                    FsaTakeCount take, void *context) {
  Count count = {.store = store,
                 .own = own,
                 .matrix = matrix,
                 .group_of = group_of,
                 .take = take,
                 .context = context};
  int result = load_versions(&count);
  if (result == FSA_OK) result = check_holding(&count);
  for (uint32_t query = 0; query < matrix->query_count && result == FSA_OK; query++)
    if (fsa_query_is_scored(&matrix->queries[query])) result = count_query(&count, query);
  g_free(count.versions);
  return result;
}
