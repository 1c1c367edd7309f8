/* Result logs as the scorer reads them: lines, rows, keys, and the stored form read back. */
#include <stdlib.h>
#include <string.h>

#include "case/answer.h"
#include "log/result_log.h"

typedef struct Context {
  FsaArena arena;
  FsaRowReader *reader, *comparer; /* the comparer knows rows */
  FsaRowIndex *index;
  FsaAnswer *answer;
} Context;

static const FsaSipKey hash_key = {1, 2};

static const FsaQueryMeta meta = {.name = "fsa_x", .key = {{"path", 4}}, .key_count = 1};

static FsaRowIndex *known_rows(FsaRowReader *reader) {
  static const char rows[] = "path\tpid\nC:\\\\a\t4\n\t\n/bin/x\t12\nC:\\\\a\t5\n";
  FsaRowDictionary *dictionary;
  if (fsa_row_dictionary_new(NULL, (FsaText){rows, sizeof rows - 1}, &dictionary) != FSA_OK)
    abort();
  FsaRowIndex *index = fsa_row_index_new(dictionary, &meta, 1, NULL, reader);
  fsa_row_dictionary_unref(dictionary);
  if (!index) abort();
  return index;
}

static bool same(FsaText a, FsaText b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* A row that is compared with known ones is the row that it is alone. */
static void compare_row(Context *context, FsaJson *alone, FsaJson *compared) {
  const FsaRowDictionary *rows = context->index->dictionary;
  FsaLogRow one, other;
  int result = fsa_row_read(context->reader, alone, &meta, &context->arena, &one);
  if (fsa_row_read(context->comparer, compared, &meta, &context->arena, &other) != result) abort();
  if (alone->at != compared->at || alone->why != compared->why) abort();
  if (result != FSA_OK) return;
  if (one.hash != other.hash || one.key_hash != other.key_hash) abort();
  if (other.like == FSA_NO_ROW && !same(one.values, other.values)) abort();
  for (size_t i = 0; other.like != FSA_NO_ROW && i < rows->column_count; i++) {
    if (other.same[i] != same(one.cells[i], fsa_row_dictionary_cell(rows, other.like, i))) abort();
    if (!same(one.cells[i], other.cells[i])) abort();
  }
}

static int take_row(Context *context, FsaJson *json, const FsaLogEntry *entry) {
  FsaLogRow row;
  FsaJson alone = *json, compared = *json;
  compare_row(context, &alone, &compared);
  int result = fsa_row_read(context->reader, json, NULL, &context->arena, &row);
  if (result != FSA_OK) return FSA_OK;
  /* what is stored must be text whatever came */
  if (!fsa_text_is_valid(row.columns.data, row.columns.size)) abort();
  if (!fsa_text_is_valid(row.values.data, row.values.size)) abort();
  if (!fsa_text_is_valid(row.key.data, row.key.size)) abort();
  fsa_answer_begin(context->answer);
  fsa_answer_change(context->answer, &row, entry->time, entry->form != FSA_LOG_REMOVED, &result);
  return result;
}

static int take_entry(void *opaque, const FsaLogEntry *entry) {
  Context *context = opaque;
  FsaJson json = entry->rows;
  int result = FSA_OK;
  if (entry->form == FSA_LOG_STATUS) return FSA_OK;
  if (entry->form == FSA_LOG_SNAPSHOT) fsa_answer_reset(context->answer, entry->time);
  if (fsa_json_kind(&json) == FSA_JSON_OBJECT) return take_row(context, &json, entry);
  fsa_json_enter(&json);
  while (result == FSA_OK && fsa_json_item(&json)) result = take_row(context, &json, entry);
  return result;
}

static int take_reject(void *context, const char *why, size_t at, size_t lost) {
  (void)context, (void)at, (void)lost;
  if (!why) abort();
  return FSA_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Context context = {.arena = fsa_arena(64u << 20),
                     .reader = fsa_row_reader_new(hash_key),
                     .comparer = fsa_row_reader_new(hash_key),
                     .answer = fsa_answer_new()};
  context.index = known_rows(context.reader);
  fsa_row_reader_compare(context.comparer, context.index);
  FsaLogSink sink = {&context, take_entry, take_reject};
  fsa_result_log_read((const char *)data, size, &context.arena, &sink);
  if (fsa_result_log_complete((const char *)data, size) > size) abort();
  FsaAnswerWriter writer = fsa_answer_writer();
  FsaAnswer *again = fsa_answer_new();
  fsa_answer_print(context.answer, &writer);
  FsaText text = {writer.text.data, writer.text.size};
  if (fsa_answer_parse(again, text, NULL, context.reader) != FSA_OK) abort();
  if (g_hash_table_size(again->rows) != g_hash_table_size(context.answer->rows)) abort();
  fsa_answer_free(again);
  fsa_answer_free(context.answer);
  fsa_buffer_done(&writer.text);
  fsa_row_reader_free(context.reader);
  fsa_row_reader_free(context.comparer);
  fsa_row_index_unref(context.index);
  fsa_arena_done(&context.arena);
  return 0;
}
