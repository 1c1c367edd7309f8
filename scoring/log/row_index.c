/* A dictionary's rows as one who reads rows knows them. See row_index.h. */
#include "log/row_index.h"

#include <string.h>

#include "log/log_row.h"

struct FsaRowIndexes {
  GMutex lock;
  GHashTable *by_meta; /* FsaQueryMeta -> FsaRowIndex; `lock` */
};

/* ---- one index --------------------------------------------------------------------------------
 */

/* Hashes the values of the rows from `first` on. */
static void hash_rows(FsaRowIndex *index, uint32_t first, const FsaHashKeys *keys) {
  const FsaRowDictionary *dictionary = index->dictionary;
  FsaText names = dictionary->columns, name;
  for (size_t column = 0; fsa_row_next_field(&names, &name); column++) {
    uint64_t seed = fsa_hash_seed(keys, name);
    for (uint32_t row = first; row < dictionary->count; row++)
      index->hashes[row * dictionary->column_count + column] =
          fsa_hash_value(keys, seed, fsa_row_dictionary_cell(dictionary, row, column));
  }
}

static void find_key_columns(FsaRowIndex *index, const FsaQueryMeta *meta) {
  for (size_t i = 0; i < meta->key_count; i++) {
    FsaText names = index->dictionary->columns, name;
    for (size_t column = 0; fsa_row_next_field(&names, &name); column++) {
      if (name.size != meta->key[i].size || memcmp(name.data, meta->key[i].data, name.size) != 0)
        continue;
      index->key_at[index->key_count++] = column;
      index->is_key[column] = true;
      break;
    }
  }
}

#define MARKS 4 /* of a lead: a bracket or comma, two quotes, a colon */

/* The bytes of all stems. */
static size_t measure_stems(FsaRowIndex *index) {
  const FsaRowDictionary *dictionary = index->dictionary;
  FsaText names = dictionary->columns, name;
  size_t size = 0, columns = dictionary->column_count;
  for (size_t column = 0; fsa_row_next_field(&names, &name); column++)
    index->leads[column + 1] = index->leads[column] + name.size + MARKS;
  for (uint32_t row = 0; row < dictionary->count; row++) {
    index->stem_at[row] = size;
    size += fsa_row_index_lead(index, row, columns) + 1;
  }
  index->stem_at[dictionary->count] = size;
  return size;
}

static char *put_text(char *to, const char *data, size_t size) {
  memcpy(to, data, size);
  return to + size;
}

static void write_stem(const FsaRowIndex *index, uint32_t row) {
  FsaText names = index->dictionary->columns, name;
  char *to = index->stems + index->stem_at[row];
  for (size_t column = 0; fsa_row_next_field(&names, &name); column++) {
    FsaText value = fsa_row_dictionary_cell(index->dictionary, row, column);
    to = put_text(to, column ? ",\"" : "{\"", 2);
    to = put_text(to, name.data, name.size);
    to = put_text(to, "\":\"", 3);
    to = put_text(to, value.data, value.size);
    *to++ = '"';
  }
  *to = '}';
}

static FsaRowSlot *slot_of(const FsaRowIndex *index, uint64_t key_values) {
  size_t at = key_values & index->slot_mask;
  for (;; at = (at + 1) & index->slot_mask) {
    FsaRowSlot *slot = &index->slots[at];
    if (!slot->row || slot->key_values == key_values) return slot;
  }
}

static void put_slot(FsaRowIndex *index, uint32_t row) {
  uint64_t key_values = index->known[row].key_values;
  FsaRowSlot *slot = slot_of(index, key_values);
  if (!slot->row) *slot = (FsaRowSlot){key_values, row + 1};
}

static bool know_row(FsaRowIndex *index, uint32_t row, const FsaQueryMeta *meta,
                     FsaRowReader *reader) {
  const FsaRowDictionary *dictionary = index->dictionary;
  FsaArena arena = fsa_arena(0);
  FsaLogRow read;
  int result =
      fsa_row_take(reader, dictionary->columns, dictionary->rows[row], meta, &arena, &read);
  fsa_arena_done(&arena);
  if (result != FSA_OK) return false;
  const uint64_t *hashes = index->hashes + row * dictionary->column_count;
  FsaKnownRow *known = &index->known[row];
  *known = (FsaKnownRow){0, fsa_row_index_key_values(index, hashes), read.key_hash, 0};
  for (size_t column = 0; column < dictionary->column_count; column++) known->sum += hashes[column];
  put_slot(index, row);
  return true;
}

