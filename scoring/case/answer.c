/* The state of one query's answer on one host. See answer.h. */
#include "case/answer.h"

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

static bool same_text(FsaText a, FsaText b) {
  return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

static FsaText copy_text(FsaAnswer *answer, FsaText text) {
  return (FsaText){fsa_arena_copy(&answer->arena, text.data, text.size), text.size};
}

static FsaAnswerRow *add_row(FsaAnswer *answer, const FsaLogRow *row) {
  FsaAnswerRow *known = fsa_arena_zero(&answer->arena, 1, sizeof *known);
  if (!known) return NULL;
  if (!answer->columns.data || !same_text(answer->columns, row->columns))
    answer->columns = copy_text(answer, row->columns);
  known->row = *row;
  known->row.columns = answer->columns;
  known->row.values = copy_text(answer, row->values);
  if (row->key.data) known->row.key = copy_text(answer, row->key);
  bool is_copied =
      known->row.columns.data && known->row.values.data && (known->row.key.data || !row->key.data);
  if (!is_copied) return NULL;
  g_hash_table_insert(answer->rows, (gpointer)(uintptr_t)row->hash, known);
  return known;
}

void fsa_answer_begin(FsaAnswer *answer) {
  answer->entry++;
}

/* How often the entry that is applied has had the row, this time included. */
static uint32_t count_seen(const FsaAnswer *answer, FsaAnswerRow *row) {
  if (row->entry != answer->entry) row->seen = 0;
  row->entry = answer->entry;
  return ++row->seen;
}

bool fsa_answer_change(FsaAnswer *answer, const FsaLogRow *row, int64_t time, bool is_present,
                       int *ret_result) {
  if (time < answer->reset_time) return false;
  FsaAnswerRow *known = g_hash_table_lookup(answer->rows, (gconstpointer)(uintptr_t)row->hash);
  bool is_new = !known;
  if (is_new) known = add_row(answer, row);
  if (!known) {
    *ret_result = FSA_E_NOMEM;
    return false;
  }
  uint32_t seen = count_seen(answer, known);
  if (!is_new && time == known->time && is_present && known->is_present) {
    if (seen <= known->copies) return false;
    known->copies = seen;
    return true;
  }
  /* of two changes in one second the one that shows the row wins: never hide */
  bool is_newer = time > known->time || (time == known->time && is_present && !known->is_present);
  if (!is_new && !is_newer) return false;
  known->time = time;
  known->is_present = is_present;
  known->copies = 1;
  return true;
}

/* ---- text -------------------------------------------------------------------------------------
 */

FsaAnswerWriter fsa_answer_writer(void) {
  return (FsaAnswerWriter){.text = fsa_buffer(FSA_MAX_ANSWER_BYTES)};
}

void fsa_answer_writer_clear(FsaAnswerWriter *writer) {
  fsa_buffer_clear(&writer->text);
  writer->has_rows = false;
}

static bool write_columns(FsaAnswerWriter *writer, FsaText columns) {
  FsaBuffer *text = &writer->text;
  bool is_same =
      writer->has_rows && writer->columns_size == columns.size &&
      (!columns.size || !memcmp(text->data + writer->columns_at, columns.data, columns.size));
  if (is_same) return false;
  fsa_buffer_putc(text, FSA_COLUMNS_MARK);
  writer->columns_at = text->size;
  writer->columns_size = columns.size;
  fsa_buffer_put(text, columns.data, columns.size);
  fsa_buffer_putc(text, '\n');
  return true;
}

static bool write_state(FsaAnswerWriter *writer, int64_t time, bool is_present) {
  if (writer->has_rows && writer->time == time && writer->is_present == is_present) return false;
  fsa_buffer_putc(&writer->text, FSA_STATE_MARK);
  fsa_buffer_i64(&writer->text, time);
  fsa_buffer_put(&writer->text, is_present ? "\t+\n" : "\t-\n", 3);
  writer->time = time;
  writer->is_present = is_present;
  return true;
}

size_t fsa_answer_write_marks(FsaAnswerWriter *writer, const FsaAnswerLine *line) {
  size_t lines = write_columns(writer, line->columns);
  lines += write_state(writer, line->time, line->is_present);
  writer->has_rows = true;
  return lines;
}

size_t fsa_answer_write(FsaAnswerWriter *writer, const FsaAnswerLine *line) {
  size_t lines = fsa_answer_write_marks(writer, line);
  fsa_buffer_put(&writer->text, line->values.data, line->values.size);
  fsa_buffer_putc(&writer->text, '\n');
  return lines + 1;
}

static int compare_texts(FsaText a, FsaText b) {
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Rows that share their marks stand together. */
static int compare_rows(const void *a, const void *b) {
  const FsaAnswerRow *left = *(FsaAnswerRow *const *)a, *right = *(FsaAnswerRow *const *)b;
  int order = compare_texts(left->row.columns, right->row.columns);
  if (order) return order;
  if (left->is_present != right->is_present) return left->is_present ? -1 : 1;
  if (left->time != right->time) return left->time < right->time ? -1 : 1;
  return compare_texts(left->row.values, right->row.values);
}

void fsa_answer_print(const FsaAnswer *answer, FsaAnswerWriter *writer) {
  size_t count = g_hash_table_size(answer->rows), at = 0;
  FsaAnswerRow **rows = g_new(FsaAnswerRow *, count + 1);
  GHashTableIter iterator;
  gpointer value;
  g_hash_table_iter_init(&iterator, answer->rows);
  while (g_hash_table_iter_next(&iterator, NULL, &value)) rows[at++] = value;
  qsort(rows, count, sizeof *rows, compare_rows);
  for (size_t i = 0; i < count; i++)
    for (uint32_t copy = 0; copy < rows[i]->copies; copy++)
      fsa_answer_write(writer, &(FsaAnswerLine){rows[i]->time, rows[i]->is_present,
                                                rows[i]->row.columns, rows[i]->row.values});
  g_free(rows);
}

static bool read_state(FsaText text, FsaAnswerLine *line) {
  const char *tab = memchr(text.data, '\t', text.size);
  size_t digits = tab ? (size_t)(tab - text.data) : 0;
  if (!tab || text.size != digits + 2) return false;
  line->is_present = tab[1] == '+';
  return fsa_json_integer((FsaJsonText){text.data, digits, true}, &line->time);
}

bool fsa_answer_next(FsaText *text, FsaAnswerLine *line) {
  for (;;) {
    const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
    if (!end) return false;
    FsaText one = {text->data, (size_t)(end - text->data)};
    bool is_columns = one.data[0] == FSA_COLUMNS_MARK, is_state = one.data[0] == FSA_STATE_MARK;
    FsaText behind_mark = {one.data + 1, one.size - (is_columns || is_state)};
    if (is_state && !read_state(behind_mark, line)) return false;
    if (is_columns) line->columns = behind_mark;
    if (!is_state && !is_columns && (!line->columns.data || !line->time)) return false;
    *text = (FsaText){end + 1, text->size - one.size - 1};
    if (is_state || is_columns) continue;
    line->values = one;
    return true;
  }
}

int fsa_answer_parse(FsaAnswer *answer, FsaText text, const FsaQueryMeta *meta,
                     FsaRowReader *reader) {
  FsaArena arena = fsa_arena(0);
  FsaAnswerLine line = {0};
  int result = FSA_OK;
  fsa_answer_begin(answer);
  while (result == FSA_OK && fsa_answer_next(&text, &line)) {
    FsaLogRow row;
    result = fsa_row_take(reader, line.columns, line.values, meta, &arena, &row);
    if (result == FSA_OK) fsa_answer_change(answer, &row, line.time, line.is_present, &result);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return result == FSA_OK && text.size ? FSA_E_FORMAT : result;
}
