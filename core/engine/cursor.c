/* A cursor: one query from its opening to its end, on one thread or several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* ---- opening ---- */

static void sources_text(char *out, size_t size, unsigned sources) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {
      {FSA_LIVE_WINDOWS, "a live Windows host"},
      {FSA_LIVE_LINUX, "a live Linux host"},
      {FSA_WINDOWS_VOLUME, "a Windows volume or triage folder"},
      {FSA_LINUX_ROOT, "a Linux root or triage folder"},
      {FSA_MINIDUMP, "a process dump"},
      {FSA_LOOSE_FILE, "a loose file"},
  };
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!(sources & names[i].bit)) continue;
    int added = snprintf(out + used, size - used, "%s%s", used ? ", " : "", names[i].name);
    if (added < 0 || (size_t)added >= size - used) return;
    used += (size_t)added;
  }
}

/* Evidence that the table has no source on. */
static int refuse(const FsaCursor *cursor, FsaError *ret_error) {
  const char *name = fsa_evidence_name(cursor->use->evidence);
  const char *table = cursor->table->name;
  char serves[256];
  sources_text(serves, sizeof serves, cursor->table->sources);
  *ret_error = (FsaError){.code = FSA_E_UNSUPPORTED};
  if (fsa_evidence_sources(cursor->use->evidence) == FSA_CASE_FOLDER)
    snprintf(
        ret_error->message, sizeof ret_error->message,
        "%s holds several hosts: ask each of them with FROM fsa_evidence('%s') e JOIN fsa_%s t "
        "ON t.evidence = e.path",
        name, name, table);
  else
    snprintf(ret_error->message, sizeof ret_error->message,
             "fsa_%s cannot be asked of %s: it serves %s; name other evidence, as in "
             "fsa_%s('PATH')",
             table, strcmp(name, "live") == 0 ? "this live host" : name, serves, table);
  return FSA_E_UNSUPPORTED;
}

/* The evidence of a query. One that another table named must not lead out of its case. */
static int take_evidence(FsaCursor *cursor, FsaError *ret_error) {
  const FsaQuery *query = &cursor->query;
  int result = FSA_OK;
  if (query->evidence_is_joined && query->evidence)
    result = fsa_case_admit(query->evidence, ret_error);
  if (result == FSA_OK)
    result = engine_evidence_take(cursor->engine, query->evidence, &cursor->use, ret_error);
  return result;
}

/*
 * Evidence that cannot be opened or that the table cannot be asked of. Named by the user it is an
 * error. Met in a join over a case folder it is a problem row and no coverage: one Linux package
 * must not end the question to 499 others.
 */
static bool may_pass_over(const FsaCursor *cursor, int result) {
  const FsaQuery *query = &cursor->query;
  return query->evidence_is_joined && query->evidence && result != FSA_E_NOMEM;
}

static int pass_over(FsaCursor *cursor, const FsaError *error) {
  cursor->is_recorded = true;
  engine_problem_add(cursor->engine, problem_new(cursor->table->name, cursor->query.evidence, NULL,
                                                 FSA_NO_OFFSET, error->code, error->message));
  return FSA_OK;
}

static bool has_keys(const FsaQuery *query) {
  if (query->source_key) return true;
  for (int i = 0; query->keys && i < query->table->column_count; i++)
    if (!fsa_key_is_open(&query->keys[i])) return true;
  return false;
}

