/*
 * regf: recovery of deleted keys and values.
 *
 * A walk over the live tree marks every four bytes that a live record uses; what is left - free
 * cells, slack behind records, cells that nothing refers to, the file behind the last bin - is
 * searched for nk and vk records where a cell may have started. Windows joins neighbouring free
 * cells but leaves their bytes, so old records keep their place and their own size in front. A
 * record counts when that size and all its fields are plausible and none of its bytes is in use.
 */
#include <stdlib.h>

#include "formats/regf_hive.h"

/* What a record that was once in use does not have. */
enum {
  KEY_FLAGS_UNKNOWN = 0x0C00,
  KEY_NAME_MOST = 512, /* 255 characters in Windows */
  RECORD_MOST = VK_NAME + 32768 + 16,
  VALUE_NAME_MOST = 32768, /* 16383 characters in Windows */
  VALUE_TYPE_MOST =
      0xFFFF, /* SAM keeps numbers of accounts there; device properties use 0xFFFFnnnn */
};

#define TIME_LEAST (INT64_C(631152000) * FSA_NS_PER_SECOND) /* 1990 */
#define TIME_MOST (INT64_C(4102444800) * FSA_NS_PER_SECOND) /* 2100 */

/* A recovered key or value, and the key it belongs to (0 unknown). */
typedef struct Found {
  FsaRegfKey item; /* key handle, or the file offset of a vk cell */
  FsaRegfKey owner;
} Found;

typedef struct FoundList {
  Found *items;
  size_t count, room;
} FoundList;

struct FsaRegfDeleted {
  uint64_t *used;      /* bit n: the 4 bytes at REGF_BASE_SIZE + 4 n belong to a live record */
  uint64_t *live_keys; /* bit n: a live key's cell starts at REGF_BASE_SIZE + 8 n */
  size_t slots;        /* bits of `used`; `live_keys` has half as many */
  FoundList keys;      /* by handle */
  FoundList values;    /* by owner, then offset */
  FsaRegfKey *handles; /* the keys by owner, then offset */
};

static int found_add(FoundList *list, FsaRegfKey item) {
  if (list->count == list->room) {
    size_t room = list->room ? list->room * 2 : 64;
    Found *grown = realloc(list->items, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    list->items = grown;
    list->room = room;
  }
  list->items[list->count++] = (Found){item, 0};
  return FSA_OK;
}

static int by_item(const void *a, const void *b) {
  FsaRegfKey x = ((const Found *)a)->item, y = ((const Found *)b)->item;
  return (x > y) - (x < y);
}

static int by_owner(const void *a, const void *b) {
  const Found *x = a, *y = b;
  if (x->owner != y->owner) return x->owner < y->owner ? -1 : 1;
  return by_item(a, b);
}

static Found *found_item(const FoundList *list, FsaRegfKey item) {
  Found wanted = {item, 0};
  return list->count ? bsearch(&wanted, list->items, list->count, sizeof wanted, by_item) : NULL;
}

/* The run of a list that is sorted by owner. */
static size_t found_run(const FoundList *list, FsaRegfKey owner, size_t *ret_count) {
  size_t low = 0, high = list->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (list->items[middle].owner < owner)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < list->count && list->items[end].owner == owner) end++;
  *ret_count = end - low;
  return low;
}

/* ---- what is in use -------------------------------------------------------------------------- */

static bool bit_get(const uint64_t *bits, size_t slot) {
  return bits[slot / 64] >> slot % 64 & 1;
}

