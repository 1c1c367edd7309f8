/* Which evidence may be asked: what lies below a prefix by its real path, and nothing else. */
#include "osquery/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/fsa-permit-XXXXXX";
static FsaArena arena;

static const char *below(const char *name) {
  return fsa_arena_printf(&arena, "%s/%s", root, name);
}

static int make(void **state) {
  (void)state;
  if (!mkdtemp(root)) return -1;
  arena = fsa_arena(0);
  int failed = mkdir(below("cases"), 0700) | mkdir(below("cases/42"), 0700);
  failed |= mkdir(below("casesecret"), 0700) | symlink("/etc", below("cases/out"));
  return failed | symlink(below("cases/42"), below("cases/in"));
}

static int clean(void **state) {
  (void)state;
  unlink(below("cases/out"));
  unlink(below("cases/in"));
  rmdir(below("cases/42"));
  rmdir(below("cases"));
  rmdir(below("casesecret"));
  rmdir(root);
  fsa_arena_done(&arena);
  return 0;
}

static int decide(const char *name, const char *prefix, const char **ret_real) {
  FsaError error;
  const char *const prefixes[] = {prefix};
  return fsa_permit_evidence(name, prefixes, prefix ? 1 : 0, &arena, ret_real, &error);
}

static void what_lies_below_is_allowed(void **state) {
  (void)state;
  const char *real;
  assert_int_equal(decide(below("cases/42"), below("cases"), &real), FSA_OK);
  assert_string_equal(real, below("cases/42"));
  assert_int_equal(decide(below("cases"), below("cases/"), &real), FSA_OK);
  assert_int_equal(decide(below("cases/in"), below("cases"), &real), FSA_OK);
  assert_string_equal(real, below("cases/42"));
  assert_int_equal(
      decide(fsa_arena_printf(&arena, "live:%s", below("cases/42")), below("cases"), &real),
      FSA_OK);
  assert_string_equal(real, fsa_arena_printf(&arena, "live:%s", below("cases/42")));
  assert_int_equal(decide("/etc", "/", &real), FSA_OK);
}

static void what_leads_out_is_not(void **state) {
  (void)state;
  const char *real;
  assert_int_equal(decide(below("casesecret"), below("cases"), &real), FSA_E_ACCESS);
  assert_int_equal(decide(below("cases/../casesecret"), below("cases"), &real), FSA_E_ACCESS);
  assert_int_equal(decide(below("cases/out"), below("cases"), &real), FSA_E_ACCESS);
  assert_int_equal(decide("live:/", below("cases"), &real), FSA_E_ACCESS);
  assert_int_equal(decide(below("cases/none"), below("cases"), &real), FSA_E_ACCESS);
  assert_int_equal(decide("", below("cases"), &real), FSA_E_ACCESS);
}

static void without_a_prefix_only_the_live_host(void **state) {
  (void)state;
  const char *real;
  assert_int_equal(decide(below("cases/42"), NULL, &real), FSA_E_ACCESS);
  assert_int_equal(decide("live", NULL, &real), FSA_OK);
  assert_null(real);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_lies_below_is_allowed),
      cmocka_unit_test(what_leads_out_is_not),
      cmocka_unit_test(without_a_prefix_only_the_live_host),
  };
  return cmocka_run_group_tests(tests, make, clean);
}
