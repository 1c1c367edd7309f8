/* The text of an answer as what differs from known rows. See row_code.h. */
#include "case/row_code.h"

#include <string.h>

#include "case/answer.h"

#define MAX_STEP_BYTES 6 /* of a step between two rows */
#define MASK_BYTES(columns) (((columns) + 7) / 8)

/* ---- writing ----------------------------------------------------------------------------------
 */

FsaRowCode fsa_row_code(void) {
  return (FsaRowCode){.marks = fsa_buffer(FSA_MAX_ANSWER_BYTES)};
}

void fsa_row_code_clear(FsaRowCode *code) {
  fsa_buffer_clear(&code->marks);
  code->text_size = 0;
  code->expected = 0;
}

void fsa_row_code_lines(FsaRowCode *code, size_t count, size_t size) {
  code->text_size += size;
  while (count--) fsa_buffer_putc(&code->marks, 0);
}

/* Forward steps become odd numbers, steps back even ones. */
static size_t put_step(unsigned char *to, uint32_t expected, uint32_t row) {
  uint64_t step =
      row >= expected ? 2 * (uint64_t)(row - expected) + 1 : 2 * (uint64_t)(expected - row);
  size_t size = 0;
  for (; step >= 0x80; step >>= 7) to[size++] = (unsigned char)(step | 0x80);
  to[size++] = (unsigned char)step;
  return size;
}

static void put_value(FsaRowCode *code, FsaText value, FsaText known, FsaBuffer *lines) {
  char *to = fsa_buffer_room(lines, value.size + 1);
  if (!to) return;
  if (value.size) memcpy(to, value.data, value.size);
  to[value.size] = '\n';
  fsa_buffer_added(lines, value.size + 1);
  code->text_size += value.size - known.size;
}

void fsa_row_code_row(FsaRowCode *code, const FsaRowDictionary *dictionary, uint32_t row,
                      const FsaText *values, const bool *same, FsaBuffer *lines) {
  size_t columns = dictionary->column_count;
  char *room = fsa_buffer_room(&code->marks, MAX_STEP_BYTES + MASK_BYTES(FSA_MAX_ROW_COLUMNS));
  if (!room) return;
  unsigned char *to = (unsigned char *)room, *mask = to + put_step(to, code->expected, row);
  memset(mask, 0, MASK_BYTES(columns));
  code->expected = row + 1;
  code->text_size += dictionary->rows[row].size + 1;
  for (size_t i = 0; i < columns; i++) {
    if (same[i]) continue;
    mask[i / 8] = (unsigned char)(mask[i / 8] | 1u << i % 8);
    put_value(code, values[i], fsa_row_dictionary_cell(dictionary, row, i), lines);
  }
  fsa_buffer_added(&code->marks, (size_t)(mask - to) + MASK_BYTES(columns));
}

/* ---- reading ----------------------------------------------------------------------------------
 */

typedef struct Reader {
  const FsaRowDictionary *dictionary;
  const unsigned char *mark, *marks_end;
  FsaText lines;
  uint32_t expected;
  char *to; /* where the text goes on */
  size_t room;
} Reader;

static bool put(Reader *reader, const char *data, size_t size) {
  if (size > reader->room) return false;
  memcpy(reader->to, data, size);
  reader->to += size;
  reader->room -= size;
  return true;
}

/* The next line of the second part with `more` newline bytes of its end. */
static bool put_line(Reader *reader, size_t more) {
  FsaText *lines = &reader->lines;
  const char *end = lines->size ? memchr(lines->data, '\n', lines->size) : NULL;
  if (!end) return false;
  size_t size = (size_t)(end - lines->data);
  if (!put(reader, lines->data, size + more)) return false;
  *lines = (FsaText){end + 1, lines->size - size - 1};
  return true;
}

static bool take_step(Reader *reader, uint32_t *ret_row) {
  uint64_t step = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (reader->mark == reader->marks_end || shift == 7 * MAX_STEP_BYTES) return false;
    unsigned char byte = *reader->mark++;
    step |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) break;
  }
  uint64_t row = step & 1 ? reader->expected + step / 2 : reader->expected - step / 2;
  if (row >= reader->dictionary->count) return false; /* a step back too far wraps */
  *ret_row = (uint32_t)row;
  return true;
}

/* The values from `from` on that are the dictionary's, up to before column `to`, and a tab. */
static bool put_known(Reader *reader, uint32_t row, size_t from, size_t to) {
  if (from == to) return true;
  const char *start = fsa_row_dictionary_cell(reader->dictionary, row, from).data;
  FsaText last = fsa_row_dictionary_cell(reader->dictionary, row, to - 1);
  return put(reader, start, (size_t)(last.data - start) + last.size) && put(reader, "\t", 1);
}

static bool put_row(Reader *reader, uint32_t row, const unsigned char *mask) {
  size_t columns = reader->dictionary->column_count, from = 0;
  for (size_t i = 0; i < columns; i++) {
    if (i % 8 == 0 && !mask[i / 8]) {
      i += 7;
      continue;
    }
    if (!(mask[i / 8] >> i % 8 & 1)) continue;
    if (!put_known(reader, row, from, i) || !put_line(reader, 0) || !put(reader, "\t", 1))
      return false;
    from = i + 1;
  }
  if (!put_known(reader, row, from, columns)) return false;
  reader->to[-1] = '\n'; /* every value stands before a tab */
  return true;
}

static bool read_line(Reader *reader) {
  uint32_t row;
  if (*reader->mark == 0) {
    reader->mark++;
    return put_line(reader, 1);
  }
  size_t mask_size = MASK_BYTES(reader->dictionary->column_count);
  if (!take_step(reader, &row) || (size_t)(reader->marks_end - reader->mark) < mask_size)
    return false;
  const unsigned char *mask = reader->mark;
  reader->mark += mask_size;
  reader->expected = row + 1;
  return put_row(reader, row, mask);
}

int fsa_row_code_text(const FsaRowDictionary *dictionary, FsaText marks, FsaText lines,
                      size_t text_size, FsaBuffer *out) {
  const unsigned char *mark = (const unsigned char *)marks.data;
  Reader reader = {dictionary, mark, mark + marks.size, lines, 0, NULL, text_size};
  reader.to = fsa_buffer_room(out, text_size + 1);
  if (!reader.to) return out->error;
  while (reader.mark < reader.marks_end)
    if (!read_line(&reader)) return FSA_E_FORMAT;
  if (reader.room || reader.lines.size) return FSA_E_FORMAT;
  fsa_buffer_added(out, text_size);
  return FSA_OK;
}
