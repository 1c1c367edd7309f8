/* Row numbers from row contents: a multiplicative hash, and an open-addressing table of how often
 * each was met. */
#include "sql/rowid.h"

#include <stdlib.h>
#include <string.h>

typedef struct RowIdSlot {
  uint64_t hash;  /* 0 = free */
  uint64_t count; /* how often it was met */
} RowIdSlot;

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15) /* 2^64 / golden ratio */

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * MULTIPLIER;
  return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const char *data, size_t size) {
  uint64_t word;
  hash = mix(hash, size + 1);
  for (; size >= 8; data += 8, size -= 8) {
    memcpy(&word, data, 8);
    hash = mix(hash, word);
  }
  if (size == 0) return hash;
  word = 0;
  memcpy(&word, data, size);
  return mix(hash, word);
}

/* One value; the column's number keeps those of different columns apart, and NULL adds nothing. */
static uint64_t hash_value(uint64_t hash, int column, const FsaValue *value) {
  if (value->kind == FSA_VALUE_NULL) return hash;
  hash += (uint64_t)column << 8 | value->kind;
  if (value->kind == FSA_VALUE_TEXT || value->kind == FSA_VALUE_BLOB)
    return mix_bytes(hash, value->as.data, value->size);
  return mix(hash, value->as.hex);
}

static uint64_t hash_row(const FsaTable *table, const char *evidence, const FsaRow *row) {
  uint64_t hash = mix_bytes(mix(MULTIPLIER, row->offset), evidence, strlen(evidence));
  for (int i = 0; i < table->column_count; i++)
    if (!(table->columns[i].flags & FSA_VARIES)) hash = hash_value(hash, i, &row->values[i]);
  if (row->source.data) hash = mix_bytes(hash, row->source.data, row->source.size);
  return hash ? hash : 1;
}

/* The slot of a hash, or the free one where it belongs. */
static RowIdSlot *find(RowIdSlot *slots, size_t room, uint64_t hash) {
  size_t at = (size_t)hash & (room - 1);
  while (slots[at].hash && slots[at].hash != hash) at = (at + 1) & (room - 1);
  return &slots[at];
}

static int grow(RowIds *ids) {
  size_t room = ids->room ? ids->room * 2 : 256;
  RowIdSlot *slots = calloc(room, sizeof *slots);
  if (!slots) return FSA_E_NOMEM;
  for (size_t i = 0; i < ids->room; i++)
    if (ids->slots[i].hash) *find(slots, room, ids->slots[i].hash) = ids->slots[i];
  free(ids->slots);
  ids->slots = slots;
  ids->room = room;
  return FSA_OK;
}

uint64_t row_ids_hash(const RowIds *ids, const FsaTable *table, const char *evidence,
                      const FsaRow *row) {
  const uint64_t hash = hash_row(table, evidence, row);
  if (ids->room) __builtin_prefetch(&ids->slots[(size_t)hash & (ids->room - 1)]);
  return hash;
}

int row_ids_count(RowIds *ids, uint64_t hash, int64_t *ret_rowid) {
  if (ids->count >= ids->room / 2 && grow(ids) != FSA_OK) return FSA_E_NOMEM;
  RowIdSlot *slot = find(ids->slots, ids->room, hash);
  if (!slot->hash) {
    slot->hash = hash;
    ids->count++;
  }
  uint64_t number = mix(hash, slot->count++);
  *ret_rowid = (int64_t)(number >> 1); /* positive, as people expect a rowid to be */
  return FSA_OK;
}

int row_ids_number(RowIds *ids, const FsaTable *table, const char *evidence, const FsaRow *row,
                   int64_t *ret_rowid) {
  return row_ids_count(ids, row_ids_hash(ids, table, evidence, row), ret_rowid);
}

void row_ids_done(RowIds *ids) {
  free(ids->slots);
  *ids = (RowIds){0};
}
