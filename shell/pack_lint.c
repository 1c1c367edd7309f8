/*
 * fsa pack lint: what would go wrong in the field is told here.
 *
 * The traps: a query that does not prepare, a column that the scorer counts and the query does not
 * give, SELECT * (a new column would change every host's rows), tables that only osquery has, names
 * that Fleet cannot show, a line that a YAML reader takes for a document's end, a bound above what
 * osquery's TLS logger lets through.
 */
#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/printf.h"
#include "base/result.h"
#include "os/folder.h"
#include "pack.h"
#include "sql/sql.h"
#include "terminal.h"

/* One query under examination. */
typedef struct Lint {
  const FsaPackQuery *query;
  sqlite3 *db;
  FsaArena arena;
  size_t faults;
} Lint;

static void fault(Lint *lint, size_t line, const char *format, ...) FSA_PRINTF(3, 4);

static void fault(Lint *lint, size_t line, const char *format, ...) {
  char what[FSA_MAX_MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  fsa_terminal_add("%s:%zu: %s", lint->query->path, line, what);
  lint->faults++;
}

/* ---- the header -------------------------------------------------------------------------- */

static bool is_one_of(const char *value, const char *const *known) {
  for (; *known; known++)
    if (strcmp(value, *known) == 0) return true;
  return false;
}

static bool is_plain_name(const char *name) {
  return islower((unsigned char)*name) &&
         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

/* The last part of the path without ".sql" is the id, the folder before it the pillar. */
static void check_place(Lint *lint) {
  const FsaPackQuery *query = lint->query;
  const char *name = fsa_last_part(query->path);
  const char *slash = name > query->path ? name - 1 : NULL;
  size_t size = strlen(name) - strlen(".sql");
  const char *bare = strncmp(query->id, "fsa_", 4) == 0 ? query->id + 4 : query->id;
  if (strlen(name) < strlen(".sql") || strlen(bare) != size || memcmp(bare, name, size) != 0)
    fault(lint, 1, "the file must be called %s.sql after its id", bare);
  size_t pillar = strlen(query->pillar);
  if (slash && (size_t)(slash - query->path) >= pillar &&
      memcmp(slash - pillar, query->pillar, pillar) != 0)
    fault(lint, 1, "the file must stand in the folder of its pillar, %s", query->pillar);
}

static bool is_technique(const char *id) {
  int end = 0;
  if (sscanf(id, "T%*4[0-9]%n", &end) == 0 && end == 5 && !id[5]) return true;
  end = 0;
  return sscanf(id, "T%*4[0-9].%*3[0-9]%n", &end) == 0 && end == 9 && !id[9];
}

static void check_words(Lint *lint) {
  static const char *const platforms[] = {"linux", "windows", "all", NULL};
  static const char *const loggings[] = {"snapshot", "differential", "differential_ignore_removals",
                                         NULL};
  const FsaPackQuery *query = lint->query;
  if (strncmp(query->id, "fsa_", 4) != 0 || !is_plain_name(query->id))
    fault(lint, 1, "id %s: must be fsa_ and lower-case letters, digits, underscores", query->id);
  if (fsa_pack_pillar_rank(query->pillar) < 0)
    fault(lint, 1, "pillar %s: must be running, set_to_run, has_run, os_state or coverage",
          query->pillar);
  if (!is_one_of(query->platform, platforms))
    fault(lint, 1, "platform %s: must be linux, windows or all", query->platform);
  if (!is_one_of(query->logging, loggings))
    fault(lint, 1, "logging %s: must be snapshot, differential or differential_ignore_removals",
          query->logging);
  if (fsa_pack_interval(query) < FSA_LEAST_INTERVAL || fsa_pack_interval(query) > FSA_MOST_INTERVAL)
    fault(lint, 1, "interval %s: must be hourly, daily, weekly or %d to %d seconds",
          query->interval, FSA_LEAST_INTERVAL, FSA_MOST_INTERVAL);
  if (strcmp(query->logging, "snapshot") != 0 &&
      (query->tpr >= 0 || strcmp(query->pillar, "coverage") == 0))
    fault(lint, 1,
          "logging %s: of a detection and of coverage it must be snapshot, for an empty "
          "answer is logged in no other form",
          query->logging);
  for (const char **id = query->attack; *id; id++)
    if (!is_technique(*id)) fault(lint, 1, "attack %s: must look like T1055 or T1055.001", *id);
}

static void check_bounds(Lint *lint) {
  const FsaPackQuery *query = lint->query;
  if (query->max_rows < 1) fault(lint, 1, "max_rows: must be at least 1");
  if (query->max_bytes < 1 || query->max_bytes > FSA_MAX_RESULT_LINE)
    fault(lint, 1, "max_bytes: must be 1 to %d: osquery drops longer lines in silence",
          FSA_MAX_RESULT_LINE);
  if ((query->tpr < 0) != (query->fpr < 0))
    fault(lint, 1, "tpr and fpr belong together: a detection has both, a collection none");
}

/* ---- the text ---------------------------------------------------------------------------- */

static bool is_carried(const char *text) {
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c >= 0x7F || (c < ' ' && c != '\n' && c != '\t')) return false;
  }
  return true;
}

