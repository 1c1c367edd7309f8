/*
 * The application compatibility cache of Windows XP to 11: docs/formats/appcompatcache.md.
 *
 * Three families: XP (slots of fixed size and a list of use), 2003 to 7 (an array of fixed entries
 * that point to their paths), 8 to 11 (entries of any length one behind the other, each with a
 * signature, which lets reading go on behind a damaged one).
 */
#include "formats/appcompatcache.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/printf.h"

#define NONE 0xFFFFu       /* the layout has no such field */
#define EXECUTED_FLAG 0x2u /* of insert_flags, up to Windows 8.1 */
#define FLAG_CEILING 3u    /* 2003: a larger number is a file size, on Vista and 2008 it is flags */

typedef int NextEntry(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry);
static NextEntry next_slot, next_fixed, next_serial;

/* Offsets inside a fixed entry; those of a serial entry count from behind its path. */
typedef struct FsaAppCompatLayout {
  const char *format;
  NextEntry *next;
  uint32_t signature;      /* the first four bytes; 0 = any, the entry's signature decides */
  const char *entry_magic; /* of serial entries */
  uint16_t count_at;       /* in the header; NONE = it does not say */
  uint16_t first;          /* offset of the first entry */
  uint16_t entry_size;     /* fixed entries */
  uint16_t path_at;        /* fixed entries: where the path's offset stands ... */
  bool is_wide;            /* ... and whether it takes 8 bytes (64-bit Windows) */
  uint16_t modified_at;
  uint16_t flags_at; /* insert flags, shim flags behind them */
  uint16_t data_at;  /* size of the data; fixed entries: its offset behind it */
  bool has_package;  /* serial entries: a package's name between path and flags */
} FsaAppCompatLayout;

/* Pairs that share a signature stand 32-bit first: see choose_width(). */
static const FsaAppCompatLayout layouts[] = {
    {"xp", next_slot, 0xDEADBEEF, NULL, 4, 400, 552, 0, false, 528, NONE, NONE, false},
    {"vista-x86", next_fixed, 0xBADC0FFE, NULL, 4, 8, 24, 4, false, 8, 16, NONE, false},
    {"vista-x64", next_fixed, 0xBADC0FFE, NULL, 4, 8, 32, 8, true, 16, 24, NONE, false},
    {"7-x86", next_fixed, 0xBADC0FEE, NULL, 4, 128, 32, 4, false, 8, 16, 24, false},
    {"7-x64", next_fixed, 0xBADC0FEE, NULL, 4, 128, 48, 8, true, 16, 24, 32, false},
    {"10", next_serial, 0x30, "10ts", NONE, 0x30, 0, 0, false, 0, NONE, 8, false},
    {"10-creators", next_serial, 0x34, "10ts", NONE, 0x34, 0, 0, false, 0, NONE, 8, false},
    {"8.0", next_serial, 0, "00ts", NONE, 0x80, 0, 0, false, 8, 0, 16, true},
    {"8.1", next_serial, 0, "10ts", NONE, 0x80, 0, 0, false, 8, 0, 16, true},
};

#define LAYOUT_COUNT (sizeof layouts / sizeof *layouts)

static int fail(FsaAppCompatCache *cache, int code, uint64_t offset, const char *format, ...)
    FSA_PRINTF(4, 5);

static int fail(FsaAppCompatCache *cache, int code, uint64_t offset, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cache->problem, sizeof cache->problem, format, arguments);
  va_end(arguments);
  cache->problem_at = offset;
  return code;
}

/* ---- which layout ---------------------------------------------------------------------------- */

/*
 * 32- and 64-bit values look alike but for the gap that aligns a 64-bit pointer: it is zero where a
 * 32-bit entry has its path's offset, which never is.
 */
static const FsaAppCompatLayout *choose_width(FsaBytes *value, const FsaAppCompatLayout *narrow) {
  bool is_wide = fsa_u32(value, (size_t)narrow->first + narrow->path_at) == 0;
  return is_wide && fsa_u32(value, narrow->count_at) ? narrow + 1 : narrow;
}

static const FsaAppCompatLayout *find_layout(FsaBytes value) {
  uint32_t signature = fsa_u32(&value, 0);
  for (size_t i = 0; i < LAYOUT_COUNT; i++) {
    const FsaAppCompatLayout *layout = &layouts[i];
    if (layout->signature && signature != layout->signature) continue;
    if (layout->entry_magic && !fsa_bytes_match(&value, layout->first, layout->entry_magic, 4))
      continue;
    return layout->next == next_fixed ? choose_width(&value, layout) : layout;
  }
  return NULL;
}

