/*
 * `fsa-score ingest`: logs into the case.
 *
 * The main thread reads pieces of whole lines, a pool of threads parses them, and the main thread
 * stores them in the order in which they were read. At most a few pieces are under way, so memory
 * does not follow the size of the logs. A batch is one transaction: killed at any moment, the case
 * holds whole batches, and running it again adds only what is missing.
 */
#include "ingest/ingest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/input_hash.h"
#include "os/folder.h"
#include "text/print.h"

#define MAX_THREADS 64
#define MAX_WORDS 1000 /* different names or reasons that are counted one by one */

typedef struct Job {
  FsaPiece *piece;
  bool is_done;
} Job;

typedef struct Ingest {
  FsaCase *store;
  FsaPackMeta meta;
  FsaApply *apply;
  GThreadPool *pool;
  GMutex lock;
  GCond parsed;
  GQueue under_way, idle; /* Job, in the order of the log */
  GQueue readers;         /* FsaPieceReader, that no thread uses; `lock` */
  guint most_jobs;
  unsigned batch;               /* pieces since the last commit */
  GHashTable *others, *reasons; /* name or reason -> how often */
  FsaInputFacts all;
  int64_t inputs, damaged, started, shown;
  bool hashes;
  /* the input that is read */
  const char *path;
  FsaInputFacts facts;
  FsaInputHash *hash; /* NULL = it is not hashed */
  int64_t kept_rejects;
  int64_t lines_before; /* the piece that is stored */
} Ingest;

/* ---- worker threads ---------------------------------------------------------------------------
 */

static void parse_job(gpointer data, gpointer context) {
  Job *job = data;
  Ingest *ingest = context;
  g_mutex_lock(&ingest->lock);
  FsaPieceReader *reader = g_queue_pop_head(&ingest->readers);
  g_mutex_unlock(&ingest->lock);
  if (!reader) {
    reader = fsa_piece_reader_new(&ingest->meta, fsa_case_hash_key(ingest->store));
    fsa_piece_reader_compare(reader, fsa_apply_indexes(ingest->apply));
  }
  fsa_piece_parse(job->piece, reader);
  g_mutex_lock(&ingest->lock);
  g_queue_push_head(&ingest->readers, reader);
  job->is_done = true;
  g_cond_signal(&ingest->parsed);
  g_mutex_unlock(&ingest->lock);
}

static Job *wait_oldest(Ingest *ingest) {
  Job *job = g_queue_pop_head(&ingest->under_way);
  g_mutex_lock(&ingest->lock);
  while (!job->is_done) g_cond_wait(&ingest->parsed, &ingest->lock);
  g_mutex_unlock(&ingest->lock);
  return job;
}

static Job *idle_job(Ingest *ingest) {
  Job *job = g_queue_pop_head(&ingest->idle);
  if (job) return job;
  job = g_new0(Job, 1);
  job->piece = fsa_piece_new();
  return job;
}

static void free_reader(gpointer data) {
  fsa_piece_reader_free(data);
}

static void free_job(gpointer data) {
  fsa_piece_free(((Job *)data)->piece);
  g_free(data);
}

/* ---- storing ----------------------------------------------------------------------------------
 */

/* Names are the hosts' to choose: beyond the ceiling they are counted together. */
static void count_word(GHashTable *words, const char *word, gsize count) {
  if (g_hash_table_size(words) >= MAX_WORDS && !g_hash_table_contains(words, word))
    word = "(further names)";
  gsize known = GPOINTER_TO_SIZE(g_hash_table_lookup(words, word));
  g_hash_table_insert(words, g_strdup(word), GSIZE_TO_POINTER(known + count));
}

static int store_rejects(Ingest *ingest, const FsaPiece *piece) {
  int result = FSA_OK;
  for (guint i = 0; i < piece->rejects->len && result == FSA_OK; i++) {
    const FsaPieceReject *reject = &g_array_index(piece->rejects, FsaPieceReject, i);
    ingest->facts.rejected += reject->count;
    ingest->facts.lost_bytes += reject->lost;
    count_word(ingest->reasons, reject->why, (gsize)reject->count);
    if (ingest->kept_rejects++ < FSA_MAX_KEPT_REJECTS)
      result = fsa_case_put_reject(ingest->store, ingest->path, ingest->lines_before + reject->line,
                                   reject->offset, reject->lost, reject->why);
  }
  return result;
}

