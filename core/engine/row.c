/* Rows: how a table sets a value. */
#include <string.h>

#include "engine/engine.h"

void row_reset(FsaRow *row, int column_count) {
  memset(row->values, 0, (size_t)column_count * sizeof *row->values);
  row->source = (FsaText){NULL, 0};
  row->offset = FSA_NO_OFFSET;
}

void fsa_row_text(FsaRow *row, int column, const char *data, size_t size) {
  if (!data || size > UINT32_MAX) return;
  row->values[column] = (FsaValue){.kind = FSA_VALUE_TEXT, .size = (uint32_t)size, .as.data = data};
}

void fsa_row_string(FsaRow *row, int column, const char *text) {
  if (text) fsa_row_text(row, column, text, strlen(text));
}

void fsa_row_int(FsaRow *row, int column, int64_t value) {
  row->values[column] = (FsaValue){.kind = FSA_VALUE_INT, .as.integer = value};
}

void fsa_row_hex(FsaRow *row, int column, uint64_t value) {
  row->values[column] = (FsaValue){.kind = FSA_VALUE_HEX, .as.hex = value};
}

void fsa_row_double(FsaRow *row, int column, double value) {
  row->values[column] = (FsaValue){.kind = FSA_VALUE_DOUBLE, .as.real = value};
}

void fsa_row_blob(FsaRow *row, int column, const void *data, size_t size) {
  if ((!data && size) || size > UINT32_MAX) return;
  row->values[column] =
      (FsaValue){.kind = FSA_VALUE_BLOB, .size = (uint32_t)size, .as.data = size ? data : ""};
}

void fsa_row_source(FsaRow *row, const char *data, size_t size) {
  row->source = (FsaText){data, size};
}

void fsa_row_offset(FsaRow *row, uint64_t offset) {
  row->offset = offset;
}