/* Before any subject: the table's `begin`, whose last problem is what the user is told. */
static int begin(FsaCursor *cursor, FsaError *ret_error) {
  const FsaTable *table = cursor->table;
  if (!table->begin && table->subject != FSA_PROCESS) return FSA_OK;
  FsaScan scan = {.cursor = cursor, .arena = fsa_arena(cursor->engine->memory)};
  FsaArena row_arena = fsa_arena(cursor->engine->memory);
  scan.row_arena = &row_arena;
  scan.deadline = cursor->query.deadline;
  if (table->subject == FSA_PROCESS) fsa_tell_hidden_processes(&scan);
  int result = table->begin ? table->begin(&scan, &cursor->shared) : FSA_OK;
  cursor->has_shared = result == FSA_OK;
  if (result < 0) {
    *ret_error = (FsaError){.code = result};
    snprintf(ret_error->message, sizeof ret_error->message, "fsa_%s cannot start (%s)", table->name,
             fsa_result_name(result));
    for (Problem *problem = scan.problems; problem; problem = problem->next)
      snprintf(ret_error->message, sizeof ret_error->message, "fsa_%s: %s", table->name,
               problem->fact.message);
  }
  scan_report(&scan);
  fsa_arena_done(&row_arena);
  scan_done(&scan);
  return result;
}

/* One thread when there is little to share out; a worker beside the reader already pays for one
 * large file. */
static unsigned choose_jobs(const FsaCursor *cursor) {
  if (cursor->engine->jobs < 2 || cursor->subject_count == 0) return 1;
  if (cursor->subject_count == 1 && cursor->subjects[0].file_count == 0) return 1;
  if (cursor->subject_count < cursor->engine->jobs) return (unsigned)cursor->subject_count + 1;
  return cursor->engine->jobs;
}

static int start(FsaCursor *cursor, FsaError *ret_error) {
  cursor->facts.started = fsa_clock_now();
  cursor->facts.wanted = cursor->query.wanted;
  if (!(cursor->table->sources & fsa_evidence_sources(cursor->use->evidence)))
    return may_pass_over(cursor, refuse(cursor, ret_error)) ? pass_over(cursor, ret_error)
                                                            : FSA_E_UNSUPPORTED;
  int result = begin(cursor, ret_error);
  if (result != FSA_OK) return result;
  result = cursor_find_subjects(cursor, ret_error);
  if (result != FSA_OK && result != FSA_E_USAGE && may_pass_over(cursor, result))
    return pass_over(cursor, ret_error);
  if (result != FSA_OK) return result;
  cursor->facts.subjects = (int64_t)cursor->subject_count;
  cursor->jobs = choose_jobs(cursor);
  if (cursor->jobs > 1) result = workers_start(cursor);
  if (result != FSA_OK)
    *ret_error = (FsaError){.code = result, .message = "out of memory while starting the scan"};
  return result;
}

int fsa_cursor_open(FsaEngine *engine, const FsaQuery *query, FsaCursor **ret_cursor,
                    FsaError *ret_error) {
  const int columns = query->table->column_count;
  FsaCursor *cursor = calloc(1, sizeof *cursor + (size_t)columns * sizeof(FsaValue));
  if (!cursor) {
    *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "out of memory"};
    return FSA_E_NOMEM;
  }
  cursor->engine = engine;
  cursor->table = query->table;
  cursor->query = *query;
  cursor->registry_result = FSA_ROW;
  cursor->is_full = !has_keys(query);
  cursor->row.values = (FsaValue *)(cursor + 1);
  cursor->arena = fsa_arena(engine->memory);
  cursor->row_arena = fsa_arena(engine->memory);
  pthread_mutex_init(&cursor->registry_lock, NULL);
  pthread_mutex_init(&cursor->lock, NULL);
  pthread_cond_init(&cursor->changed, NULL);
  int result = take_evidence(cursor, ret_error);
  if (result == FSA_OK)
    result = start(cursor, ret_error);
  else if (may_pass_over(cursor, result))
    result = pass_over(cursor, ret_error);
  if (result != FSA_OK) {
    fsa_cursor_close(cursor);
    return result;
  }
  *ret_cursor = cursor;
  return FSA_OK;
}

/* ---- reading ---- */

#define LATE_ROWS 63 /* the clock is looked at when these bits of the row's number are 0 */

