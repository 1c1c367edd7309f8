/* Entries into the case. See apply.h. */
#include "ingest/apply.h"

#include <string.h>

#include "text/number_list.h"

typedef struct AnswerId {
  gint64 host, query;
} AnswerId;

/* An answer that waits for the next flush. */
typedef struct Pending {
  AnswerId id;
  const FsaQueryMeta *meta;
  FsaAnswer *answer;
  bool is_changed;
} Pending;

struct FsaApply {
  FsaCase *store;
  const FsaPackMeta *meta;
  GHashTable *hosts;   /* identifier 0x1F hostname -> number, first and last time seen */
  GHashTable *queries; /* name -> number */
  unsigned unknown_queries;
  GHashTable *pending; /* AnswerId -> Pending */
  size_t gathered;     /* bytes of rows in `pending` */
  FsaRowReader *reader;
  FsaRowPacker *packer;
  FsaRowLearner *learner; /* NULL = nothing is learned */
  GArray *numbers, *room; /* guint32: artefacts of the answer that is written; to sort them */
  FsaAnswerWriter writer;
  FsaBuffer text, packed, artefacts, key;
  FsaApplyCounts counts;
};

static guint hash_id(gconstpointer key) {
  const AnswerId *id = key;
  return (guint)(id->host * 65599 + id->query);
}

static gboolean same_id(gconstpointer a, gconstpointer b) {
  return memcmp(a, b, sizeof(AnswerId)) == 0;
}

static void free_pending(gpointer data) {
  Pending *pending = data;
  fsa_answer_free(pending->answer);
  g_free(pending);
}

FsaApply *fsa_apply_new(FsaCase *store, const FsaPackMeta *meta) {
  FsaApply *apply = g_new0(FsaApply, 1);
  apply->store = store;
  apply->meta = meta;
  apply->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  apply->queries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  apply->pending = g_hash_table_new_full(hash_id, same_id, NULL, free_pending);
  apply->reader = fsa_row_reader_new(fsa_case_hash_key(store));
  apply->packer = fsa_row_packer_new();
  apply->numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
  apply->room = g_array_new(FALSE, FALSE, sizeof(guint32));
  apply->writer = fsa_answer_writer();
  apply->key = fsa_buffer(FSA_MAX_ROW_BYTES);
  apply->text = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  apply->packed = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  apply->artefacts = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  return apply;
}

void fsa_apply_free(FsaApply *apply) {
  if (!apply) return;
  g_hash_table_destroy(apply->pending);
  g_hash_table_destroy(apply->queries);
  g_hash_table_destroy(apply->hosts);
  fsa_row_reader_free(apply->reader);
  fsa_row_packer_free(apply->packer);
  fsa_row_learner_free(apply->learner);
  g_array_free(apply->numbers, TRUE);
  g_array_free(apply->room, TRUE);
  fsa_buffer_done(&apply->writer.text);
  fsa_buffer_done(&apply->key);
  fsa_buffer_done(&apply->text);
  fsa_buffer_done(&apply->packed);
  fsa_buffer_done(&apply->artefacts);
  g_free(apply);
}

int fsa_apply_learn(FsaApply *apply) {
  apply->learner = fsa_row_learner_new(apply->store, apply->meta);
  return fsa_row_learner_load(apply->learner);
}

FsaRowIndexes *fsa_apply_indexes(FsaApply *apply) {
  return apply->learner ? fsa_row_learner_indexes(apply->learner) : NULL;
}

const FsaApplyCounts *fsa_apply_counts(const FsaApply *apply) {
  return &apply->counts;
}
bool fsa_apply_is_full(const FsaApply *apply) {
  return apply->gathered > FSA_MAX_GATHERED;
}

/* ---- hosts and queries ------------------------------------------------------------------------
 */

