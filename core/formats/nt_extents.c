/* Extents of a file, and reading by them. */
#include "formats/nt_extents.h"

#include <string.h>

/* RETRIEVAL_POINTERS_BUFFER: ExtentCount, StartingVcn, then NextVcn and Lcn of each extent. */
enum { EXTENT_COUNT = 0, STARTING_VCN = 8, EXTENTS = 16, EXTENT_SIZE = 16 };
/* FILE_REGION_OUTPUT, and in it FILE_REGION_INFO. */
enum { REGION_COUNT = 8, REGIONS = 16, REGION_SIZE = 24, REGION_LENGTH = 8, REGION_USAGE = 16 };
enum { REGION_IS_VALID = 3 }; /* FILE_REGION_USAGE_VALID_CACHED_DATA, ..._NONCACHED_DATA */

static int add_extent(FsaNtExtents *extents, FsaNtExtent extent, FsaArena *arena) {
  if (extents->count == FSA_MAX_NT_EXTENTS) return FSA_E_LIMIT;
  if (extents->count == extents->room) {
    size_t room = extents->room ? extents->room * 2 : 64;
    FsaNtExtent *grown =
        fsa_arena_grow(arena, extents->list, extents->room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    extents->list = grown;
    extents->room = room;
  }
  extents->list[extents->count++] = extent;
  extents->end = extent.vcn + extent.count;
  return FSA_OK;
}

int fsa_nt_extents_add(FsaNtExtents *extents, FsaBytes answer, FsaArena *arena) {
  size_t before = extents->count;
  uint32_t count = fsa_u32(&answer, EXTENT_COUNT);
  uint64_t vcn = fsa_u64(&answer, STARTING_VCN);
  if (answer.bad || count > (answer.size - EXTENTS) / EXTENT_SIZE) return FSA_E_FORMAT;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t next = fsa_u64(&answer, EXTENTS + (size_t)i * EXTENT_SIZE);
    uint64_t lcn = fsa_u64(&answer, EXTENTS + (size_t)i * EXTENT_SIZE + 8);
    /* the first one may begin before what was asked for, and none may leave a gap */
    if (next <= vcn || next > INT64_MAX || vcn > extents->end) return FSA_E_FORMAT;
    if (lcn > INT64_MAX && lcn != FSA_NT_HOLE) return FSA_E_FORMAT;
    if (next > extents->end) {
      uint64_t skipped = extents->end - vcn;
      FsaNtExtent extent = {.vcn = extents->end,
                            .count = next - extents->end,
                            .lcn = lcn == FSA_NT_HOLE ? lcn : lcn + skipped};
      int result = add_extent(extents, extent, arena);
      if (result != FSA_OK) return result;
    }
    vcn = next;
  }
  return extents->count > before ? FSA_ROW : FSA_OK;
}

int fsa_nt_regions_end(FsaBytes answer, uint64_t *ret_end) {
  uint32_t count = fsa_u32(&answer, REGION_COUNT);
  uint64_t end = 0;
  if (answer.bad || answer.size < REGIONS || count > (answer.size - REGIONS) / REGION_SIZE)
    return FSA_E_FORMAT;
  for (uint32_t i = 0; i < count; i++) {
    size_t at = REGIONS + (size_t)i * REGION_SIZE;
    uint64_t offset = fsa_u64(&answer, at), length = fsa_u64(&answer, at + REGION_LENGTH);
    if (offset > INT64_MAX || length > INT64_MAX - offset) return FSA_E_FORMAT;
    bool is_valid = fsa_u32(&answer, at + REGION_USAGE) & REGION_IS_VALID;
    if (is_valid && offset + length > end) end = offset + length;
  }
  if (end == 0) return FSA_E_ABSENT;
  *ret_end = end;
  return FSA_OK;
}

/* The extent that holds cluster `vcn`; NULL behind the last one. */
static const FsaNtExtent *extent_of(const FsaNtExtents *extents, uint64_t vcn) {
  size_t low = 0, high = extents->count;
  if (vcn >= extents->end) return NULL;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (extents->list[middle].vcn <= vcn)
      low = middle;
    else
      high = middle;
  }
  return &extents->list[low];
}

/* Reads `size` bytes at `disk` on the volume by way of the window, in whole sectors. */
static int read_volume(FsaNtFile *file, uint64_t disk, uint8_t *buffer, size_t size) {
  size_t before = (size_t)(disk % file->sector_size), got = 0;
  size_t wanted = before + size + file->sector_size - 1;
  wanted -= wanted % file->sector_size;
  int result = file->volume.read(file->volume.context, disk - before, file->window, wanted, &got);
  if (result != FSA_OK) return result;
  if (got < before + size) return FSA_E_IO;
  memcpy(buffer, file->window + before, size);
  return FSA_OK;
}

/* As much at `offset` as lies in one extent and fits the window; at least one byte. */
static int read_piece(FsaNtFile *file, uint64_t offset, uint8_t *buffer, size_t size,
                      size_t *ret_size) {
  const uint64_t cluster_size = file->cluster_size;
  const FsaNtExtent *extent = extent_of(&file->extents, offset / cluster_size);
  if (!extent) return FSA_E_IO;
  uint64_t skipped = offset / cluster_size - extent->vcn; /* clusters */
  uint64_t left = extent->count - skipped;
  if (left > FSA_NT_WINDOW) left = FSA_NT_WINDOW; /* enough, and no product overflows */
  left = left * cluster_size - offset % cluster_size;
  if (size > FSA_NT_WINDOW - file->sector_size) size = FSA_NT_WINDOW - file->sector_size;
  if (size > left) size = (size_t)left;
  *ret_size = size;
  if (extent->lcn == FSA_NT_HOLE) {
    memset(buffer, 0, size);
    return FSA_OK;
  }
  uint64_t lcn = extent->lcn + skipped;
  if (lcn >= (uint64_t)INT64_MAX / cluster_size) return FSA_E_FORMAT;
  return read_volume(file, lcn * cluster_size + offset % cluster_size, buffer, size);
}

int fsa_nt_file_read(FsaNtFile *file, uint64_t offset, void *buffer, size_t size,
                     size_t *ret_size) {
  size_t inside = 0, written = 0, got = 0;
  if (offset < file->size)
    inside = (size_t)(file->size - offset < size ? file->size - offset : size);
  if (offset < file->valid_size)
    written = (size_t)(file->valid_size - offset < inside ? file->valid_size - offset : inside);
  for (size_t done = 0; done < written; done += got) {
    int result = read_piece(file, offset + done, (uint8_t *)buffer + done, written - done, &got);
    if (result != FSA_OK) return result;
  }
  memset((uint8_t *)buffer + written, 0, inside - written);
  *ret_size = inside;
  return FSA_OK;
}
