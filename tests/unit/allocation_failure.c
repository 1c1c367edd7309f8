/*
 * Memory runs out, at every allocation in turn: no crash, no leak (the sanitizer's build says so),
 * and what was lost is told: the error, or a problem.
 *
 * The program is linked with --wrap for malloc, calloc and realloc. The n-th call of our own code
 * fails: alone, so that work goes on with a hole in it, and with all that follow, so that even what
 * tells of the failure has no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/scan.h"
#include "formats/evtx.h"
#include "formats/regf.h"
#include "formats/yara.h"
#include "osquery/answer.h"
#include "osquery/cache.h"

#define EVERY 400   /* the first so many allocations fail one by one ... */
#define SAMPLES 300 /* ... later ones at so many places, evenly spread */
#define FIXTURES FSA_BUILD_DIR "/evidence/"

/* ---- allocations that fail ------------------------------------------------------------------- */

static atomic_long calls;    /* since fail_at() */
static atomic_long failing;  /* the call that fails; 0 = none */
static atomic_bool for_ever; /* all later ones fail, too */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);

static bool fails(void) {
  long call = atomic_fetch_add(&calls, 1) + 1, first = atomic_load(&failing);
  return call == first || (first && call > first && atomic_load(&for_ever));
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *data, size_t size) {
  return fails() ? NULL : __real_realloc(data, size);
}

static void fail_at(long call, bool is_for_ever) {
  atomic_store(&calls, 0);
  atomic_store(&for_ever, is_for_ever);
  atomic_store(&failing, call);
}

/* ---- scenarios ------------------------------------------------------------------------------- */

/* What a run gave: its result, what it could read, and how often it said that it could not. */
typedef struct Outcome {
  int result;
  uint64_t facts;
  uint64_t told;
} Outcome;

/* A scenario reads `bytes` (of a fixture, or of nothing) and must free all that it took. */
typedef Outcome Scenario(FsaBytes bytes, const void *what);

static void judge(long call, Outcome whole, Outcome outcome) {
  if (outcome.result < 0 && outcome.result != FSA_E_NOMEM && outcome.result != whole.result)
    fail_msg("allocation %ld failed: %s, not out of memory", call, fsa_result_name(outcome.result));
  if (outcome.result >= 0 && outcome.facts < whole.facts && outcome.told <= whole.told)
    fail_msg("allocation %ld failed: %llu of %llu facts and not a word", call,
             (unsigned long long)outcome.facts, (unsigned long long)whole.facts);
}

/* Runs the scenario whole, then with each allocation failing. */
static void run_all(Scenario *scenario, FsaBytes bytes, const void *what) {
  fail_at(0, false);
  Outcome whole = scenario(bytes, what);
  long total = atomic_load(&calls);
  long step = total > EVERY ? (total - EVERY) / SAMPLES + 1 : 1;
  for (long call = 1; call <= total; call += call < EVERY ? 1 : step)
    for (int is_for_ever = 0; is_for_ever < 2; is_for_ever++) {
      fail_at(call, is_for_ever);
      Outcome outcome = scenario(bytes, what);
      fail_at(0, false);
      judge(call, whole, outcome);
    }
}

/* The bytes of a fixture; the test is skipped where fixtures were not made. */
static FsaBytes fixture(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    print_message("skipped: no %s; tests/run.py makes it\n", path);
    skip();
  }
  size_t room = 4u << 20;
  uint8_t *data = __real_malloc(room);
  assert_non_null(data);
  size_t size = fread(data, 1, room, file);
  fclose(file);
  return fsa_bytes(data, size);
}

static void tell(void *context, int code, uint64_t offset, const char *message) {
  (void)code, (void)offset, (void)message;
  ++*(uint64_t *)context;
}

/* ---- base ------------------------------------------------------------------------------------ */

