/* fsa-score: what a fleet answered, counted. The command line. */
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/coverage.h"
#include "command/hosts.h"
#include "command/rank.h"
#include "command/score_command.h"
#include "ingest/ingest.h"
#include "ingest/merge.h"
#include "os/program.h"
#include "report/report.h"
#include "store/push.h"

#define DEFAULT_TOP 20

static const char usage[] =
    "fsa-score: weighs what the hosts of a fleet answered to the FSA pack.\n"
    "\n"
    "  fsa-score ingest   --db CASE.db LOG ...   read result logs: files, folders, - (stdin), .gz, "
    ".zst\n"
    "  fsa-score score    --db CASE.db           which hosts to look at first, and why\n"
    "  fsa-score explain  --db CASE.db --host H  every term and row of a host's score\n"
    "  fsa-score findings --db CASE.db           what weighs most, one a line\n"
    "  fsa-score report   --db CASE.db -o FILE   the page that an incident lead reads and signs\n"
    "  fsa-score rank     --db CASE.db           the rarest keys among covered hosts\n"
    "  fsa-score coverage --db CASE.db           which hosts answered for which source, which did "
    "not\n"
    "  fsa-score hosts    --db CASE.db           which hosts should be there: a list, or what "
    "Fleet "
    "knows\n"
    "  fsa-score push     --db CASE.db           what the case holds, into a ClickHouse store\n"
    "  fsa-score merge    --db CASE.db PART.db ...   cases of parts of a fleet, or of its logs, "
    "into one\n"
    "\n"
    "  --db FILE          the case, a SQLite file; ingest makes it\n"
    "  -f, --format F     table (default), csv, json\n"
    "  --top N            so many hosts (default 10), findings (50), keys (20)\n"
    "  -o, --output FILE  report: the page, one HTML file\n"
    "  --json FILE        report: its data (docs/report.schema.json)\n"
    "  --groups FILE      score, report: CSV of host, role: who is compared (default: by "
    "services)\n"
    "  --known-good FILE  score, report: CSV of scope, reason, author, date, expires "
    "(docs/scoring.md)\n"
    "  --window A..B      score, report: the days of the incident, 2026-11-01..2026-11-14\n"
    "  --max-hosts N      rank: rare is on up to N hosts (default 2 % of the covered ones, at "
    "least 3)\n"
    "  --hosts FILE       coverage, report, hosts: who should be there, one a line or a CSV with a "
    "header\n"
    "  --fleet URL        hosts: a Fleet server, https://...; its token in the file of "
    "--fleet-token FILE\n"
    "                     or in FSA_FLEET_TOKEN\n"
    "  --store URL        push; score, explain, findings, report, rank: where keys are counted,\n"
    "                     clickhouse://HOST:PORT/DATABASE\n"
    "  --meta FILE        ingest: fsa-pack-meta.json of `fsa pack build` instead of the built-in "
    "pack\n"
    "  --jobs N           threads of ingest and score (default: one per core)\n"
    "  --strict           exit code 4 when lines were rejected (ingest) or data is missing "
    "(coverage)\n"
    "  --quiet            ingest: no summary\n"
    "  --no-hash          ingest: do not note the SHA-256 of the logs\n"
    "  --help, --version\n"
    "\n"
    "Examples\n"
    "  fsa-score ingest --db fleet.db /var/log/osquery && fsa-score score --db fleet.db\n"
    "  fsa-score coverage --db fleet.db --hosts inventory.csv -f csv > coverage.csv\n"
    "\n"
    "Exit codes: 0 done, 1 usage, 2 case or metadata, 3 a log, list or store, 4 see "
    "--strict.\n";

typedef enum Option {
  OPTION_DB = 256,
  OPTION_TOP,
  OPTION_MAX_HOSTS,
  OPTION_HOSTS,
  OPTION_FLEET,
  OPTION_STORE,
  OPTION_FLEET_TOKEN,
  OPTION_META,
  OPTION_JSON,
  OPTION_GROUPS,
  OPTION_KNOWN_GOOD,
  OPTION_WINDOW,
  OPTION_HOST,
  OPTION_JOBS,
  OPTION_STRICT,
  OPTION_QUIET,
  OPTION_NO_HASH,
  OPTION_HELP,
  OPTION_VERSION,
} Option;

