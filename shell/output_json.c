/*
 * json (one array) and jsonl (one object a line).
 *
 * Always valid JSON in UTF-8: bytes that are not UTF-8 become U+FFFD, blobs are hex strings,
 * infinite numbers are 1e999. DEL and C1 controls are escaped, because output may be a terminal. A
 * cell that is JSON already goes out as it is, on one line. [RFC 8259]
 */
#include <string.h>

#include "base/buffer.h"
#include "base/result.h"
#include "base/text.h"
#include "output.h"
#include "span.h"

#define LONGEST_ESCAPE 6 /* "\u001f" */

/* Everything that a JSON string does not take as it is, and all that is not ASCII. */
static uint64_t is_json_special(uint64_t word) {
  return fsa_span_below(word, 0x20) | fsa_span_equals(word, '"') | fsa_span_equals(word, '\\') |
         fsa_span_equals(word, 0x7f) | (word & FSA_SPAN_HIGH);
}

static char *put_unicode_escape(char *to, uint32_t c) {
  static const char digits[] = "0123456789abcdef";
  *to++ = '\\';
  *to++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) *to++ = digits[c >> shift & 15];
  return to;
}

static char short_escape(uint32_t c) {
  switch (c) {
  case '"': return '"';
  case '\\': return '\\';
  case '\b': return 'b';
  case '\t': return 't';
  case '\n': return 'n';
  case '\f': return 'f';
  case '\r': return 'r';
  default: return 0;
  }
}

static char *put_character(char *to, uint32_t c) {
  char escape = short_escape(c);
  if (escape) {
    *to++ = '\\';
    *to++ = escape;
    return to;
  }
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return put_unicode_escape(to, c);
  return to + fsa_utf8_put(to, c);
}

void fsa_json_put(FsaWriter *w, const char *text, size_t size) {
  fsa_writer_putc(w, '"');
  for (size_t at = 0; at < size;) {
    char *to = fsa_writer_room(w, FSA_WRITER_SPAN);
    char *limit = to + FSA_WRITER_SPAN - FSA_SPAN_SLACK - LONGEST_ESCAPE;
    while (at < size && to < limit) {
      size_t room = (size_t)(limit - to), left = size - at;
      size_t run = fsa_span_copy(to, text + at, left < room ? left : room, is_json_special);
      to += run;
      at += run;
      if (at == size || run == room) continue;
      bool is_ascii = (unsigned char)text[at] < 0x80;
      to = put_character(to, is_ascii ? (uint32_t)text[at++] : fsa_utf8_next(text, size, &at));
    }
    fsa_writer_took(w, to);
  }
  fsa_writer_putc(w, '"');
}

/*
 * JSON as it is. A line break can only stand between its tokens, where a space does as well. On a
 * terminal, DEL and C1 controls, which can only stand inside strings, are escaped.
 */
static void put_raw(FsaWriter *w, const char *json, size_t size) {
  if (!w->is_terminal && !memchr(json, '\n', size) && !memchr(json, '\r', size)) {
    fsa_writer_put(w, json, size);
    return;
  }
  for (size_t at = 0; at < size;) {
    char out[LONGEST_ESCAPE];
    uint32_t c = fsa_utf8_next(json, size, &at);
    char *end = c < 0x20                ? out + 1
                : c >= 0x7f && c < 0xa0 ? put_unicode_escape(out, c)
                                        : out + fsa_utf8_put(out, c);
    if (c < 0x20) out[0] = ' ';
    fsa_writer_put(w, out, (size_t)(end - out));
  }
}

/* SQLite prints "Inf", "-Inf"; and "1.0e+20" is JSON as it stands. */
static void put_real(FsaWriter *w, const char *text, size_t size) {
  bool is_negative = size && text[0] == '-';
  if (size && text[size - 1] == 'f')
    fsa_writer_puts(w, is_negative ? "-1e999" : "1e999");
  else
    fsa_writer_put(w, text, size);
}

static void put_cell(FsaWriter *w, const FsaCell *cell) {
  switch (cell->kind) {
  case FSA_CELL_NULL: fsa_writer_put(w, "null", 4); break;
  case FSA_CELL_INT: fsa_writer_i64(w, cell->integer); break;
  case FSA_CELL_REAL: put_real(w, cell->data, cell->size); break;
  case FSA_CELL_TEXT: fsa_json_put(w, cell->data, cell->size); break;
  case FSA_CELL_JSON: put_raw(w, cell->data, cell->size); break;
  case FSA_CELL_BLOB:
    fsa_writer_putc(w, '"');
    fsa_writer_hex(w, cell->data, cell->size);
    fsa_writer_putc(w, '"');
    break;
  }
}

/* The parts of an object that are the same in each row: `{"name":` and `,"name":`. */
static int make_labels(FsaPrint *print) {
  size_t count = (size_t)print->column_count;
  FsaText *labels = fsa_arena_zero(&print->arena, count, sizeof *labels);
  if (!labels) return FSA_E_NOMEM;
  FsaBuffer label = fsa_buffer(SIZE_MAX / 2);
  int result = FSA_OK;
  for (size_t i = 0; i < count && result == FSA_OK; i++) {
    fsa_buffer_clear(&label);
    fsa_buffer_putc(&label, i ? ',' : '{');
    fsa_buffer_json(&label, print->names[i], strlen(print->names[i]));
    fsa_buffer_putc(&label, ':');
    labels[i].size = label.size;
    labels[i].data = label.error ? NULL : fsa_arena_copy(&print->arena, label.data, label.size);
    if (!labels[i].data) result = FSA_E_NOMEM;
  }
  fsa_buffer_done(&label);
  print->state = labels;
  return result;
}

static int json_begin(FsaPrint *print) {
  int result = make_labels(print);
  if (result == FSA_OK && print->mode == &fsa_mode_json) fsa_writer_putc(print->writer, '[');
  return result;
}

static void put_object(FsaPrint *print, const FsaCell *cells) {
  const FsaText *labels = print->state;
  for (int i = 0; i < print->column_count; i++) {
    fsa_writer_put(print->writer, labels[i].data, labels[i].size);
    put_cell(print->writer, &cells[i]);
  }
  fsa_writer_putc(print->writer, '}');
}

static int json_row(FsaPrint *print, const FsaCell *cells) {
  if (print->rows) fsa_writer_put(print->writer, ",\n", 2);
  put_object(print, cells);
  return FSA_OK;
}

static int json_end(FsaPrint *print) {
  fsa_writer_put(print->writer, "]\n", 2);
  return FSA_OK;
}

static int jsonl_row(FsaPrint *print, const FsaCell *cells) {
  put_object(print, cells);
  fsa_writer_putc(print->writer, '\n');
  return FSA_OK;
}

const FsaMode fsa_mode_json = {
    .name = "json",
    .help = "one array of objects",
    .begin = json_begin,
    .row = json_row,
    .end = json_end,
};

const FsaMode fsa_mode_jsonl = {
    .name = "jsonl",
    .help = "one JSON object a line",
    .begin = json_begin,
    .row = jsonl_row,
};
