/* Signals. See signals.h. */
#include "method/signals.h"

#include <stdlib.h>
#include <string.h>

#include "case/row_pack.h"
#include "case/row_scan.h"
#include "method/asker.h"
#include "method/join.h"
#include "text/number_list.h"

#define MAX_MEASURED_HOSTS                                                                         \
  2000                        /* from which rules are first measured, to know which rows weigh     \
                               */
#define HOSTS_AT_ONCE 16      /* that a thread takes */
#define MOST_HOSTS 0.5        /* a key on more of them is no signal by its traits alone */
#define HEAVY 4.0             /* by rules at their author's rates: a mass compromise may begin so */
#define MEMO_SLOTS (1u << 15) /* of a query and a thread: most values repeat from host to host */
#define SIGNATURE_FAMILY "signature" /* attributes of it tell that a thing is not signed */

/* What one query's rows gave a thread. */
typedef struct QueryCount {
  uint64_t rows, timed, inside;
  uint64_t hits[FSA_MAX_CONDITIONS];
  uint32_t hosts[FSA_MAX_CONDITIONS];
  uint64_t rare_rows, rare_hits[FSA_MAX_CONDITIONS]; /* of rows whose rarity speaks against them */
} QueryCount;

/* A row that may be kept. */
typedef struct Candidate {
  FsaSignal signal;
  double weight;
} Candidate;

/* The artefact of the values of a key, so that it is looked up once. */
typedef struct Memo {
  uint64_t hash;  /* of the values; 0 = nothing yet */
  uint64_t place; /* in the tally + 1; 0 = it is in none */
} Memo;

typedef struct Pass Pass;

/* A thread: its own connection, conditions and counts. */
typedef struct Worker {
  Pass *pass;
  sqlite3 *db;
  sqlite3_stmt *stmt;
  FsaAsker **askers; /* [query] */
  Memo **artefacts;  /* [query] */
  FsaRowUnpacker *unpacker;
  FsaRowReader *reader;
  FsaRowPlan *plans;        /* [query] */
  QueryCount *counts;       /* [query] */
  GHashTable *mass;         /* place -> FsaMassCount */
  GHashTable *mass_of_host; /* places that were counted for the host */
  GArray *candidates;       /* Candidate, of the host */
  GArray *joins;            /* uint64_t, of the host */
  uint32_t *suppressed_rows, *suppressed_hosts;
  uint64_t *suppressed_here; /* host + 1 in which an entry hid something last */
  FsaArena arena;
  FsaBuffer rows, scratch;
  FsaHostSignals host;
  uint32_t host_at;
  int result;
} Worker;

/* One pass over some hosts, by all threads. */
struct Pass {
  FsaModel *model;
  FsaSignals *signals; /* NULL = only count */
  const char *path;    /* of the case */
  uint32_t step;       /* every how-manieth host */
  gint next;           /* chunk that no thread has taken */
  bool *is_read;       /* [query]: also where no artefact is rare, for its facts or its times */
};

/* ---- weights ----------------------------------------------------------------------------------
 */

FsaSignalWeight fsa_signal_weight(const FsaModel *model, uint32_t host, const FsaSignal *signal) {
  const FsaModelQuery *query = &model->queries[signal->query];
  FsaSignalWeight weight = {
      .rarity = fsa_model_rarity(model, signal->artefact),
      .peer = fsa_model_peer(model, signal->artefact, model->grouping->of[host]),
      .rules = fsa_model_rules(query, signal->hits),
      .attributes = fsa_model_attributes(query, signal->hits),
  };
  if (!signal->suppressed) return weight;
  weight.rarity = MIN(weight.rarity, 0);
  weight.peer = 0;
  weight.attributes = MIN(weight.attributes, 0);
  return weight;
}

/* What a row must weigh to be kept: anything that speaks against its host. */
static double candidate_weight(const Worker *worker, const FsaSignal *signal) {
  const FsaModel *model = worker->pass->model;
  FsaSignalWeight weight = fsa_signal_weight(model, worker->host_at, signal);
  const FsaTallied *artefact = &model->tally.artefacts[signal->artefact];
  double covered = (double)model->matrix->queries[signal->query].covered;
  double rare = weight.rarity + weight.peer;
  if (weight.rules > 0) return weight.rules + MAX(rare, 0) + MAX(weight.attributes, 0);
  if (artefact->hosts > MOST_HOSTS * covered && weight.peer <= 0) return 0;
  return MAX(rare, 0) + (rare + weight.attributes > 0 ? MAX(weight.attributes, 0) : 0);
}

