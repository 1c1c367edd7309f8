/*
 * The one sqlite3_module over all descriptors.
 *
 * The descriptor travels in pAux, as for SQLite's own pragma tables. Every table is eponymous: it
 * is there without CREATE VIRTUAL TABLE. Constraints on key columns become FsaKey; SQLite always
 * checks them again (omit is never set), so a key may admit too much and never too little.
 */
#include "sql/sql.h"

#ifdef FSA_LOADABLE
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/layout.h"
#include "sql/rowid.h"

#define LEAST_SQLITE 3038000 /* sqlite3_vtab_in() and sqlite3_vtab_rhs_value() */

/* What all tables of a connection share. */
typedef struct Connection {
  FsaEngine *engine;
  bool owned;
  unsigned users; /* modules that point here */
} Connection;

typedef struct Module {
  Connection *connection;
  const FsaTable *table;
} Module;

typedef struct Vtab {
  sqlite3_vtab base;
  const Module *module;
} Vtab;

typedef struct Cursor {
  sqlite3_vtab_cursor base;
  FsaCursor *rows;
  const FsaRow *row; /* NULL at the end */
  RowIds ids;
  int64_t rowid; /* of the row, once it was asked for */
  bool has_rowid;
  FsaArena arena;  /* the keys of the query and their values */
  FsaKey *keys;    /* one for each column of the table, then one for `source` */
  char *evidence;  /* as it was given; NULL = the default */
  bool impossible; /* a constraint that no row can meet */
} Cursor;

/* ---- connecting ---- */

static int vtab_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                        sqlite3_vtab **ret_vtab, char **ret_error) {
  (void)argc, (void)argv, (void)ret_error;
  const Module *module = aux;
  FsaBuffer create = fsa_buffer(64u << 10);
  layout_create_table(&create, module->table, false);
  int result = create.error ? SQLITE_NOMEM : sqlite3_declare_vtab(db, fsa_buffer_text(&create));
  fsa_buffer_done(&create);
  if (result != SQLITE_OK) return result;
  Vtab *vtab = sqlite3_malloc(sizeof *vtab);
  if (!vtab) return SQLITE_NOMEM;
  *vtab = (Vtab){.module = module};
  *ret_vtab = &vtab->base;
  return SQLITE_OK;
}

static int vtab_disconnect(sqlite3_vtab *vtab) {
  sqlite3_free(vtab);
  return SQLITE_OK;
}

/* ---- planning ---- */

/* What a constraint is pushed down as; 0 = not at all. */
static char operator_of(unsigned char op, const LayoutColumn *column) {
  const bool is_number = column->type == FSA_INTEGER;
  switch (op) {
  case SQLITE_INDEX_CONSTRAINT_EQ: return '=';
  case SQLITE_INDEX_CONSTRAINT_IS: return column->part == LAYOUT_ARGUMENT ? '=' : 0;
  case SQLITE_INDEX_CONSTRAINT_GT: return is_number ? '>' : 0;
  case SQLITE_INDEX_CONSTRAINT_GE: return is_number ? 'g' : 0;
  case SQLITE_INDEX_CONSTRAINT_LT: return is_number ? '<' : 0;
  case SQLITE_INDEX_CONSTRAINT_LE: return is_number ? 'l' : 0;
  case SQLITE_INDEX_CONSTRAINT_LIKE: return is_number ? 0 : 'L';
  case SQLITE_INDEX_CONSTRAINT_GLOB: return is_number ? 0 : 'G';
  default: return 0;
  }
}

/* Text keys compare in any letter case, which covers BINARY and NOCASE; other collations are
 * SQLite's. */
static bool is_foldable(sqlite3_index_info *info, int constraint, const LayoutColumn *column) {
  if (column->type == FSA_INTEGER) return true;
  const char *collation = sqlite3_vtab_collation(info, constraint);
  return sqlite3_stricmp(collation, "BINARY") == 0 || sqlite3_stricmp(collation, "NOCASE") == 0;
}

/*
 * The columns that the query uses, as the table counts them. SQLite tells of its columns 0 to 62
 * one by one, of all behind them together.
 */
static FsaColumnSet wanted_columns(const FsaTable *table, uint64_t used) {
  FsaColumnSet wanted = {{0, 0}};
  const int count = layout_count(table);
  for (int i = 0; i < count; i++) {
    LayoutColumn column = layout_column(table, i);
    if (column.column >= 0 && (used >> (i < 63 ? i : 63) & 1))
      fsa_columns_add(&wanted, column.column);
  }
  return wanted;
}

