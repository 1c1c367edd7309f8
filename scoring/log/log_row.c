/* One row of a result line. See log_row.h. */
#include "log/log_row.h"

#include <string.h>

#include "text/json_scan.h"

#define TEMPLATES 64           /* columns that are expected, one for each query */
#define CACHED_KEYS (1u << 17) /* keys by the values that they were made of */
#define NO_COLUMN FSA_MAX_ROW_COLUMNS
#define MAX_LEAD_WORDS 8

/* What stands before a value: `,"name":`, in whole words. */
typedef struct Lead {
  uint64_t words[MAX_LEAD_WORDS], last; /* last: which bits of the last word count */
  unsigned count;                       /* 0 = too long to be expected */
  size_t size;
} Lead;

typedef struct Column {
  FsaText name;
  uint64_t seed;
  Lead lead;
} Column;

/* The columns of a query's rows, as the last row had them. */
typedef struct Template {
  const FsaQueryMeta *meta;
  uint64_t salt; /* of the query, for its keys */
  FsaArena arena;
  FsaText columns; /* their names with tabs between them */
  Column *list;
  size_t count;
  size_t key_at[FSA_MAX_KEY_COLUMNS]; /* the key's columns among them, or NO_COLUMN */
  const FsaRowIndex *compared;        /* with whose columns these were compared */
  bool is_compared_same;
} Template;

typedef struct CachedKey {
  uint64_t values, key_hash; /* 0, 0 = none */
} CachedKey;

struct FsaRowReader {
  FsaHashKeys keys;
  Template templates[TEMPLATES];
  CachedKey *cached;
  FsaText names[FSA_MAX_ROW_COLUMNS], cells[FSA_MAX_ROW_COLUMNS];
  uint64_t hashes[FSA_MAX_ROW_COLUMNS]; /* of the cells */
  size_t count;
  const FsaRowIndex *index;       /* rows that are known; NULL = none */
  bool is_whole;                  /* all cells are the expected row's */
  uint32_t expected;              /* row of it that may come next */
  bool same[FSA_MAX_ROW_COLUMNS]; /* the cells that the expected row has too */
  FsaBuffer values, scratch;
  FsaArena arena;
};

FsaRowReader *fsa_row_reader_new(FsaSipKey hash_key) {
  FsaRowReader *reader = g_new0(FsaRowReader, 1);
  reader->keys = fsa_hash_keys(hash_key);
  reader->cached = g_new0(CachedKey, CACHED_KEYS);
  reader->values = fsa_buffer(FSA_MAX_ROW_BYTES);
  reader->scratch = fsa_buffer(FSA_MAX_ROW_BYTES);
  return reader;
}

void fsa_row_reader_free(FsaRowReader *reader) {
  if (!reader) return;
  for (size_t i = 0; i < TEMPLATES; i++) fsa_arena_done(&reader->templates[i].arena);
  fsa_arena_done(&reader->arena);
  fsa_buffer_done(&reader->values);
  fsa_buffer_done(&reader->scratch);
  g_free(reader->cached);
  g_free(reader);
}

const FsaHashKeys *fsa_row_reader_keys(const FsaRowReader *reader) {
  return &reader->keys;
}

void fsa_row_reader_compare(FsaRowReader *reader, const FsaRowIndex *index) {
  reader->index = index;
  reader->expected = 0;
  /* another index may come to lie where an older one was */
  for (size_t i = 0; i < TEMPLATES; i++) reader->templates[i].compared = NULL;
}

