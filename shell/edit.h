/*
 * Line editing on a terminal. Two files do it, and the system decides which is built:
 *
 * edit_libedit.c, the only file that knows libedit, has history and completion. The history is kept
 * in ~/.fsa_history, or in the file that FSA_HISTORY names; none when that is empty or no regular
 * file ("/dev/null"): on a host under examination nothing needs to be written.
 *
 * edit_console.c leaves editing and history to the console, which forgets them with its window, and
 * completes nothing: Windows.
 */
#ifndef FSA_SHELL_EDIT_H
#define FSA_SHELL_EDIT_H

#include <stddef.h>

#include "base/text.h"

typedef struct FsaEdit FsaEdit;

/* How one leaves ("Ctrl-D leaves"), and all keys that mean something, as lines of help. */
extern const char fsa_edit_leaves[], fsa_edit_keys[];

/* A line editor on standard input and output; NULL when there is none to be had. */
FsaEdit *fsa_edit_new(void);

/* Writes the history and gives the terminal back. Accepts NULL. */
void fsa_edit_free(FsaEdit *edit);

/*
 * Reads a line. `before` is the open statement so far, for completion. FSA_ROW with the line
 * (without its line break, NUL-terminated, good until the next call), FSA_OK at the end of the
 * input, FSA_E_CANCELLED when Ctrl-C was typed.
 */
int fsa_edit_line(FsaEdit *edit, const char *prompt, FsaText before, FsaText *ret_line);

/* Adds a statement or command to the history; an empty one and a repetition of the last are not. */
void fsa_edit_remember(FsaEdit *edit, const char *text, size_t size);

#endif