static Outcome fill_base(FsaBytes bytes, const void *what) {
  (void)bytes, (void)what;
  Outcome outcome = {0};
  FsaArena arena = fsa_arena(0);
  FsaBuffer buffer = fsa_buffer(1u << 20);
  for (size_t i = 0; i < 2000; i++) {
    const char *text = fsa_arena_printf(&arena, "text %zu", i);
    if (!text) outcome.result = FSA_E_NOMEM;
    if (text) fsa_buffer_json(&buffer, text, strlen(text));
  }
  if (buffer.error) outcome.result = buffer.error;
  outcome.facts = buffer.size;
  assert_non_null(fsa_buffer_text(&buffer));
  fsa_buffer_done(&buffer);
  fsa_arena_done(&arena);
  return outcome;
}

static void base(void **state) {
  (void)state;
  run_all(fill_base, fsa_bytes(NULL, 0), NULL);
}

/* ---- registry hives -------------------------------------------------------------------------- */

static int walk_key(const FsaRegf *hive, FsaRegfKey key, int depth, Outcome *outcome) {
  FsaArena arena = fsa_arena(0);
  FsaRegfValue *values;
  FsaRegfKey *keys;
  size_t count;
  int result = fsa_regf_values(hive, key, &arena, tell, &outcome->told, &values, &count);
  if (result == FSA_OK) {
    outcome->facts += 1 + count;
    result = fsa_regf_subkeys(hive, key, &arena, tell, &outcome->told, &keys, &count);
  }
  for (size_t i = 0; result == FSA_OK && depth < 64 && i < count; i++)
    result = walk_key(hive, keys[i], depth + 1, outcome);
  fsa_arena_done(&arena);
  return result;
}

static Outcome walk_hive(FsaBytes bytes, const void *what) {
  (void)what;
  Outcome outcome = {0};
  FsaRegf *hive;
  outcome.result = fsa_regf_open(bytes, NULL, 0, tell, &outcome.told, &hive);
  if (outcome.result != FSA_OK) return outcome;
  outcome.result = walk_key(hive, fsa_regf_root(hive), 0, &outcome);
  const FsaRegfKey *keys;
  size_t count;
  int result = fsa_regf_deleted_keys(hive, &keys, &count);
  if (result == FSA_OK) outcome.facts += count;
  if (outcome.result == FSA_OK) outcome.result = result;
  fsa_regf_close(hive);
  return outcome;
}

static void hive(void **state) {
  (void)state;
  static const char *const names[] = {"hives/deleted", "hives/chain", "hives/circle"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    snprintf(path, sizeof path, FIXTURES "%s", names[i]);
    FsaBytes bytes = fixture(path);
    run_all(walk_hive, bytes, NULL);
    free((void *)(uintptr_t)bytes.data);
  }
}

/* ---- event logs ------------------------------------------------------------------------------ */

static int read_bytes(void *context, uint64_t offset, void *buffer, size_t size, size_t *ret_size) {
  const FsaBytes *bytes = context;
  size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;
  *ret_size = size < left ? size : left;
  memcpy(buffer, bytes->data + (left ? offset : 0), *ret_size);
  return FSA_OK;
}

static Outcome walk_log(FsaBytes bytes, const void *what) {
  (void)what;
  Outcome outcome = {0};
  FsaSource source = {.context = &bytes, .size = bytes.size, .read = read_bytes};
  FsaEvtx *log;
  outcome.result = fsa_evtx_open(&source, tell, &outcome.told, &log);
  if (outcome.result != FSA_OK) return outcome;
  FsaBuffer json = fsa_buffer(FSA_MAX_EVENT_JSON);
  FsaEvtxRecord record;
  int result;
  while ((result = fsa_evtx_next(log, &record)) == FSA_ROW) {
    fsa_buffer_clear(&json);
    int written = fsa_evtx_json(log, true, &json);
    if (written < 0) outcome.told++;
    outcome.facts += 1 + json.size;
  }
  outcome.result = result;
  fsa_buffer_done(&json);
  fsa_evtx_close(log);
  return outcome;
}

static void event_log(void **state) {
  (void)state;
  static const char *const names[] = {"evtx/types.evtx", "evtx/tokens.evtx"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    snprintf(path, sizeof path, FIXTURES "%s", names[i]);
    FsaBytes bytes = fixture(path);
    run_all(walk_log, bytes, NULL);
    free((void *)(uintptr_t)bytes.data);
  }
}

/* ---- YARA ------------------------------------------------------------------------------------ */

