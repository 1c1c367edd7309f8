/* `fsa-score report`. See report.h. */
#include "report/report.h"

#include "base/clock.h"
#include "report/report_json.h"
#include "report/report_page.h"
#include "text/print.h"

/* ---- the command that makes the same report ---------------------------------------------------
 */

static void add_option(GString *command, const char *name, const char *value) {
  if (!value) return;
  char *quoted = g_shell_quote(value);
  g_string_append_printf(command, " %s %s", name, quoted);
  g_free(quoted);
}

/* Days, as --window takes them. */
static void add_window(GString *command, int64_t from, int64_t to) {
  char first[FSA_TIME_TEXT], last[FSA_TIME_TEXT];
  int64_t from_ns, to_ns;
  if (!fsa_time_from_unix(from, 0, &from_ns) || !fsa_time_from_unix(to, 0, &to_ns)) return;
  fsa_time_print(first, from_ns, 0);
  fsa_time_print(last, to_ns, 0);
  g_string_append_printf(command, " --window %.10s..%.10s", first, last);
}

static char *command_of(const FsaReportOptions *options) {
  GString *command = g_string_new("fsa-score report");
  add_option(command, "--db", options->case_path);
  add_option(command, "--hosts", options->hosts_path);
  add_option(command, "--store", options->score.store_url);
  add_option(command, "--groups", options->score.groups_path);
  add_option(command, "--known-good", options->score.suppress_path);
  add_window(command, options->score.window_from, options->score.window_to);
  add_option(command, "-o", options->page_path);
  add_option(command, "--json", options->json_path);
  return g_string_free(command, FALSE);
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* Puts a file in the place of what was there, in one step. */
static bool write_file(const char *path, const FsaBuffer *content) {
  GError *error = NULL;
  if (!path || g_file_set_contents(path, content->data, (gssize)content->size, &error)) return true;
  fsa_complain("%s: the report was not written there; name a file in a folder that can be written",
               error->message);
  g_error_free(error);
  return false;
}

static int write_report(const FsaReportOptions *options, const FsaBuffer *json) {
  FsaBuffer page = fsa_buffer(FSA_MAX_REPORT_BYTES * 2u);
  if (options->page_path) fsa_report_page((FsaText){json->data, json->size}, &page);
  int code = 3;
  if (page.error)
    fsa_complain("%s: %s while the page was made", options->page_path, fsa_result_name(page.error));
  else if (write_file(options->page_path, &page) && write_file(options->json_path, json))
    code = 0;
  fsa_buffer_done(&page);
  return code;
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int make_json(FsaReportSource *source, FsaBuffer *json) {
  FsaArena arena = fsa_arena(0);
  FsaReportFacts facts;
  int result = fsa_report_facts(source->matrix, source->score, source->expected, &arena, &facts);
  source->facts = &facts;
  if (result == FSA_OK) result = fsa_report_json(source, json);
  source->facts = NULL;
  fsa_arena_done(&arena);
  return result;
}

static int report_score(FsaCase *store, const FsaMatrix *matrix, const FsaScore *score,
                        const FsaReportOptions *options) {
  FsaExpectedHosts expected;
  FsaBuffer json = fsa_buffer(FSA_MAX_REPORT_BYTES);
  int code = 3, result = fsa_expected_hosts_read(matrix, options->hosts_path, &expected);
  if (result == FSA_OK) {
    char *command = command_of(options);
    FsaReportSource source = {store,
                              matrix,
                              score,
                              &options->score,
                              &expected,
                              NULL,
                              options->hosts_path,
                              command,
                              options->version,
                              fsa_time_seconds(fsa_clock_now())};
    result = make_json(&source, &json);
    g_free(command);
    if (result == FSA_OK)
      code = write_report(options, &json);
    else
      fsa_complain("%s: %s while the report was made", options->case_path, fsa_result_name(result));
  }
  fsa_expected_hosts_done(&expected);
  fsa_buffer_done(&json);
  return code;
}

int fsa_report(const FsaReportOptions *options) {
  FsaCase *store;
  FsaMatrix matrix = {0};
  FsaScore score = {0};
  int code = 2, result = fsa_case_open(options->case_path, FSA_CASE_READ, &store);
  if (result == FSA_OK) result = fsa_matrix_build(store, &matrix);
  if (result == FSA_OK) result = fsa_score_build(store, &matrix, &options->score, &score);
  if (result == FSA_OK) {
    code = report_score(store, &matrix, &score, options);
  } else if (score.has_store_failed) {
    code = 3;
  } else {
    const char *why = score.message ? score.message : fsa_case_message(store);
    fsa_complain("%s: %s", options->case_path, why && why[0] ? why : fsa_result_name(result));
  }
  fsa_score_done(&score);
  fsa_matrix_done(&matrix);
  fsa_case_close(store);
  return code;
}
