/* The engine with tables of our own: order, keys, problems, deadlines, early ends, coverage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/scan.h"

#define FILES 40
#define ROWS_PER_FILE 1000

enum { PATH, NUMBER, TEXT };

static const FsaColumn columns[] = {
    [PATH] = {"path", FSA_TEXT, FSA_KEY, "The file."},
    [NUMBER] = {"number", FSA_INTEGER, FSA_KEY, "The row's number in its file."},
    [TEXT] = {"text", FSA_TEXT, FSA_COSTLY, "A text in the row's memory."},
};

typedef struct State {
  int64_t number;
  FsaText path;
} State;

static int counting_open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaSource source;
  return fsa_scan_open_file(scan, 0, &source, &state->path);
}

static int counting_next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (; state->number < ROWS_PER_FILE; state->number++) {
    if (!fsa_admits_int(scan, NUMBER, state->number)) continue;
    fsa_row_text(row, PATH, state->path.data, state->path.size);
    fsa_row_int(row, NUMBER, state->number);
    if (fsa_wants(scan, TEXT))
      fsa_row_string(row, TEXT,
                     fsa_arena_printf(fsa_row_arena(scan), "row %lld", (long long)state->number));
    state->number++;
    return FSA_ROW;
  }
  return FSA_OK;
}

/* Files with an odd number end in an error after three rows. */
static int failing_next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  char last = state->path.data[state->path.size - strlen("N.count")];
  if (state->number == 3 && last % 2)
    return fsa_problem(scan, FSA_E_FORMAT, 3, "row %d disagrees", 3);
  return counting_next(scan, opaque, row);
}

static int endless_next(FsaScan *scan, void *opaque, FsaRow *row) {
  (void)row, (void)opaque;
  while (!fsa_expired(scan)) usleep(1000);
  return FSA_E_TIMEOUT;
}

/* A subject that takes its time and does not look at the clock. */
static int slow_next(FsaScan *scan, void *opaque, FsaRow *row) {
  (void)scan, (void)row, (void)opaque;
  usleep(20000);
  return FSA_OK;
}

static int hungry_next(FsaScan *scan, void *opaque, FsaRow *row) {
  (void)row, (void)opaque;
  while (fsa_arena_alloc(fsa_scan_arena(scan), 1u << 20)) {
  }
  return FSA_E_NOMEM;
}

static const char *const where[] = {"**.count", NULL};

static int complaining_next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (int i = 0; state->number == 0 && i < 3 * FSA_MAX_SUBJECT_PROBLEMS; i++)
    fsa_problem(scan, FSA_E_FORMAT, (uint64_t)i, "record %d is bent", i);
  return counting_next(scan, opaque, row);
}

#define COUNTING(symbol, next_function)                                                            \
  static const FsaTable symbol = {.name = #symbol,                                                 \
                                  .summary = "",                                                   \
                                  .proves = "",                                                    \
                                  .caveat = "",                                                    \
                                  .example = "",                                                   \
                                  .sources = FSA_ANYWHERE,                                         \
                                  .subject = FSA_FILE,                                             \
                                  .subject_key = PATH,                                             \
                                  .where = where,                                                  \
                                  .columns = columns,                                              \
                                  .column_count = 3,                                               \
                                  .state_size = sizeof(State),                                     \
                                  .open = counting_open,                                           \
                                  .next = next_function}

COUNTING(counting, counting_next);
COUNTING(failing, failing_next);
COUNTING(endless, endless_next);
COUNTING(hungry, hungry_next);
COUNTING(slow, slow_next);
COUNTING(complaining, complaining_next);

static char folder[] = "/tmp/fsa-engine-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  for (int i = 0; i < FILES; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/file%02d.count", folder, i);
    FILE *file = fopen(path, "w");
    if (!file) return -1;
    fclose(file);
  }
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static FsaEngine *engine_with(unsigned jobs, int64_t seconds, size_t memory) {
  FsaEngine *engine = NULL;
  const FsaEngineOptions options = {
      .evidence = folder, .jobs = jobs, .deadline_seconds = seconds, .memory = memory};
  assert_int_equal(fsa_engine_new(&options, &engine), FSA_OK);
  return engine;
}

static FsaCursor *open_cursor(FsaEngine *engine, const FsaTable *table, const FsaKey *keys) {
  FsaQuery query = {.table = table, .keys = keys, .wanted = {{7}}};
  FsaCursor *cursor = NULL;
  FsaError error = {0};
  if (fsa_cursor_open(engine, &query, &cursor, &error) != FSA_OK) fail_msg("%s", error.message);
  return cursor;
}

