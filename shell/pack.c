/* Loading packs: finding the files and reading their headers. */
#include "pack.h"

#include <ctype.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "os/folder.h"
#include "os/stream.h"
#include "terminal.h"

#define PACK_ROOM                                                                                  \
  (FSA_MAX_PACK_FILE + FSA_STREAM_LEAST) /* a file, its NUL, and a byte too many                   \
                                          */
#define MAX_LIST 32                      /* entries of a list field, tables of a query */

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

static int refuse_path(const char *path, const char *why) {
  fsa_terminal_complain("cannot read the pack %s: %s", path, why);
  return FSA_E_USAGE;
}

/* A checkout on Windows may have CR LF: the packs that are built of it must not differ. */
static size_t drop_carriage_returns(char *text, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size; i++)
    if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n') text[kept++] = text[i];
  return kept;
}

/* Reads a file into `text`, which has PACK_ROOM bytes. NULL, or why it cannot. */
static const char *read_file(const char *path, char *text, size_t *ret_size) {
  FsaPathKind kind;
  FsaStream stream;
  size_t size = 0, got = 0;
  int error = fsa_path_kind(path, &kind);
  if (!error && kind != FSA_PATH_FILE) return "not a file";
  if (!error) error = fsa_stream_open(path, &stream);
  if (error) return strerror(error);
  do error = fsa_stream_read(&stream, text + size, PACK_ROOM - size, &got);
  while (!error && got && (size += got) <= FSA_MAX_PACK_FILE);
  fsa_stream_close(&stream);
  if (error) return strerror(error);
  if (size > FSA_MAX_PACK_FILE) return "larger than a query can be";
  *ret_size = size;
  return memchr(text, '\0', size) ? "not a text" : NULL;
}

static int load_file(Loader *loader, const char *path) {
  if (loader->pack->count == FSA_MAX_PACK_QUERIES) return refuse_path(path, "too many files");
  char *text = malloc(PACK_ROOM);
  size_t size = 0;
  const char *why = text ? read_file(path, text, &size) : "out of memory";
  int result;
  if (why) {
    result = refuse_path(path, why);
  } else {
    text[drop_carriage_returns(text, size)] = '\0';
    result = load_text(loader, path, text);
  }
  free(text);
  return result;
}

static int load_path(Loader *loader, const char *path, unsigned depth);

static bool is_query_file(const char *name) {
  size_t size = strlen(name);
  return size > 4 && strcmp(name + size - 4, ".sql") == 0;
}

static int load_entry(Loader *loader, const char *folder, const char *name, unsigned depth) {
  char path[FSA_MAX_PATH];
  FsaPathKind kind;
  if (name[0] == '.') return FSA_OK;
  int size = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (size < 0 || (size_t)size >= sizeof path) return refuse_path(folder, "the path is too long");
  const int error = fsa_path_kind(path, &kind);
  if (error) return refuse_path(path, strerror(error));
  if (kind == FSA_PATH_FOLDER) return load_path(loader, path, depth + 1);
  return is_query_file(name) ? load_file(loader, path) : FSA_OK;
}

static int load_folder(Loader *loader, const char *path, unsigned depth) {
  if (depth > FSA_MAX_PACK_DEPTH) return refuse_path(path, "too many folders inside each other");
  FsaArena arena = fsa_arena(0);
  const char *const *names;
  size_t count;
  const int error = fsa_folder_names(path, &arena, &names, &count);
  int result = error ? refuse_path(path, strerror(error)) : FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = load_entry(loader, path, names[i], depth);
  fsa_arena_done(&arena);
  return result;
}

static int load_path(Loader *loader, const char *path, unsigned depth) {
  FsaPathKind kind;
  const int error = fsa_path_kind(path, &kind);
  if (error) return refuse_path(path, strerror(error));
  return kind == FSA_PATH_FOLDER ? load_folder(loader, path, depth) : load_file(loader, path);
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
    result = load_text(loader, file->path, file->text);
  return result;
}

