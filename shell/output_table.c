/*
 * table and box: columns side by side, for people.
 *
 * The first rows are held back to measure them (FSA_MAX_HELD_ROWS, FSA_MAX_HELD_BYTES); then
 * the widths stand and later rows are written as they come. On a terminal the widest columns are
 * narrowed until a row fits and cells wrap, so that nothing is lost at the right edge. A cell that
 * is too long for a table is cut with a mark that says how much is missing.
 */
#include <string.h>

#include "base/result.h"
#include "base/text.h"
#include "output_text.h"
#include "terminal.h"

#define FIRST_ROWS 32
#define LEAST_WIDTH 8 /* columns that a narrowed cell keeps */

/* The lines of a mode. A rule is: left, `-` as often as wide, middle, ..., right. */
typedef struct Rule {
  const char *left, *dash, *middle, *right;
} Rule;

typedef struct Border {
  const char *left, *middle, *right;
  size_t outer, inner;            /* columns of left + right, of middle */
  bool fills_last;                /* the last column is padded */
  Rule top, below_header, bottom; /* left NULL = no such rule */
} Border;

static const Border plain = {
    .left = "",
    .middle = "  ",
    .right = "",
    .inner = 2,
    .below_header = {"", "-", "  ", ""},
};

static const Border boxed = {
    .left = "│ ",
    .middle = " │ ",
    .right = " │",
    .outer = 4,
    .inner = 3,
    .fills_last = true,
    .top = {"┌─", "─", "─┬─", "─┐"},
    .below_header = {"├─", "─", "─┼─", "─┤"},
    .bottom = {"└─", "─", "─┴─", "─┘"},
};

/* A cell ready to be shown. */
typedef struct Shown {
  const char *text;
  size_t size;
  size_t width;
  bool is_number, is_null;
} Shown;

typedef struct TableState {
  const Border *border;
  Shown *header;     /* the names */
  size_t *widths;    /* of the columns */
  size_t *at;        /* scratch: bytes of each cell that are already printed */
  bool *is_right;    /* columns that hold only numbers */
  Shown *held;       /* rows held back, cell by cell */
  size_t held_count; /* rows */
  size_t held_room;  /* rows */
  FsaArena texts;    /* what the held rows, or the one row, point to */
  FsaBuffer scratch;
  bool has_begun; /* the widths stand */
} TableState;

static int cut_long(FsaBuffer *text, size_t limit) {
  if (text->size <= limit) return text->error;
  size_t end = limit;
  while (end && ((unsigned char)text->data[end] & 0xc0) == 0x80) end--;
  size_t missing = text->size - end;
  text->size = end;
  fsa_buffer_printf(text, "… (+%zu bytes; .mode line shows all)", missing);
  return text->error;
}

static int show(FsaPrint *print, const FsaCell *cell, Shown *ret_shown) {
  TableState *state = print->state;
  fsa_buffer_clear(&state->scratch);
  fsa_cell_put_safe(&state->scratch, cell);
  if (cut_long(&state->scratch,
               print->writer->is_terminal ? FSA_MAX_TERMINAL_CELL : FSA_MAX_TABLE_CELL) < 0)
    return state->scratch.error;
  size_t size = state->scratch.size;
  const char *text = fsa_arena_copy(&state->texts, state->scratch.data, size);
  if (!text) return FSA_E_NOMEM;
  *ret_shown = (Shown){.text = text,
                       .size = size,
                       .width = fsa_terminal_text_width(text, size),
                       .is_number = fsa_cell_is_number(cell),
                       .is_null = cell->kind == FSA_CELL_NULL};
  return FSA_OK;
}

static int show_row(FsaPrint *print, const FsaCell *cells, Shown *row) {
  for (int i = 0; i < print->column_count; i++) {
    int result = show(print, &cells[i], &row[i]);
    if (result < 0) return result;
  }
  return FSA_OK;
}

/* ---- widths ------------------------------------------------------------------------------ */

