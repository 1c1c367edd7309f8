/* Encoded rows: map<string, string> of Thrift's binary protocol, in blocks. */
#include "osquery/rows.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BLOCK (256u << 10) /* bytes of rows that are packed together */
#define LEVEL (-3)         /* of zstd: fast; what repeats in rows it finds too */
#define TYPE_STRING 11     /* of Thrift */
#define ROW_HEAD 6         /* types of key and value, number of pairs */

typedef struct Block {
  struct Block *next;
  size_t size, packed; /* bytes of rows, bytes of `data` */
  char data[];
} Block;

struct FsaRows {
  atomic_uint users;
  size_t count, limit;
  size_t wire;   /* bytes of the finished rows */
  size_t packed; /* bytes of all blocks */
  Block *first, **end;
  FsaBuffer open; /* rows that no block holds yet */
  size_t row;     /* where the unfinished row begins in `open` */
  uint32_t cells; /* of the unfinished row */
  ZSTD_CCtx *packer;
};

FsaRows *fsa_rows_new(size_t limit) {
  FsaRows *rows = calloc(1, sizeof *rows);
  if (!rows) return NULL;
  atomic_init(&rows->users, 1);
  rows->limit = limit;
  rows->end = &rows->first;
  rows->open = fsa_buffer(limit);
  return rows;
}

FsaRows *fsa_rows_share(FsaRows *rows) {
  atomic_fetch_add(&rows->users, 1);
  return rows;
}