static int find_host(FsaApply *apply, const FsaPieceEntry *entry, int64_t *ret_host) {
  FsaText host = entry->host, hostname = entry->hostname;
  /* either may hold whatever would stand between them */
  char *key = g_strdup_printf("%zu:%.*s%.*s", host.size, (int)host.size, host.data,
                              (int)hostname.size, hostname.data ? hostname.data : "");
  gint64 *known = g_hash_table_lookup(apply->hosts, key);
  if (known && entry->time >= known[1] && entry->time <= known[2]) {
    *ret_host = known[0];
    g_free(key);
    return FSA_OK;
  }
  int result = fsa_case_host(apply->store, host, hostname, entry->time, ret_host);
  if (result != FSA_OK) {
    g_free(key);
    return result;
  }
  gint64 *seen = known ? known : g_new(gint64, 3);
  seen[0] = *ret_host;
  seen[1] = known ? MIN(known[1], entry->time) : entry->time;
  seen[2] = known ? MAX(known[2], entry->time) : entry->time;
  if (known)
    g_free(key);
  else
    g_hash_table_insert(apply->hosts, key, seen);
  return FSA_OK;
}

/* FSA_E_LIMIT: one unknown query too many. */
static int add_query(FsaApply *apply, FsaText name, int64_t *ret_query) {
  bool is_unknown = !fsa_pack_meta_find(apply->meta, name);
  if (is_unknown && apply->unknown_queries >= FSA_MAX_UNKNOWN_QUERIES) return FSA_E_LIMIT;
  int result = fsa_case_query(apply->store, name, ret_query);
  apply->unknown_queries += is_unknown;
  return result;
}

static int find_query(FsaApply *apply, FsaText name, int64_t *ret_query) {
  char *key = g_strndup(name.data, name.size);
  gpointer known = g_hash_table_lookup(apply->queries, key);
  int result = FSA_OK;
  if (known)
    *ret_query = (int64_t)GPOINTER_TO_SIZE(known);
  else
    result = add_query(apply, name, ret_query);
  if (result == FSA_OK && !known)
    g_hash_table_insert(apply->queries, key, GSIZE_TO_POINTER((gsize)*ret_query));
  else
    g_free(key);
  return result;
}

/* ---- writing an answer ------------------------------------------------------------------------
 */

/* A row's key, made when the reader that read the row did not pass it on. */
static int add_artefact(FsaApply *apply, int64_t query, const FsaQueryMeta *meta,
                        const FsaLogRow *row, uint32_t *ret_number) {
  FsaText key = row->key;
  if (!key.data) {
    fsa_buffer_clear(&apply->key);
    int result = fsa_row_key(apply->reader, row->columns, row->values, meta, &apply->key);
    if (result != FSA_OK) return result;
    key = (FsaText){apply->key.data, apply->key.size};
  }
  return fsa_case_add_artefact(apply->store, query, row->key_hash, key, ret_number);
}

static int note_artefact(FsaApply *apply, int64_t query, const FsaQueryMeta *meta,
                         const FsaLogRow *row) {
  uint32_t number;
  int result = FSA_OK;
  if (!fsa_case_find_artefact(apply->store, query, row->key_hash, &number))
    result = add_artefact(apply, query, meta, row, &number);
  if (result == FSA_OK) g_array_append_val(apply->numbers, number);
  return result;
}

static int put_answer(FsaApply *apply, AnswerId id, const FsaAnswerHead *head, FsaText packed) {
  fsa_buffer_clear(&apply->artefacts);
  g_array_set_size(apply->room, apply->numbers->len);
  fsa_numbers_print((uint32_t *)(void *)apply->numbers->data, (uint32_t *)(void *)apply->room->data,
                    apply->numbers->len, &apply->artefacts);
  if (apply->artefacts.error) return apply->artefacts.error;
  return fsa_case_put_answer(apply->store, id.host, id.query, head,
                             (FsaText){apply->artefacts.data, apply->artefacts.size},
                             fsa_bytes(packed.data, packed.size));
}

