/* The dot commands. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "edit.h"
#include "input.h"
#include "query.h"
#include "terminal.h"

#define MAX_TEXT (64u << 20) /* bytes of a printed schema */

/* Prints a query; %q or %s in it stands for the argument. */
static int print_query(FsaSession *session, const char *sql, const char *argument) {
  char *text = sqlite3_mprintf(sql, argument);
  if (!text) return FSA_EXIT_SQL;
  int result = fsa_query_run(session, text, 0);
  sqlite3_free(text);
  return result;
}

static int refuse_table(const char *name) {
  const FsaTable *near = fsa_query_nearest_table(name);
  if (near)
    fsa_terminal_complain("no table is called %s; did you mean fsa_%s?", name, near->name);
  else
    fsa_terminal_complain("no table is called %s; .tables lists them", name);
  return FSA_EXIT_USAGE;
}

static int run_columns(FsaSession *session, const char *argument) {
  const FsaTable *table = fsa_schema_find(argument);
  if (!*argument) {
    fsa_terminal_complain(".columns needs a table's name; .tables lists them");
    return FSA_EXIT_USAGE;
  }
  if (!table) return refuse_table(argument);
  FsaBuffer sql = fsa_buffer(MAX_TEXT);
  for (int i = 0; i < table->column_count; i++) {
    const FsaColumn *column = &table->columns[i];
    char *row = sqlite3_mprintf("%s(%Q, %Q)", i ? ", " : "", column->name, column->help);
    if (row) fsa_buffer_puts(&sql, row);
    if (!row) sql.error = FSA_E_NOMEM;
    sqlite3_free(row);
  }
  int result = sql.error ? FSA_EXIT_SQL
                         : print_query(session,
                                       "SELECT column1 AS \"column\", column2 AS meaning"
                                       " FROM (VALUES %s)",
                                       fsa_buffer_text(&sql));
  fsa_buffer_done(&sql);
  return result;
}

static int run_evidence(FsaSession *session, const char *argument) {
  FsaError error = {0};
  if (!*argument) {
    const char *name = fsa_engine_evidence(session->engine);
    fsa_terminal_add("evidence: %s", name ? name : "live");
    return FSA_EXIT_OK;
  }
  const char *name = strcmp(argument, "live") == 0 ? NULL : argument;
  if (fsa_engine_set_evidence(session->engine, name, &error) == FSA_OK) return FSA_EXIT_OK;
  fsa_terminal_complain("%s", error.message);
  return FSA_EXIT_EVIDENCE;
}

static int set_switch(const char *command, const char *argument, bool *ret_is_on) {
  if (strcmp(argument, "on") != 0 && strcmp(argument, "off") != 0) {
    fsa_terminal_complain(".%s needs on or off", command);
    return FSA_EXIT_USAGE;
  }
  *ret_is_on = argument[1] == 'n';
  return FSA_EXIT_OK;
}

static int run_headers(FsaSession *session, const char *argument) {
  return set_switch("headers", argument, &session->has_header);
}

static int run_help(FsaSession *session, const char *argument) {
  (void)argument;
  for (const FsaDotCommand *command = fsa_dot_commands; command->name; command++) {
    char line[160];
    snprintf(line, sizeof line, "  .%-9s %-14s %s\n", command->name, command->argument,
             command->help);
    fsa_writer_puts(&session->out, line);
  }
  fsa_writer_puts(&session->out, "\n  A statement may have several lines and ends with ';'. ");
  fsa_writer_puts(&session->out, fsa_edit_keys);
  fsa_writer_flush(&session->out);
  return FSA_EXIT_OK;
}

static int list_modes(FsaSession *session) {
  for (const FsaMode *const *mode = fsa_modes; *mode; mode++) {
    char line[160];
    snprintf(line, sizeof line, "%c %-9s %s\n", *mode == fsa_session_mode(session) ? '*' : ' ',
             (*mode)->name, (*mode)->help);
    fsa_writer_puts(&session->out, line);
  }
  fsa_writer_flush(&session->out);
  return FSA_EXIT_OK;
}

static int run_mode(FsaSession *session, const char *argument) {
  if (!*argument) return list_modes(session);
  const FsaMode *mode = fsa_mode_find(argument);
  if (!mode) {
    fsa_terminal_complain("no mode is called %s; .mode lists them", argument);
    return FSA_EXIT_USAGE;
  }
  session->mode = mode;
  return FSA_EXIT_OK;
}

