/* From the engine's rows to rows on the wire. */
#include "osquery/answer.h"

#include <stdio.h>
#include <string.h>

#include "osquery/cache.h"
#include "osquery/permit.h"
#include "sql/rowid.h"

#define ROWID 0 /* the number of that name */

/* One cell of every row. */
typedef struct Cell {
  LayoutPart part;
  int column; /* the table's own */
  bool in_seconds;
  size_t name;
} Cell;

/* One question while it is answered. */
typedef struct Answer {
  FsaService *service;
  const FsaQuestion *question;
  const char *evidence; /* as it was named */
  FsaArena arena;       /* of the whole answer */
  FsaArena mended;      /* of a row: texts that were none */
  FsaRows *rows;
  Cell *cells; /* that a row has, in the order of the columns */
  size_t cell_count;
  RowIds ids;
  bool has_lost; /* memory ran out for a cell */
  int64_t max_rows;
  FsaError *error;
} Answer;

/* ---- words ---- */

/* The columns that make a question smaller, as "pid, path"; "" when the table has none. */
static const char *narrowing(const FsaTable *table, char *out, size_t size) {
  size_t used = 0;
  out[0] = '\0';
  for (int i = 0; i < table->column_count && used < size; i++) {
    if (!(table->columns[i].flags & FSA_KEY)) continue;
    int added = snprintf(out + used, size - used, "%s%s", used ? ", " : "", table->columns[i].name);
    if (added > 0) used += (size_t)added;
  }
  return out[0] ? out : "fewer columns";
}

static int explain(Answer *answer, int code) {
  const FsaTable *table = answer->question->table;
  const FsaService *service = answer->service;
  char keys[160];
  char *out = answer->error->message;
  const size_t size = sizeof answer->error->message;
  *answer->error = (FsaError){.code = code};
  narrowing(table, keys, sizeof keys);
  if (code == FSA_E_TIMEOUT)
    snprintf(out, size,
             "fsa_%s was not finished within %g s, so there are no rows: narrow the question (%s), "
             "or start fsa.ext with a longer --deadline",
             table->name, (double)service->deadline_ns / FSA_NS_PER_SECOND, keys);
  else if (code == FSA_E_LIMIT && (int64_t)fsa_rows_count(answer->rows) > answer->max_rows)
    snprintf(out, size,
             "fsa_%s has more than %lld rows here, so there are none: narrow the question (%s), or "
             "start fsa.ext with a larger --max_rows",
             table->name, (long long)answer->max_rows, keys);
  else if (code == FSA_E_LIMIT)
    snprintf(out, size,
             "the rows of fsa_%s need more than %u MiB, and osquery takes no more, so there are "
             "none: select fewer columns or narrow the question (%s)",
             table->name, FSA_MAX_ANSWER >> 20, keys);
  else if (code == FSA_E_CANCELLED)
    snprintf(out, size, "fsa_%s was not finished: the extension ends", table->name);
  else
    snprintf(out, size, "out of memory while fsa_%s was asked", table->name);
  return code;
}

/* ---- encoding ---- */

static void put_text(Answer *answer, size_t name, FsaText text) {
  if (!fsa_text_is_valid(text.data, text.size))
    text = fsa_text_clean(&answer->mended, text.data, text.size);
  if (text.data)
    fsa_rows_text(answer->rows, name, text.data, text.size);
  else
    answer->has_lost = true;
}

static void put_value(Answer *answer, const Cell *cell, const FsaValue *value) {
  FsaRows *rows = answer->rows;
  switch (value->kind) {
  case FSA_VALUE_INT:
    fsa_rows_int(rows, cell->name,
                 cell->in_seconds ? fsa_time_seconds(value->as.integer) : value->as.integer);
    return;
  case FSA_VALUE_HEX: fsa_rows_hex(rows, cell->name, value->as.hex); return;
  case FSA_VALUE_DOUBLE: fsa_rows_double(rows, cell->name, value->as.real); return;
  case FSA_VALUE_TEXT: put_text(answer, cell->name, (FsaText){value->as.data, value->size}); return;
  case FSA_VALUE_BLOB: fsa_rows_blob(rows, cell->name, value->as.data, value->size); return;
  default: return; /* NULL */
  }
}

static void put_cell(Answer *answer, const FsaRow *row, const Cell *cell) {
  switch (cell->part) {
  case LAYOUT_OWN:
  case LAYOUT_NS: put_value(answer, cell, &row->values[cell->column]); return;
  case LAYOUT_ARGUMENT:
    fsa_rows_text(answer->rows, cell->name, answer->evidence, strlen(answer->evidence));
    return;
  case LAYOUT_SOURCE:
    if (row->source.data) put_text(answer, cell->name, row->source);
    return;
  case LAYOUT_SOURCE_OFFSET:
    if (row->offset <= INT64_MAX) fsa_rows_int(answer->rows, cell->name, (int64_t)row->offset);
    return;
  case LAYOUT_PARTIAL: fsa_rows_int(answer->rows, cell->name, row->partial); return;
  default: return;
  }
}

