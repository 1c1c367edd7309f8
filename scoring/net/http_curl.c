/* Asking a web server with libcurl. See http.h. */
#include <curl/curl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http.h"

#define CONNECT_SECONDS 20L
#define SILENT_SECONDS 60L /* without a byte */

struct FsaHttp {
  CURL *curl;
  char why[CURL_ERROR_SIZE];
};

FsaHttp *fsa_http_new(void) {
  static gsize is_ready;
  if (g_once_init_enter(&is_ready))
    g_once_init_leave(&is_ready, curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? 1 : 2);
  FsaHttp *http = is_ready == 1 ? calloc(1, sizeof *http) : NULL;
  if (!http) return NULL;
  http->curl = curl_easy_init();
  if (http->curl) return http;
  free(http);
  return NULL;
}

void fsa_http_free(FsaHttp *http) {
  if (!http) return;
  curl_easy_cleanup(http->curl);
  free(http);
}

const char *fsa_http_why(const FsaHttp *http) {
  return http ? http->why : "out of memory";
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
  FsaHttpAnswer *answer = context;
  fsa_buffer_put(&answer->body, data, size * count);
  return answer->body.error ? 0 : size * count;
}

/* [RFC 9110, 10.2.3]: seconds; a date is not what the servers that we ask send. */
static size_t take_header(char *data, size_t size, size_t count, void *context) {
  static const char name[] = "retry-after:";
  FsaHttpAnswer *answer = context;
  size_t length = size * count, at = sizeof name - 1;
  if (length <= at || strncasecmp(data, name, at) != 0) return length;
  while (at < length && data[at] == ' ') at++;
  int64_t seconds = -1;
  for (; at < length && data[at] >= '0' && data[at] <= '9' && seconds < 1000000; at++)
    seconds = (seconds < 0 ? 0 : seconds * 10) + (data[at] - '0');
  answer->retry_after = seconds;
  return length;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value) {
  if (!value) return list;
  char *header = g_strdup_printf("%s: %s", name, value);
  struct curl_slist *longer = curl_slist_append(list, header);
  g_free(header);
  return longer ? longer : list;
}

static struct curl_slist *headers_of(const FsaHttpRequest *request) {
  char *token = request->bearer ? g_strdup_printf("Bearer %s", request->bearer) : NULL;
  struct curl_slist *list = add_header(NULL, "Authorization", token);
  list = add_header(list, "X-ClickHouse-User", request->user);
  list = add_header(list, "X-ClickHouse-Key", request->key);
  list = add_header(list, "Content-Type", request->content_type);
  list =
      add_header(list, "Expect", request->body.data ? "" : NULL); /* no round trip before a POST */
  g_free(token);
  return list;
}

static void set_up(FsaHttp *http, const FsaHttpRequest *request, FsaHttpAnswer *answer) {
  CURL *curl = http->curl;
  curl_easy_reset(curl); /* connections stay */
  curl_easy_setopt(curl, CURLOPT_URL, request->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)request->timeout_seconds);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "fsa-score");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
  if (!request->body.data) return;
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
}

int fsa_http_ask(FsaHttp *http, const FsaHttpRequest *request, FsaHttpAnswer *answer) {
  fsa_buffer_clear(&answer->body);
  answer->status = 0;
  answer->retry_after = -1;
  http->why[0] = '\0';
  set_up(http, request, answer);
  struct curl_slist *headers = headers_of(request);
  curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
  CURLcode code = curl_easy_perform(http->curl);
  curl_slist_free_all(headers);
  curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &answer->status);
  if (code == CURLE_OK) return FSA_OK;
  if (!http->why[0]) g_strlcpy(http->why, curl_easy_strerror(code), sizeof http->why);
  if (answer->body.error == FSA_E_LIMIT)
    g_strlcpy(http->why, "the answer is too large", sizeof http->why);
  if (answer->body.error) return answer->body.error;
  return code == CURLE_OPERATION_TIMEDOUT ? FSA_E_TIMEOUT : FSA_E_IO;
}
