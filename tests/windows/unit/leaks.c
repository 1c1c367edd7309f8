/*
 * Full scans of every live table, again and again: handles (tokens are some) and threads stay as
 * many as they were. `windows-leaks [ROUNDS [TABLE]]`; the suite runs a few, a release
 * 1,000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "fsa.h"
#include "sql/sql.h"
#include "windows/own.h"

/* Wine and the C library keep a handle or two for what they met first; a leak is one a scan. */
#define SLACK 2

static int rounds = 4; /* a leak of one a scan is more than the slack */
static const char *only; /* a table; NULL = all */

static int pass(void *context, int count, char **values, char **names) {
  (void)context, (void)count, (void)values, (void)names;
  return 0;
}

static void scan(sqlite3 *db, const FsaTable *table) {
  char *sql = sqlite3_mprintf("SELECT * FROM fsa_%s", table->name);
  assert_int_equal(sqlite3_exec(db, sql, pass, NULL, NULL), SQLITE_OK);
  sqlite3_free(sql);
}

static bool is_scanned(const FsaTable *table) {
  const bool names_files = table->subject == FSA_FILE && !table->where;
  const bool wants_rules = strcmp(table->name, "yara_memory") == 0;
  if (only && strcmp(table->name, only) != 0) return false;
  return (table->sources & FSA_LIVE_WINDOWS) && !names_files && !wants_rules;
}

static void nothing_is_left_open(void **state) {
  FsaEngine *engine;
  sqlite3 *db;
  (void)state;
  assert_int_equal(fsa_engine_new(NULL, &engine), FSA_OK);
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(fsa_sql_register(db, engine, true, NULL), SQLITE_OK);
  for (size_t i = 0; i < fsa_table_count; i++) {
    if (!is_scanned(fsa_tables[i])) continue;
    scan(db, fsa_tables[i]); /* what is loaded once, and the guard's worker */
    scan(db, fsa_tables[i]);
    const int handles = own_handles(), threads = own_threads();
    for (int round = 0; round < rounds; round++) scan(db, fsa_tables[i]);
    print_message("%s: %d handles, %d threads after %d scans\n", fsa_tables[i]->name, own_handles(),
                  own_threads(), rounds);
    assert_in_range(own_handles(), 1, handles + SLACK);
    assert_int_equal(own_threads(), threads);
  }
  sqlite3_close(db);
}

int main(int count, char **arguments) {
  if (count > 1) rounds = atoi(arguments[1]);
  if (count > 2) only = arguments[2];
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left_open)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
