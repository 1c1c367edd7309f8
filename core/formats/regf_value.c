/* regf: values and their data - inside the record, in a cell, or in the segments of big data. */
#include "formats/regf_hive.h"

/* ---- data ------------------------------------------------------------------------------------ */

/* What reading a value needs. */
typedef struct Reader {
  const FsaRegf *hive;
  FsaRegfCellAt *cell_at; /* allocated cells, or freed ones for a recovered value */
  FsaArena *arena;
  FsaRegfTeller *teller;
} Reader;

/* The data of a value: a view of the hive, or joined in the arena. */
typedef struct Data {
  FsaBytes bytes;
  bool is_partial;
} Data;

/* Joins the segments of a db record; what is missing at the end is left out. */
static int join_segments(const Reader *reader, FsaRegfCell big, uint32_t size, Data *ret_data) {
  const FsaRegf *hive = reader->hive;
  uint32_t count = fsa_u16(&big.bytes, DB_COUNT), list = fsa_u32(&big.bytes, DB_LIST);
  size_t most = (size_t)count * REGF_SEGMENT, used = 0;
  if (most > size) most = size;
  FsaRegfCell segments, segment;
  if (most > hive->file.size || !reader->cell_at(hive, list, &segments)) {
    fsa_regf_tell(
        reader->teller, FSA_E_FORMAT, big.offset,
        "big data of %u bytes in %u segments: the list of segments (0x%x) is not readable", size,
        count, list);
    ret_data->is_partial = true;
    return FSA_OK;
  }
  uint8_t *joined = fsa_arena_alloc(reader->arena, most);
  if (!joined) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < count && used < most; i++) {
    uint32_t at = fsa_u32(&segments.bytes, 4 * (size_t)i);
    if (segments.bytes.bad || !reader->cell_at(hive, at, &segment)) break;
    size_t take = segment.bytes.size < REGF_SEGMENT ? segment.bytes.size : REGF_SEGMENT;
    if (take > most - used) take = most - used;
    if (take) memcpy(joined + used, segment.bytes.data, take);
    used += take;
  }
  *ret_data = (Data){fsa_bytes(joined, used), used < size};
  if (used < size)
    fsa_regf_tell(reader->teller, FSA_E_FORMAT, big.offset,
                  "big data of %u bytes in %u segments: %zu bytes are readable", size, count, used);
  return FSA_OK;
}

/* Data that stands in the offset field itself; the bits say its size. */
static Data inline_data(const FsaRegfCell *record, uint32_t size, FsaRegfTeller *teller) {
  FsaBytes bytes = record->bytes;
  uint32_t room = size > 4 ? 4 : size;
  if (size > 4)
    fsa_regf_tell(teller, FSA_E_FORMAT, record->offset, "inline data of %u bytes: it can hold 4",
                  size);
  return (Data){fsa_slice(&bytes, VK_DATA, room), size > 4};
}

static int read_data(const Reader *reader, const FsaRegfCell *record, uint32_t size,
                     Data *ret_data) {
  FsaBytes bytes = record->bytes;
  uint32_t at = fsa_u32(&bytes, VK_DATA);
  FsaRegfCell cell;
  if (size & REGF_DATA_INLINE) {
    *ret_data = inline_data(record, size & ~REGF_DATA_INLINE, reader->teller);
    return FSA_OK;
  }
  if (size == 0) return FSA_OK;
  if (!reader->cell_at(reader->hive, at, &cell)) {
    fsa_regf_tell(reader->teller, FSA_E_FORMAT, record->offset,
                  "the data of this value (%u bytes at 0x%x) is in no cell", size, at);
    ret_data->is_partial = true;
    return FSA_OK;
  }
  if (size > cell.bytes.size && size > REGF_SEGMENT && cell.bytes.size >= DB_SIZE &&
      fsa_bytes_match(&cell.bytes, 0, "db", 2))
    return join_segments(reader, cell, size, ret_data);
  size_t room = cell.bytes.size < size ? cell.bytes.size : size;
  *ret_data = (Data){fsa_slice(&cell.bytes, 0, room), room < size};
  if (room < size)
    fsa_regf_tell(reader->teller, FSA_E_FORMAT, record->offset,
                  "the data of this value has %u bytes, its cell holds %zu", size, room);
  return FSA_OK;
}

/* ---- values ---------------------------------------------------------------------------------- */

