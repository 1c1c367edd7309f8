/* The loader's lists; see nt_modules.h. */
#include "formats/nt_modules.h"

#include "base/limits.h"

enum { LISTS = 3, WINDOWS_8 = 9200, LARGEST_RECORD = 0x118, LOADER_BYTES = 0x40 };

/* Where things stand in PEB_LDR_DATA, in a record and in LDR_DDAG_NODE; 0 = there is none. */
typedef struct Layout {
  size_t pointer;      /* bytes of an address */
  size_t heads[LISTS]; /* in PEB_LDR_DATA: load, memory, initialization order */
  size_t links[LISTS]; /* in the record */
  size_t base, entry_point, size, path, name;
  size_t short_count; /* 16 bits; until Windows 7 */
  size_t timestamp;
  size_t node, node_count; /* the LDR_DDAG_NODE that counts references; since Windows 8 */
  size_t load_time, load_reason;
  size_t record; /* bytes that are read of it */
} Layout;

static const Layout layout_64 = {
    .pointer = 8,
    .heads = {0x10, 0x20, 0x30},
    .links = {0, 0x10, 0x20},
    .base = 0x30,
    .entry_point = 0x38,
    .size = 0x40,
    .path = 0x48,
    .name = 0x58,
    .timestamp = 0x80,
    .node = 0x98,
    .node_count = 0x18,
    .load_time = 0x100,
    .load_reason = 0x10C,
    .record = 0x110,
};
static const Layout layout_64_windows_7 = {
    .pointer = 8,
    .heads = {0x10, 0x20, 0x30},
    .links = {0, 0x10, 0x20},
    .base = 0x30,
    .entry_point = 0x38,
    .size = 0x40,
    .path = 0x48,
    .name = 0x58,
    .short_count = 0x6C,
    .timestamp = 0x80,
    .load_time = 0xD8,
    .record = 0xE0,
};
static const Layout layout_32 = {
    .pointer = 4,
    .heads = {0x0C, 0x14, 0x1C},
    .links = {0, 0x08, 0x10},
    .base = 0x18,
    .entry_point = 0x1C,
    .size = 0x20,
    .path = 0x24,
    .name = 0x2C,
    .timestamp = 0x44,
    .node = 0x50,
    .node_count = 0x0C,
    .load_time = 0x88,
    .load_reason = 0x94,
    .record = 0x98,
};
static const Layout layout_32_windows_7 = {
    .pointer = 4,
    .heads = {0x0C, 0x14, 0x1C},
    .links = {0, 0x08, 0x10},
    .base = 0x18,
    .entry_point = 0x1C,
    .size = 0x20,
    .path = 0x24,
    .name = 0x2C,
    .short_count = 0x38,
    .timestamp = 0x44,
    .load_time = 0x70,
    .record = 0x78,
};

typedef struct Walk {
  const FsaNtReader *reader;
  const Layout *layout;
  FsaArena *arena;
  FsaNtModules modules;
  uint64_t (*next)[LISTS]; /* of each module: where its links lead */
  size_t room;             /* elements of modules.list and next */
  uint16_t *table;         /* by the record's address: index of the module + 1; 0 = empty */
  size_t text_size;        /* bytes of texts so far */
} Walk;

enum { TABLE_SLOTS = 2 * FSA_MAX_MODULES };
_Static_assert(FSA_MAX_MODULES < UINT16_MAX, "an index and one more fit the table");

static int damaged(Walk *walk, int code, uint64_t address) {
  if (walk->modules.damage == FSA_OK) {
    walk->modules.damage = code;
    walk->modules.damage_at = address;
  }
  return code;
}

static uint64_t pointer_at(const Layout *layout, FsaBytes *bytes, size_t offset) {
  return layout->pointer == 8 ? fsa_u64(bytes, offset) : fsa_u32(bytes, offset);
}

/* ---- records --------------------------------------------------------------------------------- */

