/* Cells and names as safe text. */
#include "output_text.h"

#include <string.h>

#include "terminal.h"

static void put_hex(FsaBuffer *out, const char *data, size_t size) {
  static const char digits[] = "0123456789abcdef";
  char *to = size > FSA_MAX_SHOWN_CELL ? NULL : fsa_buffer_room(out, size * 2);
  if (!to) return;
  for (size_t i = 0; i < size; i++) {
    *to++ = digits[(unsigned char)data[i] >> 4];
    *to++ = digits[(unsigned char)data[i] & 15];
  }
  fsa_buffer_added(out, size * 2);
}

void fsa_cell_put_safe(FsaBuffer *out, const FsaCell *cell) {
  switch (cell->kind) {
  case FSA_CELL_NULL: fsa_buffer_puts(out, "NULL"); break;
  case FSA_CELL_INT: fsa_buffer_i64(out, cell->integer); break;
  case FSA_CELL_REAL: fsa_buffer_put(out, cell->data, cell->size); break;
  case FSA_CELL_BLOB: put_hex(out, cell->data, cell->size); break;
  case FSA_CELL_TEXT:
  case FSA_CELL_JSON: fsa_terminal_put_safe(out, cell->data, cell->size); break;
  }
}

const char *const *fsa_print_safe_names(FsaPrint *print) {
  const char **names = fsa_arena_zero(&print->arena, (size_t)print->column_count, sizeof *names);
  FsaBuffer name = fsa_buffer(FSA_MAX_SHOWN_CELL);
  for (int i = 0; names && i < print->column_count; i++) {
    fsa_buffer_clear(&name);
    fsa_terminal_put_safe(&name, print->names[i], strlen(print->names[i]));
    names[i] = name.error ? NULL : fsa_arena_copy(&print->arena, name.data, name.size);
    if (!names[i]) names = NULL;
  }
  fsa_buffer_done(&name);
  return names;
}