/* The evidence argument comes from another table when SQLite cannot tell its value while it plans.
 */
static bool is_joined(sqlite3_index_info *info, int constraint) {
  sqlite3_value *value = NULL;
  return sqlite3_vtab_rhs_value(info, constraint, &value) != SQLITE_OK;
}

/*
 * What a scan of the default evidence costs more than one of named evidence: out of reach, so that
 * SQLite never answers `evidence = 'a' AND ... OR evidence = 'b' AND ...` by filtering the default
 * evidence, which gives no rows. Between tables that all stand on the default nothing changes.
 */
#define UNNAMED_COST 1e6

/* How a plan narrows its scan. */
typedef struct Narrowing {
  bool evidence, subject, key, ranged;
} Narrowing;

static void set_cost(sqlite3_index_info *info, Narrowing by) {
  info->estimatedRows = by.subject ? 10 : by.key ? 100 : by.ranged ? 5000 : 20000;
  info->estimatedCost = by.subject ? 100 : by.key ? 10000 : by.ranged ? 500000 : 1000000;
  if (!by.evidence) info->estimatedCost *= UNNAMED_COST;
}

/* Adds a pushed-down constraint to what narrows the scan. */
static void add_narrowing(Narrowing *by, const FsaTable *table, const LayoutColumn *column,
                          bool equal) {
  const bool argument = column->part == LAYOUT_ARGUMENT;
  by->evidence |= argument;
  by->subject |= equal && column->part == LAYOUT_OWN && column->column == table->subject_key;
  by->key |= equal && !argument;
  by->ranged |= !equal;
}

/*
 * Evidence is what a scan is made of, not what its rows are filtered by: a condition that does not
 * name it would filter the rows of the default evidence, to an empty answer.
 */
static int refuse_condition(Vtab *vtab) {
  sqlite3_free(vtab->base.zErrMsg);
  vtab->base.zErrMsg =
      sqlite3_mprintf("the evidence of fsa_%s must be named: fsa_%s('PATH'), evidence = 'PATH' or "
                      "evidence IN (...); leave it out for the default",
                      vtab->module->table->name, vtab->module->table->name);
  return SQLITE_ERROR;
}

static bool is_null(sqlite3_index_info *info, int constraint) {
  sqlite3_value *value = NULL;
  return sqlite3_vtab_rhs_value(info, constraint, &value) == SQLITE_OK &&
         sqlite3_value_type(value) == SQLITE_NULL;
}

/* True for a comparison that would filter by evidence without naming it. */
static bool is_filter(sqlite3_index_info *info, int constraint) {
  static const LayoutColumn text = {.type = FSA_TEXT};
  switch (info->aConstraint[constraint].op) {
  case SQLITE_INDEX_CONSTRAINT_GT:
  case SQLITE_INDEX_CONSTRAINT_GE:
  case SQLITE_INDEX_CONSTRAINT_LT:
  case SQLITE_INDEX_CONSTRAINT_LE:
  case SQLITE_INDEX_CONSTRAINT_LIKE:
  case SQLITE_INDEX_CONSTRAINT_GLOB: return true;
  case SQLITE_INDEX_CONSTRAINT_EQ:
  case SQLITE_INDEX_CONSTRAINT_IS: return !is_foldable(info, constraint, &text);
  default: return false;
  }
}

/* `is_named`: another condition names the evidence, so that these may well filter; but NULL does
 * not. */
static bool is_misnamed(sqlite3_index_info *info, bool is_named) {
  for (int i = 0; i < info->nConstraint; i++) {
    if (info->aConstraint[i].iColumn != LAYOUT_EVIDENCE) continue;
    if (is_null(info, i) || (!is_named && is_filter(info, i))) return true;
  }
  return false;
}