int fsa_pack_load(FsaPack *pack, const char *const *paths, size_t count) {
  *pack = (FsaPack){.arena = fsa_arena(0)};
  Loader loader = {.pack = pack};
  int result = count ? FSA_OK : load_compiled_in(&loader);
  for (size_t i = 0; i < count && result == FSA_OK; i++) result = load_path(&loader, paths[i], 0);
  if (result == FSA_E_NOMEM) fsa_terminal_complain("out of memory");
  if (result == FSA_OK && pack->count == 0 && count)
    result = refuse_path(paths[0], "there is no .sql file");
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
  return 0;
}

/* ---- the words of a statement ------------------------------------------------------------ */

/* Moves behind a string or a quoted name; a doubled quote is two strings side by side: good enough.
 */
static const char *skip_quoted(const char *at) {
  const char *end = strchr(at + 1, *at);
  return end ? end + 1 : at + strlen(at);
}

static const char *skip_comment(const char *at) {
  bool is_line = *at == '-';
  const char *end = strstr(at + 2, is_line ? "\n" : "*/");
  return end ? end + (is_line ? 1 : 2) : at + strlen(at);
}

static const char *skip_blanks(const char *at) {
  for (;;) {
    if (isspace((unsigned char)*at))
      at++;
    else if (strncmp(at, "--", 2) == 0 || strncmp(at, "/*", 2) == 0)
      at = skip_comment(at);
    else
      return at;
  }
}

FsaText fsa_pack_next_token(const char **at) {
  const char *start = skip_blanks(*at), *end = start;
  while (isalnum((unsigned char)*end) || *end == '_') end++;
  if (end == start && *end) end = strchr("'\"`", *end) ? skip_quoted(end) : end + 1;
  *at = end;
  return (FsaText){start, (size_t)(end - start)};
}

/* ---- the tables of a statement ----------------------------------------------------------- */

typedef struct Collector {
  FsaArena *arena;
  FsaPackTables tables;
  bool failed;
} Collector;

static void collect_table(Collector *collector, const char *name) {
  FsaPackTables *tables = &collector->tables;
  for (size_t i = 0; i < tables->count; i++)
    if (strcmp(tables->names[i], name) == 0) return;
  const char *copy = fsa_arena_copy(collector->arena, name, strlen(name));
  if (!copy || tables->count == MAX_LIST)
    collector->failed = true;
  else
    tables->names[tables->count++] = copy;
}

static int on_authorize(void *context, int action, const char *first, const char *second,
                        const char *database, const char *trigger) {
  (void)second, (void)database, (void)trigger;
  if (action == SQLITE_READ && first) collect_table(context, first);
  return SQLITE_OK;
}

int fsa_pack_tables(sqlite3 *db, const char *sql, FsaArena *arena, FsaPackTables *ret_tables) {
  sqlite3_stmt *statement = NULL;
  Collector collector = {.arena = arena};
  collector.tables.names = fsa_arena_zero(arena, MAX_LIST, sizeof *collector.tables.names);
  if (!collector.tables.names) return FSA_E_NOMEM;
  sqlite3_set_authorizer(db, on_authorize, &collector);
  int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  sqlite3_set_authorizer(db, NULL, NULL);
  sqlite3_finalize(statement);
  if (result == SQLITE_NOMEM || collector.failed) return FSA_E_NOMEM;
  if (result != SQLITE_OK) return FSA_E_USAGE;
  *ret_tables = collector.tables;
  return FSA_OK;
}

int fsa_pack_columns(sqlite3 *db, const char *sql, FsaArena *arena, FsaPackColumns *ret_columns) {
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  if (result != SQLITE_OK) return result == SQLITE_NOMEM ? FSA_E_NOMEM : FSA_E_USAGE;
  FsaPackColumns columns = {.count = (size_t)sqlite3_column_count(statement)};
  columns.names = fsa_arena_zero(arena, columns.count, sizeof *columns.names);
  bool failed = !columns.names;
  for (size_t i = 0; !failed && i < columns.count; i++) {
    const char *name = sqlite3_column_name(statement, (int)i);
    columns.names[i] = name ? fsa_arena_copy(arena, name, strlen(name)) : NULL;
    failed = !columns.names[i];
  }
  sqlite3_finalize(statement);
  if (failed) return FSA_E_NOMEM;
  *ret_columns = columns;
  return FSA_OK;
}
