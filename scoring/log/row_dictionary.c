/* Rows of one query that several hosts gave. See row_dictionary.h. */
#include "log/row_dictionary.h"

#include <string.h>

#include "base/result.h"
#include "log/log_row.h"

/* Of each value: its end, its hash, its marks. Of each row: itself, its hashes, its slots. */
#define VALUE_BYTES 18
#define ROW_BYTES 96

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

/* Room for so many rows. FSA_E_LIMIT when they would take too much memory. */
static int make_room(FsaRowDictionary *dictionary, size_t rows) {
  size_t columns = count_of(dictionary->columns, '\t') + 1;
  dictionary->column_count = columns;
  dictionary->memory = 2 * dictionary->text.size +
                       rows * (ROW_BYTES + dictionary->columns.size + VALUE_BYTES * columns);
  if (columns > FSA_MAX_ROW_COLUMNS || dictionary->memory > FSA_MAX_DICTIONARY_MEMORY)
    return FSA_E_LIMIT;
  dictionary->rows = fsa_arena_zero(&dictionary->arena, rows + 1, sizeof *dictionary->rows);
  dictionary->ends =
      fsa_arena_zero(&dictionary->arena, (rows + 1) * columns, sizeof *dictionary->ends);
  return dictionary->rows && dictionary->ends ? FSA_OK : FSA_E_NOMEM;
}

/* The rows of the older dictionary, whose text is the beginning of this one's. */
static void take_older(FsaRowDictionary *dictionary, const FsaRowDictionary *older) {
  dictionary->count = older->count;
  memcpy(dictionary->ends, older->ends, older->count * older->column_count * sizeof *older->ends);
  for (uint32_t row = 0; row < older->count; row++) {
    size_t at = (size_t)(older->rows[row].data - older->text.data);
    dictionary->rows[row] = (FsaText){dictionary->text.data + at, older->rows[row].size};
  }
}

static int take_text(FsaRowDictionary *dictionary, const FsaRowDictionary *older) {
  FsaText text = dictionary->text, line;
  if (!next_line(&text, &dictionary->columns) || !dictionary->columns.size) return FSA_E_FORMAT;
  if (older)
    text = (FsaText){dictionary->text.data + older->text.size,
                     dictionary->text.size - older->text.size};
  int result = make_room(dictionary, count_of(text, '\n') + (older ? older->count : 0));
  if (result != FSA_OK) return result;
  if (older) take_older(dictionary, older);
  while (next_line(&text, &line))
    if (!take_row(dictionary, line)) return FSA_E_FORMAT;
  return text.size ? FSA_E_FORMAT : FSA_OK;
}

/* A copy of both texts behind each other. */
static FsaText join(FsaArena *arena, FsaText first, FsaText second) {
  char *copy = fsa_arena_alloc(arena, first.size + second.size);
  if (copy && first.size) memcpy(copy, first.data, first.size);
  if (copy && second.size) memcpy(copy + first.size, second.data, second.size);
  return (FsaText){copy, first.size + second.size};
}

int fsa_row_dictionary_new(const FsaRowDictionary *older, FsaText text,
                           FsaRowDictionary **ret_dictionary) {
  FsaText before = older ? older->text : (FsaText){NULL, 0};
  if (before.size + text.size > FSA_MAX_DICTIONARY_BYTES) return FSA_E_LIMIT;
  FsaRowDictionary *dictionary = g_new0(FsaRowDictionary, 1);
  g_atomic_ref_count_init(&dictionary->users);
  dictionary->arena = fsa_arena(0);
  dictionary->text = join(&dictionary->arena, before, text);
  int result = dictionary->text.data ? take_text(dictionary, older) : FSA_E_NOMEM;
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
