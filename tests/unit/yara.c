/* The YARA wrapper: rules that do not compile, matches, memory in pieces, time, threads, signals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include "formats/yara.h"

#define TEXT(literal)                                                                              \
  { literal, sizeof literal - 1 }
#define NO_END INT64_MAX

static FsaYaraRules *compile(const char *text) {
  const FsaYaraSource source = {.text = {text, strlen(text)}};
  FsaYaraRules *rules = NULL;
  FsaYaraError error;
  int result = fsa_yara_compile(&source, 1, &rules, &error);
  if (result == FSA_E_UNSUPPORTED) skip();
  if (result != FSA_OK) fail_msg("%s", error.message);
  return rules;
}

static void refused(const char *text, size_t size, int code, const char *why) {
  const FsaYaraSource source = {.name = TEXT("x.yar"), .text = {text, size}};
  FsaYaraRules *rules = NULL;
  FsaYaraError error;
  int result = fsa_yara_compile(&source, 1, &rules, &error);
  if (result == FSA_E_UNSUPPORTED && code != result) skip();
  assert_int_equal(result, code);
  assert_null(rules);
  if (!strstr(error.message, why)) fail_msg("'%s' says not '%s'", error.message, why);
}

static void rules_that_do_not_compile(void **state) {
  (void)state;
  static const char undefined[] = "rule a {\n condition: true }\nrule b { condition: $a }";
  refused(undefined, sizeof undefined - 1, FSA_E_FORMAT, "line 3 of x.yar: undefined string");
  static const char open_string[] = "rule b { strings: $a = \"x";
  refused(open_string, sizeof open_string - 1, FSA_E_FORMAT, "x.yar: ");
  refused("YARA\0\0\0\0", 8, FSA_E_FORMAT, "compiled rules");
  refused("ru\0le", 5, FSA_E_FORMAT, "zero byte");
  static const char include[] = "include \"other.yar\"";
  refused(include, sizeof include - 1, FSA_E_FORMAT, "includes are disabled");
  static const char magic[] = "import \"magic\" rule a { condition: true }";
  refused(magic, sizeof magic - 1, FSA_E_UNSUPPORTED, "magic");
  refused("", FSA_MAX_YARA_RULES + 1u, FSA_E_LIMIT, "larger than");
}

static int scan(FsaYaraRules *rules, const char *text, bool wants_hits, FsaArena *arena,
                FsaYaraMatches *matches) {
  const FsaYaraOptions options = {
      .path = "C:\\Temp\\Evil.EXE", .time_left = NO_END, .wants_hits = wants_hits};
  return fsa_yara_scan_file(rules, fsa_bytes(text, strlen(text)), &options, arena, matches);
}

static void matches_and_their_places(void **state) {
  (void)state;
  FsaYaraRules *rules =
      compile("private rule hidden { condition: true }"
              "rule found : one two { meta: n = 1 n = \"t\\xfft\" b = false strings: $a = \"ab\" "
              "$b = \"zz\" "
              "condition: hidden and ($a or $b) }"
              "rule named { condition: filename == \"Evil.EXE\" and extension == \".exe\" and "
              "filepath == \"C:\\\\Temp\" }");
  FsaArena arena = fsa_arena(0);
  FsaYaraMatches matches;
  assert_int_equal(scan(rules, "ab-ab-zz", true, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 2);
  const FsaYaraMatch *found = &matches.list[0];
  assert_string_equal(found->rule, "found");
  assert_int_equal(found->count, 3);
  assert_int_equal(found->hit_count, 3);
  assert_string_equal(found->hits[2].string, "$b");
  assert_int_equal(found->hits[1].offset, 3);
  assert_memory_equal(found->hits[2].data, "zz", 2);
  assert_string_equal(matches.list[1].rule, "named");
  assert_int_equal(matches.list[1].count, 0);
  FsaBuffer json = fsa_buffer(1000);
  fsa_yara_tags(found, &json);
  fsa_yara_meta(found, &json);
  assert_string_equal(fsa_buffer_text(&json),
                      "[\"one\",\"two\"]{\"n\":[1,\"t\xEF\xBF\xBDt\"],\"b\":false}");
  fsa_buffer_done(&json);
  assert_int_equal(scan(rules, "ab", false, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 2);
  assert_null(matches.list[0].hits);
  fsa_arena_done(&arena);
  fsa_yara_rules_free(rules);
}

static void texts_have_namespaces(void **state) {
  (void)state;
  const FsaYaraSource sources[] = {{.text = TEXT("rule same { condition: filesize < 3 }")},
                                   {.text = TEXT("\xEF\xBB\xBFrule same { condition: true }")}};
  FsaYaraRules *rules;
  FsaYaraError error;
  int result = fsa_yara_compile(sources, 2, &rules, &error);
  if (result == FSA_E_UNSUPPORTED) skip();
  assert_int_equal(result, FSA_OK);
  FsaArena arena = fsa_arena(0);
  FsaYaraMatches matches;
  assert_int_equal(scan(rules, "four", true, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 1);
  assert_int_equal(matches.list[0].source, 1);
  assert_int_equal(scan(rules, "", true, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 2);
  fsa_arena_done(&arena);
  fsa_yara_rules_free(rules);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

typedef struct Memory {
  const char *pieces[3];
  int reads, budget; /* `budget` reads until time is over */
  int handlers;      /* reads that met a handler of libyara's */
} Memory;

static const uint8_t *read_piece(void *context, size_t index) {
  Memory *memory = context;
  struct sigaction bus, fault;
  sigaction(SIGBUS, NULL, &bus);
  sigaction(SIGSEGV, NULL, &fault);
  if ((bus.sa_flags | fault.sa_flags) & SA_ONSTACK && bus.sa_handler != SIG_DFL) memory->handlers++;
  memory->reads++;
  return (const uint8_t *)memory->pieces[index];
}

