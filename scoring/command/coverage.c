/* `fsa-score coverage`: which hosts answered for which source, and which did not. */
#include "command/coverage.h"

#include <string.h>

#include "case/expected_hosts.h"

#define SHOWN_GAPS 40    /* hosts with gaps, in the table form; csv and json have all cells */
#define SHOWN_MISSING 40 /* hosts that are missing */

typedef struct Report {
  const FsaMatrix *matrix;
  FsaExpectedHosts expected;
  size_t gaps; /* cells that are not ok */
  FsaBuffer out;
} Report;

/* ---- table ------------------------------------------------------------------------------------
 */

static void put_summary(Report *report) {
  FsaBuffer *out = &report->out;
  fsa_put_count(out, (int64_t)report->matrix->host_count);
  fsa_buffer_puts(out, report->matrix->host_count == 1 ? " host answered" : " hosts answered");
  if (report->expected.count) {
    fsa_buffer_puts(out, ", ");
    fsa_put_count(out, (int64_t)report->expected.count);
    fsa_buffer_puts(out, " were expected, ");
    fsa_put_count(out, (int64_t)report->expected.missing->len);
    fsa_buffer_puts(out, " of them are unknown: no line of theirs arrived");
  }
  fsa_buffer_puts(out, ".\n");
  for (guint i = 0; i < report->expected.missing->len && i < SHOWN_MISSING; i++) {
    fsa_buffer_puts(out, "  unknown  ");
    fsa_put_safe(out, fsa_text(fsa_missing_host(&report->expected, i)->name), 80);
    fsa_buffer_putc(out, '\n');
  }
  if (report->expected.missing->len > SHOWN_MISSING)
    fsa_buffer_printf(out, "  ... and %u more\n", report->expected.missing->len - SHOWN_MISSING);
}

static void put_sources(Report *report) {
  const FsaMatrix *matrix = report->matrix;
  FsaBuffer *out = &report->out;
  fsa_buffer_printf(out, "\n%-32s", "query");
  for (FsaCoverStatus status = FSA_COVER_OK; status < FSA_COVER_COUNT; status++)
    fsa_buffer_printf(out, "%*s", status == FSA_COVER_UNSUPPORTED ? 12 : 8, fsa_cover_name(status));
  fsa_buffer_puts(out, "  silent\n");
  for (size_t query = 0; query < matrix->query_count; query++) {
    size_t counts[FSA_COVER_COUNT] = {0};
    for (size_t host = 0; host < matrix->host_count; host++)
      counts[fsa_matrix_cell(matrix, host, query)->status]++;
    fsa_buffer_printf(out, "%-32.60s", matrix->queries[query].name);
    for (FsaCoverStatus status = FSA_COVER_OK; status < FSA_COVER_COUNT; status++)
      fsa_buffer_printf(out, "%*zu", status == FSA_COVER_UNSUPPORTED ? 12 : 8, counts[status]);
    fsa_buffer_printf(out, "%8zu\n", counts[FSA_COVER_SILENT]);
  }
}

static void put_gap(FsaBuffer *out, const FsaMatrixQuery *query, const FsaCell *cell) {
  fsa_buffer_printf(out, "    %-11s %s", fsa_cover_name(cell->status), query->name);
  /* a query that filters or groups gives fewer rows than its table: the two cannot be compared */
  bool is_comparable = cell->arrived < 0 || (query->meta && query->meta->is_whole);
  if (cell->claimed >= 0 && is_comparable)
    fsa_buffer_printf(out, ", claimed %lld", (long long)cell->claimed);
  if (cell->arrived >= 0) fsa_buffer_printf(out, ", arrived %lld", (long long)cell->arrived);
  if (cell->why) {
    fsa_buffer_puts(out, ": ");
    fsa_put_safe(out, fsa_text(cell->why), 160);
  }
  fsa_buffer_putc(out, '\n');
}

static size_t count_gaps(const FsaMatrix *matrix, size_t host) {
  size_t gaps = 0;
  for (size_t query = 0; query < matrix->query_count; query++)
    gaps += fsa_cell_is_gap(fsa_matrix_cell(matrix, host, query));
  return gaps;
}

