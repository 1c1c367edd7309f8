/* The hosts that a Fleet server knows. See fleet_hosts.h. */
#include "hosts/fleet_hosts.h"

#include <string.h>

#include "text/json.h"
#include "text/print.h"

#define REQUEST_SECONDS 120
#define MOST_TRIES 6          /* of one page */
#define MOST_WAIT_SECONDS 120 /* that a server may ask for between two */

void fsa_fleet_hosts_done(FsaFleetHosts *hosts) {
  fsa_host_list_done(&hosts->list);
  if (hosts->denylisted) g_array_free(hosts->denylisted, TRUE);
  hosts->denylisted = NULL;
}

/* ---- one page ---------------------------------------------------------------------------------
 */

/* What is read of a host. */
typedef struct Host {
  FsaListedHost listed;
  int64_t id;
  GPtrArray *denylisted; /* scheduled names, in the list's arena */
} Host;

static bool read_text(FsaJson *json, FsaArena *arena, const char **ret_text) {
  FsaJsonText text;
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind != FSA_JSON_STRING) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  FsaText decoded = fsa_json_decode(arena, text);
  *ret_text = fsa_arena_copy(arena, decoded.data, decoded.size);
  return *ret_text != NULL;
}

static bool read_id(FsaJson *json, int64_t *ret_id) {
  FsaJsonText text;
  if (fsa_json_kind(json) != FSA_JSON_NUMBER) return fsa_json_skip(json);
  return fsa_json_scalar(json, &text) && (fsa_json_integer(text, ret_id) || true);
}

/* One of query_stats: {"scheduled_query_name": "...", "denylisted": true, ...}. */
static bool read_statistics(FsaJson *json, FsaArena *arena, Host *host) {
  const char *query = NULL;
  bool is_denylisted = false;
  FsaJsonText name, value;
  if (fsa_json_kind(json) != FSA_JSON_OBJECT) return fsa_json_skip(json);
  fsa_json_enter(json);
  while (fsa_json_member(json, &name)) {
    if (fsa_json_is(name, "scheduled_query_name")) {
      if (!read_text(json, arena, &query)) return false;
    } else if (fsa_json_is(name, "denylisted") && fsa_json_kind(json) == FSA_JSON_WORD) {
      if (!fsa_json_scalar(json, &value)) return false;
      is_denylisted = fsa_json_is(value, "true");
    } else if (!fsa_json_skip(json)) {
      return false;
    }
  }
  if (is_denylisted && query) g_ptr_array_add(host->denylisted, (gpointer)query);
  return !json->why;
}

/* Calls `each` for every item of the member `wanted` of the object that comes next. */
static bool each_of(FsaJson *json, const char *wanted, FsaArena *arena, Host *host,
                    bool (*each)(FsaJson *, FsaArena *, Host *)) {
  FsaJsonText name;
  if (fsa_json_kind(json) != FSA_JSON_OBJECT) return fsa_json_skip(json);
  fsa_json_enter(json);
  while (fsa_json_member(json, &name)) {
    bool is_wanted = fsa_json_is(name, wanted) && fsa_json_kind(json) == FSA_JSON_ARRAY;
    if (!is_wanted) {
      if (!fsa_json_skip(json)) return false;
      continue;
    }
    fsa_json_enter(json);
    while (fsa_json_item(json))
      if (!each(json, arena, host)) return false;
  }
  return !json->why;
}

static bool read_pack(FsaJson *json, FsaArena *arena, Host *host) {
  return each_of(json, "query_stats", arena, host, read_statistics);
}

static bool read_packs(FsaJson *json, FsaArena *arena, Host *host) {
  if (fsa_json_kind(json) != FSA_JSON_ARRAY) return fsa_json_skip(json);
  fsa_json_enter(json);
  while (fsa_json_item(json))
    if (!read_pack(json, arena, host)) return false;
  return !json->why;
}

