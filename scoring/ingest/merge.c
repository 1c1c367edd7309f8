/* `fsa-score merge`: cases of parts of a fleet into one. See merge.h. */
#include "ingest/merge.h"

#include <string.h>

#include "ingest/apply.h"
#include "text/print.h"

typedef struct Merge {
  FsaCase *whole, *part;
  const char *part_path;
  FsaPackMeta meta; /* of the whole */
  FsaApply *apply;
  GHashTable *hosts;  /* number in the part -> number in the whole */
  GHashTable *inputs; /* path in the part -> path in the whole */
  int64_t host_count, answer_count;
} Merge;

/* ---- reading a part ---------------------------------------------------------------------------
 */

/* One row of a statement over the part. FSA_OK or an error. */
typedef int (*TakeRow)(Merge *merge, sqlite3_stmt *stmt);

static FsaText text_at(sqlite3_stmt *stmt, int column) {
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  return (FsaText){text ? text : "", (size_t)sqlite3_column_bytes(stmt, column)};
}

static int each_row(Merge *merge, const char *sql, TakeRow take) {
  sqlite3_stmt *stmt = NULL;
  sqlite3 *part = fsa_case_database(merge->part);
  if (sqlite3_prepare_v2(part, sql, -1, &stmt, NULL) != SQLITE_OK) return FSA_E_IO;
  int result = FSA_OK, code = SQLITE_DONE;
  while (result == FSA_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) result = take(merge, stmt);
  sqlite3_finalize(stmt);
  return result == FSA_OK && code != SQLITE_DONE ? FSA_E_IO : result;
}

static bool find_host(const Merge *merge, int64_t number, int64_t *ret_host) {
  gint64 *found = g_hash_table_lookup(merge->hosts, &number);
  if (found) *ret_host = *found;
  return found != NULL;
}

/* ---- hosts and what is known of queries -------------------------------------------------------
 */

static gint64 *boxed(gint64 number) {
  gint64 *box = g_new(gint64, 1);
  *box = number;
  return box;
}

static int take_host(Merge *merge, sqlite3_stmt *stmt) {
  int64_t host = 0;
  FsaText identifier = text_at(stmt, 1), hostname = text_at(stmt, 2);
  if (!hostname.size) hostname.data = NULL;
  for (int seen = 3; seen <= 4; seen++) {
    if (sqlite3_column_type(stmt, seen) == SQLITE_NULL) continue;
    int result =
        fsa_case_host(merge->whole, identifier, hostname, sqlite3_column_int64(stmt, seen), &host);
    if (result != FSA_OK) return result;
  }
  if (!host) return FSA_OK; /* no line of it was ever stored */
  merge->host_count++;
  g_hash_table_replace(merge->hosts, boxed(sqlite3_column_int64(stmt, 0)), boxed(host));
  return sqlite3_column_int(stmt, 5) ? fsa_case_logs_rows(merge->whole, host) : FSA_OK;
}

static bool is_same_meta(const FsaQueryMeta *one, const FsaQueryMeta *other) {
  FsaBuffer left = fsa_buffer(FSA_MAX_META_BYTES), right = fsa_buffer(FSA_MAX_META_BYTES);
  fsa_query_meta_print(one, &left);
  fsa_query_meta_print(other, &right);
  bool is_same = strcmp(fsa_buffer_text(&left), fsa_buffer_text(&right)) == 0;
  fsa_buffer_done(&left);
  fsa_buffer_done(&right);
  return is_same;
}

/* Two packs that have another key for a query would count different things as one. */
static int check_pack(Merge *merge, const FsaPackMeta *theirs) {
  GHashTableIter iterator;
  gpointer value;
  g_hash_table_iter_init(&iterator, theirs->queries);
  while (g_hash_table_iter_next(&iterator, NULL, &value)) {
    const FsaQueryMeta *query = value;
    const FsaQueryMeta *ours =
        fsa_pack_meta_find(&merge->meta, (FsaText){query->name, strlen(query->name)});
    if (!ours || is_same_meta(ours, query)) continue;
    fsa_complain("%s: it was made with another pack than the parts before it: %s differs; ingest "
                 "the parts' logs with one pack (--meta)",
                 merge->part_path, query->name);
    return FSA_E_VERSION;
  }
  return FSA_OK;
}

static int take_pack(Merge *merge) {
  FsaPackMeta theirs = fsa_pack_meta();
  GHashTableIter iterator;
  gpointer value;
  bool changed;
  int result = fsa_case_meta(merge->part, &theirs);
  if (result == FSA_OK) result = check_pack(merge, &theirs);
  g_hash_table_iter_init(&iterator, theirs.queries);
  while (result == FSA_OK && g_hash_table_iter_next(&iterator, NULL, &value))
    result = fsa_case_put_meta(merge->whole, value, &changed);
  if (result == FSA_OK) result = fsa_case_meta(merge->whole, &merge->meta);
  fsa_pack_meta_done(&theirs);
  return result;
}