static void count_piece(Ingest *ingest, const FsaPiece *piece) {
  GHashTableIter iterator;
  gpointer name, count;
  ingest->facts.bytes += (int64_t)piece->text.size + piece->place.lost;
  ingest->facts.lines += piece->lines;
  ingest->facts.entries += piece->entries->len;
  ingest->facts.other += piece->other;
  g_hash_table_iter_init(&iterator, piece->others);
  while (g_hash_table_iter_next(&iterator, &name, &count))
    count_word(ingest->others, name, GPOINTER_TO_SIZE(count));
}

static int commit(Ingest *ingest) {
  int result = fsa_apply_flush(ingest->apply);
  if (result == FSA_OK) result = fsa_case_commit(ingest->store);
  if (result == FSA_OK) result = fsa_case_begin(ingest->store);
  ingest->batch = 0;
  return result;
}

/* Stores the oldest piece under way. */
static int store_oldest(Ingest *ingest) {
  Job *job = wait_oldest(ingest);
  count_piece(ingest, job->piece);
  ingest->lines_before += job->piece->place.skipped_lines;
  int result = store_rejects(ingest, job->piece);
  ingest->lines_before += job->piece->breaks;
  if (result == FSA_OK) result = fsa_apply_piece(ingest->apply, job->piece);
  fsa_piece_clear(job->piece);
  job->is_done = false;
  g_queue_push_tail(&ingest->idle, job);
  bool is_full = ++ingest->batch >= FSA_BATCH_PIECES || fsa_apply_is_full(ingest->apply);
  return result == FSA_OK && is_full ? commit(ingest) : result;
}

static int store_all(Ingest *ingest) {
  int result = FSA_OK;
  while (!g_queue_is_empty(&ingest->under_way)) {
    if (result == FSA_OK)
      result = store_oldest(ingest);
    else
      g_queue_push_tail(&ingest->idle, wait_oldest(ingest));
  }
  return result;
}

/* ---- one input --------------------------------------------------------------------------------
 */

static void show_progress(Ingest *ingest, const FsaLogInput *input) {
  int64_t now = fsa_clock_monotonic(), size;
  if (now - ingest->shown < FSA_NS_PER_SECOND / 10) return;
  ingest->shown = now;
  int64_t done = fsa_log_input_done(input, &size);
  double seconds = (double)(now - ingest->started) / (double)FSA_NS_PER_SECOND;
  double mega = (double)(ingest->all.bytes + ingest->facts.bytes) / 1e6;
  int percent = size > 0 ? (int)(done * 100 / size) : 0;
  fsa_progress_line("%s: %d %%, %lld lines so far, %.0f MB/s", ingest->path, percent,
                    (long long)(ingest->all.lines + ingest->facts.lines), mega / (seconds + 0.001));
}

static int read_pieces(Ingest *ingest, FsaLogInput *input, const char **ret_why) {
  int64_t size;
  int result;
  do {
    if (g_queue_get_length(&ingest->under_way) >= ingest->most_jobs) {
      result = store_oldest(ingest);
      if (result != FSA_OK) break;
    }
    Job *job = idle_job(ingest);
    result = fsa_log_input_next(input, &job->piece->text, &job->piece->place, ret_why);
    if (result == FSA_ROW) {
      g_queue_push_tail(&ingest->under_way, job);
      g_thread_pool_push(ingest->pool, job, NULL);
      fsa_input_hash_follow(ingest->hash, fsa_log_input_done(input, &size));
      show_progress(ingest, input);
    } else {
      g_queue_push_tail(&ingest->idle, job);
    }
  } while (result == FSA_ROW);
  return result;
}

static void add_facts(FsaInputFacts *all, const FsaInputFacts *one) {
  all->bytes += one->bytes;
  all->lines += one->lines;
  all->entries += one->entries;
  all->other += one->other;
  all->rejected += one->rejected;
  all->lost_bytes += one->lost_bytes;
}

