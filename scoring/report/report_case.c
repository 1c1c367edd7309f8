/* The report's account of its data: logs, rejected lines, clones, clocks. See report_json.h. */
#include <string.h>

#include "ingest/apply.h"
#include "report/report_json.h"

#define CLOCK_SLACK 300 /* seconds that a clock may be ahead without a word */

static FsaText column(sqlite3_stmt *row, int at) {
  return (FsaText){(const char *)sqlite3_column_text(row, at),
                   (size_t)sqlite3_column_bytes(row, at)};
}

static int count_of(sqlite3 *database, const char *sql, int64_t *ret_count) {
  sqlite3_stmt *row = NULL;
  int result = FSA_E_IO;
  if (sqlite3_prepare_v2(database, sql, -1, &row, NULL) == SQLITE_OK &&
      sqlite3_step(row) == SQLITE_ROW) {
    *ret_count = sqlite3_column_int64(row, 0);
    result = FSA_OK;
  }
  sqlite3_finalize(row);
  return result;
}

/* Columns of a row under these names: text in the first `texts`, numbers in the others. */
static void put_row(FsaJsonOut *json, sqlite3_stmt *row, const char *const *names, int texts) {
  fsa_json_open(json, NULL, '{');
  for (int i = 0; names[i]; i++)
    if (i < texts)
      fsa_json_put_text(json, names[i], column(row, i));
    else
      fsa_json_put_integer(json, names[i], sqlite3_column_int64(row, i));
  fsa_json_close(json, '}');
}

static int put_rows(FsaJsonOut *json, sqlite3 *database, const char *sql, int64_t most,
                    const char *const *names, int texts) {
  sqlite3_stmt *row = NULL;
  int state = sqlite3_prepare_v2(database, sql, -1, &row, NULL);
  if (state == SQLITE_OK) sqlite3_bind_int64(row, 1, most);
  while (state == SQLITE_OK && (state = sqlite3_step(row)) == SQLITE_ROW) {
    put_row(json, row, names, texts);
    state = SQLITE_OK;
  }
  sqlite3_finalize(row);
  return state == SQLITE_DONE ? FSA_OK : FSA_E_IO;
}

static int put_inputs(FsaJsonOut *json, sqlite3 *database) {
  static const char *const names[] = {"path",    "sha256", "file_bytes", "bytes",      "lines",
                                      "entries", "other",  "rejected",   "lost_bytes", NULL};
  fsa_json_open(json, "inputs", '[');
  int result =
      put_rows(json, database,
               "SELECT path, sha256, ifnull(file_bytes, 0), bytes, lines, entries, other, rejected,"
               " lost_bytes FROM input ORDER BY path LIMIT ?1",
               INT64_MAX, names, 2);
  fsa_json_close(json, ']');
  return result;
}

static int put_rejected(FsaJsonOut *json, sqlite3 *database) {
  static const char *const names[] = {"path", "why", "line", "offset", "lost", NULL};
  int64_t total = 0;
  int result = count_of(database, "SELECT ifnull(sum(rejected), 0) FROM input", &total);
  fsa_json_open(json, "rejected", '{');
  fsa_json_put_integer(json, "total", total);
  fsa_json_open(json, "shown", '[');
  if (result == FSA_OK)
    result = put_rows(json, database,
                      "SELECT path, why, line, offset, lost FROM rejected"
                      " ORDER BY path, offset, why LIMIT ?1",
                      FSA_MAX_REPORT_REJECTS, names, 2);
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
  return result;
}

/* ---- hosts whose data want a second look ------------------------------------------------------
 */