/* What stands in descriptions and pages. */
static void check_header_text(Lint *lint) {
  const FsaPackQuery *query = lint->query;
  const char *const texts[] = {query->title,           query->family,    query->proves,
                               query->does_not_prove,  query->next_step, query->positive,
                               query->false_positives, query->negative};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (texts[i] && !is_carried(texts[i]))
      fault(lint, 1, "only ASCII: fleet managers differ in what else they carry: %s", texts[i]);
}

static void check_text(Lint *lint) {
  const char *sql = lint->query->sql;
  size_t line = lint->query->sql_line;
  for (const char *at = sql; *at; at++) {
    const char one[] = {*at, '\0'};
    if (!is_carried(one)) {
      fault(lint, line, "only ASCII: fleet managers differ in what else they carry");
      return;
    }
    if ((at == sql || at[-1] == '\n') && strncmp(at, "---", 3) == 0)
      fault(lint, line, "a line begins with ---, which ends a YAML document");
    line += *at == '\n';
  }
}

/* True when a star that follows this token stands for all columns. */
static bool opens_star(FsaText token) {
  static const char *const openers[] = {"SELECT", "DISTINCT", "ALL", ",", "."};
  for (size_t i = 0; i < sizeof openers / sizeof openers[0]; i++)
    if (fsa_text_same(token.data, token.size, openers[i], strlen(openers[i]))) return true;
  return false;
}

static void check_stars(Lint *lint) {
  const char *at = lint->query->sql;
  FsaText last = {at, 0};
  for (FsaText token = fsa_pack_next_token(&at); token.size; token = fsa_pack_next_token(&at)) {
    if (*token.data == '*' && opens_star(last)) {
      fault(lint, lint->query->sql_line, "SELECT *: name the columns");
      return;
    }
    last = token;
  }
}

/* ---- what is unknown --------------------------------------------------------------------- */

static bool is_word(FsaText token, const char *word) {
  return fsa_text_same(token.data, token.size, word, strlen(word));
}

/* True when a table of the query has a column of that name that holds text. */
static bool is_text_column(Lint *lint, FsaText name) {
  FsaPackTables tables = {0};
  if (fsa_pack_tables(lint->db, lint->query->sql, &lint->arena, &tables) != FSA_OK) return false;
  for (size_t i = 0; i < tables.count; i++) {
    const FsaTable *table = fsa_schema_find(tables.names[i]);
    for (int column = 0; table && column < table->column_count; column++) {
      const FsaType type = table->columns[column].type;
      if ((type == FSA_TEXT || type == FSA_HEX || type == FSA_JSON) &&
          is_word(name, table->columns[column].name))
        return true;
    }
  }
  return false;
}

/* Unknown text is NULL in a sweep and '' under osquery: `path IS NOT NULL`, `path NOTNULL`. */
static void check_null(Lint *lint) {
  const char *at = lint->query->sql;
  FsaText name = {at, 0}, last = {at, 0};
  for (FsaText token = fsa_pack_next_token(&at); token.size; token = fsa_pack_next_token(&at)) {
    const bool is_test = is_word(token, "NULL") && (is_word(last, "IS") || is_word(last, "NOT"));
    if ((is_test || is_word(token, "NOTNULL") || is_word(token, "ISNULL")) &&
        is_text_column(lint, name))
      fault(lint, lint->query->sql_line,
            "%.*s IS NULL or IS NOT NULL: unknown text is '' under osquery; "
            "compare coalesce(%.*s, '') with ''",
            (int)name.size, name.data, (int)name.size, name.data);
    if (!is_word(token, "IS") && !is_word(token, "NOT")) name = token;
    last = token;
  }
}