static int run_output(FsaSession *session, const char *argument) {
  return fsa_session_redirect(session, *argument ? argument : NULL) == FSA_OK ? FSA_EXIT_OK
                                                                              : FSA_EXIT_SQL;
}

static int run_problems(FsaSession *session, const char *argument) {
  return print_query(session, "SELECT * FROM fsa_problems", argument);
}

static int run_quit(FsaSession *session, const char *argument) {
  (void)argument;
  session->is_over = true;
  return FSA_EXIT_OK;
}

static int run_read(FsaSession *session, const char *argument) {
  FsaStream file; /* any: it is the analyst's, not evidence */
  const int error = fsa_stream_open(argument, &file);
  if (error) {
    fsa_terminal_complain("cannot read %s: %s", argument, strerror(error));
    return FSA_EXIT_USAGE;
  }
  int result = fsa_input_run(session, &file);
  fsa_stream_close(&file);
  return result;
}

static int run_schema(FsaSession *session, const char *argument) {
  const FsaTable *table = *argument ? fsa_schema_find(argument) : NULL;
  if (*argument && !table) return refuse_table(argument);
  FsaBuffer text = fsa_buffer(MAX_TEXT);
  fsa_schema_print(&text, FSA_SCHEMA_SQL, table);
  fsa_writer_put(&session->out, text.data, text.size);
  fsa_writer_flush(&session->out);
  fsa_buffer_done(&text);
  return FSA_EXIT_OK;
}

static int run_tables(FsaSession *session, const char *argument) {
  return print_query(session,
                     "SELECT * FROM (SELECT name, summary FROM fsa_tables UNION ALL"
                     " SELECT name, type FROM sqlite_schema) WHERE name LIKE '%%%q%%'",
                     argument);
}

static int run_timer(FsaSession *session, const char *argument) {
  return set_switch("timer", argument, &session->has_timer);
}

const FsaDotCommand fsa_dot_commands[] = {
    {"columns", "TABLE", "the columns of a table and what they mean", run_columns},
    {"evidence", "[PATH|live]", "what is asked: a folder, a file or this host", run_evidence},
    {"exit", "", "leaves", run_quit},
    {"headers", "on|off", "the line of column names", run_headers},
    {"help", "", "this list", run_help},
    {"mode", "[MODE]", "how results look; without MODE: the list", run_mode},
    {"output", "[FILE]", "results go to FILE; without FILE: here again", run_output},
    {"problems", "", "what could not be read", run_problems},
    {"quit", "", "leaves", run_quit},
    {"read", "FILE", "runs the SQL and the commands in FILE", run_read},
    {"schema", "[TABLE]", "the tables as CREATE TABLE statements", run_schema},
    {"tables", "[TEXT]", "the tables, or those with TEXT in their name", run_tables},
    {"timer", "on|off", "the time that each statement took", run_timer},
    {NULL, NULL, NULL, NULL},
};

/* The argument of a command: what follows the name, without blanks around it or one pair of quotes.
 */
static FsaText argument_of(const char *text) {
  while (isspace((unsigned char)*text)) text++;
  size_t size = strlen(text);
  while (size && (isspace((unsigned char)text[size - 1]) || text[size - 1] == ';')) size--;
  bool is_quoted = size > 1 && (text[0] == '"' || text[0] == '\'') && text[size - 1] == text[0];
  return is_quoted ? (FsaText){text + 1, size - 2} : (FsaText){text, size};
}

int fsa_dot_run(FsaSession *session, const char *line) {
  size_t size = 1;
  while (isalpha((unsigned char)line[size])) size++;
  FsaText argument = argument_of(line + size);
  for (const FsaDotCommand *command = fsa_dot_commands; command->name; command++) {
    if (strlen(command->name) != size - 1 || memcmp(command->name, line + 1, size - 1) != 0)
      continue;
    FsaBuffer copy = fsa_buffer(FSA_MAX_PATH);
    fsa_buffer_put(&copy, argument.data, argument.size);
    int result = command->run(session, fsa_buffer_text(&copy));
    fsa_buffer_done(&copy);
    return result;
  }
  fsa_terminal_complain("no command is called %.*s; .help lists them", (int)size, line);
  return FSA_EXIT_USAGE;
}
