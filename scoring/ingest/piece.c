/* One piece of a log, parsed. See piece.h. */
#include "ingest/piece.h"

#include <string.h>

#include "case/case.h"

#define MOST_REASONS 64u /* more than there are */

struct FsaPieceReader {
  const FsaPackMeta *meta;
  FsaRowReader *rows;
  FsaRowPacker *packer;
  FsaRowIndexes *indexes; /* NULL = no row is known */
  FsaRowIndex *index;     /* of the entry that is read: a snapshot of a query that has one */
  FsaAnswerWriter writer; /* ... its rows, or with an index the lines of their code */
  FsaRowCode code;
  FsaBuffer packed;
  GArray *row_list; /* FsaPieceRow, of the entry that is read */
  FsaPiece *piece;
  int64_t line_number, line_offset;
};

FsaPieceReader *fsa_piece_reader_new(const FsaPackMeta *meta, FsaSipKey hash_key) {
  FsaPieceReader *reader = g_new0(FsaPieceReader, 1);
  reader->meta = meta;
  reader->rows = fsa_row_reader_new(hash_key);
  reader->packer = fsa_row_packer_new();
  reader->writer = fsa_answer_writer();
  reader->code = fsa_row_code();
  reader->packed = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  reader->row_list = g_array_new(FALSE, FALSE, sizeof(FsaPieceRow));
  return reader;
}

void fsa_piece_reader_free(FsaPieceReader *reader) {
  if (!reader) return;
  fsa_row_reader_free(reader->rows);
  fsa_row_packer_free(reader->packer);
  fsa_buffer_done(&reader->writer.text);
  fsa_buffer_done(&reader->code.marks);
  fsa_buffer_done(&reader->packed);
  g_array_free(reader->row_list, TRUE);
  g_free(reader);
}

void fsa_piece_reader_compare(FsaPieceReader *reader, FsaRowIndexes *indexes) {
  reader->indexes = indexes;
}

FsaPiece *fsa_piece_new(void) {
  FsaPiece *piece = g_new0(FsaPiece, 1);
  piece->text = fsa_buffer(2 * (FSA_MAX_LOG_LINE + FSA_LOG_PIECE));
  piece->arena = fsa_arena(FSA_PIECE_MEMORY);
  piece->entries = g_array_new(FALSE, FALSE, sizeof(FsaPieceEntry));
  piece->rejects = g_array_new(FALSE, FALSE, sizeof(FsaPieceReject));
  piece->others = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return piece;
}

void fsa_piece_free(FsaPiece *piece) {
  if (!piece) return;
  g_array_free(piece->entries, TRUE);
  g_array_free(piece->rejects, TRUE);
  g_hash_table_destroy(piece->others);
  fsa_buffer_done(&piece->text);
  fsa_arena_done(&piece->arena);
  g_free(piece);
}