static void put_gaps(Report *report) {
  const FsaMatrix *matrix = report->matrix;
  size_t with_gaps = 0;
  for (size_t host = 0; host < matrix->host_count; host++) {
    if (!count_gaps(matrix, host)) continue;
    if (with_gaps++ == 0) fsa_buffer_puts(&report->out, "\nHosts that are not covered in full:\n");
    if (with_gaps > SHOWN_GAPS) continue;
    fsa_buffer_puts(&report->out, "  ");
    fsa_put_safe(&report->out, fsa_text(fsa_matrix_host_label(&matrix->hosts[host])), 80);
    fsa_buffer_puts(&report->out, "  last seen ");
    fsa_put_time(&report->out, matrix->hosts[host].last_seen);
    fsa_buffer_putc(&report->out, '\n');
    for (size_t query = 0; query < matrix->query_count; query++) {
      const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
      if (fsa_cell_is_gap(cell)) put_gap(&report->out, &matrix->queries[query], cell);
    }
  }
  if (with_gaps > SHOWN_GAPS)
    fsa_buffer_printf(&report->out, "  ... and %zu more hosts: -f csv has every cell\n",
                      with_gaps - SHOWN_GAPS);
}

static void put_collisions(Report *report) {
  const FsaMatrix *matrix = report->matrix;
  FsaBuffer *out = &report->out;
  for (size_t i = 0, next; i < matrix->host_count; i = next) { /* hosts are sorted by identifier */
    for (next = i + 1; next < matrix->host_count; next++)
      if (strcmp(matrix->hosts[i].identifier, matrix->hosts[next].identifier) != 0) break;
    if (next == i + 1) continue;
    fsa_buffer_puts(out, "\nOne identifier, several hosts (clones or a renamed host): ");
    fsa_put_safe(out, fsa_text(matrix->hosts[i].identifier), 80);
    for (size_t host = i; host < next; host++) {
      fsa_buffer_puts(out, host == i ? " = " : ", ");
      fsa_put_safe(out, fsa_text(fsa_matrix_host_label(&matrix->hosts[host])), 80);
    }
    fsa_buffer_putc(out, '\n');
  }
}

static void print_table(Report *report) {
  put_summary(report);
  put_sources(report);
  put_collisions(report);
  put_gaps(report);
  fsa_buffer_puts(&report->out,
                  "\nOnly ok and partial count as covered. A host or source without data "
                  "is unknown.\n");
  fsa_print(&report->out);
}

/* ---- csv and json: every cell -----------------------------------------------------------------
 */

static void put_number(FsaBuffer *out, int64_t value, const char *unknown) {
  if (value < 0)
    fsa_buffer_puts(out, unknown);
  else
    fsa_buffer_i64(out, value);
}

static void put_csv(FsaBuffer *out, const FsaMatrixHost *host, const FsaMatrixQuery *query,
                    const FsaCell *cell) {
  fsa_put_csv(out, fsa_text(host->identifier));
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(host->hostname));
  fsa_buffer_printf(out, ",%s,%s,", query->name, fsa_cover_name(cell->status));
  put_number(out, cell->claimed, "");
  fsa_buffer_putc(out, ',');
  put_number(out, cell->arrived, "");
  fsa_buffer_putc(out, ',');
  put_number(out, cell->last_time ? cell->last_time : -1, "");
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(cell->why));
  fsa_buffer_putc(out, '\n');
}