static int put_row(Answer *answer, const FsaRow *row) {
  const uint64_t hash = row_ids_hash(&answer->ids, answer->question->table, answer->evidence, row);
  int64_t number;
  fsa_arena_clear(&answer->mended);
  fsa_rows_begin(answer->rows);
  for (size_t i = 0; i < answer->cell_count; i++) put_cell(answer, row, &answer->cells[i]);
  if (answer->has_lost || row_ids_count(&answer->ids, hash, &number) != FSA_OK) return FSA_E_NOMEM;
  fsa_rows_int(answer->rows, ROWID, number);
  const int result = fsa_rows_end(answer->rows);
  if (result != FSA_OK) return result;
  return (int64_t)fsa_rows_count(answer->rows) > answer->max_rows ? FSA_E_LIMIT : FSA_OK;
}

/* ---- scanning ---- */

static int read_rows(Answer *answer, FsaCursor *cursor) {
  const FsaRow *row;
  int result;
  while ((result = fsa_cursor_next(cursor, &row)) == FSA_ROW) {
    result = put_row(answer, row);
    if (result != FSA_OK) return result;
  }
  return result;
}

/* Asks one piece of evidence; `name` NULL is the live host. */
static int ask(Answer *answer, const char *name, bool whole, int64_t deadline) {
  const FsaService *service = answer->service;
  const FsaQuestion *question = answer->question;
  const FsaKey *source = &question->keys[question->table->column_count];
  FsaQuery query = {.table = question->table,
                    .wanted = question->wanted,
                    .keys = whole ? NULL : question->keys,
                    .source_key = whole || fsa_key_is_open(source) ? NULL : source,
                    .deadline = deadline};
  FsaCursor *cursor;
  if (name) {
    int result = fsa_permit_evidence(name, service->allowed, service->allowed_count, &answer->arena,
                                     &query.evidence, answer->error);
    if (result != FSA_OK) return result;
  }
  answer->evidence = name ? name : "live";
  row_ids_done(&answer->ids);
  int result = fsa_cursor_open(service->engine, &query, &cursor, answer->error);
  if (result == FSA_E_TIMEOUT || result == FSA_E_CANCELLED) return explain(answer, result);
  if (result != FSA_OK) return result;
  result = read_rows(answer, cursor);
  fsa_cursor_close(cursor);
  return result == FSA_OK ? FSA_OK : explain(answer, result);
}

static int ask_all(Answer *answer, bool whole, int64_t deadline) {
  const FsaQuestion *question = answer->question;
  if (question->evidence_count == 0) return ask(answer, NULL, whole, deadline);
  int result = FSA_OK;
  for (size_t i = 0; i < question->evidence_count && result == FSA_OK; i++)
    result = ask(answer, question->evidence[i], whole, deadline);
  return result;
}

/* Settles once what every row will have. */
static int choose_cells(Answer *answer) {
  const FsaTable *table = answer->question->table;
  const int count = layout_count(table);
  answer->cells = fsa_arena_zero(&answer->arena, (size_t)count, sizeof *answer->cells);
  if (!answer->rows || !answer->cells) return explain(answer, FSA_E_NOMEM);
  fsa_rows_name(answer->rows, "rowid", "");
  for (int i = 0; i < count; i++) {
    const LayoutColumn column = layout_column(table, i);
    fsa_rows_name(answer->rows, column.name, column.part == LAYOUT_NS ? "_ns" : "");
    if (!answer->question->sent[i]) continue;
    const bool is_time =
        column.part == LAYOUT_OWN && table->columns[column.column].type == FSA_TIME;
    answer->cells[answer->cell_count++] = (Cell){.part = column.part,
                                                 .column = column.column,
                                                 .in_seconds = is_time,
                                                 .name = fsa_answer_cell(i)};
  }
  return FSA_OK;
}

int fsa_answer_scan(FsaService *service, const FsaQuestion *question, bool whole, int64_t max_rows,
                    int64_t deadline, FsaRows **ret_rows, FsaError *ret_error) {
  Answer answer = {.service = service,
                   .question = question,
                   .arena = fsa_arena(0),
                   .mended = fsa_arena(0),
                   .rows = fsa_rows_new(FSA_MAX_ANSWER),
                   .max_rows = max_rows,
                   .error = ret_error};
  int result = choose_cells(&answer);
  if (result == FSA_OK) result = ask_all(&answer, whole, deadline);
  if (result == FSA_OK && fsa_rows_seal(answer.rows) != FSA_OK)
    result = explain(&answer, FSA_E_NOMEM);
  row_ids_done(&answer.ids);
  fsa_arena_done(&answer.arena);
  fsa_arena_done(&answer.mended);
  if (result == FSA_OK)
    *ret_rows = answer.rows;
  else
    fsa_rows_drop(answer.rows);
  return result;
}

int fsa_answer(FsaService *service, const FsaQuestion *question, FsaRows **ret_rows,
               FsaError *ret_error) {
  const int64_t began = fsa_clock_monotonic();
  const int64_t deadline = began + service->deadline_ns;
  FsaRows *rows = fsa_cache_find(service, question, deadline);
  if (!rows) {
    int result =
        fsa_answer_scan(service, question, false, service->max_rows, deadline, &rows, ret_error);
    if (result != FSA_OK) return result;
    fsa_cache_keep(service->cache, question, rows, fsa_clock_monotonic() - began);
  }
  *ret_rows = rows;
  return FSA_OK;
}
