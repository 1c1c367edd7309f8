/*
 * csv and tsv.
 *
 * csv is RFC 4180 with LF between records, so that line tools work: a cell with a quote, comma or
 * line break is quoted. An empty cell is NULL, a quoted empty one ("") is the empty text. tsv knows
 * no quotes: backslash, tab, LF and CR become \\ \t \n \r. Blobs are hex.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "output.h"
#include "span.h"
#include "terminal.h"

static uint64_t is_csv_special(uint64_t word) {
  return fsa_span_equals(word, '"') | fsa_span_equals(word, ',') | fsa_span_equals(word, '\n') |
         fsa_span_equals(word, '\r');
}

static uint64_t is_quote(uint64_t word) {
  return fsa_span_equals(word, '"');
}

static uint64_t is_tsv_special(uint64_t word) {
  return fsa_span_equals(word, '\\') | fsa_span_equals(word, '\t') | fsa_span_equals(word, '\n') |
         fsa_span_equals(word, '\r');
}

/* The text with each quote doubled. */
static void put_doubled(FsaWriter *w, const char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    char *to = fsa_writer_room(w, FSA_WRITER_SPAN), *limit = to + FSA_WRITER_SPAN / 2;
    while (at < size && to < limit) {
      size_t room = (size_t)(limit - to), left = size - at;
      size_t run = fsa_span_copy(to, text + at, left < room ? left : room, is_quote);
      to += run;
      at += run;
      if (at < size && text[at] == '"') {
        *to++ = '"';
        *to++ = '"';
        at++;
      }
    }
    fsa_writer_took(w, to);
  }
}

static void put_csv_text(FsaWriter *w, const char *text, size_t size) {
  if (size && fsa_span_find(text, size, is_csv_special) == size) {
    fsa_writer_put(w, text, size);
    return;
  }
  fsa_writer_putc(w, '"');
  put_doubled(w, text, size);
  fsa_writer_putc(w, '"');
}

static void put_tsv_text(FsaWriter *w, const char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    size_t run = fsa_span_find(text + at, size - at, is_tsv_special);
    fsa_writer_put(w, text + at, run);
    at += run;
    if (at == size) return;
    char c = text[at++];
    fsa_writer_putc(w, '\\');
    fsa_writer_putc(w, c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
  }
}

typedef void PutText(FsaWriter *writer, const char *text, size_t size);

/* On a terminal the bytes are shown, not carried: they must do no harm. */
static int put_safely(FsaWriter *w, PutText *put_text, const char *text, size_t size) {
  if (!w->is_terminal) {
    put_text(w, text, size);
    return FSA_OK;
  }
  FsaBuffer safe = fsa_buffer(FSA_MAX_SHOWN_CELL);
  fsa_terminal_put_safe(&safe, text, size);
  put_text(w, safe.data ? safe.data : "", safe.size);
  int result = safe.error;
  fsa_buffer_done(&safe);
  return result;
}

static int put_cell(FsaWriter *w, PutText *put_text, const FsaCell *cell) {
  switch (cell->kind) {
  case FSA_CELL_NULL: break;
  case FSA_CELL_INT: fsa_writer_i64(w, cell->integer); break;
  case FSA_CELL_REAL: fsa_writer_put(w, cell->data, cell->size); break;
  case FSA_CELL_BLOB:
    if (cell->size == 0) put_text(w, "", 0); /* no bytes are not NULL */
    fsa_writer_hex(w, cell->data, cell->size);
    break;
  case FSA_CELL_TEXT:
  case FSA_CELL_JSON: return put_safely(w, put_text, cell->data, cell->size);
  }
  return FSA_OK;
}

static int put_header(FsaPrint *print, PutText *put_text, char separator) {
  int result = FSA_OK;
  if (!print->has_header) return FSA_OK;
  for (int i = 0; i < print->column_count && result == FSA_OK; i++) {
    if (i) fsa_writer_putc(print->writer, separator);
    result = put_safely(print->writer, put_text, print->names[i], strlen(print->names[i]));
  }
  fsa_writer_putc(print->writer, '\n');
  return result;
}

static int put_row(FsaPrint *print, const FsaCell *cells, PutText *put_text, char separator) {
  int result = FSA_OK;
  for (int i = 0; i < print->column_count && result == FSA_OK; i++) {
    if (i) fsa_writer_putc(print->writer, separator);
    result = put_cell(print->writer, put_text, &cells[i]);
  }
  fsa_writer_putc(print->writer, '\n');
  return result;
}

static int csv_begin(FsaPrint *print) {
  return put_header(print, put_csv_text, ',');
}

static int csv_row(FsaPrint *print, const FsaCell *cells) {
  return put_row(print, cells, put_csv_text, ',');
}

static int tsv_begin(FsaPrint *print) {
  return put_header(print, put_tsv_text, '\t');
}

static int tsv_row(FsaPrint *print, const FsaCell *cells) {
  return put_row(print, cells, put_tsv_text, '\t');
}

const FsaMode fsa_mode_csv = {
    .name = "csv",
    .help = "comma separated, RFC 4180 quoting; an empty cell is NULL, \"\" is empty text",
    .begin = csv_begin,
    .row = csv_row,
};

const FsaMode fsa_mode_tsv = {
    .name = "tsv",
    .help = "tab separated; \\t \\n \\r \\\\ inside a cell",
    .begin = tsv_begin,
    .row = tsv_row,
};