static int vtab_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  const FsaTable *table = ((Vtab *)base)->module->table;
  FsaBuffer plan = fsa_buffer(64u << 10);
  Narrowing by = {0};
  int argument = 0;
  const FsaColumnSet wanted = wanted_columns(table, info->colUsed);
  fsa_buffer_printf(&plan, "%llx,%llx", (unsigned long long)wanted.bits[0],
                    (unsigned long long)wanted.bits[1]);
  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
    if (constraint->iColumn < 0) continue;
    LayoutColumn column = layout_column(table, constraint->iColumn);
    char op = column.key ? operator_of(constraint->op, &column) : 0;
    if (!op || (column.part == LAYOUT_ARGUMENT && op != '=')) continue;
    if (!is_foldable(info, i, &column)) continue;
    if (!constraint->usable) {
      if (column.part != LAYOUT_ARGUMENT) continue;
      fsa_buffer_done(&plan); /* evidence must be known first: ask for another join order */
      return SQLITE_CONSTRAINT;
    }
    if (column.part == LAYOUT_ARGUMENT && is_joined(info, i)) info->idxNum = 1;
    if (op == '=' && column.part != LAYOUT_ARGUMENT && sqlite3_vtab_in(info, i, -1)) {
      sqlite3_vtab_in(info, i, 1);
      op = 'I';
    }
    info->aConstraintUsage[i].argvIndex = ++argument;
    fsa_buffer_printf(&plan, ";%d%c", constraint->iColumn, op);
    add_narrowing(&by, table, &column, op == '=' || op == 'I');
  }
  if (is_misnamed(info, by.evidence)) {
    fsa_buffer_done(&plan);
    return refuse_condition((Vtab *)base);
  }
  set_cost(info, by);
  info->idxStr = sqlite3_mprintf("%s", fsa_buffer_text(&plan));
  info->needToFreeIdxStr = 1;
  bool failed = plan.error || !info->idxStr;
  fsa_buffer_done(&plan);
  return failed ? SQLITE_NOMEM : SQLITE_OK;
}

/* ---- keys ---- */

/* A value as a number. False when it is none. */
static bool number_of(sqlite3_value *value, FsaNumber *ret_number) {
  const int type = sqlite3_value_numeric_type(value);
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return false;
  *ret_number = type == SQLITE_INTEGER
                    ? (FsaNumber){.integer = sqlite3_value_int64(value)}
                    : (FsaNumber){.is_real = true, .real = sqlite3_value_double(value)};
  return true;
}

/* `<`, `<=`, `>`, `>=`; a bound that is no number is left to SQLite. */
static void add_range(FsaKey *key, char op, sqlite3_value *value, FsaKeyOrder order) {
  FsaNumber bound;
  if (!number_of(value, &bound)) return;
  const FsaComparison comparison = op == '<'   ? FSA_LESS
                                   : op == 'l' ? FSA_LESS_EQUAL
                                   : op == '>' ? FSA_GREATER
                                               : FSA_GREATER_EQUAL;
  fsa_key_bound(key, comparison, bound, order);
}

/* LIKE and GLOB. */
static int add_prefix(Cursor *cursor, FsaKey *key, char op, sqlite3_value *value) {
  const char *pattern = (const char *)sqlite3_value_text(value);
  if (!pattern) return SQLITE_OK;
  const FsaText text = {pattern, strlen(pattern)};
  const char *wildcards = op == 'L' ? "%_" : "*?[";
  return fsa_key_pattern(key, &cursor->arena, text, wildcards) ? SQLITE_NOMEM : SQLITE_OK;
}

static int make_value(Cursor *cursor, sqlite3_value *value, FsaKeyValue *ret_value) {
  FsaNumber number;
  FsaKeyValue made = {.text = {NULL, 0}, .integer = INT64_MIN};
  if (number_of(value, &number)) made.integer = fsa_key_integer(number);
  const char *text = (const char *)sqlite3_value_text(value);
  if (text) {
    made.text.size = (size_t)sqlite3_value_bytes(value);
    made.text.data = fsa_arena_copy(&cursor->arena, text, made.text.size);
    if (!made.text.data) return SQLITE_NOMEM;
  }
  *ret_value = made;
  return SQLITE_OK;
}

/* The values of one `=` or of a whole IN list; *ret_count SIZE_MAX when they cannot be pushed down.
 */