/* Reads everything, checking that files and rows come in order; gives the number of rows. */
static int64_t drain(FsaCursor *cursor) {
  const FsaRow *row;
  int64_t count = 0, last_number = -1;
  char last_path[256] = "";
  while (fsa_cursor_next(cursor, &row) == FSA_ROW) {
    char path[256], text[32];
    snprintf(path, sizeof path, "%.*s", (int)row->values[PATH].size, row->values[PATH].as.data);
    if (strcmp(path, last_path) != 0) {
      assert_true(strcmp(path, last_path) > 0);
      memcpy(last_path, path, sizeof path);
      last_number = -1;
    }
    assert_true(row->values[NUMBER].as.integer > last_number);
    last_number = row->values[NUMBER].as.integer;
    snprintf(text, sizeof text, "row %lld", (long long)last_number);
    assert_int_equal(row->values[TEXT].size, strlen(text));
    assert_memory_equal(row->values[TEXT].as.data, text, strlen(text));
    assert_non_null(row->source.data);
    count++;
  }
  fsa_cursor_close(cursor);
  return count;
}

static void test_rows_come_in_subject_order_on_any_number_of_threads(void **state) {
  (void)state;
  static const unsigned jobs[] = {1, 2, 3, 8};
  for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
    FsaEngine *engine = engine_with(jobs[i], 0, 0);
    assert_int_equal(drain(open_cursor(engine, &counting, NULL)), FILES * ROWS_PER_FILE);
    fsa_engine_free(engine);
  }
}

static void test_a_reader_may_leave_at_any_row(void **state) {
  (void)state;
  for (int rows = 0; rows < 40; rows++) {
    FsaEngine *engine = engine_with(4, 0, 0);
    FsaCursor *cursor = open_cursor(engine, &counting, NULL);
    const FsaRow *row;
    for (int i = 0; i < rows * rows; i++) assert_int_equal(fsa_cursor_next(cursor, &row), FSA_ROW);
    fsa_cursor_close(cursor);
    assert_int_equal(fsa_engine_problem_count(engine), 0);
    fsa_engine_free(engine);
  }
}

static void test_keys_narrow_subjects_and_rows(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/FILE07.count", folder);
  FsaEngine *engine = engine_with(4, 0, 0);
  const FsaKeyValue number = {.integer = 5};
  FsaKey keys[3] = {{.min = INT64_MIN, .max = INT64_MAX},
                    {.values = &number, .value_count = 1, .min = INT64_MIN, .max = INT64_MAX},
                    {.min = INT64_MIN, .max = INT64_MAX}};
  assert_int_equal(drain(open_cursor(engine, &counting, keys)), FILES);
  keys[PATH].prefix = (FsaText){path, strlen(path)};
  assert_int_equal(drain(open_cursor(engine, &counting, keys)), 1);
  fsa_engine_free(engine);
}

static void test_a_failing_subject_is_a_problem_and_the_others_go_on(void **state) {
  (void)state;
  for (unsigned jobs = 1; jobs <= 4; jobs += 3) {
    FsaEngine *engine = engine_with(jobs, 0, 0);
    int64_t rows = drain(open_cursor(engine, &failing, NULL));
    uint64_t problems = fsa_engine_problem_count(engine);
    assert_true(problems > 0 && problems < FILES);
    assert_int_equal(rows, (int64_t)(FILES - problems) * ROWS_PER_FILE + (int64_t)problems * 3);
    fsa_engine_free(engine);
  }
}

static void test_a_deadline_ends_each_subject_with_a_problem(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/file07.count", folder);
  FsaKey keys[3] = {{.prefix = {path, strlen(path)}, .min = INT64_MIN, .max = INT64_MAX},
                    {.min = INT64_MIN, .max = INT64_MAX},
                    {.min = INT64_MIN, .max = INT64_MAX}};
  FsaEngine *engine = engine_with(2, 1, 0);
  assert_int_equal(drain(open_cursor(engine, &endless, keys)), 0);
  assert_int_equal(fsa_engine_problem_count(engine), 1);
  fsa_engine_free(engine);
}

static void test_a_querys_deadline_ends_it_and_is_no_problem_of_its_subjects(void **state) {
  (void)state;
  for (unsigned jobs = 1; jobs <= 2; jobs++) {
    FsaEngine *engine = engine_with(jobs, 0, 0);
    const int64_t began = fsa_clock_monotonic();
    FsaQuery query = {.table = &slow, .wanted = {{7}}, .deadline = began + FSA_NS_PER_SECOND / 10};
    FsaCursor *cursor;
    FsaError error;
    const FsaRow *row;
    assert_int_equal(fsa_cursor_open(engine, &query, &cursor, &error), FSA_OK);
    assert_int_equal(fsa_cursor_next(cursor, &row), FSA_E_TIMEOUT);
    fsa_cursor_close(cursor);
    assert_true(fsa_clock_monotonic() - began < FILES * FSA_NS_PER_SECOND / 50);
    assert_int_equal(fsa_engine_problem_count(engine), 0);
    fsa_engine_free(engine);
  }
}

static void test_the_memory_ceiling_ends_each_subject_with_a_problem(void **state) {
  (void)state;
  FsaEngine *engine = engine_with(2, 0, 16u << 20);
  assert_int_equal(drain(open_cursor(engine, &hungry, NULL)), 0);
  assert_int_equal(fsa_engine_problem_count(engine), FILES);
  fsa_engine_free(engine);
}

