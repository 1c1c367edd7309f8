/* What the modes for people share: cells as text that is safe to show. */
#ifndef FSA_SHELL_OUTPUT_TEXT_H
#define FSA_SHELL_OUTPUT_TEXT_H

#include "base/buffer.h"
#include "base/limits.h"
#include "output.h"

/* Appends the cell: numbers in decimal, blobs in hex, text made safe, NULL as "NULL". */
void fsa_cell_put_safe(FsaBuffer *out, const FsaCell *cell);

/* True for the kinds that stand at the right edge of a column. */
static inline bool fsa_cell_is_number(const FsaCell *cell) {
  return cell->kind == FSA_CELL_INT || cell->kind == FSA_CELL_REAL;
}

/* The column names made safe, from the print's arena; NULL when memory ran out. */
const char *const *fsa_print_safe_names(FsaPrint *print);

#endif
