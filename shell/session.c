/* The session's life, its output, and the problems it tells about. */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "terminal.h"

#define PROBLEMS_SPELLED_OUT 3

static int open_database(FsaSession *session) {
  const char *message = NULL;
  int result =
      sqlite3_open_v2(":memory:", &session->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (result == SQLITE_OK) result = fsa_sql_register(session->db, session->engine, false, &message);
  if (result == SQLITE_OK) return FSA_EXIT_OK;
  fsa_terminal_complain("cannot set up SQLite: %s", message ? message : sqlite3_errstr(result));
  return FSA_EXIT_SQL;
}

/* The evidence is opened now, so that a wrong path is known before the first answer. */
static int open_evidence(FsaSession *session, const char *name) {
  FsaError error = {0};
  if (!name) return FSA_EXIT_OK;
  if (fsa_engine_set_evidence(session->engine, name, &error) == FSA_OK) return FSA_EXIT_OK;
  fsa_terminal_complain("%s", error.message);
  return FSA_EXIT_EVIDENCE;
}

static int open_output(FsaWriter *writer, const char *path) {
  const int error = fsa_writer_open(writer, path);
  if (error == 0) return FSA_EXIT_OK;
  fsa_terminal_complain("cannot write %s: %s", path ? path : "standard output",
                        error == ENOMEM ? "out of memory" : strerror(error));
  return FSA_EXIT_SQL;
}

int fsa_session_open(FsaSession *session, const FsaEngineOptions *options, const char *output) {
  FsaEngineOptions without_evidence = *options;
  without_evidence.evidence = NULL;
  *session = (FsaSession){.has_header = true};
  int result = FSA_EXIT_SQL;
  if (fsa_engine_new(&without_evidence, &session->engine) != FSA_OK)
    fsa_terminal_complain("out of memory");
  else
    result = open_evidence(session, options->evidence);
  if (result == FSA_EXIT_OK) result = open_database(session);
  if (result == FSA_EXIT_OK) result = open_output(&session->out, output);
  if (result != FSA_EXIT_OK) {
    fsa_session_close(session);
    return result;
  }
  session->progress = fsa_progress_new();
  session->out.progress = session->progress;
  return FSA_EXIT_OK;
}

static int close_output(FsaSession *session) {
  int error = fsa_writer_close(&session->out);
  if (error == 0 || error == EPIPE) return FSA_EXIT_OK;
  fsa_terminal_complain("the output could not be written and is incomplete: %s", strerror(error));
  return FSA_EXIT_SQL;
}

int fsa_session_close(FsaSession *session) {
  int result = close_output(session);
  fsa_progress_free(session->progress);
  sqlite3_close_v2(session->db);
  fsa_engine_free(session->engine);
  *session = (FsaSession){0};
  return result;
}

const FsaMode *fsa_session_mode(const FsaSession *session) {
  if (session->mode) return session->mode;
  return session->out.is_terminal ? &fsa_mode_table : &fsa_mode_csv;
}

int fsa_session_redirect(FsaSession *session, const char *path) {
  FsaWriter writer;
  int result = open_output(&writer, path);
  if (result != FSA_EXIT_OK) return FSA_E_IO;
  close_output(session);
  session->out = writer;
  session->out.progress = session->progress;
  return FSA_OK;
}

/* One problem: "fsa_shimcache  C:\...\SYSTEM, byte 4096: format: ...". */
static void tell_problem(sqlite3_stmt *problem) {
  const char *source = (const char *)sqlite3_column_text(problem, 1);
  const char *offset = (const char *)sqlite3_column_text(problem, 2);
  fsa_terminal_add("%s: %s%s%s: %s: %s", (const char *)sqlite3_column_text(problem, 0),
                   source ? source : "the evidence", offset ? ", byte " : "", offset ? offset : "",
                   (const char *)sqlite3_column_text(problem, 3),
                   (const char *)sqlite3_column_text(problem, 4));
}

static void tell_first_problems(FsaSession *session, uint64_t skip) {
  static const char sql[] = "SELECT table_name, problem_source, problem_offset, code, message"
                            " FROM fsa_problems LIMIT ?1 OFFSET ?2";
  sqlite3_stmt *problems = NULL;
  if (sqlite3_prepare_v2(session->db, sql, -1, &problems, NULL) != SQLITE_OK) return;
  sqlite3_bind_int(problems, 1, PROBLEMS_SPELLED_OUT);
  sqlite3_bind_int64(problems, 2, (sqlite3_int64)skip);
  while (sqlite3_step(problems) == SQLITE_ROW) tell_problem(problems);
  sqlite3_finalize(problems);
}

void fsa_session_tell_problems(FsaSession *session) {
  fsa_interrupt_begin(); /* a cancelled query's problems are told too */
  uint64_t count = fsa_engine_problem_count(session->engine);
  uint64_t fresh = count - session->problems_told;
  if (fresh == 0) return;
  fsa_terminal_complain("%llu problem%s while reading (SELECT * FROM fsa_problems)",
                        (unsigned long long)fresh, fresh == 1 ? "" : "s");
  /* the engine keeps the newest FSA_MAX_PROBLEMS: the first kept one may be later than ours */
  uint64_t dropped = count > FSA_MAX_PROBLEMS ? count - FSA_MAX_PROBLEMS : 0;
  tell_first_problems(session,
                      session->problems_told > dropped ? session->problems_told - dropped : 0);
  session->problems_told = fsa_engine_problem_count(session->engine);
}

bool fsa_session_has_problems(const FsaSession *session) {
  return fsa_engine_problem_count(session->engine) > 0;
}
