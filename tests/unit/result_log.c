/* scoring/log/result_log.c: lines of every dialect as one kind of entry, and damage as a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "log/result_log.h"

/* What a line gave, as text: "form name host hostname time epoch counter;" and "!why@at;". */
static int put_entry(void *context, const FsaLogEntry *entry) {
  static const char *const forms[] = {"snapshot", "row", "added", "removed", "status"};
  fsa_buffer_printf(context, "%s %.*s %.*s %.*s %lld %lld %lld;", forms[entry->form],
                    (int)entry->name.size, entry->name.data ? entry->name.data : "",
                    (int)entry->host.size, entry->host.data, (int)entry->hostname.size,
                    entry->hostname.data ? entry->hostname.data : "", (long long)entry->time,
                    (long long)entry->epoch, (long long)entry->counter);
  return FSA_OK;
}

static int put_reject(void *context, const char *why, size_t at, size_t lost) {
  (void)lost;
  fsa_buffer_printf(context, "!%s@%zu;", why, at);
  return FSA_OK;
}

static void check(const char *line, const char *wanted) {
  FsaBuffer out = fsa_buffer(4096);
  FsaArena arena = fsa_arena(0);
  FsaLogSink sink = {&out, put_entry, put_reject};
  assert_int_equal(fsa_result_log_read(line, strlen(line), &arena, &sink), FSA_OK);
  assert_string_equal(fsa_buffer_text(&out), wanted);
  fsa_arena_done(&arena);
  fsa_buffer_done(&out);
}

#define HEAD "\"name\":\"q\",\"hostIdentifier\":\"h\",\"unixTime\":5"

static void forms(void **state) {
  (void)state;
  check("{" HEAD ",\"snapshot\":[]}", "snapshot q h  5 0 -1;");
  check("{" HEAD ",\"columns\":{},\"action\":\"added\",\"counter\":\"3\",\"epoch\":\"2\"}",
        "added q h  5 2 3;");
  check("{" HEAD ",\"columns\":{},\"action\":\"removed\"}", "removed q h  5 0 -1;");
  check("{" HEAD ",\"columns\":{},\"action\":\"snapshot\"}", "row q h  5 0 -1;");
  check("{" HEAD ",\"diffResults\":{\"removed\":[],\"added\":[]}}",
        "removed q h  5 0 -1;added q h  5 0 -1;");
  check("{\"hostIdentifier\":\"h\",\"unixTime\":\"5\",\"severity\":\"2\",\"message\":\"m\"}",
        "status  h  5 0 -1;");
}

static void names_of_hosts(void **state) {
  (void)state;
  check("{" HEAD ",\"snapshot\":[],\"decorations\":{\"hostname\":\"n\"}}",
        "snapshot q h n 5 0 -1;");
  check("{" HEAD ",\"snapshot\":[],\"hostname\":\"n\"}", "snapshot q h n 5 0 -1;");
  check("{\"name\":\"q\",\"hostname\":\"n\",\"unixTime\":5,\"snapshot\":[]}",
        "snapshot q n  5 0 -1;");
}

static void wrappers(void **state) {
  (void)state;
  const char *one = "snapshot q h  5 0 -1;", *two = "snapshot q h  5 0 -1;snapshot q h  5 0 -1;";
  check("[{" HEAD ",\"snapshot\":[]},{" HEAD ",\"snapshot\":[]}]", two);
  check("{" HEAD ",\"snapshot\":[]}{" HEAD ",\"snapshot\":[]}", two);
  check("{\"node_key\":\"k\",\"data\":[{" HEAD ",\"snapshot\":[]}]}", one);
  check("{\"data\":\"{\\\"name\\\":\\\"q\\\",\\\"hostIdentifier\\\":\\\"h\\\",\\\"unixTime\\\":5,"
        "\\\"snapshot\\\":[]}\"}",
        one);
  check("[{\"timestamp\":\"t\",\"details\":{" HEAD ",\"snapshot\":[]}}]", one);
}

static void damage(void **state) {
  (void)state;
  check("{" HEAD ",\"snapshot\":[]}x", "snapshot q h  5 0 -1;!no string, number or word@60;");
  check("{" HEAD ",\"snapshot\":[", "!the text ends inside a value@58;");
  check("{\"snapshot\":[]}", "!no hostIdentifier@0;");
  check("{\"hostIdentifier\":\"h\",\"snapshot\":[]}", "!no unixTime@0;");
  check("{\"hostIdentifier\":\"h\",\"unixTime\":5,\"snapshot\":[]}", "!no query name@0;");
  check("{\"a\":1}", "!neither snapshot, columns, diffResults, severity nor a known wrapper@0;");
  check("{\"data\":{\"data\":{\"data\":{\"data\":{\"data\":{\"data\":{\"data\":1}}}}}}}",
        "!wrapped too deeply@56;");
  check("{\"report_id\":7,\"report_clipped\":true,\"results\":[{\"host_id\":1}]}",
        "!a stored report of Fleet that was clipped: rows of hosts are missing@0;");
  check("{\"query_id\":7,\"report_clipped\":false,\"results\":[]}",
        "!a stored report of Fleet: read the log destination instead@0;");
  check("7", "!no object@0;");
  check("  ", "");
}

static void complete_part(void **state) {
  (void)state;
  const char *text = "{\"a\":[1]}{\"b\":";
  assert_int_equal(fsa_result_log_complete(text, strlen(text)), 9);
  assert_int_equal(fsa_result_log_complete("{\"b\"", 4), 0);
  assert_int_equal(fsa_result_log_complete("", 0), 0);
}

/* A line cut at every byte never gives an entry and always says why. */
static void every_cut(void **state) {
  (void)state;
  const char *line =
      "{" HEAD ",\"epoch\":-1.5e3,\"x\":[true,null,\"\\u00e4\"],\"snapshot\":[{\"a\":\"b\"}]}";
  for (size_t size = 1; size < strlen(line); size++) {
    FsaBuffer out = fsa_buffer(4096);
    FsaArena arena = fsa_arena(0);
    FsaLogSink sink = {&out, put_entry, put_reject};
    assert_int_equal(fsa_result_log_read(line, size, &arena, &sink), FSA_OK);
    assert_int_equal(fsa_buffer_text(&out)[0], '!');
    fsa_arena_done(&arena);
    fsa_buffer_done(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forms),  cmocka_unit_test(names_of_hosts), cmocka_unit_test(wrappers),
      cmocka_unit_test(damage), cmocka_unit_test(complete_part),  cmocka_unit_test(every_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