/* ---- answers and the rest ---------------------------------------------------------------------
 */

static int take_answer(Merge *merge, sqlite3_stmt *stmt) {
  int64_t host;
  if (!find_host(merge, sqlite3_column_int64(stmt, 0), &host)) return FSA_OK;
  FsaAnswerHead head = {.reset_time = sqlite3_column_int64(stmt, 2),
                        .last_time = sqlite3_column_int64(stmt, 3),
                        .epoch = sqlite3_column_int64(stmt, 4),
                        .line_bytes = sqlite3_column_int64(stmt, 5)};
  FsaBuffer rows = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  int result = fsa_case_unpack(
      merge->part, fsa_bytes(sqlite3_column_blob(stmt, 6), (size_t)sqlite3_column_bytes(stmt, 6)),
      &rows);
  if (result == FSA_OK)
    result = fsa_apply_answer(merge->apply, host, text_at(stmt, 1), &head,
                              (FsaText){rows.data, rows.size});
  fsa_buffer_done(&rows);
  merge->answer_count++;
  if (result == FSA_OK && fsa_apply_is_full(merge->apply)) result = fsa_apply_flush(merge->apply);
  return result;
}

static int take_status(Merge *merge, sqlite3_stmt *stmt) {
  int64_t host, query = 0;
  int result = FSA_OK;
  if (!find_host(merge, sqlite3_column_int64(stmt, 0), &host)) return FSA_OK;
  if (sqlite3_column_type(stmt, 1) != SQLITE_NULL)
    result = fsa_case_query(merge->whole, text_at(stmt, 1), &query);
  for (int seen = 3; seen <= 4 && result == FSA_OK; seen++)
    result = fsa_case_put_status(merge->whole, host, query, sqlite3_column_int64(stmt, 2),
                                 sqlite3_column_int64(stmt, seen), text_at(stmt, 5));
  return result;
}

/* True when the whole has an input of that path which is not this one. */
static bool is_other_input(Merge *merge, FsaText path, const FsaInputFacts *facts) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT 1 FROM input WHERE path=?1 AND (bytes<>?2 OR lines<>?3"
                    " OR ifnull(sha256, '')<>?4)";
  sqlite3 *whole = fsa_case_database(merge->whole);
  if (sqlite3_prepare_v2(whole, sql, -1, &stmt, NULL) != SQLITE_OK) return false;
  sqlite3_bind_text64(stmt, 1, path.data, path.size, SQLITE_STATIC, SQLITE_UTF8);
  sqlite3_bind_int64(stmt, 2, facts->bytes);
  sqlite3_bind_int64(stmt, 3, facts->lines);
  sqlite3_bind_text(stmt, 4, facts->sha256, -1, SQLITE_STATIC);
  bool is_other = sqlite3_step(stmt) == SQLITE_ROW;
  sqlite3_finalize(stmt);
  return is_other;
}

/* Logs of two servers may have one path: then the part's name tells them apart. */
static int take_input(Merge *merge, sqlite3_stmt *stmt) {
  FsaText path = text_at(stmt, 0), sha256 = text_at(stmt, 8);
  FsaInputFacts facts = {.bytes = sqlite3_column_int64(stmt, 1),
                         .lines = sqlite3_column_int64(stmt, 2),
                         .entries = sqlite3_column_int64(stmt, 3),
                         .other = sqlite3_column_int64(stmt, 4),
                         .rejected = sqlite3_column_int64(stmt, 5),
                         .lost_bytes = sqlite3_column_int64(stmt, 6),
                         .file_bytes = sqlite3_column_int64(stmt, 7)};
  if (sha256.size < sizeof facts.sha256) memcpy(facts.sha256, sha256.data, sha256.size);
  bool is_other = is_other_input(merge, path, &facts);
  char *name = is_other ? g_strdup_printf("%s in %s", path.data, merge->part_path)
                        : g_strndup(path.data, path.size);
  int result = fsa_case_put_input(merge->whole, name, &facts);
  g_hash_table_replace(merge->inputs, g_strndup(path.data, path.size), name);
  return result;
}

static int take_reject(Merge *merge, sqlite3_stmt *stmt) {
  const char *path = text_at(stmt, 0).data, *name = g_hash_table_lookup(merge->inputs, path);
  char *why = g_strndup(text_at(stmt, 4).data, text_at(stmt, 4).size);
  int result =
      fsa_case_put_reject(merge->whole, name ? name : path, sqlite3_column_int64(stmt, 2),
                          sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 3), why);
  g_free(why);
  return result;
}

