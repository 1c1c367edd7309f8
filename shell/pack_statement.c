/* What the text of a pack's query is made of: its words, its tables, its columns. */
#include <ctype.h>
#include <sqlite3.h>
#include <string.h>

#include "base/result.h"
#include "pack.h"

#define MAX_TABLES 32 /* of a query */

/* ---- words ------------------------------------------------------------------------------- */

/* Moves behind a string or a quoted name; a doubled quote is two strings side by side: good enough.
 */
static const char *skip_quoted(const char *at) {
  const char *end = strchr(at + 1, *at);
  return end ? end + 1 : at + strlen(at);
}

static const char *skip_comment(const char *at) {
  bool is_line = *at == '-';
  const char *end = strstr(at + 2, is_line ? "\n" : "*/");
  return end ? end + (is_line ? 1 : 2) : at + strlen(at);
}

static const char *skip_blanks(const char *at) {
  for (;;) {
    if (isspace((unsigned char)*at))
      at++;
    else if (strncmp(at, "--", 2) == 0 || strncmp(at, "/*", 2) == 0)
      at = skip_comment(at);
    else
      return at;
  }
}

FsaText fsa_pack_next_token(const char **at) {
  const char *start = skip_blanks(*at), *end = start;
  while (isalnum((unsigned char)*end) || *end == '_') end++;
  if (end == start && *end) end = strchr("'\"`", *end) ? skip_quoted(end) : end + 1;
  *at = end;
  return (FsaText){start, (size_t)(end - start)};
}

/* ---- tables and columns ------------------------------------------------------------------ */

typedef struct Collector {
  FsaArena *arena;
  FsaPackTables tables;
  bool failed;
} Collector;

static void collect_table(Collector *collector, const char *name) {
  FsaPackTables *tables = &collector->tables;
  for (size_t i = 0; i < tables->count; i++)
    if (strcmp(tables->names[i], name) == 0) return;
  const char *copy = fsa_arena_copy(collector->arena, name, strlen(name));
  if (!copy || tables->count == MAX_TABLES)
    collector->failed = true;
  else
    tables->names[tables->count++] = copy;
}

static int on_authorize(void *context, int action, const char *first, const char *second,
                        const char *database, const char *trigger) {
  (void)second, (void)database, (void)trigger;
  if (action == SQLITE_READ && first) collect_table(context, first);
  return SQLITE_OK;
}

int fsa_pack_tables(sqlite3 *db, const char *sql, FsaArena *arena, FsaPackTables *ret_tables) {
  sqlite3_stmt *statement = NULL;
  Collector collector = {.arena = arena};
  collector.tables.names = fsa_arena_zero(arena, MAX_TABLES, sizeof *collector.tables.names);
  if (!collector.tables.names) return FSA_E_NOMEM;
  sqlite3_set_authorizer(db, on_authorize, &collector);
  int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  sqlite3_set_authorizer(db, NULL, NULL);
  sqlite3_finalize(statement);
  if (result == SQLITE_NOMEM || collector.failed) return FSA_E_NOMEM;
  if (result != SQLITE_OK) return FSA_E_USAGE;
  *ret_tables = collector.tables;
  return FSA_OK;
}

int fsa_pack_columns(sqlite3 *db, const char *sql, FsaArena *arena, FsaPackColumns *ret_columns) {
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  if (result != SQLITE_OK) return result == SQLITE_NOMEM ? FSA_E_NOMEM : FSA_E_USAGE;
  FsaPackColumns columns = {.count = (size_t)sqlite3_column_count(statement)};
  columns.names = fsa_arena_zero(arena, columns.count, sizeof *columns.names);
  bool failed = !columns.names;
  for (size_t i = 0; !failed && i < columns.count; i++) {
    const char *name = sqlite3_column_name(statement, (int)i);
    columns.names[i] = name ? fsa_arena_copy(arena, name, strlen(name)) : NULL;
    failed = !columns.names[i];
  }
  sqlite3_finalize(statement);
  if (failed) return FSA_E_NOMEM;
  *ret_columns = columns;
  return FSA_OK;
}