/* A serial value without entries has no entry signature: its header's size is its first number. */
static const FsaAppCompatLayout *find_empty_layout(FsaBytes value) {
  uint32_t header = fsa_u32(&value, 0);
  for (size_t i = 0; i < LAYOUT_COUNT; i++)
    if (layouts[i].entry_magic && header == layouts[i].first && value.size == header)
      return &layouts[i];
  return NULL;
}

/* 2003 keeps a file size where Vista keeps flags, under the same signature. */
static bool holds_file_sizes(FsaBytes value, const FsaAppCompatLayout *layout, uint32_t count) {
  if (layout->signature != 0xBADC0FFE) return false;
  size_t at = layout->first;
  for (uint32_t i = 0; i < count && fsa_bytes_has(&value, at, layout->entry_size); i++) {
    if (fsa_u32(&value, at + layout->flags_at) > FLAG_CEILING) return true;
    at += layout->entry_size;
  }
  return false;
}

static const char *format_name(const FsaAppCompatLayout *layout, bool has_file_sizes) {
  if (!has_file_sizes) return layout->format;
  return layout->is_wide ? "2003-x64" : "2003-x86";
}

bool fsa_appcompat_probe(FsaBytes head) {
  return find_layout(head) != NULL;
}

int fsa_appcompat_open(FsaBytes value, FsaAppCompatCache *ret_cache) {
  FsaAppCompatCache cache = {.bytes = value, .count = UINT32_MAX};
  const FsaAppCompatLayout *layout = find_layout(value);
  if (!layout) layout = find_empty_layout(value);
  if (!layout) {
    FsaBytes head = value;
    uint32_t first = fsa_u32(&head, 0);
    *ret_cache = cache;
    if (value.size < 8)
      return fail(ret_cache, FSA_E_FORMAT, 0, "the value has %zu bytes, too few for any layout",
                  value.size);
    return fail(ret_cache, FSA_E_VERSION, 0,
                "unknown layout: the value of %zu bytes begins with 0x%08" PRIX32 ", at 0x%" PRIX32
                " stands 0x%08" PRIX32,
                value.size, first, first < value.size ? first : 128,
                fsa_u32(&head, first < value.size ? first : 128));
  }
  cache.layout = layout;
  cache.at = layout->next == next_slot ? 0 : layout->first;
  if (layout->count_at != NONE) cache.count = fsa_u32(&cache.bytes, layout->count_at);
  cache.bytes.bad = false;
  cache.has_file_sizes = holds_file_sizes(value, layout, cache.count);
  cache.format = format_name(layout, cache.has_file_sizes);
  *ret_cache = cache;
  return FSA_OK;
}

int fsa_appcompat_next(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry) {
  return cache->is_over ? FSA_OK : cache->layout->next(cache, ret_entry);
}

/* ---- Windows XP ------------------------------------------------------------------------------ */

#define XP_SLOTS 96u
#define XP_USED_AT 8u  /* number of places in the list of use */
#define XP_LIST_AT 16u /* the list: slot numbers, the newest first */
#define XP_PATH_BYTES 528u
#define XP_SIZE_AT 536u
#define XP_UPDATED_AT 544u

/* The place of a slot in the list of use; -1 when it has none. */
static int64_t place_of_slot(FsaAppCompatCache *cache, uint32_t slot) {
  uint32_t used = fsa_u32(&cache->bytes, XP_USED_AT);
  for (uint32_t i = 0; i < used && i < XP_SLOTS; i++)
    if (fsa_u32(&cache->bytes, XP_LIST_AT + 4u * i) == slot) return i;
  return -1;
}

/*
 * Steps 0..95 follow the list of use, 96..191 are the slots that it does not name. UINT32_MAX =
 * none.
 */
static uint32_t slot_of_step(FsaAppCompatCache *cache, uint32_t step) {
  uint32_t used = fsa_u32(&cache->bytes, XP_USED_AT);
  if (step >= XP_SLOTS)
    return place_of_slot(cache, step - XP_SLOTS) < 0 ? step - XP_SLOTS : UINT32_MAX;
  if (step >= used) return UINT32_MAX;
  uint32_t slot = fsa_u32(&cache->bytes, XP_LIST_AT + 4u * step);
  /* a slot that the list names twice is one entry, at its newest place */
  return place_of_slot(cache, slot) == step ? slot : UINT32_MAX;
}

/* A path of fixed width: what stands before the first NUL. */
static FsaBytes path_in_slot(FsaBytes slot) {
  FsaBytes path = fsa_slice(&slot, 0, XP_PATH_BYTES);
  size_t size = 0;
  while (size + 2 <= path.size && (path.data[size] || path.data[size + 1])) size += 2;
  return fsa_slice(&path, 0, size);
}

