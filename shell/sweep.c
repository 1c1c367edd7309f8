/*
 * fsa sweep: the packs, once, over this host or each piece of evidence, as osquery result lines.
 *
 * Every query that a host's evidence can answer gives a line, empty or not: a missing line means
 * "did not run". What fails is a status line, and the sweep goes on. fsa_coverage comes last and
 * says what each table saw.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/printf.h"
#include "commands.h"
#include "interrupt.h"
#include "pack.h"
#include "query.h"
#include "result_line.h"
#include "terminal.h"

#define MAX_NAME 256 /* bytes of "pack_fsa_<id>" */

static const char usage[] =
    "fsa sweep - run the packs once and write osquery result lines\n"
    "\n"
    "  fsa sweep [OPTION ...]\n"
    "\n"
    "  -e, --evidence PATH        a folder, a file, or a case folder with one host in each folder\n"
    "                             below it; may be repeated (default: this host)\n"
    "      --pack PATH            a .sql file or a folder of them; may be repeated\n"
    "                             (default: the packs inside this program)\n"
    "      --rules PATH           a file of YARA rules, or a folder of them, for the queries that\n"
    "                             search files and memory; may be repeated\n"
    "  -o, --output FILE          into FILE; '-' or nothing: standard output\n"
    "      --host-identifier X    uuid (default), hostname, or a name of your own\n"
    "      --jobs N, --timeout S, --memory MB    as for 'fsa'\n"
    "      --strict               exit code 4 when something could not be read\n"
    "      --quiet                no summary on standard error\n"
    "  -h, --help\n"
    "\n"
    "Examples\n"
    "  fsa sweep -o host.log\n"
    "  fsa sweep --evidence /cases/42 -o case42.log && fsa-score ingest --db case42.db "
    "case42.log\n"
    "\n"
    "Exit codes: 0 done, 1 usage, 2 pack or output, 3 evidence cannot be opened, 4 see --strict.\n";

/* A whole sweep. */
typedef struct Sweep {
  const FsaOptions *options;
  const FsaPack *pack;
  FsaWriter out;
  size_t hosts, unopened; /* pieces of evidence */
  size_t host_total;      /* of the case folder that is swept; 0 = one host */
  size_t queries, failures;
  uint64_t rows, problems;
  bool is_stopped; /* Ctrl-C, or the output failed */
} Sweep;

/* One host of it. */
typedef struct Stop {
  Sweep *sweep;
  FsaSession session;
  FsaLineHost host;
  FsaArena arena;       /* of one query */
  unsigned sources;     /* what kind of evidence it is */
  const char *platform; /* "linux", "windows"; NULL = unknown */
} Stop;

/* ---- one query --------------------------------------------------------------------------- */

static void tell(Stop *stop, FsaSeverity severity, const FsaPackQuery *query, const char *format,
                 ...) FSA_PRINTF(4, 5);