static void bit_set(uint64_t *bits, size_t slot) {
  bits[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* True when something marked the cell before: it is shared, and need not be gone through again. */
static bool is_marked(const FsaRegfDeleted *deleted, const FsaRegf *hive, uint32_t relative) {
  FsaRegfCell cell;
  return fsa_regf_cell(hive, relative, &cell) && bit_get(deleted->used, relative / 4);
}

/* Marks the head of a cell and `size` bytes of its content, unless they are: data may be shared. */
static void mark(FsaRegfDeleted *deleted, const FsaRegf *hive, FsaRegfCell cell, uint64_t size) {
  if (size > cell.bytes.size) size = cell.bytes.size;
  uint64_t start = cell.offset - REGF_BASE_SIZE, end = start + hive->cell_head + size;
  uint64_t last = (end + 3) / 4;
  if (last > deleted->slots) last = deleted->slots;
  if (last && bit_get(deleted->used, (size_t)(start / 4)) &&
      bit_get(deleted->used, (size_t)(last - 1)))
    return;
  for (uint64_t slot = start / 4; slot < last; slot++) bit_set(deleted->used, (size_t)slot);
}

/* Marks `size` bytes of the cell at `relative`, when one is there. */
static bool mark_at(FsaRegfDeleted *deleted, const FsaRegf *hive, uint32_t relative, uint64_t size,
                    FsaRegfCell *ret_cell) {
  if (!fsa_regf_cell(hive, relative, ret_cell)) return false;
  mark(deleted, hive, *ret_cell, size);
  return true;
}

static void mark_data(FsaRegfDeleted *deleted, const FsaRegf *hive, FsaRegfCell value) {
  uint32_t size = fsa_u32(&value.bytes, VK_SIZE), at = fsa_u32(&value.bytes, VK_DATA);
  FsaRegfCell cell, list, segment;
  if (size == 0 || (size & REGF_DATA_INLINE)) return;
  bool is_shared = is_marked(deleted, hive, at);
  if (!mark_at(deleted, hive, at, size, &cell)) return;
  if (size <= cell.bytes.size || !fsa_bytes_match(&cell.bytes, 0, "db", 2)) return;
  if (is_shared) return;
  uint32_t count = fsa_u16(&cell.bytes, DB_COUNT);
  if (!mark_at(deleted, hive, fsa_u32(&cell.bytes, DB_LIST), 4 * (uint64_t)count, &list)) return;
  for (uint32_t i = 0; i < count && fsa_bytes_has(&list.bytes, 4 * (size_t)i, 4); i++) {
    uint32_t take = size < REGF_SEGMENT ? size : REGF_SEGMENT;
    mark_at(deleted, hive, fsa_u32(&list.bytes, 4 * (size_t)i), take, &segment);
    size -= take;
  }
}

static void mark_values(FsaRegfDeleted *deleted, const FsaRegf *hive, FsaRegfCell *key) {
  FsaRegfValueList list = fsa_regf_value_list(hive, key);
  FsaRegfCell cell;
  if (list.count && is_marked(deleted, hive, list.cell)) return;
  if (list.count) mark_at(deleted, hive, list.cell, 4 * (uint64_t)list.count, &cell);
  for (uint32_t i = 0; i < list.count; i++) {
    if (!fsa_regf_record(hive, fsa_u32(&list.entries, 4 * (size_t)i), "vk", &cell)) continue;
    mark(deleted, hive, cell, VK_NAME + (uint64_t)fsa_u16(&cell.bytes, VK_NAME_SIZE));
    mark_data(deleted, hive, cell);
  }
}

static void mark_lists(FsaRegfDeleted *deleted, const FsaRegf *hive, FsaRegfCell key) {
  FsaRegfTeller quiet = {0};
  uint32_t list = fsa_u32(&key.bytes, NK_SUBKEY_LIST);
  if (fsa_u32(&key.bytes, NK_SUBKEY_COUNT) == 0 || is_marked(deleted, hive, list)) return;
  FsaRegfListWalk walk = fsa_regf_list_walk(hive, list, key.offset, &quiet);
  if (walk.root_count) mark(deleted, hive, walk.root, 4 + 4 * (uint64_t)walk.root_count);
  for (FsaRegfListEntry entry; fsa_regf_list_next(&walk, &entry);) {
    mark(deleted, hive, walk.leaf, 4 + (uint64_t)walk.stride * walk.count);
    walk.index = walk.count; /* to the next leaf */
  }
}

static void mark_key(FsaRegfDeleted *deleted, const FsaRegf *hive, FsaRegfCell key) {
  FsaRegfCell cell;
  bit_set(deleted->live_keys, (size_t)(key.offset - REGF_BASE_SIZE) / 8);
  mark(deleted, hive, key, NK_NAME + (uint64_t)fsa_u16(&key.bytes, NK_NAME_SIZE));
  if (fsa_regf_record(hive, fsa_u32(&key.bytes, NK_SECURITY), "sk", &cell))
    mark(deleted, hive, cell, SK_DESCRIPTOR + (uint64_t)fsa_u32(&cell.bytes, SK_SIZE));
  uint16_t class_size = fsa_u16(&key.bytes, NK_CLASS_SIZE);
  if (class_size) mark_at(deleted, hive, fsa_u32(&key.bytes, NK_CLASS), class_size, &cell);
  mark_values(deleted, hive, &key);
  mark_lists(deleted, hive, key);
}

/* Calls mark_key() for every live key. The stack holds keys, their subkeys come from a scratch
 * arena. */
static int mark_tree(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  FoundList stack = {0};
  FsaArena scratch = fsa_arena(0);
  int rc = hive->root ? found_add(&stack, hive->root) : FSA_OK;
  while (rc == FSA_OK && stack.count) {
    FsaRegfKey key = stack.items[--stack.count].item, *children;
    FsaRegfCell cell;
    size_t count;
    if (!fsa_regf_key_cell(hive, key, &cell)) continue;
    mark_key(deleted, hive, cell);
    fsa_arena_clear(&scratch);
    rc = fsa_regf_subkeys(hive, key, &scratch, NULL, NULL, &children, &count);
    for (size_t i = 0; rc == FSA_OK && i < count; i++) rc = found_add(&stack, children[i]);
  }
  fsa_arena_done(&scratch);
  free(stack.items);
  return rc;
}

/* ---- freed cells ----------------------------------------------------------------------------- */

/* The bytes of [start, end), relative, up to the first that is in use. */
static uint64_t unused_until(const FsaRegfDeleted *deleted, uint64_t start, uint64_t end) {
  for (uint64_t slot = start / 4; slot < (end + 3) / 4; slot++)
    if (slot >= deleted->slots || bit_get(deleted->used, (size_t)slot)) return slot * 4;
  return end;
}

/* The content of [offset + head, offset + size) up to the first byte that is in use again. */
static bool freed_content(const FsaRegf *hive, const FsaRegfDeleted *deleted, uint32_t relative,
                          uint64_t size, FsaRegfCell *ret_cell) {
  FsaBytes file = hive->file;
  uint64_t start = (uint64_t)relative + hive->cell_head;
  uint64_t end = unused_until(deleted, start, (uint64_t)relative + size);
  if (end <= start) return false;
  ret_cell->bytes = fsa_slice(&file, (size_t)(REGF_BASE_SIZE + start), (size_t)(end - start));
  ret_cell->offset = fsa_regf_file_offset(relative);
  return true;
}

/* What is left of a freed cell, by the size that still stands in front of it. */
static bool freed_cell_in(const FsaRegf *hive, const FsaRegfDeleted *deleted, uint32_t relative,
                          FsaRegfCell *ret_cell) {
  FsaBytes file = hive->file;
  uint64_t offset = fsa_regf_file_offset(relative);
  if (relative % 8 || offset >= file.size || file.size - offset < 8) return false;
  int32_t signed_size = (int32_t)fsa_u32(&file, (size_t)offset);
  uint32_t size = signed_size < 0 ? 0u - (uint32_t)signed_size : (uint32_t)signed_size;
  if (size % 8 || size <= hive->cell_head || size > file.size - offset) return false;
  if (bit_get(deleted->used, relative / 4)) return false;
  return freed_content(hive, deleted, relative, size, ret_cell);
}

/*
 * What is left of a freed record. Other data may have reached into the size in front of it - data
 * ends at any byte, cells at eight - and then the record may go on up to the next byte in use.
 */
static bool freed_record(const FsaRegf *hive, const FsaRegfDeleted *deleted, uint32_t relative,
                         FsaRegfCell *ret_cell) {
  uint64_t offset = fsa_regf_file_offset(relative);
  if (freed_cell_in(hive, deleted, relative, ret_cell)) return true;
  if (relative % 8 || offset >= hive->file.size || hive->file.size - offset < 8) return false;
  uint64_t left = hive->file.size - offset;
  return freed_content(hive, deleted, relative, left < RECORD_MOST ? left : RECORD_MOST, ret_cell);
}

static bool freed_cell(const FsaRegf *hive, uint32_t relative, FsaRegfCell *ret_cell) {
  return freed_cell_in(hive, atomic_load(&hive->lazy->deleted), relative, ret_cell);
}

/* ---- plausible records ----------------------------------------------------------------------- */

static bool name_is_plausible(FsaBytes *record, size_t offset, size_t size, bool is_latin1) {
  if (!fsa_bytes_has(record, offset, size) || (!is_latin1 && size % 2)) return false;
  for (size_t i = 0; i < size; i += is_latin1 ? 1 : 2) {
    uint32_t unit = is_latin1 ? fsa_u8(record, offset + i) : fsa_u16(record, offset + i);
    if (unit >= 0xFFFE || (unit && unit < 0x20)) return false;
  }
  return true;
}

static bool offset_is_plausible(const FsaRegf *hive, uint32_t relative) {
  return relative == REGF_NOWHERE || (relative % 8 == 0 && relative < hive->file.size);
}

static bool key_is_plausible(const FsaRegf *hive, FsaBytes record) {
  uint16_t flags = fsa_u16(&record, NK_FLAGS);
  size_t name_size = fsa_u16(&record, NK_NAME_SIZE);
  int64_t time;
  if (record.size < NK_NAME || flags & KEY_FLAGS_UNKNOWN) return false;
  if (name_size == 0 || name_size > KEY_NAME_MOST) return false;
  if (!fsa_time_from_filetime(fsa_u64(&record, NK_TIME), &time)) return false;
  if (time < TIME_LEAST || time > TIME_MOST) return false;
  if (fsa_u32(&record, NK_SUBKEY_COUNT) > hive->file.size / NK_NAME) return false;
  if (!(flags & REGF_KEY_PREDEFINED) &&
      fsa_u32(&record, NK_VALUE_COUNT) > hive->file.size / VK_NAME)
    return false;
  if (!offset_is_plausible(hive, fsa_u32(&record, NK_SUBKEY_LIST)) ||
      !offset_is_plausible(hive, fsa_u32(&record, NK_SECURITY)))
    return false;
  return name_is_plausible(&record, NK_NAME, name_size,
                           !hive->has_wide_names && (flags & REGF_KEY_LATIN1));
}

static bool value_is_plausible(const FsaRegf *hive, FsaBytes record) {
  uint16_t flags = hive->has_wide_names ? 0 : fsa_u16(&record, VK_FLAGS);
  size_t name_size = fsa_u16(&record, VK_NAME_SIZE);
  uint32_t size = fsa_u32(&record, VK_SIZE), data = fsa_u32(&record, VK_DATA);
  uint32_t type = fsa_u32(&record, VK_TYPE);
  if (record.size < VK_NAME || flags > 3 || name_size > VALUE_NAME_MOST) return false;
  if (type > VALUE_TYPE_MOST && type < 0xFFFF0000u) return false;
  if (size & REGF_DATA_INLINE) {
    if ((size & ~REGF_DATA_INLINE) > 4) return false;
  } else if (size && (size > hive->file.size || data == 0 || data == REGF_NOWHERE ||
                      !offset_is_plausible(hive, data))) {
    return false;
  }
  return name_is_plausible(&record, VK_NAME, name_size, flags & REGF_VALUE_LATIN1);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Looks at one place; gives how far the search can go on behind it. */
static int search_at(FsaRegfDeleted *deleted, const FsaRegf *hive, uint32_t relative,
                     uint32_t *ret_skip) {
  FsaRegfCell cell;
  *ret_skip = 8;
  if (!freed_record(hive, deleted, relative, &cell)) return FSA_OK;
  size_t size;
  int rc;
  if (fsa_u8(&cell.bytes, 0) == 'n' && key_is_plausible(hive, cell.bytes)) {
    size = NK_NAME + (size_t)fsa_u16(&cell.bytes, NK_NAME_SIZE);
    rc = found_add(&deleted->keys, REGF_KEY_DELETED | cell.offset);
  } else if (fsa_u8(&cell.bytes, 0) == 'v' && value_is_plausible(hive, cell.bytes)) {
    size = VK_NAME + (size_t)fsa_u16(&cell.bytes, VK_NAME_SIZE);
    rc = found_add(&deleted->values, cell.offset);
  } else {
    return FSA_OK;
  }
  *ret_skip = (uint32_t)((hive->cell_head + size + 7) / 8 * 8);
  return rc;
}

static int search_unused(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  size_t size = hive->file.size - REGF_BASE_SIZE;
  const uint8_t *bins = hive->file.data + REGF_BASE_SIZE;
  for (size_t at = 0; size - at >= 8 + hive->cell_head;) {
    uint32_t skip = 8;
    const uint8_t *record = bins + at + hive->cell_head;
    if (!bit_get(deleted->used, (at + hive->cell_head) / 4) && record[1] == 'k' &&
        (record[0] == 'n' || record[0] == 'v')) {
      int rc = search_at(deleted, hive, (uint32_t)at, &skip);
      if (rc < 0) return rc;
    }
    if (skip > size - at) break;
    at += skip;
  }
  return FSA_OK;
}

/* ---- who belongs to whom --------------------------------------------------------------------- */

/* Gives the values that entries [from, to) of a value list name to a key, unless they have one. */
static void own_values(FsaRegfDeleted *deleted, FsaBytes entries, uint32_t from, uint64_t to,
                       FsaRegfKey owner) {
  for (uint64_t i = from; i < to && fsa_bytes_has(&entries, 4 * (size_t)i, 4); i++) {
    uint32_t relative = fsa_u32(&entries, 4 * (size_t)i);
    Found *value = found_item(&deleted->values, fsa_regf_file_offset(relative));
    if (value && value->owner == 0) value->owner = owner;
  }
}

/* A recovered key names its value list, as long as nothing else has taken its place. */
static void own_values_of_deleted(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  for (size_t i = 0; i < deleted->keys.count; i++) {
    FsaRegfKey key = deleted->keys.items[i].item;
    FsaRegfCell cell, list;
    if (!fsa_regf_key_cell(hive, key, &cell)) continue;
    if (fsa_u16(&cell.bytes, NK_FLAGS) & REGF_KEY_PREDEFINED) continue;
    uint32_t count = fsa_u32(&cell.bytes, NK_VALUE_COUNT);
    if (count && freed_cell_in(hive, deleted, fsa_u32(&cell.bytes, NK_VALUE_LIST), &list))
      own_values(deleted, list.bytes, 0, count, key);
  }
}

/* The list of a live key keeps entries of deleted values behind its count. */
static void own_values_of_live(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  for (size_t slot = 0; slot < deleted->slots / 2; slot++) {
    if (deleted->live_keys[slot / 64] == 0) {
      slot |= 63;
      continue;
    }
    FsaRegfCell cell;
    FsaRegfKey key = REGF_BASE_SIZE + 8 * (FsaRegfKey)slot;
    if (!bit_get(deleted->live_keys, slot) || !fsa_regf_key_cell(hive, key, &cell)) continue;
    FsaRegfValueList list = fsa_regf_value_list(hive, &cell);
    if (list.count) own_values(deleted, list.entries, list.count, UINT32_MAX, key);
  }
}

static void find_parents(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  for (size_t i = 0; i < deleted->keys.count; i++) {
    Found *key = &deleted->keys.items[i];
    FsaRegfCell cell;
    if (!fsa_regf_key_cell(hive, key->item, &cell)) continue;
    uint32_t parent = fsa_u32(&cell.bytes, NK_PARENT);
    uint64_t offset = fsa_regf_file_offset(parent);
    if (parent % 8 == 0 && parent / 4 < deleted->slots && bit_get(deleted->live_keys, parent / 8))
      key->owner = offset;
    else if (offset != cell.offset && found_item(&deleted->keys, REGF_KEY_DELETED | offset))
      key->owner = REGF_KEY_DELETED | offset;
  }
}

/* Parents that form a circle, or a chain deeper than the registry can be, are unknown. */
static int cut_circles(FsaRegfDeleted *deleted) {
  Found *keys = deleted->keys.items;
  size_t count = deleted->keys.count, *parents = malloc((count + 1) * sizeof *parents);
  if (!parents) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    bool is_deleted = (keys[i].owner & REGF_KEY_DELETED) != 0;
    parents[i] = is_deleted ? (size_t)(found_item(&deleted->keys, keys[i].owner) - keys) : count;
  }
  for (size_t i = 0; i < count; i++) {
    int depth = 0;
    for (size_t at = i; parents[at] < count && depth <= FSA_MAX_REGF_DEPTH; depth++)
      at = parents[at];
    if (depth <= FSA_MAX_REGF_DEPTH) continue;
    keys[i].owner = 0;
    parents[i] = count;
  }
  free(parents);
  return FSA_OK;
}

/* ---- all together ---------------------------------------------------------------------------- */

void fsa_regf_deleted_free(FsaRegfDeleted *deleted) {
  if (!deleted) return;
  free(deleted->used);
  free(deleted->live_keys);
  free(deleted->keys.items);
  free(deleted->values.items);
  free(deleted->handles);
  free(deleted);
}

/* The order in which keys are given: by parent. `keys` itself stays in the order of handles. */
static int make_handles(FsaRegfDeleted *deleted) {
  size_t count = deleted->keys.count;
  Found *ordered = malloc((count + 1) * sizeof *ordered);
  deleted->handles = malloc((count + 1) * sizeof *deleted->handles);
  if (!ordered || !deleted->handles) {
    free(ordered);
    return FSA_E_NOMEM;
  }
  if (count) {
    memcpy(ordered, deleted->keys.items, count * sizeof *ordered);
    qsort(ordered, count, sizeof *ordered, by_owner);
  }
  for (size_t i = 0; i < count; i++) deleted->handles[i] = ordered[i].item;
  free(ordered);
  return FSA_OK;
}

static int recover(FsaRegfDeleted *deleted, const FsaRegf *hive) {
  deleted->slots = (hive->file.size - REGF_BASE_SIZE + 3) / 4;
  size_t words = deleted->slots / 64 + 1;
  deleted->used = calloc(words, sizeof *deleted->used);
  deleted->live_keys = calloc(words, sizeof *deleted->live_keys);
  if (!deleted->used || !deleted->live_keys) return FSA_E_NOMEM;
  int rc = mark_tree(deleted, hive);
  if (rc == FSA_OK) rc = search_unused(deleted, hive);
  if (rc < 0) return rc;
  own_values_of_deleted(deleted, hive);
  own_values_of_live(deleted, hive);
  find_parents(deleted, hive);
  rc = cut_circles(deleted);
  if (rc < 0) return rc;
  if (deleted->values.count)
    qsort(deleted->values.items, deleted->values.count, sizeof *deleted->values.items, by_owner);
  return make_handles(deleted);
}

/* Computes what was deleted, once; the loser of a race throws its equal answer away. */
static int need_deleted(const FsaRegf *hive, const FsaRegfDeleted **ret_deleted) {
  FsaRegfDeleted *deleted = atomic_load(&hive->lazy->deleted), *other = NULL;
  if (!deleted) {
    deleted = calloc(1, sizeof *deleted);
    int rc = deleted ? recover(deleted, hive) : FSA_E_NOMEM;
    if (rc < 0) {
      fsa_regf_deleted_free(deleted);
      return rc;
    }
    if (!atomic_compare_exchange_strong(&hive->lazy->deleted, &other, deleted)) {
      fsa_regf_deleted_free(deleted);
      deleted = other;
    }
  }
  *ret_deleted = deleted;
  return FSA_OK;
}

int fsa_regf_deleted_keys(FsaRegf *hive, const FsaRegfKey **ret_keys, size_t *ret_count) {
  const FsaRegfDeleted *deleted;
  int rc = need_deleted(hive, &deleted);
  if (rc < 0) return rc;
  *ret_keys = deleted->handles;
  *ret_count = deleted->keys.count;
  return FSA_OK;
}

FsaRegfKey fsa_regf_deleted_parent(const FsaRegf *hive, FsaRegfKey key) {
  const FsaRegfDeleted *deleted = atomic_load(&hive->lazy->deleted);
  const Found *found = deleted ? found_item(&deleted->keys, key) : NULL;
  return found ? found->owner : 0;
}

int fsa_regf_deleted_subkeys(FsaRegf *hive, FsaRegfKey key, const FsaRegfKey **ret_keys,
                             size_t *ret_count) {
  const FsaRegfDeleted *deleted;
  int rc = need_deleted(hive, &deleted);
  if (rc < 0) return rc;
  size_t low = 0, high = deleted->keys.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (fsa_regf_deleted_parent(hive, deleted->handles[middle]) < key)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < deleted->keys.count && fsa_regf_deleted_parent(hive, deleted->handles[end]) == key)
    end++;
  *ret_keys = deleted->handles + low;
  *ret_count = end - low;
  return FSA_OK;
}

int fsa_regf_deleted_key_values(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                                FsaRegfValue **ret_values, size_t *ret_count) {
  const FsaRegfDeleted *deleted;
  int rc = need_deleted(hive, &deleted);
  if (rc < 0) return rc;
  FsaRegfTeller quiet = {0};
  size_t run, first = found_run(&deleted->values, key, &run), count = 0;
  FsaRegfValue *values = fsa_arena_alloc(arena, run * sizeof *values);
  if (!values) return FSA_E_NOMEM;
  for (size_t i = first; i < first + run; i++) {
    FsaRegfCell record;
    uint32_t relative = fsa_regf_relative(deleted->values.items[i].item);
    if (!freed_record(hive, deleted, relative, &record)) continue;
    rc = fsa_regf_value_read(hive, &record, freed_cell, arena, &quiet, &values[count]);
    if (rc == FSA_E_NOMEM) return rc;
    if (rc < 0) continue;
    values[count++].is_deleted = true;
  }
  *ret_values = values;
  *ret_count = count;
  return FSA_OK;
}

int fsa_regf_deleted_values(FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                            FsaRegfValue **ret_values, size_t *ret_count) {
  return fsa_regf_deleted_key_values(hive, key, arena, ret_values, ret_count);
}
