/* The state of one query's answer on one host. See answer.h. */
#include "answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Hashes are 64 bits wide and secret: they serve as pointers of the table directly. */
static_assert(sizeof(gpointer) == sizeof(uint64_t), "row hashes are kept in pointers");

FsaAnswer *fsa_answer_new(void) {
  FsaAnswer *answer = g_new0(FsaAnswer, 1);
  answer->arena = fsa_arena(FSA_MAX_ANSWER_BYTES);
  answer->rows = g_hash_table_new(g_direct_hash, g_direct_equal);
  return answer;
}

void fsa_answer_free(FsaAnswer *answer) {
  if (!answer) return;
  g_hash_table_destroy(answer->rows);
  fsa_arena_done(&answer->arena);
  g_free(answer);
}

static gboolean is_older(gpointer key, gpointer value, gpointer time) {
  (void)key;
  return ((FsaAnswerRow *)value)->time < *(int64_t *)time;
}

void fsa_answer_reset(FsaAnswer *answer, int64_t time) {
  if (time <= answer->reset_time) return;
  answer->reset_time = time;
  g_hash_table_foreach_remove(answer->rows, is_older, &time);
}

static FsaAnswerRow *add_row(FsaAnswer *answer, const FsaLogRow *row) {
  FsaAnswerRow *known = fsa_arena_zero(&answer->arena, 1, sizeof *known);
  const char *key = fsa_arena_copy(&answer->arena, row->key.data, row->key.size);
  const char *json = fsa_arena_copy(&answer->arena, row->json.data, row->json.size);
  if (!known || !key || !json) return NULL;
  known->row = *row;
  known->row.key.data = key;
  known->row.json.data = json;
  g_hash_table_insert(answer->rows, (gpointer)(uintptr_t)row->hash, known);
  return known;
}

bool fsa_answer_change(FsaAnswer *answer, const FsaLogRow *row, int64_t time, bool is_present,
                       int *ret_result) {
  if (time < answer->reset_time) return false;
  FsaAnswerRow *known = g_hash_table_lookup(answer->rows, (gconstpointer)(uintptr_t)row->hash);
  if (known) {
    /* of two changes in one second the one that shows the row wins: never hide */
    bool is_newer = time > known->time || (time == known->time && is_present && !known->is_present);
    if (!is_newer) return false;
  } else {
    known = add_row(answer, row);
    if (!known) {
      *ret_result = FSA_E_NOMEM;
      return false;
    }
  }
  known->time = time;
  known->is_present = is_present;
  return true;
}

void fsa_answer_print_row(FsaBuffer *out, int64_t time, bool is_present, FsaText json) {
  fsa_buffer_i64(out, time);
  fsa_buffer_put(out, is_present ? "\t+\t" : "\t-\t", 3);
  fsa_buffer_put(out, json.data, json.size);
  fsa_buffer_putc(out, '\n');
}

static int compare_hashes(const void *a, const void *b) {
  uint64_t left = (*(FsaAnswerRow *const *)a)->row.hash,
           right = (*(FsaAnswerRow *const *)b)->row.hash;
  return left < right ? -1 : left > right;
}

void fsa_answer_print(const FsaAnswer *answer, FsaBuffer *out) {
  size_t count = g_hash_table_size(answer->rows), at = 0;
  FsaAnswerRow **rows = g_new(FsaAnswerRow *, count + 1);
  GHashTableIter iterator;
  gpointer value;
  g_hash_table_iter_init(&iterator, answer->rows);
  while (g_hash_table_iter_next(&iterator, NULL, &value)) rows[at++] = value;
  qsort(rows, count, sizeof *rows, compare_hashes);
  for (size_t i = 0; i < count; i++)
    fsa_answer_print_row(out, rows[i]->time, rows[i]->is_present, rows[i]->row.json);
  g_free(rows);
}

bool fsa_answer_next(FsaText *text, FsaAnswerLine *ret_line) {
  const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
  if (!end) return false;
  FsaText line = {text->data, (size_t)(end - text->data)};
  const char *tab = memchr(line.data, '\t', line.size);
  size_t digits = tab ? (size_t)(tab - line.data) : 0;
  if (!tab || line.size < digits + 3 || line.data[digits + 2] != '\t') return false;
  if (!fsa_json_integer((FsaJsonText){line.data, digits, true}, &ret_line->time)) return false;
  ret_line->is_present = line.data[digits + 1] == '+';
  ret_line->json = (FsaText){line.data + digits + 3, line.size - digits - 3};
  *text = (FsaText){end + 1, text->size - line.size - 1};
  return true;
}

int fsa_answer_parse(FsaAnswer *answer, FsaText text, const FsaQueryMeta *meta,
                     FsaSipKey hash_key) {
  FsaArena arena = fsa_arena(0);
  FsaBuffer scratch = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  FsaAnswerLine line;
  int result = FSA_OK;
  while (result == FSA_OK && fsa_answer_next(&text, &line)) {
    FsaJson json = fsa_json(line.json.data, line.json.size);
    FsaLogRow row;
    result = fsa_log_row_read(&json, meta, hash_key, &arena, &scratch, &row);
    if (result == FSA_OK) fsa_answer_change(answer, &row, line.time, line.is_present, &result);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  fsa_buffer_done(&scratch);
  return result == FSA_OK && text.size ? FSA_E_FORMAT : result;
}
