/*
 * Conditions of rules and attributes as the scorer will read them: over the columns of a row, with
 * no table and no function but those that compute. They are prepared, never run.
 */
#include <sqlite3.h>
#include <string.h>

#include "base/buffer.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/result.h"
#include "pack.h"

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger) {
  (void)context, (void)first, (void)trigger;
  const bool is_allowed =
      action == SQLITE_SELECT || (action == SQLITE_READ && !database) ||
      (action == SQLITE_FUNCTION && second && fsa_is_condition_function(second));
  return is_allowed ? SQLITE_OK : SQLITE_DENY;
}

static void stand_in(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count, (void)values;
  sqlite3_result_null(context);
}

/* A database of nothing but the functions; NULL = out of memory. */
static sqlite3 *open_functions(void) {
  sqlite3 *db = NULL;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
    sqlite3_close(db);
    return NULL;
  }
  for (const char *const *name = fsa_condition_functions; *name; name++)
    sqlite3_create_function_v2(db, *name, 1, SQLITE_UTF8, NULL, stand_in, NULL, NULL, NULL);
  sqlite3_set_authorizer(db, authorize, NULL);
  return db;
}

const char *fsa_pack_condition_fault(const FsaPackColumns *columns, const char *where,
                                     FsaArena *arena) {
  FsaBuffer sql = fsa_buffer(FSA_MAX_PACK_FILE);
  sqlite3_stmt *statement = NULL;
  sqlite3 *db = open_functions();
  fsa_buffer_puts(&sql, "SELECT 1 FROM (SELECT ");
  for (size_t i = 0; i < columns->count; i++)
    fsa_buffer_printf(&sql, "%s'' AS \"%s\"", i ? ", " : "", columns->names[i]);
  fsa_buffer_printf(&sql, ") WHERE (%s\n)", where);
  const char *text = fsa_buffer_text(&sql), *why = NULL;
  if (!db || sql.error) {
    why = "out of memory";
  } else if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) {
    why = fsa_arena_copy(arena, sqlite3_errmsg(db), strlen(sqlite3_errmsg(db)));
    if (!why) why = "out of memory";
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  fsa_buffer_done(&sql);
  return why;
}
