/*
 * Rows per second through the one sqlite3_module, against a hand-written virtual table that gives
 * the same rows and can do nothing else: what the table model costs.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"

#define ROWS 2000000

static const char text[] = "C:\\Windows\\System32\\svchost.exe";

/* ---- ours --------------------------------------------------------------------------------------
 */

static const FsaColumn columns[] = {
    {"number", FSA_INTEGER, 0, "The row's number."},
    {"path", FSA_TEXT, 0, "A constant text."},
    {"size", FSA_INTEGER, 0, "Twice the number."},
};

static int next(FsaScan *scan, void *state, FsaRow *row) {
  (void)scan;
  int64_t *number = state;
  if (*number == ROWS) return FSA_OK;
  fsa_row_int(row, 0, *number);
  fsa_row_text(row, 1, text, sizeof text - 1);
  fsa_row_int(row, 2, *number * 2);
  ++*number;
  return FSA_ROW;
}

static const FsaTable rows = {
    .name = "rows",
    .summary = "",
    .proves = "",
    .caveat = "",
    .example = "",
    .sources = FSA_ANYWHERE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = 3,
    .state_size = sizeof(int64_t),
    .next = next,
};

const FsaTable *const fsa_tables[] = {&rows, NULL};
const size_t fsa_table_count = 1;

/* ---- the peer -----------------------------------------------------------------------------------
 */

typedef struct Plain {
  sqlite3_vtab_cursor base;
  sqlite3_int64 number;
} Plain;

static int plain_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                         sqlite3_vtab **vtab, char **error) {
  (void)aux, (void)argc, (void)argv, (void)error;
  *vtab = sqlite3_malloc(sizeof **vtab);
  if (!*vtab) return SQLITE_NOMEM;
  memset(*vtab, 0, sizeof **vtab);
  return sqlite3_declare_vtab(db, "CREATE TABLE x(number BIGINT, path TEXT, size BIGINT)");
}

static int plain_disconnect(sqlite3_vtab *vtab) {
  sqlite3_free(vtab);
  return SQLITE_OK;
}

static int plain_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info) {
  (void)vtab;
  info->estimatedCost = 1e6;
  return SQLITE_OK;
}

static int plain_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **cursor) {
  (void)vtab;
  Plain *plain = sqlite3_malloc(sizeof *plain);
  if (!plain) return SQLITE_NOMEM;
  memset(plain, 0, sizeof *plain);
  *cursor = &plain->base;
  return SQLITE_OK;
}

static int plain_close(sqlite3_vtab_cursor *cursor) {
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int plain_filter(sqlite3_vtab_cursor *cursor, int number, const char *plan, int argc,
                        sqlite3_value **argv) {
  (void)number, (void)plan, (void)argc, (void)argv;
  ((Plain *)cursor)->number = 0;
  return SQLITE_OK;
}

static int plain_next(sqlite3_vtab_cursor *cursor) {
  ((Plain *)cursor)->number++;
  return SQLITE_OK;
}

static int plain_eof(sqlite3_vtab_cursor *cursor) {
  return ((Plain *)cursor)->number == ROWS;
}

static int plain_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int index) {
  sqlite3_int64 number = ((Plain *)cursor)->number;
  if (index == 1)
    sqlite3_result_text(context, text, sizeof text - 1, SQLITE_TRANSIENT);
  else
    sqlite3_result_int64(context, index == 0 ? number : number * 2);
  return SQLITE_OK;
}

static int plain_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid) {
  *rowid = ((Plain *)cursor)->number;
  return SQLITE_OK;
}

static const sqlite3_module plain_module = {
    .xConnect = plain_connect,
    .xBestIndex = plain_best_index,
    .xDisconnect = plain_disconnect,
    .xOpen = plain_open,
    .xClose = plain_close,
    .xFilter = plain_filter,
    .xNext = plain_next,
    .xEof = plain_eof,
    .xColumn = plain_column,
    .xRowid = plain_rowid,
};

/* ---- measuring ---- */

static double rows_per_second(sqlite3 *db, const char *sql) {
  int64_t best = INT64_MAX;
  for (int i = 0; i < 3; i++) {
    int64_t began = fsa_clock_monotonic();
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
      fprintf(stderr, "vtab_rows: %s: %s\n", sql, sqlite3_errmsg(db));
      exit(1);
    }
    int64_t took = fsa_clock_monotonic() - began;
    if (took < best) best = took;
  }
  return ROWS * 1e9 / (double)best;
}

static void compare(sqlite3 *db, const char *what, const char *ours, const char *peer) {
  double a = rows_per_second(db, ours), b = rows_per_second(db, peer);
  printf("vtab %s: ours %.2f M rows/s, hand-written %.2f M rows/s, ratio %.2f\n", what, a / 1e6,
         b / 1e6, a / b);
}

int main(void) {
  sqlite3 *db = NULL;
  FsaEngine *engine = NULL;
  const FsaEngineOptions options = {.jobs = 1};
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
  if (fsa_engine_new(&options, &engine) != FSA_OK) return 1;
  if (fsa_sql_register(db, engine, true, NULL) != SQLITE_OK) return 1;
  if (sqlite3_create_module(db, "plain", &plain_module, NULL) != SQLITE_OK) return 1;
  compare(db, "count", "SELECT count(*) FROM fsa_rows", "SELECT count(*) FROM plain");
  compare(db, "all columns", "SELECT sum(number), sum(length(path)), sum(size) FROM fsa_rows",
          "SELECT sum(number), sum(length(path)), sum(size) FROM plain");
  sqlite3_close(db);
  return 0;
}
