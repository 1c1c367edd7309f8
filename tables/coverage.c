/* fsa_coverage: what was looked at, so that absence is never assumed. */
#include "fsa.h"
#include "os/os.h"

enum {
  NAME,
  STATUS,
  IS_SCANNED,
  SUBJECTS,
  ROWS_TOTAL,
  PROBLEMS,
  MILLISECONDS,
  IS_PRIVILEGED,
  LACKED_PRIVILEGES,
  STARTED,
  VERSION
};

static const FsaColumn columns[] = {
    [NAME] = {"table_name", FSA_TEXT, FSA_KEY, "The table; never NULL."},
    [STATUS] =
        {"status", FSA_TEXT, FSA_KEY | FSA_VARIES,
         "ok, partial, denied, absent, unsupported, timeout or error: what the last full scan "
         "met, or where none ran a probe's answer; unknown when a probe cannot tell."},
    [IS_SCANNED] = {"is_scanned", FSA_BOOL, FSA_VARIES,
                    "1 when a full scan ended in this process, 0 when the status is a probe's."},
    [SUBJECTS] = {"subjects", FSA_INTEGER, FSA_VARIES,
                  "Processes, files or hosts that the scan looked at; NULL without a scan."},
    [ROWS_TOTAL] = {"rows_total", FSA_INTEGER, FSA_VARIES,
                    "Rows that the scan gave; compare with what arrived; NULL without a scan."},
    [PROBLEMS] = {"problems", FSA_INTEGER, FSA_VARIES,
                  "Problems that the scan met, see fsa_problems; NULL without a scan."},
    [MILLISECONDS] = {"milliseconds", FSA_INTEGER, FSA_VARIES,
                      "How long the scan took, the reader's time included; NULL without a scan."},
    [IS_PRIVILEGED] =
        {"is_privileged", FSA_BOOL, 0,
         "1 when this program may read every process; NULL when the evidence is not a "
         "live host."},
    [LACKED_PRIVILEGES] =
        {"lacked_privileges", FSA_TEXT, 0,
         "What this program would need to hold to see everything: 'root', or the privileges of "
         "Windows, separated by blanks (without SeDebugPrivilege the processes of others, without "
         "SeBackupPrivilege files and keys that are closed to it stay unseen). NULL when nothing "
         "is lacking or the evidence is not a live host."},
    [STARTED] = {"start_time", FSA_TIME, FSA_VARIES,
                 "When the scan began, Unix seconds; NULL without a scan."},
    [VERSION] = {"version", FSA_TEXT, 0, "The version of FSA Tables that looked; never NULL."},
};

typedef struct State {
  size_t index;
} State;

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  FsaCoverage coverage;
  int result = fsa_look_coverage(scan, state->index++, &coverage);
  if (result != FSA_ROW) return result;
  char *name = fsa_arena_printf(fsa_row_arena(scan), "fsa_%s", coverage.table);
  if (!name) return FSA_E_NOMEM;
  fsa_row_string(row, NAME, name);
  fsa_row_string(row, STATUS, coverage.status);
  fsa_row_bool(row, IS_SCANNED, coverage.scanned);
  fsa_row_known(row, SUBJECTS, coverage.subjects, -1);
  fsa_row_known(row, ROWS_TOTAL, coverage.rows, -1);
  fsa_row_known(row, PROBLEMS, coverage.problems, -1);
  fsa_row_known(row, MILLISECONDS, coverage.milliseconds, -1);
  FsaOs *os = fsa_scan_os(scan);
  FsaText lacked;
  if (os) fsa_row_bool(row, IS_PRIVILEGED, fsa_os_is_privileged(os));
  if (os && fsa_os_lacked_privileges(os, fsa_row_arena(scan), &lacked) == FSA_OK)
    fsa_row_text(row, LACKED_PRIVILEGES, lacked.data, lacked.size);
  if (coverage.started != INT64_MIN) fsa_row_int(row, STARTED, coverage.started);
  fsa_row_string(row, VERSION, FSA_VERSION);
  return FSA_ROW;
}

const FsaTable fsa_table_coverage = {
    .name = "coverage",
    .summary = "One row for each table: whether its sources could be read, and what its last full "
               "scan saw.",
    .proves = "What was looked at on this host, with how many subjects, rows and problems.",
    .caveat = "A status of ok says that the look was complete, never that the host is clean.",
    .example = "SELECT table_name, status, subjects, rows_total, problems FROM fsa_coverage",
    .sources = FSA_ANYWHERE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .next = next,
};
