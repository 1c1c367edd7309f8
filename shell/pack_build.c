/*
 * fsa pack build: fsa-linux.json and fsa-windows.json for osquery, fsa-pack-meta.json for the
 * scorer.
 *
 * The forms: osquery's pack configuration [osquery docs/deployment/configuration.md]; the metadata
 * is described in docs/packs.md.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "os/folder.h"
#include "pack.h"
#include "terminal.h"

#define MAX_BUILT (64u << 20) /* bytes of one built file */

static void put_string(FsaBuffer *out, const char *name, const char *value) {
  fsa_buffer_puts(out, ", ");
  fsa_buffer_json(out, name, strlen(name));
  fsa_buffer_puts(out, ": ");
  fsa_buffer_json(out, value, strlen(value));
}

static void put_list(FsaBuffer *out, const char *name, const char *const *values) {
  fsa_buffer_puts(out, ", ");
  fsa_buffer_json(out, name, strlen(name));
  fsa_buffer_puts(out, ": [");
  for (size_t i = 0; values[i]; i++) {
    if (i) fsa_buffer_puts(out, ", ");
    fsa_buffer_json(out, values[i], strlen(values[i]));
  }
  fsa_buffer_putc(out, ']');
}

static int write_file(FsaBuffer *text, const char *folder, const char *name) {
  char path[FSA_MAX_PATH];
  FsaWriter writer;
  int size = snprintf(path, sizeof path, "%s/%s", folder, name), error = 0;
  if (size < 0 || (size_t)size >= sizeof path) error = ENAMETOOLONG;
  if (!error && text->error) error = ENOMEM;
  if (!error) error = fsa_writer_open(&writer, path);
  if (!error) {
    fsa_writer_put(&writer, text->data, text->size);
    error = fsa_writer_close(&writer);
  }
  fsa_buffer_clear(text);
  if (!error) return FSA_EXIT_OK;
  fsa_terminal_complain("cannot write %s/%s: %s", folder, name, strerror(error));
  return FSA_EXIT_SQL;
}

/* ---- osquery ----------------------------------------------------------------------------- */

/* What an analyst reads in the fleet manager: what the query is for and how far to trust it. */
static void put_description(FsaBuffer *out, const FsaPackQuery *query) {
  FsaBuffer text = fsa_buffer(MAX_BUILT);
  fsa_buffer_printf(&text, "%s. Proves: %s Does not prove: %s Next: %s (FSA Tables %s)",
                    query->title, query->proves, query->does_not_prove, query->next_step,
                    FSA_VERSION);
  put_string(out, "description", fsa_buffer_text(&text));
  if (text.error) out->error = text.error;
  fsa_buffer_done(&text);
}

static void put_query(FsaBuffer *out, const FsaPackQuery *query, const char *platform) {
  const bool is_snapshot = strcmp(query->logging, "snapshot") == 0;
  fsa_buffer_puts(out, "    ");
  fsa_buffer_json(out, query->id, strlen(query->id));
  fsa_buffer_puts(out, ": {\"query\": ");
  FsaBuffer sql = fsa_buffer(MAX_BUILT);
  fsa_buffer_printf(&sql, "%s;", query->sql);
  fsa_buffer_json(out, sql.data, sql.size);
  fsa_buffer_done(&sql);
  fsa_buffer_printf(out, ", \"interval\": %lld", (long long)fsa_pack_interval(query));
  fsa_buffer_printf(out, ", \"snapshot\": %s", is_snapshot ? "true" : "false");
  if (!is_snapshot)
    fsa_buffer_printf(out, ", \"removed\": %s",
                      strcmp(query->logging, "differential") == 0 ? "true" : "false");
  /* a scan is heavy by nature and runs in the extension, under its own limits */
  fsa_buffer_puts(out, ", \"denylist\": false");
  put_string(out, "platform", platform);
  put_description(out, query);
  fsa_buffer_putc(out, '}');
}