static bool same_text(FsaText a, FsaText b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* ---- text as it is kept -----------------------------------------------------------------------
 */

/* True for what stands behind a backslash where fsa_buffer_json() puts one. */
static bool is_short_escape(char c) {
  switch (c) {
  case '"':
  case '\\':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't': return true;
  default: return false;
  }
}

/* True when fsa_buffer_json() would write the text as it stands between its quotes. */
static bool is_canonical(FsaJsonText text) {
  bool is_ascii = true;
  for (size_t at = 0; at < text.size; at++) {
    char c = text.data[at];
    if ((unsigned char)c < 0x20) return false;
    is_ascii &= (unsigned char)c < 0x80;
    if (c != '\\') continue;
    if (++at == text.size || !is_short_escape(text.data[at])) return false;
  }
  return is_ascii || fsa_text_is_valid(text.data, text.size);
}

/* A text, escapes undone, with JSON's escapes and no quotes; in the arena. */
static FsaText escape(FsaRowReader *reader, FsaText text, FsaArena *arena) {
  fsa_buffer_clear(&reader->scratch);
  fsa_buffer_json(&reader->scratch, text.data, text.size);
  if (reader->scratch.error) return (FsaText){NULL, 0};
  size_t size = reader->scratch.size - 2;
  return (FsaText){fsa_arena_copy(arena, reader->scratch.data + 1, size), size};
}

static FsaText kept_text(FsaRowReader *reader, FsaJsonText text, FsaArena *arena) {
  if (text.plain || is_canonical(text)) return (FsaText){text.data, text.size};
  FsaText decoded = fsa_json_decode(arena, text);
  return decoded.data ? escape(reader, decoded, arena) : decoded;
}

static FsaText plain_text(FsaText kept, FsaArena *arena) {
  bool is_plain = !memchr(kept.data, '\\', kept.size);
  return is_plain ? kept : fsa_json_decode(arena, (FsaJsonText){kept.data, kept.size, false});
}

/* A row without columns has no field; a text without bytes is else one that is empty. */
static void begin_fields(FsaText *columns, FsaText *values) {
  if (!columns->size && !values->size) columns->data = values->data = NULL;
}

bool fsa_row_next_field(FsaText *list, FsaText *ret_field) {
  if (!list->data) return false;
  const char *tab = memchr(list->data, '\t', list->size);
  size_t size = tab ? (size_t)(tab - list->data) : list->size;
  *ret_field = (FsaText){list->data, size};
  *list = tab ? (FsaText){tab + 1, list->size - size - 1} : (FsaText){NULL, 0};
  return true;
}

/* ---- templates --------------------------------------------------------------------------------
 */

static Lead make_lead(FsaText name, bool is_first) {
  Lead lead = {.size = name.size + 4};
  char text[8 * MAX_LEAD_WORDS] = {0};
  if (lead.size > sizeof text) return lead;
  memcpy(text, is_first ? "{\"" : ",\"", 2);
  memcpy(text + 2, name.data, name.size);
  memcpy(text + 2 + name.size, "\":", 2);
  memcpy(lead.words, text, sizeof text);
  lead.count = (unsigned)(lead.size + 7) / 8;
  lead.last = UINT64_MAX >> (64 - 8 * (lead.size - 8 * (lead.count - 1)));
  return lead;
}

static size_t find_column(const Template *template, FsaText name) {
  for (size_t i = 0; i < template->count; i++)
    if (same_text(template->list[i].name, name)) return i;
  return NO_COLUMN;
}

static int fill_template(FsaRowReader *reader, Template *template) {
  template->list = fsa_arena_zero(&template->arena, reader->count + 1, sizeof *template->list);
  if (!template->list) return FSA_E_NOMEM;
  fsa_buffer_clear(&reader->scratch);
  for (size_t i = 0; i < reader->count; i++) {
    FsaText name = reader->names[i];
    if (i) fsa_buffer_putc(&reader->scratch, '\t');
    fsa_buffer_put(&reader->scratch, name.data, name.size);
    const char *copy = fsa_arena_copy(&template->arena, name.data, name.size);
    if (!copy) return FSA_E_NOMEM;
    template->list[i] = (Column){.name = {copy, name.size},
                                 .seed = fsa_hash_seed(&reader->keys, name),
                                 .lead = make_lead(name, i == 0)};
  }
  if (reader->scratch.error) return reader->scratch.error;
  const char *columns =
      fsa_arena_copy(&template->arena, reader->scratch.data, reader->scratch.size);
  if (!columns) return FSA_E_NOMEM;
  template->columns = (FsaText){columns, reader->scratch.size};
  template->count = reader->count;
  return FSA_OK;
}

static Template *template_of(FsaRowReader *reader, const FsaQueryMeta *meta) {
  return &reader->templates[(uintptr_t)meta / sizeof(FsaQueryMeta) % TEMPLATES];
}

/* Makes the template of the query from the reader's names. */
static int expect_names(FsaRowReader *reader, const FsaQueryMeta *meta, Template *template) {
  fsa_arena_done(&template->arena);
  *template = (Template){.arena = fsa_arena(0)};
  int result = fill_template(reader, template);
  if (result != FSA_OK) {
    template->count = 0;
    return result;
  }
  template->meta = meta;
  template->salt = meta ? fsa_siphash(reader->keys.secret, meta->name, strlen(meta->name)) : 0;
  for (size_t i = 0; meta && i < meta->key_count; i++)
    template->key_at[i] = find_column(template, meta->key[i]);
  return FSA_OK;
}

static bool has_names(const FsaRowReader *reader, const Template *template) {
  if (template->count != reader->count) return false;
  for (size_t i = 0; i < reader->count; i++)
    if (!same_text(template->list[i].name, reader->names[i])) return false;
  return true;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static uint64_t load8(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static bool leads(const Lead *lead, const char *at, size_t left) {
  if (!lead->count || left < 8 * (size_t)lead->count) return false;
  uint64_t differs = 0;
  unsigned i = 0;
  for (; i + 1 < lead->count; i++) differs |= load8(at + 8 * i) ^ lead->words[i];
  return !(differs | ((load8(at + 8 * i) ^ lead->words[i]) & lead->last));
}

/* A string's inside that can be kept as it stands, from behind its quote; false when it cannot. */
static bool take_string(const char *data, size_t start, size_t size, FsaText *ret_cell) {
  bool is_ascii = true;
  for (size_t at = start;; at++) {
    at = fsa_json_plain_end(data, at, size);
    if (at >= size) return false;
    char c = data[at];
    if (c == '"') {
      *ret_cell = (FsaText){data + start, at - start};
      return is_ascii || fsa_text_is_valid(data + start, at - start);
    }
    if ((unsigned char)c < 0x20) return false;
    if (c != '\\')
      is_ascii = false;
    else if (++at >= size || !is_short_escape(data[at]))
      return false;
  }
}

/* An integer; other numbers are left to the JSON reader. */
static bool take_integer(const char *data, size_t start, size_t size, FsaText *ret_cell) {
  size_t at = start + (data[start] == '-'), digits = at;
  while (at < size && data[at] >= '0' && data[at] <= '9') at++;
  *ret_cell = (FsaText){data + start, at - start};
  return at > digits && at < size && (data[at] == ',' || data[at] == '}');
}

/* The index when its rows have the template's columns, else NULL. */
static const FsaRowIndex *index_of(const FsaRowReader *reader, Template *template) {
  const FsaRowIndex *index = reader->index;
  if (index && template->compared != index) {
    template->compared = index;
    template->is_compared_same = same_text(index->dictionary->columns, template->columns);
  }
  return index && template->is_compared_same ? index : NULL;
}

/*
 * Takes the values from a column on that the expected row of the index has too, written as it has
 * them. Gives the column behind them.
 */
static size_t take_known(FsaRowReader *reader, const FsaRowIndex *index, size_t column,
                         const FsaJson *json, size_t *at) {
  size_t from = fsa_row_index_lead(index, reader->expected, column), end = from;
  FsaText stem = fsa_row_index_stem(index, reader->expected);
  size_t most = stem.size - from, left = json->size - *at;
  const char *data = json->data + *at;
  size_t same = from + fsa_json_shared(data, stem.data + from, left < most ? left : most);
  for (; column < index->dictionary->column_count; column++) {
    size_t next = fsa_row_index_lead(index, reader->expected, column + 1);
    if (next > same) break;
    size_t lead = index->leads[column + 1] - index->leads[column];
    reader->cells[column] = (FsaText){data + (end - from) + lead + 1, next - end - lead - 2};
    reader->same[column] = true;
    end = next;
  }
  *at += end - from;
  return column;
}

/* Takes one value with what stands before it. */
static bool take_cell(FsaRowReader *reader, const Template *template, size_t column,
                      const FsaJson *json, size_t *at) {
  const Lead *lead = &template->list[column].lead;
  const char *data = json->data;
  FsaText *cell = &reader->cells[column];
  size_t size = json->size;
  if (!leads(lead, data + *at, size - *at)) return false;
  *at += lead->size;
  if (*at >= size) return false;
  bool is_string = data[*at] == '"';
  if (!(is_string ? take_string(data, *at + 1, size, cell) : take_integer(data, *at, size, cell)))
    return false;
  *at += cell->size + (is_string ? 2 : 0);
  reader->same[column] = false;
  return true;
}

/* Reads a row that has the expected columns, written as osquery writes them. False = it has not. */
static bool read_expected(FsaRowReader *reader, FsaJson *json, Template *template) {
  const FsaRowIndex *index = index_of(reader, template);
  size_t at = json->at, count = template->count;
  bool compares = index && reader->expected < index->dictionary->count;
  reader->is_whole = compares;
  for (size_t i = 0; i < count; i++) {
    if (compares) i = take_known(reader, index, i, json, &at);
    if (i == count) break;
    reader->is_whole = false;
    if (!take_cell(reader, template, i, json, &at)) return false;
    compares = compares && !index->is_key[i]; /* with another key it is another row */
  }
  if (at >= json->size || json->data[at] != '}') return false;
  reader->count = count;
  json->at = at + 1;
  return true;
}

/* A value as it is kept: null is no value, an object or array (osquery writes none) its JSON. */
static int read_cell(FsaRowReader *reader, FsaJson *json, FsaArena *arena, FsaText *ret_cell) {
  FsaJsonText text;
  FsaJsonKind kind = fsa_json_kind(json);
  *ret_cell = (FsaText){NULL, 0};
  if (kind == FSA_JSON_OBJECT || kind == FSA_JSON_ARRAY) {
    size_t start = json->at;
    if (!fsa_json_skip(json)) return FSA_E_FORMAT;
    FsaText clean = fsa_text_clean(arena, json->data + start, json->at - start);
    if (clean.data) *ret_cell = escape(reader, clean, arena);
  } else {
    if (!fsa_json_scalar(json, &text)) return FSA_E_FORMAT;
    if (kind == FSA_JSON_WORD && fsa_json_is(text, "null")) return FSA_OK;
    *ret_cell = kept_text(reader, text, arena);
  }
  if (ret_cell->data) return FSA_OK;
  return reader->scratch.error == FSA_E_LIMIT ? FSA_E_LIMIT : FSA_E_NOMEM;
}

static int read_cells(FsaRowReader *reader, FsaJson *json, FsaArena *arena) {
  FsaJsonText name;
  reader->count = 0;
  fsa_json_enter(json);
  while (fsa_json_member(json, &name)) {
    if (reader->count == FSA_MAX_ROW_COLUMNS) return FSA_E_FORMAT;
    FsaText *column = &reader->names[reader->count], *cell = &reader->cells[reader->count];
    *column = kept_text(reader, name, arena);
    if (!column->data) return FSA_E_NOMEM;
    int result = read_cell(reader, json, arena, cell);
    if (result != FSA_OK) return result;
    reader->count += cell->data != NULL;
  }
  return json->why ? FSA_E_FORMAT : FSA_OK;
}

/* A row with too many columns is no row; what follows it is. */
static int read_whole(FsaRowReader *reader, FsaJson *json, FsaArena *arena) {
  FsaJson before = *json;
  int result = read_cells(reader, json, arena);
  if (result != FSA_E_FORMAT || json->why) return result;
  *json = before;
  fsa_json_skip(json);
  return FSA_E_FORMAT;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

/* A long key is cut; what tells it from others of the same beginning is its hash. */
static void cap_key(FsaBuffer *key, size_t start, FsaSipKey hash_key) {
  if (key->size - start <= FSA_MAX_KEY_BYTES) return;
  uint64_t hash = fsa_siphash(hash_key, key->data + start, key->size - start);
  size_t cut = start + FSA_MAX_KEY_BYTES - 24;
  while (cut > start && ((unsigned char)key->data[cut] & 0xC0) == 0x80)
    cut--; /* whole characters */
  key->size = cut;
  fsa_buffer_printf(key, "...#%016llx", (unsigned long long)hash);
}

/* Appends the key of the row that was read. */
static int put_key(FsaRowReader *reader, const Template *template, FsaBuffer *out) {
  const FsaQueryMeta *meta = template->meta;
  size_t columns = meta ? meta->key_count : 0, start = out->size;
  for (size_t i = 0; i < (columns ? columns : reader->count); i++) {
    size_t at = columns ? template->key_at[i] : i;
    if (i) fsa_buffer_putc(out, FSA_KEY_SEPARATOR);
    if (at == NO_COLUMN) continue;
    FsaText value = plain_text(reader->cells[at], &reader->arena);
    if (!value.data) return FSA_E_NOMEM;
    fsa_key_put(out, template->list[at].name, value);
  }
  fsa_arena_clear(&reader->arena);
  if (!out->error) cap_key(out, start, reader->keys.secret);
  return out->error;
}

static int make_key(FsaRowReader *reader, const Template *template, FsaArena *arena,
                    FsaLogRow *row) {
  fsa_buffer_clear(&reader->scratch);
  int result = put_key(reader, template, &reader->scratch);
  if (result != FSA_OK) return result;
  const char *copy = fsa_arena_copy(arena, reader->scratch.data, reader->scratch.size);
  if (!copy) return FSA_E_NOMEM;
  row->key = (FsaText){copy, reader->scratch.size};
  row->key_hash = fsa_siphash(reader->keys.secret, row->key.data, row->key.size);
  return FSA_OK;
}

/* The same values of a query's key columns have the same key, which is made once. */
static int find_key(FsaRowReader *reader, const Template *template, FsaArena *arena,
                    FsaLogRow *row) {
  const FsaQueryMeta *meta = template->meta;
  if (!meta || !meta->key_count) return make_key(reader, template, arena, row);
  uint64_t values = template->salt;
  for (size_t i = 0; i < meta->key_count; i++)
    if (template->key_at[i] != NO_COLUMN) values += reader->hashes[template->key_at[i]];
  CachedKey *cached = &reader->cached[values % CACHED_KEYS];
  if (cached->values == values) {
    row->key_hash = cached->key_hash;
    return FSA_OK;
  }
  int result = make_key(reader, template, arena, row);
  if (result == FSA_OK) *cached = (CachedKey){values, row->key_hash};
  return result;
}

/* ---- the row ----------------------------------------------------------------------------------
 */

/* Copies a value; most are shorter than a call of memcpy() is worth. Gives the end of the copy. */
static char *copy_value(char *to, FsaText value) {
  const char *from = value.data;
  size_t size = value.size;
  if (size > 64) {
    memcpy(to, from, size);
  } else if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) memcpy(to + at, from + at, 8);
    memcpy(to + size - 8, from + size - 8, 8);
  } else {
    for (size_t at = 0; at < size; at++) to[at] = from[at];
  }
  return to + size;
}

static void put_values(FsaRowReader *reader) {
  size_t size = reader->count;
  for (size_t i = 0; i < reader->count; i++) size += reader->cells[i].size;
  fsa_buffer_clear(&reader->values);
  char *to = fsa_buffer_room(&reader->values, size + 1), *start = to;
  if (!to) return;
  for (size_t i = 0; i < reader->count; i++) {
    if (i) *to++ = '\t';
    to = copy_value(to, reader->cells[i]);
  }
  fsa_buffer_added(&reader->values, (size_t)(to - start));
}

/* The hashes of all cells, from the index where they are the expected row's; gives their sum. */
static uint64_t hash_cells(FsaRowReader *reader, const Template *template,
                           const FsaRowIndex *index) {
  const uint64_t *known = index && reader->expected < index->dictionary->count
                              ? index->hashes + reader->expected * index->dictionary->column_count
                              : NULL;
  uint64_t sum = 0;
  if (known && reader->is_whole) return index->known[reader->expected].sum;
  for (size_t i = 0; i < reader->count; i++) {
    reader->hashes[i] =
        known && reader->same[i]
            ? known[i]
            : fsa_hash_value(&reader->keys, template->list[i].seed, reader->cells[i]);
    sum += reader->hashes[i];
  }
  return sum;
}

static bool has_key_of(const FsaRowReader *reader, const FsaRowIndex *index) {
  for (size_t i = 0; i < index->key_count; i++)
    if (!reader->same[index->key_at[i]]) return false;
  return true;
}

/* The known row with the same key: the expected one, or the first that has it. */
static uint32_t find_like(FsaRowReader *reader, const FsaRowIndex *index) {
  const FsaRowDictionary *rows = index->dictionary;
  if (reader->expected < rows->count && has_key_of(reader, index)) return reader->expected;
  uint32_t row = fsa_row_index_find(index, fsa_row_index_key_values(index, reader->hashes));
  if (row == FSA_NO_ROW) return row;
  for (size_t i = 0; i < reader->count; i++)
    reader->same[i] = same_text(reader->cells[i], fsa_row_dictionary_cell(rows, row, i));
  return has_key_of(reader, index) ? row : FSA_NO_ROW;
}

static void take_like(FsaRowReader *reader, const FsaRowIndex *index, uint32_t like,
                      FsaLogRow *row) {
  row->like = like;
  row->key_hash = index->known[like].key_hash;
  row->artefact = index->known[like].artefact;
  row->same = reader->same;
  reader->expected = like + 1;
}

static int finish(FsaRowReader *reader, const Template *template, const FsaRowIndex *index,
                  FsaArena *arena, FsaLogRow *ret_row) {
  FsaLogRow row = {.columns = template->columns, .cells = reader->cells, .like = FSA_NO_ROW};
  row.hash = fsa_hash_row(&reader->keys, hash_cells(reader, template, index));
  uint32_t like = index ? find_like(reader, index) : FSA_NO_ROW;
  if (like != FSA_NO_ROW) {
    take_like(reader, index, like, &row);
  } else {
    int result = find_key(reader, template, arena, &row);
    if (result != FSA_OK) return result;
    put_values(reader);
    if (reader->values.error) return reader->values.error;
    row.values = (FsaText){reader->values.data, reader->values.size};
  }
  *ret_row = row;
  return FSA_OK;
}

int fsa_row_read(FsaRowReader *reader, FsaJson *json, const FsaQueryMeta *meta, FsaArena *arena,
                 FsaLogRow *ret_row) {
  if (fsa_json_kind(json) != FSA_JSON_OBJECT) {
    fsa_json_skip(json);
    return FSA_E_FORMAT;
  }
  Template *template = template_of(reader, meta);
  bool is_known = template->count && template->meta == meta;
  if (!is_known || !read_expected(reader, json, template)) {
    int result = read_whole(reader, json, arena);
    if (result == FSA_OK && !(is_known && has_names(reader, template)))
      result = expect_names(reader, meta, template);
    if (result != FSA_OK) return result;
    memset(reader->same, 0, sizeof reader->same);
    reader->is_whole = false;
  }
  return finish(reader, template, index_of(reader, template), arena, ret_row);
}

/* Splits a kept row into the reader's cells and finds its template. */
static int split(FsaRowReader *reader, FsaText columns, FsaText values, const FsaQueryMeta *meta,
                 Template **ret_template) {
  Template *template = template_of(reader, meta);
  FsaText column, cell;
  bool is_known =
      template->count && template->meta == meta && same_text(template->columns, columns);
  reader->count = 0;
  begin_fields(&columns, &values);
  while (fsa_row_next_field(&values, &cell) && reader->count < FSA_MAX_ROW_COLUMNS) {
    if (!fsa_row_next_field(&columns, &column)) return FSA_E_FORMAT;
    reader->names[reader->count] = column;
    reader->cells[reader->count++] = cell;
  }
  if (values.data || columns.data) return FSA_E_FORMAT;
  *ret_template = template;
  return is_known ? FSA_OK : expect_names(reader, meta, template);
}

int fsa_row_take(FsaRowReader *reader, FsaText columns, FsaText values, const FsaQueryMeta *meta,
                 FsaArena *arena, FsaLogRow *ret_row) {
  Template *template;
  int result = split(reader, columns, values, meta, &template);
  return result == FSA_OK ? finish(reader, template, NULL, arena, ret_row) : result;
}

int fsa_row_key(FsaRowReader *reader, FsaText columns, FsaText values, const FsaQueryMeta *meta,
                FsaBuffer *out) {
  Template *template;
  int result = split(reader, columns, values, meta, &template);
  return result == FSA_OK ? put_key(reader, template, out) : result;
}

/* ---- kept rows for people ---------------------------------------------------------------------
 */

static void put_quoted(FsaBuffer *out, FsaText text) {
  fsa_buffer_putc(out, '"');
  fsa_buffer_put(out, text.data, text.size);
  fsa_buffer_putc(out, '"');
}

void fsa_row_json(FsaText columns, FsaText values, FsaBuffer *out) {
  FsaText column, value;
  bool is_first = true;
  fsa_buffer_putc(out, '{');
  begin_fields(&columns, &values);
  while (fsa_row_next_field(&columns, &column) && fsa_row_next_field(&values, &value)) {
    if (!is_first) fsa_buffer_putc(out, ',');
    is_first = false;
    put_quoted(out, column);
    fsa_buffer_putc(out, ':');
    put_quoted(out, value);
  }
  fsa_buffer_putc(out, '}');
}

FsaText fsa_row_value(FsaText columns, FsaText values, FsaText column, FsaArena *arena) {
  FsaText name, value;
  begin_fields(&columns, &values);
  while (fsa_row_next_field(&columns, &name) && fsa_row_next_field(&values, &value))
    if (same_text(name, column)) return plain_text(value, arena);
  return (FsaText){NULL, 0};
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
