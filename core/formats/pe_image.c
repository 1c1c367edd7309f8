/*
 * A PE file as it is mapped: sections at their addresses, relocated. What loading writes to by
 * itself is known, so that the rest can be compared with memory. [Microsoft: "PE Format", "Special
 * Sections"; the load configuration directory of winnt.h]
 */
#include "formats/pe.h"

#include <stdlib.h>

enum { IMPORT = 20, DELAYED_IMPORT = 32, SECTOR = 512 };

/* ---- bytes of the file ----------------------------------------------------------------------- */

/* Reads what the file has of [offset, offset + size); the rest of `bytes` stays as it is. */
static int read_file(const FsaSource *file, uint64_t offset, uint8_t *bytes, size_t size) {
  if (offset >= file->size) return FSA_OK;
  if (size > file->size - offset) size = (size_t)(file->size - offset);
  size_t got;
  return size ? file->read(file->context, offset, bytes, size, &got) : FSA_OK;
}

/* Copies the part of the file's [offset, offset + length), mapped at `start`, that is asked for. */
static int copy_part(const FsaPeImage *image, uint64_t start, uint64_t offset, uint64_t length,
                     uint32_t address, uint8_t *bytes, size_t size) {
  const uint64_t end = (uint64_t)address + size;
  const uint64_t from = start > address ? start : address;
  const uint64_t to = start + length < end ? start + length : end;
  if (from >= to) return FSA_OK;
  return read_file(&image->file, offset + (from - start), bytes + (from - address),
                   (size_t)(to - from));
}

/* A section's bytes of the file: it begins at a sector, and ends with its pages. */
static int copy_section(const FsaPeImage *image, const FsaPeSection *section, uint32_t address,
                        uint8_t *bytes, size_t size) {
  const uint64_t pages = ((uint64_t)section->size + FSA_PE_PAGE - 1) / FSA_PE_PAGE * FSA_PE_PAGE;
  const uint64_t length = section->file_size < pages ? section->file_size : pages;
  const uint64_t offset = section->file_offset - section->file_offset % SECTOR;
  return copy_part(image, section->address, offset, length, address, bytes, size);
}

/* As the file has them, not relocated. */
static int read_plain(const FsaPeImage *image, uint32_t address, uint8_t *bytes, size_t size) {
  memset(bytes, 0, size);
  /* sections closer together than pages: the file is mapped as it lies */
  if (image->pe.section_alignment < FSA_PE_PAGE)
    return copy_part(image, 0, 0, image->pe.image_size, address, bytes, size);
  int result = copy_part(image, 0, 0, image->pe.headers_size, address, bytes, size);
  FsaPeSection section;
  for (unsigned i = 0; result == FSA_OK && fsa_pe_section(image->head, &image->pe, i, &section);
       i++)
    result = copy_section(image, &section, address, bytes, size);
  return result;
}

/* ---- relocations ----------------------------------------------------------------------------- */

/* Types of a relocation that x64 and x86 files have. */
enum { RELOCATE_HIGH = 1, RELOCATE_LOW = 2, RELOCATE_32 = 3, RELOCATE_64 = 10 };

static size_t width_of(unsigned type) {
  switch (type) {
  case RELOCATE_HIGH:
  case RELOCATE_LOW: return 2;
  case RELOCATE_32: return 4;
  case RELOCATE_64: return 8;
  default: return 0; /* padding, or of another machine */
  }
}

/* Adds to `width` bytes, little-endian. */
static void add(uint8_t *bytes, size_t width, uint64_t value) {
  unsigned carry = 0;
  for (size_t i = 0; i < width; i++) {
    carry += bytes[i] + (unsigned)(value >> 8 * i & 0xFF);
    bytes[i] = (uint8_t)carry;
    carry >>= 8;
  }
}

/* One relocation at `target` from the base, as far as it lies in the asked-for bytes. */
static int relocate(const FsaPeImage *image, unsigned type, uint32_t target, uint32_t address,
                    uint8_t *bytes, size_t size) {
  const size_t width = width_of(type);
  const uint64_t end = (uint64_t)address + size;
  if (width == 0 || target >= end || (uint64_t)target + width <= address) return FSA_OK;
  uint64_t delta = image->base - image->pe.base;
  if (type == RELOCATE_HIGH) delta >>= 16;
  if (target >= address && (uint64_t)target + width <= end) {
    add(bytes + (target - address), width, delta);
    return FSA_OK;
  }
  uint8_t value[8]; /* it reaches over an edge */
  const int result = read_plain(image, target, value, width);
  if (result != FSA_OK) return result;
  add(value, width, delta);
  for (size_t i = 0; i < width; i++)
    if ((uint64_t)target + i >= address && (uint64_t)target + i < end)
      bytes[(uint64_t)target + i - address] = value[i];
  return FSA_OK;
}