static Outcome scan_bytes(FsaBytes bytes, const void *what) {
  (void)bytes, (void)what;
  Outcome outcome = {0};
  static const char text[] = "rule r : t { meta: m = 1 strings: $a = \"ab\" condition: $a }";
  const FsaYaraSource source = {.text = {text, sizeof text - 1}};
  FsaYaraRules *rules;
  FsaYaraError error;
  outcome.result = fsa_yara_compile(&source, 1, &rules, &error);
  if (outcome.result != FSA_OK) return outcome;
  FsaArena arena = fsa_arena(0);
  const FsaYaraOptions options = {.time_left = INT64_MAX, .wants_hits = true};
  FsaYaraMatches matches = {0};
  outcome.result = fsa_yara_scan_file(rules, fsa_bytes("ab ab ab", 8), &options, &arena, &matches);
  if (outcome.result == FSA_OK) outcome.facts = matches.list[0].hit_count;
  fsa_arena_done(&arena);
  fsa_yara_rules_free(rules);
  return outcome;
}

static void yara(void **state) {
  (void)state;
  run_all(scan_bytes, fsa_bytes(NULL, 0), NULL);
}

/* ---- whole queries --------------------------------------------------------------------------- */

typedef struct Query {
  const FsaTable *table;
  const char *evidence;
  unsigned jobs;
  const FsaKey *keys;
} Query;

static Outcome run_query(FsaBytes bytes, const void *what) {
  (void)bytes;
  Outcome outcome = {0};
  const Query *query = what;
  FsaEngine *engine;
  const FsaEngineOptions options = {.evidence = query->evidence, .jobs = query->jobs};
  outcome.result = fsa_engine_new(&options, &engine);
  if (outcome.result != FSA_OK) return outcome;
  const FsaQuery asked = {
      .table = query->table, .wanted = {{UINT64_MAX, UINT64_MAX}}, .keys = query->keys};
  FsaCursor *cursor;
  FsaError error = {0};
  outcome.result = fsa_cursor_open(engine, &asked, &cursor, &error);
  if (outcome.result == FSA_OK) {
    const FsaRow *row;
    while ((outcome.result = fsa_cursor_next(cursor, &row)) == FSA_ROW) outcome.facts++;
    fsa_cursor_close(cursor);
  }
  outcome.told = fsa_engine_problem_count(engine);
  fsa_engine_free(engine);
  return outcome;
}

static bool tells_of_the_moment(const FsaTable *table) {
  return strcmp(table->name, "coverage") == 0 || strcmp(table->name, "problems") == 0;
}

static void tables_over(const char *evidence, unsigned source, unsigned jobs) {
  free((void *)(uintptr_t)fixture(FIXTURES "hives/deleted").data); /* or skip */
  for (size_t i = 0; i < fsa_table_count; i++) {
    const Query query = {.table = fsa_tables[i], .evidence = evidence, .jobs = jobs};
    if (!(query.table->sources & source) || tells_of_the_moment(query.table)) continue;
    print_message("%s, %u at once\n", query.table->name, jobs);
    run_all(run_query, fsa_bytes(NULL, 0), &query);
  }
}

/* fsa_yara_files needs to be told files and rules. */
static void files_with_rules(void **state) {
  (void)state;
  free((void *)(uintptr_t)fixture(FIXTURES "yara/srv/www/marked.txt").data); /* or skip */
  static const char rule[] = "rule r { strings: $a = \"CANARY\" condition: $a }";
  const FsaKeyValue value = {.text = {rule, sizeof rule - 1}, .integer = INT64_MIN};
  Query query = {.evidence = FIXTURES "yara", .jobs = 1};
  for (size_t i = 0; i < fsa_table_count; i++)
    if (strcmp(fsa_tables[i]->name, "yara_files") == 0) query.table = fsa_tables[i];
  assert_non_null(query.table);
  FsaKey keys[FSA_MAX_COLUMNS];
  for (int i = 0; i < query.table->column_count; i++) {
    keys[i] = (FsaKey){.min = INT64_MIN, .max = INT64_MAX};
    if (strcmp(query.table->columns[i].name, "path") == 0)
      keys[i].prefix = (FsaText){"/srv/www/", 9};
    if (strcmp(query.table->columns[i].name, "sigrule") == 0) {
      keys[i].values = &value;
      keys[i].value_count = 1;
    }
  }
  query.keys = keys;
  run_all(run_query, fsa_bytes(NULL, 0), &query);
  query.jobs = 3;
  run_all(run_query, fsa_bytes(NULL, 0), &query);
}

