/* formats/object_name: the changing parts of names. */
#include "formats/object_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FsaText text(const char *data) {
  return (FsaText){data, strlen(data)};
}

static void assert_normal(const char *name, const char *expected) {
  static const int64_t pids[] = {4242, 420};
  FsaArena arena = fsa_arena(0);
  assert_string_equal(fsa_object_name_normalize(&arena, text(name), pids, 2).data, expected);
  fsa_arena_done(&arena);
}

static void names_are_normalized(void **state) {
  (void)state;
  assert_normal("", "");
  assert_normal("lsass", "lsass");
  assert_normal("MSCTF.Asm.MutexDefault1", "MSCTF.Asm.MutexDefaultD");
  assert_normal("{583da945-62af-10e8-4902-a8f205c72b2e}", "{G}");
  assert_normal("583DA945-62AF-10E8-4902-A8F205C72B2E", "G");
  assert_normal("x_46a676ab7f179e511e30dd2dc41bd388", "x_H");
  assert_normal("msagent_a1", "msagent_aD"); /* too short to be told from a word */
  assert_normal("status_a1b2c3", "status_H");
  assert_normal("facade_12", "H_D");
  assert_normal("Session 12 of 7", "Session D of D");
  assert_normal("mojo.4242.77.183894939787088877", "mojo.P.D.H");
  assert_normal("Winsock2\\CatalogChangeListener-1a4-0", "WinsockD\\CatalogChangeListener-P-D");
  assert_normal("app4242", "appP");
  assert_normal("app424", "appD");
  assert_normal("a4242", "aP"); /* a hexadecimal word, and it is none of the pids */
}

static void guids_that_are_none(void **state) {
  (void)state;
  assert_normal("583da945-62af-10e8-4902-a8f205c72b2e0", "H-Daf-DeD-D-H");
}

static void assert_pid(const char *name, int64_t expected) {
  int64_t pid = -1;
  assert_int_equal(fsa_pipe_name_pid(text(name), &pid), expected >= 0);
  assert_int_equal(pid, expected);
}

static void pids_in_names_of_pipes(void **state) {
  (void)state;
  assert_pid("mojo.5688.8052.183894939787088877", 5688);
  assert_pid("LOCAL\\mojo.5688.8052.1838", 5688);
  assert_pid("Sessions\\1\\AppContainerNamedObjects\\S-1-15-2-1\\mojo.12.13.14", 12);
  assert_pid("chrome.1204.3.9931", 1204);
  assert_pid("crashpad_7180_QWERTYUIOP", 7180);
  assert_pid("PSHost.132514566487254780.9144.DefaultAppDomain.powershell", 9144);
  assert_pid("Winsock2\\CatalogChangeListener-1a4-0", 420);
  assert_pid("WINSOCK2\\CATALOGCHANGELISTENER-FFC-0", 4092);
}

static void names_without_a_pid(void **state) {
  (void)state;
  assert_pid("", -1);
  assert_pid("lsass", -1);
  assert_pid("mojo.", -1);
  assert_pid("mojo.12", -1);
  assert_pid("mojo.x.1.2", -1);
  assert_pid("mojo.123456789012.1.2", -1);
  assert_pid("chrome.sync.9931", -1);
  assert_pid("crashpad_12", -1);
  assert_pid("PSHost.12", -1);
  assert_pid("PSHost.12.", -1);
  assert_pid("Winsock2\\CatalogChangeListener-", -1);
  assert_pid("Winsock2\\CatalogChangeListener-1a4", -1);
  assert_pid("Winsock2\\CatalogChangeListener--0", -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_normalized),
      cmocka_unit_test(guids_that_are_none),
      cmocka_unit_test(pids_in_names_of_pipes),
      cmocka_unit_test(names_without_a_pid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
