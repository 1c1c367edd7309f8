/*
 * line: one "column = value" a line, a blank line between rows; for long values.
 *
 * Line breaks inside a value are kept but indented, so that no value can pass for another column;
 * everything else unsafe is made visible.
 */
#include <string.h>

#include "base/result.h"
#include "output_text.h"
#include "terminal.h"

typedef struct LineState {
  const char *const *names; /* safe */
  size_t width;             /* columns of the longest name */
} LineState;

static int line_begin(FsaPrint *print) {
  LineState *state = fsa_arena_zero(&print->arena, 1, sizeof *state);
  if (!state) return FSA_E_NOMEM;
  state->names = fsa_print_safe_names(print);
  if (!state->names) return FSA_E_NOMEM;
  for (int i = 0; i < print->column_count; i++) {
    size_t width = fsa_terminal_text_width(state->names[i], strlen(state->names[i]));
    if (width > state->width) state->width = width;
  }
  print->state = state;
  return FSA_OK;
}

/* Appends a text line by line, the later ones below the first. */
static void put_lines(FsaBuffer *out, const FsaCell *cell, size_t indent) {
  const char *text = cell->data, *end = text + cell->size;
  for (;;) {
    const char *line_end = memchr(text, '\n', (size_t)(end - text));
    if (!line_end) break;
    size_t size = (size_t)(line_end - text);
    if (size && text[size - 1] == '\r') size--;
    fsa_terminal_put_safe(out, text, size);
    fsa_buffer_putc(out, '\n');
    for (size_t i = 0; i < indent; i++) fsa_buffer_putc(out, ' ');
    text = line_end + 1;
  }
  fsa_terminal_put_safe(out, text, (size_t)(end - text));
}

static void put_value(FsaBuffer *out, const FsaCell *cell, size_t indent, bool has_colour) {
  if (cell->kind == FSA_CELL_NULL && has_colour)
    fsa_buffer_puts(out, "\033[2mNULL\033[0m");
  else if (cell->kind == FSA_CELL_TEXT && cell->size)
    put_lines(out, cell, indent);
  else
    fsa_cell_put_safe(out, cell);
}

static int line_row(FsaPrint *print, const FsaCell *cells) {
  const LineState *state = print->state;
  FsaBuffer out = fsa_buffer(FSA_MAX_SHOWN_CELL);
  if (print->rows) fsa_writer_putc(print->writer, '\n');
  for (int i = 0; i < print->column_count; i++) {
    const char *name = state->names[i];
    fsa_writer_fill(print->writer, ' ', state->width - fsa_terminal_text_width(name, strlen(name)));
    fsa_writer_puts(print->writer, name);
    fsa_writer_puts(print->writer, " = ");
    fsa_buffer_clear(&out);
    put_value(&out, &cells[i], state->width + strlen(" = "), print->writer->has_colour);
    fsa_writer_put(print->writer, out.data, out.size);
    fsa_writer_putc(print->writer, '\n');
    if (out.error) break;
  }
  int result = out.error;
  fsa_buffer_done(&out);
  return result;
}

const FsaMode fsa_mode_line = {
    .name = "line",
    .help = "one column a line, for long values",
    .begin = line_begin,
    .row = line_row,
};
