/* A ClickHouse database beside the case. See store.h. */
#include "store/store.h"

#include <glib.h>
#include <string.h>

#include "text/print.h"

#define MOST_SERVERS 64
#define REQUEST_SECONDS 900
#define SHOWN_ERROR 300 /* bytes of what a server says */

struct FsaStore {
  FsaHttp *http;
  FsaHttpAnswer answer;
  char **servers;           /* http://HOST:PORT, NULL behind the last */
  char *database, *cluster; /* cluster NULL = one server */
  const char *user, *password;
  bool has_failed;
};

/* What is kept. A version is a state of an answer; rows of other versions than the one with the
 * greatest revision are history. */
static const struct {
  const char *table, *columns, *order;
} tables[] = {
    {"fsa_sighting",
     "host String, query String, key String, platform String, seen Int64, version UInt64",
     "query, key, host"},
    {"fsa_answer",
     "host String, query String, version UInt64, revision UInt64, reset_time Int64, last_time "
     "Int64,"
     " row_count UInt64",
     "host, query"},
    {"fsa_coverage",
     "host String, identifier String, hostname String, platform String, query String, status "
     "String,"
     " arrived Int64, claimed Int64, last_time Int64, version UInt64, revision UInt64",
     "host, query"},
};

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool is_name(const char *text) {
  for (const char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && *at != '_') return false;
  return *text && strlen(text) <= 64;
}

static bool is_server(const char *text) {
  for (const char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr(".-:[]", *at)) return false;
  return *text != '\0';
}

/* Takes HOSTS/DATABASE?cluster=NAME apart. False when it is none. */
static bool take_apart(FsaStore *store, const char *rest, const char *scheme) {
  char **parts = g_strsplit(rest, "/", 2);
  char **tail = parts[0] && parts[1] ? g_strsplit(parts[1], "?cluster=", 2) : NULL;
  bool is_good = tail && is_name(tail[0]) && (!tail[1] || is_name(tail[1]));
  if (is_good) {
    store->database = g_strdup(tail[0]);
    store->cluster = g_strdup(tail[1]);
    store->servers = g_strsplit(parts[0], ",", MOST_SERVERS);
    for (char **server = store->servers; *server && is_good; server++) {
      is_good = is_server(*server);
      char *url = g_strdup_printf("%s://%s", scheme, *server);
      g_free(*server);
      *server = url;
    }
    is_good = is_good && store->servers[0] && (!store->servers[1] || store->cluster);
  }
  g_strfreev(tail);
  g_strfreev(parts);
  return is_good;
}

/* A password goes by TLS, or not beyond this machine. */
static bool is_password_safe(const FsaStore *store) {
  for (char **server = store->servers; store->password && *server; server++)
    if (strncmp(*server, "https://", 8) != 0 && !fsa_http_is_loopback(*server)) {
      fsa_complain("%s: the password of " FSA_STORE_PASSWORD " is only sent by clickhouses://",
                   *server);
      return false;
    }
  return true;
}

FsaStore *fsa_store_new(const char *url) {
  FsaStore *store = g_new0(FsaStore, 1);
  store->answer.body = fsa_buffer(FSA_MAX_STORE_ANSWER);
  store->user = g_getenv(FSA_STORE_USER);
  store->password = g_getenv(FSA_STORE_PASSWORD);
  bool is_tls = g_str_has_prefix(url, "clickhouses://");
  const char *rest = strstr(url, "://");
  bool is_ours = is_tls || g_str_has_prefix(url, "clickhouse://");
  if (!is_ours || !take_apart(store, rest + 3, is_tls ? "https" : "http")) {
    fsa_complain("%s: no store: write clickhouse://HOST:PORT/DATABASE, or "
                 "clickhouse://HOST:PORT,HOST:PORT/DATABASE?cluster=NAME",
                 url);
  } else if (is_password_safe(store)) {
    store->http = fsa_http_new();
    if (!store->http) fsa_complain("%s: %s", url, fsa_http_why(NULL));
  }
  if (store->http) return store;
  fsa_store_free(store);
  return NULL;
}