/* json_extract(data, ...) fails of '', which is how osquery hands over what is unknown. */
static void check_json(Lint *lint) {
  const char *at = lint->query->sql;
  FsaText before = {at, 0}, last = {at, 0};
  for (FsaText token = fsa_pack_next_token(&at); token.size; token = fsa_pack_next_token(&at)) {
    const bool is_name = isalpha((unsigned char)*token.data) || *token.data == '_';
    if (is_word(before, "json_extract") && *last.data == '(' && is_name &&
        !is_word(token, "nullif") && !is_word(token, "coalesce"))
      fault(lint, lint->query->sql_line,
            "json_extract(%.*s, ...): unknown text is '' under osquery, which is no JSON; "
            "write json_extract(nullif(%.*s, ''), ...)",
            (int)token.size, token.data, (int)token.size, token.data);
    before = last;
    last = token;
  }
}

/* ---- against the schema ------------------------------------------------------------------ */

static bool has_column(const FsaPackColumns *columns, const char *name) {
  for (size_t i = 0; i < columns->count; i++)
    if (strcmp(columns->names[i], name) == 0) return true;
  return false;
}

static void check_named(Lint *lint, const FsaPackColumns *columns, const char *field,
                        const char **names) {
  for (; *names; names++)
    if (!has_column(columns, *names))
      fault(lint, 1, "%s %s: the query gives no such column", field, *names);
}

/* Does the condition compile over the query's columns, all of them text as in a result line? */
static void check_condition(Lint *lint, const FsaPackColumns *columns, size_t line,
                            const char *where) {
  const char *why = fsa_pack_condition_fault(columns, where, &lint->arena);
  if (why) fault(lint, line, "condition %s: %s", where, why);
}

static void check_weights(Lint *lint, const FsaPackColumns *columns) {
  const FsaPackQuery *query = lint->query;
  for (size_t i = 0; i < query->rule_count; i++) {
    const FsaPackRule *rule = &query->rules[i];
    if (!is_plain_name(rule->id))
      fault(lint, rule->line, "rule %s: lower-case letters, digits, underscores", rule->id);
    for (const char **id = rule->attack; *id; id++)
      if (!is_technique(*id)) fault(lint, rule->line, "attack %s: must look like T1055.001", *id);
    check_condition(lint, columns, rule->line, rule->where);
  }
  for (size_t i = 0; i < query->attribute_count; i++)
    check_condition(lint, columns, query->attributes[i].line, query->attributes[i].where);
}

static void check_column_names(Lint *lint, const FsaPackColumns *columns) {
  const size_t line = lint->query->sql_line;
  for (size_t i = 0; i < columns->count; i++) {
    if (!is_plain_name(columns->names[i]))
      fault(lint, line, "column %s: give it a lower-case name with AS", columns->names[i]);
    for (size_t j = 0; j < i; j++)
      if (strcmp(columns->names[i], columns->names[j]) == 0)
        fault(lint, line, "column %s: there are two of that name", columns->names[i]);
  }
  if (columns->count && lint->query->key[0] == NULL)
    fault(lint, 1, "key: name the columns that prevalence counts");
  check_named(lint, columns, "key", lint->query->key);
  check_named(lint, columns, "join", lint->query->join);
  check_weights(lint, columns);
}

static void check_columns(Lint *lint) {
  FsaPackColumns columns = {0};
  if (fsa_pack_columns(lint->db, lint->query->sql, &lint->arena, &columns) != FSA_OK) return;
  if (columns.count == 0) fault(lint, lint->query->sql_line, "the query gives no columns");
  check_column_names(lint, &columns);
}

