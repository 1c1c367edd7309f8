/* The interactive shell: prompt, read, run, until Ctrl-D or .quit. */
#ifndef FSA_SHELL_REPL_H
#define FSA_SHELL_REPL_H

#include "session.h"

/* Runs until the user leaves. An exit code; failing statements are told and are no failure of it.
 */
int fsa_repl_run(FsaSession *session);

#endif