static int build_osquery(const FsaPack *pack, const char *platform, const char *folder) {
  char name[64];
  FsaBuffer out = fsa_buffer(MAX_BUILT);
  bool is_first = true;
  fsa_buffer_puts(&out, "{\n  \"discovery\": [\"SELECT 1 FROM osquery_extensions WHERE name = "
                        "'fsa';\"],\n  \"platform\": ");
  fsa_buffer_json(&out, platform, strlen(platform));
  fsa_buffer_puts(&out, ",\n  \"queries\": {\n");
  for (size_t i = 0; i < pack->count; i++) {
    if (pack->queries[i].awaits || !fsa_pack_is_for(&pack->queries[i], platform)) continue;
    if (!is_first) fsa_buffer_puts(&out, ",\n");
    is_first = false;
    put_query(&out, &pack->queries[i], platform);
  }
  fsa_buffer_puts(&out, "\n  }\n}\n");
  snprintf(name, sizeof name, "fsa-%s.json", platform);
  int result = write_file(&out, folder, name);
  fsa_buffer_done(&out);
  return result;
}

/* ---- the scorer -------------------------------------------------------------------------- */

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
    put_string(out, "where", rule->where);
    fsa_buffer_printf(out, ", \"tpr\": %g, \"fpr\": %g", rule->tpr, rule->fpr);
    put_list(out, "attack", rule->attack);
    fsa_buffer_printf(out, ", \"fixed\": %s}", rule->is_fixed ? "true" : "false");
  }
  fsa_buffer_puts(out, "], \"attributes\": [");
  for (size_t i = 0; i < query->attribute_count; i++) {
    const FsaPackAttribute *attribute = &query->attributes[i];
    fsa_buffer_printf(out, "%s{\"family\": ", i ? ", " : "");
    fsa_buffer_json(out, attribute->family, strlen(attribute->family));
    put_string(out, "where", attribute->where);
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

static void put_meta(FsaBuffer *out, const FsaPackQuery *query) {
  const Reading reading = read_query(query);
  fsa_buffer_puts(out, "    ");
  fsa_buffer_json(out, query->id, strlen(query->id));
  fsa_buffer_puts(out, ": {\"title\": ");
  fsa_buffer_json(out, query->title, strlen(query->title));
  put_string(out, "pillar", query->pillar);
  put_string(out, "platform", query->platform);
  put_list(out, "key", query->key);
  put_list(out, "join", query->join);
  put_string(out, "family", query->family);
  put_list(out, "attack", query->attack);
  fsa_buffer_puts(out, ", \"source\": ");
  fsa_buffer_json(out, reading.source.data, reading.source.size);
  fsa_buffer_printf(out, ", \"whole\": %s", reading.is_whole ? "true" : "false");
  fsa_buffer_printf(out, ", \"max_rows\": %lld, \"max_bytes\": %lld", (long long)query->max_rows,
                    (long long)query->max_bytes);
  put_string(out, "proves", query->proves);
  put_string(out, "does_not_prove", query->does_not_prove);
  put_string(out, "next_step", query->next_step);
  if (query->awaits) put_string(out, "awaits", query->awaits[0]);
  if (query->columns) put_list(out, "columns", query->columns);
  put_rules(out, query);
  if (query->tpr >= 0) fsa_buffer_printf(out, ", \"tpr\": %g, \"fpr\": %g", query->tpr, query->fpr);
  fsa_buffer_putc(out, '}');
}

static int build_meta(const FsaPack *pack, const char *folder) {
  FsaBuffer out = fsa_buffer(MAX_BUILT);
  fsa_buffer_printf(&out, "{\n  \"version\": \"%s\",\n  \"queries\": {\n", FSA_VERSION);
  for (size_t i = 0; i < pack->count; i++) {
    put_meta(&out, &pack->queries[i]);
    fsa_buffer_puts(&out, i + 1 < pack->count ? ",\n" : "\n");
  }
  fsa_buffer_puts(&out, "  }\n}\n");
  int result = write_file(&out, folder, "fsa-pack-meta.json");
  fsa_buffer_done(&out);
  return result;
}

int fsa_pack_build(const FsaPack *pack, const char *folder) {
  int error = fsa_folder_make(folder);
  if (error) {
    fsa_terminal_complain("cannot make the folder %s: %s", folder, strerror(error));
    return FSA_EXIT_SQL;
  }
  int result = build_osquery(pack, "linux", folder);
  if (result == FSA_EXIT_OK) result = build_osquery(pack, "windows", folder);
  return result == FSA_EXIT_OK ? build_meta(pack, folder) : result;
}
