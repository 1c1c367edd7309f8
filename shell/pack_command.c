/* fsa pack: checking packs and building them for other programs. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "pack.h"
#include "terminal.h"

static const char usage[] =
    "fsa pack - check and build packs\n"
    "\n"
    "  fsa pack lint [PATH ...]            check every query against the real tables\n"
    "  fsa pack build [-o DIR] [PATH ...]  write into DIR or here:\n"
    "      fsa-linux.json, fsa-windows.json    osquery\n"
    "      fleet/gitops/fsa.yml                Fleet, a list of reports for GitOps\n"
    "      fleet/apply/reports.yml, queries.yml    for fleetctl apply -f; queries.yml before 4.80\n"
    "      zentral/, osctrl/                   the same packs as these two take them\n"
    "      pages/                              a page for each query\n"
    "      fsa-pack-meta.json                  fsa-score\n"
    "\n"
    "      --rules PATH   a file of YARA rules, or a folder of them, for the queries that search\n"
    "                     files and memory; may be repeated\n"
    "  PATH is a .sql file or a folder of them; without PATH: the packs inside this program.\n"
    "  docs/packs.md describes the header of a query.\n"
    "\n"
    "Examples\n"
    "  fsa pack lint packs\n"
    "  fsa pack build -o /etc/osquery/packs\n"
    "\n"
    "Exit codes: 0 done, 1 usage, 2 a fault in a pack.\n";

static int run_pack(FsaPack *pack, FsaSession *session, const char *verb, const char *folder) {
  size_t faults = fsa_pack_lint(pack, session->db);
  if (faults) {
    fsa_terminal_complain("%zu fault%s in %zu quer%s", faults, faults == 1 ? "" : "s", pack->count,
                          pack->count == 1 ? "y" : "ies");
    return FSA_EXIT_SQL;
  }
  if (strcmp(verb, "build") == 0) return fsa_pack_build(pack, session->db, folder ? folder : ".");
  printf("%zu quer%s, no fault\n", pack->count, pack->count == 1 ? "y" : "ies");
  return FSA_EXIT_OK;
}

static int run(const FsaOptions *options) {
  const char *verb = options->word_count ? options->words[0] : "";
  if (strcmp(verb, "lint") != 0 && strcmp(verb, "build") != 0) {
    fsa_terminal_complain("'fsa pack' needs lint or build; 'fsa pack --help' explains");
    return FSA_EXIT_USAGE;
  }
  FsaSession session;
  FsaPack pack;
  FsaEngineOptions engine = {0};
  int result = fsa_session_open(&session, &engine, NULL);
  if (result != FSA_EXIT_OK) return result;
  int loaded = fsa_pack_load(&pack, (const char *const *)options->words + 1,
                             options->word_count - 1, options->rules, options->rule_count);
  result = loaded == FSA_OK ? run_pack(&pack, &session, verb, options->output) : FSA_EXIT_USAGE;
  fsa_pack_done(&pack);
  int closed = fsa_session_close(&session);
  return result != FSA_EXIT_OK ? result : closed;
}

int fsa_pack_main(int argc, char **argv) {
  FsaOptions options;
  int result = fsa_options_read(&options, "pack", FSA_OPTION_OUTPUT | FSA_OPTION_RULES, argc, argv);
  if (result == FSA_EXIT_OK && options.wants_help)
    fputs(usage, stdout);
  else if (result == FSA_EXIT_OK)
    result = run(&options);
  fsa_options_done(&options);
  return result;
}