int fsa_regf_value_read(const FsaRegf *hive, const FsaRegfCell *record, FsaRegfCellAt *cell_at,
                        FsaArena *arena, FsaRegfTeller *teller, FsaRegfValue *ret_value) {
  FsaBytes bytes = record->bytes;
  if (bytes.size < VK_NAME) return FSA_E_FORMAT;
  size_t name_size = fsa_u16(&bytes, VK_NAME_SIZE);
  size_t room = bytes.size - VK_NAME;
  if (name_size > room) {
    fsa_regf_tell(teller, FSA_E_FORMAT, record->offset,
                  "a name of %zu bytes in a cell with %zu left", name_size, room);
    name_size = room;
  }
  bool is_latin1 = !hive->has_wide_names && (fsa_u16(&bytes, VK_FLAGS) & REGF_VALUE_LATIN1);
  uint32_t size = fsa_u32(&bytes, VK_SIZE);
  Data data = {.bytes = fsa_bytes(NULL, 0)};
  Reader reader = {hive, cell_at, arena, teller};
  int rc = read_data(&reader, record, size, &data);
  if (rc < 0) return rc;
  FsaText name = fsa_regf_name(arena, bytes.data + VK_NAME, name_size, is_latin1);
  if (!name.data) return FSA_E_NOMEM;
  *ret_value = (FsaRegfValue){
      .name = name,
      .type = fsa_u32(&bytes, VK_TYPE),
      .data = data.bytes,
      .data_size = size & ~REGF_DATA_INLINE,
      .offset = record->offset,
      .is_partial = data.is_partial,
  };
  return FSA_OK;
}

FsaRegfValueList fsa_regf_value_list(const FsaRegf *hive, FsaRegfCell *key) {
  FsaRegfValueList list = {.claimed = fsa_u32(&key->bytes, NK_VALUE_COUNT)};
  FsaRegfCell cell;
  if (fsa_u16(&key->bytes, NK_FLAGS) & REGF_KEY_PREDEFINED) list.claimed = 0;
  list.cell = fsa_u32(&key->bytes, NK_VALUE_LIST);
  if (list.claimed == 0 || !fsa_regf_cell(hive, list.cell, &cell)) return list;
  list.entries = cell.bytes;
  list.offset = cell.offset;
  size_t room = cell.bytes.size / 4;
  list.count = list.claimed < room ? list.claimed : (uint32_t)room;
  return list;
}

/* The vk record that entry `index` of a list names; false (told) when it is none. */
static bool list_record(const FsaRegf *hive, FsaRegfValueList *list, uint32_t index,
                        FsaRegfTeller *teller, FsaRegfCell *ret_record) {
  uint32_t at = fsa_u32(&list->entries, 4 * (size_t)index);
  if (fsa_regf_record(hive, at, "vk", ret_record) && ret_record->bytes.size >= VK_NAME) return true;
  fsa_regf_tell(teller, FSA_E_FORMAT, list->offset + hive->cell_head + 4 * (uint64_t)index,
                "the listed value 0x%x is no value", at);
  return false;
}

int fsa_regf_values(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena, FsaRegfProblem *problem,
                    void *context, FsaRegfValue **ret_values, size_t *ret_count) {
  FsaRegfCell cell, record;
  if (!fsa_regf_key_cell(hive, key, &cell)) return FSA_E_FORMAT;
  if (key & REGF_KEY_DELETED)
    return fsa_regf_deleted_key_values(hive, key, arena, ret_values, ret_count);
  FsaRegfTeller teller = {.problem = problem, .context = context};
  FsaRegfValueList list = fsa_regf_value_list(hive, &cell);
  FsaRegfValue *values = NULL;
  size_t count = 0;
  if (list.count && !(values = fsa_arena_alloc(arena, list.count * sizeof *values)))
    return FSA_E_NOMEM;
  if (list.count != list.claimed)
    fsa_regf_tell(&teller, FSA_E_FORMAT, cell.offset,
                  "the key claims %u values, its list (0x%x) has room for %u", list.claimed,
                  list.cell, list.count);
  for (uint32_t i = 0; i < list.count; i++) {
    if (!list_record(hive, &list, i, &teller, &record)) continue;
    int rc = fsa_regf_value_read(hive, &record, fsa_regf_cell, arena, &teller, &values[count]);
    if (rc < 0) return rc;
    count++;
  }
  fsa_regf_tell_end(&teller);
  *ret_values = values;
  *ret_count = count;
  return FSA_OK;
}

int fsa_regf_find_value(const FsaRegf *hive, FsaRegfKey key, const char *name, size_t name_size,
                        FsaArena *arena, FsaRegfProblem *problem, void *context,
                        FsaRegfValue *ret_value) {
  FsaRegfCell cell, record;
  if (!fsa_regf_key_cell(hive, key, &cell)) return FSA_E_FORMAT;
  if (key & REGF_KEY_DELETED) return FSA_E_ABSENT;
  FsaRegfTeller teller = {.problem = problem, .context = context};
  FsaRegfValueList list = fsa_regf_value_list(hive, &cell);
  for (uint32_t i = 0; i < list.count; i++) {
    if (!list_record(hive, &list, i, &teller, &record)) continue;
    size_t size = fsa_u16(&record.bytes, VK_NAME_SIZE);
    size_t room = record.bytes.size - VK_NAME;
    bool is_latin1 =
        !hive->has_wide_names && (fsa_u16(&record.bytes, VK_FLAGS) & REGF_VALUE_LATIN1);
    if (fsa_regf_name_same(record.bytes.data + VK_NAME, size < room ? size : room, is_latin1, name,
                           name_size))
      return fsa_regf_value_read(hive, &record, fsa_regf_cell, arena, &teller, ret_value);
  }
  return FSA_E_ABSENT;
}