static bool read_host_member(FsaJson *json, FsaJsonText name, FsaArena *arena, Host *host) {
  FsaListedHost *listed = &host->listed;
  if (fsa_json_is(name, "id")) return read_id(json, &host->id);
  if (fsa_json_is(name, "uuid")) return read_text(json, arena, &listed->identifier);
  if (fsa_json_is(name, "hostname")) return read_text(json, arena, &listed->hostname);
  if (fsa_json_is(name, "platform")) return read_text(json, arena, &listed->platform);
  if (fsa_json_is(name, "team_name")) return read_text(json, arena, &listed->team);
  if (fsa_json_is(name, "fleet_name")) return read_text(json, arena, &listed->team);
  if (fsa_json_is(name, "seen_time")) return read_text(json, arena, &listed->last_seen);
  if (fsa_json_is(name, "pack_stats")) return read_packs(json, arena, host);
  return fsa_json_skip(json);
}

static int keep_host(FsaFleetHosts *hosts, const Host *host, FsaFleetPage *page,
                     const char **ret_why) {
  if (host->id <= 0) {
    *ret_why = "a host without an id";
    return FSA_E_FORMAT;
  }
  guint place = hosts->list.hosts->len;
  int result = fsa_host_list_add(&hosts->list, &host->listed);
  if (result != FSA_OK) return result;
  page->hosts++;
  page->last_id = MAX(page->last_id, host->id);
  if (hosts->list.hosts->len == place) return FSA_OK; /* it has not told its name yet */
  for (guint i = 0; i < host->denylisted->len; i++) {
    FsaDenylisted one = {place, host->denylisted->pdata[i]};
    g_array_append_val(hosts->denylisted, one);
  }
  return FSA_OK;
}

static int read_host(FsaFleetHosts *hosts, FsaJson *json, FsaFleetPage *page,
                     const char **ret_why) {
  Host host = {.denylisted = g_ptr_array_new()};
  FsaJsonText name;
  bool is_good = fsa_json_enter(json);
  while (is_good && fsa_json_member(json, &name))
    is_good = read_host_member(json, name, &hosts->list.arena, &host);
  *ret_why = json->why ? json->why : "out of memory";
  int result = is_good && !json->why ? keep_host(hosts, &host, page, ret_why) : FSA_E_FORMAT;
  g_ptr_array_free(host.denylisted, TRUE);
  return result;
}

int fsa_fleet_page_read(FsaFleetHosts *hosts, FsaText text, FsaFleetPage *ret_page,
                        const char **ret_why) {
  FsaJson json = fsa_json(text.data, text.size);
  FsaFleetPage page = {0};
  FsaJsonText name;
  bool has_hosts = false;
  int result = FSA_OK;
  if (!fsa_json_enter(&json)) result = FSA_E_FORMAT;
  while (result == FSA_OK && fsa_json_member(&json, &name)) {
    bool is_list = fsa_json_is(name, "hosts") && fsa_json_kind(&json) == FSA_JSON_ARRAY;
    if (!is_list) {
      if (!fsa_json_skip(&json)) break;
      continue;
    }
    has_hosts = true;
    fsa_json_enter(&json);
    while (result == FSA_OK && fsa_json_item(&json))
      result = read_host(hosts, &json, &page, ret_why);
  }
  if (json.why) *ret_why = json.why;
  if (result == FSA_OK && json.why) result = FSA_E_FORMAT;
  if (result == FSA_OK && !has_hosts) {
    *ret_why = "no list of hosts";
    result = FSA_E_FORMAT;
  }
  *ret_page = page;
  return result;
}

/* ---- all pages --------------------------------------------------------------------------------
 */

