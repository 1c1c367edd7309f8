/* `fsa-score push`: what the case holds, into a store. See push.h. */
#include "store/push.h"

#include <glib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store_rows.h"
#include "text/number_list.h"
#include "text/print.h"

#define BATCH_BYTES (32u << 20) /* of rows that are sent at once */

typedef struct Push {
  FsaCase *store_case;
  FsaStore *store;
  FsaMatrix matrix;
  GHashTable *hosts;    /* number -> place in the matrix + 1 */
  GHashTable *versions; /* host U+001F query -> version that the store has */
  sqlite3_stmt *key;    /* of an artefact */
  FsaBuffer sightings, answers;
  uint64_t revision; /* of this push: later ones are greater */
  int64_t pushed, known, cells;
} Push;

uint64_t fsa_answer_version(const FsaAnswerHead *head, const FsaQueryMeta *meta) {
  uint64_t facts[] = {(uint64_t)head->reset_time, (uint64_t)head->last_time,
                      (uint64_t)head->row_count, head->digest, 0};
  /* numbers to be told apart, no secret: whoever writes logs has no hand in the digest */
  for (size_t i = 0; meta && i < meta->key_count; i++)
    facts[4] = fsa_siphash((FsaSipKey){facts[4], i}, meta->key[i].data, meta->key[i].size);
  return fsa_siphash((FsaSipKey){1, 2}, facts, sizeof facts);
}

char *fsa_store_host(const char *identifier, const char *hostname) {
  if (!strchr(identifier, '\x1f') && !strchr(hostname, '\x1f'))
    return g_strdup_printf("%s\x1f%s", identifier, hostname);
  return g_strdup_printf("%s\x1f%s\x1f%zu", identifier, hostname, strlen(identifier));
}

/* ---- what the store has -----------------------------------------------------------------------
 */

/* Either may hold whatever would stand between them. */
static char *name_of(FsaText host, FsaText query) {
  return g_strdup_printf("%zu:%.*s%.*s", host.size, (int)host.size, host.data, (int)query.size,
                         query.data);
}

static int load_versions(Push *push, const char *table) {
  static const char *const names[] = {"host", "query", "current"};
  char *sql = g_strdup_printf("SELECT host, query, argMax(version, revision) AS current FROM "
                              "%s.%s GROUP BY host, query",
                              fsa_store_database(push->store), table);
  FsaText rows, values[3];
  FsaArena arena = fsa_arena(0);
  g_hash_table_remove_all(push->versions);
  int result = fsa_store_ask(push->store, sql, NULL, &rows);
  if (result == FSA_OK)
    while ((result = fsa_store_row(&rows, &arena, names, 3, values)) == FSA_ROW) {
      guint64 *version = g_new(guint64, 1);
      if (!fsa_store_number(values[2], version)) *version = 0;
      g_hash_table_insert(push->versions, name_of(values[0], values[1]), version);
      fsa_arena_clear(&arena);
    }
  fsa_arena_done(&arena);
  g_free(sql);
  if (result == FSA_E_FORMAT) fsa_complain("the store's answer is not what was asked for");
  return result;
}