static const struct option long_options[] = {
    {"db", required_argument, NULL, OPTION_DB},
    {"format", required_argument, NULL, 'f'},
    {"top", required_argument, NULL, OPTION_TOP},
    {"max-hosts", required_argument, NULL, OPTION_MAX_HOSTS},
    {"hosts", required_argument, NULL, OPTION_HOSTS},
    {"store", required_argument, NULL, OPTION_STORE},
    {"fleet", required_argument, NULL, OPTION_FLEET},
    {"fleet-token", required_argument, NULL, OPTION_FLEET_TOKEN},
    {"meta", required_argument, NULL, OPTION_META},
    {"output", required_argument, NULL, 'o'},
    {"json", required_argument, NULL, OPTION_JSON},
    {"groups", required_argument, NULL, OPTION_GROUPS},
    {"known-good", required_argument, NULL, OPTION_KNOWN_GOOD},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"host", required_argument, NULL, OPTION_HOST},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"no-hash", no_argument, NULL, OPTION_NO_HASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

typedef struct Arguments {
  const char *db, *hosts, *fleet, *fleet_token, *store, *meta, *groups, *known_good, *host;
  const char *output, *json;
  int64_t window_from, window_to;
  size_t top, most_hosts, jobs;
  FsaFormat format;
  bool is_strict, is_quiet, is_unhashed;
  const char *const *rest; /* what is no option, the command first */
  size_t rest_count;
} Arguments;

static int wrong(const char *what, const char *about) {
  fsa_complain("%s%s; `fsa-score --help` shows how it is called", what, about);
  return 1;
}

static bool read_number(const char *text, size_t *ret_number) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || value > INT32_MAX) return false;
  *ret_number = (size_t)value;
  return true;
}

static bool read_format(const char *text, FsaFormat *ret_format) {
  static const char *const formats[] = {"table", "csv", "json"};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcmp(text, formats[i]) == 0) {
      *ret_format = (FsaFormat)i;
      return true;
    }
  return false;
}

/* Two days, 2026-11-01..2026-11-14: from the first second of one to the last of the other. */
static bool read_window(const char *text, int64_t *ret_from, int64_t *ret_to) {
  char from[11] = {0};
  const char *dots = strstr(text, "..");
  if (!dots || dots - text != 10) return false;
  memcpy(from, text, 10);
  if (!fsa_day_read(from, ret_from) || !fsa_day_read(dots + 2, ret_to)) return false;
  *ret_to += 86399;
  return *ret_from > 0 && *ret_from < *ret_to;
}

/* One option. -1 = go on, else the exit code. */
static int take_option(Arguments *arguments, int option) {
  bool good = true;
  switch (option) {
  case OPTION_DB: arguments->db = optarg; break;
  case 'f': good = read_format(optarg, &arguments->format); break;
  case OPTION_TOP: good = read_number(optarg, &arguments->top); break;
  case OPTION_MAX_HOSTS: good = read_number(optarg, &arguments->most_hosts); break;
  case OPTION_HOSTS: arguments->hosts = optarg; break;
  case OPTION_STORE: arguments->store = optarg; break;
  case OPTION_FLEET: arguments->fleet = optarg; break;
  case OPTION_FLEET_TOKEN: arguments->fleet_token = optarg; break;
  case OPTION_META: arguments->meta = optarg; break;
  case 'o': arguments->output = optarg; break;
  case OPTION_JSON: arguments->json = optarg; break;
  case OPTION_GROUPS: arguments->groups = optarg; break;
  case OPTION_KNOWN_GOOD: arguments->known_good = optarg; break;
  case OPTION_WINDOW:
    good = read_window(optarg, &arguments->window_from, &arguments->window_to);
    break;
  case OPTION_HOST: arguments->host = optarg; break;
  case OPTION_JOBS: good = read_number(optarg, &arguments->jobs); break;
  case OPTION_STRICT: arguments->is_strict = true; break;
  case OPTION_QUIET: arguments->is_quiet = true; break;
  case OPTION_NO_HASH: arguments->is_unhashed = true; break;
  case OPTION_HELP: fputs(usage, stdout); return 0;
  case OPTION_VERSION: puts("fsa-score " FSA_VERSION); return 0;
  default: return wrong("there is no such option, or it lacks its value", "");
  }
  return good ? -1 : wrong("not a value for this option: ", optarg);
}