/* The table's slot of a record: its own, or the empty one where it belongs. */
static uint16_t *slot_of(const Walk *walk, uint64_t record) {
  size_t at = (size_t)((record >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 40) % TABLE_SLOTS;
  while (walk->table[at] && walk->modules.list[walk->table[at] - 1].record != record)
    at = (at + 1) % TABLE_SLOTS;
  return &walk->table[at];
}

/* A text that cannot be read stays unknown: the record is true without it. */
static int read_text(Walk *walk, FsaBytes *record, size_t offset, FsaText *ret_text) {
  const uint16_t size = fsa_u16(record, offset) & 0xFFFEu;
  const size_t at = offset + (walk->layout->pointer == 8 ? 8 : 4);
  const uint64_t address = pointer_at(walk->layout, record, at);
  if (size == 0) {
    *ret_text = (FsaText){"", 0};
    return FSA_OK;
  }
  if (size > FSA_MAX_MODULE_TEXT - walk->text_size) {
    damaged(walk, FSA_E_LIMIT, address);
    return FSA_OK;
  }
  walk->text_size += size;
  uint8_t *units = fsa_arena_alloc(walk->arena, size);
  if (!units) return FSA_E_NOMEM;
  if (walk->reader->read(walk->reader->context, address, units, size) != FSA_OK) return FSA_OK;
  *ret_text = fsa_text_from_utf16(walk->arena, units, size / 2u);
  return ret_text->data ? FSA_OK : FSA_E_NOMEM;
}

/* Until Windows 7 in the record, 0xFFFF for one that stays; later in a node of its own. */
static int64_t load_count(Walk *walk, FsaBytes *record) {
  const Layout *layout = walk->layout;
  if (layout->short_count) {
    const uint16_t count = fsa_u16(record, layout->short_count);
    return count == UINT16_MAX ? -1 : (int64_t)count;
  }
  const uint64_t node = pointer_at(layout, record, layout->node);
  uint8_t bytes[4];
  if (node == 0 || walk->reader->read(walk->reader->context, node + layout->node_count, bytes,
                                      sizeof bytes) != FSA_OK)
    return -1;
  FsaBytes view = fsa_bytes(bytes, sizeof bytes);
  const uint32_t count = fsa_u32(&view, 0);
  return count == UINT32_MAX ? -1 : (int64_t)count;
}

static int take_record(Walk *walk, uint64_t address, FsaBytes *record, FsaNtModule *module) {
  const Layout *layout = walk->layout;
  *module = (FsaNtModule){
      .record = address,
      .base = pointer_at(layout, record, layout->base),
      .entry_point = pointer_at(layout, record, layout->entry_point),
      .size = fsa_u32(record, layout->size),
      .timestamp = fsa_u32(record, layout->timestamp),
      .load_time = fsa_u64(record, layout->load_time),
      .load_reason = layout->load_reason ? (int32_t)fsa_u32(record, layout->load_reason) : -1,
      .load_count = load_count(walk, record),
  };
  int result = read_text(walk, record, layout->path, &module->path);
  if (result == FSA_OK) result = read_text(walk, record, layout->name, &module->name);
  return result;
}

static int make_room(Walk *walk) {
  if (walk->modules.count < walk->room) return FSA_OK;
  const size_t room = walk->room ? walk->room * 2 : 128;
  FsaNtModule *list = fsa_arena_zero(walk->arena, room, sizeof *list);
  uint64_t(*next)[LISTS] = fsa_arena_zero(walk->arena, room, sizeof *next);
  if (!list || !next) return FSA_E_NOMEM;
  if (walk->room) {
    memcpy(list, walk->modules.list, walk->room * sizeof *list);
    memcpy(next, walk->next, walk->room * sizeof *next);
  }
  walk->modules.list = list;
  walk->next = next;
  walk->room = room;
  return FSA_OK;
}

/* The module whose record lies at `address`, read when it was not met before. */
static int find_record(Walk *walk, uint64_t address, size_t *ret_index) {
  uint16_t *slot = slot_of(walk, address);
  if (*slot) {
    *ret_index = *slot - 1u;
    return FSA_OK;
  }
  if (walk->modules.count == FSA_MAX_MODULES) return damaged(walk, FSA_E_LIMIT, address);
  int result = make_room(walk);
  if (result != FSA_OK) return result;
  uint8_t bytes[LARGEST_RECORD];
  result = walk->reader->read(walk->reader->context, address, bytes, walk->layout->record);
  if (result != FSA_OK) return damaged(walk, result, address);
  FsaBytes record = fsa_bytes(bytes, walk->layout->record);
  const size_t index = walk->modules.count;
  result = take_record(walk, address, &record, &walk->modules.list[index]);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < LISTS; i++)
    walk->next[index][i] = pointer_at(walk->layout, &record, walk->layout->links[i]);
  walk->modules.count++;
  *slot = (uint16_t)walk->modules.count;
  *ret_index = index;
  return FSA_OK;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Each step marks a record that was not marked for this list, so it ends. */
static int walk_list(Walk *walk, size_t list, uint64_t head, uint64_t first) {
  const unsigned mark = 1u << list;
  for (uint64_t at = first; at != head;) {
    size_t index;
    const uint64_t record = at - walk->layout->links[list];
    if (at < walk->layout->links[list]) return damaged(walk, FSA_E_FORMAT, at);
    const int result = find_record(walk, record, &index);
    if (result != FSA_OK) return result;
    if (walk->modules.list[index].lists & mark) return damaged(walk, FSA_E_FORMAT, at);
    walk->modules.list[index].lists |= mark;
    at = walk->next[index][list];
  }
  return FSA_OK;
}

static const Layout *layout_of(bool is_32, uint32_t build) {
  if (build < WINDOWS_8) return is_32 ? &layout_32_windows_7 : &layout_64_windows_7;
  return is_32 ? &layout_32 : &layout_64;
}

int fsa_nt_modules(const FsaNtReader *reader, uint64_t loader, bool is_32, uint32_t build,
                   FsaArena *arena, FsaNtModules *ret_modules) {
  Walk walk = {.reader = reader, .layout = layout_of(is_32, build), .arena = arena};
  uint8_t bytes[LOADER_BYTES];
  const size_t size = walk.layout->heads[LISTS - 1] + walk.layout->pointer;
  int result = reader->read(reader->context, loader, bytes, size);
  if (result != FSA_OK) return result;
  walk.table = fsa_arena_zero(arena, TABLE_SLOTS, sizeof *walk.table);
  if (!walk.table) return FSA_E_NOMEM;
  FsaBytes view = fsa_bytes(bytes, size);
  for (size_t i = 0; i < LISTS && result != FSA_E_NOMEM; i++)
    result = walk_list(&walk, i, loader + walk.layout->heads[i],
                       pointer_at(walk.layout, &view, walk.layout->heads[i]));
  if (result == FSA_E_NOMEM) return result;
  *ret_modules = walk.modules;
  return FSA_OK;
}
