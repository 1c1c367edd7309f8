/*
 * regf: bins and cells.
 *
 * One pass over the bins at open marks where allocated cells start; later an offset is followed
 * only to such a place. Bins are found by their chain from the start, never by searching backwards:
 * a value's data can hold bytes that look like a bin. Where a bin's head is damaged its cells are
 * read up to the next sound bin; where the chain of cells is broken the rest of that bin is
 * `loose`, and a cell in it is taken at its own word (a negative, aligned size that ends inside the
 * bin).
 */
#include "formats/regf_hive.h"

#include <stdlib.h>

/* A bin as its head says it, or a guess where the head is damaged. */
typedef struct Bin {
  uint64_t start, end; /* file offsets */
  bool is_sound;
} Bin;

static bool bin_head_is_sound(FsaBytes *file, uint64_t at, uint64_t *ret_size) {
  size_t offset = (size_t)at;
  uint32_t size = fsa_u32(file, offset + 8);
  if (!fsa_bytes_match(file, offset, "hbin", 4)) return false;
  if (fsa_u32(file, offset + 4) != fsa_regf_relative(at)) return false;
  if (size < REGF_PAGE || size % REGF_PAGE) return false;
  *ret_size = size;
  return true;
}

/* Where the next sound bin starts behind `at`; `end` when there is none. */
static uint64_t next_sound_bin(FsaBytes *file, uint64_t at, uint64_t end) {
  uint64_t size;
  for (at += REGF_PAGE; at < end && end - at >= REGF_BIN_HEAD; at += REGF_PAGE)
    if (bin_head_is_sound(file, at, &size)) return at;
  return end;
}

/*
 * The bin at `at`. A wrong head ends where the next sound one begins, so its own size is not
 * needed; one that runs over the end is cut there.
 */
static Bin read_bin(FsaBytes *file, uint64_t at, uint64_t end) {
  uint64_t size;
  if (!bin_head_is_sound(file, at, &size)) return (Bin){at, next_sound_bin(file, at, end), false};
  return (Bin){at, size < end - at ? at + size : end, true};
}

