/* Who answered what. See matrix.h. */
#include "case/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "text/print.h"

static const char *const names[FSA_COVER_COUNT] = {
    [FSA_COVER_SILENT] = "silent",   [FSA_COVER_OK] = "ok",
    [FSA_COVER_PARTIAL] = "partial", [FSA_COVER_DENIED] = "denied",
    [FSA_COVER_ABSENT] = "absent",   [FSA_COVER_UNSUPPORTED] = "unsupported",
    [FSA_COVER_TIMEOUT] = "timeout", [FSA_COVER_ERROR] = "error",
    [FSA_COVER_FOREIGN] = "n/a",
};

const char *fsa_cover_name(FsaCoverStatus status) {
  return names[status];
}

bool fsa_cell_is_covered(const FsaCell *cell) {
  return cell->status == FSA_COVER_OK || cell->status == FSA_COVER_PARTIAL;
}

bool fsa_cell_applies(const FsaCell *cell) {
  return cell->status != FSA_COVER_FOREIGN && cell->status != FSA_COVER_UNSUPPORTED;
}

bool fsa_cell_is_gap(const FsaCell *cell) {
  return cell->status != FSA_COVER_OK && fsa_cell_applies(cell);
}

bool fsa_query_is_scored(const FsaMatrixQuery *query) {
  return !query->is_coverage && !(query->meta && strcmp(query->meta->pillar, "coverage") == 0);
}

const char *fsa_matrix_host_label(const FsaMatrixHost *host) {
  return host->hostname[0] ? host->hostname : host->identifier;
}

void fsa_matrix_done(FsaMatrix *matrix) {
  fsa_pack_meta_done(&matrix->meta);
  fsa_host_list_done(&matrix->listed);
  fsa_arena_done(&matrix->arena);
}

/* ---- hosts and queries of the case ------------------------------------------------------------
 */

static const char *copy_column(FsaMatrix *matrix, sqlite3_stmt *stmt, int column) {
  const void *text = sqlite3_column_text(stmt, column);
  return fsa_arena_copy(&matrix->arena, text ? text : "",
                        (size_t)sqlite3_column_bytes(stmt, column));
}

static int64_t count_rows(FsaCase *store, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int64_t count = -1;
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW)
    count = sqlite3_column_int64(stmt, 0);
  return fsa_case_finish(store, stmt) == FSA_OK ? count : -1;
}

static int load_hosts(FsaMatrix *matrix, FsaCase *store) {
  sqlite3_stmt *stmt = NULL;
  int64_t room = count_rows(store, "SELECT count(*) FROM host");
  if (room < 0) return FSA_E_IO;
  matrix->hosts = fsa_arena_zero(&matrix->arena, (size_t)room + 1, sizeof *matrix->hosts);
  const char *sql = "SELECT id, identifier, hostname, ifnull(first_seen, 0), ifnull(last_seen, 0),"
                    " logs_rows FROM host ORDER BY identifier, hostname";
  if (!matrix->hosts) return FSA_E_NOMEM;
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (matrix->host_count < (size_t)room && sqlite3_step(stmt) == SQLITE_ROW)
    matrix->hosts[matrix->host_count++] = (FsaMatrixHost){
        .id = sqlite3_column_int64(stmt, 0),
        .identifier = copy_column(matrix, stmt, 1),
        .hostname = copy_column(matrix, stmt, 2),
        .first_seen = sqlite3_column_int64(stmt, 3),
        .last_seen = sqlite3_column_int64(stmt, 4),
        .logs_rows = sqlite3_column_int(stmt, 5) != 0,
    };
  return fsa_case_finish(store, stmt);
}

static bool asks(const FsaMatrixQuery *query, const char *table) {
  return strcmp(query->meta ? query->meta->source : query->name, table) == 0;
}

/* Queries that some host answered, and those of the pack that none did. */
static int load_queries(FsaMatrix *matrix, FsaCase *store) {
  sqlite3_stmt *stmt = NULL;
  int64_t room = count_rows(store, "SELECT count(*) FROM query");
  if (room < 0) return FSA_E_IO;
  matrix->queries = fsa_arena_zero(&matrix->arena, (size_t)room + 1, sizeof *matrix->queries);
  const char *sql = "SELECT id, name FROM query ORDER BY name";
  if (!matrix->queries) return FSA_E_NOMEM;
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (matrix->query_count < (size_t)room && sqlite3_step(stmt) == SQLITE_ROW) {
    FsaMatrixQuery *query = &matrix->queries[matrix->query_count++];
    query->id = sqlite3_column_int64(stmt, 0);
    query->name = copy_column(matrix, stmt, 1);
    query->meta = fsa_pack_meta_find(&matrix->meta, fsa_text(query->name));
    query->is_coverage = asks(query, "fsa_coverage");
  }
  return fsa_case_finish(store, stmt);
}

