/*
 * markdown: a table for a report. What Markdown or HTML would act on is escaped, so that evidence
 * stays text in the reader's browser too.
 */
#include <string.h>

#include "base/result.h"
#include "output_text.h"

static void put_escaped(FsaWriter *w, const char *text, size_t size) {
  for (size_t at = 0; at < size; at++) {
    switch (text[at]) {
    case '<': fsa_writer_puts(w, "&lt;"); break;
    case '&': fsa_writer_puts(w, "&amp;"); break;
    case '|':
    case '`':
    case '*':
    case '_':
    case '[':
    case '\\': fsa_writer_putc(w, '\\'); /* fall through */
    default: fsa_writer_putc(w, text[at]);
    }
  }
}

static int markdown_begin(FsaPrint *print) {
  const char *const *names = fsa_print_safe_names(print);
  if (!names) return FSA_E_NOMEM;
  for (int i = 0; i < print->column_count; i++) {
    fsa_writer_puts(print->writer, i ? " | " : "| ");
    put_escaped(print->writer, names[i], strlen(names[i]));
  }
  fsa_writer_puts(print->writer, " |\n|");
  for (int i = 0; i < print->column_count; i++) fsa_writer_puts(print->writer, " --- |");
  fsa_writer_putc(print->writer, '\n');
  return FSA_OK;
}

static int markdown_row(FsaPrint *print, const FsaCell *cells) {
  FsaBuffer text = fsa_buffer(FSA_MAX_SHOWN_CELL);
  for (int i = 0; i < print->column_count; i++) {
    fsa_buffer_clear(&text);
    if (cells[i].kind != FSA_CELL_NULL) fsa_cell_put_safe(&text, &cells[i]);
    fsa_writer_puts(print->writer, i ? " | " : "| ");
    put_escaped(print->writer, text.data, text.size);
    if (text.error) break;
  }
  fsa_writer_puts(print->writer, " |\n");
  int result = text.error;
  fsa_buffer_done(&text);
  return result;
}

const FsaMode fsa_mode_markdown = {
    .name = "markdown",
    .help = "a Markdown table",
    .begin = markdown_begin,
    .row = markdown_row,
};
