/* Rows of one query that several hosts gave. See row_dictionary.h. */
#include "row_dictionary.h"

#include <string.h>

#include "base/result.h"
#include "log_row.h"

/* Of each value: its end and its hash. Of each row: itself, its key's hashes, its slots. */
#define VALUE_BYTES 12
#define ROW_BYTES 80

struct FsaRowDictionaries {
  GHashTable *by_query; /* number -> FsaRowDictionary */
};

/* ---- one dictionary ---------------------------------------------------------------------------
 */

static size_t count_of(FsaText text, char c) {
  size_t count = 0;
  for (size_t at = 0; at < text.size; at++) count += text.data[at] == c;
  return count;
}

/* Takes a line off the front of the text. False at its end. */
static bool next_line(FsaText *text, FsaText *ret_line) {
  const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
  if (!end) return false;
  *ret_line = (FsaText){text->data, (size_t)(end - text->data)};
  *text = (FsaText){end + 1, text->size - ret_line->size - 1};
  return true;
}

static bool take_row(FsaRowDictionary *dictionary, FsaText row) {
  uint32_t *ends = dictionary->ends + dictionary->count * dictionary->column_count;
  size_t column = 0;
  for (size_t at = 0; at <= row.size; at++) {
    if (at < row.size && row.data[at] != '\t') continue;
    if (column == dictionary->column_count) return false;
    ends[column++] = (uint32_t)at;
  }
  dictionary->rows[dictionary->count++] = row;
  return column == dictionary->column_count;
}

static int take_text(FsaRowDictionary *dictionary, FsaText text) {
  FsaText line;
  size_t rows = count_of(text, '\n');
  if (!next_line(&text, &dictionary->columns) || !dictionary->columns.size) return FSA_E_FORMAT;
  dictionary->column_count = count_of(dictionary->columns, '\t') + 1;
  dictionary->memory = text.size + rows * (ROW_BYTES + VALUE_BYTES * dictionary->column_count);
  if (dictionary->column_count > FSA_MAX_ROW_COLUMNS ||
      dictionary->memory > FSA_MAX_DICTIONARY_MEMORY)
    return FSA_E_LIMIT;
  dictionary->rows = fsa_arena_zero(&dictionary->arena, rows, sizeof *dictionary->rows);
  dictionary->ends =
      fsa_arena_zero(&dictionary->arena, rows * dictionary->column_count, sizeof *dictionary->ends);
  if (!dictionary->rows || !dictionary->ends) return FSA_E_NOMEM;
  while (next_line(&text, &line))
    if (!take_row(dictionary, line)) return FSA_E_FORMAT;
  return text.size ? FSA_E_FORMAT : FSA_OK;
}

int fsa_row_dictionary_new(FsaText text, FsaRowDictionary **ret_dictionary) {
  if (text.size > FSA_MAX_DICTIONARY_BYTES) return FSA_E_LIMIT;
  FsaRowDictionary *dictionary = g_new0(FsaRowDictionary, 1);
  g_atomic_ref_count_init(&dictionary->users);
  dictionary->arena = fsa_arena(0);
  dictionary->text = (FsaText){fsa_arena_copy(&dictionary->arena, text.data, text.size), text.size};
  int result = dictionary->text.data ? take_text(dictionary, dictionary->text) : FSA_E_NOMEM;
  if (result == FSA_OK)
    *ret_dictionary = dictionary;
  else
    fsa_row_dictionary_unref(dictionary);
  return result;
}

FsaRowDictionary *fsa_row_dictionary_ref(FsaRowDictionary *dictionary) {
  g_atomic_ref_count_inc(&dictionary->users);
  return dictionary;
}

void fsa_row_dictionary_unref(FsaRowDictionary *dictionary) {
  if (!dictionary || !g_atomic_ref_count_dec(&dictionary->users)) return;
  fsa_arena_done(&dictionary->arena);
  g_free(dictionary);
}

/* ---- those of a case --------------------------------------------------------------------------
 */

static void unref(gpointer dictionary) {
  fsa_row_dictionary_unref(dictionary);
}

FsaRowDictionaries *fsa_row_dictionaries_new(void) {
  FsaRowDictionaries *dictionaries = g_new0(FsaRowDictionaries, 1);
  dictionaries->by_query = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, unref);
  return dictionaries;
}

void fsa_row_dictionaries_free(FsaRowDictionaries *dictionaries) {
  if (!dictionaries) return;
  g_hash_table_destroy(dictionaries->by_query);
  g_free(dictionaries);
}

FsaRowDictionary *fsa_row_dictionaries_find(const FsaRowDictionaries *dictionaries, int64_t query) {
  const gint64 key = query;
  return g_hash_table_lookup(dictionaries->by_query, &key);
}

void fsa_row_dictionaries_put(FsaRowDictionaries *dictionaries, int64_t query,
                              FsaRowDictionary *dictionary) {
  gint64 *key = g_new(gint64, 1);
  *key = query;
  g_hash_table_replace(dictionaries->by_query, key, dictionary);
}

size_t fsa_row_dictionaries_memory(const FsaRowDictionaries *dictionaries) {
  GHashTableIter iterator;
  gpointer dictionary;
  size_t size = 0;
  g_hash_table_iter_init(&iterator, dictionaries->by_query);
  while (g_hash_table_iter_next(&iterator, NULL, &dictionary))
    size += ((FsaRowDictionary *)dictionary)->memory;
  return size;
}