static void test_the_oldest_problems_go_first_and_are_counted(void **state) {
  (void)state;
  FsaEngine *engine = engine_with(1, 0, 0);
  for (int i = 0; i < FSA_MAX_PROBLEMS / 10; i++) drain(open_cursor(engine, &failing, NULL));
  assert_true(fsa_engine_problem_count(engine) > FSA_MAX_PROBLEMS);
  fsa_engine_free(engine);
}

static void test_one_subject_does_not_drive_out_the_problems_of_others(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/file07.count", folder);
  FsaKey keys[3] = {{.prefix = {path, strlen(path)}, .min = INT64_MIN, .max = INT64_MAX},
                    {.min = INT64_MIN, .max = INT64_MAX},
                    {.min = INT64_MIN, .max = INT64_MAX}};
  FsaEngine *engine = engine_with(2, 0, 0);
  assert_int_equal(drain(open_cursor(engine, &complaining, keys)), ROWS_PER_FILE);
  assert_int_equal(fsa_engine_problem_count(engine), FSA_MAX_SUBJECT_PROBLEMS + 1);
  fsa_engine_free(engine);
}

static void test_a_file_that_vanishes_is_a_problem(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/file39.count", folder);
  FsaEngine *engine = engine_with(1, 0, 0);
  FsaCursor *cursor = open_cursor(engine, &counting, NULL);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(drain(cursor), (FILES - 1) * ROWS_PER_FILE);
  assert_int_equal(fsa_engine_problem_count(engine), 1);
  fsa_engine_free(engine);
}

static void test_evidence_that_is_not_there_is_said_in_words(void **state) {
  (void)state;
  FsaEngine *engine = engine_with(1, 0, 0);
  FsaQuery query = {.table = &counting, .evidence = "/no/such/evidence"};
  FsaCursor *cursor = NULL;
  FsaError error = {0};
  assert_true(fsa_cursor_open(engine, &query, &cursor, &error) < 0);
  assert_non_null(strstr(error.message, "/no/such/evidence"));
  assert_null(cursor);
  fsa_engine_free(engine);
}

/* A folder that holds one file. */
static void make_evidence(const char *path, const char *name) {
  char file_path[256];
  snprintf(file_path, sizeof file_path, "%s/%s", path, name);
  assert_int_equal(mkdir(path, 0700), 0);
  FILE *file = fopen(file_path, "w");
  assert_non_null(file);
  fclose(file);
}

static void test_a_name_that_means_something_else_is_opened_anew(void **state) {
  (void)state;
  char first[128], second[128], before[1024], command[600];
  FsaEngine *engine = engine_with(1, 0, 0);
  FsaQuery query = {.table = &counting, .evidence = "host", .wanted = {{7}}};
  snprintf(first, sizeof first, "%s/one", folder);
  snprintf(second, sizeof second, "%s/two", folder);
  assert_int_equal(mkdir(first, 0700) | mkdir(second, 0700), 0);
  assert_non_null(getcwd(before, sizeof before));
  for (int i = 0; i < 3; i++) { /* another current folder; then another folder in its place */
    FsaCursor *cursor = NULL;
    FsaError error = {0};
    if (i < 2) {
      assert_int_equal(chdir(i ? second : first), 0);
      make_evidence("host", i ? "b.count" : "a.count");
    } else {
      assert_int_equal(rename("host", "gone"), 0);
      make_evidence("host", "c.count");
    }
    assert_int_equal(fsa_cursor_open(engine, &query, &cursor, &error), FSA_OK);
    const FsaRow *row;
    assert_int_equal(fsa_cursor_next(cursor, &row), FSA_ROW);
    assert_int_equal(row->values[PATH].as.data[strlen("host/")], 'a' + i);
    fsa_cursor_close(cursor);
  }
  assert_int_equal(chdir(before), 0);
  snprintf(command, sizeof command, "rm -rf '%s' '%s'", first, second);
  assert_int_equal(system(command), 0);
  fsa_engine_free(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_come_in_subject_order_on_any_number_of_threads),
      cmocka_unit_test(test_a_reader_may_leave_at_any_row),
      cmocka_unit_test(test_keys_narrow_subjects_and_rows),
      cmocka_unit_test(test_a_failing_subject_is_a_problem_and_the_others_go_on),
      cmocka_unit_test(test_a_deadline_ends_each_subject_with_a_problem),
      cmocka_unit_test(test_a_querys_deadline_ends_it_and_is_no_problem_of_its_subjects),
      cmocka_unit_test(test_the_memory_ceiling_ends_each_subject_with_a_problem),
      cmocka_unit_test(test_the_oldest_problems_go_first_and_are_counted),
      cmocka_unit_test(test_one_subject_does_not_drive_out_the_problems_of_others),
      cmocka_unit_test(test_evidence_that_is_not_there_is_said_in_words),
      cmocka_unit_test(test_a_name_that_means_something_else_is_opened_anew),
      cmocka_unit_test(test_a_file_that_vanishes_is_a_problem),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
