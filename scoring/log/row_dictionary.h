/*
 * Rows of one query that several hosts gave. An answer is mostly rows that others gave before it,
 * with a pid or a time of its own: it is stored as what differs from them (row_code.h).
 *
 * A dictionary never changes. One that has grown holds the same rows at the same places, and more.
 */
#ifndef FSA_SCORING_ROW_DICTIONARY_H
#define FSA_SCORING_ROW_DICTIONARY_H

#include <glib.h>

#include "base/arena.h"
#include "base/text.h"

#define FSA_MAX_DICTIONARY_BYTES (8u << 20)      /* of one query's text */
#define FSA_MAX_DICTIONARY_MEMORY (32u << 20)    /* of what is made of it, for hostile rows */
#define FSA_MAX_DICTIONARIES_MEMORY (128u << 20) /* of all of a case */

typedef struct FsaRowDictionary {
  gatomicrefcount users;
  FsaArena arena;  /* holds all of it */
  FsaText text;    /* all lines */
  FsaText columns; /* of every row: names with tabs between them */
  size_t column_count;
  FsaText *rows;  /* values with tabs between them */
  uint32_t *ends; /* [row * column_count + column]: where the value ends in its row */
  uint32_t count; /* of rows */
  size_t memory;  /* bytes that it takes, with its index (row_index.h) */
} FsaRowDictionary;

/*
 * The dictionary that a text describes: a line of columns, and one for each row. With `older` the
 * text is lines of rows alone, and they stand behind those of `older`. Copies what it needs; to be
 * given back with fsa_row_dictionary_unref(). FSA_E_FORMAT when a row has other columns,
 * FSA_E_LIMIT when it is too large, FSA_E_NOMEM.
 */
int fsa_row_dictionary_new(const FsaRowDictionary *older, FsaText text,
                           FsaRowDictionary **ret_dictionary);
FsaRowDictionary *fsa_row_dictionary_ref(FsaRowDictionary *dictionary);
void fsa_row_dictionary_unref(FsaRowDictionary *dictionary); /* NULL is allowed */

/* A value of a row. */
static inline FsaText fsa_row_dictionary_cell(const FsaRowDictionary *dictionary, uint32_t row,
                                              size_t column) {
  const uint32_t *ends = dictionary->ends + row * dictionary->column_count;
  uint32_t start = column ? ends[column - 1] + 1 : 0;
  return (FsaText){dictionary->rows[row].data + start, ends[column] - start};
}

/* The dictionaries of a case, by the number of their query. Threads may search while none puts. */
typedef struct FsaRowDictionaries FsaRowDictionaries;

FsaRowDictionaries *fsa_row_dictionaries_new(void);
void fsa_row_dictionaries_free(FsaRowDictionaries *dictionaries); /* NULL is allowed */

/* NULL when the query has none; it stays the set's. */
FsaRowDictionary *fsa_row_dictionaries_find(const FsaRowDictionaries *dictionaries, int64_t query);

/* Takes the dictionary over, in the place of the query's last one. */
void fsa_row_dictionaries_put(FsaRowDictionaries *dictionaries, int64_t query,
                              FsaRowDictionary *dictionary);

/* Bytes that all of them take. */
size_t fsa_row_dictionaries_memory(const FsaRowDictionaries *dictionaries);

#endif