/* Takes over what is known of the rows that the older dictionary has too; gives their number. */
static uint32_t know_older(FsaRowIndex *index, const FsaRowIndex *older) {
  uint32_t count = older ? older->dictionary->count : 0;
  if (!count) return 0;
  memcpy(index->known, older->known, count * sizeof *index->known);
  memcpy(index->hashes, older->hashes,
         count * index->dictionary->column_count * sizeof *index->hashes);
  memcpy(index->stems, older->stems, older->stem_at[count]);
  for (uint32_t row = 0; row < count; row++) put_slot(index, row);
  return count;
}

static FsaRowIndex *new_index(FsaRowDictionary *dictionary, uint32_t query) {
  FsaRowIndex *index = g_new0(FsaRowIndex, 1);
  size_t slots = 16, columns = dictionary->column_count;
  while (slots < 2 * (size_t)dictionary->count) slots *= 2;
  g_atomic_ref_count_init(&index->users);
  index->dictionary = fsa_row_dictionary_ref(dictionary);
  index->query = query;
  index->known = g_new0(FsaKnownRow, dictionary->count);
  index->hashes = g_new(uint64_t, dictionary->count * columns);
  index->is_key = g_new0(bool, columns);
  index->slots = g_new0(FsaRowSlot, slots);
  index->slot_mask = slots - 1;
  index->leads = g_new0(size_t, columns + 1);
  index->stem_at = g_new0(size_t, dictionary->count + 1u);
  index->stems = g_malloc(measure_stems(index));
  return index;
}

FsaRowIndex *fsa_row_index_new(FsaRowDictionary *dictionary, const FsaQueryMeta *meta,
                               uint32_t query, const FsaRowIndex *older, FsaRowReader *reader) {
  FsaRowIndex *index = new_index(dictionary, query);
  find_key_columns(index, meta);
  uint32_t first = know_older(index, older);
  hash_rows(index, first, fsa_row_reader_keys(reader));
  for (uint32_t row = first; row < dictionary->count; row++) {
    write_stem(index, row);
    if (know_row(index, row, meta, reader)) continue;
    fsa_row_index_unref(index);
    return NULL;
  }
  return index;
}

FsaRowIndex *fsa_row_index_ref(FsaRowIndex *index) {
  g_atomic_ref_count_inc(&index->users);
  return index;
}

void fsa_row_index_unref(FsaRowIndex *index) {
  if (!index || !g_atomic_ref_count_dec(&index->users)) return;
  fsa_row_dictionary_unref(index->dictionary);
  g_free(index->known);
  g_free(index->hashes);
  g_free(index->is_key);
  g_free(index->leads);
  g_free(index->stem_at);
  g_free(index->stems);
  g_free(index->slots);
  g_free(index);
}

uint32_t fsa_row_index_find(const FsaRowIndex *index, uint64_t key_values) {
  return slot_of(index, key_values)->row - 1; /* an empty slot's 0 becomes FSA_NO_ROW */
}

/* ---- the newest of each query -----------------------------------------------------------------
 */

static void unref(gpointer index) {
  fsa_row_index_unref(index);
}

FsaRowIndexes *fsa_row_indexes_new(void) {
  FsaRowIndexes *indexes = g_new0(FsaRowIndexes, 1);
  g_mutex_init(&indexes->lock);
  indexes->by_meta = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, unref);
  return indexes;
}

void fsa_row_indexes_free(FsaRowIndexes *indexes) {
  if (!indexes) return;
  g_hash_table_destroy(indexes->by_meta);
  g_mutex_clear(&indexes->lock);
  g_free(indexes);
}

FsaRowIndex *fsa_row_indexes_take(FsaRowIndexes *indexes, const FsaQueryMeta *meta) {
  g_mutex_lock(&indexes->lock);
  FsaRowIndex *index = g_hash_table_lookup(indexes->by_meta, meta);
  if (index) fsa_row_index_ref(index);
  g_mutex_unlock(&indexes->lock);
  return index;
}

void fsa_row_indexes_put(FsaRowIndexes *indexes, const FsaQueryMeta *meta, FsaRowIndex *index) {
  g_mutex_lock(&indexes->lock);
  g_hash_table_insert(indexes->by_meta, (gpointer)(uintptr_t)meta, index);
  g_mutex_unlock(&indexes->lock);
}
