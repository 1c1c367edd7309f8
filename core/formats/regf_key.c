/* regf: keys - their facts, their subkeys, and finding one by name. */
#include <stdlib.h>

#include "formats/regf_hive.h"

#define VISIBLE_NUL 0x2400u /* as base/text.h shows an embedded NUL */
#define REPLACEMENT 0xFFFDu

/* ---- names ----------------------------------------------------------------------------------- */

FsaText fsa_regf_name(FsaArena *arena, const uint8_t *name, size_t size, bool is_latin1) {
  if (!is_latin1) return fsa_text_from_utf16(arena, name, size / 2);
  size_t ascii = 0;
  while (ascii < size && name[ascii] - 1u < 0x7Fu) ascii++;
  if (ascii < size) return fsa_text_from_latin1(arena, name, size);
  const char *copy = fsa_arena_copy(arena, name, size);
  return (FsaText){copy, copy ? size : 0};
}

/* One character of a UTF-16 name, as fsa_text_from_utf16() would give it. */
static uint32_t next_wide(const uint8_t *name, size_t size, size_t *at) {
  uint32_t unit = (uint32_t)(name[*at] | name[*at + 1] << 8);
  *at += 2;
  if (unit - 0xD800u >= 0x800u) return unit;
  if (unit < 0xDC00u && size - *at >= 2) {
    uint32_t low = (uint32_t)(name[*at] | name[*at + 1] << 8);
    if (low - 0xDC00u < 0x400u) {
      *at += 2;
      return 0x10000u + ((unit - 0xD800u) << 10) + (low - 0xDC00u);
    }
  }
  return REPLACEMENT;
}

bool fsa_regf_name_same(const uint8_t *name, size_t size, bool is_latin1, const char *text,
                        size_t text_size) {
  size_t i = 0, j = 0;
  if (!is_latin1) size -= size % 2;
  while (i < size && j < text_size) {
    uint32_t x = is_latin1 ? name[i++] : next_wide(name, size, &i);
    uint32_t y = fsa_utf8_next(text, text_size, &j);
    if (x == 0) x = VISIBLE_NUL;
    if (x != y && fsa_upper(x) != fsa_upper(y)) return false;
  }
  return i == size && j == text_size;
}

/* ---- one key --------------------------------------------------------------------------------- */

uint64_t fsa_regf_key_offset(FsaRegfKey key) {
  return key & ~REGF_KEY_DELETED;
}

bool fsa_regf_key_cell(const FsaRegf *hive, FsaRegfKey key, FsaRegfCell *ret_cell) {
  uint64_t offset = fsa_regf_key_offset(key);
  if (offset < REGF_BASE_SIZE || offset >= hive->file.size) return false;
  if (!(key & REGF_KEY_DELETED))
    return fsa_regf_record(hive, fsa_regf_relative(offset), "nk", ret_cell) &&
           ret_cell->bytes.size >= NK_NAME;
  FsaBytes file = hive->file;
  size_t start = (size_t)offset + hive->cell_head;
  if (!fsa_bytes_has(&file, start, NK_NAME) || !fsa_bytes_match(&file, start, "nk", 2))
    return false;
  *ret_cell = (FsaRegfCell){fsa_slice(&file, start, file.size - start), offset};
  return true;
}

/* The name's bytes, as far as the cell holds them. */
static FsaBytes key_name(FsaRegfCell *key) {
  size_t size = fsa_u16(&key->bytes, NK_NAME_SIZE), room = key->bytes.size - NK_NAME;
  return fsa_slice(&key->bytes, NK_NAME, size < room ? size : room);
}

static bool key_is_latin1(const FsaRegf *hive, FsaRegfCell *key) {
  return !hive->has_wide_names && (fsa_u16(&key->bytes, NK_FLAGS) & REGF_KEY_LATIN1);
}

static FsaText key_class(const FsaRegf *hive, FsaRegfCell *key, FsaArena *arena) {
  FsaRegfCell cell;
  size_t size = fsa_u16(&key->bytes, NK_CLASS_SIZE);
  if (size == 0 || !fsa_regf_cell(hive, fsa_u32(&key->bytes, NK_CLASS), &cell))
    return (FsaText){NULL, 0};
  if (size > cell.bytes.size) size = cell.bytes.size;
  return fsa_text_from_utf16(arena, cell.bytes.data, size / 2);
}

