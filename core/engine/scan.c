/* One subject of a query: the services that a table calls, and how its functions are called. */
#include "engine/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "os/os.h"

const FsaEvidence *fsa_scan_evidence(const FsaScan *scan) {
  return scan->cursor->use->evidence;
}

FsaOs *fsa_scan_os(const FsaScan *scan) {
  return fsa_evidence_os(fsa_scan_evidence(scan));
}

void *fsa_scan_shared(const FsaScan *scan) {
  return scan->cursor->shared;
}

int64_t fsa_scan_pid(const FsaScan *scan) {
  return scan->subject ? scan->subject->pid : -1;
}

size_t fsa_scan_file_count(const FsaScan *scan) {
  return scan->subject ? scan->subject->file_count : 0;
}

FsaArena *fsa_scan_arena(FsaScan *scan) {
  return &scan->arena;
}

FsaArena *fsa_row_arena(FsaScan *scan) {
  return scan->row_arena;
}

bool fsa_expired(const FsaScan *scan) {
  if (atomic_load_explicit(&scan->cursor->cancelled, memory_order_relaxed)) return true;
  if (atomic_load_explicit(&scan->cursor->engine->interrupted, memory_order_relaxed)) return true;
  return scan->deadline && fsa_clock_monotonic() > scan->deadline;
}

int64_t fsa_time_left(const FsaScan *scan) {
  if (!scan->deadline) return INT64_MAX;
  int64_t left = scan->deadline - fsa_clock_monotonic();
  return left > 0 ? left : 0;
}

/* ---- problems -----------------------------------------------------------------------------------
 */

FsaText scan_source(const FsaScan *scan, char buffer[32]) {
  if (!scan->subject) return (FsaText){NULL, 0};
  if (scan->subject->pid >= 0) {
    int size = snprintf(buffer, 32, "%lld", (long long)scan->subject->pid);
    return (FsaText){buffer, (size_t)size};
  }
  if (scan->cursor->table->subject == FSA_FILE && scan->subject->file_count == 1) {
    const char *path = scan->subject->files[0].path;
    return (FsaText){path, strlen(path)};
  }
  return (FsaText){NULL, 0};
}

static void add_problem(FsaScan *scan, int code, const char *source, uint64_t offset,
                        const char *message) {
  FsaCursor *cursor = scan->cursor;
  if (++scan->problem_count > FSA_MAX_SUBJECT_PROBLEMS) return; /* scan_report() counts the rest */
  Problem *problem = problem_new(cursor->table->name, fsa_evidence_name(fsa_scan_evidence(scan)),
                                 source, offset, code, message);
  if (!problem) { /* it must at least be counted */
    engine_problem_add(cursor->engine, NULL);
    return;
  }
  if (!scan->problems_end) scan->problems_end = &scan->problems;
  *scan->problems_end = problem;
  scan->problems_end = &problem->next;
}

int fsa_problem(FsaScan *scan, int code, uint64_t offset, const char *format, ...) {
  char message[FSA_MAX_MESSAGE], number[32];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  add_problem(scan, code, scan_source(scan, number).data, offset, message);
  return code;
}