void fsa_store_free(FsaStore *store) {
  if (!store) return;
  fsa_http_free(store->http);
  fsa_buffer_done(&store->answer.body);
  g_strfreev(store->servers);
  g_free(store->database);
  g_free(store->cluster);
  g_free(store);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

/*
 * Settings of every request: an answer is held back until it is whole, a server that is away is an
 * error and never left out, a host's rows are compared on the server that has them, and rows are on
 * their server when an insert has ended.
 */
static const char settings[] = "wait_end_of_query=1&skip_unavailable_shards=0&"
                               "distributed_product_mode=local&insert_distributed_sync=1";

const char *fsa_store_database(const FsaStore *store) {
  return store->database;
}

static const char asking[] = "asking the store";

void fsa_store_complain(FsaStore *store, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *why = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  fsa_complain("%s", why);
  store->has_failed = true;
  g_free(why);
}

bool fsa_store_has_failed(const FsaStore *store) {
  return store && store->has_failed;
}

static int refuse(FsaStore *store, const char *server, const char *what) {
  const FsaBuffer *body = &store->answer.body;
  FsaBuffer shown = fsa_buffer(4096);
  fsa_put_safe(&shown, (FsaText){body->data, MIN(body->size, SHOWN_ERROR)}, SHOWN_ERROR);
  fsa_store_complain(store, "%s: %s: status %ld: %s", server, what, store->answer.status,
                     fsa_buffer_text(&shown));
  fsa_buffer_done(&shown);
  return FSA_E_IO;
}

/* A statement, and what is sent with it. */
typedef struct Question {
  const char *sql;
  FsaText body;             /* rows of an insert; data NULL = none */
  const char *parameters;   /* of the URL beside the settings; NULL = none */
  const char *content_type; /* of the body; NULL = it has none of its own */
} Question;

/* Sends it to a server. `what` says in a complaint what was tried. */
static int request(FsaStore *store, const char *server, const Question *question,
                   const char *what) {
  FsaBuffer url = fsa_buffer(1u << 20);
  fsa_buffer_printf(&url, "%s/?%s%s&query=", server, settings,
                    question->parameters ? question->parameters : "");
  fsa_http_escape(&url, (FsaText){question->sql, strlen(question->sql)});
  FsaHttpRequest asked = {.url = fsa_buffer_text(&url),
                          .user = store->user,
                          .key = store->password,
                          .body = question->body.data ? question->body : (FsaText){"", 0},
                          .content_type = question->content_type,
                          .timeout_seconds = REQUEST_SECONDS};
  int result = url.error;
  if (result == FSA_OK) result = fsa_http_ask(store->http, &asked, &store->answer);
  if (result != FSA_OK)
    fsa_store_complain(store, "%s: %s: %s", server, what, fsa_http_why(store->http));
  else if (store->answer.status != 200)
    result = refuse(store, server, what);
  fsa_buffer_done(&url);
  return result;
}

/* Runs a definition, which it frees. */
static int define(FsaStore *store, const char *server, char *sql) {
  int result = request(store, server, &(Question){.sql = sql}, "making the store's tables");
  g_free(sql);
  return result;
}

/* With several servers, the rows lie in TABLE_local of each and TABLE is all of them together. */
static int prepare_table(FsaStore *store, size_t at) {
  const char *name = tables[at].table, *suffix = store->cluster ? "_local" : "";
  int result = FSA_OK;
  for (char **server = store->servers; *server && result == FSA_OK; server++)
    result = define(store, *server,
                    g_strdup_printf("CREATE TABLE IF NOT EXISTS %s.%s%s (%s) ENGINE = MergeTree() "
                                    "ORDER BY (%s)",
                                    store->database, name, suffix, tables[at].columns,
                                    tables[at].order));
  if (result != FSA_OK || !store->cluster) return result;
  return define(store, store->servers[0],
                g_strdup_printf("CREATE TABLE IF NOT EXISTS %s.%s (%s) ENGINE = "
                                "Distributed(%s, %s, %s_local, cityHash64(host))",
                                store->database, name, tables[at].columns, store->cluster,
                                store->database, name));
}

int fsa_store_prepare(FsaStore *store) {
  int result = FSA_OK;
  for (char **server = store->servers; *server && result == FSA_OK; server++)
    result = define(store, *server,
                    g_strdup_printf("CREATE DATABASE IF NOT EXISTS %s", store->database));
  for (size_t i = 0; i < sizeof tables / sizeof *tables && result == FSA_OK; i++)
    result = prepare_table(store, i);
  return result;
}

int fsa_store_insert(FsaStore *store, const char *table, FsaText rows) {
  char *sql = g_strdup_printf("INSERT INTO %s.%s FORMAT JSONEachRow", store->database, table);
  Question question = {.sql = sql, .body = rows};
  int result = rows.size ? request(store, store->servers[0], &question, "adding rows") : FSA_OK;
  g_free(sql);
  return result;
}

/*
 * A table goes along as a part of a form [RFC 7578], whose name it has; the URL says what its rows
 * are. No row can hold the line between the parts: JSON escapes the end of a line.
 */
#define BOUNDARY "fsa-table"

static void put_brought(const FsaStoreTable *table, FsaBuffer *parameters, FsaBuffer *form) {
  fsa_buffer_printf(parameters, "&%s_format=JSONEachRow&%s_structure=", table->name, table->name);
  fsa_http_escape(parameters, (FsaText){table->columns, strlen(table->columns)});
  fsa_buffer_printf(form,
                    "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"; "
                    "filename=\"%s\"\r\n\r\n",
                    table->name, table->name);
  fsa_buffer_put(form, table->rows.data, table->rows.size);
  fsa_buffer_puts(form, "\r\n--" BOUNDARY "--\r\n");
}

static int ask_with(FsaStore *store, const char *sql, const FsaStoreTable *brought) {
  FsaBuffer parameters = fsa_buffer(4096), form = fsa_buffer(FSA_MAX_STORE_TABLE + 4096);
  put_brought(brought, &parameters, &form);
  int result = parameters.error ? parameters.error : form.error;
  Question question = {.sql = sql,
                       .body = {form.data, form.size},
                       .parameters = fsa_buffer_text(&parameters),
                       .content_type = "multipart/form-data; boundary=" BOUNDARY};
  if (result == FSA_OK) result = request(store, store->servers[0], &question, asking);
  fsa_buffer_done(&parameters);
  fsa_buffer_done(&form);
  return result;
}

int fsa_store_ask(FsaStore *store, const char *sql, const FsaStoreTable *brought,
                  FsaText *ret_answer) {
  char *whole = g_strconcat(sql, " FORMAT JSONEachRow", NULL);
  int result = brought ? ask_with(store, whole, brought)
                       : request(store, store->servers[0], &(Question){.sql = whole}, asking);
  *ret_answer = (FsaText){store->answer.body.data, store->answer.body.size};
  g_free(whole);
  return result;
}
