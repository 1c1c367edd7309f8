/* tables/catalog/known_pipes: which names are known, and which only look alike. */
#include "catalog/known_pipes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_tool(const char *name, const char *tool) {
  const FsaKnownPipe *known = fsa_known_pipe((FsaText){name, strlen(name)});
  if (!tool) {
    assert_null(known);
    return;
  }
  assert_non_null(known);
  assert_string_equal(known->tool, tool);
  assert_true(strlen(known->source) > 5);
}

static void names_of_tools(void **state) {
  (void)state;
  assert_tool("MSSE-1234-server", "Cobalt Strike");
  assert_tool("msagent_a1", "Cobalt Strike");
  assert_tool("MSAGENT_A1", "Cobalt Strike");
  assert_tool("postex_ssh_0f3c", "Cobalt Strike");
  assert_tool("mojo.5688.8052.18389493978708887700", "Cobalt Strike (malleable profile)");
  assert_tool("win\\msrpc_7e", "Cobalt Strike (malleable profile)");
  assert_tool("a1b2c3d", "Cobalt Strike before 4.2 (post-exploitation jobs)");
  assert_tool("PSEXESVC-HOST-4242-stdin", "PsExec");
  assert_tool("583da945-62af-10e8-4902-a8f205c72b2e", "SUNBURST");
  assert_tool("x7f\\pipe\\spoolss", "PrintSpoofer");
  assert_tool("x\\thisispipe", "DiagTrackEoP");
}

static void names_of_windows(void **state) {
  (void)state;
  static const char *const names[] = {
      "",
      "lsass",
      "spoolss",
      "srvsvc",
      "wkssvc",
      "ntsvcs",
      "scerpc",
      "svcctl",
      "epmapper",
      "PSHost.1.2.DefaultAppDomain.x",
      "msagent_x",
      "MsFteWds",
      "PGMessagePipe",
      "atsvc",
      "Winsock2\\CatalogChangeListener-1a4-0",
      "msagent_",
      "msagent_a1b",
      "abcdef",
      "pipe",
      "mojo.1234.5678.9012345678901234567",
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_tool(names[i], NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_tools),
      cmocka_unit_test(names_of_windows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
