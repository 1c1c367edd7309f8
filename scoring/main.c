/* fsa-score: what a fleet answered, counted. The command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "hosts.h"
#include "ingest.h"
#include "os/program.h"
#include "rank.h"

#define DEFAULT_TOP 20

static const char usage[] =
    "fsa-score: counts what the hosts of a fleet answered to the FSA pack.\n"
    "\n"
    "  fsa-score ingest   --db CASE.db LOG ...   read result logs: files, folders, - (stdin), .gz, "
    ".zst\n"
    "  fsa-score rank     --db CASE.db           the rarest keys among covered hosts\n"
    "  fsa-score coverage --db CASE.db           which hosts answered for which source, which did "
    "not\n"
    "  fsa-score hosts    --db CASE.db           which hosts should be there: a list, or what "
    "Fleet "
    "knows\n"
    "\n"
    "  --db FILE          the case, a SQLite file; ingest makes it\n"
    "  -f, --format F     rank, coverage: table (default), csv, json\n"
    "  --top N            rank: so many keys (default 20)\n"
    "  --max-hosts N      rank: rare is on up to N hosts (default 2 % of the covered ones, at "
    "least 3)\n"
    "  --hosts FILE       coverage, hosts: hosts that should be there, one a line or a CSV with a "
    "header\n"
    "  --fleet URL        hosts: a Fleet server, https://...; its token in the file of "
    "--fleet-token FILE\n"
    "                     or in FSA_FLEET_TOKEN\n"
    "  --meta FILE        ingest: fsa-pack-meta.json of `fsa pack build` instead of the built-in "
    "pack\n"
    "  --jobs N           ingest: parsing threads (default: one per core)\n"
    "  --strict           exit code 4 when lines were rejected (ingest) or data is missing "
    "(coverage)\n"
    "  --quiet            ingest: no summary\n"
    "  --no-hash          ingest: do not note the SHA-256 of the logs\n"
    "  --help, --version\n"
    "\n"
    "Examples\n"
    "  fsa-score ingest --db fleet.db /var/log/osquery && fsa-score rank --db fleet.db --top 10\n"
    "  fsa-score coverage --db fleet.db --hosts inventory.csv -f csv > coverage.csv\n"
    "\n"
    "Exit codes: 0 done, 1 usage, 2 case or metadata, 3 a log or list could not be read, 4 see "
    "--strict.\n";

typedef enum Option {
  OPTION_DB = 256,
  OPTION_TOP,
  OPTION_MAX_HOSTS,
  OPTION_HOSTS,
  OPTION_FLEET,
  OPTION_FLEET_TOKEN,
  OPTION_META,
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
    {"fleet", required_argument, NULL, OPTION_FLEET},
    {"fleet-token", required_argument, NULL, OPTION_FLEET_TOKEN},
    {"meta", required_argument, NULL, OPTION_META},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"no-hash", no_argument, NULL, OPTION_NO_HASH},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

typedef struct Arguments {
  const char *db, *hosts, *fleet, *fleet_token, *meta;
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

/* One option. -1 = go on, else the exit code. */
static int take_option(Arguments *arguments, int option) {
  bool good = true;
  switch (option) {
  case OPTION_DB: arguments->db = optarg; break;
  case 'f': good = read_format(optarg, &arguments->format); break;
  case OPTION_TOP: good = read_number(optarg, &arguments->top); break;
  case OPTION_MAX_HOSTS: good = read_number(optarg, &arguments->most_hosts); break;
  case OPTION_HOSTS: arguments->hosts = optarg; break;
  case OPTION_FLEET: arguments->fleet = optarg; break;
  case OPTION_FLEET_TOKEN: arguments->fleet_token = optarg; break;
  case OPTION_META: arguments->meta = optarg; break;
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

static int run(const Arguments *arguments) {
  const char *command = arguments->rest_count ? arguments->rest[0] : NULL;
  if (!command) return wrong("say what to do: ingest, rank, coverage or hosts", "");
  if (!arguments->db) return wrong("--db is missing: the file of the case", "");
  if (strcmp(command, "ingest") == 0) {
    if (arguments->rest_count < 2) return wrong("ingest needs at least one log", "");
    return fsa_ingest(&(FsaIngestOptions){arguments->db, arguments->meta, arguments->rest + 1,
                                          arguments->rest_count - 1, (unsigned)arguments->jobs,
                                          arguments->is_quiet, arguments->is_unhashed,
                                          arguments->is_strict});
  }
  if (arguments->rest_count > 1) return wrong("one argument too many: ", arguments->rest[1]);
  if (strcmp(command, "rank") == 0)
    return fsa_rank(
        &(FsaRankOptions){arguments->db, arguments->top, arguments->most_hosts, arguments->format});
  if (strcmp(command, "coverage") == 0)
    return fsa_coverage(&(FsaCoverageOptions){arguments->db, arguments->hosts, arguments->format,
                                              arguments->is_strict});
  if (strcmp(command, "hosts") == 0) {
    if (!arguments->hosts && !arguments->fleet)
      return wrong("hosts needs --hosts FILE or --fleet URL", "");
    return fsa_hosts(&(FsaHostsOptions){arguments->db, arguments->hosts, arguments->fleet,
                                        arguments->fleet_token, arguments->is_quiet});
  }
  return wrong("there is no command ", command);
}

int main(int argc, char **argv) {
  Arguments arguments = {.top = DEFAULT_TOP};
  if (fsa_program_begin(&argc, &argv) != FSA_OK) {
    fsa_complain("out of memory");
    return 2;
  }
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "f:", long_options, NULL)) != -1;) {
    int code = take_option(&arguments, option);
    if (code >= 0) return code;
  }
  arguments.rest = (const char *const *)argv + optind;
  arguments.rest_count = (size_t)(argc - optind);
  int code = run(&arguments);
  if (fflush(stdout) != 0 && code == 0) code = 3;
  return code;
}