void fsa_rows_drop(FsaRows *rows) {
  if (!rows || atomic_fetch_sub(&rows->users, 1) > 1) return;
  for (Block *block = rows->first, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  ZSTD_freeCCtx(rows->packer);
  fsa_buffer_done(&rows->open);
  free(rows);
}

/* ---- encoding ---- */

static void put_u32(char *out, size_t value) {
  out[0] = (char)(value >> 24), out[1] = (char)(value >> 16);
  out[2] = (char)(value >> 8), out[3] = (char)value;
}

static uint32_t get_u32(const uint8_t *in) {
  return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

void fsa_rows_begin(FsaRows *rows) {
  rows->row = rows->open.size;
  rows->cells = 0;
  if (fsa_buffer_room(&rows->open, ROW_HEAD)) fsa_buffer_added(&rows->open, ROW_HEAD);
}

FsaCellName fsa_cell_name(const char *name, const char *suffix) {
  FsaCellName made = {.size = 0};
  const size_t most = sizeof made.wire - 4;
  const int size = snprintf(made.wire + 4, most, "%s%s", name, suffix);
  made.size = size < 0 ? 4 : 4 + ((size_t)size < most ? (size_t)size : most - 1);
  put_u32(made.wire, made.size - 4);
  return made;
}

/*
 * Begins a cell whose value has up to `most` bytes: where it goes, or NULL on error. The name is
 * written, the value's length by close_cell(). The name is copied with all of its room, which is a
 * few instructions where its true size would be a call.
 */
static inline char *open_cell(FsaRows *rows, const FsaCellName *name, size_t most) {
  FsaBuffer *open = &rows->open;
  const size_t size = sizeof name->wire + 4 + most;
  if (open->error || (size > open->room - open->size && !fsa_buffer_room(open, size))) return NULL;
  char *out = open->data + open->size;
  memcpy(out, name->wire, sizeof name->wire);
  return out + name->size + 4;
}

static inline void close_cell(FsaRows *rows, const FsaCellName *name, char *value, size_t size) {
  put_u32(value - 4, size);
  rows->open.size += name->size + 4 + size;
  rows->cells++;
}

void fsa_rows_text(FsaRows *rows, const FsaCellName *name, const char *data, size_t size) {
  char *value = open_cell(rows, name, size);
  if (!value) return;
  memcpy(value, data, size);
  close_cell(rows, name, value, size);
}

#define DIGITS 20 /* of the longest number, with its sign */

/* How many decimal digits a number has. */
static size_t digit_count(uint64_t number) {
  size_t count = 1;
  for (; number >= 10000; number /= 10000) count += 4;
  return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

void fsa_rows_int(FsaRows *rows, const FsaCellName *name, int64_t number) {
  static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                              "34353637383940414243444546474849505152535455565758596061626364656667"
                              "6869707172737475767778798081828384858687888990919293949596979899";
  char *value = open_cell(rows, name, DIGITS);
  if (!value) return;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  const size_t size = (number < 0) + digit_count(rest);
  char *at = value + size;
  for (; rest >= 100; rest /= 100) memcpy(at -= 2, &pairs[rest % 100 * 2], 2);
  if (rest >= 10)
    memcpy(at -= 2, &pairs[rest * 2], 2);
  else
    *--at = (char)('0' + rest);
  if (number < 0) *value = '-';
  close_cell(rows, name, value, size);
}

void fsa_rows_double(FsaRows *rows, const FsaCellName *name, double number) {
  char text[32];
  int size = snprintf(text, sizeof text, "%.17g", number);
  fsa_rows_text(rows, name, text, (size_t)size);
}

void fsa_rows_hex(FsaRows *rows, const FsaCellName *name, uint64_t number) {
  char digits[24], *at = digits + sizeof digits;
  do *--at = "0123456789abcdef"[number & 15];
  while (number >>= 4);
  *--at = 'x';
  *--at = '0';
  fsa_rows_text(rows, name, at, (size_t)(digits + sizeof digits - at));
}

void fsa_rows_blob(FsaRows *rows, const FsaCellName *name, const char *data, size_t size) {
  static const char digits[] = "0123456789ABCDEF";
  char *value = open_cell(rows, name, size * 2);
  if (!value) return;
  for (size_t i = 0; i < size; i++) {
    value[2 * i] = digits[(uint8_t)data[i] >> 4];
    value[2 * i + 1] = digits[(uint8_t)data[i] & 15];
  }
  close_cell(rows, name, value, size * 2);
}

/* ---- blocks ---- */

/* Packs the finished rows of `open` into a block. */
static int pack(FsaRows *rows) {
  const size_t most = ZSTD_compressBound(rows->open.size);
  if (!rows->packer) rows->packer = ZSTD_createCCtx();
  Block *block = rows->packer ? malloc(sizeof *block + most) : NULL;
  if (!block) return FSA_E_NOMEM;
  size_t packed =
      ZSTD_compressCCtx(rows->packer, block->data, most, rows->open.data, rows->open.size, LEVEL);
  if (ZSTD_isError(packed)) {
    free(block);
    return FSA_E_NOMEM; /* the one thing that can fail with room enough */
  }
  Block *fitting = realloc(block, sizeof *block + packed);
  if (fitting) block = fitting;
  block->next = NULL;
  block->size = rows->open.size;
  block->packed = packed;
  *rows->end = block;
  rows->end = &block->next;
  rows->packed += sizeof *block + packed;
  fsa_buffer_clear(&rows->open);
  return FSA_OK;
}

/* One more finished row, which ends `open`. */
static int count_row(FsaRows *rows) {
  rows->wire += rows->open.size - rows->row;
  rows->count++;
  if (rows->wire > rows->limit) return FSA_E_LIMIT;
  return rows->open.size < BLOCK ? FSA_OK : pack(rows);
}

int fsa_rows_end(FsaRows *rows) {
  if (rows->open.error) return rows->open.error;
  char *head = rows->open.data + rows->row;
  head[0] = head[1] = TYPE_STRING;
  put_u32(head + 2, rows->cells);
  return count_row(rows);
}

int fsa_rows_copy(FsaRows *rows, FsaBytes row) {
  rows->row = rows->open.size;
  fsa_buffer_put(&rows->open, row.data, row.size);
  return rows->open.error ? rows->open.error : count_row(rows);
}

int fsa_rows_seal(FsaRows *rows) {
  int result = rows->first && rows->open.size ? pack(rows) : FSA_OK;
  ZSTD_freeCCtx(rows->packer);
  rows->packer = NULL;
  if (rows->first) fsa_buffer_done(&rows->open);
  return result;
}

size_t fsa_rows_count(const FsaRows *rows) {
  return rows->count;
}

size_t fsa_rows_held(const FsaRows *rows) {
  return sizeof *rows + rows->packed + rows->open.room;
}

/* ---- reading ---- */

/* The largest block decides how much room unpacking needs. */
static size_t largest_block(const FsaRows *rows) {
  size_t most = 0;
  for (const Block *block = rows->first; block; block = block->next)
    if (block->size > most) most = block->size;
  return most;
}

int fsa_rows_each(const FsaRows *rows, int (*take)(void *context, FsaBytes piece), void *context) {
  if (!rows->first)
    return rows->count ? take(context, fsa_bytes(rows->open.data, rows->open.size)) : FSA_OK;
  char *plain = malloc(largest_block(rows));
  int result = plain ? FSA_OK : FSA_E_NOMEM;
  for (const Block *block = rows->first; block && result == FSA_OK; block = block->next) {
    size_t size = ZSTD_decompress(plain, block->size, block->data, block->packed);
    result = ZSTD_isError(size) ? FSA_E_NOMEM : take(context, fsa_bytes(plain, size));
  }
  free(plain);
  return result;
}

/* The text that begins with its length at `*at`, which moves behind it. */
static FsaText text_at(FsaBytes row, size_t *at) {
  if (row.size - *at < 4) return (FsaText){NULL, 0};
  const size_t size = get_u32(row.data + *at);
  if (row.size - *at - 4 < size) return (FsaText){NULL, 0};
  const FsaText text = {(const char *)row.data + *at + 4, size};
  *at += 4 + size;
  return text;
}

FsaBytes fsa_rows_at(FsaBytes piece, size_t offset) {
  const FsaBytes rest = fsa_bytes(piece.data + offset, piece.size - offset);
  size_t at = ROW_HEAD;
  uint32_t texts = rest.size < ROW_HEAD ? 0 : 2 * get_u32(rest.data + 2);
  while (texts > 0 && text_at(rest, &at).data) texts--;
  return fsa_bytes(rest.data, at < rest.size ? at : rest.size);
}

FsaText fsa_rows_cell(FsaBytes row, const FsaCellName *name) {
  const size_t size = name->size - 4;
  for (size_t at = ROW_HEAD; at < row.size;) {
    const FsaText cell = text_at(row, &at), value = text_at(row, &at);
    if (!value.data) break;
    if (cell.size == size && memcmp(cell.data, name->wire + 4, size) == 0) return value;
  }
  return (FsaText){NULL, 0};
}
