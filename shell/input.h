/*
 * Input line by line: a line that begins with a dot is a command when no statement is open; other
 * lines gather until a statement is complete, which then runs.
 */
#ifndef FSA_SHELL_INPUT_H
#define FSA_SHELL_INPUT_H

#include "session.h"

typedef struct FsaGather {
  FsaBuffer text;
  size_t first_line; /* line number where `text` begins; 0 = not counted */
} FsaGather;

/* An empty one; fsa_gather_end() gives its memory back. */
FsaGather fsa_gather(void);

/* True while a statement is open. */
bool fsa_gather_is_open(const FsaGather *gather);

/* Forgets the open statement. */
void fsa_gather_drop(FsaGather *gather);

/* Takes a line of `size` bytes without its line break. `number` is its number, or 0. An exit code.
 */
int fsa_gather_line(FsaGather *gather, FsaSession *session, const char *line, size_t size,
                    size_t number);

/* Runs what is left at the end of the input and frees the memory. An exit code. */
int fsa_gather_end(FsaGather *gather, FsaSession *session);

/* Runs a whole file or pipe; stops at the first failure. An exit code. */
int fsa_input_run(FsaSession *session, FsaStream *stream);

#endif
