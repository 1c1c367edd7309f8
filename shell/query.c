/* Running statements and explaining their errors. */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "terminal.h"

#define NEAREST_NAME_BYTES 64 /* longer names are not compared */
#define CONTEXT_COLUMNS 70    /* of the line that an error message shows */

/* ---- cells ------------------------------------------------------------------------------- */

static void fetch_cell(sqlite3_stmt *statement, int column, bool is_json, FsaCell *cell) {
  switch (sqlite3_column_type(statement, column)) {
  case SQLITE_NULL: *cell = (FsaCell){.kind = FSA_CELL_NULL}; return;
  case SQLITE_INTEGER:
    *cell = (FsaCell){.kind = FSA_CELL_INT, .integer = sqlite3_column_int64(statement, column)};
    return;
  case SQLITE_BLOB:
    *cell = (FsaCell){.kind = FSA_CELL_BLOB, .data = sqlite3_column_blob(statement, column)};
    break;
  case SQLITE_FLOAT:
    *cell = (FsaCell){.kind = FSA_CELL_REAL,
                      .data = (const char *)sqlite3_column_text(statement, column)};
    break;
  default:
    is_json |=
        sqlite3_value_subtype(sqlite3_column_value(statement, column)) == FSA_SQL_JSON_SUBTYPE;
    *cell = (FsaCell){.kind = is_json ? FSA_CELL_JSON : FSA_CELL_TEXT,
                      .data = (const char *)sqlite3_column_text(statement, column)};
  }
  cell->size = (size_t)sqlite3_column_bytes(statement, column);
  if (cell->kind == FSA_CELL_JSON && cell->size == 0) cell->kind = FSA_CELL_TEXT;
  if (!cell->data && cell->size) *cell = (FsaCell){.kind = FSA_CELL_NULL}; /* out of memory */
}

void fsa_query_cells(sqlite3_stmt *statement, const bool *is_json, FsaCell *ret_cells) {
  const int count = sqlite3_column_count(statement);
  for (int i = 0; i < count; i++) fetch_cell(statement, i, is_json[i], &ret_cells[i]);
}

/*
 * True when a result column is a table's JSON column. The value's subtype alone does not tell: it
 * is lost where SQLite sorts.
 */
static bool is_json_column(sqlite3_stmt *statement, int column) {
  const char *table_name = sqlite3_column_table_name(statement, column);
  const char *name = sqlite3_column_origin_name(statement, column);
  const FsaTable *table = table_name && name ? fsa_schema_find(table_name) : NULL;
  for (int i = 0; table && i < table->column_count; i++)
    if (strcmp(table->columns[i].name, name) == 0) return table->columns[i].type == FSA_JSON;
  return false;
}

/* ---- errors ------------------------------------------------------------------------------ */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* The number of single-letter edits between two names. [Levenshtein] */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[NEAREST_NAME_BYTES + 1], a_size = strlen(a), b_size = strlen(b);
  if (a_size > NEAREST_NAME_BYTES || b_size > NEAREST_NAME_BYTES) return SIZE_MAX;
  for (size_t j = 0; j <= b_size; j++) row[j] = j;
  for (size_t i = 1; i <= a_size; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
    }
  }
  return row[b_size];
}

const FsaTable *fsa_query_nearest_table(const char *name) {
  const FsaTable *nearest = NULL;
  const char *bare = strncmp(name, "fsa_", 4) == 0 ? name + 4 : name;
  size_t best = strlen(bare) / 3 + 1; /* more than this is another word */
  for (size_t i = 0; i < fsa_table_count; i++) {
    size_t distance = edit_distance(bare, fsa_tables[i]->name);
    if (distance > best || (nearest && distance == best)) continue;
    best = distance;
    nearest = fsa_tables[i];
  }
  return nearest;
}

static void suggest(const char *message) {
  static const char no_table[] = "no such table: ", no_column[] = "no such column: ";
  if (strncmp(message, no_column, strlen(no_column)) == 0)
    fsa_terminal_add(".columns TABLE lists the columns of a table");
  if (strncmp(message, no_table, strlen(no_table)) != 0) return;
  const FsaTable *table = fsa_query_nearest_table(message + strlen(no_table));
  if (table)
    fsa_terminal_add("did you mean fsa_%s?", table->name);
  else
    fsa_terminal_add(".tables lists the tables");
}

/* The line of `sql` that holds byte `offset`, with a caret below that byte. */
static void show_place(const char *sql, size_t offset) {
  size_t start = offset, end = offset;
  while (start > 0 && sql[start - 1] != '\n') start--;
  if (offset - start > CONTEXT_COLUMNS / 2) start = offset - CONTEXT_COLUMNS / 2;
  while (((unsigned char)sql[start] & 0xc0) == 0x80) start++;
  while (sql[end] && sql[end] != '\n' && end - start < CONTEXT_COLUMNS) end++;
  while (end > start && ((unsigned char)sql[end] & 0xc0) == 0x80) end--;
  FsaBuffer before = fsa_buffer(CONTEXT_COLUMNS * 16);
  fsa_terminal_put_safe(&before, sql + start, offset - start);
  fsa_terminal_add("%.*s", (int)(end - start), sql + start);
  fsa_terminal_add("%*s^", (int)fsa_terminal_text_width(before.data, before.size), "");
  fsa_buffer_done(&before);
}

static size_t count_lines(const char *text, size_t size) {
  size_t lines = 0;
  for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
  return lines;
}