/* A query that a platform is asked must have tables there. */
static void check_platform(Lint *lint, const FsaTable *table, const char *name) {
  static const struct {
    const char *platform;
    unsigned sources;
  } known[] = {{"linux", FSA_LIVE_LINUX | FSA_LINUX_ROOT},
               {"windows", FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (fsa_pack_is_for(lint->query, known[i].platform) && !(table->sources & known[i].sources))
      fault(lint, 1, "platform %s: %s has nothing to say of %s", lint->query->platform, name,
            known[i].platform);
}

/*
 * A table that stands inside the loop over another one is read again for each row of that: of all
 * processes' pipes all processes, which takes a busy Windows minutes.
 */
static void check_loops(Lint *lint) {
  FsaBuffer sql = fsa_buffer(FSA_MAX_PACK_SQL);
  sqlite3_stmt *plan = NULL;
  int outer = -1;
  fsa_buffer_printf(&sql, "EXPLAIN QUERY PLAN %s", lint->query->sql);
  if (!sql.error &&
      sqlite3_prepare_v2(lint->db, fsa_buffer_text(&sql), -1, &plan, NULL) == SQLITE_OK)
    while (sqlite3_step(plan) == SQLITE_ROW) {
      const char *detail = (const char *)sqlite3_column_text(plan, 3);
      if (!detail || !strstr(detail, "VIRTUAL TABLE") || !strstr(detail, "SCAN")) continue;
      const int parent = sqlite3_column_int(plan, 1);
      if (parent == outer)
        fault(lint, lint->query->sql_line,
              "%s: asked again for each row of another table; read it once, WITH x AS MATERIALIZED "
              "(SELECT ...)",
              detail);
      outer = parent;
    }
  sqlite3_finalize(plan);
  fsa_buffer_done(&sql);
}

static void check_tables(Lint *lint) {
  FsaPackTables tables = {0};
  int result = fsa_pack_tables(lint->db, lint->query->sql, &lint->arena, &tables);
  if (result != FSA_OK) {
    fault(lint, lint->query->sql_line, "%s",
          result == FSA_E_NOMEM ? "out of memory" : sqlite3_errmsg(lint->db));
    return;
  }
  if (tables.count == 0) fault(lint, lint->query->sql_line, "the query reads no fsa_ table");
  for (size_t i = 0; i < tables.count; i++) {
    const FsaTable *table = fsa_schema_find(tables.names[i]);
    if (strncmp(tables.names[i], "fsa_", 4) == 0 && table)
      check_platform(lint, table, tables.names[i]);
    else
      fault(lint, lint->query->sql_line, "%s: only fsa_ tables, which are there in every door",
            tables.names[i]);
  }
  check_columns(lint);
  check_loops(lint);
}

static void check_statement(Lint *lint) {
  sqlite3_stmt *statement = NULL;
  const char *tail = "";
  if (sqlite3_prepare_v2(lint->db, lint->query->sql, -1, &statement, &tail) == SQLITE_OK) {
    if (!statement) fault(lint, lint->query->sql_line, "there is no query");
    if (statement && !sqlite3_stmt_readonly(statement))
      fault(lint, lint->query->sql_line, "the statement is not a query");
    if (strspn(tail, " \t\r\n;") != strlen(tail))
      fault(lint, lint->query->sql_line, "there is more than one statement");
  }
  sqlite3_finalize(statement);
}

/* ---- rules of YARA ----------------------------------------------------------------------- */

static void check_yara(Lint *lint) {
  if (strstr(lint->query->sql, FSA_PACK_RULES))
    fault(lint, lint->query->sql_line, "%s: the header names no files of rules (yara: ...)",
          FSA_PACK_RULES);
}

/* ---- a query whose table is not there yet ------------------------------------------------ */

/* Its columns are a promise that the scorer relies on. */
static void check_promise(Lint *lint) {
  const FsaPackQuery *query = lint->query;
  FsaPackColumns columns = {.names = query->columns};
  if (*query->sql) fault(lint, query->sql_line, "awaits: there is a query, so it awaits nothing");
  if (!query->columns || !query->columns[0]) {
    fault(lint, 1, "columns: say which the query will give");
    return;
  }
  while (query->columns[columns.count]) columns.count++;
  for (const char **table = query->awaits; *table; table++)
    if (fsa_schema_find(*table))
      fault(lint, 1, "awaits %s: it is there now, write the query", *table);
  check_column_names(lint, &columns);
}

static size_t lint_query(const FsaPackQuery *query, sqlite3 *db) {
  Lint lint = {.query = query, .db = db, .arena = fsa_arena(0)};
  check_words(&lint);
  check_place(&lint);
  check_bounds(&lint);
  check_header_text(&lint);
  check_yara(&lint);
  if (query->awaits) {
    check_promise(&lint);
    fsa_arena_done(&lint.arena);
    return lint.faults;
  }
  check_text(&lint);
  check_stars(&lint);
  check_null(&lint);
  check_json(&lint);
  check_statement(&lint);
  check_tables(&lint);
  fsa_arena_done(&lint.arena);
  return lint.faults;
}

/* True when the loader told already that the header is not whole: more would only repeat it. */
static bool is_incomplete(const FsaPackQuery *query) {
  return !query->id || !query->pillar || !query->platform || !query->logging || !query->interval ||
         !query->key || !query->join || !query->attack;
}

size_t fsa_pack_lint(FsaPack *pack, sqlite3 *db) {
  size_t faults = pack->faults + fsa_pack_check_yara(pack, db);
  for (size_t i = 0; i < pack->count; i++) {
    const FsaPackQuery *query = &pack->queries[i];
    if (is_incomplete(query)) continue;
    faults += lint_query(query, db);
    for (size_t j = 0; j < i; j++) {
      if (!pack->queries[j].id || strcmp(pack->queries[j].id, query->id) != 0) continue;
      fsa_terminal_add("%s:1: id %s: %s has it already", query->path, query->id,
                       pack->queries[j].path);
      faults++;
    }
  }
  return faults;
}