static bool is_there(const Push *push, const char *host, const char *query, uint64_t version) {
  char *name = name_of(fsa_text(host), fsa_text(query));
  const guint64 *known = g_hash_table_lookup(push->versions, name);
  g_free(name);
  return known && *known == version;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void put_text(FsaBuffer *out, const char *name, const char *text) {
  fsa_buffer_printf(out, "\"%s\":", name);
  fsa_buffer_json(out, text, strlen(text));
  fsa_buffer_putc(out, ',');
}

static void put_answer(Push *push, const char *host, const char *query, const FsaAnswerHead *head,
                       uint64_t version) {
  FsaBuffer *out = &push->answers;
  fsa_buffer_putc(out, '{');
  put_text(out, "host", host);
  put_text(out, "query", query);
  fsa_buffer_printf(out,
                    "\"version\":%llu,\"revision\":%llu,\"reset_time\":%lld,\"last_time\":%lld,"
                    "\"row_count\":%lld}\n",
                    (unsigned long long)version, (unsigned long long)push->revision,
                    (long long)head->reset_time, (long long)head->last_time,
                    (long long)head->row_count);
}

static int put_sighting(Push *push, const char *host, const FsaMatrixHost *facts, const char *query,
                        uint64_t artefact, int64_t seen, uint64_t version) {
  sqlite3_reset(push->key);
  sqlite3_bind_int64(push->key, 1, (int64_t)artefact);
  if (sqlite3_step(push->key) != SQLITE_ROW) return FSA_E_FORMAT;
  FsaBuffer *out = &push->sightings;
  fsa_buffer_putc(out, '{');
  put_text(out, "host", host);
  put_text(out, "query", query);
  fsa_buffer_puts(out, "\"key\":");
  fsa_buffer_json(out, (const char *)sqlite3_column_text(push->key, 0),
                  (size_t)sqlite3_column_bytes(push->key, 0));
  fsa_buffer_putc(out, ',');
  put_text(out, "platform", facts->platform ? facts->platform : "");
  fsa_buffer_printf(out, "\"seen\":%lld,\"version\":%llu}\n", (long long)seen,
                    (unsigned long long)version);
  return out->error;
}

/* Sightings first: an answer counts from when its own row is there, and then all of it is. */
static int send(Push *push) {
  FsaText sightings = {push->sightings.data, push->sightings.size};
  int result = push->sightings.error ? push->sightings.error : push->answers.error;
  if (result == FSA_OK) result = fsa_store_insert(push->store, "fsa_sighting", sightings);
  if (result == FSA_OK)
    result = fsa_store_insert(push->store, "fsa_answer",
                              (FsaText){push->answers.data, push->answers.size});
  fsa_buffer_clear(&push->sightings);
  fsa_buffer_clear(&push->answers);
  return result;
}

static int push_answer(Push *push, sqlite3_stmt *stmt) {
  gsize place = GPOINTER_TO_SIZE(
      g_hash_table_lookup(push->hosts, GSIZE_TO_POINTER((gsize)sqlite3_column_int64(stmt, 0))));
  if (!place) return FSA_OK;
  const FsaMatrixHost *facts = &push->matrix.hosts[place - 1];
  const char *query = (const char *)sqlite3_column_text(stmt, 1);
  FsaAnswerHead head = {.reset_time = sqlite3_column_int64(stmt, 2),
                        .last_time = sqlite3_column_int64(stmt, 3),
                        .row_count = sqlite3_column_int64(stmt, 4),
                        .digest = (uint64_t)sqlite3_column_int64(stmt, 5)};
  FsaText list = {(const char *)sqlite3_column_text(stmt, 6),
                  (size_t)sqlite3_column_bytes(stmt, 6)};
  uint64_t version =
      fsa_answer_version(&head, fsa_pack_meta_find(&push->matrix.meta, fsa_text(query)));
  uint64_t artefact = 0;
  char *host = fsa_store_host(facts->identifier, facts->hostname);
  int result = FSA_OK;
  if (is_there(push, host, query, version)) {
    push->known++;
  } else {
    int64_t seen = head.reset_time ? head.reset_time : head.last_time;
    while (result == FSA_OK && fsa_numbers_next(&list, &artefact))
      result = put_sighting(push, host, facts, query, artefact, seen, version);
    put_answer(push, host, query, &head, version);
    push->pushed++;
  }
  g_free(host);
  bool is_full = push->sightings.size + push->answers.size > BATCH_BYTES;
  return result == FSA_OK && is_full ? send(push) : result;
}

static int push_answers(Push *push) {
  sqlite3_stmt *stmt = NULL;
  sqlite3 *db = fsa_case_database(push->store_case);
  const char *sql = "SELECT host, q.name, reset_time, last_time, row_count, digest, artefacts"
                    " FROM answer a JOIN query q ON q.id = a.query ORDER BY a.rowid";
  int result = load_versions(push, "fsa_answer");
  if (result != FSA_OK) return result;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, "SELECT key FROM artefact WHERE id=?1", -1, &push->key, NULL))
    result = FSA_E_FORMAT;
  while (result == FSA_OK && sqlite3_step(stmt) == SQLITE_ROW) result = push_answer(push, stmt);
  int ended = fsa_case_finish(push->store_case, stmt);
  if (result == FSA_OK) result = ended;
  sqlite3_finalize(push->key);
  return result == FSA_OK ? send(push) : result;
}

/* ---- coverage ---------------------------------------------------------------------------------
 */