static bool is_over(void *context) {
  const Memory *memory = context;
  return memory->reads >= memory->budget;
}

static int scan_pieces(FsaYaraRules *rules, Memory *memory, FsaArena *arena,
                       FsaYaraMatches *matches) {
  static const FsaYaraBlock blocks[] = {{0x1000, 8}, {0x1004, 8}, {0x7fff0000, 8}};
  const FsaYaraMemory pieces = {
      .blocks = blocks, .count = 3, .context = memory, .read = read_piece, .is_expired = is_over};
  const FsaYaraOptions options = {.time_left = NO_END, .wants_hits = true};
  return fsa_yara_scan_memory(rules, &pieces, &options, arena, matches);
}

static void memory_in_pieces(void **state) {
  (void)state;
  FsaYaraRules *rules =
      compile("rule both { strings: $a = \"MARK\" $b = \"LAST\" condition: all of them "
              "and uint16(0x1004) == 0x414D }");
  Memory memory = {.pieces = {"0123MARK", "MARK4567", "..LAST.."}, .budget = 100};
  FsaArena arena = fsa_arena(0);
  FsaYaraMatches matches;
  assert_int_equal(scan_pieces(rules, &memory, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 1);
  assert_int_equal(matches.list[0].hit_count, 2); /* the overlap is told once */
  assert_int_equal(matches.list[0].hits[0].offset, 0x1004);
  assert_int_equal(matches.list[0].hits[1].offset, 0x7fff0002);
  assert_true(memory.reads > 3); /* uint16() looked again, while rules were executed */
  assert_int_equal(memory.handlers, 0);
  memory = (Memory){.pieces = {"0123MARK", NULL, "..LAST.."}, .budget = 100};
  assert_int_equal(scan_pieces(rules, &memory, &arena, &matches), FSA_OK);
  assert_int_equal(matches.count, 1);
  memory = (Memory){.pieces = {"0123MARK", "MARK4567", "..LAST.."}, .budget = 2};
  assert_int_equal(scan_pieces(rules, &memory, &arena, &matches), FSA_E_TIMEOUT);
  fsa_arena_done(&arena);
  fsa_yara_rules_free(rules);
}

/* ---- ceilings -----------------------------------------------------------------------------------
 */

static void time_and_memory_end(void **state) {
  (void)state;
  FsaYaraRules *rules = compile("rule a { strings: $a = \"aa\" condition: $a }");
  FsaArena arena = fsa_arena(0), small = fsa_arena(64);
  FsaYaraMatches matches = {.count = 77};
  const FsaYaraOptions over = {.time_left = 0};
  assert_int_equal(fsa_yara_scan_file(rules, fsa_bytes("aa", 2), &over, &arena, &matches),
                   FSA_E_TIMEOUT);
  assert_int_equal(scan(rules, "aaaaaaaaaaaaaaaaaaaaaaa", true, &small, &matches), FSA_E_NOMEM);
  assert_int_equal(matches.count, 77); /* untouched on failure */
  char *flood = malloc(FSA_MAX_YARA_HITS + 11);
  assert_non_null(flood);
  memset(flood, 'a', FSA_MAX_YARA_HITS + 10);
  flood[FSA_MAX_YARA_HITS + 10] = '\0';
  assert_int_equal(scan(rules, flood, true, &arena, &matches), FSA_OK);
  assert_true(matches.is_cut);
  assert_int_equal(matches.list[0].hit_count, FSA_MAX_YARA_HITS);
  assert_int_equal(matches.list[0].count, FSA_MAX_YARA_HITS + 9);
  free(flood);
  fsa_arena_done(&arena);
  fsa_arena_done(&small);
  fsa_yara_rules_free(rules);
}

static void endless_rules_end_in_time(void **state) {
  (void)state;
  FsaYaraRules *rules =
      compile("rule slow { condition: for all i in (0..9000000000) : (uint8(i % 4) == 0x61) }");
  FsaArena arena = fsa_arena(0);
  FsaYaraMatches matches;
  const FsaYaraOptions options = {.time_left = 1};
  assert_int_equal(fsa_yara_scan_file(rules, fsa_bytes("aaaa", 4), &options, &arena, &matches),
                   FSA_E_TIMEOUT);
  fsa_arena_done(&arena);
  fsa_yara_rules_free(rules);
}

static void *scan_often(void *opaque) {
  FsaYaraRules *shared = opaque;
  FsaArena arena = fsa_arena(0);
  for (int i = 0; i < 200; i++) {
    FsaYaraMatches matches;
    FsaYaraRules *own =
        i % 20 == 0 ? compile("rule o { strings: $a = \"b\" condition: $a }") : NULL;
    if (scan(shared, "ab", true, &arena, &matches) != FSA_OK || matches.count != 1) return shared;
    if (own && (scan(own, "ab", true, &arena, &matches) != FSA_OK || matches.count != 1))
      return own;
    fsa_yara_rules_free(own);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return NULL;
}

static void threads_share_rules(void **state) {
  (void)state;
  FsaYaraRules *rules = compile("rule a { strings: $a = /a[b-d]/ condition: $a }");
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, scan_often, rules), 0);
  for (int i = 0; i < 4; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
  fsa_yara_rules_free(rules);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules_that_do_not_compile), cmocka_unit_test(matches_and_their_places),
      cmocka_unit_test(texts_have_namespaces),     cmocka_unit_test(memory_in_pieces),
      cmocka_unit_test(time_and_memory_end),       cmocka_unit_test(endless_rules_end_in_time),
      cmocka_unit_test(threads_share_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