static int collect_values(Cursor *cursor, char op, sqlite3_value *value, bool as_text,
                          FsaKeyValue **ret_values, size_t *ret_count) {
  size_t count = 0, room = 0;
  FsaKeyValue *values = NULL;
  sqlite3_value *item = value;
  int more = op == 'I' ? sqlite3_vtab_in_first(value, &item) : SQLITE_OK;
  while (more == SQLITE_OK && item) {
    if (count == FSA_MAX_KEY_VALUES) {
      *ret_count = SIZE_MAX;
      return SQLITE_OK;
    }
    if (count == room) {
      size_t grown = room ? room * 2 : 8;
      values =
          fsa_arena_grow(&cursor->arena, values, room * sizeof *values, grown * sizeof *values);
      if (!values) return SQLITE_NOMEM;
      room = grown;
    }
    const int type = sqlite3_value_type(item);
    if (as_text && (type == SQLITE_INTEGER || type == SQLITE_FLOAT)) {
      *ret_count = SIZE_MAX; /* beside a number SQLite may compare text as one: '05' = 5 */
      return SQLITE_OK;
    }
    if (type != SQLITE_NULL) {
      if (make_value(cursor, item, &values[count]) != SQLITE_OK) return SQLITE_NOMEM;
      count++;
    }
    if (op != 'I') break;
    more = sqlite3_vtab_in_next(value, &item);
  }
  if (more == SQLITE_NOMEM) return SQLITE_NOMEM;
  *ret_values = values;
  *ret_count = count;
  return SQLITE_OK;
}

static int add_equal(Cursor *cursor, FsaKey *key, char op, sqlite3_value *value,
                     FsaKeyOrder order) {
  FsaKeyValue *values;
  size_t count;
  if (collect_values(cursor, op, value, order == FSA_BY_TEXT, &values, &count) != SQLITE_OK)
    return SQLITE_NOMEM;
  if (count == SIZE_MAX) return SQLITE_OK;
  if (count == 0)
    cursor->impossible = true; /* = NULL, IN () */
  else
    fsa_key_equal(key, values, count, order);
  return SQLITE_OK;
}

/* The evidence that the query names. */
static int take_argument(Cursor *cursor, sqlite3_value *value) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) { /* of an outer join */
    cursor->impossible = true;
    return SQLITE_OK;
  }
  const char *text = (const char *)sqlite3_value_text(value);
  if (!text) return SQLITE_NOMEM;
  const size_t size = strlen(text);
  if (type == SQLITE_BLOB || size != (size_t)sqlite3_value_bytes(value))
    return refuse_condition((Vtab *)cursor->base.pVtab);
  cursor->evidence = fsa_arena_copy(&cursor->arena, text, size);
  return cursor->evidence ? SQLITE_OK : SQLITE_NOMEM;
}

/* One pushed-down constraint on the SQL column `index`. */
static int add_constraint(Cursor *cursor, const FsaTable *table, int index, char op,
                          sqlite3_value *value) {
  LayoutColumn column = layout_column(table, index);
  if (column.part == LAYOUT_ARGUMENT) return take_argument(cursor, value);
  FsaKey *key = &cursor->keys[column.part == LAYOUT_SOURCE ? table->column_count : column.column];
  const FsaKeyOrder order = layout_key_order(table, &column);
  if (op == '=' || op == 'I') return add_equal(cursor, key, op, value, order);
  if (sqlite3_value_type(value) == SQLITE_NULL) {
    cursor->impossible = true;
    return SQLITE_OK;
  }
  if (op == 'L' || op == 'G') return add_prefix(cursor, key, op, value);
  add_range(key, op, value, order);
  return SQLITE_OK;
}

/* Reads the plan that vtab_best_index() wrote: the wanted columns, then a column and an operator
 * per argument. */
static int read_plan(Cursor *cursor, const FsaTable *table, const char *plan, int argc,
                     sqlite3_value **argv, FsaColumnSet *ret_wanted) {
  char *at;
  ret_wanted->bits[0] = strtoull(plan, &at, 16);
  ret_wanted->bits[1] = strtoull(at + 1, &at, 16);
  for (int i = 0; i < argc && *at == ';'; i++) {
    int index = (int)strtol(at + 1, &at, 10);
    int result = add_constraint(cursor, table, index, *at++, argv[i]);
    if (result != SQLITE_OK) return result;
  }
  return SQLITE_OK;
}

/* ---- reading ---- */

static int vtab_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret_cursor) {
  (void)vtab;
  Cursor *cursor = sqlite3_malloc(sizeof *cursor);
  if (!cursor) return SQLITE_NOMEM;
  *cursor = (Cursor){.arena = fsa_arena(0)};
  *ret_cursor = &cursor->base;
  return SQLITE_OK;
}

