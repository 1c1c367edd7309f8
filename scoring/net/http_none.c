/* No network: this program was built where libcurl was not there. See http.h. */
#include "net/http.h"

FsaHttp *fsa_http_new(void) {
  return NULL;
}

void fsa_http_free(FsaHttp *http) {
  (void)http;
}

int fsa_http_ask(FsaHttp *http, const FsaHttpRequest *request, FsaHttpAnswer *answer) {
  (void)http, (void)request, (void)answer;
  return FSA_E_IO;
}

const char *fsa_http_why(const FsaHttp *http) {
  (void)http;
  return "this program was built without network (libcurl): run fsa-score on a system that has it";
}
