/* `fsa-score hosts`: which hosts should be there, into the case. See hosts.h. */
#include "command/hosts.h"

#include <string.h>

#include "base/clock.h"
#include "case/case.h"
#include "case/expected_hosts.h"
#include "hosts/fleet_hosts.h"
#include "text/print.h"

#define MOST_TOKEN_BYTES 4096

typedef struct Lists {
  FsaHostList file;
  FsaFleetHosts fleet;
  int64_t denylisted; /* queries that were noted */
} Lists;

/* ---- the token --------------------------------------------------------------------------------
 */

/* A token goes into a header: one line of printable ASCII. */
static bool is_token(const char *token) {
  size_t size = strlen(token);
  for (size_t i = 0; i < size; i++)
    if (token[i] <= ' ' || token[i] > '~') return false;
  return size > 0 && size <= MOST_TOKEN_BYTES;
}

/* The token, to be freed; NULL after saying what is wrong. */
static char *read_token(const char *path) {
  char *token = NULL;
  GError *error = NULL;
  if (!path)
    token = g_strdup(g_getenv(FSA_FLEET_TOKEN));
  else if (!g_file_get_contents(path, &token, NULL, &error))
    fsa_complain("%s", error->message);
  g_clear_error(&error);
  if (token) g_strstrip(token);
  if (token && is_token(token)) return token;
  fsa_complain(
      "there is no Fleet token: give --fleet-token a file that holds one and nothing else, "
      "or set " FSA_FLEET_TOKEN);
  g_free(token);
  return NULL;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static int ask_fleet(const FsaHostsOptions *options, FsaFleetHosts *hosts) {
  char *token = read_token(options->token_path);
  if (!token) return FSA_E_ACCESS;
  FsaHttp *http = fsa_http_new();
  int result = FSA_E_IO;
  if (http)
    result = fsa_fleet_hosts(http, &(FsaFleetOptions){options->fleet_url, token}, hosts);
  else
    fsa_complain("%s: %s", options->fleet_url, fsa_http_why(NULL));
  fsa_http_free(http);
  g_free(token);
  return result;
}

static int read_lists(const FsaHostsOptions *options, Lists *lists) {
  lists->file = fsa_host_list();
  int result = FSA_OK;
  if (options->hosts_path) result = fsa_host_list_file(options->hosts_path, &lists->file);
  if (result == FSA_OK && options->fleet_url) result = ask_fleet(options, &lists->fleet);
  return result;
}

/* ---- storing ----------------------------------------------------------------------------------
 */

/* A query that a host does not run is an error of that query, if it is one of ours. */
static int note_denylisted(FsaCase *store, const FsaPackMeta *meta, Lists *lists,
                           const FsaDenylisted *denied) {
  static const char message[] = "Fleet: osquery's watchdog stopped the query on this host; it is "
                                "denylisted";
  const FsaListedHost *host = &g_array_index(lists->fleet.list.hosts, FsaListedHost, denied->host);
  FsaText name = fsa_query_name(meta, fsa_text(denied->query));
  int64_t number, query;
  if (!name.data || !fsa_pack_meta_find(meta, name)) return FSA_OK;
  int result =
      fsa_case_find_host(store, fsa_text(host->identifier), fsa_text(host->hostname), &number);
  if (result != FSA_ROW) return result;
  result = fsa_case_query(store, name, &query);
  if (result != FSA_OK) return result;
  char *text = g_strdup_printf("%s: %s", message, denied->query);
  lists->denylisted++;
  result = fsa_case_put_status(store, number, query, 2, fsa_time_seconds(fsa_clock_now()),
                               fsa_text(text));
  g_free(text);
  return result;
}

static int store_lists(FsaCase *store, const FsaHostsOptions *options, Lists *lists) {
  FsaPackMeta meta = fsa_pack_meta();
  int result = fsa_case_begin(store);
  if (result == FSA_OK) result = fsa_case_meta(store, &meta);
  if (result == FSA_OK && options->hosts_path)
    result = fsa_case_put_list(store, &lists->file, "list");
  if (result == FSA_OK && options->fleet_url)
    result = fsa_case_put_list(store, &lists->fleet.list, "fleet");
  guint denied = options->fleet_url ? lists->fleet.denylisted->len : 0;
  for (guint i = 0; i < denied && result == FSA_OK; i++)
    result = note_denylisted(store, &meta, lists,
                             &g_array_index(lists->fleet.denylisted, FsaDenylisted, i));
  if (result == FSA_OK) result = fsa_case_commit(store);
  fsa_pack_meta_done(&meta);
  return result;
}

static void print_summary(const FsaHostsOptions *options, const Lists *lists) {
  FsaBuffer out = fsa_buffer(4096);
  if (options->hosts_path)
    fsa_buffer_printf(&out, "%u hosts in %s\n", lists->file.hosts->len, options->hosts_path);
  if (options->fleet_url)
    fsa_buffer_printf(&out, "%u hosts known to %s, %lld of their queries are denylisted\n",
                      lists->fleet.list.hosts->len, options->fleet_url,
                      (long long)lists->denylisted);
  fsa_print(&out);
  fsa_buffer_done(&out);
}

static int write_case(const FsaHostsOptions *options, Lists *lists) {
  FsaCase *store;
  int result = fsa_case_open(options->case_path, FSA_CASE_WRITE, &store);
  if (result == FSA_OK) result = store_lists(store, options, lists);
  if (result != FSA_OK) {
    const char *why = fsa_case_message(store);
    fsa_complain("%s: %s", options->case_path, why[0] ? why : fsa_result_name(result));
  } else if (!options->is_quiet) {
    print_summary(options, lists);
  }
  fsa_case_close(store);
  return result == FSA_OK ? 0 : 2;
}

int fsa_hosts(const FsaHostsOptions *options) {
  Lists lists = {0};
  int code = read_lists(options, &lists) == FSA_OK ? write_case(options, &lists) : 3;
  fsa_host_list_done(&lists.file);
  fsa_fleet_hosts_done(&lists.fleet);
  return code;
}