/* A status line about a query; an error is also told on standard error and counted. */
static void tell(Stop *stop, FsaSeverity severity, const FsaPackQuery *query, const char *format,
                 ...) {
  char message[4 * FSA_MAX_MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  fsa_status_write(&stop->sweep->out, &stop->host, severity, query->path, message);
  if (severity < FSA_ERROR) return;
  stop->sweep->failures++;
  if (!stop->sweep->options->is_quiet) fsa_terminal_complain("%s", message);
}

/* What the answer's form hides is said in a line of its own. */
static void tell_bounds(Stop *stop, const FsaPackQuery *query, const FsaSnapshot *snapshot,
                        bool is_cut) {
  if (snapshot->is_split)
    tell(stop, FSA_INFO, query, "%s gave more than %zu bytes: written as one line per row",
         snapshot->name, snapshot->max_bytes);
  if (snapshot->lost)
    tell(stop, FSA_ERROR, query, "%s: %llu rows are larger than a line may be and were left out",
         snapshot->name, (unsigned long long)snapshot->lost);
  if (is_cut)
    tell(stop, FSA_ERROR, query, "%s gave more than %lld rows: the rest was left out",
         snapshot->name, (long long)query->max_rows);
}

/* Reads all rows into the snapshot. The last code of sqlite3_step(). */
static int gather(Stop *stop, sqlite3_stmt *statement, const FsaPackQuery *query,
                  FsaSnapshot *snapshot, bool *ret_is_cut) {
  const size_t count = (size_t)snapshot->column_count;
  FsaCell *cells = fsa_arena_zero(&stop->arena, count, sizeof *cells);
  bool *is_json = fsa_arena_zero(&stop->arena, count, sizeof *is_json);
  int step = SQLITE_NOMEM;
  while (cells && is_json && (step = sqlite3_step(statement)) == SQLITE_ROW) {
    *ret_is_cut = query->max_rows > 0 && snapshot->row_count >= (uint64_t)query->max_rows;
    if (*ret_is_cut) return SQLITE_DONE;
    fsa_query_cells(statement, is_json, cells);
    if (fsa_snapshot_row(snapshot, cells) != FSA_OK) return SQLITE_NOMEM;
    fsa_progress_rows(stop->session.progress, snapshot->row_count);
  }
  return step;
}

static const char *const *column_names(Stop *stop, sqlite3_stmt *statement) {
  const int count = sqlite3_column_count(statement);
  const char **names = fsa_arena_zero(&stop->arena, (size_t)count, sizeof *names);
  for (int i = 0; names && i < count; i++) {
    names[i] = sqlite3_column_name(statement, i);
    if (!names[i]) return NULL;
  }
  return names;
}

static void run_statement(Stop *stop, const FsaPackQuery *query, const char *name,
                          sqlite3_stmt *statement) {
  static const char failed[] = "Error executing scheduled query %s: %s"; /* osquery's words */
  FsaSnapshot snapshot;
  bool is_cut = false;
  size_t max_bytes = query->max_bytes > 0 && query->max_bytes < FSA_MAX_RESULT_LINE
                         ? (size_t)query->max_bytes
                         : FSA_MAX_RESULT_LINE;
  const char *const *names = column_names(stop, statement);
  if (!names) {
    tell(stop, FSA_ERROR, query, failed, name, "out of memory");
    return;
  }
  fsa_snapshot_begin(&snapshot, &stop->sweep->out, &stop->host, name,
                     fsa_time_seconds(fsa_clock_now()), max_bytes, sqlite3_column_count(statement),
                     names);
  int step = gather(stop, statement, query, &snapshot, &is_cut);
  if (step == SQLITE_DONE)
    fsa_snapshot_write(&snapshot);
  else
    tell(stop, FSA_ERROR, query, failed, name,
         step == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(stop->session.db));
  tell_bounds(stop, query, &snapshot, is_cut);
  stop->sweep->rows += snapshot.row_count - snapshot.lost;
  fsa_snapshot_done(&snapshot);
}

static void run_query(Stop *stop, const FsaPackQuery *query) {
  char name[MAX_NAME];
  sqlite3_stmt *statement = NULL;
  snprintf(name, sizeof name, "pack_" FSA_PACK_NAME "_%s", query->id);
  fsa_interrupt_begin();
  if (sqlite3_prepare_v2(stop->session.db, query->sql, -1, &statement, NULL) != SQLITE_OK)
    tell(stop, FSA_ERROR, query, "Error executing scheduled query %s: %s", name,
         sqlite3_errmsg(stop->session.db));
  else
    run_statement(stop, query, name, statement);
  sqlite3_finalize(statement);
  fsa_writer_flush(&stop->sweep->out);
  stop->sweep->queries++;
  stop->sweep->is_stopped = fsa_interrupt_came() || fsa_writer_failed(&stop->sweep->out);
}

/* ---- one host ---------------------------------------------------------------------------- */

/* True when the query is for this platform and every table it reads has a source in this evidence.
 */
static bool can_answer(Stop *stop, const FsaPackQuery *query) {
  FsaPackTables tables;
  if (!query->id || query->awaits || !fsa_pack_is_for(query, stop->platform)) return false;
  if (fsa_pack_tables(stop->session.db, query->sql, &stop->arena, &tables) != FSA_OK) return true;
  for (size_t i = 0; i < tables.count; i++) {
    const FsaTable *table = fsa_schema_find(tables.names[i]);
    if (table && !(table->sources & stop->sources)) return false;
  }
  return true;
}

static size_t count_answerable(Stop *stop) {
  size_t count = 0;
  for (size_t i = 0; i < stop->sweep->pack->count; i++) {
    fsa_arena_clear(&stop->arena);
    count += can_answer(stop, &stop->sweep->pack->queries[i]);
  }
  return count;
}

static void show_progress(Stop *stop, const char *id, size_t done, size_t total) {
  char what[MAX_NAME];
  const Sweep *sweep = stop->sweep;
  if (sweep->host_total > 1)
    snprintf(what, sizeof what, "host %zu of %zu, %s", sweep->hosts + 1, sweep->host_total, id);
  else
    snprintf(what, sizeof what, "%s", id);
  fsa_progress_begin(stop->session.progress, what, done, total);
}

static void run_queries(Stop *stop) {
  const FsaPack *pack = stop->sweep->pack;
  size_t done = 0, total = count_answerable(stop);
  for (size_t i = 0; i < pack->count && !stop->sweep->is_stopped; i++) {
    fsa_arena_clear(&stop->arena);
    if (!can_answer(stop, &pack->queries[i])) continue;
    show_progress(stop, pack->queries[i].id, done++, total);
    run_query(stop, &pack->queries[i]);
  }
  fsa_progress_hide(stop->session.progress);
}

static const char *platform_of(unsigned sources) {
  const unsigned linux_like = FSA_LIVE_LINUX | FSA_LINUX_ROOT;
  const unsigned windows_like = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME;
  if ((sources & linux_like) && !(sources & windows_like)) return "linux";
  if ((sources & windows_like) && !(sources & linux_like)) return "windows";
  return NULL;
}

static void refuse_host(Sweep *sweep, const FsaLineHost *host, const char *message) {
  fsa_status_write(&sweep->out, host, FSA_ERROR, "sweep", message);
  sweep->unopened++;
}

static unsigned sources_of(const char *evidence) {
  FsaEvidence *opened;
  FsaError error;
  if (fsa_evidence_open(evidence, &opened, &error) != FSA_OK) return 0;
  unsigned sources = fsa_evidence_sources(opened);
  fsa_evidence_close(opened);
  return sources;
}

static void sweep_host(Sweep *sweep, FsaHost host) {
  Stop stop = {.sweep = sweep, .arena = fsa_arena(0)};
  stop.host = (FsaLineHost){&host, fsa_host_identifier(&host, sweep->options->host_identifier)};
  FsaEngineOptions engine = sweep->options->engine;
  engine.evidence = host.evidence;
  if (fsa_session_open(&stop.session, &engine, NULL) != FSA_EXIT_OK) {
    refuse_host(sweep, &stop.host, "the evidence could not be opened");
    return;
  }
  stop.sources = sources_of(host.evidence);
  stop.platform = platform_of(stop.sources);
  sweep->out.progress = stop.session.progress;
  fsa_interrupt_watch(stop.session.db, stop.session.engine);
  run_queries(&stop);
  fsa_interrupt_watch(NULL, NULL);
  sweep->out.progress = NULL;
  sweep->problems += fsa_engine_problem_count(stop.session.engine);
  if (!sweep->options->is_quiet) fsa_session_tell_problems(&stop.session);
  sweep->hosts++;
  fsa_session_close(&stop.session);
  fsa_arena_done(&stop.arena);
}

/* ---- all hosts --------------------------------------------------------------------------- */

/* True when the user gave the host a name, which then must be one host's only. */
static bool has_fixed_name(const FsaOptions *options) {
  const char *name = options->host_identifier;
  return name && strcmp(name, "uuid") != 0 && strcmp(name, "hostname") != 0;
}

static void refuse_name(const FsaOptions *options) {
  fsa_terminal_complain("--host-identifier %s: one name for several hosts would make them one",
                        options->host_identifier);
}

static void sweep_evidence(Sweep *sweep, const char *path) {
  FsaArena arena = fsa_arena(0);
  const FsaEvidenceInfo *list;
  size_t count;
  FsaError error = {0};
  if (fsa_case_list(path, &arena, &list, &count, &error) != FSA_OK) {
    FsaHost host = {.evidence = path};
    FsaLineHost line_host = {&host, fsa_host_identifier(&host, sweep->options->host_identifier)};
    fsa_terminal_complain("%s", error.message);
    refuse_host(sweep, &line_host, error.message);
    count = 0;
  }
  if (count > 1 && has_fixed_name(sweep->options)) {
    refuse_name(sweep->options);
    sweep->unopened += count;
    count = 0;
  }
  sweep->host_total += count;
  for (size_t i = 0; i < count && !sweep->is_stopped; i++) sweep_host(sweep, fsa_host_of(&list[i]));
  fsa_arena_done(&arena);
}

static void sweep_this_host(Sweep *sweep) {
  FsaArena arena = fsa_arena(0);
  sweep_host(sweep, fsa_host_this(&arena));
  fsa_arena_done(&arena);
}

static void sweep_all(Sweep *sweep) {
  const FsaOptions *options = sweep->options;
  if (options->evidence_count == 0) sweep_this_host(sweep);
  for (size_t i = 0; i < options->evidence_count && !sweep->is_stopped; i++)
    if (strcmp(options->evidence[i], "live") == 0)
      sweep_this_host(sweep);
    else
      sweep_evidence(sweep, options->evidence[i]);
}

static void summarise(const Sweep *sweep, int64_t started) {
  int64_t ns = fsa_clock_monotonic() - started;
  fsa_terminal_complain(
      "%zu host%s, %zu queries, %llu rows, %zu failures, %llu problems, %lld.%lld s", sweep->hosts,
      sweep->hosts == 1 ? "" : "s", sweep->queries, (unsigned long long)sweep->rows,
      sweep->failures, (unsigned long long)sweep->problems, (long long)(ns / FSA_NS_PER_SECOND),
      (long long)(ns / (FSA_NS_PER_SECOND / 10) % 10));
  if (sweep->is_stopped && !fsa_writer_failed(&sweep->out))
    fsa_terminal_complain("stopped: the log is not complete");
}

static int exit_code(const Sweep *sweep, int write_error) {
  if (write_error && write_error != EPIPE) {
    fsa_terminal_complain("the log could not be written and is incomplete: %s",
                          strerror(write_error));
    return FSA_EXIT_SQL;
  }
  if (sweep->is_stopped && !write_error) return FSA_EXIT_SQL;
  if (sweep->unopened) return FSA_EXIT_EVIDENCE;
  bool has_problems = sweep->failures || sweep->problems;
  return sweep->options->is_strict && has_problems ? FSA_EXIT_PROBLEMS : FSA_EXIT_OK;
}

static int run_sweep(const FsaOptions *options, const FsaPack *pack) {
  Sweep sweep = {.options = options, .pack = pack};
  const int64_t started = fsa_clock_monotonic();
  const char *path = options->output && strcmp(options->output, "-") != 0 ? options->output : NULL;
  const int error = fsa_writer_open(&sweep.out, path);
  if (error) {
    fsa_terminal_complain("cannot write %s: %s", path ? path : "standard output", strerror(error));
    return FSA_EXIT_SQL;
  }
  fsa_interrupt_watch(NULL, NULL);
  sweep_all(&sweep);
  if (!options->is_quiet) summarise(&sweep, started);
  int write_error = fsa_writer_close(&sweep.out);
  return exit_code(&sweep, write_error);
}

static int check(const FsaOptions *options) {
  if (options->word_count) {
    fsa_terminal_complain("'fsa sweep' takes no SQL; 'fsa sweep --help' explains");
    return FSA_EXIT_USAGE;
  }
  if (options->evidence_count < 2 || !has_fixed_name(options)) return FSA_EXIT_OK;
  refuse_name(options);
  return FSA_EXIT_USAGE;
}

/* Rules of the user that do not compile would fail each query that they are added to. */
static int check_rules(const FsaOptions *options, FsaPack *pack) {
  FsaSession session;
  if (options->rule_count == 0) return FSA_EXIT_OK;
  int result = fsa_session_open(&session, &options->engine, NULL);
  if (result != FSA_EXIT_OK) return result;
  if (fsa_pack_check_yara(pack, session.db)) result = FSA_EXIT_SQL;
  const int closed = fsa_session_close(&session);
  return result != FSA_EXIT_OK ? result : closed;
}

static int run(const FsaOptions *options) {
  FsaPack pack;
  int result = check(options);
  if (result != FSA_EXIT_OK) return result;
  result = fsa_pack_load(&pack, options->packs, options->pack_count, options->rules,
                         options->rule_count);
  if (result == FSA_OK && pack.faults)
    fsa_terminal_complain("the pack has faults; 'fsa pack lint' tells all of them");
  if (result == FSA_OK && pack.faults == 0) {
    result = check_rules(options, &pack);
    if (result == FSA_EXIT_OK) result = run_sweep(options, &pack);
  } else {
    result = result == FSA_OK ? FSA_EXIT_SQL : FSA_EXIT_USAGE;
  }
  fsa_pack_done(&pack);
  return result;
}

int fsa_sweep_main(int argc, char **argv) {
  FsaOptions options;
  int result = fsa_options_read(&options, "sweep",
                                FSA_OPTION_EVIDENCE | FSA_OPTION_OUTPUT | FSA_OPTION_ENGINE |
                                    FSA_OPTION_STRICT | FSA_OPTION_PACK | FSA_OPTION_RULES |
                                    FSA_OPTION_HOST | FSA_OPTION_QUIET,
                                argc, argv);
  if (result == FSA_EXIT_OK && options.wants_help)
    fputs(usage, stdout);
  else if (result == FSA_EXIT_OK)
    result = run(&options);
  fsa_options_done(&options);
  return result;
}
