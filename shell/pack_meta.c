/*
 * fsa-pack-meta.json: what the scorer must know of each query. docs/packs.md describes its members.
 */
#include <string.h>

#include "commands.h"
#include "pack.h"
#include "pack_output.h"

/*
 * What the text of a query tells the scorer. cmake/pack_meta.cmake has the same rule, for it cannot
 * ask SQLite; tests/interop/shell.py compares the two.
 */
typedef struct Reading {
  /* the first table that stands behind a FROM or JOIN: whose coverage counts. fsa_processes only
   * where no other does: most queries ask it for the names of processes */
  FsaText source;
  bool is_whole; /* `SELECT columns FROM table` and no more: as many rows as the table has */
} Reading;

static bool is_word(FsaText word, const char *wanted) {
  return fsa_text_same(word.data, word.size, wanted, strlen(wanted));
}

/* True for words that make another number of rows of a table's. */
static bool changes_count(FsaText word) {
  static const char *const words[] = {"distinct", "count", "sum",          "total",
                                      "avg",      "min",   "group_concat", "max"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (is_word(word, words[i])) return true;
  return false;
}

static Reading read_statement(const char *sql) {
  const char *at = sql;
  FsaText last = {sql, 0};
  size_t from_count = 0;
  Reading reading = {.source = {"", 0}};
  bool is_counted = false, ends_in_table = false;
  for (FsaText token = fsa_pack_next_token(&at); token.size; token = fsa_pack_next_token(&at)) {
    const bool is_table = token.size > 4 && memcmp(token.data, "fsa_", 4) == 0;
    ends_in_table = is_table && is_word(last, "from");
    if ((ends_in_table || (is_table && is_word(last, "join"))) &&
        (reading.source.size == 0 || is_word(reading.source, "fsa_processes")))
      reading.source = token;
    from_count += is_word(token, "from");
    is_counted |= changes_count(token);
    last = token;
  }
  reading.is_whole = ends_in_table && from_count == 1 && !is_counted;
  return reading;
}

static void put_rules(FsaBuffer *out, const FsaPackQuery *query) {
  fsa_buffer_puts(out, ", \"rules\": [");
  for (size_t i = 0; i < query->rule_count; i++) {
    const FsaPackRule *rule = &query->rules[i];
    fsa_buffer_printf(out, "%s{\"id\": ", i ? ", " : "");
    fsa_buffer_json(out, rule->id, strlen(rule->id));
    fsa_pack_put_string(out, "where", rule->where);
    fsa_buffer_printf(out, ", \"tpr\": %g, \"fpr\": %g", rule->tpr, rule->fpr);
    fsa_pack_put_list(out, "attack", rule->attack);
    fsa_buffer_printf(out, ", \"fixed\": %s}", rule->is_fixed ? "true" : "false");
  }
  fsa_buffer_puts(out, "], \"attributes\": [");
  for (size_t i = 0; i < query->attribute_count; i++) {
    const FsaPackAttribute *attribute = &query->attributes[i];
    fsa_buffer_printf(out, "%s{\"family\": ", i ? ", " : "");
    fsa_buffer_json(out, attribute->family, strlen(attribute->family));
    fsa_pack_put_string(out, "where", attribute->where);
    fsa_buffer_printf(out, ", \"frequency\": %g}", attribute->frequency);
  }
  fsa_buffer_putc(out, ']');
}

/* The table whose coverage counts: of a query that awaits some, the first of these. */
static Reading read_query(const FsaPackQuery *query) {
  if (!query->awaits) return read_statement(query->sql);
  const char *table = query->awaits[0] ? query->awaits[0] : "";
  return (Reading){.source = {table, strlen(table)}};
}

static void put_meta(FsaBuffer *out, const FsaPackQuery *query, const char **columns) {
  const Reading reading = read_query(query);
  fsa_buffer_puts(out, "    ");
  fsa_buffer_json(out, query->id, strlen(query->id));
  fsa_buffer_puts(out, ": {\"title\": ");
  fsa_buffer_json(out, query->title, strlen(query->title));
  fsa_pack_put_string(out, "pillar", query->pillar);
  fsa_pack_put_string(out, "platform", query->platform);
  fsa_pack_put_list(out, "key", query->key);
  fsa_pack_put_list(out, "join", query->join);
  fsa_pack_put_string(out, "family", query->family);
  fsa_pack_put_list(out, "attack", query->attack);
  fsa_buffer_puts(out, ", \"source\": ");
  fsa_buffer_json(out, reading.source.data, reading.source.size);
  fsa_buffer_printf(out, ", \"whole\": %s", reading.is_whole ? "true" : "false");
  fsa_buffer_printf(out, ", \"max_rows\": %lld, \"max_bytes\": %lld", (long long)query->max_rows,
                    (long long)query->max_bytes);
  fsa_pack_put_string(out, "proves", query->proves);
  fsa_pack_put_string(out, "does_not_prove", query->does_not_prove);
  fsa_pack_put_string(out, "next_step", query->next_step);
  if (query->awaits) fsa_pack_put_list(out, "awaits", query->awaits);
  fsa_pack_put_list(out, "columns", columns);
  put_rules(out, query);
  if (query->tpr >= 0) fsa_buffer_printf(out, ", \"tpr\": %g, \"fpr\": %g", query->tpr, query->fpr);
  fsa_buffer_putc(out, '}');
}

/* Which columns the query gives, or will give. */
static const char **columns_of(const FsaPackQuery *query, struct sqlite3 *db, FsaArena *arena) {
  FsaPackColumns columns = {0};
  if (query->columns) return query->columns;
  if (fsa_pack_columns(db, query->sql, arena, &columns) != FSA_OK) return NULL;
  const char **list = fsa_arena_zero(arena, columns.count + 1, sizeof *list);
  if (list) memcpy(list, columns.names, columns.count * sizeof *list);
  return list;
}

int fsa_pack_build_meta(const FsaPack *pack, struct sqlite3 *db, const char *folder) {
  FsaBuffer out = fsa_buffer(FSA_MAX_BUILT);
  FsaArena arena = fsa_arena(0);
  fsa_buffer_printf(&out, "{\n  \"version\": \"%s\",\n  \"queries\": {\n", FSA_VERSION);
  for (size_t i = 0; i < pack->count && !out.error; i++) {
    const char **columns = columns_of(&pack->queries[i], db, &arena);
    if (!columns) out.error = FSA_E_NOMEM;
    if (columns) put_meta(&out, &pack->queries[i], columns);
    fsa_buffer_puts(&out, i + 1 < pack->count ? ",\n" : "\n");
  }
  fsa_buffer_puts(&out, "  }\n}\n");
  const int result = fsa_pack_write(&out, folder, "fsa-pack-meta.json");
  fsa_arena_done(&arena);
  fsa_buffer_done(&out);
  return result;
}