static int compare_host_ids(const void *a, const void *b) {
  const FsaMatrixHost *left = *(FsaMatrixHost *const *)a, *right = *(FsaMatrixHost *const *)b;
  return left->id < right->id ? -1 : left->id > right->id;
}

/* Ids to places: hosts are sorted by identifier, the case's rows name ids. */
typedef struct Index {
  FsaMatrixHost **by_id;
  const FsaMatrix *matrix;
} Index;

static Index make_index(const FsaMatrix *matrix) {
  Index index = {g_new(FsaMatrixHost *, matrix->host_count + 1), matrix};
  for (size_t i = 0; i < matrix->host_count; i++) index.by_id[i] = &matrix->hosts[i];
  qsort(index.by_id, matrix->host_count, sizeof *index.by_id, compare_host_ids);
  return index;
}

static bool find_host(const Index *index, int64_t id, size_t *ret_at) {
  FsaMatrixHost wanted = {.id = id}, *key = &wanted;
  FsaMatrixHost **found = bsearch(&key, index->by_id, index->matrix->host_count,
                                  sizeof *index->by_id, compare_host_ids);
  if (found) *ret_at = (size_t)(*found - index->matrix->hosts);
  return found != NULL;
}

static bool find_query(const FsaMatrix *matrix, int64_t id, size_t *ret_at) {
  for (size_t i = 0; i < matrix->query_count; i++)
    if (matrix->queries[i].id == id) {
      *ret_at = i;
      return true;
    }
  return false;
}

/* ---- what arrived -----------------------------------------------------------------------------
 */

/* The cell of the host and the query that a row's first two columns number; NULL = it has none. */
static FsaCell *cell_of(FsaMatrix *matrix, const Index *index, sqlite3_stmt *stmt) {
  size_t host, query;
  if (!find_host(index, sqlite3_column_int64(stmt, 0), &host) ||
      !find_query(matrix, sqlite3_column_int64(stmt, 1), &query))
    return NULL;
  return fsa_matrix_cell(matrix, host, query);
}

static int load_answers(FsaMatrix *matrix, FsaCase *store, const Index *index) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT host, query, row_count, last_time FROM answer";
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    FsaCell *cell = cell_of(matrix, index, stmt);
    if (!cell) continue;
    cell->status = FSA_COVER_OK;
    cell->has_answer = true;
    cell->arrived = sqlite3_column_int64(stmt, 2);
    cell->last_time = sqlite3_column_int64(stmt, 3);
  }
  return fsa_case_finish(store, stmt);
}

static int load_status_lines(FsaMatrix *matrix, FsaCase *store, const Index *index) {
  sqlite3_stmt *stmt = NULL;
  const char *sql =
      "SELECT host, query, last_time, message FROM status_line WHERE query IS NOT NULL"
      " AND severity > 0 ORDER BY last_time";
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    FsaCell *cell = cell_of(matrix, index, stmt);
    if (!cell) continue;
    /* what came after the message is a better answer; of the same second, it is the message's own
     */
    if (cell->last_time > sqlite3_column_int64(stmt, 2)) continue;
    cell->status = cell->has_answer ? FSA_COVER_PARTIAL : FSA_COVER_ERROR;
    cell->why = copy_column(matrix, stmt, 3);
  }
  return fsa_case_finish(store, stmt);
}

/* ---- what the hosts said of their own looks -----------------------------------------------------
 */

