/* Reading the command line. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#define MAX_SECONDS (365 * 24 * 3600)
#define MAX_MEGABYTES (1u << 20)

typedef struct Option {
  const char *name;
  char letter; /* 0 = none */
  bool has_value;
  unsigned group; /* FSA_OPTION_...; 0 = every command */
  int (*set)(FsaOptions *options, const char *value);
} Option;

/* ---- setting ----------------------------------------------------------------------------- */

static int refuse(const char *what, const char *value, const char *wanted) {
  fsa_terminal_complain("--%s %s: %s", what, value, wanted);
  return FSA_EXIT_USAGE;
}

static int read_number(const char *what, const char *value, unsigned long long most,
                       unsigned long long *ret_number) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || *end || errno || number > most) {
    fsa_terminal_complain("--%s %s: a whole number from 0 to %llu is expected", what, value, most);
    return FSA_EXIT_USAGE;
  }
  *ret_number = number;
  return FSA_EXIT_OK;
}

static int add_path(const char *what, const char ***paths, size_t *count, const char *path) {
  if (!*path) return refuse(what, "''", "a path is expected");
  if (*count == FSA_MAX_PATH_OPTIONS) return refuse(what, path, "given too often");
  const char **grown = realloc(*paths, (*count + 1) * sizeof *grown);
  if (!grown) return refuse(what, path, "out of memory");
  grown[(*count)++] = path;
  *paths = grown;
  return FSA_EXIT_OK;
}

static int set_evidence(FsaOptions *options, const char *value) {
  return add_path("evidence", &options->evidence, &options->evidence_count, value);
}

static int set_pack(FsaOptions *options, const char *value) {
  return add_path("pack", &options->packs, &options->pack_count, value);
}

static int set_rules(FsaOptions *options, const char *value) {
  return add_path("rules", &options->rules, &options->rule_count, value);
}

static int set_format(FsaOptions *options, const char *value) {
  options->mode = fsa_mode_find(value);
  if (options->mode) return FSA_EXIT_OK;
  return refuse("format", value, "table, box, csv, tsv, json, jsonl, line or markdown is expected");
}

static int set_output(FsaOptions *options, const char *value) {
  if (!*value) return refuse("output", "''", "a path is expected");
  options->output = value;
  return FSA_EXIT_OK;
}

static int set_jobs(FsaOptions *options, const char *value) {
  unsigned long long number;
  if (read_number("jobs", value, FSA_MAX_JOBS, &number) != FSA_EXIT_OK) return FSA_EXIT_USAGE;
  options->engine.jobs = (unsigned)number;
  return FSA_EXIT_OK;
}

static int set_timeout(FsaOptions *options, const char *value) {
  unsigned long long number;
  if (read_number("timeout", value, MAX_SECONDS, &number) != FSA_EXIT_OK) return FSA_EXIT_USAGE;
  options->engine.deadline_seconds = (int64_t)number;
  return FSA_EXIT_OK;
}

static int set_memory(FsaOptions *options, const char *value) {
  unsigned long long number;
  if (read_number("memory", value, MAX_MEGABYTES, &number) != FSA_EXIT_OK) return FSA_EXIT_USAGE;
  options->engine.memory = (size_t)number << 20;
  return FSA_EXIT_OK;
}

static int set_host_identifier(FsaOptions *options, const char *value) {
  if (!*value) return refuse("host-identifier", "''", "uuid, hostname or a name is expected");
  options->host_identifier = value;
  return FSA_EXIT_OK;
}

static int set_fleet(FsaOptions *options, const char *value) {
  options->schema = FSA_CHOICE_FLEET;
  options->fleet_folder = value;
  return FSA_EXIT_OK;
}

static int set_schema(FsaOptions *options, FsaSchemaChoice choice) {
  options->schema = choice;
  return FSA_EXIT_OK;
}

static int set_markdown(FsaOptions *options, const char *value) {
  (void)value;
  return set_schema(options, FSA_CHOICE_MARKDOWN);
}

static int set_json(FsaOptions *options, const char *value) {
  (void)value;
  return set_schema(options, FSA_CHOICE_JSON);
}

static int set_osquery(FsaOptions *options, const char *value) {
  (void)value;
  return set_schema(options, FSA_CHOICE_OSQUERY);
}

static int set_list(FsaOptions *options, const char *value) {
  (void)value;
  return set_schema(options, FSA_CHOICE_LIST);
}

static int set_strict(FsaOptions *options, const char *value) {
  (void)value;
  options->is_strict = true;
  return FSA_EXIT_OK;
}

