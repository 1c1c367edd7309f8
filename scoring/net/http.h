/*
 * Asking a web server: what a fleet manager's REST interface and ClickHouse's HTTP interface need.
 *
 * Bounded in time and size; redirects are errors, for a token must not follow them; certificates
 * are always checked. http_curl.c is libcurl's, http_none.c stands in where there is none.
 */
#ifndef FSA_SCORING_HTTP_H
#define FSA_SCORING_HTTP_H

#include "base/buffer.h"
#include "base/result.h"
#include "base/text.h"

typedef struct FsaHttp FsaHttp;

typedef struct FsaHttpRequest {
  const char *url;
  const char *bearer;       /* a token; NULL = none */
  const char *user, *key;   /* X-ClickHouse-User and -Key; NULL = none */
  FsaText body;             /* sent by POST; data NULL = GET */
  const char *content_type; /* of the body; NULL = that of a form */
  unsigned timeout_seconds; /* of the whole request */
} FsaHttpRequest;

typedef struct FsaHttpAnswer {
  long status;         /* 200, 401, ... */
  int64_t retry_after; /* seconds that the server asks to wait; -1 = it says nothing */
  FsaBuffer body;      /* made by the caller, who sets its ceiling */
} FsaHttpAnswer;

/* NULL when this program was built without network, or memory ran out. */
FsaHttp *fsa_http_new(void);
void fsa_http_free(FsaHttp *http);

/*
 * Asks and waits. FSA_OK with whatever status the server gave; FSA_E_TIMEOUT, FSA_E_LIMIT (the
 * answer is larger than `body` may be), FSA_E_IO: fsa_http_why() says what failed. The body is
 * emptied before.
 */
int fsa_http_ask(FsaHttp *http, const FsaHttpRequest *request, FsaHttpAnswer *answer);

/* What failed last, or why there is no network when `http` is NULL. Lives until the next call. */
const char *fsa_http_why(const FsaHttp *http);

/* Appends text as a part of a URL: all but letters, digits and -._~ as %XX. */
void fsa_http_escape(FsaBuffer *out, FsaText text);

/* True when the URL's host is this machine: what is sent there meets no network. */
bool fsa_http_is_loopback(const char *url);

#endif