/* One block: the page, its size, 16 bits for each relocation. */
static int relocate_block(const FsaPeImage *image, FsaBytes block, uint32_t address, uint8_t *bytes,
                          size_t size) {
  const uint32_t page = fsa_u32(&block, 0);
  /* an offset has 12 bits, and the widest value 8 bytes */
  if (page >= (uint64_t)address + size || (uint64_t)page + FSA_PE_PAGE + 8 <= address)
    return FSA_OK;
  int result = FSA_OK;
  for (size_t at = 8; result == FSA_OK && at + 2 <= block.size; at += 2) {
    const uint16_t entry = fsa_u16(&block, at);
    const uint32_t target = page + (entry & 0xFFFu);
    if (target >= page) result = relocate(image, entry >> 12, target, address, bytes, size);
  }
  return result;
}

static int relocate_all(const FsaPeImage *image, uint32_t address, uint8_t *bytes, size_t size) {
  FsaBytes list = image->relocations;
  if (image->base == image->pe.base) return FSA_OK;
  int result = FSA_OK;
  for (size_t at = 0; result == FSA_OK && fsa_bytes_has(&list, at, 8);) {
    const uint32_t length = fsa_u32(&list, at + 4);
    if (length < 8 || !fsa_bytes_has(&list, at, length)) break; /* padding, or damaged */
    result = relocate_block(image, fsa_slice(&list, at, length), address, bytes, size);
    at += length;
  }
  return result;
}

int fsa_pe_mapped(const FsaPeImage *image, uint32_t address, uint8_t *bytes, size_t size) {
  const int result = read_plain(image, address, bytes, size);
  return result == FSA_OK ? relocate_all(image, address, bytes, size) : result;
}

/* ---- what loading writes to ------------------------------------------------------------------ */

/* No more than its room: a range that is left out is compared, which cannot hide anything. */
static void add_range(FsaPeImage *image, uint64_t address, uint64_t size) {
  if (size == 0 || address > UINT32_MAX || image->written_count == image->written_room) return;
  if (size > UINT32_MAX - address) size = UINT32_MAX - address;
  image->written[image->written_count++] = (FsaPeRange){(uint32_t)address, (uint32_t)size};
}

static uint32_t small(const uint8_t *bytes, size_t offset) {
  FsaBytes view = fsa_bytes(bytes + offset, 4);
  return fsa_u32(&view, 0);
}

static uint64_t pointer(const FsaPeImage *image, const uint8_t *bytes, size_t offset) {
  FsaBytes view = fsa_bytes(bytes + offset, image->pe.is_64 ? 8 : 4);
  return image->pe.is_64 ? fsa_u64(&view, 0) : fsa_u32(&view, 0);
}

/*
 * The bytes of a list of pointers that ends with a zero; 0 without an end. `*left` bytes may still
 * be read of all lists together.
 */
static int size_of_list(const FsaPeImage *image, uint32_t address, uint64_t *left,
                        uint64_t *ret_size) {
  enum { AT_ONCE = 512 };
  const size_t width = image->pe.is_64 ? 8 : 4;
  uint8_t bytes[AT_ONCE];
  for (uint64_t size = 0; *left >= AT_ONCE; size += AT_ONCE, *left -= AT_ONCE) {
    if (address + size > UINT32_MAX) break;
    const int result = read_plain(image, (uint32_t)(address + size), bytes, sizeof bytes);
    if (result != FSA_OK) return result;
    for (size_t at = 0; at < AT_ONCE; at += width)
      if (pointer(image, bytes, at) == 0) {
        *ret_size = size + at;
        return FSA_OK;
      }
  }
  *ret_size = 0;
  return FSA_OK;
}

/* An address that an old file gives with its preferred base. */
static uint32_t from_base(const FsaPeImage *image, uint32_t address, bool is_from_base) {
  return is_from_base ? address : address - (uint32_t)image->pe.base;
}

/*
 * Import descriptors: `names` and `addresses` are the offsets of their two lists in a descriptor of
 * `step` bytes. The names' list says how long the addresses' one is; a file without it has the
 * names where the addresses will be.
 */
static int add_imports(FsaPeImage *image, unsigned directory, size_t step, size_t names,
                       size_t addresses) {
  const FsaPeDirectory *at = &image->pe.directories[directory];
  uint64_t left = FSA_MAX_PE_IMPORTS * 8ull;
  if (at->size == 0) return FSA_OK;
  for (size_t i = 0; i < FSA_MAX_PE_LIBRARIES; i++) {
    uint8_t bytes[DELAYED_IMPORT];
    const uint64_t address = at->address + (uint64_t)i * step;
    if (address + step > UINT32_MAX) return FSA_OK;
    int result = read_plain(image, (uint32_t)address, bytes, step);
    if (result != FSA_OK) return result;
    const bool is_from_base = directory == FSA_PE_IMPORTS || (small(bytes, 0) & 1);
    uint32_t list = small(bytes, names);
    const uint32_t target = small(bytes, addresses);
    if (target == 0) return FSA_OK; /* the last one is all zero */
    if (list == 0) list = target;
    uint64_t size;
    result = size_of_list(image, from_base(image, list, is_from_base), &left, &size);
    if (result != FSA_OK) return result;
    add_range(image, from_base(image, target, is_from_base), size);
  }
  return FSA_OK;
}

