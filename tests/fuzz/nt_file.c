/*
 * What Windows tells of files, from hostile bytes: listings, links, clusters. The first byte
 * chooses the decoder. Checks that what is given lies inside the bytes and that every loop moves
 * on.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/nt_extents.h"
#include "formats/nt_file.h"
#include "formats/nt_reparse.h"

static void check_inside(FsaBytes bytes, FsaBytes part) {
  if (part.size == 0) return;
  if (part.data < bytes.data || part.size > bytes.size ||
      part.data > bytes.data + bytes.size - part.size)
    abort();
}

static void read_entries(FsaBytes bytes) {
  FsaNtEntry entry;
  size_t at = 0;
  for (size_t before = 0; fsa_nt_entry_next(bytes, &at, &entry) == FSA_ROW; before = at) {
    if (at <= before) abort();
    check_inside(bytes, fsa_bytes(entry.name, entry.units * 2));
  }
}

static void read_link(FsaBytes bytes) {
  FsaArena arena = fsa_arena(0);
  const char *target;
  if (fsa_nt_link_target(bytes, "/C:", &arena, &target) == FSA_OK && strchr(target, '\\') &&
      bytes.data[0] != 0x1D)
    abort(); /* only a link of WSL may keep one */
  fsa_arena_done(&arena);
}

static int read_nothing(void *context, uint64_t offset, void *buffer, size_t size,
                        size_t *ret_size) {
  (void)context;
  if (offset > INT64_MAX || offset % 512 || size % 512 || size > FSA_NT_WINDOW) abort();
  memset(buffer, 1, size);
  *ret_size = size;
  return FSA_OK;
}

/* Two answers about a file's clusters, and the file read by them. */
static void read_extents(FsaBytes bytes) {
  static uint8_t window[FSA_NT_WINDOW], out[4096];
  FsaArena arena = fsa_arena(0);
  FsaNtFile file = {
      .cluster_size = 4096, .sector_size = 512, .volume = {.read = read_nothing}, .window = window};
  uint64_t end;
  size_t half = bytes.size / 2, got;
  if (fsa_nt_regions_end(bytes, &end) == FSA_OK && end > INT64_MAX) abort();
  fsa_nt_extents_add(&file.extents, fsa_slice(&bytes, 0, half), &arena);
  fsa_nt_extents_add(&file.extents, fsa_slice(&bytes, half, bytes.size - half), &arena);
  file.size = file.valid_size = file.extents.end < 1u << 20 ? file.extents.end * 4096 : INT64_MAX;
  for (size_t i = 0; i < file.extents.count && i < 100; i++)
    fsa_nt_file_read(&file, file.extents.list[i].vcn * 4096 + 100, out, sizeof out, &got);
  fsa_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FsaBytes bytes = fsa_bytes(size > 1 ? data + 1 : NULL, size ? size - 1 : 0);
  switch (size ? data[0] : 0) {
  case 'c': read_extents(bytes); break;
  case 'e': read_entries(bytes); break;
  case 'r': read_link(bytes); break;
  default: break;
  }
  return 0;
}
