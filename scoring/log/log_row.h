/*
 * One row of a result line: its hashes, its key, and the form in which it is kept.
 *
 * A row is kept as the names of its columns and its values, each a JSON string's inside (escaped in
 * one way only, valid UTF-8, so that it holds neither tab nor newline), with tabs between them.
 * Rows of one query look alike: the reader expects the columns of the row before and compares
 * instead of parsing.
 */
#ifndef FSA_SCORING_LOG_ROW_H
#define FSA_SCORING_LOG_ROW_H

#include "log/row_hash.h"
#include "log/row_index.h"
#include "pack/pack_meta.h"
#include "text/json.h"
#include "text/key.h"

#define FSA_MAX_ROW_COLUMNS 256       /* of a result row; rows with more are rejected */
#define FSA_MAX_ROW_BYTES (64u << 20) /* of a row as it is kept */

typedef struct FsaLogRow {
  uint64_t hash; /* of its columns and values, whatever their order and JSON type */
  uint64_t key_hash;
  FsaText key; /* normalised key columns with FSA_KEY_SEPARATOR between them; {NULL, 0} = this
                * reader made the key before: fsa_row_key() makes it again */
  FsaText columns, values; /* as above; NULLs left out. values {NULL, 0} = it is like a known row */
  uint32_t like;           /* row of the reader's dictionary, with the same key; or FSA_NO_ROW */
  uint32_t artefact;       /* number of its key in the case; 0 = unknown */
  const FsaText *cells;    /* one for each column */
  const bool *same;        /* like: whose values are that row's */
} FsaLogRow;

/* Reads rows, one after the other (FsaRowReader). For one thread at a time; knows the keys that it
 * made. */

/* A reader under the secret of a case. NULL never: GLib ends the program when memory runs out. */
FsaRowReader *fsa_row_reader_new(FsaSipKey hash_key);
void fsa_row_reader_free(FsaRowReader *reader);

/* What the reader works under. */
const FsaHashKeys *fsa_row_reader_keys(const FsaRowReader *reader);

/* From now on fsa_row_read() tells which of the rows of `index` a row of its query is like. NULL:
 * of none. The index must outlive that; an answer that begins anew calls this anew. */
void fsa_row_reader_compare(FsaRowReader *reader, const FsaRowIndex *index);

/* Takes the text up to the next tab off the front of `list`. False at the end. */
bool fsa_row_next_field(FsaText *list, FsaText *ret_field);

/*
 * Reads the object that comes next. `meta` may be NULL: then the whole row is the key. The row's
 * key is in the arena, the rest lives until the next call. FSA_OK; FSA_E_FORMAT
 * (`json` moved behind the value where that is possible) when it is no row; FSA_E_NOMEM.
 */
int fsa_row_read(FsaRowReader *reader, FsaJson *json, const FsaQueryMeta *meta, FsaArena *arena,
                 FsaLogRow *ret_row);

/* The same for a row that was kept; FSA_E_FORMAT when there are not as many values as columns. */
int fsa_row_take(FsaRowReader *reader, FsaText columns, FsaText values, const FsaQueryMeta *meta,
                 FsaArena *arena, FsaLogRow *ret_row);

/* Appends the key of a kept row. FSA_OK, or as fsa_row_take(). */
int fsa_row_key(FsaRowReader *reader, FsaText columns, FsaText values, const FsaQueryMeta *meta,
                FsaBuffer *out);

/* Appends {"column":"value",...}: every value a string, NULLs left out. */
void fsa_row_json(FsaText columns, FsaText values, FsaBuffer *out);

/* The value of a column of a kept row, escapes undone; {NULL, 0} when it has none. */
FsaText fsa_row_value(FsaText columns, FsaText values, FsaText column, FsaArena *arena);

/* The value of a column of a row's JSON; {NULL, 0} when it has none. */
FsaText fsa_log_row_value(FsaText row_json, FsaText column, FsaArena *arena);

#endif
