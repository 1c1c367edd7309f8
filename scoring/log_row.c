/* One row of a result line. See log_row.h. */
#include "log_row.h"

#include <string.h>

typedef struct Cell {
  FsaText column, value;
  FsaJsonText raw_column, raw; /* as the log has them; data NULL when that cannot be passed on */
} Cell;

typedef struct Cells {
  Cell cells[FSA_MAX_ROW_COLUMNS];
  size_t count;
} Cells;

/* True when the text between its quotes is JSON as it stands: printable ASCII, and \\ \" \/ alone.
 */
static bool is_passed_on(FsaJsonText text) {
  for (size_t at = 0; !text.plain && at < text.size; at++) {
    unsigned char c = (unsigned char)text.data[at];
    if (c < 0x20 || c >= 0x7F) return false;
    if (c != '\\') continue;
    if (++at == text.size || !strchr("\\\"/", text.data[at]) || !text.data[at]) return false;
  }
  return true;
}

/* A value as text: null is no value, an object or array (osquery writes none) its JSON. */
static bool read_cell(FsaJson *json, FsaArena *arena, Cell *cell) {
  FsaJsonText text;
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind == FSA_JSON_OBJECT || kind == FSA_JSON_ARRAY) {
    size_t start = json->at;
    if (!fsa_json_skip(json)) return false;
    cell->value = fsa_text_clean(arena, json->data + start, json->at - start);
    return true;
  }
  if (!fsa_json_scalar(json, &text)) return false;
  if (kind == FSA_JSON_WORD && fsa_json_is(text, "null")) return true;
  cell->value = fsa_json_decode(arena, text);
  if (is_passed_on(text)) cell->raw = text;
  return true;
}

static int read_cells(FsaJson *json, FsaArena *arena, Cells *cells) {
  FsaJsonText name;
  cells->count = 0;
  fsa_json_enter(json);
  while (fsa_json_member(json, &name)) {
    if (cells->count == FSA_MAX_ROW_COLUMNS) return FSA_E_FORMAT;
    Cell *cell = &cells->cells[cells->count];
    cell->column = fsa_json_decode(arena, name);
    cell->value = (FsaText){NULL, 0};
    cell->raw = (FsaJsonText){NULL, 0, false};
    cell->raw_column = name.plain ? name : cell->raw;
    if (!read_cell(json, arena, cell)) return FSA_E_FORMAT;
    cells->count += cell->value.data != NULL;
  }
  return json->why ? FSA_E_FORMAT : FSA_OK;
}

static bool same_text(FsaText a, FsaText b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* A long key is cut; what tells it from others of the same beginning is its hash. */
static void cap_key(FsaBuffer *key, FsaSipKey hash_key) {
  if (key->size <= FSA_MAX_KEY_BYTES) return;
  uint64_t hash = fsa_siphash(hash_key, key->data, key->size);
  size_t cut = FSA_MAX_KEY_BYTES - 24;
  while (cut && ((unsigned char)key->data[cut] & 0xC0) == 0x80) cut--; /* whole characters */
  key->size = cut;
  fsa_buffer_printf(key, "...#%016llx", (unsigned long long)hash);
}

static void put_key(FsaBuffer *out, const Cells *cells, const FsaQueryMeta *meta) {
  size_t count = meta ? meta->key_count : 0;
  for (size_t i = 0; i < count; i++) {
    if (i) fsa_buffer_putc(out, FSA_KEY_SEPARATOR);
    for (size_t c = 0; c < cells->count; c++)
      if (same_text(cells->cells[c].column, meta->key[i])) {
        fsa_key_put(out, meta->key[i], cells->cells[c].value);
        break;
      }
  }
  for (size_t c = 0; !count && c < cells->count; c++) {
    if (c) fsa_buffer_putc(out, FSA_KEY_SEPARATOR);
    fsa_key_put(out, cells->cells[c].column, cells->cells[c].value);
  }
}

static void put_text(FsaBuffer *out, FsaText text, FsaJsonText raw) {
  char *room = raw.data ? fsa_buffer_room(out, raw.size + 2) : NULL;
  if (!room) {
    fsa_buffer_json(out, text.data, text.size);
    return;
  }
  room[0] = '"';
  memcpy(room + 1, raw.data, raw.size);
  room[raw.size + 1] = '"';
  fsa_buffer_added(out, raw.size + 2);
}

static void put_json(FsaBuffer *out, const Cells *cells) {
  fsa_buffer_putc(out, '{');
  for (size_t c = 0; c < cells->count; c++) {
    if (c) fsa_buffer_putc(out, ',');
    put_text(out, cells->cells[c].column, cells->cells[c].raw_column);
    fsa_buffer_putc(out, ':');
    put_text(out, cells->cells[c].value, cells->cells[c].raw);
  }
  fsa_buffer_putc(out, '}');
}

static FsaText keep(FsaArena *arena, FsaBuffer *buffer) {
  if (buffer->error) return (FsaText){NULL, 0};
  const char *copy = fsa_arena_copy(arena, buffer->data, buffer->size);
  return (FsaText){copy, copy ? buffer->size : 0};
}

int fsa_log_row_read(FsaJson *json, const FsaQueryMeta *meta, FsaSipKey hash_key, FsaArena *arena,
                     FsaBuffer *scratch, FsaLogRow *ret_row) {
  if (fsa_json_kind(json) != FSA_JSON_OBJECT) {
    fsa_json_skip(json);
    return FSA_E_FORMAT;
  }
  Cells cells;
  int result = read_cells(json, arena, &cells);
  if (result != FSA_OK) return result;
  FsaLogRow row = {0};
  for (size_t c = 0; c < cells.count; c++)
    row.hash += fsa_hash_column(hash_key, cells.cells[c].column, cells.cells[c].value);
  fsa_buffer_clear(scratch);
  put_key(scratch, &cells, meta);
  cap_key(scratch, hash_key);
  row.key = keep(arena, scratch);
  row.key_hash = fsa_siphash(hash_key, row.key.data, row.key.size);
  fsa_buffer_clear(scratch);
  put_json(scratch, &cells);
  row.json = keep(arena, scratch);
  if (!row.key.data || !row.json.data) return FSA_E_NOMEM;
  *ret_row = row;
  return FSA_OK;
}

FsaText fsa_log_row_value(FsaText row_json, FsaText column, FsaArena *arena) {
  FsaJson json = fsa_json(row_json.data, row_json.size);
  FsaJsonText name, value;
  if (!fsa_json_enter(&json)) return (FsaText){NULL, 0};
  while (fsa_json_member(&json, &name) && fsa_json_scalar(&json, &value)) {
    FsaText decoded = fsa_json_decode(arena, name);
    if (decoded.data && same_text(decoded, column)) return fsa_json_decode(arena, value);
  }
  return (FsaText){NULL, 0};
}
