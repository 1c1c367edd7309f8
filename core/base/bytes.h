/*
 * Bounded, little-endian reading of hostile bytes.
 *
 * A format parser reads all fields of a record, then tests `bad` once. Offsets and sizes are in
 * bytes. A view does not own its memory. One view belongs to one thread.
 */
#ifndef FSA_BASE_BYTES_H
#define FSA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A read outside the view returns 0 and sets `bad`; `bad_at` keeps the first offending offset. */
typedef struct FsaBytes {
  const uint8_t *data; /* NULL only when size is 0 */
  size_t size;         /* bytes */
  size_t bad_at;       /* first offset that was out of bounds; meaningless while !bad */
  bool bad;
} FsaBytes;

/* A view of `size` bytes at `data`. */
static inline FsaBytes fsa_bytes(const void *data, size_t size) {
  return (FsaBytes){.data = data, .size = size, .bad_at = 0, .bad = false};
}

/* True when [offset, offset + size) lies inside; never overflows. Does not touch `bad`. */
static inline bool fsa_bytes_has(const FsaBytes *b, size_t offset, size_t size) {
  return offset <= b->size && size <= b->size - offset;
}

/* As fsa_bytes_has(), and records the failure in `bad`/`bad_at`. */
static inline bool fsa_bytes_need(FsaBytes *b, size_t offset, size_t size) {
  if (fsa_bytes_has(b, offset, size)) return true;
  if (!b->bad) {
    b->bad = true;
    b->bad_at = offset;
  }
  return false;
}

static inline uint8_t fsa_u8(FsaBytes *b, size_t offset) {
  return fsa_bytes_need(b, offset, 1) ? b->data[offset] : 0;
}

static inline uint16_t fsa_u16(FsaBytes *b, size_t offset) {
  if (!fsa_bytes_need(b, offset, 2)) return 0;
  const uint8_t *p = b->data + offset;
  return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t fsa_u32(FsaBytes *b, size_t offset) {
  if (!fsa_bytes_need(b, offset, 4)) return 0;
  const uint8_t *p = b->data + offset;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t fsa_u64(FsaBytes *b, size_t offset) {
  if (!fsa_bytes_need(b, offset, 8)) return 0;
  const uint8_t *p = b->data + offset;
  uint32_t low = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  p += 4;
  uint32_t high =
      (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  return (uint64_t)high << 32 | low;
}

/* The part [offset, offset + size); an empty view, and `bad` in `b`, when it is not all inside. */
static inline FsaBytes fsa_slice(FsaBytes *b, size_t offset, size_t size) {
  if (!fsa_bytes_need(b, offset, size)) return fsa_bytes(NULL, 0);
  return fsa_bytes(size ? b->data + offset : NULL, size);
}

/* True when the bytes at `offset` equal the `size` bytes of `magic`. Does not touch `bad`. */
static inline bool fsa_bytes_match(const FsaBytes *b, size_t offset, const void *magic,
                                   size_t size) {
  return fsa_bytes_has(b, offset, size) && memcmp(b->data + offset, magic, size) == 0;
}

/*
 * Where a parser's bytes come from when it wants them piece by piece: a file, a member of an
 * archive, a memory block. The parser does no I/O of its own.
 */
typedef struct FsaSource {
  void *context;
  uint64_t size; /* bytes; for a file that grows, as it was when it was opened */
  /*
   * Reads up to `size` bytes at `offset` into `buffer`. *ret_size is what was read and is smaller
   * than `size` only where the source ends (it may have been cut since it was opened). FSA_OK, or
   * FSA_E_IO / FSA_E_ACCESS.
   */
  int (*read)(void *context, uint64_t offset, void *buffer, size_t size, size_t *ret_size);
} FsaSource;

#endif
