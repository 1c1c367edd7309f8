/* Counted texts in what a native call filled. */
#include "formats/nt_string.h"

/* Offset of the text of the string at `offset`, which has `size` bytes; SIZE_MAX when outside. */
static size_t text_offset(FsaBytes *bytes, uint64_t address, size_t offset, size_t size) {
  const uint64_t text = fsa_u64(bytes, offset + 8);
  /* an address below the bytes becomes a huge offset, which is outside like any other */
  const uint64_t at = text - address;
  if (bytes->bad) return SIZE_MAX;
  if (at > bytes->size || !fsa_bytes_need(bytes, (size_t)at, size)) {
    fsa_bytes_need(bytes, SIZE_MAX, 1); /* bad, wherever the text would lie */
    return SIZE_MAX;
  }
  return (size_t)at;
}

FsaBytes fsa_nt_string(FsaBytes *bytes, uint64_t address, size_t offset) {
  const size_t size = fsa_u16(bytes, offset) & ~(size_t)1;
  if (size == 0) return fsa_bytes(NULL, 0);
  const size_t at = text_offset(bytes, address, offset, size);
  return at == SIZE_MAX ? fsa_bytes(NULL, 0) : fsa_slice(bytes, at, size);
}

size_t fsa_nt_string_end(FsaBytes *bytes, uint64_t address, size_t offset) {
  const size_t size = fsa_u16(bytes, offset + 2);
  const size_t at = text_offset(bytes, address, offset, size);
  return at == SIZE_MAX ? SIZE_MAX : at + size;
}