static void cursor_reset(Cursor *cursor) {
  fsa_cursor_close(cursor->rows);
  fsa_arena_clear(&cursor->arena);
  cursor->rows = NULL;
  cursor->row = NULL;
  cursor->evidence = NULL;
  cursor->impossible = false;
  row_ids_done(&cursor->ids);
}

static int vtab_close(sqlite3_vtab_cursor *base) {
  Cursor *cursor = (Cursor *)base;
  cursor_reset(cursor);
  fsa_arena_done(&cursor->arena);
  sqlite3_free(cursor);
  return SQLITE_OK;
}

static int vtab_next(sqlite3_vtab_cursor *base) {
  Cursor *cursor = (Cursor *)base;
  cursor->row = NULL;
  cursor->has_rowid = false;
  int result = fsa_cursor_next(cursor->rows, &cursor->row);
  if (result == FSA_ROW) return SQLITE_OK;
  cursor->row = NULL;
  if (result == FSA_E_CANCELLED) return SQLITE_INTERRUPT; /* no query here has a deadline */
  return result == FSA_OK ? SQLITE_OK : SQLITE_NOMEM;
}

static int fail(Cursor *cursor, const FsaError *error) {
  sqlite3_free(cursor->base.pVtab->zErrMsg);
  cursor->base.pVtab->zErrMsg = sqlite3_mprintf("%s", error->message);
  if (error->code == FSA_E_NOMEM) return SQLITE_NOMEM;
  if (error->code == FSA_E_CANCELLED) return SQLITE_INTERRUPT;
  /* evidence that cannot be opened is told apart, for the shell's exit code */
  bool is_question = error->code == FSA_E_USAGE || error->code == FSA_E_UNSUPPORTED;
  return is_question && !error->is_evidence ? SQLITE_ERROR : SQLITE_CANTOPEN;
}

static int vtab_filter(sqlite3_vtab_cursor *base, int joined, const char *plan, int argc,
                       sqlite3_value **argv) {
  Cursor *cursor = (Cursor *)base;
  const Module *module = ((Vtab *)base->pVtab)->module;
  const FsaTable *table = module->table;
  cursor_reset(cursor);
  const size_t key_count = (size_t)table->column_count + 1;
  cursor->keys = fsa_arena_alloc(&cursor->arena, key_count * sizeof *cursor->keys);
  if (!cursor->keys) return SQLITE_NOMEM;
  for (size_t i = 0; i < key_count; i++) cursor->keys[i] = fsa_key_open();
  FsaQuery query = {.table = table, .keys = cursor->keys, .evidence_is_joined = joined != 0};
  int result = read_plan(cursor, table, plan, argc, argv, &query.wanted);
  if (result != SQLITE_OK || cursor->impossible) return result;
  query.evidence = cursor->evidence;
  const FsaKey *source = &cursor->keys[table->column_count];
  if (!fsa_key_is_open(source)) query.source_key = source;
  FsaError error = {0};
  if (fsa_cursor_open(module->connection->engine, &query, &cursor->rows, &error) != FSA_OK)
    return fail(cursor, &error);
  return vtab_next(base);
}

static int vtab_eof(sqlite3_vtab_cursor *base) {
  return ((Cursor *)base)->row == NULL;
}

/* The evidence of the rows, as the column shows it. */
static const char *evidence_name(const Cursor *cursor) {
  const Module *module = ((const Vtab *)cursor->base.pVtab)->module;
  return cursor->evidence ? cursor->evidence : fsa_engine_evidence(module->connection->engine);
}

static int vtab_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid) {
  Cursor *cursor = (Cursor *)base;
  const FsaTable *table = ((Vtab *)base->pVtab)->module->table;
  if (!cursor->has_rowid && row_ids_number(&cursor->ids, table, evidence_name(cursor), cursor->row,
                                           &cursor->rowid) != FSA_OK)
    return SQLITE_NOMEM;
  cursor->has_rowid = true;
  *ret_rowid = cursor->rowid;
  return SQLITE_OK;
}

/* A value of the row. Text is copied: SQLite keeps values longer than the row lives (max(), GROUP
 * BY). */