/* ---- one row ----------------------------------------------------------------------------------
 */

static void count_hits(QueryCount *count, uint64_t hits, uint64_t *seen) {
  count->rows++;
  for (uint64_t left = hits; left; left &= left - 1) count->hits[__builtin_ctzll(left)]++;
  for (uint64_t left = hits & ~*seen; left; left &= left - 1) count->hosts[__builtin_ctzll(left)]++;
  *seen |= hits;
}

static void count_rare(QueryCount *count, uint64_t hits) {
  count->rare_rows++;
  for (uint64_t left = hits; left; left &= left - 1) count->rare_hits[__builtin_ctzll(left)]++;
}

static bool is_inside(const FsaModel *model, int64_t time) {
  return time && time >= model->window_from && time <= model->window_to;
}

/* True when rules at their author's rates, or a missing signature, weigh much: whatever is usual.
 */
static bool is_heavy(const FsaModelQuery *query, uint64_t hits) {
  double sum = 0;
  size_t unsigned_fact;
  for (size_t i = 0; i < query->rule_count; i++)
    if (hits >> i & 1) sum += query->facts[i].author_weight;
  if (sum >= HEAVY) return true;
  return fsa_model_attribute(query, hits, SIGNATURE_FAMILY, &unsigned_fact) &&
         query->facts[unsigned_fact].weight > 0;
}

static void count_mass(Worker *worker, const FsaSignal *signal) {
  gpointer slot = GUINT_TO_POINTER(signal->artefact + 1);
  FsaMassCount *mass = g_hash_table_lookup(worker->mass, slot);
  if (!mass) {
    mass = g_new0(FsaMassCount, 1);
    mass->sample_host = UINT32_MAX;
    g_hash_table_insert(worker->mass, slot, mass);
  }
  mass->hits |= signal->hits;
  if (signal->first_seen && (!mass->first_seen || signal->first_seen < mass->first_seen))
    mass->first_seen = signal->first_seen;
  if (worker->host_at < mass->sample_host) {
    mass->sample_host = worker->host_at;
    mass->sample_row = signal->row;
  }
  if (!g_hash_table_add(worker->mass_of_host, slot)) return;
  mass->hosts++;
  mass->in_window += is_inside(worker->pass->model, signal->first_seen);
}

static void count_suppressed(Worker *worker, uint32_t entry) {
  worker->host.suppressed++;
  worker->suppressed_rows[entry]++;
  if (worker->suppressed_here[entry] == worker->host_at + 1u) return;
  worker->suppressed_here[entry] = worker->host_at + 1u;
  worker->suppressed_hosts[entry]++;
}

static void add_joins(Worker *worker, const FsaScannedRow *row, FsaSignal *signal) {
  FsaSipKey key = fsa_case_hash_key(worker->pass->model->store);
  const FsaRowPlan *plan = &worker->plans[signal->query];
  signal->join_first = worker->joins->len;
  for (size_t i = 0; i < plan->join_count; i++) {
    FsaText value = fsa_scan_text(row->values[plan->join_at[i]], &worker->arena);
    const char *name = fsa_join_name(plan->names[plan->join_at[i]], value, &worker->scratch);
    if (!name[0]) continue;
    uint64_t hash = fsa_siphash(key, name, strlen(name));
    g_array_append_val(worker->joins, hash);
    signal->join_count++;
  }
}

static uint64_t look_up_artefact(Worker *worker, const FsaAnswerLine *line, uint16_t query) {
  const FsaModel *model = worker->pass->model;
  FsaLogRow whole;
  uint32_t place;
  if (fsa_row_take(worker->reader, line->columns, line->values, model->matrix->queries[query].meta,
                   &worker->arena, &whole) != FSA_OK)
    return 0;
  return fsa_tally_find(&model->tally, query, whole.key_hash, &place) ? place + UINT64_C(1) : 0;
}

/* The artefact of a row; false when the tally has none. */
static bool find_artefact(Worker *worker, const FsaScannedRow *row, const FsaAnswerLine *line,
                          FsaSignal *signal) {
  const FsaRowPlan *plan = &worker->plans[signal->query];
  uint64_t place, hash = 1;
  if (!plan->key_count) {
    place = look_up_artefact(worker, line, signal->query);
  } else {
    for (size_t i = 0; i < plan->key_count; i++) hash += row->hashes[plan->key_at[i]];
    Memo *memo = &worker->artefacts[signal->query][hash % MEMO_SLOTS];
    if (memo->hash != hash || !hash)
      *memo = (Memo){hash, look_up_artefact(worker, line, signal->query)};
    place = memo->place;
  }
  signal->artefact = (uint32_t)(place - 1);
  return place != 0;
}