static void put_duplicates(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaMatrix *matrix = source->matrix; /* its hosts are sorted by identifier */
  fsa_json_open(json, "duplicates", '[');
  for (size_t from = 0, to; from < matrix->host_count; from = to) {
    for (to = from + 1; to < matrix->host_count; to++)
      if (strcmp(matrix->hosts[from].identifier, matrix->hosts[to].identifier) != 0) break;
    if (to == from + 1) continue;
    fsa_json_open(json, NULL, '{');
    fsa_json_put_string(json, "identifier", matrix->hosts[from].identifier);
    fsa_json_open(json, "hosts", '[');
    for (size_t host = from; host < to; host++)
      fsa_json_put_integer(json, NULL, source->facts->place[host]);
    fsa_json_close(json, ']');
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
}

static void put_skew(FsaJsonOut *json, const FsaReportSource *source) {
  fsa_json_open(json, "clock_skew", '[');
  for (uint32_t at = 0; at < source->score->host_count; at++) {
    const FsaMatrixHost *host = &source->matrix->hosts[source->score->hosts[at].matrix_host];
    if (host->last_seen <= source->made + CLOCK_SLACK) continue;
    fsa_json_open(json, NULL, '{');
    fsa_json_put_integer(json, "host", at);
    fsa_json_put_integer(json, "seconds", host->last_seen - source->made);
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
}

/* From the numbers that the case has for hosts and queries to their places in the report. */
typedef struct Places {
  GHashTable *hosts, *queries; /* id -> place + 1 */
} Places;

static void learn(GHashTable *places, int64_t id, size_t place) {
  gint64 *key = g_new(gint64, 1);
  *key = id;
  g_hash_table_insert(places, key, GSIZE_TO_POINTER(place + 1));
}

static size_t place_of(GHashTable *places, int64_t id) {
  return GPOINTER_TO_SIZE(g_hash_table_lookup(places, &id));
}

static Places places_of(const FsaReportSource *source) {
  Places places = {g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
                   g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
  for (size_t i = 0; i < source->matrix->host_count; i++)
    learn(places.hosts, source->matrix->hosts[i].id, source->facts->place[i]);
  for (size_t i = 0; i < source->matrix->query_count; i++)
    learn(places.queries, source->matrix->queries[i].id, i);
  return places;
}

static void put_large_line(FsaJsonOut *json, size_t host, size_t query, int64_t bytes) {
  if (!host || !query) return;
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "host", (int64_t)host - 1);
  fsa_json_put_integer(json, "source", (int64_t)query - 1);
  fsa_json_put_integer(json, "bytes", bytes);
  fsa_json_close(json, '}');
}

static int put_large_lines(FsaJsonOut *json, const FsaReportSource *source, sqlite3 *database) {
  const char *sql = "SELECT host, query, line_bytes FROM answer WHERE line_bytes >= ?1"
                    " ORDER BY line_bytes DESC, host, query";
  sqlite3_stmt *row = NULL;
  Places places = places_of(source);
  int state = sqlite3_prepare_v2(database, sql, -1, &row, NULL);
  if (state == SQLITE_OK) sqlite3_bind_int64(row, 1, FSA_LARGE_LINE);
  fsa_json_open(json, "large_lines", '[');
  while (state == SQLITE_OK && (state = sqlite3_step(row)) == SQLITE_ROW) {
    put_large_line(json, place_of(places.hosts, sqlite3_column_int64(row, 0)),
                   place_of(places.queries, sqlite3_column_int64(row, 1)),
                   sqlite3_column_int64(row, 2));
    state = SQLITE_OK;
  }
  fsa_json_close(json, ']');
  sqlite3_finalize(row);
  g_hash_table_destroy(places.hosts);
  g_hash_table_destroy(places.queries);
  return state == SQLITE_DONE ? FSA_OK : FSA_E_IO;
}

int fsa_report_put_case(FsaJsonOut *json, const FsaReportSource *source) {
  sqlite3 *database = fsa_case_database(source->store);
  int result = put_inputs(json, database);
  if (result == FSA_OK) result = put_rejected(json, database);
  if (result == FSA_OK) result = put_large_lines(json, source, database);
  put_duplicates(json, source);
  put_skew(json, source);
  return result;
}