static bool text_is(FsaText text, const char *word) {
  return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static FsaCoverStatus status_named(FsaText text) {
  for (FsaCoverStatus status = FSA_COVER_OK; status < FSA_COVER_FOREIGN; status++)
    if (text_is(text, names[status])) return status;
  return FSA_COVER_SILENT; /* "unknown", and what a later version may say */
}

static int64_t number_in(FsaText text, int64_t otherwise) {
  int64_t number = otherwise;
  fsa_json_integer((FsaJsonText){text.data, text.size, true}, &number);
  return number;
}

/*
 * True when what fsa_coverage said at `heard` of a scan is about the scan that gave the cell's
 * answer. osquery has no last query of a pack: fsa_coverage may be asked before the table, and then
 * tells of the scan before; and somebody may have scanned the table again in between. Whole seconds
 * are compared, so one of them is left over: a sweep's line has the time at which its query began,
 * osquery's that at which it ended.
 */
static bool is_same_scan(const FsaCell *cell, FsaText start, FsaText milliseconds, int64_t heard) {
  int64_t began = number_in(start, 0);
  if (began <= 0 || !cell->has_answer) return true;
  int64_t ended = began + number_in(milliseconds, 0) / 1000;
  bool is_newer = began > cell->last_time + 1;
  bool is_older = heard <= cell->last_time && ended < cell->last_time - 1;
  return !is_newer && !is_older;
}

/* The more a host says against its own answer, the more it is believed. */
static void claim(FsaMatrix *matrix, size_t host, const FsaText *values, int64_t heard) {
  FsaText table = values[0];
  int64_t claimed = number_in(values[2], -1);
  FsaCoverStatus said = status_named(values[1]);
  for (size_t i = 0; i < matrix->query_count; i++) {
    const FsaMatrixQuery *query = &matrix->queries[i];
    FsaCell *cell = fsa_matrix_cell(matrix, host, i);
    if (!query->meta || !text_is(table, query->meta->source)) continue;
    cell->claimed = claimed;
    if (said == FSA_COVER_SILENT || cell->why) continue;
    if (said != FSA_COVER_OK && said != FSA_COVER_PARTIAL) {
      cell->status = cell->arrived > 0 ? FSA_COVER_PARTIAL : said;
      cell->why = fsa_arena_printf(&matrix->arena, "fsa_coverage says %s", names[said]);
    } else if (cell->has_answer) {
      bool is_short = query->meta->is_whole && claimed > cell->arrived &&
                      is_same_scan(cell, values[3], values[4], heard);
      cell->status = is_short ? FSA_COVER_PARTIAL : said;
      cell->why = is_short                    ? "fewer rows arrived than fsa_coverage claims"
                  : said == FSA_COVER_PARTIAL ? "fsa_coverage says so"
                                              : NULL;
    } else if (claimed <= 0 || matrix->hosts[host].logs_rows) {
      cell->status = said; /* an empty answer of a host whose log has no line for that */
      cell->arrived = 0;
    } else {
      cell->why = "fsa_coverage claims rows, no line arrived: lost on the way";
    }
  }
}

/* True for the pid of a process: one that refuses is not the whole source. */
static bool is_process(FsaText source) {
  size_t digits = 0;
  while (digits < source.size && g_ascii_isdigit(source.data[digits])) digits++;
  return source.size && digits == source.size;
}

/*
 * A narrowed look leaves no status in fsa_coverage, only its problems: without a full scan of the
 * table they decide. No row from a source that could not be read is no answer.
 */
static void blame(FsaMatrix *matrix, size_t host, FsaText table, FsaText code, FsaText source) {
  for (size_t i = 0; i < matrix->query_count; i++) {
    const FsaMatrixQuery *query = &matrix->queries[i];
    FsaCell *cell = fsa_matrix_cell(matrix, host, i);
    if (!query->meta || !text_is(table, query->meta->source)) continue;
    if (cell->status != FSA_COVER_OK || cell->claimed >= 0) continue;
    cell->status = FSA_COVER_PARTIAL;
    if (cell->arrived <= 0 && text_is(code, "absent")) cell->status = FSA_COVER_ABSENT;
    if (cell->arrived <= 0 && text_is(code, "access") && !is_process(source))
      cell->status = FSA_COVER_DENIED;
    cell->why = "fsa_problems names its source";
  }
}

#define WITNESS_COLUMNS 5

/* What a host says of its own looks: the tables and which columns tell it. */
typedef struct Witness {
  const char *table, *columns[WITNESS_COLUMNS]; /* the first two have a value, others may be NULL */
  void (*hear)(FsaMatrix *matrix, size_t host, const FsaText *values, int64_t time);
} Witness;

static void hear_problem(FsaMatrix *matrix, size_t host, const FsaText *values, int64_t time) {
  (void)time;
  blame(matrix, host, values[0], values[1], values[2]);
}

static const Witness witnesses[] = {
    {"fsa_coverage", {"table_name", "status", "rows_total", "start_time", "milliseconds"}, claim},
    {"fsa_problems", {"table_name", "code", "problem_source"}, hear_problem},
};

static void read_witness(FsaMatrix *matrix, const Witness *witness, size_t host, FsaText rows) {
  FsaArena arena = fsa_arena(0);
  FsaAnswerLine line = {0};
  while (fsa_answer_next(&rows, &line)) {
    if (!line.is_present) continue;
    FsaText values[WITNESS_COLUMNS] = {{NULL, 0}};
    for (size_t i = 0; i < WITNESS_COLUMNS && witness->columns[i]; i++)
      values[i] = fsa_row_value(line.columns, line.values, fsa_text(witness->columns[i]), &arena);
    if (values[0].data && values[1].data) witness->hear(matrix, host, values, line.time);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
}

static int load_witness(FsaMatrix *matrix, FsaCase *store, const Witness *witness) {
  FsaBuffer rows = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  int result = FSA_OK;
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT rows FROM answer WHERE host=?1 AND query=?2";
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  for (size_t query = 0; query < matrix->query_count; query++) {
    if (!asks(&matrix->queries[query], witness->table)) continue;
    for (size_t host = 0; host < matrix->host_count && result == FSA_OK; host++) {
      sqlite3_bind_int64(stmt, 1, matrix->hosts[host].id);
      sqlite3_bind_int64(stmt, 2, matrix->queries[query].id);
      fsa_buffer_clear(&rows);
      if (sqlite3_step(stmt) == SQLITE_ROW)
        result = fsa_case_unpack(
            store, fsa_bytes(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)),
            &rows);
      if (sqlite3_reset(stmt) != SQLITE_OK) result = FSA_E_IO;
      if (result == FSA_OK) read_witness(matrix, witness, host, (FsaText){rows.data, rows.size});
    }
  }
  sqlite3_finalize(stmt);
  fsa_buffer_done(&rows);
  return result == FSA_OK ? result
                          : fsa_case_fail(store, result, "reading what hosts say of their looks");
}

/* ---- platforms --------------------------------------------------------------------------------
 */

static const char *const platforms[] = {"linux", "windows", "darwin"};

/* The one platform that a query is for; NULL when it is for several or any. */
static const char *only_platform(const FsaQueryMeta *meta) {
  for (size_t i = 0; meta && i < sizeof platforms / sizeof *platforms; i++)
    if (strcmp(meta->platform, platforms[i]) == 0) return platforms[i];
  return NULL;
}

/* A host is of the platform whose queries it answered; those of others are none of its business. */
static void find_platforms(FsaMatrix *matrix) {
  for (size_t host = 0; host < matrix->host_count; host++) {
    for (size_t query = 0; query < matrix->query_count; query++) {
      const char *only = only_platform(matrix->queries[query].meta);
      if (only && fsa_matrix_cell(matrix, host, query)->has_answer)
        matrix->hosts[host].platform = only;
    }
    for (size_t query = 0; query < matrix->query_count; query++) {
      const char *only = only_platform(matrix->queries[query].meta);
      FsaCell *cell = fsa_matrix_cell(matrix, host, query);
      bool is_foreign =
          only && matrix->hosts[host].platform && only != matrix->hosts[host].platform;
      if (is_foreign && !cell->has_answer) cell->status = FSA_COVER_FOREIGN;
    }
  }
}

static bool is_heard_of(const FsaMatrix *matrix, size_t query) {
  for (size_t host = 0; host < matrix->host_count; host++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    if (cell->has_answer || cell->claimed >= 0) return true;
  }
  return false;
}

/* A query whose tables come later is asked of nobody, until a host of the fleet speaks of it. */
static void pass_over_awaiting(FsaMatrix *matrix) {
  for (size_t query = 0; query < matrix->query_count; query++) {
    const FsaQueryMeta *meta = matrix->queries[query].meta;
    if (!meta || meta->awaits_count == 0 || is_heard_of(matrix, query)) continue;
    for (size_t host = 0; host < matrix->host_count; host++)
      fsa_matrix_cell(matrix, host, query)->status = FSA_COVER_FOREIGN;
  }
}

static void count_covered(FsaMatrix *matrix) {
  for (size_t host = 0; host < matrix->host_count; host++)
    for (size_t query = 0; query < matrix->query_count; query++) {
      const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
      matrix->queries[query].covered += fsa_cell_is_covered(cell);
      matrix->queries[query].applicable += cell->status != FSA_COVER_FOREIGN;
    }
}

static int fill(FsaMatrix *matrix, FsaCase *store) {
  size_t count = matrix->host_count * matrix->query_count;
  matrix->cells = fsa_arena_zero(&matrix->arena, count + 1, sizeof *matrix->cells);
  if (!matrix->cells) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) matrix->cells[i].arrived = matrix->cells[i].claimed = -1;
  Index index = make_index(matrix);
  int result = load_answers(matrix, store, &index);
  if (result == FSA_OK) result = load_status_lines(matrix, store, &index);
  for (size_t i = 0; i < sizeof witnesses / sizeof *witnesses && result == FSA_OK; i++)
    result = load_witness(matrix, store, &witnesses[i]);
  g_free(index.by_id);
  if (result != FSA_OK) return result;
  find_platforms(matrix);
  pass_over_awaiting(matrix);
  count_covered(matrix);
  return FSA_OK;
}

int fsa_matrix_build(FsaCase *store, FsaMatrix *ret_matrix) {
  *ret_matrix =
      (FsaMatrix){.arena = fsa_arena(0), .meta = fsa_pack_meta(), .listed = fsa_host_list()};
  int result = fsa_case_meta(store, &ret_matrix->meta);
  if (result == FSA_OK) result = fsa_case_list(store, &ret_matrix->listed);
  if (result == FSA_OK) result = load_hosts(ret_matrix, store);
  if (result == FSA_OK) result = load_queries(ret_matrix, store);
  return result == FSA_OK ? fill(ret_matrix, store) : result;
}