/* The stack cookie and the two pointers of Control Flow Guard, told by their addresses. */
static int add_load_config(FsaPeImage *image) {
  enum { CONFIG_64 = 0x80, CONFIG_32 = 0x50 };
  static const size_t wide[] = {0x58, 0x70, 0x78}, narrow[] = {0x3C, 0x48, 0x4C};
  const FsaPeDirectory *at = &image->pe.directories[FSA_PE_LOAD_CONFIG];
  if (at->size == 0) return FSA_OK;
  uint8_t bytes[CONFIG_64];
  const size_t whole = image->pe.is_64 ? CONFIG_64 : CONFIG_32, width = image->pe.is_64 ? 8 : 4;
  const int result = read_plain(image, at->address, bytes, whole);
  if (result != FSA_OK) return result;
  const uint32_t known = small(bytes, 0); /* bytes that the file's linker knew of */
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
    const size_t offset = image->pe.is_64 ? wide[i] : narrow[i];
    const uint64_t target = offset + width <= known ? pointer(image, bytes, offset) : 0;
    if (target >= image->pe.base) add_range(image, target - image->pe.base, width);
  }
  return FSA_OK;
}

static int by_address(const void *a, const void *b) {
  const FsaPeRange *first = a, *second = b;
  return (first->address > second->address) - (first->address < second->address);
}

/* In order and apart from each other, so that one can be found by its address. */
static void merge_ranges(FsaPeImage *image) {
  size_t kept = 0;
  qsort(image->written, image->written_count, sizeof *image->written, by_address);
  for (size_t i = 0; i < image->written_count; i++) {
    const FsaPeRange *range = &image->written[i];
    FsaPeRange *last = kept ? &image->written[kept - 1] : NULL;
    if (last && range->address - last->address <= last->size) {
      const uint32_t end = range->address - last->address + range->size;
      if (end > last->size) last->size = end;
    } else
      image->written[kept++] = *range;
  }
  image->written_count = kept;
}

static int find_written(FsaPeImage *image, FsaArena *arena) {
  image->written_room = 2 * FSA_MAX_PE_LIBRARIES + 8;
  image->written = fsa_arena_zero(arena, image->written_room, sizeof *image->written);
  if (!image->written) return FSA_E_NOMEM;
  const FsaPeDirectory *addresses = &image->pe.directories[FSA_PE_IMPORT_ADDRESSES];
  add_range(image, addresses->address, addresses->size);
  int result = add_load_config(image);
  if (result == FSA_OK) result = add_imports(image, FSA_PE_IMPORTS, IMPORT, 0, 16);
  if (result == FSA_OK) result = add_imports(image, FSA_PE_DELAYED_IMPORTS, DELAYED_IMPORT, 16, 12);
  merge_ranges(image);
  return result;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int read_head(FsaPeImage *image, FsaArena *arena) {
  size_t size = image->file.size < FSA_MAX_PE_HEAD ? (size_t)image->file.size : FSA_MAX_PE_HEAD;
  uint8_t *bytes = fsa_arena_alloc(arena, size);
  if (!bytes) return FSA_E_NOMEM;
  const int result = image->file.read(image->file.context, 0, bytes, size, &size);
  if (result != FSA_OK) return result;
  image->head = fsa_bytes(bytes, size);
  return fsa_pe(image->head, &image->pe);
}

static int read_relocations(FsaPeImage *image, FsaArena *arena) {
  const FsaPeDirectory *at = &image->pe.directories[FSA_PE_RELOCATIONS];
  if (at->size == 0 || image->base == image->pe.base) return FSA_OK;
  if (at->size > FSA_MAX_PE_RELOCATIONS) return FSA_E_LIMIT;
  uint8_t *bytes = fsa_arena_alloc(arena, at->size);
  if (!bytes) return FSA_E_NOMEM;
  const int result = read_plain(image, at->address, bytes, at->size);
  if (result == FSA_OK) image->relocations = fsa_bytes(bytes, at->size);
  return result;
}

int fsa_pe_image(FsaSource file, uint64_t base, FsaArena *arena, FsaPeImage *ret_image) {
  FsaPeImage image = {.file = file, .base = base};
  int result = read_head(&image, arena);
  if (result == FSA_OK) result = read_relocations(&image, arena);
  if (result == FSA_OK) result = find_written(&image, arena);
  if (result == FSA_OK) *ret_image = image;
  return result;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool is_written(const FsaPeImage *image, uint32_t address) {
  size_t low = 0, high = image->written_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const FsaPeRange *range = &image->written[middle];
    if (address < range->address)
      high = middle;
    else if (address - range->address >= range->size)
      low = middle + 1;
    else
      return true;
  }
  return false;
}

void fsa_pe_changes(const FsaPeImage *image, uint32_t address, const uint8_t *memory,
                    const uint8_t *expected, size_t size, FsaPeChanges *changes) {
  if (memcmp(memory, expected, size) == 0) return;
  for (size_t i = 0; i < size; i++) {
    const uint32_t at = address + (uint32_t)i;
    if (memory[i] == expected[i] || is_written(image, at)) continue;
    if (changes->count == 0) changes->first = at;
    if (changes->count == 0 || at != changes->last + 1) changes->runs++;
    changes->last = at;
    changes->count++;
  }
}