/* The known-good entry that covers a row, + 1. */
static uint32_t find_suppression(Worker *worker, const FsaSignal *signal,
                                 const FsaAnswerLine *line) {
  const FsaModel *model = worker->pass->model;
  const FsaMatrixQuery *query = &model->matrix->queries[signal->query];
  if (!model->suppressions->count) return 0;
  fsa_buffer_clear(&worker->scratch);
  if (fsa_row_key(worker->reader, line->columns, line->values, query->meta, &worker->scratch) !=
      FSA_OK)
    return 0;
  FsaText key = {fsa_buffer_text(&worker->scratch), worker->scratch.size};
  return fsa_suppressions_find(model->suppressions, query->name, key, line, &worker->arena);
}

static void take_candidate(Worker *worker, FsaSignal *signal, const FsaScannedRow *row,
                           const FsaAnswerLine *line) {
  const FsaModelQuery *query = &worker->pass->model->queries[signal->query];
  if (is_heavy(query, signal->hits)) count_mass(worker, signal);
  double weight = candidate_weight(worker, signal);
  if (weight <= 0) return;
  worker->host.rule_hits += fsa_model_rules(query, signal->hits) > 0;
  uint32_t entry = find_suppression(worker, signal, line);
  if (entry) {
    signal->suppressed = (uint16_t)entry;
    count_suppressed(worker, entry - 1);
    weight = candidate_weight(worker, signal);
    if (weight <= 0) return;
  }
  add_joins(worker, row, signal);
  Candidate candidate = {*signal, weight};
  g_array_append_val(worker->candidates, candidate);
}

static void take_row(Worker *worker, FsaSignal *signal, const FsaAnswerLine *line, bool has_rare,
                     uint64_t *seen) {
  QueryCount *count = &worker->counts[signal->query];
  FsaScannedRow row;
  if (!fsa_row_scan(&worker->plans[signal->query], line, &row)) return;
  signal->hits = fsa_asker_ask(worker->askers[signal->query], &worker->plans[signal->query], &row,
                               &worker->arena);
  signal->first_seen =
      row.first_seen > 0 && row.first_seen < UINT32_MAX ? (uint32_t)row.first_seen : 0;
  count_hits(count, signal->hits, seen);
  count->timed += signal->first_seen != 0;
  count->inside += is_inside(worker->pass->model, signal->first_seen);
  const FsaModel *model = worker->pass->model;
  if (!has_rare && (!signal->hits || !worker->pass->signals)) return;
  if (!find_artefact(worker, &row, line, signal)) return;
  if (fsa_model_rarity(model, signal->artefact) > 0) count_rare(count, signal->hits);
  if (worker->pass->signals) take_candidate(worker, signal, &row, line);
}

/* ---- one answer, one host ---------------------------------------------------------------------
 */

/* True when one of the answer's artefacts weighs by its count alone. */
static bool has_rare(const Worker *worker, FsaText list) {
  const FsaModel *model = worker->pass->model;
  uint32_t place, group = model->grouping->of[worker->host_at];
  for (uint64_t id = 0; fsa_numbers_next(&list, &id);)
    if (fsa_id_map_find(&model->tally.by_id, (int64_t)id, &place) &&
        fsa_model_rarity(model, place) + fsa_model_peer(model, place, group) > 0)
      return true;
  return false;
}

static int take_answer(Worker *worker, uint32_t query, FsaText list, FsaBytes packed) {
  bool is_rare = has_rare(worker, list);
  if (!is_rare && !worker->pass->is_read[query]) return FSA_OK;
  fsa_buffer_clear(&worker->rows);
  int result = fsa_rows_unpack(worker->unpacker, packed, &worker->rows);
  FsaText rows = {worker->rows.data, worker->rows.size};
  FsaAnswerLine line = {0};
  uint64_t seen = 0;
  for (uint32_t row = 0; result == FSA_OK && fsa_answer_next(&rows, &line); row++) {
    FsaSignal signal = {.query = (uint16_t)query, .row = row};
    if (line.is_present) take_row(worker, &signal, &line, is_rare, &seen);
    fsa_arena_clear(&worker->arena);
  }
  return result;
}

