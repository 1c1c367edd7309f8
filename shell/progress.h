/*
 * One line on a terminal's standard error that says what goes on during long work.
 *
 * It appears only when the work takes longer than a second and only on a terminal, and is wiped
 * before anything else is written there. Drawn by a thread of its own, because a single step of a
 * query can take minutes.
 */
#ifndef FSA_SHELL_PROGRESS_H
#define FSA_SHELL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FsaProgress FsaProgress;

/* A progress line, silent until fsa_progress_begin(); NULL when standard error is no terminal. All
 * functions accept NULL. */
FsaProgress *fsa_progress_new(void);
void fsa_progress_free(FsaProgress *progress);

/* Work begins: `what` of `total` pieces (0 = unknown), `done` of them finished. Rows start at 0. */
void fsa_progress_begin(FsaProgress *progress, const char *what, size_t done, size_t total);

/* Rows seen since the begin. Cheap: called for each row. */
void fsa_progress_rows(FsaProgress *progress, uint64_t rows);

/* Wipes the line and draws it no more until the next begin. */
void fsa_progress_hide(FsaProgress *progress);

#endif