/* Damage of the file is noted and is no failure of the run; FSA_OK or a failure of the case. */
static int note_damage(Ingest *ingest, const char *why) {
  ingest->damaged++;
  ingest->facts.rejected++;
  count_word(ingest->reasons, why, 1);
  fsa_complain(
      "%s: %s after %lld bytes of log; what came before is in the case. Copy the file again "
      "and ingest it again",
      ingest->path, why, (long long)ingest->facts.bytes);
  return fsa_case_put_reject(ingest->store, ingest->path, 0, ingest->facts.bytes, 0, why);
}

/* What the report says of the file: its bytes as it lies there, and their SHA-256. */
static void end_hash(Ingest *ingest, const FsaLogInput *input) {
  int64_t size;
  ingest->facts.file_bytes = fsa_log_input_done(input, &size);
  fsa_input_hash_follow(ingest->hash, ingest->facts.file_bytes);
  if (!fsa_input_hash_end(ingest->hash, ingest->facts.sha256)) ingest->facts.sha256[0] = '\0';
  ingest->hash = NULL;
}

static int ingest_file(Ingest *ingest, const char *path) {
  FsaLogInput *input;
  int result = fsa_log_input_open(path, &input);
  if (result != FSA_OK) {
    fsa_complain("%s: cannot be read (%s)", path, fsa_result_name(result));
    ingest->damaged++;
    return FSA_OK;
  }
  ingest->path = path;
  ingest->facts = (FsaInputFacts){0};
  ingest->kept_rejects = ingest->lines_before = 0;
  if (ingest->hashes) ingest->hash = fsa_input_hash_begin(path);
  const char *why = NULL;
  result = read_pieces(ingest, input, &why);
  bool is_damaged = result < 0 && fsa_case_message(ingest->store)[0] == '\0';
  int stored = store_all(ingest);
  end_hash(ingest, input);
  fsa_log_input_close(input);
  if (is_damaged && stored == FSA_OK)
    result = note_damage(ingest, why ? why : fsa_result_name(result));
  if (result >= 0 && stored == FSA_OK)
    result = fsa_case_put_input(ingest->store, path, &ingest->facts);
  add_facts(&ingest->all, &ingest->facts);
  ingest->inputs++;
  return result < 0 ? result : stored;
}

/* ---- folders ----------------------------------------------------------------------------------
 */

static int ingest_path(Ingest *ingest, const char *path, unsigned depth);

/* Files of a folder in the order of their names, so that two runs do the same. */
static int ingest_folder(Ingest *ingest, const char *path, unsigned depth) {
  FsaArena arena = fsa_arena(0);
  const char *const *names = NULL;
  size_t count = 0;
  const int error = fsa_folder_names(path, &arena, &names, &count);
  if (error || depth > FSA_MAX_INPUT_DEPTH) {
    fsa_complain("%s: %s", path, error ? strerror(error) : "too many folders deep");
    ingest->damaged++;
    count = 0;
  }
  int result = FSA_OK;
  for (size_t i = 0; i < count && result == FSA_OK; i++) {
    if (names[i][0] == '.') continue;
    char *below = g_strdup_printf("%s/%s", path, names[i]);
    result = ingest_path(ingest, below, depth + 1);
    g_free(below);
  }
  fsa_arena_done(&arena);
  return result;
}

static int ingest_path(Ingest *ingest, const char *path, unsigned depth) {
  FsaPathKind kind;
  if (strcmp(path, "-") != 0 && fsa_path_kind(path, &kind) == 0) {
    if (kind == FSA_PATH_FOLDER) return ingest_folder(ingest, path, depth);
    if (depth && kind == FSA_PATH_OTHER) return FSA_OK; /* a socket or pipe beside logs is no log */
  }
  return ingest_file(ingest, path);
}

/* ---- metadata ---------------------------------------------------------------------------------
 */

static int read_meta_file(FsaPackMeta *meta, const char *path) {
  char *text = NULL;
  gsize size = 0;
  GError *error = NULL;
  const char *why = NULL;
  if (!g_file_get_contents(path, &text, &size, &error)) {
    fsa_complain("%s", error->message);
    g_error_free(error);
    return FSA_E_ACCESS;
  }
  int result = fsa_pack_meta_read(meta, text, size, &why);
  if (result != FSA_OK) fsa_complain("%s: no pack metadata: %s", path, why ? why : "out of memory");
  g_free(text);
  return result;
}

