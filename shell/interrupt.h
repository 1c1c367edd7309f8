/* Ctrl-C: ends the running query, not the shell. */
#ifndef FSA_SHELL_INTERRUPT_H
#define FSA_SHELL_INTERRUPT_H

#include <stdbool.h>

struct sqlite3;
struct FsaEngine;

/*
 * From now on Ctrl-C interrupts the queries of `db` and the scans of `engine`; with NULL it ends
 * the program again. Also makes a broken pipe an error of writing instead of a signal.
 */
void fsa_interrupt_watch(struct sqlite3 *db, struct FsaEngine *engine);

/* A query begins: an earlier Ctrl-C is forgotten. */
void fsa_interrupt_begin(void);

/* True when Ctrl-C came since the query began. */
bool fsa_interrupt_came(void);

#endif
