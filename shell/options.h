/* The command line: options of all commands, each in one table. */
#ifndef FSA_SHELL_OPTIONS_H
#define FSA_SHELL_OPTIONS_H

#include "session.h"

/* Which options a command takes. */
enum {
  FSA_OPTION_EVIDENCE = 1,  /* -e PATH, --evidence PATH */
  FSA_OPTION_FORMAT = 2,    /* -f MODE, --format MODE */
  FSA_OPTION_OUTPUT = 4,    /* -o FILE, --output FILE */
  FSA_OPTION_ENGINE = 8,    /* --jobs N, --timeout S, --memory MB */
  FSA_OPTION_STRICT = 16,   /* --strict */
  FSA_OPTION_PACK = 32,     /* --pack PATH */
  FSA_OPTION_HOST = 64,     /* --host-identifier uuid|hostname|NAME */
  FSA_OPTION_QUIET = 128,   /* --quiet */
  FSA_OPTION_SCHEMA = 256,  /* --markdown, --json, --osquery, --fleet DIR, --list */
  FSA_OPTION_VERSION = 512, /* --version */
  FSA_OPTION_RULES = 1024,  /* --rules PATH */
};

#define FSA_MAX_PATH_OPTIONS 1024 /* how often --pack, --rules or --evidence may be given */

typedef enum FsaSchemaChoice {
  FSA_CHOICE_SQL,
  FSA_CHOICE_MARKDOWN,
  FSA_CHOICE_JSON,
  FSA_CHOICE_OSQUERY,
  FSA_CHOICE_FLEET,
  FSA_CHOICE_LIST,
} FsaSchemaChoice;

typedef struct FsaOptions {
  const char **evidence; /* as often as given; the one of a query is the last */
  size_t evidence_count;
  const char **packs;
  size_t pack_count;
  const char **rules;
  size_t rule_count;
  const FsaMode *mode; /* NULL = not given */
  const char *output;  /* NULL = not given */
  const char *host_identifier;
  const char *fleet_folder;
  FsaSchemaChoice schema;
  FsaEngineOptions engine;
  bool is_strict, is_quiet, wants_help, wants_version;
  char **words; /* what is no option; part of argv */
  size_t word_count;
} FsaOptions;

/*
 * Reads argv[1..]; `command` ("", "sweep", ...) is for messages. Options and words may be mixed;
 * "--" ends the options. FSA_EXIT_OK, or FSA_EXIT_USAGE with a message.
 */
int fsa_options_read(FsaOptions *options, const char *command, unsigned taken, int argc,
                     char **argv);
void fsa_options_done(FsaOptions *options);

#endif
