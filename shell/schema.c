/* fsa schema: the tables as SQL, documentation and the schemas of other programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "os/folder.h"
#include "query.h"
#include "terminal.h"

#define MAX_SCHEMA (64u << 20) /* bytes of one printed schema */

static const char usage[] =
    "fsa schema - print the tables\n"
    "\n"
    "  fsa schema [OPTION] [TABLE ...]   without TABLE: all of them\n"
    "\n"
    "      --markdown     the manual of the tables (docs/tables.md)\n"
    "      --list         one Markdown line per table (README)\n"
    "      --json         one JSON array\n"
    "      --osquery      the columns as the osquery extension registers them\n"
    "      --fleet DIR    one YAML file per table for Fleet's schema/tables, into DIR\n"
    "  -o, --output FILE  into FILE instead of standard output\n"
    "  -h, --help\n"
    "  (no option: CREATE TABLE statements with a comment for each column)\n"
    "\n"
    "Examples\n"
    "  fsa schema fsa_shimcache\n"
    "  fsa schema --fleet schema/tables\n";

static FsaSchemaForm form_of(FsaSchemaChoice choice) {
  switch (choice) {
  case FSA_CHOICE_MARKDOWN: return FSA_SCHEMA_MARKDOWN;
  case FSA_CHOICE_JSON: return FSA_SCHEMA_JSON;
  case FSA_CHOICE_OSQUERY: return FSA_SCHEMA_OSQUERY;
  case FSA_CHOICE_FLEET: return FSA_SCHEMA_FLEET;
  case FSA_CHOICE_SQL:
  case FSA_CHOICE_LIST: break;
  }
  return FSA_SCHEMA_SQL;
}

/* Writes the buffer to `path`, or to standard output when that is NULL. An exit code. */
static int write_out(const FsaBuffer *text, const char *path) {
  FsaWriter writer;
  if (text->error) {
    fsa_terminal_complain("the schema is too large");
    return FSA_EXIT_SQL;
  }
  int error = fsa_writer_open(&writer, path);
  if (!error) {
    fsa_writer_put(&writer, text->data, text->size);
    error = fsa_writer_close(&writer);
  }
  if (error == 0 || error == EPIPE) return FSA_EXIT_OK;
  fsa_terminal_complain("cannot write %s: %s", path ? path : "standard output", strerror(error));
  return FSA_EXIT_SQL;
}

/* The named tables, or all when none is named. */
static int print_tables(FsaBuffer *out, const FsaOptions *options) {
  if (options->word_count == 0) {
    if (options->schema == FSA_CHOICE_LIST)
      fsa_schema_print_list(out);
    else
      fsa_schema_print(out, form_of(options->schema), NULL);
  }
  for (size_t i = 0; i < options->word_count; i++)
    fsa_schema_print(out, form_of(options->schema), fsa_schema_find(options->words[i]));
  return write_out(out, options->output);
}

static int write_fleet_file(FsaBuffer *out, const char *folder, const FsaTable *table) {
  char path[FSA_MAX_PATH];
  int size = snprintf(path, sizeof path, "%s/fsa_%s.yml", folder, table->name);
  if (size < 0 || (size_t)size >= sizeof path) {
    fsa_terminal_complain("%s: the path is too long", folder);
    return FSA_EXIT_USAGE;
  }
  fsa_buffer_clear(out);
  fsa_schema_print(out, FSA_SCHEMA_FLEET, table);
  return write_out(out, path);
}

static bool is_asked(const FsaOptions *options, const FsaTable *table) {
  for (size_t i = 0; i < options->word_count; i++)
    if (fsa_schema_find(options->words[i]) == table) return true;
  return options->word_count == 0;
}

static int write_fleet(FsaBuffer *out, const FsaOptions *options) {
  int result = FSA_EXIT_OK;
  int error = fsa_folder_make(options->fleet_folder);
  if (error) {
    fsa_terminal_complain("cannot make the folder %s: %s", options->fleet_folder, strerror(error));
    return FSA_EXIT_SQL;
  }
  for (size_t i = 0; i < fsa_table_count && result == FSA_EXIT_OK; i++)
    if (is_asked(options, fsa_tables[i]))
      result = write_fleet_file(out, options->fleet_folder, fsa_tables[i]);
  return result;
}

static int check_names(const FsaOptions *options) {
  for (size_t i = 0; i < options->word_count; i++) {
    if (fsa_schema_find(options->words[i])) continue;
    const FsaTable *near = fsa_query_nearest_table(options->words[i]);
    fsa_terminal_complain("no table is called %s%s%s", options->words[i],
                          near ? "; did you mean fsa_" : "", near ? near->name : "");
    return FSA_EXIT_USAGE;
  }
  return FSA_EXIT_OK;
}

static int run(const FsaOptions *options) {
  int result = check_names(options);
  if (result != FSA_EXIT_OK) return result;
  FsaBuffer out = fsa_buffer(MAX_SCHEMA);
  result = options->fleet_folder ? write_fleet(&out, options) : print_tables(&out, options);
  fsa_buffer_done(&out);
  return result;
}

int fsa_schema_main(int argc, char **argv) {
  FsaOptions options;
  int result =
      fsa_options_read(&options, "schema", FSA_OPTION_SCHEMA | FSA_OPTION_OUTPUT, argc, argv);
  if (result == FSA_EXIT_OK && options.wants_help)
    fputs(usage, stdout);
  else if (result == FSA_EXIT_OK)
    result = run(&options);
  fsa_options_done(&options);
  return result;
}
