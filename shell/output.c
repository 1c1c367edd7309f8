/* The list of output modes and the life of one result. */
#include "output.h"

#include <string.h>

#include "base/result.h"

const FsaMode *const fsa_modes[] = {
    &fsa_mode_table, &fsa_mode_box,  &fsa_mode_csv,      &fsa_mode_tsv, &fsa_mode_json,
    &fsa_mode_jsonl, &fsa_mode_line, &fsa_mode_markdown, NULL,
};

const FsaMode *fsa_mode_find(const char *name) {
  for (const FsaMode *const *mode = fsa_modes; *mode; mode++)
    if (strcmp((*mode)->name, name) == 0) return *mode;
  return NULL;
}

int fsa_print_begin(FsaPrint *print, FsaWriter *writer, const FsaMode *mode, bool has_header,
                    int column_count, const char *const *names) {
  *print = (FsaPrint){.writer = writer,
                      .mode = mode,
                      .has_header = has_header,
                      .column_count = column_count,
                      .names = names,
                      .arena = fsa_arena(0)};
  int result = mode->begin ? mode->begin(print) : FSA_OK;
  if (result < 0) fsa_arena_done(&print->arena);
  return result;
}

int fsa_print_row(FsaPrint *print, const FsaCell *cells) {
  int result = print->mode->row(print, cells);
  print->rows++;
  fsa_writer_row_done(print->writer);
  return result;
}

int fsa_print_end(FsaPrint *print) {
  int result = print->mode->end ? print->mode->end(print) : FSA_OK;
  fsa_arena_done(&print->arena);
  return result;
}