static int take_expected(Merge *merge, sqlite3_stmt *stmt) {
  FsaListedHost host = {text_at(stmt, 0).data, text_at(stmt, 1).data, text_at(stmt, 2).data,
                        text_at(stmt, 3).data, text_at(stmt, 4).data};
  return fsa_case_put_expected(merge->whole, &host, text_at(stmt, 5).data);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static const struct {
  const char *sql;
  TakeRow take;
} tables[] = {
    {"SELECT id, identifier, hostname, first_seen, last_seen, logs_rows FROM host ORDER BY id",
     take_host},
    {"SELECT host, q.name, reset_time, last_time, epoch, line_bytes, rows FROM answer a"
     " JOIN query q ON q.id = a.query ORDER BY a.rowid",
     take_answer},
    {"SELECT host, q.name, severity, first_time, last_time, message FROM status_line s"
     " LEFT JOIN query q ON q.id = s.query",
     take_status},
    {"SELECT path, bytes, lines, entries, other, rejected, lost_bytes, file_bytes, sha256"
     " FROM input ORDER BY path",
     take_input},
    {"SELECT path, offset, line, lost, why FROM rejected", take_reject},
    {"SELECT identifier, hostname, platform, team, last_seen, source FROM expected_host",
     take_expected},
};

static int complain(FsaCase *store, const char *path, int result) {
  const char *why = fsa_case_message(store);
  const char *message = sqlite3_errmsg(fsa_case_database(store));
  fsa_complain("%s: %s", path,
               why[0]               ? why
               : result == FSA_E_IO ? message
                                    : fsa_result_name(result));
  return result;
}

static int take_part(Merge *merge) {
  int result = take_pack(merge);
  if (result == FSA_E_VERSION) return result; /* said already */
  for (size_t i = 0; i < sizeof tables / sizeof *tables && result == FSA_OK; i++)
    result = each_row(merge, tables[i].sql, tables[i].take);
  if (result == FSA_OK) result = fsa_apply_flush(merge->apply);
  if (result == FSA_OK) return result;
  bool is_whole = fsa_case_message(merge->whole)[0] != '\0';
  return complain(is_whole ? merge->whole : merge->part, merge->part_path, result);
}

/* A part is a transaction: it is in the whole, or nothing of it is. */
static int merge_part(Merge *merge, const char *path) {
  merge->part_path = path;
  g_hash_table_remove_all(merge->hosts);
  g_hash_table_remove_all(merge->inputs);
  int result = fsa_case_open(path, FSA_CASE_READ, &merge->part);
  if (result != FSA_OK) {
    complain(merge->part, path, result);
  } else {
    result = fsa_case_begin(merge->whole);
    if (result == FSA_OK) result = take_part(merge);
    if (result == FSA_OK) result = fsa_case_commit(merge->whole);
  }
  fsa_case_close(merge->part);
  return result;
}

static int merge_parts(Merge *merge, const FsaMergeOptions *options) {
  merge->meta = fsa_pack_meta();
  merge->hosts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
  merge->inputs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  int result = fsa_case_meta(merge->whole, &merge->meta);
  merge->apply = fsa_apply_new(merge->whole, &merge->meta);
  for (size_t i = 0; i < options->part_count && result == FSA_OK; i++)
    result = merge_part(merge, options->parts[i]);
  fsa_apply_free(merge->apply);
  g_hash_table_destroy(merge->hosts);
  g_hash_table_destroy(merge->inputs);
  fsa_pack_meta_done(&merge->meta);
  return result;
}

int fsa_merge(const FsaMergeOptions *options) {
  Merge merge = {0};
  int result = fsa_case_open(options->case_path, FSA_CASE_WRITE, &merge.whole);
  if (result == FSA_OK)
    result = merge_parts(&merge, options);
  else
    complain(merge.whole, options->case_path, result);
  if (result == FSA_OK && !options->is_quiet) {
    FsaBuffer out = fsa_buffer(4096);
    fsa_put_count(&out, (int64_t)options->part_count);
    fsa_buffer_puts(&out, options->part_count == 1 ? " case, " : " cases, ");
    fsa_put_count(&out, merge.host_count);
    fsa_buffer_puts(&out, " hosts in them, ");
    fsa_put_count(&out, merge.answer_count);
    fsa_buffer_puts(&out, " answers\n");
    fsa_print(&out);
    fsa_buffer_done(&out);
  }
  fsa_case_close(merge.whole);
  return result == FSA_OK ? 0 : 2;
}
