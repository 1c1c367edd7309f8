/*
 * What our programs need of the system around their work: arguments, environment, Ctrl-C, random
 * bytes.
 *
 * This header and stream.h, console.h, folder.h and naming.h are for the programs (extension/,
 * shell/, scoring/); no table includes them. They are built into a library of their own, so that
 * the scorer needs nothing of the live host. Texts are UTF-8 on every system. What fails as a call
 * of the C library does gives an errno value and 0 when all is well.
 */
#ifndef FSA_OS_PROGRAM_H
#define FSA_OS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * Call first in main(). Makes the arguments UTF-8 (Windows: those of the wide command line; else
 * they stay the bytes that were given), the locale UTF-8 where the C library has one, and the
 * standard streams of the C library free of any translation of line ends. FSA_E_NOMEM is the one
 * error.
 */
int fsa_program_begin(int *argc, char ***argv);

/*
 * A variable of the environment; NULL when it is not set. Lives as long as the environment and
 * `arena` do.
 */
const char *fsa_program_variable(const char *name, FsaArena *arena);

/*
 * From now on Ctrl-C (SIGINT; on Windows Ctrl-Break too) calls `handler`, with NULL it ends the
 * program again. The handler may run at any moment and on any thread, so it may do what a signal
 * handler may and nothing else. Once this has returned, the handler before is on Windows not
 * running any more. Also makes a pipe whose reader went away an error of writing (EPIPE), not a
 * signal.
 */
typedef void FsaInterruptHandler(void);
void fsa_program_on_interrupt(FsaInterruptHandler *handler);

/* Fills `bytes` with what nobody can foresee; false when the system has none to give. */
bool fsa_program_random(void *bytes, size_t size);

#endif
