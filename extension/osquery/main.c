/* fsa.ext: the tables as an extension of osquery. */
#include <malloc.h>
#include <stdio.h>

#include "os/program.h"
#include "osquery/cache.h"
#include "osquery/endpoint.h"
#include "osquery/generated.h"
#include "osquery/log.h"
#include "osquery/membership.h"
#include "osquery/wait.h"

#define ARENAS 2 /* of malloc: one for each core is memory that stays when callers are gone */

#ifdef _WIN32
#define OWN_NAME "fsa.ext.exe"
#define HERE ".\\"
#define BESIDE_OSQUERYD "fsa.ext.exe --socket \\\\.\\pipe\\osquery.em --allow_evidence C:\\cases"
#else
#define OWN_NAME "fsa.ext"
#define HERE "./"
#define BESIDE_OSQUERYD "sudo fsa.ext --socket /var/osquery/osquery.em --allow_evidence /cases"
#endif

static const char usage[] =
    "fsa.ext - forensic state of a host as tables of osquery\n"
    "\n"
    "  " OWN_NAME " [OPTION ...]   osquery starts it; by hand, run it as osquery's user\n"
    "\n"
    "      --socket PATH          osquery's extensions_socket (%s)\n"
    "      --timeout S            wait so long for osquery at the start (3)\n"
    "      --interval S           look so often whether osquery still knows us (3)\n"
    "      --wait                 wait for osquery without end, also when it goes away\n"
    "      --allow_evidence PATH  queries may name evidence below PATH (may be repeated)\n"
    "      --max_rows N           more rows in one call are an error (250000)\n"
    "      --deadline S           a longer call is an error (120)\n"
    "      --verbose              tell what happens\n"
    "      --version, --help\n"
    "\n"
    "Examples\n"
    "  osqueryi --extension " HERE OWN_NAME
    " --extensions_require=fsa \"SELECT name FROM fsa_tables\"\n"
    "  " BESIDE_OSQUERYD "\n"
    "\n"
    "Exit codes: 0 asked to end, or osquery is gone; 1 usage; 10 no socket there; 11 no\n"
    "permission; 12 its path is too long; 13 not a socket; 14 nobody listens; 15 it does not\n"
    "answer as osquery does; 16 registration refused; 17 own socket cannot be made.\n";

/* GLib's and Thrift's warnings are about callers that went away: details. */
static void on_library_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
                               gpointer context) {
  (void)level, (void)context;
  fsa_log_detail("%s: %s", domain ? domain : "library", message);
}

static FsaExtensionExit run(const FsaExtensionOptions *options) {
  FsaService service = {.cache = fsa_cache_new(),
                        .allowed = options->allowed,
                        .allowed_count = options->allowed_count,
                        .max_rows = options->max_rows,
                        .deadline_ns = options->deadline_ms * 1000000};
  FsaExtensionExit code = FSA_EXTENSION_NO_SERVER;
  if (service.cache && fsa_engine_new(NULL, &service.engine) == FSA_OK)
    code = fsa_membership_run(options, &service);
  else
    fsa_log("out of memory");
  fsa_engine_free(service.engine);
  fsa_cache_free(service.cache);
  return code;
}

int main(int argc, char **argv) {
  FsaExtensionOptions options;
  if (fsa_program_begin(&argc, &argv) != FSA_OK) {
    fsa_log("out of memory");
    return FSA_EXTENSION_USAGE;
  }
  if (!fsa_extension_options_read(&options, argc, argv)) return FSA_EXTENSION_USAGE;
  if (options.wants_help) {
    printf(usage, fsa_endpoint_default());
    return FSA_EXTENSION_OK;
  }
  if (options.wants_version) {
    printf("fsa.ext %s (%zu tables)\n", FSA_VERSION, fsa_table_count);
    return FSA_EXTENSION_OK;
  }
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, ARENAS);
#endif
  g_log_set_default_handler(on_library_message, NULL);
  fsa_wait_prepare();
  fsa_generated_prepare();
  return (int)run(&options);
}
