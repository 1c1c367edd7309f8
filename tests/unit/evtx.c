/*
 * Event logs: what the seeds of the fuzz corpus hold (tests/evidence/make_evtx.py makes them), and
 * what happens to them when they are cut or bent at every byte. All JSON that comes out must be
 * JSON.
 */
#include "formats/evtx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#define SEEDS FSA_SOURCE_DIR "/tests/fuzz/corpus/evtx/"

typedef struct Problems {
  unsigned count;
  char first[FSA_MAX_MESSAGE];
} Problems;

static int read_memory(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  const FsaBytes *bytes = context;
  size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;
  *ret_size = size < left ? size : left;
  if (*ret_size) memcpy(buffer, bytes->data + offset, *ret_size);
  return FSA_OK;
}

static void note_problem(void *context, int code, uint64_t offset, const char *message) {
  Problems *problems = context;
  (void)code, (void)offset;
  if (problems->count++ == 0) snprintf(problems->first, sizeof problems->first, "%s", message);
}

static FsaBytes load(const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s%s", SEEDS, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  static uint8_t buffer[1 << 16];
  size_t size = fread(buffer, 1, sizeof buffer, file);
  fclose(file);
  uint8_t *data = malloc(size); /* exact, so that a read behind it is seen */
  assert_non_null(data);
  memcpy(data, buffer, size);
  return fsa_bytes(data, size);
}

/* ---- what the seeds hold --------------------------------------------------------------------- */

typedef struct Fixture {
  FsaBytes bytes;
  FsaSource source;
  Problems problems;
  FsaEvtx *log;
  FsaEvtxRecord record;
  FsaBuffer json;
  FsaArena arena;
} Fixture;

static void open_seed(Fixture *f, const char *name) {
  *f = (Fixture){.bytes = load(name), .json = fsa_buffer(FSA_MAX_EVENT_JSON)};
  f->source = (FsaSource){.context = &f->bytes, .size = f->bytes.size, .read = read_memory};
  assert_int_equal(fsa_evtx_open(&f->source, note_problem, &f->problems, &f->log), FSA_OK);
}

static void close_seed(Fixture *f) {
  fsa_evtx_close(f->log);
  fsa_buffer_done(&f->json);
  fsa_arena_done(&f->arena);
  free((void *)(uintptr_t)f->bytes.data);
}

/* The next event's payload as JSON. */
static const char *next_json(Fixture *f) {
  assert_int_equal(fsa_evtx_next(f->log, &f->record), FSA_ROW);
  fsa_buffer_clear(&f->json);
  int rc = fsa_evtx_json(f->log, false, &f->json);
  assert_true(rc == FSA_ROW || rc == FSA_OK);
  return fsa_buffer_text(&f->json);
}

static void facts_of_an_event(void **state) {
  (void)state;
  Fixture f;
  open_seed(&f, "security");
  next_json(&f);
  next_json(&f);
  int64_t number;
  uint64_t mask;
  assert_int_equal(f.record.record_id, 1002);
  assert_int_equal(f.record.time, INT64_C(1705526410123456700));
  assert_true(fsa_evtx_value_int(fsa_evtx_field(f.log, FSA_EVTX_EVENT_ID), &number));
  assert_int_equal(number, 4624);
  assert_true(fsa_evtx_value_int(fsa_evtx_field(f.log, FSA_EVTX_TIME_CREATED), &number));
  assert_int_equal(number, INT64_C(1705526410123456700));
  assert_true(fsa_evtx_value_u64(fsa_evtx_field(f.log, FSA_EVTX_KEYWORDS), &mask));
  assert_true(mask == UINT64_C(0x8020000000000000));
  assert_false(fsa_evtx_value_int(fsa_evtx_field(f.log, FSA_EVTX_KEYWORDS), &number));
  FsaText text = fsa_evtx_value_text(fsa_evtx_field(f.log, FSA_EVTX_CHANNEL), &f.arena);
  assert_string_equal(text.data, "Security");
  assert_int_equal(fsa_evtx_field(f.log, FSA_EVTX_USER_ID).type, 0);
  close_seed(&f);
}

