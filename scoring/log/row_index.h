/*
 * A dictionary's rows (row_dictionary.h) as one who reads rows knows them: what their values hash
 * to, and their keys. What is known need not be worked out again.
 */
#ifndef FSA_SCORING_ROW_INDEX_H
#define FSA_SCORING_ROW_INDEX_H

#include "log/row_dictionary.h"
#include "log/row_hash.h"
#include "pack/pack_meta.h"

#define FSA_NO_ROW UINT32_MAX

typedef struct FsaKnownRow {
  uint64_t sum;        /* of its values' hashes */
  uint64_t key_values; /* fsa_row_index_key_values() of it */
  uint64_t key_hash;
  uint32_t artefact; /* number of its key in the case; 0 = it has none */
} FsaKnownRow;

typedef struct FsaRowSlot {
  uint64_t key_values;
  uint32_t row; /* + 1; 0 = empty */
} FsaRowSlot;

typedef struct FsaRowIndex {
  gatomicrefcount users;
  FsaRowDictionary *dictionary;
  uint32_t query;     /* its number in the case */
  FsaKnownRow *known; /* [row] */
  uint64_t *hashes;   /* [row * columns + column] of the values (row_hash.h) */
  size_t key_at[FSA_MAX_KEY_COLUMNS], key_count; /* the key's columns, where it has them */
  bool *is_key;                                  /* [column] */
  char *stems;       /* the rows as osquery writes them: objects of texts, without white space */
  size_t *stem_at;   /* [row], and where the last one ends */
  size_t *leads;     /* [column] bytes of the names before it, with quotes, colons and commas */
  FsaRowSlot *slots; /* the rows by key_values; a power of two, twice as many */
  size_t slot_mask;
} FsaRowIndex;

/* The index of a dictionary of a query that has a key, without artefacts; `older` is that of the
 * dictionary that it has grown from, or NULL. To be given back with fsa_row_index_unref(). NULL
 * when a row cannot be read. */
typedef struct FsaRowReader FsaRowReader;
FsaRowIndex *fsa_row_index_new(FsaRowDictionary *dictionary, const FsaQueryMeta *meta,
                               uint32_t query, const FsaRowIndex *older, FsaRowReader *reader);
FsaRowIndex *fsa_row_index_ref(FsaRowIndex *index);
void fsa_row_index_unref(FsaRowIndex *index); /* NULL is allowed */

/* What tells rows by their key: of the hashes of all values, the sum of those of the key's. */
static inline uint64_t fsa_row_index_key_values(const FsaRowIndex *index, const uint64_t *hashes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < index->key_count; i++) sum += hashes[index->key_at[i]];
  return sum;
}

/* A row as osquery writes it. */
static inline FsaText fsa_row_index_stem(const FsaRowIndex *index, uint32_t row) {
  return (FsaText){index->stems + index->stem_at[row],
                   index->stem_at[row + 1] - index->stem_at[row]};
}

/* Where what stands before a column's value begins in a stem; behind the last one, its end. */
static inline size_t fsa_row_index_lead(const FsaRowIndex *index, uint32_t row, size_t column) {
  const FsaRowDictionary *dictionary = index->dictionary;
  if (!column) return 0;
  size_t tabs = column - 1;
  return dictionary->ends[row * dictionary->column_count + column - 1] - tabs +
         index->leads[column] + 2 * column;
}

/* The first row with these values in its key's columns, by their hash; FSA_NO_ROW when none has. */
uint32_t fsa_row_index_find(const FsaRowIndex *index, uint64_t key_values);

/* The newest index of each query. Thread safe. */
typedef struct FsaRowIndexes FsaRowIndexes;

FsaRowIndexes *fsa_row_indexes_new(void);
void fsa_row_indexes_free(FsaRowIndexes *indexes); /* NULL is allowed */

/* For the caller to give back; NULL when the query has none. */
FsaRowIndex *fsa_row_indexes_take(FsaRowIndexes *indexes, const FsaQueryMeta *meta);

/* Takes the index over, in the place of the query's last one. */
void fsa_row_indexes_put(FsaRowIndexes *indexes, const FsaQueryMeta *meta, FsaRowIndex *index);

#endif