static int write_pending(FsaApply *apply, const Pending *pending) {
  const FsaAnswer *answer = pending->answer;
  FsaAnswerHead head = {.reset_time = answer->reset_time,
                        .last_time = answer->last_time,
                        .epoch = answer->epoch,
                        .line_bytes = answer->line_bytes};
  GHashTableIter iterator;
  gpointer value;
  int result = FSA_OK;
  g_array_set_size(apply->numbers, 0);
  g_hash_table_iter_init(&iterator, answer->rows);
  while (result == FSA_OK && g_hash_table_iter_next(&iterator, NULL, &value)) {
    const FsaAnswerRow *row = value;
    if (!row->is_present) continue;
    head.row_count += row->copies;
    head.digest += row->row.hash * row->copies;
    result = note_artefact(apply, pending->id.query, pending->meta, &row->row);
  }
  if (result != FSA_OK) return result;
  fsa_answer_writer_clear(&apply->writer);
  fsa_buffer_clear(&apply->packed);
  fsa_answer_print(answer, &apply->writer);
  const FsaBuffer *text = &apply->writer.text;
  result = text->error;
  if (!apply->packer) result = FSA_E_NOMEM;
  if (result == FSA_OK)
    result = fsa_rows_pack(apply->packer, (FsaText){text->data, text->size}, &apply->packed);
  if (result != FSA_OK) return result;
  return put_answer(apply, pending->id, &head, (FsaText){apply->packed.data, apply->packed.size});
}

int fsa_apply_flush(FsaApply *apply) {
  GHashTableIter iterator;
  gpointer value;
  int result = FSA_OK;
  g_hash_table_iter_init(&iterator, apply->pending);
  while (result == FSA_OK && g_hash_table_iter_next(&iterator, NULL, &value))
    if (((Pending *)value)->is_changed) result = write_pending(apply, value);
  g_hash_table_remove_all(apply->pending);
  apply->gathered = 0;
  return result;
}

/* ---- gathering changes ------------------------------------------------------------------------
 */

/* Reads what is stored of an answer. FSA_OK also when there is nothing. */
static int load_answer(FsaApply *apply, AnswerId id, const FsaQueryMeta *meta, FsaAnswer *answer) {
  FsaAnswerHead head;
  int result = fsa_case_answer_head(apply->store, id.host, id.query, &head);
  if (result != FSA_ROW) return result;
  answer->last_time = head.last_time;
  answer->epoch = head.epoch;
  answer->line_bytes = head.line_bytes;
  fsa_buffer_clear(&apply->text);
  result = fsa_case_answer_rows(apply->store, id.host, id.query, &apply->text);
  if (result != FSA_ROW) return result;
  result =
      fsa_answer_parse(answer, (FsaText){apply->text.data, apply->text.size}, meta, apply->reader);
  answer->reset_time = head.reset_time;
  return result;
}

static int find_pending(FsaApply *apply, AnswerId id, const FsaQueryMeta *meta,
                        Pending **ret_pending) {
  Pending *pending = g_hash_table_lookup(apply->pending, &id);
  if (!pending) {
    pending = g_new0(Pending, 1);
    pending->id = id;
    pending->meta = meta;
    pending->answer = fsa_answer_new();
    g_hash_table_insert(apply->pending, &pending->id, pending);
    int result = load_answer(apply, id, meta, pending->answer);
    if (result != FSA_OK) return result;
    apply->gathered += pending->answer->arena.used;
  }
  *ret_pending = pending;
  return FSA_OK;
}

/*
 * Times before which nothing of the state is left when the entry comes; 0 = it begins no new state.
 * A new epoch without a full set ends what the old one said, up to its last line: its own first
 * line may come by another server's file, later.
 */
static int64_t reset_of(const FsaPieceEntry *entry, const FsaAnswer *answer) {
  if (entry->form == FSA_LOG_SNAPSHOT || entry->form == FSA_LOG_SNAPSHOT_ROW) return entry->time;
  if (entry->form == FSA_LOG_ADDED && entry->counter == 0) return entry->time;
  bool is_other = entry->epoch != answer->epoch && answer->last_time;
  if (!is_other || entry->time == answer->last_time) return 0;
  return MIN(entry->time, answer->last_time) + 1;
}

/* Nothing is left of lines that are older, nor of how long they were. */
static void begin_state(FsaAnswer *answer, int64_t reset) {
  if (reset > answer->last_time) answer->line_bytes = 0;
  fsa_answer_reset(answer, reset);
}