static FsaBytes key_security(const FsaRegf *hive, FsaRegfCell *key) {
  FsaRegfCell cell;
  if (!fsa_regf_record(hive, fsa_u32(&key->bytes, NK_SECURITY), "sk", &cell))
    return fsa_bytes(NULL, 0);
  uint32_t size = fsa_u32(&cell.bytes, SK_SIZE);
  return fsa_slice(&cell.bytes, SK_DESCRIPTOR, size);
}

static FsaRegfKey key_parent(const FsaRegf *hive, FsaRegfKey key, FsaRegfCell *record) {
  if (key == hive->root) return 0;
  if (key & REGF_KEY_DELETED) return fsa_regf_deleted_parent(hive, key);
  uint32_t parent = 0;
  if (atomic_load(&hive->lazy->adoptions) &&
      fsa_regf_adopted_by(hive, fsa_regf_relative(key), &parent) == FSA_OK && parent)
    return fsa_regf_file_offset(parent);
  FsaRegfCell cell;
  if (!fsa_regf_record(hive, fsa_u32(&record->bytes, NK_PARENT), "nk", &cell)) return 0;
  return cell.offset;
}

int fsa_regf_key_info(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                      FsaRegfKeyInfo *ret_info) {
  FsaRegfCell cell;
  if (!fsa_regf_key_cell(hive, key, &cell)) return FSA_E_FORMAT;
  FsaBytes name = key_name(&cell);
  FsaText text = fsa_regf_name(arena, name.data, name.size, key_is_latin1(hive, &cell));
  if (!text.data) return FSA_E_NOMEM;
  bool is_deleted = (key & REGF_KEY_DELETED) != 0;
  uint16_t flags = fsa_u16(&cell.bytes, NK_FLAGS);
  int64_t write_time = INT64_MIN;
  fsa_time_from_filetime(fsa_u64(&cell.bytes, NK_TIME), &write_time);
  *ret_info = (FsaRegfKeyInfo){
      .name = text,
      .write_time = write_time,
      .class_name = is_deleted ? (FsaText){NULL, 0} : key_class(hive, &cell, arena),
      .subkey_count = fsa_u32(&cell.bytes, NK_SUBKEY_COUNT),
      /* the field of a predefined key holds a handle */
      .value_count = flags & REGF_KEY_PREDEFINED ? 0 : fsa_u32(&cell.bytes, NK_VALUE_COUNT),
      .flags = flags,
      .parent = key_parent(hive, key, &cell),
      .security = key_security(hive, &cell),
      .offset = cell.offset,
      .is_deleted = is_deleted,
  };
  return FSA_OK;
}

/* ---- subkeys --------------------------------------------------------------------------------- */

/* FSA_ROW when the entry of `parent`'s list is a subkey of it; FSA_OK when not, which is told. */
static int accept_child(const FsaRegf *hive, uint32_t parent, const FsaRegfListEntry *entry,
                        FsaRegfTeller *teller, FsaRegfCell *ret_cell) {
  if (!fsa_regf_record(hive, entry->key, "nk", ret_cell) || ret_cell->bytes.size < NK_NAME) {
    fsa_regf_tell(teller, FSA_E_FORMAT, entry->offset, "the listed subkey 0x%x is no key",
                  entry->key);
    return FSA_OK;
  }
  uint32_t named = fsa_u32(&ret_cell->bytes, NK_PARENT), adopted = 0;
  bool agrees = named == parent;
  if (agrees && !atomic_load(&hive->lazy->adoptions) && ret_cell->offset != hive->root)
    return FSA_ROW;
  int rc = fsa_regf_adopted_by(hive, entry->key, &adopted);
  if (rc < 0) return rc;
  bool is_child = ret_cell->offset != hive->root && (adopted ? adopted == parent : agrees);
  if (!is_child || !agrees)
    fsa_regf_tell(teller, FSA_E_FORMAT, ret_cell->offset,
                  "the key is listed below 0x%x but names 0x%x as its parent: %s", parent, named,
                  is_child ? "shown where it is listed" : "not shown here");
  return is_child ? FSA_ROW : FSA_OK;
}

