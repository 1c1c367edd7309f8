/* fsa: forensic state of a host as SQL. Chooses the command; without one it runs SQL. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "input.h"
#include "interrupt.h"
#include "os/folder.h"
#include "os/program.h"
#include "query.h"
#include "repl.h"
#include "terminal.h"

static const char usage[] =
    "fsa - forensic state of a host as SQL\n"
    "\n"
    "  fsa [OPTION ...] [SQL ...]   run SQL; without SQL: interactive, or read it from a pipe\n"
    "  fsa sweep                    run the packs once, write osquery result lines\n"
    "  fsa schema                   print the tables: SQL, Markdown, JSON, osquery, Fleet\n"
    "  fsa pack                     check packs, build them for osquery and the scorer\n"
    "\n"
    "  -e, --evidence PATH   ask PATH (folder, file) instead of this host\n"
    "  -f, --format MODE     table, box, csv, tsv, json, jsonl, line, markdown\n"
    "                        (table on a terminal, csv elsewhere)\n"
    "  -o, --output FILE     results go to FILE\n"
    "      --jobs N          threads; 0 = one per core\n"
    "      --timeout S       seconds for one file or process, after which it is a problem\n"
    "      --memory MB       memory for one file or process\n"
    "      --strict          exit code 4 when something could not be read\n"
    "  -h, --help            this text; 'fsa sweep --help' and so on for the commands\n"
    "      --version\n"
    "\n"
    "Examples\n"
    "  fsa \"SELECT name, summary FROM fsa_tables\"\n"
    "  fsa -e /cases/host1 -f jsonl \"SELECT path, modified_time FROM fsa_shimcache\"\n"
    "\n"
    "What could not be read is in fsa_problems and fsa_coverage, never missing in silence.\n"
    "Exit codes: 0 done, 1 usage, 2 SQL, 3 evidence cannot be opened, 4 problems (--strict).\n";

/* What a word that is no SQL was perhaps meant to be. */
static void explain_word(const char *word) {
  static const char *const commands[] = {"sweep", "schema", "pack", NULL};
  FsaPathKind kind;
  for (const char *const *command = commands; *command; command++)
    if (strcmp(word, *command) == 0) {
      fsa_terminal_add("a command comes first: fsa %s ...", word);
      return;
    }
  if (fsa_path_kind(word, &kind) == 0)
    fsa_terminal_add("evidence is named with -e: fsa -e %s \"SELECT ...\"", word);
  else if (!strpbrk(word, " \t\n"))
    fsa_terminal_add("'fsa --help' tells what can stand here");
}

/* Each argument is SQL, or a dot command. */
static int run_words(FsaSession *session, const FsaOptions *options) {
  int result = FSA_EXIT_OK;
  for (size_t i = 0; i < options->word_count && result == FSA_EXIT_OK && !session->is_over; i++) {
    const char *word = options->words[i];
    result = word[0] == '.' ? fsa_dot_run(session, word) : fsa_query_run(session, word, 0);
    if (result == FSA_EXIT_SQL && word[0] != '.') explain_word(word);
  }
  return result;
}

static int run_session(FsaSession *session, const FsaOptions *options) {
  session->mode = options->mode;
  fsa_interrupt_watch(session->db, session->engine);
  if (options->word_count) return run_words(session, options);
  FsaStream input = fsa_stream_standard(FSA_STANDARD_INPUT);
  return input.is_terminal ? fsa_repl_run(session) : fsa_input_run(session, &input);
}

static int run_sql(const FsaOptions *options) {
  FsaSession session;
  FsaEngineOptions engine = options->engine;
  if (options->evidence_count) engine.evidence = options->evidence[options->evidence_count - 1];
  int result = fsa_session_open(&session, &engine, options->output);
  if (result != FSA_EXIT_OK) return result;
  result = run_session(&session, options);
  fsa_writer_flush(&session.out);
  fsa_session_tell_problems(&session);
  bool has_problems = fsa_session_has_problems(&session);
  fsa_interrupt_watch(NULL, NULL);
  int closed = fsa_session_close(&session);
  if (result != FSA_EXIT_OK) return result;
  if (closed != FSA_EXIT_OK) return closed;
  return options->is_strict && has_problems ? FSA_EXIT_PROBLEMS : FSA_EXIT_OK;
}

static int sql_main(int argc, char **argv) {
  FsaOptions options;
  int result = fsa_options_read(&options, "",
                                FSA_OPTION_EVIDENCE | FSA_OPTION_FORMAT | FSA_OPTION_OUTPUT |
                                    FSA_OPTION_ENGINE | FSA_OPTION_STRICT | FSA_OPTION_VERSION,
                                argc, argv);
  if (result == FSA_EXIT_OK && options.wants_help)
    fputs(usage, stdout);
  else if (result == FSA_EXIT_OK && options.wants_version)
    printf("fsa %s (SQLite %s, %zu tables)\n", FSA_VERSION, sqlite3_libversion(), fsa_table_count);
  else if (result == FSA_EXIT_OK)
    result = run_sql(&options);
  fsa_options_done(&options);
  return result;
}

int main(int argc, char **argv) {
  if (fsa_program_begin(&argc, &argv) != FSA_OK) {
    fsa_terminal_complain("out of memory");
    return FSA_EXIT_USAGE;
  }
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "sweep") == 0) return fsa_sweep_main(argc - 1, argv + 1);
  if (strcmp(command, "schema") == 0) return fsa_schema_main(argc - 1, argv + 1);
  if (strcmp(command, "pack") == 0) return fsa_pack_main(argc - 1, argv + 1);
  return sql_main(argc, argv);
}