static int load_meta(Ingest *ingest, const char *path) {
  const char *why = NULL;
  ingest->meta = fsa_pack_meta();
  if (path) return read_meta_file(&ingest->meta, path);
  int result = fsa_pack_meta_read(&ingest->meta, (const char *)fsa_pack_meta_builtin,
                                  fsa_pack_meta_builtin_size, &why);
  if (result != FSA_OK) fsa_complain("the built-in pack metadata: %s", why ? why : "out of memory");
  return result;
}

/* What is known of the queries goes into the case; answers whose keys changed are counted anew. */
static int store_meta(Ingest *ingest) {
  GHashTableIter iterator;
  gpointer value;
  int result = FSA_OK;
  g_hash_table_iter_init(&iterator, ingest->meta.queries);
  while (result == FSA_OK && g_hash_table_iter_next(&iterator, NULL, &value)) {
    bool changed = false;
    result = fsa_case_put_meta(ingest->store, value, &changed);
    if (result == FSA_OK && changed) result = fsa_apply_rekey(ingest->apply, value);
  }
  return result;
}

/* ---- the summary ------------------------------------------------------------------------------
 */

static gint compare_words(gconstpointer a, gconstpointer b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_words(FsaBuffer *out, GHashTable *words, guint most) {
  guint count = 0;
  gpointer *keys = g_hash_table_get_keys_as_array(words, &count);
  if (count) qsort(keys, count, sizeof *keys, compare_words);
  for (guint i = 0; i < count && i < most; i++) {
    fsa_buffer_puts(out, "    ");
    fsa_put_count(out, (int64_t)GPOINTER_TO_SIZE(g_hash_table_lookup(words, keys[i])));
    fsa_buffer_puts(out, "  ");
    fsa_put_safe(out, fsa_text(keys[i]), 100);
    fsa_buffer_putc(out, '\n');
  }
  if (count > most) fsa_buffer_printf(out, "    ... and %u more\n", count - most);
  g_free(keys);
}

static void put_fact(FsaBuffer *out, const char *what, int64_t count, const char *note) {
  if (!count) return;
  fsa_buffer_printf(out, "  %-22s ", what);
  fsa_put_count(out, count);
  fsa_buffer_puts(out, note);
  fsa_buffer_putc(out, '\n');
}

static void put_forms(FsaBuffer *out, const FsaApplyCounts *counts) {
  put_fact(out, "snapshots", counts->snapshots, "");
  put_fact(out, "snapshot rows", counts->snapshot_rows,
           "  (row by row: an empty answer leaves no line)");
  put_fact(out, "added", counts->added, "");
  put_fact(out, "removed", counts->removed, "");
  put_fact(out, "status lines", counts->status, "");
  put_fact(out, "rows", counts->rows, "");
  put_fact(out, "already known", counts->unchanged, "  entries changed nothing");
  put_fact(out, "older", counts->older, "  entries were replaced by a newer snapshot");
  put_fact(out, "NOT STORED", counts->unknown,
           "  entries: more queries than 256 that no pack knows");
  put_fact(out, "large lines", counts->large,
           "  of 700 KB or more: TLS loggers silently drop them at 1 MiB; split the query");
  put_fact(out, "above 1 MiB", counts->dropped_size,
           "  of them would not have passed a TLS logger");
}

/* Identifiers with several host names: clones, or hosts that were renamed. */
static void put_collisions(Ingest *ingest, FsaBuffer *out) {
  sqlite3_stmt *stmt = NULL;
  const char *sql =
      "SELECT identifier, group_concat(hostname, ', ') FROM (SELECT identifier, hostname"
      " FROM host ORDER BY hostname) GROUP BY identifier HAVING count(*) > 1";
  if (sqlite3_prepare_v2(fsa_case_database(ingest->store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    fsa_buffer_puts(out, "  one identifier, several hosts: ");
    fsa_put_safe(out, fsa_text((const char *)sqlite3_column_text(stmt, 0)), 0);
    fsa_buffer_puts(out, " = ");
    fsa_put_safe(out, fsa_text((const char *)sqlite3_column_text(stmt, 1)), 200);
    fsa_buffer_puts(out, "  (clones or a renamed host; counted as separate hosts)\n");
  }
  sqlite3_finalize(stmt);
}

static void print_summary(Ingest *ingest) {
  FsaBuffer out = fsa_buffer(FSA_MAX_META_BYTES);
  double seconds = (double)(fsa_clock_monotonic() - ingest->started) / (double)FSA_NS_PER_SECOND;
  fsa_put_count(&out, ingest->inputs);
  fsa_buffer_puts(&out, ingest->inputs == 1 ? " log, " : " logs, ");
  fsa_put_count(&out, ingest->all.lines);
  fsa_buffer_printf(&out, " lines, %.1f MB in %.1f s (%.0f MB/s)\n",
                    (double)ingest->all.bytes / 1e6, seconds,
                    (double)ingest->all.bytes / 1e6 / (seconds + 0.001));
  put_forms(&out, fsa_apply_counts(ingest->apply));
  put_fact(&out, "other queries", ingest->all.other, "  entries that are not of this pack:");
  put_words(&out, ingest->others, 5);
  put_collisions(ingest, &out);
  if (ingest->all.rejected) {
    fsa_buffer_printf(&out, "  REJECTED               %lld lines or parts, %lld bytes lost:\n",
                      (long long)ingest->all.rejected, (long long)ingest->all.lost_bytes);
    put_words(&out, ingest->reasons, 20);
    fsa_buffer_puts(&out, "    where: SELECT path, line, offset, why FROM rejected\n");
  }
  fsa_print(&out);
  fsa_buffer_done(&out);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static void start(Ingest *ingest, unsigned jobs) {
  guint threads = jobs ? jobs : g_get_num_processors();
  threads = MIN(threads, MAX_THREADS);
  ingest->most_jobs = threads * 2 + 1;
  g_mutex_init(&ingest->lock);
  g_cond_init(&ingest->parsed);
  g_queue_init(&ingest->under_way);
  g_queue_init(&ingest->idle);
  g_queue_init(&ingest->readers);
  ingest->pool = g_thread_pool_new(parse_job, ingest, (gint)threads, TRUE, NULL);
  ingest->others = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  ingest->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  ingest->apply = fsa_apply_new(ingest->store, &ingest->meta);
  ingest->started = fsa_clock_monotonic();
}

static void stop(Ingest *ingest) {
  g_thread_pool_free(ingest->pool, FALSE, TRUE);
  g_queue_clear_full(&ingest->idle, free_job);
  g_queue_clear_full(&ingest->readers, free_reader);
  g_hash_table_destroy(ingest->others);
  g_hash_table_destroy(ingest->reasons);
  fsa_apply_free(ingest->apply);
  g_mutex_clear(&ingest->lock);
  g_cond_clear(&ingest->parsed);
}

static int run(Ingest *ingest, const FsaIngestOptions *options) {
  int result = fsa_case_begin(ingest->store);
  if (result == FSA_OK) result = store_meta(ingest);
  if (result == FSA_OK) result = fsa_apply_learn(ingest->apply);
  for (size_t i = 0; i < options->log_count && result == FSA_OK; i++)
    result = ingest_path(ingest, options->logs[i], 0);
  if (result == FSA_OK) result = fsa_apply_flush(ingest->apply);
  if (result == FSA_OK) result = fsa_case_commit(ingest->store);
  fsa_progress_wipe();
  if (result == FSA_OK && !options->is_quiet) print_summary(ingest);
  return result;
}

int fsa_ingest(const FsaIngestOptions *options) {
  Ingest ingest = {0};
  int result = load_meta(&ingest, options->meta_path);
  if (result == FSA_OK) {
    result = fsa_case_open(options->case_path, FSA_CASE_WRITE, &ingest.store);
    if (result == FSA_OK) {
      ingest.hashes = !options->is_unhashed;
      start(&ingest, options->jobs);
      result = run(&ingest, options);
    }
    if (result < 0) {
      const char *why = fsa_case_message(ingest.store);
      fsa_complain("%s: %s", options->case_path, why[0] ? why : fsa_result_name(result));
    }
    if (ingest.pool) stop(&ingest);
    fsa_case_close(ingest.store);
  }
  fsa_pack_meta_done(&ingest.meta);
  if (result < 0) return 2;
  if (ingest.damaged) return 3;
  return options->is_strict && ingest.all.rejected ? 4 : 0;
}
