/* One row of a result line: its canonical text, its hash and its key. */
#ifndef FSA_SCORING_LOG_ROW_H
#define FSA_SCORING_LOG_ROW_H

#include "json.h"
#include "key.h"
#include "pack_meta.h"

#define FSA_MAX_ROW_COLUMNS 256 /* of a result row; rows with more are rejected */

typedef struct FsaLogRow {
  uint64_t hash; /* of its columns and values, whatever their order and JSON type */
  uint64_t key_hash;
  FsaText key;  /* normalised key columns with FSA_KEY_SEPARATOR between them; in the arena */
  FsaText json; /* {"column":"value",...}: every value a string, NULLs left out; in the arena */
} FsaLogRow;

/*
 * Reads the object that comes next. `meta` may be NULL: then the whole row is the key. `scratch` is
 * emptied and used. FSA_OK; FSA_E_FORMAT (reader moved behind the value where that is possible)
 * when it is no row; FSA_E_NOMEM.
 */
int fsa_log_row_read(FsaJson *json, const FsaQueryMeta *meta, FsaSipKey hash_key, FsaArena *arena,
                     FsaBuffer *scratch, FsaLogRow *ret_row);

/* The value of a column of a row's canonical text; {NULL, 0} when it has none. */
FsaText fsa_log_row_value(FsaText row_json, FsaText column, FsaArena *arena);

#endif