/* The entry's rows as text (answer.h). */
static int entry_text(FsaApply *apply, const FsaPieceEntry *entry, FsaText *ret_text) {
  *ret_text = entry->text;
  if (entry->form != FSA_LOG_SNAPSHOT) return FSA_OK;
  fsa_buffer_clear(&apply->text);
  FsaBytes packed = fsa_bytes(entry->packed.data, entry->packed.size);
  int result = fsa_case_unpack(apply->store, packed, &apply->text);
  *ret_text = (FsaText){apply->text.data, apply->text.size};
  return result;
}

static FsaLogRow row_of(const FsaPieceRow *row, const FsaAnswerLine *line) {
  return (FsaLogRow){.hash = row->hash,
                     .key_hash = row->key_hash,
                     .key = row->key,
                     .columns = line->columns,
                     .values = line->values,
                     .like = FSA_NO_ROW};
}

static int change_rows(FsaApply *apply, FsaAnswer *answer, const FsaPieceEntry *entry,
                       bool *ret_changed) {
  FsaText text;
  FsaAnswerLine line = {0};
  int result = entry_text(apply, entry, &text);
  fsa_answer_begin(answer);
  for (size_t i = 0; i < entry->row_count && result == FSA_OK; i++) {
    if (!fsa_answer_next(&text, &line)) return FSA_E_FORMAT;
    FsaLogRow row = row_of(&entry->rows[i], &line);
    *ret_changed |= fsa_answer_change(answer, &row, entry->time, line.is_present, &result);
  }
  return result;
}

static int gather(FsaApply *apply, AnswerId id, const FsaPieceEntry *entry) {
  Pending *pending;
  int result = find_pending(apply, id, entry->meta, &pending);
  if (result != FSA_OK) return result;
  FsaAnswer *answer = pending->answer;
  int64_t reset = reset_of(entry, answer);
  if (reset > answer->reset_time) pending->is_changed = true;
  begin_state(answer, reset);
  if (entry->time < answer->reset_time) {
    apply->counts.older++;
    return FSA_OK;
  }
  bool changed = entry->time > answer->last_time || entry->bytes > answer->line_bytes;
  if (entry->time >= answer->last_time) answer->epoch = entry->epoch;
  answer->last_time = MAX(answer->last_time, entry->time);
  answer->line_bytes = MAX(answer->line_bytes, entry->bytes);
  size_t before = answer->arena.used;
  result = change_rows(apply, answer, entry, &changed);
  apply->gathered += answer->arena.used - before;
  apply->counts.unchanged += !changed;
  pending->is_changed |= changed;
  return result;
}

/* ---- answers of other cases -------------------------------------------------------------------
 */

static int change_lines(FsaApply *apply, const Pending *pending, FsaText rows, bool *ret_changed) {
  FsaArena arena = fsa_arena(0);
  FsaAnswerLine line = {0};
  int result = FSA_OK;
  fsa_answer_begin(pending->answer);
  while (result == FSA_OK && fsa_answer_next(&rows, &line)) {
    FsaLogRow row;
    result = fsa_row_take(apply->reader, line.columns, line.values, pending->meta, &arena, &row);
    if (result == FSA_OK)
      *ret_changed |= fsa_answer_change(pending->answer, &row, line.time, line.is_present, &result);
    fsa_arena_clear(&arena);
  }
  fsa_arena_done(&arena);
  return result == FSA_OK && rows.size ? FSA_E_FORMAT : result;
}

