/* SQL in, printed results out. */
#ifndef FSA_SHELL_QUERY_H
#define FSA_SHELL_QUERY_H

#include "session.h"

/*
 * Runs every statement of a text and prints the results. Stops at the first that fails, says what
 * was wrong and where (with `line`, the text's first line in its file, when that is not 0), and
 * gives FSA_EXIT_SQL, or FSA_EXIT_EVIDENCE when evidence could not be opened. Sets session->is_over
 * when the reader of the output went away.
 */
int fsa_query_run(FsaSession *session, const char *sql, size_t line);

/* The cells of the row that `statement` stands on. `is_json` marks the columns that hold JSON. */
void fsa_query_cells(sqlite3_stmt *statement, const bool *is_json, FsaCell *ret_cells);

/* The known table whose name is nearest to a misspelt one; NULL when none is near. */
const FsaTable *fsa_query_nearest_table(const char *name);

#endif
