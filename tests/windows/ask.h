/*
 * SQL for tests that replace native calls: the tables as the programs have them, in the test's own
 * process.
 */
#ifndef FSA_TESTS_WINDOWS_ASK_H
#define FSA_TESTS_WINDOWS_ASK_H

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "os/windows/nt.h"
#include "sql/sql.h"

static sqlite3 *ask_db;
static FsaEngine *ask_engine;
static Nt ask_real; /* the calls as the system has them */
static char ask_text[64u << 10];

/* For setup and teardown of one test: a host of its own, and the system's calls back in place. */
static int ask_open(void **state) {
  (void)state;
  nt_load();
  ask_real = nt;
  if (fsa_engine_new(NULL, &ask_engine) != FSA_OK) return -1;
  if (sqlite3_open(":memory:", &ask_db) != SQLITE_OK) return -1;
  return fsa_sql_register(ask_db, ask_engine, false, NULL) == SQLITE_OK ? 0 : -1;
}

static int ask_close(void **state) {
  (void)state;
  nt = ask_real;
  sqlite3_close(ask_db);
  fsa_engine_free(ask_engine);
  return 0;
}

static int ask_add_row(void *context, int count, char **values, char **names) {
  size_t *used = context;
  (void)names;
  for (int i = 0; i < count; i++) {
    const int size = snprintf(ask_text + *used, sizeof ask_text - *used, "%s%s",
                              values[i] ? values[i] : "NULL", i + 1 < count ? "|" : "\n");
    if (size < 0 || (size_t)size >= sizeof ask_text - *used) return 1;
    *used += (size_t)size;
  }
  return 0;
}

/*
 * The rows of a query, values parted by "|", a line each. A NULL is NULL; an error is its message.
 */
static const char *ask(const char *format, ...) {
  char sql[4096];
  char *message = NULL;
  size_t used = 0;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sql, sizeof sql, format, arguments);
  va_end(arguments);
  ask_text[0] = '\0';
  if (sqlite3_exec(ask_db, sql, ask_add_row, &used, &message) != SQLITE_OK)
    snprintf(ask_text, sizeof ask_text, "%s", message);
  sqlite3_free(message);
  return ask_text;
}

#endif