static void data_by_name_and_by_place(void **state) {
  (void)state;
  Fixture f;
  open_seed(&f, "security");
  next_json(&f); /* 1102: leaves of UserData */
  FsaText text = fsa_evtx_value_text(fsa_evtx_datum(f.log, "SubjectUserName"), &f.arena);
  assert_string_equal(text.data, "user1");
  next_json(&f); /* 4624: named data of EventData in a nested template */
  text = fsa_evtx_value_text(fsa_evtx_datum(f.log, "IpAddress"), &f.arena);
  assert_string_equal(text.data, "192.0.2.1");
  text = fsa_evtx_value_text(fsa_evtx_datum(f.log, "TargetLogonId"), &f.arena);
  assert_string_equal(text.data, "0x40000");
  assert_int_equal(fsa_evtx_datum(f.log, "ipaddress").type, 0);
  FsaText name;
  fsa_evtx_datum_at(f.log, 3, &name);
  assert_string_equal(name.data, "TargetUserName");
  assert_int_equal(fsa_evtx_datum_at(f.log, 7, &name).type, 0);
  assert_null(name.data);
  close_seed(&f);
}

static void every_type_has_its_form(void **state) {
  (void)state;
  static const char *const expected[] = {
      "\"Null\":null",
      "\"Empty\":\"\"",
      "\"Escapes\":\"a \\\"b\\\" \\\\ \\t\\r\\n\\u0001 \u00e9 \u20ac \U0001F600\"",
      "\"LoneSurrogate\":\"x\uFFFDy\"",
      "\"InnerNul\":\"a\u2400b\"",
      "\"Ansi\":\"caf\u00e9\"",
      "\"Long\":\"ascii run of more than sixteen units, then \u00fc and on\"",
      "\"Int8\":-8,",
      "\"UInt8\":200,",
      "\"Int64\":-9223372036854775808,",
      "\"UInt64\":9223372036854775807,",
      "\"UInt64Big\":\"18446744073709551615\"",
      "\"Real32\":0.1,",
      "\"Real64\":0.1,",
      "\"RealNaN\":\"NaN\"",
      "\"True\":true,",
      "\"False\":false,",
      "\"Binary\":\"0001FEFF10\"",
      "\"Guid\":\"{12345678-9ABC-DEF0-1234-56789ABCDEF0}\"",
      "\"Size\":\"0x1000\"",
      "\"FileTime\":\"2024-01-17T21:20:00.0000007Z\"",
      "\"FileTimeZero\":null",
      "\"FileTimeNever\":\"0x7fffffffffffffff\"",
      "\"SystemTime\":\"2024-02-29T23:59:58.999Z\"",
      "\"SystemTimeWrong\":\"E707020003001D000000000000000000\"",
      "\"SidBroken\":\"01050000\"",
      "\"Sid\":\"S-1-5-21-1000000001-1000000002-1000000003-1001\"",
      "\"Hex32\":\"0xc000006d\"",
      "\"Hex0\":\"0x0\"",
      "\"WrongSize\":\"010203\"",
      "\"Unknown\":\"0102\""};
  Fixture f;
  open_seed(&f, "types");
  const char *json = next_json(&f);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    if (!strstr(json, expected[i])) fail_msg("%s not in %s", expected[i], json);
  close_seed(&f);
}

static void tokens_become_members(void **state) {
  (void)state;
  static const char mixed[] =
      "{\"EventData\":{\"CData\":\"<raw> & \\\"quoted\\\"\",\"References\":\"a&b<\u20ac&unknown;\","
      "\"Mixed\":\"from x\\\"y to 7.\",\"x\\\"y\":\"named by a slot\",\"Typed\":7,"
      "\"Typed@Type\":\"win:UInt32\",\"Twice\":[\"first\",\"second\"],"
      "\"Data\":[\"unnamed\",\"s1\",\"s2\",null],\"Nothing\":null,\"?target\":\"instruction\","
      "\"Binary\":\"AB\"}}";
  static const char user_data[] =
      "{\"UserData\":{\"EventXML\":{\"xmlns\":\"Event_NS\",\"Kind\":\"test\","
      "\"#text\":\"loose text\",\"SessionID\":3,\"Item\":[\"item\",{\"id\":\"2\","
      "\"#text\":\"item\"}],\"Group\":{\"Leaf\":\"deep\"},\"Alone\":{\"y\":\"1\"}}}}";
  static const char rendered[] =
      "{\"EventData\":{\"Data\":[\"p1\",\"p2\"]},"
      "\"RenderingInfo\":{\"Culture\":\"en-US\",\"Message\":\"Classic\"}}";
  static const char *const expected[] = {
      mixed,
      user_data,
      "{\"UserData\":{\"EventData\":{\"Inner\":\"nested twice\"}}}",
      "{\"EventData\":{\"bare\":\"no template\"}}",
      "",
      "{\"#text\":\"text where a payload belongs\"}",
      "{\"EventData\":{\"Data\":[\"whole event without a template\"]}}",
      rendered,
  };
  Fixture f;
  open_seed(&f, "tokens");
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_string_equal(next_json(&f), expected[i]);
  assert_int_equal(fsa_evtx_next(f.log, &f.record), FSA_OK);
  assert_int_equal(f.problems.count, 1); /* the seed is cut behind its last record */
  close_seed(&f);
}

