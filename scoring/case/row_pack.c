/* Rows' text as it is stored. See row_pack.h; a frame's format is RFC 8878. */
#include "case/row_pack.h"

#include <zstd.h>

#include "case/answer.h"

/*
 * MEASURED on rows with paths and hashes: level 3 saves 8 % of the file for twice the time,
 * negative levels take 60 % more of it and save no time that shows.
 */
#define ZSTD_LEVEL 1

#define NUMBER_BYTES 4

struct FsaRowUnpacker {
  const FsaRowDictionaries *dictionaries;
  ZSTD_DCtx *zstd;
  FsaBuffer code; /* marks and lines */
};

/* ---- packing ----------------------------------------------------------------------------------
 */

FsaRowPacker *fsa_row_packer_new(void) {
  return (FsaRowPacker *)ZSTD_createCCtx();
}

void fsa_row_packer_free(FsaRowPacker *packer) {
  ZSTD_freeCCtx((ZSTD_CCtx *)packer);
}

static void put_number(FsaBuffer *out, uint32_t number) {
  const unsigned char bytes[NUMBER_BYTES] = {(unsigned char)number, (unsigned char)(number >> 8),
                                             (unsigned char)(number >> 16),
                                             (unsigned char)(number >> 24)};
  fsa_buffer_put(out, bytes, sizeof bytes);
}

static int put_frame(FsaRowPacker *packer, FsaText text, FsaBuffer *out) {
  size_t bound = ZSTD_compressBound(text.size);
  char *room = fsa_buffer_room(out, bound);
  if (!room) return out->error;
  size_t size = ZSTD_compressCCtx((ZSTD_CCtx *)packer, room, bound, text.data ? text.data : "",
                                  text.size, ZSTD_LEVEL);
  if (ZSTD_isError(size)) return FSA_E_NOMEM;
  fsa_buffer_added(out, size);
  return FSA_OK;
}

int fsa_rows_pack(FsaRowPacker *packer, FsaText text, FsaBuffer *out) {
  put_number(out, 0);
  return put_frame(packer, text, out);
}

int fsa_rows_pack_code(FsaRowPacker *packer, uint32_t query, FsaRowCode *code, FsaText lines,
                       FsaBuffer *out) {
  if (code->text_size > FSA_MAX_ANSWER_BYTES) return FSA_E_LIMIT;
  put_number(out, query);
  put_number(out, (uint32_t)code->text_size);
  put_number(out, (uint32_t)code->marks.size);
  fsa_buffer_put(&code->marks, lines.data, lines.size);
  if (code->marks.error) return code->marks.error;
  return put_frame(packer, (FsaText){code->marks.data, code->marks.size}, out);
}

/* ---- unpacking --------------------------------------------------------------------------------
 */

FsaRowUnpacker *fsa_row_unpacker_new(const FsaRowDictionaries *dictionaries) {
  ZSTD_DCtx *zstd = ZSTD_createDCtx();
  if (!zstd) return NULL;
  FsaRowUnpacker *unpacker = g_new0(FsaRowUnpacker, 1);
  unpacker->dictionaries = dictionaries;
  unpacker->zstd = zstd;
  unpacker->code = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  return unpacker;
}

void fsa_row_unpacker_free(FsaRowUnpacker *unpacker) {
  if (!unpacker) return;
  ZSTD_freeDCtx(unpacker->zstd);
  fsa_buffer_done(&unpacker->code);
  g_free(unpacker);
}

static int take_frame(FsaRowUnpacker *unpacker, FsaBytes frame, FsaBuffer *out) {
  unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.size);
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return FSA_E_FORMAT;
  if (size > FSA_MAX_ANSWER_BYTES) return FSA_E_LIMIT;
  char *room = fsa_buffer_room(out, (size_t)size + 1);
  if (!room) return out->error;
  size_t got = ZSTD_decompressDCtx(unpacker->zstd, room, (size_t)size, frame.data, frame.size);
  if (got != size) return FSA_E_FORMAT;
  fsa_buffer_added(out, got);
  return FSA_OK;
}

static int take_code(FsaRowUnpacker *unpacker, FsaBytes packed, int64_t query, FsaBuffer *out) {
  const FsaRowDictionary *dictionary = fsa_row_dictionaries_find(unpacker->dictionaries, query);
  size_t head = 3 * NUMBER_BYTES;
  size_t text_size = fsa_u32(&packed, NUMBER_BYTES), marks = fsa_u32(&packed, 2 * NUMBER_BYTES);
  if (!dictionary || packed.bad) return FSA_E_FORMAT;
  if (text_size > FSA_MAX_ANSWER_BYTES) return FSA_E_LIMIT;
  fsa_buffer_clear(&unpacker->code);
  FsaBytes frame = fsa_bytes(packed.data + head, packed.size - head);
  int result = take_frame(unpacker, frame, &unpacker->code);
  if (result != FSA_OK) return result;
  const FsaBuffer *code = &unpacker->code;
  if (marks > code->size) return FSA_E_FORMAT;
  return fsa_row_code_text(dictionary, (FsaText){code->data, marks},
                           (FsaText){code->data + marks, code->size - marks}, text_size, out);
}

int fsa_rows_unpack(FsaRowUnpacker *unpacker, FsaBytes packed, FsaBuffer *out) {
  if (!unpacker) return FSA_E_NOMEM;
  uint32_t query = fsa_u32(&packed, 0);
  if (packed.bad) return FSA_E_FORMAT;
  if (query) return take_code(unpacker, packed, query, out);
  FsaBytes frame = fsa_bytes(packed.data + NUMBER_BYTES, packed.size - NUMBER_BYTES);
  return take_frame(unpacker, frame, out);
}
