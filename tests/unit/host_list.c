/* scoring/hosts/host_list.c: lists of hosts as people export them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buffer.h"
#include "hosts/host_list.h"

/* The hosts of a list as "identifier|hostname|platform|team|last_seen;". */
static void check(const char *csv, const char *wanted) {
  FsaHostList list = fsa_host_list();
  FsaBuffer out = fsa_buffer(65536);
  assert_int_equal(fsa_host_list_read(&list, (FsaText){csv, strlen(csv)}), FSA_OK);
  for (guint i = 0; i < list.hosts->len; i++) {
    const FsaListedHost *host = &g_array_index(list.hosts, FsaListedHost, i);
    fsa_buffer_printf(&out, "%s|%s|%s|%s|%s;", host->identifier, host->hostname, host->platform,
                      host->team, host->last_seen);
  }
  assert_string_equal(fsa_buffer_text(&out), wanted);
  fsa_buffer_done(&out);
  fsa_host_list_done(&list);
}

static void plain_lists(void **state) {
  (void)state;
  check("", "");
  check("a", "|a|||;");
  check("a\r\n\n# b\n c \n", "|a|||;|c|||;");
  check("a,x,y\n\"b, c\",z\n\"d\"\"e\"\n", "|a|||;|b, c|||;|d\"e|||;");
  check("\"lost\nb\n", "|lost|||;|b|||;");
}

static void headers(void **state) {
  (void)state;
  check("Hostname\na\n", "|a|||;");
  check("\xEF\xBB\xBF\"DNSHostName\",\"OperatingSystem\"\r\n\"a\",\"Windows\"\r\n",
        "|a|Windows||;");
  check("serial,uuid,role,host,seen_time\ns,U,web,a,2026\ns,,web,,\ns,V\n", "U|a||web|2026;V||||;");
  check("uuid,uuid\nU,V\n", "U||||;");
  check("serial,floor\ns,2\n", "|serial|||;|s|||;"); /* no column says that it is a host */
}

static void many_fields(void **state) {
  (void)state;
  FsaBuffer csv = fsa_buffer(65536);
  fsa_buffer_puts(&csv, "hostname\na");
  for (int i = 0; i < 1000; i++) fsa_buffer_putc(&csv, ',');
  fsa_buffer_puts(&csv, "\nb\n");
  check(fsa_buffer_text(&csv), "|a|||;|b|||;");
  fsa_buffer_done(&csv);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_lists),
      cmocka_unit_test(headers),
      cmocka_unit_test(many_fields),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
