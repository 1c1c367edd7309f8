/* Loading packs: finding the files and reading their headers. */
#include "pack.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "terminal.h"

#define MAX_LIST 32 /* entries of a list field */

static const char *const query_endings[] = {".sql", NULL};

/* A pack while it is loaded. */
typedef struct Loader {
  FsaPack *pack;
  size_t room; /* queries */
} Loader;

/* ---- header fields ----------------------------------------------------------------------- */

typedef enum FieldKind {
  FIELD_TEXT,
  FIELD_LIST,
  FIELD_COUNT,
  FIELD_SHARE,
  FIELD_RULE,
  FIELD_ATTRIBUTE
} FieldKind;

typedef struct Field {
  const char *name;
  FieldKind kind;
  bool is_optional;
  size_t offset; /* in FsaPackQuery */
} Field;

#define FIELD(name, kind, is_optional)                                                             \
  { #name, kind, is_optional, offsetof(FsaPackQuery, name) }

static const Field fields[] = {
    FIELD(id, FIELD_TEXT, false),
    FIELD(title, FIELD_TEXT, false),
    FIELD(pillar, FIELD_TEXT, false),
    FIELD(platform, FIELD_TEXT, false),
    FIELD(logging, FIELD_TEXT, false),
    FIELD(interval, FIELD_TEXT, false),
    FIELD(max_rows, FIELD_COUNT, false),
    FIELD(max_bytes, FIELD_COUNT, false),
    FIELD(key, FIELD_LIST, false),
    FIELD(join, FIELD_LIST, false),
    FIELD(family, FIELD_TEXT, false),
    FIELD(attack, FIELD_LIST, false),
    FIELD(tpr, FIELD_SHARE, true),
    FIELD(fpr, FIELD_SHARE, true),
    {"rule", FIELD_RULE, true, 0},
    {"attribute", FIELD_ATTRIBUTE, true, 0},
    FIELD(awaits, FIELD_LIST, true),
    FIELD(yara, FIELD_LIST, true),
    FIELD(columns, FIELD_LIST, true),
    FIELD(proves, FIELD_TEXT, false),
    FIELD(does_not_prove, FIELD_TEXT, false),
    FIELD(false_positives, FIELD_TEXT, false),
    FIELD(next_step, FIELD_TEXT, false),
    FIELD(positive, FIELD_TEXT, false),
    FIELD(negative, FIELD_TEXT, false),
};

#define FIELD_NUMBER (sizeof fields / sizeof fields[0])

static void complain(FsaPack *pack, const char *path, size_t line, const char *what,
                     const char *about) {
  fsa_terminal_add("%s:%zu: %s%s", path, line, what, about);
  pack->faults++;
}

const char **fsa_pack_split(FsaArena *arena, const char *value) {
  const char **list = fsa_arena_zero(arena, MAX_LIST + 1, sizeof *list);
  size_t count = 0;
  while (list && count < MAX_LIST) {
    while (*value == ' ' || *value == ',') value++;
    size_t size = strcspn(value, ", ");
    if (size == 0) break;
    list[count] = fsa_arena_copy(arena, value, size);
    if (!list[count++]) return NULL;
    value += size;
  }
  return list;
}

static bool read_count(const char *value, int64_t *ret_count) {
  char *end;
  errno = 0;
  long long count = strtoll(value, &end, 10);
  if (!isdigit((unsigned char)*value) || *end || errno) return false;
  *ret_count = count;
  return true;
}

bool fsa_pack_read_share(const char *value, double *ret_share) {
  char *end;
  double share = strtod(value, &end);
  if (end == value || *end || !(share >= 0 && share <= 1)) return false;
  *ret_share = share;
  return true;
}

/* Sets one field. FSA_OK, FSA_E_NOMEM, or FSA_E_FORMAT when the value is not one of its kind. */
static int set_field(FsaPack *pack, FsaPackQuery *query, const Field *field, const char *value,
                     size_t line) {
  const char **list;
  void *place = (char *)query + field->offset;
  switch (field->kind) {
  case FIELD_TEXT: *(const char **)place = value; return *value ? FSA_OK : FSA_E_FORMAT;
  case FIELD_COUNT: return read_count(value, place) ? FSA_OK : FSA_E_FORMAT;
  case FIELD_SHARE: return fsa_pack_read_share(value, place) ? FSA_OK : FSA_E_FORMAT;
  case FIELD_RULE: return fsa_pack_add_rule(&pack->arena, query, value, line);
  case FIELD_ATTRIBUTE: return fsa_pack_add_attribute(&pack->arena, query, value, line);
  case FIELD_LIST:
    /* "-" says that there is none, which is not the same as saying nothing */
    list = fsa_pack_split(&pack->arena, strcmp(value, "-") == 0 ? "" : value);
    if (!list) return FSA_E_NOMEM;
    *(const char ***)place = list;
    return *value ? FSA_OK : FSA_E_FORMAT;
  }
  return FSA_E_FORMAT;
}

/* A header line's value with the lines that continue it, joined by blanks. */
static const char *read_value(FsaArena *arena, const char **at, size_t *line) {
  FsaBuffer value = fsa_buffer(FSA_MAX_PACK_FILE);
  size_t size = strcspn(*at, "\n");
  for (;;) {
    const char *text = *at;
    size_t kept = size;
    while (kept && isspace((unsigned char)*text)) text++, kept--;
    while (kept && isspace((unsigned char)text[kept - 1])) kept--;
    if (value.size && kept) fsa_buffer_putc(&value, ' ');
    fsa_buffer_put(&value, text, kept);
    *at += size + ((*at)[size] == '\n');
    ++*line;
    if (strncmp(*at, "--  ", 4) != 0) break;
    *at += 2;
    size = strcspn(*at, "\n");
  }
  const char *copy = value.error ? NULL : fsa_arena_copy(arena, value.data, value.size);
  fsa_buffer_done(&value);
  return copy;
}

static const Field *find_field(const char *name, size_t size) {
  for (size_t i = 0; i < FIELD_NUMBER; i++)
    if (strlen(fields[i].name) == size && memcmp(fields[i].name, name, size) == 0)
      return &fields[i];
  return NULL;
}

/* Reads the `-- name: value` lines; leaves *at at the first line that is none. FSA_OK or
 * FSA_E_NOMEM. */
static int read_header(FsaPack *pack, FsaPackQuery *query, const char **at, size_t *line) {
  unsigned long long seen = 0;
  while (strncmp(*at, "-- ", 3) == 0) {
    const char *name = *at + 3;
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz_"), start = *line;
    if (size == 0 || name[size] != ':') break;
    const Field *field = find_field(name, size);
    *at = name + size + 1;
    const char *value = read_value(&pack->arena, at, line);
    if (!value) return FSA_E_NOMEM;
    if (!field) {
      complain(pack, query->path, start, "no such header field: ", value);
      continue;
    }
    const bool is_repeatable = field->kind == FIELD_RULE || field->kind == FIELD_ATTRIBUTE;
    if (!is_repeatable && seen >> (field - fields) & 1)
      complain(pack, query->path, start, "given twice: ", field->name);
    seen |= 1ull << (field - fields);
    const int result = set_field(pack, query, field, value, start);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK)
      complain(pack, query->path, start, "not a value for this field: ", field->name);
  }
  for (size_t i = 0; i < FIELD_NUMBER; i++)
    if (!(seen >> i & 1) && !fields[i].is_optional)
      complain(pack, query->path, 1, "the header lacks ", fields[i].name);
  return FSA_OK;
}