static int compare_weight(const void *a, const void *b) {
  const Candidate *left = a, *right = b;
  if (left->weight > right->weight || left->weight < right->weight)
    return left->weight > right->weight ? -1 : 1;
  if (left->signal.query != right->signal.query)
    return left->signal.query < right->signal.query ? -1 : 1;
  return left->signal.row < right->signal.row ? -1 : left->signal.row > right->signal.row;
}

static int compare_place(const void *a, const void *b) {
  const FsaSignal *left = a, *right = b;
  if (left->query != right->query) return left->query < right->query ? -1 : 1;
  return left->row < right->row ? -1 : left->row > right->row;
}

/* Keeps the heaviest candidates of the host, with their join values. */
static void keep_host(Worker *worker) {
  FsaHostSignals *host = &worker->pass->signals->hosts[worker->host_at];
  Candidate *all = (Candidate *)(void *)worker->candidates->data;
  *host = worker->host;
  if (worker->candidates->len) qsort(all, worker->candidates->len, sizeof *all, compare_weight);
  host->count = MIN(worker->candidates->len, FSA_MAX_SIGNALS);
  host->all = g_new(FsaSignal, host->count + 1);
  size_t joins = 0;
  for (uint32_t i = 0; i < host->count; i++) {
    host->all[i] = all[i].signal;
    joins += all[i].signal.join_count;
  }
  if (host->count) qsort(host->all, host->count, sizeof *host->all, compare_place);
  host->joins = g_new(uint64_t, joins + 1);
  joins = 0;
  for (uint32_t i = 0; i < host->count; i++) {
    FsaSignal *signal = &host->all[i];
    const uint64_t *from = &g_array_index(worker->joins, uint64_t, signal->join_first);
    if (signal->join_count) memcpy(&host->joins[joins], from, signal->join_count * sizeof *from);
    signal->join_first = (uint32_t)joins;
    joins += signal->join_count;
  }
}

static int take_host(Worker *worker, uint32_t host) {
  const FsaModel *model = worker->pass->model;
  int result = FSA_OK;
  uint32_t query;
  worker->host_at = host;
  worker->host = (FsaHostSignals){0};
  g_array_set_size(worker->candidates, 0);
  g_array_set_size(worker->joins, 0);
  g_hash_table_remove_all(worker->mass_of_host);
  sqlite3_bind_int64(worker->stmt, 1, model->matrix->hosts[host].id);
  while (result == FSA_OK && sqlite3_step(worker->stmt) == SQLITE_ROW) {
    if (!fsa_id_map_find(&model->tally.queries, sqlite3_column_int64(worker->stmt, 0), &query) ||
        !fsa_query_is_scored(&model->matrix->queries[query]) ||
        !fsa_cell_is_covered(fsa_matrix_cell(model->matrix, host, query)))
      continue;
    const char *list = (const char *)sqlite3_column_text(worker->stmt, 1);
    size_t list_size = (size_t)sqlite3_column_bytes(worker->stmt, 1);
    const void *packed = sqlite3_column_blob(worker->stmt, 2);
    result = take_answer(worker, query, (FsaText){list, list_size},
                         fsa_bytes(packed, (size_t)sqlite3_column_bytes(worker->stmt, 2)));
  }
  if (sqlite3_reset(worker->stmt) != SQLITE_OK && result == FSA_OK) result = FSA_E_IO;
  if (result == FSA_OK && worker->pass->signals) keep_host(worker);
  return result;
}

/* ---- threads ----------------------------------------------------------------------------------
 */

static gpointer run_worker(gpointer data) {
  Worker *worker = data;
  Pass *pass = worker->pass;
  uint32_t hosts = (uint32_t)pass->model->matrix->host_count;
  while (worker->result == FSA_OK) {
    uint32_t chunk = (uint32_t)g_atomic_int_add(&pass->next, 1);
    uint64_t first = (uint64_t)chunk * HOSTS_AT_ONCE * pass->step;
    if (first >= hosts) break;
    for (unsigned i = 0; i < HOSTS_AT_ONCE && worker->result == FSA_OK; i++)
      if (first + (uint64_t)i * pass->step < hosts)
        worker->result = take_host(worker, (uint32_t)first + i * pass->step);
  }
  return NULL;
}