static void put_json(FsaBuffer *out, const FsaMatrixHost *host, const FsaMatrixQuery *query,
                     const FsaCell *cell) {
  fsa_buffer_puts(out, "{\"host_identifier\": ");
  fsa_buffer_json(out, host->identifier, strlen(host->identifier));
  fsa_buffer_puts(out, ", \"hostname\": ");
  if (host->hostname[0])
    fsa_buffer_json(out, host->hostname, strlen(host->hostname));
  else
    fsa_buffer_puts(out, "null");
  fsa_buffer_printf(out, ", \"query\": \"%s\", \"status\": \"%s\", \"claimed\": ", query->name,
                    fsa_cover_name(cell->status));
  put_number(out, cell->claimed, "null");
  fsa_buffer_puts(out, ", \"arrived\": ");
  put_number(out, cell->arrived, "null");
  fsa_buffer_puts(out, ", \"last_time\": ");
  put_number(out, cell->last_time ? cell->last_time : -1, "null");
  fsa_buffer_puts(out, ", \"why\": ");
  if (cell->why)
    fsa_buffer_json(out, cell->why, strlen(cell->why));
  else
    fsa_buffer_puts(out, "null");
  fsa_buffer_putc(out, '}');
}

/* Hosts that never answered are cells too, without a query: unknown. */
static void put_missing(Report *report, const char *name, bool is_json) {
  FsaBuffer *out = &report->out;
  if (!is_json) {
    fsa_put_csv(out, fsa_text(name));
    fsa_buffer_puts(out, ",,,unknown,,,,no line of this host arrived\n");
    return;
  }
  fsa_buffer_puts(out, "{\"host_identifier\": ");
  fsa_buffer_json(out, name, strlen(name));
  fsa_buffer_puts(
      out, ", \"hostname\": null, \"query\": null, \"status\": \"unknown\", \"claimed\": null,"
           " \"arrived\": null, \"last_time\": null,"
           " \"why\": \"no line of this host arrived\"}");
}

static void print_cells(Report *report, bool is_json) {
  const FsaMatrix *matrix = report->matrix;
  bool is_first = true;
  fsa_buffer_puts(&report->out, is_json ? "["
                                        : "host_identifier,hostname,query,status,claimed,arrived,"
                                          "last_time,why\n");
  for (size_t host = 0; host < matrix->host_count; host++)
    for (size_t query = 0; query < matrix->query_count; query++) {
      if (is_json && !is_first) fsa_buffer_puts(&report->out, ",\n ");
      is_first = false;
      (is_json ? put_json : put_csv)(&report->out, &matrix->hosts[host], &matrix->queries[query],
                                     fsa_matrix_cell(matrix, host, query));
      if (!fsa_print(&report->out)) return;
    }
  for (guint i = 0; i < report->expected.missing->len; i++) {
    if (is_json && !is_first) fsa_buffer_puts(&report->out, ",\n ");
    is_first = false;
    put_missing(report, fsa_missing_host(&report->expected, i)->name, is_json);
  }
  if (is_json) fsa_buffer_puts(&report->out, "]\n");
  fsa_print(&report->out);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int cover_case(const FsaMatrix *matrix, const FsaCoverageOptions *options) {
  Report report = {.matrix = matrix, .out = fsa_buffer(FSA_MAX_ANSWER_BYTES)};
  int code = 3;
  if (fsa_expected_hosts_read(matrix, options->hosts_path, &report.expected) == FSA_OK) {
    for (size_t host = 0; host < matrix->host_count; host++)
      report.gaps += count_gaps(matrix, host);
    if (options->format == FSA_FORMAT_TABLE)
      print_table(&report);
    else
      print_cells(&report, options->format == FSA_FORMAT_JSON);
    code = options->is_strict && (report.gaps || report.expected.missing->len) ? 4 : 0;
  }
  fsa_expected_hosts_done(&report.expected);
  fsa_buffer_done(&report.out);
  return code;
}

int fsa_coverage(const FsaCoverageOptions *options) {
  FsaCase *store;
  FsaMatrix matrix = {0};
  int code = 2, result = fsa_case_open(options->case_path, FSA_CASE_READ, &store);
  if (result == FSA_OK) result = fsa_matrix_build(store, &matrix);
  if (result == FSA_OK) {
    code = cover_case(&matrix, options);
  } else {
    const char *why = fsa_case_message(store);
    fsa_complain("%s: %s", options->case_path, why[0] ? why : fsa_result_name(result));
  }
  fsa_matrix_done(&matrix);
  fsa_case_close(store);
  return code;
}