static int next_slot(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry) {
  const FsaAppCompatLayout *layout = cache->layout;
  while (cache->at < 2 * XP_SLOTS) {
    uint32_t slot = slot_of_step(cache, (uint32_t)cache->at++);
    if (slot == UINT32_MAX) continue;
    uint64_t offset = layout->first + (uint64_t)slot * layout->entry_size;
    bool is_named = cache->at <= XP_SLOTS;
    if (slot >= XP_SLOTS || !fsa_bytes_has(&cache->bytes, (size_t)offset, layout->entry_size)) {
      if (!is_named) break; /* the value has no room for more slots */
      return fail(cache, FSA_E_FORMAT, XP_LIST_AT + 4 * (cache->at - 1),
                  "place %zu of the list of use names slot %" PRIu32 ", at %" PRIu64
                  " of a value of %zu bytes",
                  cache->at - 1, slot, offset, cache->bytes.size);
    }
    FsaBytes bytes = fsa_slice(&cache->bytes, (size_t)offset, layout->entry_size);
    FsaBytes path = path_in_slot(bytes);
    if (!is_named && path.size == 0) continue; /* never used */
    *ret_entry = (FsaAppCompatEntry){
        .position = is_named ? (int64_t)cache->at - 1 : -1,
        .path = path,
        .modified = fsa_u64(&bytes, layout->modified_at),
        .file_size = fsa_u64(&bytes, XP_SIZE_AT),
        .has_file_size = true,
        .updated = fsa_u64(&bytes, XP_UPDATED_AT),
        .offset = offset,
    };
    cache->seen++;
    return FSA_ROW;
  }
  cache->is_over = true;
  return FSA_OK;
}

/* ---- Windows 2003 to 7 ----------------------------------------------------------------------- */

static uint64_t pointer(const FsaAppCompatLayout *layout, FsaBytes *entry, size_t at) {
  return layout->is_wide ? fsa_u64(entry, at) : fsa_u32(entry, at);
}

static void read_flags(const FsaAppCompatCache *cache, FsaBytes *entry, FsaAppCompatEntry *result) {
  size_t at = cache->layout->flags_at;
  if (cache->has_file_sizes) {
    result->file_size = fsa_u64(entry, at);
    result->has_file_size = true;
    return;
  }
  result->insert_flags = fsa_u32(entry, at);
  result->shim_flags = fsa_u32(entry, at + 4);
  result->has_flags = true;
  result->executed = result->insert_flags & EXECUTED_FLAG ? FSA_APPCOMPAT_YES : FSA_APPCOMPAT_NO;
}

/* The data that an entry points to. What does not lie in the value stays empty: data_size tells. */
static void read_data(FsaAppCompatCache *cache, FsaBytes *entry, FsaAppCompatEntry *result) {
  const FsaAppCompatLayout *layout = cache->layout;
  if (layout->data_at == NONE) return;
  size_t width = layout->is_wide ? 8 : 4;
  result->data_size = pointer(layout, entry, layout->data_at);
  uint64_t at = pointer(layout, entry, layout->data_at + width);
  result->has_data = true;
  if (at <= SIZE_MAX && result->data_size <= SIZE_MAX &&
      fsa_bytes_has(&cache->bytes, (size_t)at, (size_t)result->data_size))
    result->data = fsa_slice(&cache->bytes, (size_t)at, (size_t)result->data_size);
}

static int next_fixed(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry) {
  const FsaAppCompatLayout *layout = cache->layout;
  if (cache->seen == cache->count) {
    cache->is_over = true;
    return FSA_OK;
  }
  size_t offset = cache->at;
  if (!fsa_bytes_has(&cache->bytes, offset, layout->entry_size)) {
    cache->is_over = true;
    return fail(cache, FSA_E_FORMAT, offset,
                "the header claims %" PRIu32
                " entries, the value of %zu bytes ends behind %" PRIu64,
                cache->count, cache->bytes.size, cache->seen);
  }
  FsaBytes bytes = fsa_slice(&cache->bytes, offset, layout->entry_size);
  size_t size = fsa_u16(&bytes, 0);
  uint64_t path = pointer(layout, &bytes, layout->path_at);
  FsaAppCompatEntry entry = {.position = (int64_t)cache->seen, .offset = offset};
  cache->at += layout->entry_size;
  cache->seen++;
  if (size && (path > SIZE_MAX || !fsa_bytes_has(&cache->bytes, (size_t)path, size)))
    return fail(cache, FSA_E_FORMAT, offset,
                "entry %" PRId64 ": a path of %zu bytes at %" PRIu64
                " leaves the value of %zu bytes",
                entry.position, size, path, cache->bytes.size);
  if (size) entry.path = fsa_slice(&cache->bytes, (size_t)path, size & ~(size_t)1);
  entry.modified = fsa_u64(&bytes, layout->modified_at);
  read_flags(cache, &bytes, &entry);
  read_data(cache, &bytes, &entry);
  *ret_entry = entry;
  return FSA_ROW;
}