static int set_quiet(FsaOptions *options, const char *value) {
  (void)value;
  options->is_quiet = true;
  return FSA_EXIT_OK;
}

static int set_help(FsaOptions *options, const char *value) {
  (void)value;
  options->wants_help = true;
  return FSA_EXIT_OK;
}

static int set_version(FsaOptions *options, const char *value) {
  (void)value;
  options->wants_version = true;
  return FSA_EXIT_OK;
}

static const Option known[] = {
    {"evidence", 'e', true, FSA_OPTION_EVIDENCE, set_evidence},
    {"format", 'f', true, FSA_OPTION_FORMAT, set_format},
    {"output", 'o', true, FSA_OPTION_OUTPUT, set_output},
    {"jobs", 0, true, FSA_OPTION_ENGINE, set_jobs},
    {"timeout", 0, true, FSA_OPTION_ENGINE, set_timeout},
    {"memory", 0, true, FSA_OPTION_ENGINE, set_memory},
    {"strict", 0, false, FSA_OPTION_STRICT, set_strict},
    {"pack", 0, true, FSA_OPTION_PACK, set_pack},
    {"rules", 0, true, FSA_OPTION_RULES, set_rules},
    {"host-identifier", 0, true, FSA_OPTION_HOST, set_host_identifier},
    {"quiet", 0, false, FSA_OPTION_QUIET, set_quiet},
    {"markdown", 0, false, FSA_OPTION_SCHEMA, set_markdown},
    {"json", 0, false, FSA_OPTION_SCHEMA, set_json},
    {"osquery", 0, false, FSA_OPTION_SCHEMA, set_osquery},
    {"fleet", 0, true, FSA_OPTION_SCHEMA, set_fleet},
    {"list", 0, false, FSA_OPTION_SCHEMA, set_list},
    {"version", 0, false, FSA_OPTION_VERSION, set_version},
    {"help", 'h', false, 0, set_help},
};

/* ---- reading ----------------------------------------------------------------------------- */

/* The option that an argument names: "--name", "--name=value", "-x", "-xvalue". */
static const Option *find_option(const char *argument, unsigned taken, const char **ret_value) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    const Option *option = &known[i];
    size_t size = strlen(option->name);
    if (option->group && !(option->group & taken)) continue;
    if (argument[1] == '-' && strncmp(argument + 2, option->name, size) == 0 &&
        (!argument[2 + size] || argument[2 + size] == '=')) {
      *ret_value = argument[2 + size] ? argument + 3 + size : NULL;
      return option;
    }
    if (option->letter && argument[1] == option->letter && (option->has_value || !argument[2])) {
      *ret_value = argument[2] ? argument + 2 : NULL;
      return option;
    }
  }
  return NULL;
}

static int complain(const char *command, const char *argument, const char *why) {
  fsa_terminal_complain("%s: %s; 'fsa%s%s --help' lists the options", argument, why,
                        *command ? " " : "", command);
  return FSA_EXIT_USAGE;
}

/* Reads the option at argv[*at] and its value; moves *at to the last argument it took. */
static int read_option(FsaOptions *options, const char *command, unsigned taken, int argc,
                       char **argv, int *at) {
  const char *argument = argv[*at], *value = NULL;
  const Option *option = find_option(argument, taken, &value);
  if (!option) return complain(command, argument, "no such option");
  if (value && !option->has_value) return complain(command, argument, "this option takes no value");
  if (!value && option->has_value) {
    if (*at + 1 >= argc) return complain(command, argument, "this option needs a value");
    value = argv[++*at];
  }
  return option->set(options, value);
}

int fsa_options_read(FsaOptions *options, const char *command, unsigned taken, int argc,
                     char **argv) {
  bool is_ended = false;
  *options = (FsaOptions){.words = argv};
  for (int i = 1; i < argc; i++) {
    if (!is_ended && strcmp(argv[i], "--") == 0) {
      is_ended = true;
    } else if (!is_ended && argv[i][0] == '-' && argv[i][1] && strncmp(argv[i], "-- ", 3) != 0) {
      int result = read_option(options, command, taken, argc, argv, &i);
      if (result != FSA_EXIT_OK) return result;
    } else {
      options->words[options->word_count++] = argv[i];
    }
  }
  return FSA_EXIT_OK;
}

void fsa_options_done(FsaOptions *options) {
  free(options->evidence);
  free(options->packs);
  free(options->rules);
  *options = (FsaOptions){0};
}