static int run_score(const Arguments *arguments, const char *command) {
  FsaScoreCommand score = {.case_path = arguments->db,
                           .options = {.groups_path = arguments->groups,
                                       .suppress_path = arguments->known_good,
                                       .window_from = arguments->window_from,
                                       .window_to = arguments->window_to,
                                       .detail_host = arguments->host,
                                       .detail_top = (uint32_t)arguments->top,
                                       .jobs = (unsigned)arguments->jobs,
                                       .store_url = arguments->store},
                           .top = arguments->top,
                           .format = arguments->format};
  bool is_explain = strcmp(command, "explain") == 0;
  if (is_explain && !arguments->host) return wrong("explain needs --host: the host to explain", "");
  if (is_explain) return fsa_explain(&score);
  return strcmp(command, "findings") == 0 ? fsa_findings(&score) : fsa_score(&score);
}

static int run_report(const Arguments *arguments) {
  if (!arguments->output && !arguments->json)
    return wrong("report needs -o FILE for the page, or --json FILE for its data", "");
  return fsa_report(&(FsaReportOptions){.case_path = arguments->db,
                                        .page_path = arguments->output,
                                        .json_path = arguments->json,
                                        .hosts_path = arguments->hosts,
                                        .version = FSA_VERSION,
                                        .score = {.groups_path = arguments->groups,
                                                  .suppress_path = arguments->known_good,
                                                  .window_from = arguments->window_from,
                                                  .window_to = arguments->window_to,
                                                  .jobs = (unsigned)arguments->jobs,
                                                  .store_url = arguments->store}});
}

static int run_ingest(const Arguments *arguments) {
  if (arguments->rest_count < 2) return wrong("ingest needs at least one log", "");
  return fsa_ingest(&(FsaIngestOptions){arguments->db, arguments->meta, arguments->rest + 1,
                                        arguments->rest_count - 1, (unsigned)arguments->jobs,
                                        arguments->is_quiet, arguments->is_unhashed,
                                        arguments->is_strict});
}

static int run_merge(const Arguments *arguments) {
  if (arguments->rest_count < 2) return wrong("merge needs at least one case", "");
  return fsa_merge(&(FsaMergeOptions){arguments->db, arguments->rest + 1, arguments->rest_count - 1,
                                      arguments->is_quiet});
}

static int run(const Arguments *arguments) {
  static const char *const scores[] = {"score", "explain", "findings"};
  const char *command = arguments->rest_count ? arguments->rest[0] : NULL;
  if (!command)
    return wrong("say what to do: ingest, score, explain, findings, report, rank, coverage, hosts, "
                 "merge, push",
                 "");
  if (!arguments->db) return wrong("--db is missing: the file of the case", "");
  if (strcmp(command, "ingest") == 0) return run_ingest(arguments);
  if (strcmp(command, "merge") == 0) return run_merge(arguments);
  if (arguments->rest_count > 1) return wrong("one argument too many: ", arguments->rest[1]);
  for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
    if (strcmp(command, scores[i]) == 0) return run_score(arguments, command);
  if (strcmp(command, "report") == 0) return run_report(arguments);
  size_t top = arguments->top ? arguments->top : DEFAULT_TOP;
  if (strcmp(command, "rank") == 0)
    return fsa_rank(&(FsaRankOptions){arguments->db, arguments->store, top, arguments->most_hosts,
                                      arguments->format});
  if (strcmp(command, "coverage") == 0)
    return fsa_coverage(&(FsaCoverageOptions){arguments->db, arguments->hosts, arguments->format,
                                              arguments->is_strict});
  if (strcmp(command, "hosts") == 0) {
    if (!arguments->hosts && !arguments->fleet)
      return wrong("hosts needs --hosts FILE or --fleet URL", "");
    return fsa_hosts(&(FsaHostsOptions){arguments->db, arguments->hosts, arguments->fleet,
                                        arguments->fleet_token, arguments->is_quiet});
  }
  if (strcmp(command, "push") == 0) {
    if (!arguments->store)
      return wrong("push needs --store URL: clickhouse://HOST:PORT/DATABASE", "");
    return fsa_push(&(FsaPushOptions){arguments->db, arguments->store, arguments->is_quiet});
  }
  return wrong("there is no command ", command);
}

int main(int argc, char **argv) {
  Arguments arguments = {0};
  if (fsa_program_begin(&argc, &argv) != FSA_OK) {
    fsa_complain("out of memory");
    return 2;
  }
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* else each allocation takes a lock to be counted */
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "f:o:", long_options, NULL)) != -1;) {
    int code = take_option(&arguments, option);
    if (code >= 0) return code;
  }
  arguments.rest = (const char *const *)argv + optind;
  arguments.rest_count = (size_t)(argc - optind);
  int code = run(&arguments);
  if (fflush(stdout) != 0 && code == 0) code = 3;
  return code;
}