static void result_value(sqlite3_context *context, const FsaValue *value, FsaType type) {
  switch (value->kind) {
  case FSA_VALUE_INT:
    sqlite3_result_int64(context, type == FSA_TIME ? fsa_time_seconds(value->as.integer)
                                                   : value->as.integer);
    return;
  case FSA_VALUE_HEX: {
    char text[24];
    int size = snprintf(text, sizeof text, "0x%llx", (unsigned long long)value->as.hex);
    sqlite3_result_text(context, text, size, SQLITE_TRANSIENT);
    return;
  }
  case FSA_VALUE_DOUBLE: sqlite3_result_double(context, value->as.real); return;
  case FSA_VALUE_TEXT:
    sqlite3_result_text64(context, value->as.data, value->size, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (type == FSA_JSON) sqlite3_result_subtype(context, FSA_SQL_JSON_SUBTYPE);
    return;
  case FSA_VALUE_BLOB:
    sqlite3_result_blob64(context, value->as.data, value->size, SQLITE_TRANSIENT);
    return;
  default: return; /* NULL */
  }
}

static void result_text(sqlite3_context *context, FsaText text) {
  if (text.data)
    sqlite3_result_text64(context, text.data, text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int vtab_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index) {
  const Cursor *cursor = (const Cursor *)base;
  const FsaTable *table = ((Vtab *)base->pVtab)->module->table;
  const FsaRow *row = cursor->row;
  const int own = index - LAYOUT_FIRST;
  if (own >= 0 && own < table->column_count) {
    result_value(context, &row->values[own], table->columns[own].type);
    return SQLITE_OK;
  }
  LayoutColumn column = layout_column(table, index);
  switch (column.part) {
  case LAYOUT_ARGUMENT:
    sqlite3_result_text(context, evidence_name(cursor), -1, SQLITE_TRANSIENT);
    break;
  case LAYOUT_SOURCE: result_text(context, row->source); break;
  case LAYOUT_SOURCE_OFFSET:
    if (row->offset <= INT64_MAX) sqlite3_result_int64(context, (sqlite3_int64)row->offset);
    break;
  case LAYOUT_PARTIAL: sqlite3_result_int(context, row->partial); break;
  case LAYOUT_NS: result_value(context, &row->values[column.column], FSA_INTEGER); break;
  case LAYOUT_OWN:
  default: break;
  }
  return SQLITE_OK;
}

static const sqlite3_module module_functions = {
    .xConnect = vtab_connect,
    .xBestIndex = vtab_best_index,
    .xDisconnect = vtab_disconnect,
    .xOpen = vtab_open,
    .xClose = vtab_close,
    .xFilter = vtab_filter,
    .xNext = vtab_next,
    .xEof = vtab_eof,
    .xColumn = vtab_column,
    .xRowid = vtab_rowid,
};

/* ---- registering ---- */

static void module_free(void *argument) {
  Module *module = argument;
  Connection *connection = module->connection;
  sqlite3_free(module);
  if (--connection->users > 0) return;
  if (connection->owned) fsa_engine_free(connection->engine);
  sqlite3_free(connection);
}

static int register_table(sqlite3 *db, Connection *connection, const FsaTable *table) {
  Module *module = sqlite3_malloc(sizeof *module);
  if (!module) return SQLITE_NOMEM;
  *module = (Module){.connection = connection, .table = table};
  connection->users++;
  char name[64];
  snprintf(name, sizeof name, "fsa_%s", table->name);
  /* on failure SQLite has called module_free() already */
  return sqlite3_create_module_v2(db, name, &module_functions, module, module_free);
}

int fsa_sql_register(sqlite3 *db, FsaEngine *engine, bool owned, const char **ret_message) {
  const char *message = NULL;
  int result = SQLITE_OK;
  Connection *connection = NULL;
  if (sqlite3_libversion_number() < LEAST_SQLITE) {
    message = "FSA Tables need SQLite 3.38 or later";
    result = SQLITE_ERROR;
  } else
    connection = sqlite3_malloc(sizeof *connection);
  if (!connection) {
    if (ret_message) *ret_message = message ? message : "out of memory";
    if (owned) fsa_engine_free(engine);
    return result ? result : SQLITE_NOMEM;
  }
  *connection = (Connection){.engine = engine, .owned = owned, .users = 1};
  for (size_t i = 0; i < fsa_table_count && result == SQLITE_OK; i++)
    result = register_table(db, connection, fsa_tables[i]);
  if (result != SQLITE_OK && ret_message) *ret_message = "the tables cannot be registered";
  if (--connection->users == 0) { /* no table holds it */
    if (owned) fsa_engine_free(engine);
    sqlite3_free(connection);
  }
  return result;
}