/* Tells of what can be wrong with a subkey that is shown nevertheless. */
static void check_child(FsaRegfCell *child, FsaRegfTeller *teller) {
  size_t size = fsa_u16(&child->bytes, NK_NAME_SIZE);
  if (size > child->bytes.size - NK_NAME)
    fsa_regf_tell(teller, FSA_E_FORMAT, child->offset,
                  "a name of %zu bytes in a cell with %zu left", size, child->bytes.size - NK_NAME);
}

typedef struct Place {
  FsaRegfKey key;
  size_t index;
} Place;

static int by_key_and_index(const void *a, const void *b) {
  const Place *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

/* Leaves the first of keys that are listed twice: else a few lists could make endless trees. */
static int drop_repeats(FsaRegfKey *keys, size_t *count, FsaArena *arena, FsaRegfTeller *teller) {
  if (*count < 2) return FSA_OK;
  Place *places = fsa_arena_alloc(arena, *count * sizeof *places);
  if (!places) return FSA_E_NOMEM;
  for (size_t i = 0; i < *count; i++) places[i] = (Place){keys[i], i};
  qsort(places, *count, sizeof *places, by_key_and_index);
  size_t repeats = 0;
  for (size_t i = 1; i < *count; i++) {
    if (places[i].key != places[i - 1].key) continue;
    fsa_regf_tell(teller, FSA_E_FORMAT, places[i].key, "the key is listed twice below its parent");
    keys[places[i].index] = 0;
    repeats++;
  }
  if (repeats == 0) return FSA_OK;
  size_t kept = 0;
  for (size_t i = 0; i < *count; i++)
    if (keys[i]) keys[kept++] = keys[i];
  *count = kept;
  return FSA_OK;
}

/* Collects the accepted children into an array that grows in the arena. */
static int collect_children(const FsaRegf *hive, uint32_t parent, FsaRegfListWalk *walk,
                            FsaArena *arena, FsaRegfKey **ret_keys, size_t *ret_count) {
  size_t room = 16, count = 0, strangers = 0;
  FsaRegfKey *keys = fsa_arena_alloc(arena, room * sizeof *keys);
  if (!keys) return FSA_E_NOMEM;
  for (FsaRegfListEntry entry; fsa_regf_list_next(walk, &entry);) {
    FsaRegfCell child;
    int rc = accept_child(hive, parent, &entry, walk->teller, &child);
    if (rc < 0) return rc;
    if (rc != FSA_ROW && ++strangers < FSA_MAX_REGF_STRANGERS) continue;
    if (rc != FSA_ROW) {
      fsa_regf_tell(walk->teller, FSA_E_LIMIT, entry.offset,
                    "the lists of this key name more than %d entries that are not its subkeys: "
                    "what follows is not read",
                    FSA_MAX_REGF_STRANGERS);
      break;
    }
    if (count == room) {
      FsaRegfKey *grown = fsa_arena_grow(arena, keys, room * sizeof *keys, 2 * room * sizeof *keys);
      if (!grown) return FSA_E_NOMEM;
      keys = grown;
      room *= 2;
    }
    check_child(&child, walk->teller);
    keys[count++] = child.offset;
  }
  *ret_keys = keys;
  *ret_count = count;
  return FSA_OK;
}

int fsa_regf_subkeys(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena, FsaRegfProblem *problem,
                     void *context, FsaRegfKey **ret_keys, size_t *ret_count) {
  FsaRegfCell cell;
  if (!fsa_regf_key_cell(hive, key, &cell)) return FSA_E_FORMAT;
  uint32_t claimed = fsa_u32(&cell.bytes, NK_SUBKEY_COUNT);
  uint32_t list = fsa_u32(&cell.bytes, NK_SUBKEY_LIST);
  if ((key & REGF_KEY_DELETED) || claimed == 0) {
    *ret_keys = NULL;
    *ret_count = 0;
    return FSA_OK;
  }
  FsaRegfTeller teller = {.problem = problem, .context = context};
  FsaRegfListWalk walk = fsa_regf_list_walk(hive, list, cell.offset, &teller);
  FsaRegfKey *keys;
  size_t count;
  int rc = collect_children(hive, fsa_regf_relative(key), &walk, arena, &keys, &count);
  if (rc == FSA_OK) rc = drop_repeats(keys, &count, arena, &teller);
  if (rc < 0) return rc;
  if (count != claimed)
    fsa_regf_tell(&teller, FSA_E_FORMAT, cell.offset, "the key claims %u subkeys, %zu are readable",
                  claimed, count);
  fsa_regf_tell_end(&teller);
  *ret_keys = keys;
  *ret_count = count;
  return FSA_OK;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* A name that is looked for, with what the lists know of names. */
typedef struct Wanted {
  const char *name;
  size_t size;
  uint32_t hash; /* as lh lists have it: 37 * hash + upper-case UTF-16 unit */
} Wanted;

static Wanted wanted_name(const char *name, size_t size) {
  Wanted wanted = {name, size, 0};
  for (size_t at = 0; at < size;) {
    uint32_t c = fsa_upper(fsa_utf8_next(name, size, &at));
    if (c > 0xFFFF) {
      wanted.hash = wanted.hash * 37 + (0xD800u + ((c - 0x10000u) >> 10));
      c = 0xDC00u + (c & 0x3FFu);
    }
    wanted.hash = wanted.hash * 37 + c;
  }
  return wanted;
}

/* False when a leaf's hint says that the entry has another name. Only a hint: lists may be damaged.
 */
static bool hint_fits(const FsaRegfListEntry *entry, const Wanted *wanted) {
  if (entry->kind == 'h') return entry->hint == wanted->hash;
  if (entry->kind != 'f') return true;
  for (size_t i = 0; i < 4; i++) {
    uint8_t letter = (uint8_t)(entry->hint >> 8 * i);
    uint8_t mine = i < wanted->size ? (uint8_t)wanted->name[i] : 0;
    if (letter >= 0x80 || mine >= 0x80 || letter == 0) return true;
    if (fsa_upper(letter) != fsa_upper(mine)) return false;
  }
  return true;
}

/* One pass over the lists: over the entries whose hint fits, or over the others. */
static int find_pass(const FsaRegf *hive, FsaRegfKey key, uint32_t list, const Wanted *wanted,
                     bool fitting, FsaRegfKey *ret_key) {
  FsaRegfTeller quiet = {0};
  FsaRegfListWalk walk = fsa_regf_list_walk(hive, list, key, &quiet);
  for (FsaRegfListEntry entry; fsa_regf_list_next(&walk, &entry);) {
    FsaRegfCell child;
    if (hint_fits(&entry, wanted) != fitting) continue;
    int rc = accept_child(hive, fsa_regf_relative(key), &entry, &quiet, &child);
    if (rc < 0) return rc;
    if (rc != FSA_ROW) continue;
    FsaBytes name = key_name(&child);
    if (!fsa_regf_name_same(name.data, name.size, key_is_latin1(hive, &child), wanted->name,
                            wanted->size))
      continue;
    *ret_key = child.offset;
    return FSA_OK;
  }
  return FSA_E_ABSENT;
}

int fsa_regf_find(const FsaRegf *hive, FsaRegfKey key, const char *name, size_t name_size,
                  FsaRegfKey *ret_key) {
  FsaRegfCell cell;
  if (!fsa_regf_key_cell(hive, key, &cell)) return FSA_E_FORMAT;
  uint32_t list = fsa_u32(&cell.bytes, NK_SUBKEY_LIST);
  if ((key & REGF_KEY_DELETED) || fsa_u32(&cell.bytes, NK_SUBKEY_COUNT) == 0) return FSA_E_ABSENT;
  Wanted wanted = wanted_name(name, name_size);
  int rc = find_pass(hive, key, list, &wanted, true, ret_key);
  if (rc == FSA_E_ABSENT) rc = find_pass(hive, key, list, &wanted, false, ret_key);
  return rc;
}