/* Says what is wrong with a statement; `line` is that of the statement's beginning, or 0. */
static int explain(FsaSession *session, const char *statement, size_t line) {
  int code = sqlite3_errcode(session->db);
  int offset = sqlite3_error_offset(session->db);
  const char *message = sqlite3_errmsg(session->db);
  if (line && offset > 0) line += count_lines(statement, (size_t)offset);
  if (code == SQLITE_INTERRUPT)
    fsa_terminal_complain("cancelled: the answer is not complete");
  else if (line)
    fsa_terminal_complain("line %zu: %s", line, message);
  else
    fsa_terminal_complain("%s", message);
  if (offset >= 0 && (size_t)offset <= strlen(statement)) show_place(statement, (size_t)offset);
  suggest(message);
  return code == SQLITE_CANTOPEN ? FSA_EXIT_EVIDENCE : FSA_EXIT_SQL;
}

/* ---- one statement ----------------------------------------------------------------------- */

/* What the result needs besides the statement; from one arena. */
typedef struct Columns {
  FsaArena arena;
  int count;
  const char **names;
  bool *is_json;
  FsaCell *cells;
} Columns;

static int columns_make(Columns *columns, sqlite3_stmt *statement) {
  *columns = (Columns){.arena = fsa_arena(0), .count = sqlite3_column_count(statement)};
  size_t count = (size_t)columns->count;
  columns->names = fsa_arena_zero(&columns->arena, count, sizeof *columns->names);
  columns->is_json = fsa_arena_zero(&columns->arena, count, sizeof *columns->is_json);
  columns->cells = fsa_arena_zero(&columns->arena, count, sizeof *columns->cells);
  if (!columns->names || !columns->is_json || !columns->cells) return FSA_E_NOMEM;
  for (int i = 0; i < columns->count; i++) {
    columns->names[i] = sqlite3_column_name(statement, i);
    if (!columns->names[i]) return FSA_E_NOMEM;
    columns->is_json[i] = is_json_column(statement, i);
  }
  return FSA_OK;
}

/* Steps through all rows. The last code of sqlite3_step(), or SQLITE_NOMEM. */
static int print_rows(FsaSession *session, sqlite3_stmt *statement, Columns *columns) {
  FsaPrint print;
  if (fsa_print_begin(&print, &session->out, fsa_session_mode(session), session->has_header,
                      columns->count, columns->names) != FSA_OK)
    return SQLITE_NOMEM;
  int step = SQLITE_ROW, result = FSA_OK;
  while (result == FSA_OK && !fsa_writer_failed(&session->out)) {
    step = sqlite3_step(statement);
    if (step != SQLITE_ROW) break;
    fsa_query_cells(statement, columns->is_json, columns->cells);
    result = fsa_print_row(&print, columns->cells);
    fsa_progress_rows(session->progress, print.rows);
  }
  if (fsa_print_end(&print) != FSA_OK || result != FSA_OK) return SQLITE_NOMEM;
  return step;
}

/* Runs a prepared statement to its end. SQLITE_DONE, or an error code. */
static int run_statement(FsaSession *session, sqlite3_stmt *statement) {
  Columns columns = {0};
  int step;
  if (sqlite3_column_count(statement) == 0)
    step = sqlite3_step(statement);
  else
    step = columns_make(&columns, statement) == FSA_OK ? print_rows(session, statement, &columns)
                                                       : SQLITE_NOMEM;
  fsa_arena_done(&columns.arena);
  return step;
}

static void tell_time(int64_t started) {
  int64_t ns = fsa_clock_monotonic() - started;
  fsa_terminal_complain("%lld.%03d s", (long long)(ns / FSA_NS_PER_SECOND),
                        (int)(ns % FSA_NS_PER_SECOND / 1000000));
}

/* Prepares and runs the first statement of `sql`; *ret_tail is what follows it. */
static int run_first(FsaSession *session, const char *sql, size_t line, const char **ret_tail) {
  sqlite3_stmt *statement = NULL;
  int64_t started = fsa_clock_monotonic();
  if (sqlite3_prepare_v2(session->db, sql, -1, &statement, ret_tail) != SQLITE_OK)
    return explain(session, sql, line);
  if (!statement) return FSA_EXIT_OK; /* a comment or nothing */
  fsa_interrupt_begin();
  fsa_progress_begin(session->progress, "reading", 0, 0);
  int step = run_statement(session, statement);
  fsa_writer_flush(&session->out);
  fsa_progress_hide(session->progress);
  int result = FSA_EXIT_OK;
  if (fsa_writer_failed(&session->out))
    session->is_over = true; /* said, where it is worth saying, when the output is closed */
  else if (step == SQLITE_NOMEM)
    fsa_terminal_complain("out of memory"), result = FSA_EXIT_SQL;
  else if (step != SQLITE_DONE)
    result = explain(session, sql, line);
  sqlite3_finalize(statement);
  if (session->has_timer) tell_time(started);
  return result;
}

int fsa_query_run(FsaSession *session, const char *sql, size_t line) {
  int result = FSA_EXIT_OK;
  while (*sql && result == FSA_EXIT_OK && !session->is_over) {
    const char *tail = sql;
    while (*sql == ' ' || *sql == '\n' || *sql == '\t' || *sql == '\r') {
      if (line && *sql == '\n') line++;
      sql++;
    }
    result = run_first(session, sql, line, &tail);
    if (line && result == FSA_EXIT_OK) line += count_lines(sql, (size_t)(tail - sql));
    sql = tail;
  }
  return result;
}
