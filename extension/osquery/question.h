/*
 * What osquery asks of a table: the context of a `generate` call, read into keys.
 *
 * osquery filters every row again, so a question may admit too much and never too little. Whatever
 * is not understood narrows nothing: unknown operators (SQLite's own leak through), LIMIT, values
 * that SQLite may compare in another way than we would.
 */
#ifndef FSA_OSQUERY_QUESTION_H
#define FSA_OSQUERY_QUESTION_H

#include "sql/layout.h"

typedef struct FsaQuestion {
  const FsaTable *table;
  FsaColumnSet wanted; /* the table's own columns that are used */
  bool *sent;          /* layout_count() of them: which columns a row has */
  FsaKey *keys;        /* one for each own column, then one for `source` */
  bool has_keys;
  bool has_arguments; /* one of them is an argument: no other question's rows can answer this one */
  bool seeks;         /* a key names the subjects (a pid, a path): asking is cheap */
  const char **evidence; /* as it was named; each of them is asked */
  size_t evidence_count; /* 0: the live host */
} FsaQuestion;

/*
 * Reads the context (JSON; empty or NULL: everything is asked). The question lives in `arena`.
 * FSA_OK; or FSA_E_FORMAT, FSA_E_USAGE, FSA_E_LIMIT or FSA_E_NOMEM with words for the user.
 */
int fsa_question_read(const FsaTable *table, FsaText context, FsaArena *arena,
                      FsaQuestion *ret_question, FsaError *ret_error);

#endif