static uint64_t cell_version(const FsaCell *cell) {
  const int64_t facts[] = {(int64_t)cell->status, cell->arrived, cell->claimed, cell->last_time};
  return fsa_siphash((FsaSipKey){3, 4}, facts, sizeof facts);
}

static void put_cell(Push *push, const char *name, const FsaMatrixHost *host, const char *query,
                     const FsaCell *cell) {
  FsaBuffer *out = &push->answers;
  fsa_buffer_putc(out, '{');
  put_text(out, "host", name);
  put_text(out, "identifier", host->identifier);
  put_text(out, "hostname", host->hostname);
  put_text(out, "platform", host->platform ? host->platform : "");
  put_text(out, "query", query);
  put_text(out, "status", fsa_cover_name(cell->status));
  fsa_buffer_printf(out,
                    "\"arrived\":%lld,\"claimed\":%lld,\"last_time\":%lld,\"version\":%llu,"
                    "\"revision\":%llu}\n",
                    (long long)cell->arrived, (long long)cell->claimed, (long long)cell->last_time,
                    (unsigned long long)cell_version(cell), (unsigned long long)push->revision);
}

static int push_coverage(Push *push) {
  const FsaMatrix *matrix = &push->matrix;
  int result = load_versions(push, "fsa_coverage");
  for (size_t host = 0; host < matrix->host_count && result == FSA_OK; host++) {
    const FsaMatrixHost *facts = &matrix->hosts[host];
    char *name = fsa_store_host(facts->identifier, facts->hostname);
    for (size_t query = 0; query < matrix->query_count; query++) {
      const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
      if (is_there(push, name, matrix->queries[query].name, cell_version(cell))) continue;
      put_cell(push, name, facts, matrix->queries[query].name, cell);
      push->cells++;
    }
    g_free(name);
    bool is_due = push->answers.size > BATCH_BYTES || host + 1 == matrix->host_count;
    if (push->answers.error) return push->answers.error;
    if (is_due)
      result = fsa_store_insert(push->store, "fsa_coverage",
                                (FsaText){push->answers.data, push->answers.size});
    if (is_due) fsa_buffer_clear(&push->answers);
  }
  return result;
}

/* ---- the command ------------------------------------------------------------------------------
 */

static void print_summary(const Push *push) {
  FsaBuffer out = fsa_buffer(4096);
  fsa_put_count(&out, push->pushed);
  fsa_buffer_puts(&out, " answers pushed, ");
  fsa_put_count(&out, push->known);
  fsa_buffer_puts(&out, " were there; ");
  fsa_put_count(&out, push->cells);
  fsa_buffer_puts(&out, " cells of the coverage are new\n");
  fsa_print(&out);
  fsa_buffer_done(&out);
}

static int push_case(Push *push, const FsaPushOptions *options) {
  push->hosts = g_hash_table_new(g_direct_hash, g_direct_equal);
  push->versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  push->sightings = push->answers = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  push->revision = (uint64_t)fsa_clock_now();
  for (size_t i = 0; i < push->matrix.host_count; i++)
    g_hash_table_insert(push->hosts, GSIZE_TO_POINTER((gsize)push->matrix.hosts[i].id),
                        GSIZE_TO_POINTER(i + 1));
  int result = fsa_store_prepare(push->store);
  if (result == FSA_OK) result = push_answers(push);
  if (result == FSA_OK) result = push_coverage(push);
  if (result == FSA_OK && !options->is_quiet) print_summary(push);
  g_hash_table_destroy(push->hosts);
  g_hash_table_destroy(push->versions);
  fsa_buffer_done(&push->sightings);
  fsa_buffer_done(&push->answers);
  return result;
}

int fsa_push(const FsaPushOptions *options) {
  Push push = {0};
  push.store = fsa_store_new(options->store_url);
  if (!push.store) return 3;
  int code = 2, result = fsa_case_open(options->case_path, FSA_CASE_READ, &push.store_case);
  if (result == FSA_OK) result = fsa_matrix_build(push.store_case, &push.matrix);
  if (result == FSA_OK) {
    code = push_case(&push, options) == FSA_OK ? 0 : 3;
  } else {
    const char *why = fsa_case_message(push.store_case);
    fsa_complain("%s: %s", options->case_path, why[0] ? why : fsa_result_name(result));
  }
  fsa_matrix_done(&push.matrix);
  fsa_case_close(push.store_case);
  fsa_store_free(push.store);
  return code;
}