int fsa_problem_in(FsaScan *scan, int code, const char *source, uint64_t offset, const char *format,
                   ...) {
  char message[FSA_MAX_MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  add_problem(scan, code, source, offset, message);
  return code;
}

void fsa_tell_hidden_processes(FsaScan *scan) {
  FsaOs *os = fsa_scan_os(scan);
  if (os && fsa_os_hides_processes(os))
    fsa_problem(scan, FSA_E_ACCESS, FSA_NO_OFFSET,
                "/proc hides the processes of other users (hidepid); ask as root");
}

/* One problem in place of those that were one too many. */
static void tell_more(FsaScan *scan) {
  FsaCursor *cursor = scan->cursor;
  if (scan->problem_count <= FSA_MAX_SUBJECT_PROBLEMS) return;
  char message[FSA_MAX_MESSAGE], number[32];
  snprintf(message, sizeof message, "%llu more problems; the first %d are told one by one",
           (unsigned long long)(scan->problem_count - FSA_MAX_SUBJECT_PROBLEMS),
           FSA_MAX_SUBJECT_PROBLEMS);
  cursor->facts.codes |= 1u << -FSA_E_LIMIT;
  engine_problem_add(cursor->engine,
                     problem_new(cursor->table->name, fsa_evidence_name(fsa_scan_evidence(scan)),
                                 scan_source(scan, number).data, FSA_NO_OFFSET, FSA_E_LIMIT,
                                 message));
}

void scan_report(FsaScan *scan) {
  FsaCursor *cursor = scan->cursor;
  if (!cursor) return;
  for (Problem *problem = scan->problems, *next; problem; problem = next) {
    next = problem->next;
    cursor->facts.codes |= 1u << -problem->fact.code;
    engine_problem_add(cursor->engine, problem);
  }
  tell_more(scan);
  scan->problems = NULL;
  scan->problems_end = NULL;
  cursor->facts.problems += (int64_t)scan->problem_count;
  cursor->facts.troubled += scan->subject && scan->problem_count;
  cursor->facts.rows += scan->rows;
  scan->rows = 0;
}

/* ---- files and the registry ---- */

static int open_found(FsaScan *scan, size_t index, FsaFile **ret_file) {
  const FsaFound *found = &scan->subject->files[index];
  FsaError error = {0};
  int result = fsa_file_open(fsa_scan_evidence(scan), found, ret_file, &error);
  if (result != FSA_OK)
    fsa_problem_in(scan, result, found->path, FSA_NO_OFFSET, "%s", error.message);
  return result;
}

int fsa_scan_open_file(FsaScan *scan, size_t index, FsaSource *ret_source, FsaText *ret_path) {
  if (index >= fsa_scan_file_count(scan)) return FSA_E_USAGE;
  FsaFile *file;
  int result = open_found(scan, index, &file);
  if (result != FSA_OK) return result;
  fsa_file_close(scan->file);
  scan->file = file;
  const char *path = scan->subject->files[index].path;
  *ret_source = fsa_file_source(file);
  if (ret_path) *ret_path = (FsaText){path, strlen(path)};
  return FSA_OK;
}

int fsa_scan_file_bytes(FsaScan *scan, size_t index, size_t limit, FsaBytes *ret_bytes,
                        FsaText *ret_path) {
  size_t count = fsa_scan_file_count(scan);
  if (index >= count) return FSA_E_USAGE;
  if (!scan->held) scan->held = fsa_arena_zero(&scan->arena, count, sizeof *scan->held);
  if (!scan->held) return FSA_E_NOMEM;
  const char *path = scan->subject->files[index].path;
  if (!scan->held[index]) {
    int result = open_found(scan, index, &scan->held[index]);
    if (result != FSA_OK) return result;
  }
  int result = fsa_file_bytes(scan->held[index], limit, ret_bytes);
  if (result == FSA_E_LIMIT)
    return fsa_problem_in(scan, result, path, FSA_NO_OFFSET,
                          "the file is larger than %zu bytes, the most that is read of it", limit);
  if (result != FSA_OK)
    return fsa_problem_in(scan, result, path, FSA_NO_OFFSET, "reading failed (%s)",
                          fsa_result_name(result));
  if (ret_path) *ret_path = (FsaText){path, strlen(path)};
  return FSA_OK;
}

static void registry_problem(void *context, int code, const char *source, uint64_t offset,
                             const char *message) {
  FsaCursor *cursor = context;
  add_problem(cursor->registry_scan, code, source, offset, message);
}

/* A loose file that is no hive is named with the byte that says so; a folder simply holds none. */
static void tell_no_registry(FsaScan *scan) {
  const FsaEvidence *evidence = fsa_scan_evidence(scan);
  if (fsa_evidence_kind(evidence) == FSA_EVIDENCE_FILE)
    fsa_problem_in(scan, FSA_E_FORMAT, fsa_evidence_name(evidence), 0,
                   "it is no registry hive: a hive begins with 'regf'");
  else
    fsa_problem(scan, FSA_E_ABSENT, FSA_NO_OFFSET, "no registry hive was found in the evidence");
}

int fsa_scan_registry(FsaScan *scan, FsaRegistry **ret_registry) {
  FsaCursor *cursor = scan->cursor;
  pthread_mutex_lock(&cursor->registry_lock);
  if (cursor->registry_result == FSA_ROW) {
    cursor->registry_scan = scan;
    cursor->registry_result =
        fsa_registry_open(fsa_scan_evidence(scan), registry_problem, cursor, &cursor->registry);
    if (cursor->registry_result == FSA_E_ABSENT)
      tell_no_registry(scan);
    else if (cursor->registry_result != FSA_OK)
      fsa_problem(scan, cursor->registry_result, FSA_NO_OFFSET, "the registry cannot be opened");
  }
  int result = cursor->registry_result;
  pthread_mutex_unlock(&cursor->registry_lock);
  if (result == FSA_OK) *ret_registry = cursor->registry;
  return result;
}

/* ---- running ---- */

/* Says that a subject failed where the table itself has said nothing. */
static void tell_failure(FsaScan *scan, int result, uint64_t problems_before) {
  FsaEngine *engine = scan->cursor->engine;
  if (atomic_load(&scan->cursor->cancelled) || atomic_load(&engine->interrupted)) return;
  if (result == FSA_E_TIMEOUT && cursor_is_late(scan->cursor)) return; /* the query itself fails */
  if (result == FSA_E_NOMEM)
    fsa_problem(scan, result, FSA_NO_OFFSET,
                "memory ran out (ceiling %zu MB for each subject; --memory raises it)",
                engine->memory >> 20);
  else if (result == FSA_E_TIMEOUT)
    fsa_problem(scan, result, FSA_NO_OFFSET,
                "not finished within %lld s; rows so far are good (--timeout raises it)",
                (long long)(engine->deadline_ns / FSA_NS_PER_SECOND));
  else if (scan->problem_count == problems_before)
    fsa_problem(scan, result, FSA_NO_OFFSET, "the subject cannot be read (%s)",
                fsa_result_name(result));
}

/* When a subject that starts now must have ended: the query's deadline, or its own if sooner. */
static int64_t deadline_of(const FsaCursor *cursor) {
  const int64_t query = cursor->query.deadline, share = cursor->engine->deadline_ns;
  if (!share) return query;
  const int64_t own = fsa_clock_monotonic() + share;
  return query && query < own ? query : own;
}

int scan_start(FsaScan *scan, FsaCursor *cursor, const Subject *subject) {
  const FsaTable *table = cursor->table;
  scan->cursor = cursor;
  scan->subject = subject;
  scan->arena = fsa_arena(cursor->engine->memory);
  scan->deadline = deadline_of(cursor);
  scan->state = fsa_arena_zero(&scan->arena, 1, table->state_size);
  if (!scan->state) return FSA_E_NOMEM;
  int result = table->open ? table->open(scan, scan->state) : FSA_OK;
  scan->is_open = result == FSA_OK;
  scan->is_over = result != FSA_OK;
  if (result < 0) tell_failure(scan, result, 0);
  return FSA_OK;
}

int scan_next(FsaScan *scan, FsaRow *row) {
  if (scan->is_over) return FSA_OK;
  int result = FSA_E_TIMEOUT;
  uint64_t problems = scan->problem_count;
  if (!scan->deadline || !fsa_expired(scan)) {
    row_reset(row, scan->cursor->table->column_count);
    result = scan->cursor->table->next(scan, scan->state, row);
  }
  if (result == FSA_ROW) {
    row->partial = scan->problem_count > 0;
    scan->rows++;
    return FSA_ROW;
  }
  scan->is_over = true;
  if (result < 0) tell_failure(scan, result, problems);
  return FSA_OK;
}

void scan_finish(FsaScan *scan) {
  if (!scan->is_open) return;
  scan->is_open = false;
  if (scan->cursor->table->close) scan->cursor->table->close(scan->state);
}

static void free_problems(FsaScan *scan) {
  for (Problem *problem = scan->problems, *next; problem; problem = next) {
    next = problem->next;
    free(problem);
  }
}

void scan_done(FsaScan *scan) {
  scan_finish(scan);
  free_problems(scan);
  fsa_file_close(scan->file);
  if (scan->held)
    for (size_t i = 0; i < fsa_scan_file_count(scan); i++) fsa_file_close(scan->held[i]);
  fsa_arena_done(&scan->arena);
  memset(scan, 0, sizeof *scan);
}
