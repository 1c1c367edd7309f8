/*
 * Results as text: the output modes.
 *
 * A mode is a descriptor with three functions. `begin` sees the column names, `row` each row as it
 * comes, `end` the end; the rows are written at once, only table and box hold a bounded number of
 * them back to measure. What comes from evidence is never believed: text modes make control
 * characters visible, JSON is valid whatever the bytes are.
 */
#ifndef FSA_SHELL_OUTPUT_H
#define FSA_SHELL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "writer.h"

typedef enum FsaCellKind {
  FSA_CELL_NULL,
  FSA_CELL_INT,
  FSA_CELL_REAL, /* as decimal text in data, size */
  FSA_CELL_TEXT,
  FSA_CELL_JSON, /* a text that is one JSON value */
  FSA_CELL_BLOB,
} FsaCellKind;

typedef struct FsaCell {
  FsaCellKind kind;
  size_t size; /* bytes at `data` */
  const char *data;
  int64_t integer;
} FsaCell;

typedef struct FsaMode FsaMode;

/* One result on its way out. */
typedef struct FsaPrint {
  FsaWriter *writer;
  const FsaMode *mode;
  bool has_header; /* of csv, tsv, markdown, table and box */
  int column_count;
  const char *const *names;
  uint64_t rows;  /* printed so far */
  FsaArena arena; /* memory until the end of the result */
  void *state;    /* the mode's own, from the arena */
} FsaPrint;

struct FsaMode {
  const char *name;
  const char *help;
  /* FSA_OK or FSA_E_NOMEM; `row` and `end` are not called after a failed `begin`. */
  int (*begin)(FsaPrint *print);
  int (*row)(FsaPrint *print, const FsaCell *cells);
  int (*end)(FsaPrint *print);
};

extern const FsaMode fsa_mode_table, fsa_mode_box, fsa_mode_csv, fsa_mode_tsv, fsa_mode_json,
    fsa_mode_jsonl, fsa_mode_line, fsa_mode_markdown;

/* All modes, ended by NULL. */
extern const FsaMode *const fsa_modes[];

/* The mode of that name, or NULL. */
const FsaMode *fsa_mode_find(const char *name);

/* Begins a result. `names` lives until the end. */
int fsa_print_begin(FsaPrint *print, FsaWriter *writer, const FsaMode *mode, bool has_header,
                    int column_count, const char *const *names);
int fsa_print_row(FsaPrint *print, const FsaCell *cells);

/* Ends a result and frees what it held, after an error too. */
int fsa_print_end(FsaPrint *print);

/* A text as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void fsa_json_put(FsaWriter *writer, const char *text, size_t size);

#endif