/* ---- hostile bytes --------------------------------------------------------------------------- */

static void expect_json(sqlite3_stmt *valid, const FsaBuffer *json) {
  sqlite3_reset(valid);
  sqlite3_bind_text(valid, 1, json->data, (int)json->size, SQLITE_STATIC);
  assert_int_equal(sqlite3_step(valid), SQLITE_ROW);
  if (!sqlite3_column_int(valid, 0)) fail_msg("no JSON: %.*s", (int)json->size, json->data);
}

/* Reads everything; gives the number of records. */
static unsigned read_all(FsaBytes bytes, sqlite3_stmt *valid, Problems *problems) {
  FsaSource source = {.context = &bytes, .size = bytes.size, .read = read_memory};
  FsaEvtx *log;
  FsaEvtxRecord record;
  unsigned count = 0;
  if (fsa_evtx_open(&source, note_problem, problems, &log) != FSA_OK) return 0;
  FsaBuffer json = fsa_buffer(FSA_MAX_EVENT_JSON);
  for (; fsa_evtx_next(log, &record) == FSA_ROW; count++) {
    fsa_evtx_datum(log, "no such datum");
    fsa_buffer_clear(&json);
    if (fsa_evtx_json(log, true, &json) == FSA_ROW) expect_json(valid, &json);
  }
  fsa_buffer_done(&json);
  fsa_evtx_close(log);
  return count;
}

static void cut_at_every_byte(void **state) {
  FsaBytes seed = load("tokens");
  unsigned last = 0;
  for (size_t size = 0; size <= seed.size; size++) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, seed.data, size);
    Problems problems = {0};
    unsigned count = read_all(fsa_bytes(copy, size), *state, &problems);
    assert_true(count >= last); /* what came before the cut is still served */
    assert_true(problems.count > 0 || size == 4096 || size == seed.size);
    last = count;
    free(copy);
  }
  assert_int_equal(last, 8);
  free((void *)(uintptr_t)seed.data);
}

static void bent_at_every_byte(void **state) {
  static const char *const names[] = {"tokens", "types", "scripts"};
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    FsaBytes seed = load(names[n]);
    uint8_t *copy = malloc(seed.size);
    assert_non_null(copy);
    memcpy(copy, seed.data, seed.size);
    for (size_t at = 0; at < seed.size; at += at < 120 || at >= 4096 ? 1 : 64) {
      for (unsigned bits = 1; bits < 256; bits = bits * 15 + 1) { /* 1, 16, 241 */
        copy[at] = (uint8_t)(seed.data[at] ^ bits);
        Problems problems = {0};
        read_all(fsa_bytes(copy, seed.size), *state, &problems);
      }
      copy[at] = seed.data[at];
    }
    free(copy);
    free((void *)(uintptr_t)seed.data);
  }
}

static int open_database(void **state) {
  sqlite3 *database;
  sqlite3_stmt *valid;
  if (sqlite3_open(":memory:", &database) != SQLITE_OK) return -1;
  if (sqlite3_prepare_v2(database, "SELECT json_valid(?)", -1, &valid, NULL) != SQLITE_OK)
    return -1;
  *state = valid;
  return 0;
}

static int close_database(void **state) {
  sqlite3 *database = sqlite3_db_handle(*state);
  sqlite3_finalize(*state);
  return sqlite3_close(database);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts_of_an_event),       cmocka_unit_test(data_by_name_and_by_place),
      cmocka_unit_test(every_type_has_its_form), cmocka_unit_test(tokens_become_members),
      cmocka_unit_test(cut_at_every_byte),       cmocka_unit_test(bent_at_every_byte),
  };
  return cmocka_run_group_tests(tests, open_database, close_database);
}