int fsa_apply_answer(FsaApply *apply, int64_t host, FsaText query, const FsaAnswerHead *head,
                     FsaText rows) {
  AnswerId id = {host, 0};
  Pending *pending;
  int result = find_query(apply, query, &id.query);
  if (result == FSA_E_LIMIT) apply->counts.unknown++;
  if (result == FSA_OK)
    result = find_pending(apply, id, fsa_pack_meta_find(apply->meta, query), &pending);
  if (result != FSA_OK) return result == FSA_E_LIMIT ? FSA_OK : result;
  FsaAnswer *answer = pending->answer;
  int64_t reset_before = answer->reset_time;
  bool changed = head->last_time > answer->last_time || head->line_bytes > answer->line_bytes;
  bool is_other = head->epoch != answer->epoch && answer->last_time;
  if (is_other && head->last_time != answer->last_time)
    begin_state(answer, MIN(head->last_time, answer->last_time) + 1);
  begin_state(answer, head->reset_time);
  if (head->last_time >= answer->last_time) answer->epoch = head->epoch;
  answer->last_time = MAX(answer->last_time, head->last_time);
  if (head->last_time >= answer->reset_time)
    answer->line_bytes = MAX(answer->line_bytes, head->line_bytes);
  size_t before = answer->arena.used;
  result = change_lines(apply, pending, rows, &changed);
  apply->gathered += answer->arena.used - before;
  pending->is_changed |= changed || answer->reset_time > reset_before;
  return result;
}

/* ---- whole snapshots --------------------------------------------------------------------------
 */

/* Numbers the keys of a snapshot which its reader did not pass on and no earlier entry brought. */
static int add_missing(FsaApply *apply, int64_t query, const FsaPieceEntry *entry) {
  FsaText text;
  FsaAnswerLine line = {0};
  int result = entry_text(apply, entry, &text);
  for (size_t i = 0; i < entry->row_count && result == FSA_OK; i++) {
    uint32_t number;
    if (!fsa_answer_next(&text, &line)) return FSA_E_FORMAT;
    FsaLogRow row = row_of(&entry->rows[i], &line);
    if (!fsa_case_find_artefact(apply->store, query, row.key_hash, &number))
      result = add_artefact(apply, query, entry->meta, &row, &number);
  }
  return result;
}

static int note_rows(FsaApply *apply, int64_t query, const FsaPieceEntry *entry) {
  g_array_set_size(apply->numbers, 0);
  for (size_t i = 0; i < entry->row_count; i++) {
    const FsaPieceRow *row = &entry->rows[i];
    uint32_t number = row->artefact;
    int result = FSA_OK;
    if (!number && !fsa_case_find_artefact(apply->store, query, row->key_hash, &number))
      result = row->key.data
                   ? fsa_case_add_artefact(apply->store, query, row->key_hash, row->key, &number)
                   : add_missing(apply, query, entry);
    if (result != FSA_OK) return result;
    if (!number) fsa_case_find_artefact(apply->store, query, row->key_hash, &number);
    g_array_append_val(apply->numbers, number);
  }
  return FSA_OK;
}

static int replace(FsaApply *apply, AnswerId id, const FsaPieceEntry *entry) {
  FsaAnswerHead head = {.reset_time = entry->time,
                        .last_time = entry->time,
                        .epoch = entry->epoch,
                        .row_count = (int64_t)entry->row_count,
                        .digest = entry->digest,
                        .line_bytes = entry->bytes};
  FsaLearnedAnswer answer = {
      .query = id.query, .entry = entry, .newest = fsa_case_last_artefact(apply->store)};
  int result = note_rows(apply, id.query, entry);
  answer.artefacts = (const uint32_t *)(void *)apply->numbers->data;
  if (result == FSA_OK && apply->learner) result = fsa_row_learner_learn(apply->learner, &answer);
  return result == FSA_OK ? put_answer(apply, id, &head, entry->packed) : result;
}

static int apply_snapshot(FsaApply *apply, AnswerId id, const FsaPieceEntry *entry) {
  FsaAnswerHead head;
  if (g_hash_table_contains(apply->pending, &id)) return gather(apply, id, entry);
  int result = fsa_case_answer_head(apply->store, id.host, id.query, &head);
  if (result < 0) return result;
  if (result == FSA_OK || entry->time > head.last_time) return replace(apply, id, entry);
  if (entry->time < head.reset_time) {
    apply->counts.older++;
    return FSA_OK;
  }
  bool is_same = entry->time == head.last_time && entry->time == head.reset_time &&
                 entry->digest == head.digest && (int64_t)entry->row_count == head.row_count;
  if (is_same) {
    apply->counts.unchanged++;
    return FSA_OK;
  }
  return gather(apply, id, entry);
}

