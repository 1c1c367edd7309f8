/* Conditions of rules and attributes. See condition.h. */
#include "pack/condition.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

#include "base/condition.h"
#include "pack/near_name.h"
#include "pack/path_class.h"

#define MAX_CONDITIONS 64
#define MAX_OPERATIONS 200        /* thousands of SQLite's instructions for one row */
#define MAX_VALUE_BYTES (1 << 20) /* of any text that a condition makes */

struct FsaConditions {
  sqlite3 *db;
  sqlite3_stmt *all;                  /* one column for each good condition; NULL = there is none */
  sqlite3_stmt *each[MAX_CONDITIONS]; /* for a row on which one of them fails */
  char *faults[MAX_CONDITIONS];
  size_t count;
  GPtrArray *columns;  /* names, lower case */
  GHashTable *places;  /* name -> place in `columns` + 1 */
  unsigned operations; /* thousands, of the row that is asked */
};

/* ---- what a condition may do ------------------------------------------------------------------
 */

/* No table, no recursion, no function that is not listed: it computes and no more. */
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger) {
  (void)context, (void)first, (void)database, (void)trigger;
  if (action == SQLITE_SELECT) return SQLITE_OK;
  if (action == SQLITE_READ && !database) return SQLITE_OK; /* a column of the row */
  if (action == SQLITE_FUNCTION && second && fsa_is_condition_function(second)) return SQLITE_OK;
  return SQLITE_DENY;
}

static int count_operations(void *context) {
  FsaConditions *conditions = context;
  return ++conditions->operations > MAX_OPERATIONS;
}

