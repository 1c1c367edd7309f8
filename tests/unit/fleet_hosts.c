/* scoring/hosts/fleet_hosts.c: one page of a Fleet server's hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hosts/fleet_hosts.h"

static int read_page(const char *json, FsaFleetHosts *hosts, FsaFleetPage *page) {
  const char *why = NULL;
  *hosts = (FsaFleetHosts){fsa_host_list(), g_array_new(FALSE, FALSE, sizeof(FsaDenylisted))};
  int result = fsa_fleet_page_read(hosts, (FsaText){json, strlen(json)}, page, &why);
  if (result != FSA_OK) assert_non_null(why);
  return result;
}

static void good_page(void **state) {
  (void)state;
  static const char json[] =
      "{\"meta\":{},\"hosts\":[{\"id\":7,\"uuid\":\"U\",\"hostname\":\"h\\u00e4\",\"x\":[1],"
      "\"pack_stats\":[{\"query_stats\":[{\"scheduled_query_name\":\"fsa_x\",\"denylisted\":true},"
      "{\"scheduled_query_name\":\"fsa_y\",\"denylisted\":false}]}]},"
      "{\"id\":9,\"uuid\":\"\",\"hostname\":\"\",\"team_name\":null},"
      "{\"id\":8,\"hostname\":\"b\",\"fleet_name\":\"servers\",\"pack_stats\":null}]}";
  FsaFleetHosts hosts;
  FsaFleetPage page;
  assert_int_equal(read_page(json, &hosts, &page), FSA_OK);
  assert_int_equal(page.hosts, 3); /* one of them has not told its name yet */
  assert_int_equal(page.last_id, 9);
  assert_int_equal(hosts.list.hosts->len, 2);
  assert_string_equal(g_array_index(hosts.list.hosts, FsaListedHost, 0).hostname, "h\xc3\xa4");
  assert_string_equal(g_array_index(hosts.list.hosts, FsaListedHost, 1).team, "servers");
  assert_int_equal(hosts.denylisted->len, 1);
  assert_string_equal(g_array_index(hosts.denylisted, FsaDenylisted, 0).query, "fsa_x");
  fsa_fleet_hosts_done(&hosts);
}

static void bad_pages(void **state) {
  (void)state;
  static const char *const pages[] = {
      "",        "[]",
      "{}",      "{\"hosts\":null}",
      "<html>",  "{\"hosts\":[{\"id\":1}",
      "null",    "{\"hosts\":[{\"id\":\"1\",\"uuid\":\"U\"}]}",
      "{\"a\":", "{\"hosts\":[{\"uuid\":\"U\"}]}",
      "7",       "{\"hosts\":[7]}",
  };
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    FsaFleetHosts hosts;
    FsaFleetPage page;
    assert_int_equal(read_page(pages[i], &hosts, &page), FSA_E_FORMAT);
    fsa_fleet_hosts_done(&hosts);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_page), cmocka_unit_test(bad_pages)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