static int refuse(const FsaFleetOptions *options, const FsaHttpAnswer *answer) {
  FsaBuffer shown = fsa_buffer(4096);
  fsa_put_safe(&shown, (FsaText){answer->body.data, MIN(answer->body.size, 300)}, 200);
  bool is_token = answer->status == 401 || answer->status == 403;
  fsa_complain("%s: asking for its hosts: status %ld%s: %s", options->url, answer->status,
               is_token
                   ? ": the token is not accepted; make an API-only user with the role observer "
                     "and give its token"
                   : "",
               fsa_buffer_text(&shown));
  fsa_buffer_done(&shown);
  return is_token ? FSA_E_ACCESS : FSA_E_IO;
}

/* Asks until the server answers something else than "too many requests". */
static int ask_page(FsaHttp *http, const FsaFleetOptions *options, const char *url,
                    FsaHttpAnswer *answer) {
  FsaHttpRequest request = {
      .url = url, .bearer = options->token, .timeout_seconds = REQUEST_SECONDS};
  for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
    int result = fsa_http_ask(http, &request, answer);
    if (result != FSA_OK) {
      fsa_complain("%s: asking for its hosts: %s", options->url, fsa_http_why(http));
      return result;
    }
    if (answer->status == 200) return FSA_OK;
    if (answer->status != 429) return refuse(options, answer);
    int64_t wait = answer->retry_after >= 0 ? answer->retry_after : 1 << tries;
    if (wait > MOST_WAIT_SECONDS) break;
    g_usleep((gulong)wait * G_USEC_PER_SEC);
  }
  fsa_complain("%s: it says that it is asked too often, and asks to wait longer than we do; try "
               "again later",
               options->url);
  return FSA_E_TIMEOUT;
}

static int read_pages(FsaHttp *http, const FsaFleetOptions *options, FsaHttpAnswer *answer,
                      FsaFleetHosts *hosts) {
  size_t size = strcspn(options->url, "?#");
  while (size && options->url[size - 1] == '/') size--;
  FsaFleetPage page = {.hosts = FSA_FLEET_PAGE};
  int64_t after = 0;
  while (page.hosts >= FSA_FLEET_PAGE) {
    char *url = g_strdup_printf("%.*s/api/v1/fleet/hosts?page=0&per_page=%d&order_key=id&"
                                "order_direction=asc&after=%lld&disable_failing_policies=true",
                                (int)size, options->url, FSA_FLEET_PAGE, (long long)after);
    int result = ask_page(http, options, url, answer);
    g_free(url);
    if (result != FSA_OK) return result;
    const char *why = NULL;
    result =
        fsa_fleet_page_read(hosts, (FsaText){answer->body.data, answer->body.size}, &page, &why);
    if (result == FSA_OK && page.hosts && page.last_id <= after) {
      result = FSA_E_FORMAT;
      why = "it gives the same hosts again";
    } else if (result == FSA_OK && hosts->list.hosts->len > FSA_MAX_FLEET_HOSTS) {
      result = FSA_E_LIMIT;
      why = "it lists more hosts than are read";
    }
    if (result != FSA_OK) {
      fsa_complain("%s: its list of hosts: %s", options->url, why ? why : fsa_result_name(result));
      return result;
    }
    after = page.last_id;
  }
  return FSA_OK;
}

static bool is_url_safe(const char *url) {
  return strncmp(url, "https://", 8) == 0 ||
         (strncmp(url, "http://", 7) == 0 && fsa_http_is_loopback(url));
}

int fsa_fleet_hosts(FsaHttp *http, const FsaFleetOptions *options, FsaFleetHosts *ret_hosts) {
  *ret_hosts = (FsaFleetHosts){fsa_host_list(), g_array_new(FALSE, FALSE, sizeof(FsaDenylisted))};
  if (!is_url_safe(options->url)) {
    fsa_complain("%s: a token is only sent by https://, or by http:// on this machine",
                 options->url);
    return FSA_E_ACCESS;
  }
  FsaHttpAnswer answer = {.body = fsa_buffer(FSA_MAX_FLEET_PAGE)};
  int result = read_pages(http, options, &answer, ret_hosts);
  fsa_buffer_done(&answer.body);
  return result;
}