/* ---- entries ----------------------------------------------------------------------------------
 */

static int apply_status(FsaApply *apply, int64_t host, const FsaPieceEntry *entry) {
  int64_t query = 0;
  int result = FSA_OK;
  if (fsa_pack_meta_find(apply->meta, entry->name)) result = find_query(apply, entry->name, &query);
  if (result != FSA_OK) return result;
  return fsa_case_put_status(apply->store, host, query, entry->severity, entry->time,
                             entry->message);
}

static void count_entry(FsaApply *apply, const FsaPieceEntry *entry) {
  FsaApplyCounts *counts = &apply->counts;
  int64_t *const forms[] = {[FSA_LOG_SNAPSHOT] = &counts->snapshots,
                            [FSA_LOG_SNAPSHOT_ROW] = &counts->snapshot_rows,
                            [FSA_LOG_ADDED] = &counts->added,
                            [FSA_LOG_REMOVED] = &counts->removed,
                            [FSA_LOG_STATUS] = &counts->status};
  ++*forms[entry->form];
  counts->rows += (int64_t)entry->row_count;
  counts->large += entry->bytes >= FSA_LARGE_LINE;
  counts->dropped_size += entry->bytes > FSA_TLS_LINE_CEILING;
}

static int apply_entry(FsaApply *apply, const FsaPieceEntry *entry) {
  AnswerId id = {0, 0};
  int result = find_host(apply, entry, &id.host);
  if (result != FSA_OK) return result;
  count_entry(apply, entry);
  if (entry->form == FSA_LOG_STATUS) return apply_status(apply, id.host, entry);
  result = find_query(apply, entry->name, &id.query);
  if (result == FSA_E_LIMIT) {
    apply->counts.unknown++;
    return FSA_OK;
  }
  if (result == FSA_OK && entry->form == FSA_LOG_SNAPSHOT_ROW)
    result = fsa_case_logs_rows(apply->store, id.host);
  if (result != FSA_OK) return result;
  return entry->form == FSA_LOG_SNAPSHOT ? apply_snapshot(apply, id, entry)
                                         : gather(apply, id, entry);
}

int fsa_apply_piece(FsaApply *apply, const FsaPiece *piece) {
  int result = piece->result;
  for (guint i = 0; i < piece->entries->len && result == FSA_OK; i++)
    result = apply_entry(apply, &g_array_index(piece->entries, FsaPieceEntry, i));
  return result;
}

/* ---- new metadata -----------------------------------------------------------------------------
 */

/* Appends the hosts that answered a query. */
static int find_answering_hosts(FsaApply *apply, int64_t query, GArray *hosts) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT host FROM answer WHERE query=?1";
  if (sqlite3_prepare_v2(fsa_case_database(apply->store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  sqlite3_bind_int64(stmt, 1, query);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    gint64 host = sqlite3_column_int64(stmt, 0);
    g_array_append_val(hosts, host);
  }
  return fsa_case_finish(apply->store, stmt);
}

int fsa_apply_rekey(FsaApply *apply, const FsaQueryMeta *query) {
  AnswerId id;
  int result = find_query(apply, (FsaText){query->name, strlen(query->name)}, &id.query);
  if (result != FSA_OK) return result;
  GArray *hosts = g_array_new(FALSE, FALSE, sizeof(gint64));
  result = find_answering_hosts(apply, id.query, hosts);
  for (guint i = 0; i < hosts->len && result == FSA_OK; i++) {
    Pending *pending;
    id.host = g_array_index(hosts, gint64, i);
    result = find_pending(apply, id, query, &pending);
    if (result == FSA_OK) pending->is_changed = true;
    if (result == FSA_OK && fsa_apply_is_full(apply)) result = fsa_apply_flush(apply);
  }
  g_array_free(hosts, TRUE);
  return result == FSA_OK ? fsa_apply_flush(apply) : result;
}
