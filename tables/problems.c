/* fsa_problems: everything that could not be read, so that nothing found is never mistaken for
 * nothing there. */
#include "fsa.h"

enum { TIME, TABLE, CODE, MESSAGE, PROBLEM_EVIDENCE, PROBLEM_SOURCE, OFFSET };

static const FsaColumn columns[] = {
    [TIME] = {"time", FSA_TIME, FSA_KEY, "When it was met, Unix seconds; never NULL."},
    [TABLE] = {"table_name", FSA_TEXT, FSA_KEY, "The table whose scan met it; never NULL."},
    [CODE] = {"code", FSA_TEXT, FSA_KEY,
              "The kind of problem: absent, access, format, limit, stale, timeout, unsupported, "
              "version, io or nomem; never NULL."},
    [MESSAGE] = {"message", FSA_TEXT, 0, "What disagreed, with its numbers; never NULL."},
    [PROBLEM_EVIDENCE] = {"problem_evidence", FSA_TEXT, FSA_KEY,
                          "The evidence that was asked; 'live' for this host; never NULL."},
    [PROBLEM_SOURCE] = {"problem_source", FSA_TEXT, FSA_KEY,
                        "The file, registry key or pid; NULL when it concerns the whole evidence."},
    [OFFSET] = {"problem_offset", FSA_INTEGER, 0,
                "Byte offset inside the source; NULL where there is none."},
};

typedef struct State {
  size_t index;
  bool dropped_told;
} State;

/* The ceiling was reached: older problems were counted, then dropped. A row says so. */
static int dropped_row(FsaScan *scan, State *state, FsaRow *row) {
  uint64_t dropped = fsa_look_problems_dropped(scan);
  if (state->dropped_told || dropped == 0) return FSA_OK;
  state->dropped_told = true;
  char *message = fsa_arena_printf(fsa_row_arena(scan),
                                   "%llu older problems were dropped: only the newest %u are kept",
                                   (unsigned long long)dropped, FSA_MAX_PROBLEMS);
  if (!message) return FSA_E_NOMEM;
  fsa_row_int(row, TIME, fsa_clock_now());
  fsa_row_string(row, TABLE, "fsa_problems");
  fsa_row_string(row, CODE, fsa_result_name(FSA_E_LIMIT));
  fsa_row_string(row, MESSAGE, message);
  return FSA_ROW;
}

static bool admits(const FsaScan *scan, const FsaProblem *problem, const char *table) {
  const char *code = fsa_result_name(problem->code);
  const char *source = problem->source ? problem->source : "";
  return fsa_admits_int(scan, TIME, problem->time) &&
         fsa_admits_text(scan, TABLE, table, strlen(table)) &&
         fsa_admits_text(scan, CODE, code, strlen(code)) &&
         fsa_admits_text(scan, PROBLEM_EVIDENCE, problem->evidence, strlen(problem->evidence)) &&
         fsa_admits_text(scan, PROBLEM_SOURCE, source, strlen(source));
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  FsaProblem problem;
  for (;;) {
    int result = fsa_look_problem(scan, state->index, &problem);
    if (result == FSA_OK) return dropped_row(scan, state, row);
    if (result != FSA_ROW) return result;
    state->index++;
    char *table = fsa_arena_printf(fsa_row_arena(scan), "fsa_%s", problem.table);
    if (!table) return FSA_E_NOMEM;
    if (!admits(scan, &problem, table)) continue;
    fsa_row_int(row, TIME, problem.time);
    fsa_row_string(row, TABLE, table);
    fsa_row_string(row, CODE, fsa_result_name(problem.code));
    fsa_row_string(row, MESSAGE, problem.message);
    fsa_row_string(row, PROBLEM_EVIDENCE, problem.evidence);
    fsa_row_string(row, PROBLEM_SOURCE, problem.source);
    if (problem.offset != FSA_NO_OFFSET) fsa_row_int(row, OFFSET, (int64_t)problem.offset);
    return FSA_ROW;
  }
}

const FsaTable fsa_table_problems = {
    .name = "problems",
    .summary = "One row for each thing that could not be read since this program started.",
    .proves =
        "A file, key, record or process was there and could not be read, in whole or in part.",
    .caveat = "Only scans that ran can meet problems, and only the newest 10,000 are kept: ask "
              "fsa_coverage what was scanned at all.",
    .example = "SELECT table_name, code, problem_source, message FROM fsa_problems",
    .sources = FSA_ANYWHERE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .next = next,
};