static FsaText argument(sqlite3_value *value) {
  const char *text = (const char *)sqlite3_value_text(value);
  return (FsaText){text, text ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void put_result(sqlite3_context *context, FsaText text) {
  sqlite3_result_text64(context, text.size ? text.data : "", text.size, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

static void sql_path_class(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  const char *name = fsa_path_class_name(fsa_path_class(argument(values[0])));
  put_result(context, (FsaText){name, strlen(name)});
}

static void sql_path_base(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  put_result(context, fsa_path_base(argument(values[0])));
}

static void sql_path_image(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  put_result(context, fsa_path_image(argument(values[0])));
}

static void sql_is_near(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  sqlite3_result_int(context, fsa_is_near_system_name(argument(values[0])));
}

static void sql_vendor(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  const char *name = fsa_vendor_token(argument(values[0]));
  put_result(context, (FsaText){name, name ? strlen(name) : 0});
}

static void add_functions(sqlite3 *db) {
  static const struct {
    const char *name;
    void (*run)(sqlite3_context *context, int count, sqlite3_value **values);
  } ours[] = {{"path_class", sql_path_class},
              {"path_base", sql_path_base},
              {"path_image", sql_path_image},
              {"is_near_system_name", sql_is_near},
              {"vendor_token", sql_vendor}};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    sqlite3_create_function_v2(db, ours[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                               ours[i].run, NULL, NULL, NULL);
}

static void set_limits(sqlite3 *db) {
  static const int limits[][2] = {{SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES},
                                  {SQLITE_LIMIT_SQL_LENGTH, MAX_VALUE_BYTES},
                                  {SQLITE_LIMIT_EXPR_DEPTH, 200},
                                  {SQLITE_LIMIT_COMPOUND_SELECT, 4},
                                  {SQLITE_LIMIT_ATTACHED, 0},
                                  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 512},
                                  {SQLITE_LIMIT_TRIGGER_DEPTH, 1}};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    sqlite3_limit(db, limits[i][0], limits[i][1]);
}

/* ---- compiling --------------------------------------------------------------------------------
 */

/* The columns that are known so far, as a row of parameters; a constant where none is. */
static void put_row(GString *sql, const FsaConditions *conditions) {
  g_string_append(sql, " FROM (SELECT 0 AS \"\"");
  for (guint i = 0; i < conditions->columns->len; i++) {
    const char *name = conditions->columns->pdata[i];
    g_string_append_printf(sql, ", ?%u AS \"%s\"", i + 1, name);
  }
  g_string_append_c(sql, ')');
}

static bool is_name(const char *text) {
  for (const char *c = text; *c; c++)
    if (!g_ascii_isalnum(*c) && *c != '_') return false;
  return *text != '\0';
}

static bool add_column(FsaConditions *conditions, const char *name) {
  char *lower = g_ascii_strdown(name, -1);
  bool is_new = is_name(name) && conditions->columns->len < FSA_MAX_CONDITION_COLUMNS &&
                !g_hash_table_contains(conditions->places, lower);
  if (is_new) {
    g_ptr_array_add(conditions->columns, lower);
    g_hash_table_insert(conditions->places, lower, GUINT_TO_POINTER(conditions->columns->len));
  } else {
    g_free(lower);
  }
  return is_new;
}

/*
 * SQLite tells which column it misses: so conditions need not be parsed to learn what they name.
 * Each turn adds a column or ends.
 */
static sqlite3_stmt *compile(FsaConditions *conditions, const char *where, char **ret_fault) {
  static const char missing[] = "no such column: ";
  sqlite3_stmt *stmt = NULL;
  for (;;) {
    GString *sql = g_string_new("SELECT (");
    g_string_append_printf(sql, "%s\n)", where);
    put_row(sql, conditions);
    const char *rest = "";
    int code = sqlite3_prepare_v2(conditions->db, sql->str, -1, &stmt, &rest);
    bool is_whole = code == SQLITE_OK && stmt && !*rest && sqlite3_column_count(stmt) == 1;
    g_string_free(sql, TRUE);
    if (is_whole) return stmt;
    const char *why =
        code == SQLITE_OK ? "it is not one expression" : sqlite3_errmsg(conditions->db);
    if (g_str_has_prefix(why, missing) && add_column(conditions, why + sizeof missing - 1))
      continue;
    *ret_fault = g_strdup(code == SQLITE_AUTH ? "it may only compute with the row's columns" : why);
    sqlite3_finalize(stmt);
    return NULL;
  }
}

static void compile_all(FsaConditions *conditions, const char *const *where) {
  GString *sql = g_string_new("SELECT ");
  size_t good = 0;
  for (size_t i = 0; i < conditions->count; i++)
    if (conditions->each[i]) g_string_append_printf(sql, "%s(%s\n)", good++ ? ", " : "", where[i]);
  put_row(sql, conditions);
  if (good && sqlite3_prepare_v2(conditions->db, sql->str, -1, &conditions->all, NULL) != SQLITE_OK)
    conditions->all = NULL; /* each is asked alone then */
  g_string_free(sql, TRUE);
}

FsaConditions *fsa_conditions_new(const char *const *where, size_t count) {
  FsaConditions *conditions = g_new0(FsaConditions, 1);
  conditions->count = MIN(count, MAX_CONDITIONS);
  conditions->columns = g_ptr_array_new_with_free_func(g_free);
  conditions->places = g_hash_table_new(g_str_hash, g_str_equal);
  if (sqlite3_open_v2(":memory:", &conditions->db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_MEMORY,
                      NULL) != SQLITE_OK)
    g_error("out of memory");
  add_functions(conditions->db);
  set_limits(conditions->db);
  sqlite3_set_authorizer(conditions->db, authorize, NULL);
  sqlite3_progress_handler(conditions->db, 1000, count_operations, conditions);
  for (size_t i = 0; i < conditions->count; i++)
    conditions->each[i] = compile(conditions, where[i], &conditions->faults[i]);
  compile_all(conditions, where);
  return conditions;
}

void fsa_conditions_free(FsaConditions *conditions) {
  if (!conditions) return;
  for (size_t i = 0; i < conditions->count; i++) {
    sqlite3_finalize(conditions->each[i]);
    g_free(conditions->faults[i]);
  }
  sqlite3_finalize(conditions->all);
  sqlite3_close(conditions->db);
  g_hash_table_destroy(conditions->places);
  g_ptr_array_free(conditions->columns, TRUE);
  g_free(conditions);
}

const char *fsa_conditions_fault(const FsaConditions *conditions, size_t at) {
  return conditions->faults[at];
}

const char *const *fsa_conditions_columns(const FsaConditions *conditions, size_t *ret_count) {
  *ret_count = conditions->columns->len;
  return (const char *const *)conditions->columns->pdata;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

/* As a result line has them: text, and what is unknown is ''. */
static void bind(const FsaConditions *conditions, sqlite3_stmt *stmt, const FsaText *values) {
  int known = sqlite3_bind_parameter_count(stmt);
  for (int i = 0; i < known && i < (int)conditions->columns->len; i++)
    sqlite3_bind_text64(stmt, i + 1, values[i].size ? values[i].data : "", values[i].size,
                        SQLITE_STATIC, SQLITE_UTF8);
}

static bool is_true(sqlite3_stmt *stmt, int column) {
  return sqlite3_column_type(stmt, column) != SQLITE_NULL &&
         sqlite3_column_double(stmt, column) != 0;
}

/* One after the other, because one of them failed. */
static uint64_t ask_each(FsaConditions *conditions, const FsaText *values) {
  uint64_t answer = 0;
  for (size_t i = 0; i < conditions->count; i++) {
    sqlite3_stmt *stmt = conditions->each[i];
    if (!stmt) continue;
    bind(conditions, stmt, values);
    conditions->operations = 0;
    if (sqlite3_step(stmt) == SQLITE_ROW && is_true(stmt, 0)) answer |= UINT64_C(1) << i;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
  }
  return answer;
}

uint64_t fsa_conditions_ask(FsaConditions *conditions, const FsaText *values) {
  uint64_t answer = 0;
  sqlite3_stmt *stmt = conditions->all;
  if (!stmt) return ask_each(conditions, values);
  bind(conditions, stmt, values);
  conditions->operations = 0;
  bool is_done = sqlite3_step(stmt) == SQLITE_ROW;
  for (size_t i = 0, column = 0; is_done && i < conditions->count; i++)
    if (conditions->each[i] && is_true(stmt, (int)column++)) answer |= UINT64_C(1) << i;
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return is_done ? answer : ask_each(conditions, values);
}