/* ---- Windows 8 to 11 ------------------------------------------------------------------------- */

#define SERIAL_HEAD 12u /* signature, an unknown number (a checksum?), the size of what follows */

/* True when only zeros are left: a value is longer than its entries. */
static bool is_padding(const FsaBytes *bytes, size_t at) {
  for (; at < bytes->size; at++)
    if (bytes->data[at]) return false;
  return true;
}

/* Moves to the next entry signature behind `from`, or to the end of the value. */
static void skip_damage(FsaAppCompatCache *cache, size_t from) {
  const FsaBytes *bytes = &cache->bytes;
  while (from < bytes->size && !fsa_bytes_match(bytes, from, cache->layout->entry_magic, 4)) from++;
  cache->at = from;
}

/* Windows 10 and 11: the last four bytes of an entry's data. */
static FsaAppCompatExecuted executed_by_data(FsaBytes data) {
  if (data.size < 4) return FSA_APPCOMPAT_UNKNOWN;
  return fsa_u32(&data, data.size - 4) == 1 ? FSA_APPCOMPAT_YES : FSA_APPCOMPAT_NO;
}

/* The fields of an entry, `body` being what its size covers. False when they do not fit into it. */
static bool read_body(const FsaAppCompatCache *cache, FsaBytes body, FsaAppCompatEntry *entry) {
  const FsaAppCompatLayout *layout = cache->layout;
  size_t size = fsa_u16(&body, 0);
  size_t at = 2 + size;
  entry->path = fsa_slice(&body, 2, size & ~(size_t)1);
  if (layout->has_package) {
    size = fsa_u16(&body, at);
    entry->package = fsa_slice(&body, at + 2, size & ~(size_t)1);
    at += 2 + size;
  }
  entry->modified = fsa_u64(&body, at + layout->modified_at);
  entry->data_size = fsa_u32(&body, at + layout->data_at);
  entry->data = fsa_slice(&body, at + layout->data_at + 4u, (size_t)entry->data_size);
  entry->has_data = true;
  if (layout->flags_at == NONE) {
    entry->executed = executed_by_data(entry->data);
  } else {
    FsaBytes fields = fsa_slice(&body, at, layout->data_at);
    read_flags(cache, &fields, entry);
  }
  return !body.bad;
}

static int next_serial(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry) {
  size_t offset = cache->at;
  if (is_padding(&cache->bytes, offset)) {
    cache->is_over = true;
    return FSA_OK;
  }
  if (!fsa_bytes_match(&cache->bytes, offset, cache->layout->entry_magic, 4)) {
    skip_damage(cache, offset);
    return fail(cache, FSA_E_FORMAT, offset,
                "entry %" PRIu64 ": no '%s' at %zu; %zu bytes were passed over", cache->seen,
                cache->layout->entry_magic, offset, cache->at - offset);
  }
  FsaBytes head = cache->bytes;
  size_t size = fsa_u32(&head, offset + 8);
  FsaAppCompatEntry entry = {.position = (int64_t)cache->seen, .offset = offset};
  bool fits = fsa_bytes_has(&cache->bytes, offset, SERIAL_HEAD) &&
              fsa_bytes_has(&cache->bytes, offset + SERIAL_HEAD, size);
  if (!fits) {
    skip_damage(cache, offset + 4);
    return fail(cache, FSA_E_FORMAT, offset,
                "entry %" PRIu64 ": %zu bytes at %zu leave the value of %zu bytes", cache->seen,
                size, offset, cache->bytes.size);
  }
  FsaBytes body = fsa_slice(&cache->bytes, offset + SERIAL_HEAD, size);
  if (!read_body(cache, body, &entry)) {
    skip_damage(cache, offset + 4);
    return fail(cache, FSA_E_FORMAT, offset,
                "entry %" PRIu64 ": its fields (a path of %u bytes, data of %" PRIu64
                ") leave its %zu bytes",
                cache->seen, fsa_u16(&body, 0), entry.data_size, size);
  }
  cache->at = offset + SERIAL_HEAD + size;
  cache->seen++;
  *ret_entry = entry;
  return FSA_ROW;
}