bool cursor_is_late(const FsaCursor *cursor) {
  return cursor->query.deadline && fsa_clock_monotonic() > cursor->query.deadline;
}

/* Ends the subject that was read: its problems and counts are reported, its memory goes. */
static void end_subject(FsaCursor *cursor) {
  scan_finish(cursor->scan);
  scan_report(cursor->scan);
  scan_done(cursor->scan);
  cursor->reader++;
}

/* The subject to read from, started if need be; NULL behind the last one. */
static int current_scan(FsaCursor *cursor, FsaScan **ret_scan) {
  if (!cursor->scan) cursor->scan = calloc(1, sizeof *cursor->scan);
  if (!cursor->scan) return FSA_E_NOMEM;
  *ret_scan = NULL;
  if (cursor->reader >= cursor->subject_count) return FSA_OK;
  *ret_scan = cursor->scan;
  if (cursor->scan->cursor) return FSA_OK;
  if (cursor_is_late(cursor)) return FSA_E_TIMEOUT;
  cursor->scan->row_arena = &cursor->row_arena;
  return scan_start(cursor->scan, cursor, &cursor->subjects[cursor->reader]);
}

static int single_next(FsaCursor *cursor, const FsaRow **ret_row) {
  for (;;) {
    FsaScan *scan;
    if (atomic_load(&cursor->engine->interrupted)) return FSA_E_CANCELLED;
    fsa_arena_clear(&cursor->row_arena);
    int result = current_scan(cursor, &scan);
    if (result != FSA_OK || !scan) return result;
    if (scan_next(scan, &cursor->row) == FSA_ROW) {
      *ret_row = &cursor->row;
      return FSA_ROW;
    }
    end_subject(cursor);
  }
}

static void record_coverage(FsaCursor *cursor) {
  if (cursor->is_recorded || !cursor->is_full) return;
  cursor->is_recorded = true;
  cursor->facts.ended = fsa_clock_now();
  engine_coverage_record(cursor->engine, cursor->table, fsa_evidence_name(cursor->use->evidence),
                         &cursor->facts);
}

/* Text that the hidden `source` column has when the table set none. */
static void default_source(FsaCursor *cursor, const FsaScan *scan) {
  if (cursor->row.source.data) return;
  char number[32];
  FsaText source = scan_source(scan, number);
  if (source.data == number) source.data = fsa_arena_copy(&cursor->row_arena, number, source.size);
  cursor->row.source = source;
}

int fsa_cursor_next(FsaCursor *cursor, const FsaRow **ret_row) {
  int result = cursor->jobs > 1 ? workers_next(cursor, ret_row) : single_next(cursor, ret_row);
  const bool is_moment = result == FSA_OK || (++cursor->row_count & LATE_ROWS) == 0;
  if (result >= 0 && is_moment && cursor_is_late(cursor)) return FSA_E_TIMEOUT;
  if (result == FSA_ROW && cursor->jobs <= 1) default_source(cursor, cursor->scan);
  if (result == FSA_OK) record_coverage(cursor);
  return result;
}

/* ---- closing ---- */

void fsa_cursor_close(FsaCursor *cursor) {
  if (!cursor) return;
  atomic_store(&cursor->cancelled, true);
  if (cursor->slots) workers_stop(cursor);
  if (cursor->scan) {
    scan_report(cursor->scan);
    if (cursor->scan->cursor) scan_done(cursor->scan);
    free(cursor->scan);
  }
  if (cursor->has_shared && cursor->table->end) cursor->table->end(cursor->shared);
  fsa_registry_close(cursor->registry);
  if (cursor->use) engine_evidence_drop(cursor->engine, cursor->use);
  fsa_arena_done(&cursor->arena);
  fsa_arena_done(&cursor->row_arena);
  pthread_mutex_destroy(&cursor->registry_lock);
  pthread_mutex_destroy(&cursor->lock);
  pthread_cond_destroy(&cursor->changed);
  free(cursor);
}