static void measure(FsaPrint *print) {
  TableState *state = print->state;
  size_t columns = (size_t)print->column_count;
  for (size_t i = 0; i < columns; i++) {
    state->widths[i] = print->has_header ? state->header[i].width : 1;
    bool has_number = false, has_other = false;
    for (size_t row = 0; row < state->held_count; row++) {
      const Shown *cell = &state->held[row * columns + i];
      if (cell->width > state->widths[i]) state->widths[i] = cell->width;
      has_number |= cell->is_number;
      has_other |= !cell->is_number && !cell->is_null;
    }
    state->is_right[i] = has_number && !has_other;
  }
}

static size_t total_below(const size_t *widths, size_t count, size_t cap) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += widths[i] < cap ? widths[i] : cap;
  return total;
}

/* Lowers the widest columns to one common width until a row fits the terminal. */
static void narrow(FsaPrint *print) {
  TableState *state = print->state;
  size_t count = (size_t)print->column_count;
  size_t lines = state->border->outer + state->border->inner * (count - 1);
  size_t screen = fsa_terminal_columns(&print->writer->stream);
  size_t room = screen > lines ? screen - lines : 0;
  size_t low = LEAST_WIDTH, high = screen;
  while (low < high) { /* the largest cap with which everything fits */
    size_t cap = (low + high + 1) / 2;
    if (total_below(state->widths, count, cap) <= room)
      low = cap;
    else
      high = cap - 1;
  }
  for (size_t i = 0; i < count; i++)
    if (state->widths[i] > low) state->widths[i] = low;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void put_rule(FsaPrint *print, const Rule *rule) {
  const TableState *state = print->state;
  if (!rule->left) return;
  fsa_writer_puts(print->writer, rule->left);
  for (int i = 0; i < print->column_count; i++) {
    if (i) fsa_writer_puts(print->writer, rule->middle);
    for (size_t n = 0; n < state->widths[i]; n++) fsa_writer_puts(print->writer, rule->dash);
  }
  fsa_writer_puts(print->writer, rule->right);
  fsa_writer_putc(print->writer, '\n');
}

/* How many bytes of the cell stand on its next line, and how wide they are. */
static size_t next_piece(const FsaPrint *print, const Shown *cell, int column, size_t *ret_width) {
  const TableState *state = print->state;
  const size_t at = state->at[column], room = state->widths[column];
  /* files have room for what is wider than the rows that were measured; digits stay together */
  const bool wraps = print->writer->is_terminal && !state->is_right[column];
  if (at || (wraps && cell->width > room))
    return fsa_terminal_fit(cell->text + at, cell->size - at, room, ret_width);
  *ret_width = cell->width;
  return cell->size;
}

/* One line of a cell: its next piece, padded. */
static void put_piece(FsaPrint *print, const Shown *cell, int column, const char *style) {
  TableState *state = print->state;
  size_t width = 0, padding, at = state->at[column];
  size_t size = next_piece(print, cell, column, &width);
  state->at[column] += size;
  padding = state->widths[column] > width ? state->widths[column] - width : 0;
  if (state->is_right[column]) fsa_writer_fill(print->writer, ' ', padding);
  if (style) fsa_writer_puts(print->writer, style);
  fsa_writer_put(print->writer, cell->text + at, size);
  if (style) fsa_writer_puts(print->writer, "\033[0m");
  if (state->is_right[column]) return;
  if (state->border->fills_last || column + 1 < print->column_count)
    fsa_writer_fill(print->writer, ' ', padding);
}

static const char *style_of(const FsaPrint *print, const Shown *cell, bool is_header) {
  if (!print->writer->has_colour) return NULL;
  return is_header ? "\033[1m" : cell->is_null ? "\033[2m" : NULL;
}

static void put_shown(FsaPrint *print, const Shown *row, bool is_header) {
  TableState *state = print->state;
  memset(state->at, 0, (size_t)print->column_count * sizeof *state->at);
  bool has_more = true;
  while (has_more) {
    has_more = false;
    fsa_writer_puts(print->writer, state->border->left);
    for (int i = 0; i < print->column_count; i++) {
      if (i) fsa_writer_puts(print->writer, state->border->middle);
      put_piece(print, &row[i], i, style_of(print, &row[i], is_header));
      has_more |= state->at[i] < row[i].size;
    }
    fsa_writer_puts(print->writer, state->border->right);
    fsa_writer_putc(print->writer, '\n');
  }
}

/* ---- the mode ---------------------------------------------------------------------------- */

static int make_header(FsaPrint *print) {
  TableState *state = print->state;
  const char *const *names = fsa_print_safe_names(print);
  if (!names) return FSA_E_NOMEM;
  for (int i = 0; i < print->column_count; i++) {
    size_t size = strlen(names[i]);
    state->header[i] =
        (Shown){.text = names[i], .size = size, .width = fsa_terminal_text_width(names[i], size)};
  }
  return FSA_OK;
}

static int begin(FsaPrint *print, const Border *border) {
  size_t count = (size_t)print->column_count;
  TableState *state = fsa_arena_zero(&print->arena, 1, sizeof *state);
  if (!state) return FSA_E_NOMEM;
  print->state = state;
  state->border = border;
  state->texts = fsa_arena(0);
  state->scratch = fsa_buffer(FSA_MAX_SHOWN_CELL);
  state->header = fsa_arena_zero(&print->arena, count, sizeof *state->header);
  state->widths = fsa_arena_zero(&print->arena, count, sizeof *state->widths);
  state->at = fsa_arena_zero(&print->arena, count, sizeof *state->at);
  state->is_right = fsa_arena_zero(&print->arena, count, sizeof *state->is_right);
  if (!state->header || !state->widths || !state->at || !state->is_right) return FSA_E_NOMEM;
  return make_header(print);
}

static void put_held(FsaPrint *print) {
  TableState *state = print->state;
  measure(print);
  if (print->writer->is_terminal) narrow(print);
  state->has_begun = true;
  put_rule(print, &state->border->top);
  if (print->has_header) {
    put_shown(print, state->header, true);
    put_rule(print, &state->border->below_header);
  }
  for (size_t row = 0; row < state->held_count; row++)
    put_shown(print, &state->held[row * (size_t)print->column_count], false);
}

static int make_room(FsaPrint *print) {
  TableState *state = print->state;
  if (state->held_count < state->held_room) return FSA_OK;
  size_t row = (size_t)print->column_count * sizeof *state->held;
  size_t room = state->held_room ? state->held_room * 2 : FIRST_ROWS;
  Shown *held = fsa_arena_grow(&print->arena, state->held, state->held_room * row, room * row);
  if (!held) return FSA_E_NOMEM;
  state->held = held;
  state->held_room = room;
  return FSA_OK;
}

static int hold_row(FsaPrint *print, const FsaCell *cells) {
  TableState *state = print->state;
  int result = make_room(print);
  if (result < 0) return result;
  result = show_row(print, cells, &state->held[state->held_count * (size_t)print->column_count]);
  if (result < 0) return result;
  state->held_count++;
  if (state->held_count == FSA_MAX_HELD_ROWS || state->texts.used > FSA_MAX_HELD_BYTES)
    put_held(print);
  return FSA_OK;
}

static int table_row(FsaPrint *print, const FsaCell *cells) {
  TableState *state = print->state;
  if (!state->has_begun) return hold_row(print, cells);
  fsa_arena_clear(&state->texts);
  int result = show_row(print, cells, state->held);
  if (result == FSA_OK) put_shown(print, state->held, false);
  return result;
}

static int table_end(FsaPrint *print) {
  TableState *state = print->state;
  if (!state->has_begun) put_held(print);
  put_rule(print, &state->border->bottom);
  fsa_arena_done(&state->texts);
  fsa_buffer_done(&state->scratch);
  return FSA_OK;
}

static int table_begin(FsaPrint *print) {
  return begin(print, &plain);
}
static int box_begin(FsaPrint *print) {
  return begin(print, &boxed);
}

const FsaMode fsa_mode_table = {
    .name = "table",
    .help = "columns side by side",
    .begin = table_begin,
    .row = table_row,
    .end = table_end,
};

const FsaMode fsa_mode_box = {
    .name = "box",
    .help = "columns side by side in a drawn box",
    .begin = box_begin,
    .row = table_row,
    .end = table_end,
};
