/*
 * Held rows, and rows on the wire.
 *
 * A held row: its size (4 bytes), the number of its cells (1), and for each cell the number of its
 * name (1), the size of its value (4), the value; sizes in this machine's order. On the wire a row
 * is a map<string, string> of Thrift's binary protocol, sizes big-endian.
 */
#include "osquery/rows.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BLOCK (256u << 10) /* bytes of rows that are packed together */
#define LEVEL (-3)         /* of zstd: fast; what repeats in rows it finds too */
#define ROW_HEAD 5
#define CELL_HEAD 5
#define TYPE_STRING 11    /* of Thrift */
#define MAP_HEAD 6        /* types of key and value, number of pairs */
#define PIECE (64u << 10) /* bytes that are sent together */
#define DIGITS 20         /* of the longest number, with its sign */

typedef struct Block {
  struct Block *next;
  size_t size, packed; /* bytes of rows, bytes of `data` */
  char data[];
} Block;

/* A name as it is on the wire: its length, its bytes. */
typedef struct Name {
  char wire[4 + 60];
  size_t size; /* of both */
} Name;

struct FsaRows {
  atomic_uint users;
  size_t count, limit;
  size_t wire; /* bytes of all rows on the wire, the unfinished one included */
  Block *first, **end;
  FsaBuffer open; /* rows that no block holds yet */
  size_t row;     /* where the unfinished row begins in `open` */
  uint8_t cells;  /* of the unfinished row */
  ZSTD_CCtx *packer;
  size_t name_count;
  Name names[FSA_MAX_CELLS];
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

/* ---- cells ---- */

static void put_u32(char *out, size_t value) {
  out[0] = (char)(value >> 24), out[1] = (char)(value >> 16);
  out[2] = (char)(value >> 8), out[3] = (char)value;
}

static uint32_t get_size(const char *in) {
  uint32_t size;
  memcpy(&size, in, sizeof size);
  return size;
}

static void put_size(char *out, size_t value) {
  const uint32_t size = (uint32_t)value;
  memcpy(out, &size, sizeof size);
}

void fsa_rows_name(FsaRows *rows, const char *name, const char *suffix) {
  Name *made = &rows->names[rows->name_count++];
  const size_t most = sizeof made->wire - 4;
  const int size = snprintf(made->wire + 4, most, "%s%s", name, suffix);
  made->size = size < 0 ? 4 : 4 + ((size_t)size < most ? (size_t)size : most - 1);
  put_u32(made->wire, made->size - 4);
}

void fsa_rows_begin(FsaRows *rows) {
  rows->row = rows->open.size;
  rows->cells = 0;
  rows->wire += MAP_HEAD;
  if (fsa_buffer_room(&rows->open, ROW_HEAD)) fsa_buffer_added(&rows->open, ROW_HEAD);
}

/* Where a value of up to `most` bytes goes; NULL on error. close_cell() ends it. */
static inline char *open_cell(FsaRows *rows, size_t most) {
  FsaBuffer *open = &rows->open;
  const size_t size = CELL_HEAD + most;
  if (open->error || (size > open->room - open->size && !fsa_buffer_room(open, size))) return NULL;
  return open->data + open->size + CELL_HEAD;
}

static inline void close_cell(FsaRows *rows, size_t name, char *value, size_t size) {
  value[-CELL_HEAD] = (char)name;
  put_size(value - 4, size);
  rows->open.size += CELL_HEAD + size;
  rows->wire += rows->names[name].size + 4 + size;
  rows->cells++;
}

void fsa_rows_text(FsaRows *rows, size_t name, const char *data, size_t size) {
  char *value = open_cell(rows, size);
  if (!value) return;
  memcpy(value, data, size);
  close_cell(rows, name, value, size);
}

/* How many decimal digits a number has. */
static size_t digit_count(uint64_t number) {
  size_t count = 1;
  for (; number >= 10000; number /= 10000) count += 4;
  return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

void fsa_rows_int(FsaRows *rows, size_t name, int64_t number) {
  static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                              "34353637383940414243444546474849505152535455565758596061626364656667"
                              "6869707172737475767778798081828384858687888990919293949596979899";
  char *value = open_cell(rows, DIGITS);
  if (!value) return;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  const size_t size = (number < 0) + digit_count(rest);
  char *at = value + size;
  for (; rest >= 100; rest /= 100) memcpy(at -= 2, &pairs[rest % 100 * 2], 2);
  if (rest >= 10)
    memcpy(at - 2, &pairs[rest * 2], 2);
  else
    at[-1] = (char)('0' + rest);
  if (number < 0) *value = '-';
  close_cell(rows, name, value, size);
}

void fsa_rows_double(FsaRows *rows, size_t name, double number) {
  char text[32];
  int size = snprintf(text, sizeof text, "%.17g", number);
  fsa_rows_text(rows, name, text, (size_t)size);
}

void fsa_rows_hex(FsaRows *rows, size_t name, uint64_t number) {
  char digits[24], *at = digits + sizeof digits;
  do *--at = "0123456789abcdef"[number & 15];
  while (number >>= 4);
  *--at = 'x';
  *--at = '0';
  fsa_rows_text(rows, name, at, (size_t)(digits + sizeof digits - at));
}

void fsa_rows_blob(FsaRows *rows, size_t name, const char *data, size_t size) {
  static const char digits[] = "0123456789ABCDEF";
  char *value = open_cell(rows, size * 2);
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
  fsa_buffer_clear(&rows->open);
  return FSA_OK;
}

/* One more finished row, which ends `open`. */
static int count_row(FsaRows *rows) {
  rows->count++;
  if (rows->wire > rows->limit) return FSA_E_LIMIT;
  return rows->open.size < BLOCK ? FSA_OK : pack(rows);
}

int fsa_rows_end(FsaRows *rows) {
  if (rows->open.error) return rows->open.error;
  char *head = rows->open.data + rows->row;
  put_size(head, rows->open.size - rows->row);
  head[4] = (char)rows->cells;
  return count_row(rows);
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
  size_t held = sizeof *rows + rows->open.room;
  for (const Block *block = rows->first; block; block = block->next)
    held += sizeof *block + block->packed;
  return held;
}

/* ---- reading ---- */

/* The largest block decides how much room unpacking needs. */
static size_t largest_block(const FsaRows *rows) {
  size_t most = 0;
  for (const Block *block = rows->first; block; block = block->next)
    if (block->size > most) most = block->size;
  return most;
}

/* Hands over the rows of some held bytes, one by one. */
static int each_row(FsaBytes held, int (*take)(void *context, FsaBytes row), void *context) {
  int result = FSA_OK;
  for (size_t at = 0; at < held.size && result == FSA_OK;) {
    const FsaBytes row = fsa_bytes(held.data + at, get_size((const char *)held.data + at));
    result = take(context, row);
    at += row.size;
  }
  return result;
}

/* Hands over all rows, one by one. */
static int each(const FsaRows *rows, int (*take)(void *context, FsaBytes row), void *context) {
  if (!rows->first) return each_row(fsa_bytes(rows->open.data, rows->open.size), take, context);
  char *plain = malloc(largest_block(rows));
  ZSTD_DCtx *unpacker = ZSTD_createDCtx();
  int result = plain && unpacker ? FSA_OK : FSA_E_NOMEM;
  for (const Block *block = rows->first; block && result == FSA_OK; block = block->next) {
    size_t size = ZSTD_decompressDCtx(unpacker, plain, block->size, block->data, block->packed);
    result = ZSTD_isError(size) ? FSA_E_NOMEM : each_row(fsa_bytes(plain, size), take, context);
  }
  ZSTD_freeDCtx(unpacker);
  free(plain);
  return result;
}

/* What reads the cells of a row, one after the other. */
typedef struct Cells {
  const char *at;
  unsigned left;
} Cells;

static Cells cells_of(FsaBytes row) {
  return (Cells){.at = (const char *)row.data + ROW_HEAD, .left = row.data[4]};
}

static bool next_cell(Cells *cells, size_t *ret_name, FsaText *ret_value) {
  if (cells->left == 0) return false;
  cells->left--;
  *ret_name = (uint8_t)cells->at[0];
  *ret_value = (FsaText){cells->at + CELL_HEAD, get_size(cells->at + 1)};
  cells->at += CELL_HEAD + ret_value->size;
  return true;
}

FsaText fsa_rows_cell(FsaBytes row, size_t name) {
  Cells cells = cells_of(row);
  FsaText value;
  for (size_t found; next_cell(&cells, &found, &value);)
    if (found == name) return value;
  return (FsaText){NULL, 0};
}

/* ---- picking ---- */

typedef struct Pick {
  bool (*admits)(const void *context, FsaBytes row);
  const void *context;
  FsaRows *picked;
} Pick;

static int pick_row(void *context, FsaBytes row) {
  const Pick *pick = context;
  FsaRows *picked = pick->picked;
  if (!pick->admits(pick->context, row)) return FSA_OK;
  fsa_buffer_put(&picked->open, row.data, row.size);
  return picked->open.error ? picked->open.error : count_row(picked);
}

FsaRows *fsa_rows_pick(const FsaRows *rows, bool (*admits)(const void *context, FsaBytes row),
                       const void *context) {
  Pick pick = {.admits = admits, .context = context, .picked = fsa_rows_new(rows->limit)};
  if (!pick.picked) return NULL;
  memcpy(pick.picked->names, rows->names, sizeof rows->names);
  int result = each(rows, pick_row, &pick);
  if (result == FSA_OK) result = fsa_rows_seal(pick.picked);
  if (result == FSA_OK) return pick.picked;
  fsa_rows_drop(pick.picked);
  return NULL;
}

/* ---- sending ---- */

typedef struct Sending {
  const FsaRows *rows;
  int (*take)(void *context, FsaBytes piece);
  void *context;
  FsaBuffer piece;
} Sending;

static int flush(Sending *sending) {
  const int result =
      sending->take(sending->context, fsa_bytes(sending->piece.data, sending->piece.size));
  fsa_buffer_clear(&sending->piece);
  return result;
}

/* How long a row is on the wire at the most: names are copied with all of their room. */
static size_t wire_ceiling(FsaBytes row) {
  return MAP_HEAD + row.size + row.data[4] * sizeof(Name);
}

static int send_row(void *context, FsaBytes row) {
  Sending *sending = context;
  char *out = fsa_buffer_room(&sending->piece, wire_ceiling(row));
  if (!out) return FSA_E_NOMEM;
  char *const begin = out;
  Cells cells = cells_of(row);
  FsaText value;
  out[0] = out[1] = TYPE_STRING;
  put_u32(out + 2, cells.left);
  out += MAP_HEAD;
  for (size_t number; next_cell(&cells, &number, &value);) {
    const Name *name = &sending->rows->names[number];
    memcpy(out, name->wire, sizeof name->wire); /* a few instructions; its true size, a call */
    put_u32(out + name->size, value.size);
    memcpy(out + name->size + 4, value.data, value.size);
    out += name->size + 4 + value.size;
  }
  fsa_buffer_added(&sending->piece, (size_t)(out - begin));
  return sending->piece.size < PIECE ? FSA_OK : flush(sending);
}

int fsa_rows_send(const FsaRows *rows, int (*take)(void *context, FsaBytes piece), void *context) {
  Sending sending = {.rows = rows, .take = take, .context = context};
  sending.piece = fsa_buffer(rows->limit + PIECE + FSA_MAX_CELLS * sizeof(Name));
  int result = each(rows, send_row, &sending);
  if (result == FSA_OK && sending.piece.size) result = flush(&sending);
  fsa_buffer_done(&sending.piece);
  return result;
}