/* The statement without blanks around it and its last semicolon. */
static const char *read_sql(FsaArena *arena, const char *at, size_t *line) {
  while (isspace((unsigned char)*at)) *line += *at++ == '\n';
  size_t size = strlen(at);
  while (size && (isspace((unsigned char)at[size - 1]) || at[size - 1] == ';')) size--;
  return fsa_arena_copy(arena, at, size);
}

/* ---- files ------------------------------------------------------------------------------- */

static FsaPackQuery *add_query(Loader *loader) {
  FsaPack *pack = loader->pack;
  if (pack->count == loader->room) {
    size_t room = loader->room ? loader->room * 2 : 32;
    FsaPackQuery *grown = fsa_arena_grow(&pack->arena, pack->queries, loader->room * sizeof *grown,
                                         room * sizeof *grown);
    if (!grown) return NULL;
    pack->queries = grown;
    loader->room = room;
  }
  FsaPackQuery *query = &pack->queries[pack->count++];
  *query = (FsaPackQuery){.max_rows = -1, .max_bytes = -1, .tpr = -1, .fpr = -1};
  return query;
}

/* Text must be NUL-terminated; a NUL inside was refused. */
static int load_text(Loader *loader, const char *path, const char *text) {
  FsaPackQuery *query = add_query(loader);
  if (!query) return FSA_E_NOMEM;
  size_t line = 1;
  query->path = fsa_arena_copy(&loader->pack->arena, path, strlen(path));
  if (!query->path) return FSA_E_NOMEM;
  int result = read_header(loader->pack, query, &text, &line);
  if (result != FSA_OK) return result;
  query->sql = read_sql(&loader->pack->arena, text, &line);
  query->sql_line = line;
  return query->sql ? FSA_OK : FSA_E_NOMEM;
}