static void tables_over_windows(void **state) {
  (void)state;
  tables_over(FIXTURES "demo/case/host-a", FSA_WINDOWS_VOLUME, 1);
}

static void tables_over_a_recorded_host(void **state) {
  (void)state;
  tables_over("live:" FIXTURES "recorded_host", FSA_LIVE_LINUX, 1);
}

static void tables_on_several_threads(void **state) {
  (void)state;
  tables_over(FIXTURES "demo/case/host-a", FSA_WINDOWS_VOLUME, 3);
}

/* ---- answers to osquery ---------------------------------------------------------------------- */

static int take_nothing(void *context, FsaBytes piece) {
  (void)context, (void)piece;
  return FSA_OK;
}

/* One question, of which the rows are sent. Gives the result of asking. */
static int ask(FsaService *service, const FsaTable *table, const char *context, Outcome *outcome) {
  FsaArena arena = fsa_arena(0);
  FsaQuestion question;
  FsaError error;
  FsaRows *rows = NULL;
  int result =
      fsa_question_read(table, (FsaText){context, strlen(context)}, &arena, &question, &error);
  if (result == FSA_OK) result = fsa_answer(service, &question, &rows, &error);
  if (result == FSA_OK) {
    outcome->facts += fsa_rows_count(rows);
    result = fsa_rows_send(rows, take_nothing, NULL);
  }
  fsa_rows_drop(rows);
  fsa_arena_done(&arena);
  return result;
}

/* The whole table twice, which is remembered, and a part of it, which is picked. */
static Outcome answer(FsaBytes bytes, const void *what) {
  (void)bytes;
  Outcome outcome = {0};
  const Query *query = what;
  const FsaEngineOptions options = {.evidence = query->evidence, .jobs = query->jobs};
  FsaService service = {
      .cache = fsa_cache_new(), .max_rows = 10000, .deadline_ns = 100 * FSA_NS_PER_SECOND};
  outcome.result = service.cache ? fsa_engine_new(&options, &service.engine) : FSA_E_NOMEM;
  for (int i = 0; i < 2 && outcome.result == FSA_OK; i++)
    outcome.result = ask(&service, query->table, "", &outcome);
  if (outcome.result == FSA_OK)
    outcome.result = ask(&service, query->table,
                         "{\"constraints\":[{\"name\":\"name\",\"list\":[{\"op\":65,"
                         "\"expr\":\"k%\"},{\"op\":2,\"expr\":\"kthreadd\"}]}]}",
                         &outcome);
  outcome.told = service.engine ? fsa_engine_problem_count(service.engine) : 0;
  fsa_engine_free(service.engine);
  fsa_cache_free(service.cache);
  return outcome;
}

static void answers_to_osquery(void **state) {
  (void)state;
  free((void *)(uintptr_t)fixture(FIXTURES "hives/deleted").data); /* or skip */
  Query query = {.evidence = "live:" FIXTURES "sound_host"}; /* which has no problems of its own */
  for (query.jobs = 1; query.jobs < 4; query.jobs += 2)
    for (size_t i = 0; i < fsa_table_count; i++) {
      query.table = fsa_tables[i];
      if (strcmp(query.table->name, "processes") != 0 && strcmp(query.table->name, "tables") != 0)
        continue;
      print_message("%s, %u at once\n", query.table->name, query.jobs);
      run_all(answer, fsa_bytes(NULL, 0), &query);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(base),
      cmocka_unit_test(hive),
      cmocka_unit_test(event_log),
      cmocka_unit_test(yara),
      cmocka_unit_test(files_with_rules),
      cmocka_unit_test(tables_over_windows),
      cmocka_unit_test(tables_over_a_recorded_host),
      cmocka_unit_test(tables_on_several_threads),
      cmocka_unit_test(answers_to_osquery),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