static void open_query(Worker *worker, const FsaModel *model, size_t query) {
  size_t count;
  FsaAsker *asker = fsa_asker_new(&model->queries[query]);
  const char *const *columns = fsa_asker_columns(asker, &count);
  worker->askers[query] = asker;
  worker->plans[query] = fsa_row_plan(model->matrix->queries[query].meta, columns, count,
                                      fsa_case_hash_key(model->store));
  worker->artefacts[query] = g_new0(Memo, MEMO_SLOTS);
}

static void open_worker(Worker *worker, Pass *pass) {
  const FsaModel *model = pass->model;
  size_t queries = model->matrix->query_count, entries = model->suppressions->count;
  const char *sql = "SELECT query, artefacts, rows FROM answer WHERE host=?1 ORDER BY query";
  *worker = (Worker){.pass = pass,
                     .arena = fsa_arena(0),
                     .rows = fsa_buffer(FSA_MAX_ANSWER_BYTES),
                     .scratch = fsa_buffer(FSA_MAX_ANSWER_BYTES)};
  worker->askers = g_new0(FsaAsker *, queries + 1);
  worker->unpacker = fsa_row_unpacker_new(fsa_case_dictionaries(model->store));
  worker->plans = g_new0(FsaRowPlan, queries + 1);
  worker->artefacts = g_new0(Memo *, queries + 1);
  worker->reader = fsa_row_reader_new(fsa_case_hash_key(model->store));
  worker->counts = g_new0(QueryCount, queries + 1);
  worker->mass = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
  worker->mass_of_host = g_hash_table_new(g_direct_hash, g_direct_equal);
  worker->candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
  worker->joins = g_array_new(FALSE, FALSE, sizeof(uint64_t));
  worker->suppressed_rows = g_new0(uint32_t, entries + 1);
  worker->suppressed_hosts = g_new0(uint32_t, entries + 1);
  worker->suppressed_here = g_new0(uint64_t, entries + 1);
  for (size_t i = 0; i < queries; i++) open_query(worker, model, i);
  if (sqlite3_open_v2(pass->path, &worker->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
          SQLITE_OK ||
      sqlite3_busy_timeout(worker->db, FSA_CASE_PATIENCE) != SQLITE_OK ||
      sqlite3_prepare_v2(worker->db, sql, -1, &worker->stmt, NULL) != SQLITE_OK)
    worker->result = FSA_E_IO;
}

static void close_worker(Worker *worker) {
  for (size_t i = 0; i < worker->pass->model->matrix->query_count; i++) {
    fsa_asker_free(worker->askers[i]);
    fsa_row_plan_done(&worker->plans[i]);
    g_free(worker->artefacts[i]);
  }
  fsa_row_reader_free(worker->reader);
  g_free(worker->artefacts);
  g_free(worker->askers);
  fsa_row_unpacker_free(worker->unpacker);
  g_free(worker->plans);
  g_free(worker->counts);
  g_hash_table_destroy(worker->mass);
  g_hash_table_destroy(worker->mass_of_host);
  g_array_free(worker->candidates, TRUE);
  g_array_free(worker->joins, TRUE);
  g_free(worker->suppressed_rows);
  g_free(worker->suppressed_hosts);
  g_free(worker->suppressed_here);
  sqlite3_finalize(worker->stmt);
  sqlite3_close(worker->db);
  fsa_arena_done(&worker->arena);
  fsa_buffer_done(&worker->rows);
  fsa_buffer_done(&worker->scratch);
}

/* ---- what the threads counted, together -------------------------------------------------------
 */

static void merge_mass(FsaSignals *signals, Worker *worker) {
  GHashTableIter iterator;
  gpointer slot, value;
  g_hash_table_iter_init(&iterator, worker->mass);
  while (g_hash_table_iter_next(&iterator, &slot, &value)) {
    FsaMassCount *from = value, *to = g_hash_table_lookup(signals->mass, slot);
    if (!to) {
      g_hash_table_insert(signals->mass, slot, g_memdup2(from, sizeof *from));
      continue;
    }
    to->hits |= from->hits;
    to->hosts += from->hosts;
    to->in_window += from->in_window;
    if (from->first_seen && (!to->first_seen || from->first_seen < to->first_seen))
      to->first_seen = from->first_seen;
    if (from->sample_host < to->sample_host) {
      to->sample_host = from->sample_host;
      to->sample_row = from->sample_row;
    }
  }
}

static void merge_worker(Pass *pass, Worker *worker) {
  FsaModel *model = pass->model;
  for (size_t i = 0; i < model->matrix->query_count; i++) {
    FsaModelQuery *query = &model->queries[i];
    const QueryCount *count = &worker->counts[i];
    query->rows += count->rows;
    query->timed += count->timed;
    query->inside += count->inside;
    query->rare_rows += count->rare_rows;
    for (size_t f = 0; f < query->fact_count; f++) {
      query->facts[f].hits += count->hits[f];
      query->facts[f].hosts += count->hosts[f];
      query->facts[f].rare_hits += count->rare_hits[f];
      const char *fault = fsa_asker_fault(worker->askers[i], f);
      if (fault && !query->facts[f].not_run) query->facts[f].not_run = g_strdup(fault);
    }
  }
  if (!pass->signals) return;
  merge_mass(pass->signals, worker);
  for (uint32_t i = 0; i < model->suppressions->count; i++) {
    pass->signals->suppressed_rows[i] += worker->suppressed_rows[i];
    pass->signals->suppressed_hosts[i] += worker->suppressed_hosts[i];
  }
}

static void forget_counts(FsaModel *model) {
  for (size_t i = 0; i < model->matrix->query_count; i++) {
    FsaModelQuery *query = &model->queries[i];
    query->rows = query->rare_rows = query->timed = query->inside = 0;
    for (size_t f = 0; f < query->fact_count; f++)
      query->facts[f].hits = query->facts[f].rare_hits = query->facts[f].hosts = 0;
  }
}

static int run_pass(Pass *pass, unsigned jobs) {
  Worker *workers = g_new0(Worker, jobs);
  GThread **threads = g_new0(GThread *, jobs);
  int result = FSA_OK;
  forget_counts(pass->model);
  pass->next = 0;
  for (unsigned i = 0; i < jobs; i++) open_worker(&workers[i], pass);
  for (unsigned i = 1; i < jobs; i++) threads[i] = g_thread_new("score", run_worker, &workers[i]);
  run_worker(&workers[0]);
  for (unsigned i = 0; i < jobs; i++) {
    if (i) g_thread_join(threads[i]);
    if (workers[i].result != FSA_OK) result = workers[i].result;
    merge_worker(pass, &workers[i]);
    close_worker(&workers[i]);
  }
  g_free(workers);
  g_free(threads);
  fsa_model_weigh_facts(pass->model);
  return result;
}

/* ---- the passes -------------------------------------------------------------------------------
 */

static void find_needed(Pass *pass) {
  const FsaModel *model = pass->model;
  pass->is_read = g_new0(bool, model->matrix->query_count + 1);
  for (size_t i = 0; i < model->matrix->query_count; i++)
    pass->is_read[i] = model->queries[i].fact_count > 0 || model->window_to > 0;
}

int fsa_signals_build(FsaModel *model, unsigned jobs, FsaSignals *ret_signals) {
  size_t hosts = model->matrix->host_count, entries = model->suppressions->count;
  *ret_signals = (FsaSignals){
      .hosts = g_new0(FsaHostSignals, hosts + 1),
      .host_count = hosts,
      .mass = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free),
      .suppressed_rows = g_new0(uint32_t, entries + 1),
      .suppressed_hosts = g_new0(uint32_t, entries + 1),
  };
  Pass pass = {.model = model,
               .path = sqlite3_db_filename(fsa_case_database(model->store), "main")};
  find_needed(&pass);
  if (!jobs) jobs = MAX(g_get_num_processors(), 1);
  /* a rule's weight must be known before its rows are kept: measured on hosts spread over the fleet
   */
  pass.step = (uint32_t)((hosts + MAX_MEASURED_HOSTS - 1) / MAX_MEASURED_HOSTS);
  pass.step = MAX(pass.step, 1);
  int result = run_pass(&pass, jobs);
  pass.step = 1;
  pass.signals = ret_signals;
  if (result == FSA_OK) result = run_pass(&pass, jobs);
  g_free(pass.is_read);
  return result == FSA_OK ? result : fsa_case_fail(model->store, result, "reading answers");
}

void fsa_signals_done(FsaSignals *signals) {
  for (size_t i = 0; i < signals->host_count; i++) {
    g_free(signals->hosts[i].all);
    g_free(signals->hosts[i].joins);
  }
  g_free(signals->hosts);
  g_free(signals->suppressed_rows);
  g_free(signals->suppressed_hosts);
  if (signals->mass) g_hash_table_destroy(signals->mass);
  *signals = (FsaSignals){0};
}
