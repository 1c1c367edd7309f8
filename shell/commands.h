/* The commands of the program, and the dot commands of the shell. */
#ifndef FSA_SHELL_COMMANDS_H
#define FSA_SHELL_COMMANDS_H

#include "options.h"

/* `fsa sweep`, `fsa schema`, `fsa pack`: argv[0] is the command's name. An exit code. */
int fsa_sweep_main(int argc, char **argv);
int fsa_schema_main(int argc, char **argv);
int fsa_pack_main(int argc, char **argv);

/* One dot command of the shell: its name without the dot, its argument and what it does. */
typedef struct FsaDotCommand {
  const char *name;
  const char *argument; /* "" = none */
  const char *help;
  /* Runs with the argument ("" when absent, blanks around it removed). An exit code. */
  int (*run)(FsaSession *session, const char *argument);
} FsaDotCommand;

/* All dot commands, ended by one without a name. */
extern const FsaDotCommand fsa_dot_commands[];

/* Runs a line that begins with a dot. An exit code; a mistake is explained. */
int fsa_dot_run(FsaSession *session, const char *line);

#endif
