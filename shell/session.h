/*
 * A session: one SQLite connection over one engine, and how its results are printed.
 *
 * Belongs to one thread; only fsa_interrupt_*() may be called from a signal handler.
 */
#ifndef FSA_SHELL_SESSION_H
#define FSA_SHELL_SESSION_H

#include <sqlite3.h>

#include "output.h"
#include "progress.h"
#include "sql/sql.h"

/* Exit codes of the program. [design 9] */
enum {
  FSA_EXIT_OK = 0,
  FSA_EXIT_USAGE = 1,
  FSA_EXIT_SQL = 2,      /* SQL, pack or output failed */
  FSA_EXIT_EVIDENCE = 3, /* evidence could not be opened */
  FSA_EXIT_PROBLEMS = 4, /* done, but something could not be read (--strict) */
};

typedef struct FsaSession {
  FsaEngine *engine;
  sqlite3 *db;
  FsaWriter out;
  const FsaMode *mode; /* NULL: table on a terminal, csv elsewhere */
  bool has_header;
  bool has_timer;
  bool is_over;        /* .quit, or the reader of the output went away */
  unsigned read_depth; /* files that are being read inside each other */
  FsaProgress *progress;
  uint64_t problems_told; /* problems that the user has been told about */
} FsaSession;

/*
 * Opens the engine, the database in memory and standard output (or `output`). Says on standard
 * error what failed and gives the exit code; FSA_EXIT_OK when all is well. A session that failed is
 * closed.
 */
int fsa_session_open(FsaSession *session, const FsaEngineOptions *options, const char *output);

/* Closes everything; FSA_EXIT_SQL, with a message, when the output could not be written. */
int fsa_session_close(FsaSession *session);

/* The mode in force. */
const FsaMode *fsa_session_mode(const FsaSession *session);

/* Sends the results to a file, or with NULL to standard output again. FSA_OK or a told failure. */
int fsa_session_redirect(FsaSession *session, const char *path);

/* Tells on standard error about problems that were recorded since the last time, with the first
 * few. */
void fsa_session_tell_problems(FsaSession *session);

/* True when anything could not be read since the session began. */
bool fsa_session_has_problems(const FsaSession *session);

#endif