static int add_loose(FsaRegf *hive, uint64_t start, uint64_t end) {
  size_t count = hive->loose_count;
  if ((count & (count + 1)) == 0) { /* full at 0, 1, 3, 7, ... */
    FsaRegfRange *grown = realloc(hive->loose, (2 * count + 1) * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    hive->loose = grown;
  }
  hive->loose[hive->loose_count++] = (FsaRegfRange){start, end};
  return FSA_OK;
}

/* Marks the allocated cells of a bin; gives where the chain ends, which is `bin.end` in a sound
 * one. */
static uint64_t mark_cells(FsaRegf *hive, Bin bin) {
  uint64_t at = bin.start + REGF_BIN_HEAD;
  while (at < bin.end) {
    if (bin.end - at < 8) return at;
    int32_t signed_size = (int32_t)fsa_u32(&hive->file, (size_t)at);
    uint32_t size = signed_size < 0 ? 0u - (uint32_t)signed_size : (uint32_t)signed_size;
    if (size < 8 || size % 8 || size > bin.end - at) return at;
    uint64_t slot = (at - REGF_BASE_SIZE) / 8;
    if (signed_size < 0) hive->starts[slot / 64] |= UINT64_C(1) << slot % 64;
    at += size;
  }
  return at;
}

static int frame_bin(FsaRegf *hive, Bin bin, uint64_t claimed_end, FsaRegfTeller *teller,
                     uint64_t *ret_end) {
  bool is_ours = bin.start < claimed_end; /* what lies behind the bins is not missed */
  if (!bin.is_sound && is_ours)
    fsa_regf_tell(teller, FSA_E_FORMAT, bin.start,
                  "the head of this bin is damaged: read as %llu bytes of cells",
                  (unsigned long long)(bin.end - bin.start));
  uint64_t stop = mark_cells(hive, bin), size;
  *ret_end = bin.end;
  if (stop >= bin.end) return FSA_OK;
  if (stop % REGF_PAGE == 0 && bin_head_is_sound(&hive->file, stop, &size)) {
    fsa_regf_tell(
        teller, FSA_E_FORMAT, bin.start, "the bin claims %llu bytes, the next starts after %llu",
        (unsigned long long)(bin.end - bin.start), (unsigned long long)(stop - bin.start));
    *ret_end = stop;
    return FSA_OK;
  }
  if (is_ours)
    fsa_regf_tell(teller, FSA_E_FORMAT, stop,
                  "the chain of cells is broken: %llu bytes up to the end of the bin are read cell "
                  "by cell as they are referred to",
                  (unsigned long long)(bin.end - stop));
  return add_loose(hive, stop, bin.end);
}

/*
 * The end of what may hold cells. Bins that go on behind the size in the base block are kept: a
 * hive whose base block is older than its bins still refers to them.
 */
static uint64_t find_end(const FsaRegf *hive, uint64_t *ret_claimed, FsaRegfTeller *teller) {
  uint64_t file_end = hive->file.size, claimed = fsa_regf_file_offset(hive->base.bins_size);
  if (claimed > file_end) {
    fsa_regf_tell(teller, FSA_E_FORMAT, file_end,
                  "the hive is cut: its bins should end at %llu, the file ends at %llu",
                  (unsigned long long)claimed, (unsigned long long)file_end);
    claimed = file_end;
  }
  *ret_claimed = claimed;
  FsaBytes file = hive->file;
  uint64_t end = claimed, size;
  while (end % REGF_PAGE == 0 && file_end - end >= REGF_BIN_HEAD &&
         bin_head_is_sound(&file, end, &size))
    end = size < file_end - end ? end + size : file_end;
  return end;
}

int fsa_regf_frame(FsaRegf *hive, FsaRegfTeller *teller) {
  uint64_t claimed;
  hive->end = find_end(hive, &claimed, teller);
  uint64_t slots = (hive->end - REGF_BASE_SIZE + 7) / 8;
  hive->starts = calloc((size_t)(slots / 64 + 1), sizeof *hive->starts);
  if (!hive->starts) return FSA_E_NOMEM;
  for (uint64_t at = REGF_BASE_SIZE; at < hive->end;) {
    Bin bin = read_bin(&hive->file, at, hive->end);
    int rc = frame_bin(hive, bin, claimed, teller, &at);
    if (rc < 0) return rc;
  }
  hive->file.bad = false; /* reads at the cut end of a file were expected to fail */
  return FSA_OK;
}

/* The loose part that holds a file offset, or NULL. */
static const FsaRegfRange *find_loose(const FsaRegf *hive, uint64_t offset) {
  size_t low = 0, high = hive->loose_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const FsaRegfRange *range = &hive->loose[middle];
    if (offset < range->start)
      high = middle;
    else if (offset >= range->end)
      low = middle + 1;
    else
      return range;
  }
  return NULL;
}

/*
 * Finds the content of an allocated cell; NULL when no cell starts there. The caller fills its
 * FsaRegfCell itself: copying one around is what a walk would spend most of its time on.
 */
static inline const uint8_t *cell_content(const FsaRegf *hive, uint32_t relative,
                                          size_t *ret_size) {
  uint64_t offset = fsa_regf_file_offset(relative);
  if (relative % 8 || offset >= hive->end || hive->end - offset < 8) return NULL;
  FsaBytes head = fsa_bytes(hive->file.data + offset, 8);
  uint32_t size = 0u - fsa_u32(&head, 0);
  uint64_t slot = relative / 8;
  if (!(hive->starts[slot / 64] >> slot % 64 & 1)) {
    const FsaRegfRange *range = hive->loose_count ? find_loose(hive, offset) : NULL;
    if (!range || size % 8 || size < 8 || size > INT32_MAX || size > range->end - offset)
      return NULL;
  }
  *ret_size = size - hive->cell_head;
  return hive->file.data + offset + hive->cell_head;
}

bool fsa_regf_cell(const FsaRegf *hive, uint32_t relative, FsaRegfCell *ret_cell) {
  size_t size;
  const uint8_t *content = cell_content(hive, relative, &size);
  if (!content) return false;
  ret_cell->bytes = fsa_bytes(content, size);
  ret_cell->offset = fsa_regf_file_offset(relative);
  return true;
}

bool fsa_regf_record(const FsaRegf *hive, uint32_t relative, const char *kind,
                     FsaRegfCell *ret_cell) {
  size_t size;
  const uint8_t *content = cell_content(hive, relative, &size);
  if (!content || size < 2 || memcmp(content, kind, 2) != 0) return false;
  ret_cell->bytes = fsa_bytes(content, size);
  ret_cell->offset = fsa_regf_file_offset(relative);
  return true;
}