void fsa_piece_clear(FsaPiece *piece) {
  fsa_buffer_clear(&piece->text);
  fsa_arena_clear(&piece->arena);
  g_array_set_size(piece->entries, 0);
  g_array_set_size(piece->rejects, 0);
  g_hash_table_remove_all(piece->others);
  piece->lines = piece->breaks = piece->other = 0;
  piece->result = FSA_OK;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* The kept one that a further one of the same reason is counted with; NULL while there is room. */
static FsaPieceReject *reject_like(const FsaPiece *piece, const char *why) {
  guint count = piece->rejects->len;
  for (guint i = count; count >= FSA_MAX_PIECE_REJECTS && i-- > count - MOST_REASONS;) {
    FsaPieceReject *kept = &g_array_index(piece->rejects, FsaPieceReject, i);
    if (kept->why == why) return kept;
  }
  return NULL;
}

/* A line of "{}{}{}" is as many rejects as a third of its bytes. */
static int add_reject(FsaPieceReader *reader, const char *why, size_t at, size_t lost) {
  FsaPieceReject *like = reject_like(reader->piece, why);
  if (like) {
    like->count++;
    like->lost += (int64_t)lost;
    return FSA_OK;
  }
  FsaPieceReject reject = {reader->line_number, reader->line_offset + (int64_t)at, (int64_t)lost,
                           why, 1};
  g_array_append_val(reader->piece->rejects, reject);
  return FSA_OK;
}

static void write_row(FsaPieceReader *reader, const FsaPieceEntry *entry, const FsaLogRow *row) {
  FsaAnswerWriter *writer = &reader->writer;
  FsaAnswerLine line = {entry->time, entry->form != FSA_LOG_REMOVED, row->columns, row->values};
  size_t before = writer->text.size;
  bool is_like = row->like != FSA_NO_ROW;
  size_t lines = (is_like ? fsa_answer_write_marks : fsa_answer_write)(writer, &line);
  if (reader->index) fsa_row_code_lines(&reader->code, lines, writer->text.size - before);
  if (is_like)
    fsa_row_code_row(&reader->code, reader->index->dictionary, row->like, row->cells, row->same,
                     &writer->text);
}

static int read_row(FsaPieceReader *reader, FsaJson *json, const FsaPieceEntry *entry) {
  FsaLogRow row;
  int result = fsa_row_read(reader->rows, json, entry->meta, &reader->piece->arena, &row);
  if (result == FSA_E_FORMAT && !json->why)
    return add_reject(reader, "a row that is no object of columns", 0, 0);
  if (result == FSA_OK && reader->row_list->len == FSA_MAX_ENTRY_ROWS) result = FSA_E_LIMIT;
  if (result != FSA_OK) return result;
  FsaPieceRow kept = {row.hash, row.key_hash, row.key, row.artefact};
  g_array_append_val(reader->row_list, kept);
  write_row(reader, entry, &row);
  return reader->writer.text.error ? reader->writer.text.error : reader->code.marks.error;
}

/* FSA_E_FORMAT: `json` tells what is damaged. FSA_E_LIMIT: it is too much. */
static int read_rows(FsaPieceReader *reader, FsaJson *json, FsaPieceEntry *entry) {
  g_array_set_size(reader->row_list, 0);
  fsa_answer_writer_clear(&reader->writer);
  fsa_row_code_clear(&reader->code);
  fsa_row_reader_compare(reader->rows, reader->index);
  int result = FSA_OK;
  if (fsa_json_kind(json) == FSA_JSON_OBJECT) {
    result = read_row(reader, json, entry);
  } else {
    fsa_json_enter(json);
    while (result == FSA_OK && fsa_json_item(json)) result = read_row(reader, json, entry);
  }
  if (result == FSA_OK && json->why) result = FSA_E_FORMAT;
  if (result != FSA_OK) return result;
  entry->row_count = reader->row_list->len;
  entry->rows = fsa_arena_alloc(&reader->piece->arena, entry->row_count * sizeof *entry->rows);
  if (!entry->rows) return FSA_E_NOMEM;
  if (entry->row_count)
    memcpy(entry->rows, reader->row_list->data, entry->row_count * sizeof *entry->rows);
  for (size_t i = 0; i < entry->row_count; i++) entry->digest += entry->rows[i].hash;
  return FSA_OK;
}

/* A snapshot is mostly stored as it came: its packing is done here, where the cores are. */
static int keep_rows(FsaPieceReader *reader, FsaPieceEntry *entry) {
  FsaText text = {reader->writer.text.data, reader->writer.text.size};
  bool is_packed = entry->form == FSA_LOG_SNAPSHOT;
  if (is_packed) {
    fsa_buffer_clear(&reader->packed);
    int result = reader->index ? fsa_rows_pack_code(reader->packer, reader->index->query,
                                                    &reader->code, text, &reader->packed)
                               : fsa_rows_pack(reader->packer, text, &reader->packed);
    if (result != FSA_OK) return result;
    text = (FsaText){reader->packed.data, reader->packed.size};
  }
  FsaText copy = {fsa_arena_copy(&reader->piece->arena, text.data, text.size), text.size};
  if (!copy.data) return FSA_E_NOMEM;
  *(is_packed ? &entry->packed : &entry->text) = copy;
  return FSA_OK;
}

/* What others gave before is known; other forms than snapshots are gathered row by row. */
static int read_answer(FsaPieceReader *reader, FsaJson *rows, FsaPieceEntry *entry) {
  bool is_compared = reader->indexes && entry->meta && entry->form == FSA_LOG_SNAPSHOT;
  reader->index = is_compared ? fsa_row_indexes_take(reader->indexes, entry->meta) : NULL;
  int result = read_rows(reader, rows, entry);
  if (result == FSA_OK) result = keep_rows(reader, entry);
  fsa_row_reader_compare(reader->rows, NULL);
  fsa_row_index_unref(reader->index);
  reader->index = NULL;
  return result;
}

/* ---- entries ----------------------------------------------------------------------------------
 */

/* Texts of an entry lie in the line or in the arena; both live as long as the piece. */
static FsaPieceEntry entry_of(const FsaLogEntry *log) {
  return (FsaPieceEntry){.form = log->form,
                         .host = log->host,
                         .hostname = log->hostname,
                         .time = log->time,
                         .epoch = log->epoch,
                         .counter = log->counter,
                         .bytes = (int64_t)log->size,
                         .message = log->message,
                         .severity = log->severity};
}

static bool contains(FsaText text, const char *word) {
  const size_t size = strlen(word);
  for (size_t at = 0; at + size <= text.size; at++)
    if (memcmp(text.data + at, word, size) == 0) return true;
  return false;
}

/* Status lines that bear on what arrived: they name one of our queries, or tell of a loss. */
static bool is_about_us(FsaText message) {
  static const char *const words[] = {
      "fsa_",           "denylist",         "blacklist",          "inesize exceeds",
      "osquery worker", "buffered_log_max", "Maximum sustainable"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (contains(message, words[i])) return true;
  return false;
}

static void count_other(FsaPiece *piece, FsaText name) {
  piece->other++;
  char *key = g_strndup(name.data ? name.data : "(status)", name.data ? name.size : 8);
  gpointer known = g_hash_table_lookup(piece->others, key);
  g_hash_table_insert(piece->others, key, GSIZE_TO_POINTER(GPOINTER_TO_SIZE(known) + 1));
}

static int take_entry(void *context, const FsaLogEntry *log) {
  FsaPieceReader *reader = context;
  FsaPiece *piece = reader->piece;
  FsaPieceEntry entry = entry_of(log);
  bool is_status = log->form == FSA_LOG_STATUS;
  entry.name = fsa_query_name(reader->meta, is_status ? log->message : log->name);
  if (is_status ? !is_about_us(log->message) : !entry.name.data) {
    count_other(piece, log->name);
    return FSA_OK;
  }
  int result = FSA_OK;
  if (!is_status) {
    FsaJson rows = log->rows;
    entry.meta = fsa_pack_meta_find(reader->meta, entry.name);
    result = read_answer(reader, &rows, &entry);
    if (result == FSA_E_FORMAT) /* what is damaged inside its rows costs the line */
      return add_reject(reader, rows.why, log->rows_at + rows.at, log->size);
    if (result == FSA_E_LIMIT)
      return add_reject(reader, "more rows than an answer may have, or longer ones", log->rows_at,
                        log->size);
  }
  if (result == FSA_OK) g_array_append_val(piece->entries, entry);
  return result;
}

static int take_reject(void *context, const char *why, size_t at, size_t lost) {
  return add_reject(context, why, at, lost);
}

static void parse_line(FsaPieceReader *reader, const char *line, size_t size) {
  FsaPiece *piece = reader->piece;
  FsaLogSink sink = {reader, take_entry, take_reject};
  FsaJson blank = fsa_json(line, size);
  if (fsa_json_kind(&blank) == FSA_JSON_END) return;
  piece->lines++;
  int result = fsa_result_log_read(line, size, &piece->arena, &sink);
  if (result != FSA_OK) piece->result = result;
}

static void parse_lines(FsaPieceReader *reader) {
  FsaPiece *piece = reader->piece;
  const char *at = piece->text.data, *end = at ? at + piece->text.size : at;
  while (at < end && piece->result == FSA_OK) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *stop = newline ? newline : end;
    reader->line_offset = piece->place.offset + (at - piece->text.data);
    parse_line(reader, at, (size_t)(stop - at));
    reader->line_number++;
    piece->breaks += newline != NULL;
    at = stop + 1;
  }
}

void fsa_piece_parse(FsaPiece *piece, FsaPieceReader *reader) {
  reader->piece = piece;
  reader->line_number = 1;
  reader->line_offset = piece->place.offset;
  if (!reader->packer) piece->result = FSA_E_NOMEM;
  if (piece->place.lost)
    add_reject(reader, "longer than a line may be", 0, (size_t)piece->place.lost);
  parse_lines(reader);
}