static int load_file(void *loader, const char *path) {
  FsaPack *pack = ((Loader *)loader)->pack;
  const char *text;
  if (pack->count == FSA_MAX_PACK_QUERIES) return fsa_pack_refuse(path, "too many files");
  const int result = fsa_pack_read(&pack->arena, path, &text);
  return result == FSA_OK ? load_text(loader, path, text) : result;
}

/* ---- the pack ---------------------------------------------------------------------------- */

int fsa_pack_pillar_rank(const char *pillar) {
  static const char *const pillars[] = {"running", "set_to_run", "has_run", "os_state", "coverage"};
  for (int i = 0; pillar && i < (int)(sizeof pillars / sizeof pillars[0]); i++)
    if (strcmp(pillars[i], pillar) == 0) return i;
  return -1;
}

/* By pillar, then id; what the look itself saw comes when all else was asked. */
static int compare_queries(const void *a, const void *b) {
  const FsaPackQuery *first = a, *second = b;
  bool is_last = first->id && strcmp(first->id, "fsa_coverage") == 0;
  bool other_is_last = second->id && strcmp(second->id, "fsa_coverage") == 0;
  if (is_last != other_is_last) return is_last ? 1 : -1;
  int rank = fsa_pack_pillar_rank(first->pillar), other = fsa_pack_pillar_rank(second->pillar);
  if (rank != other) return rank < other ? -1 : 1;
  return strcmp(first->id ? first->id : "", second->id ? second->id : "");
}

static int load_compiled_in(Loader *loader) {
  int result = FSA_OK;
  for (const FsaPackFile *file = fsa_pack_files; file->path && result == FSA_OK; file++)
    if (fsa_pack_ends(file->path, query_endings))
      result = load_text(loader, file->path, file->text);
  return result;
}

int fsa_pack_load(FsaPack *pack, const char *const *paths, size_t count, const char *const *rules,
                  size_t rule_count) {
  *pack = (FsaPack){.arena = fsa_arena(0), .is_compiled_in = count == 0};
  Loader loader = {.pack = pack};
  int result = count ? FSA_OK : load_compiled_in(&loader);
  for (size_t i = 0; i < count && result == FSA_OK; i++)
    result = fsa_pack_walk(paths[i], query_endings, load_file, &loader);
  if (result == FSA_OK && pack->count == 0 && count)
    result = fsa_pack_refuse(paths[0], "there is no .sql file");
  if (result == FSA_OK) result = fsa_pack_insert_yara(pack, rules, rule_count);
  if (result == FSA_E_NOMEM) fsa_terminal_complain("out of memory");
  if (pack->count) qsort(pack->queries, pack->count, sizeof *pack->queries, compare_queries);
  return result;
}

void fsa_pack_done(FsaPack *pack) {
  fsa_arena_done(&pack->arena);
  *pack = (FsaPack){0};
}

bool fsa_pack_is_for(const FsaPackQuery *query, const char *platform) {
  if (!platform || !query->platform || strcmp(query->platform, "all") == 0) return true;
  return strcmp(query->platform, platform) == 0;
}

int64_t fsa_pack_interval(const FsaPackQuery *query) {
  static const struct {
    const char *name;
    int64_t seconds;
  } classes[] = {{"hourly", 3600}, {"daily", 86400}, {"weekly", 604800}};
  for (size_t i = 0; query->interval && i < sizeof classes / sizeof classes[0]; i++)
    if (strcmp(classes[i].name, query->interval) == 0) return classes[i].seconds;
  int64_t seconds;
  return query->interval && read_count(query->interval, &seconds) ? seconds : 0;
}
