/* scoring/net/http.c: what goes into a URL, and which URLs stay on this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "net/http.h"

static void escapes(void **state) {
  (void)state;
  static const char text[] = "aZ09-._~ &=?%\"\xc3\xa4";
  FsaBuffer out = fsa_buffer(4096);
  fsa_http_escape(&out, (FsaText){text, strlen(text)});
  assert_string_equal(fsa_buffer_text(&out), "aZ09-._~%20%26%3D%3F%25%22%C3%A4");
  fsa_buffer_done(&out);
}

static void loopback(void **state) {
  (void)state;
  static const char *const here[] = {"http://127.0.0.1", "http://127.0.0.1:8123/x",
                                     "https://localhost/", "http://[::1]:1/?a"};
  static const char *const elsewhere[] = {"127.0.0.1",
                                          "http://127.0.0.1.example.internal/",
                                          "http://localhost@example.internal/",
                                          "http://user@127.0.0.1/",
                                          "http://example.internal/127.0.0.1",
                                          "http://10.127.0.0.1/",
                                          ""};
  for (size_t i = 0; i < sizeof here / sizeof *here; i++)
    assert_true(fsa_http_is_loopback(here[i]));
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    assert_false(fsa_http_is_loopback(elsewhere[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(escapes), cmocka_unit_test(loopback)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
