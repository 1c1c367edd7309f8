/* The report's document: its head, its verdict, its method. See report_json.h. */
#include "report/report_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "text/print.h"

/* ---- pieces that several parts have -----------------------------------------------------------
 */

/* The columns of a key as an array. */
void fsa_report_put_key(FsaJsonOut *json, FsaText key) {
  fsa_json_open(json, "key", '[');
  for (size_t from = 0, at = 0; key.data && at <= key.size; at++) {
    if (at < key.size && key.data[at] != FSA_KEY_SEPARATOR) continue;
    fsa_json_put_text(json, NULL, (FsaText){key.data + from, at - from});
    from = at + 1;
  }
  fsa_json_close(json, ']');
}

void fsa_report_put_prevalence(FsaJsonOut *json, const char *name, const FsaPrevalence *facts) {
  fsa_json_open(json, name, '{');
  fsa_json_put_integer(json, "hosts", facts->hosts);
  fsa_json_put_integer(json, "covered", facts->covered);
  fsa_json_put_number(json, "low", facts->low);
  fsa_json_put_number(json, "high", facts->high);
  fsa_json_close(json, '}');
}

void fsa_report_put_row(FsaJsonOut *json, FsaText row, size_t *rows_left) {
  bool fits = row.size <= *rows_left;
  if (fits) *rows_left -= row.size;
  fsa_json_put_text(json, "row", fits ? row : (FsaText){NULL, 0});
}

void fsa_report_put_attack(FsaJsonOut *json, const char *const *ids, uint32_t count) {
  fsa_json_open(json, "attack", '[');
  for (uint32_t i = 0; i < count; i++) fsa_json_put_string(json, NULL, ids[i]);
  fsa_json_close(json, ']');
}

/* ---- made -------------------------------------------------------------------------------------
 */

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The metadata of every query that the case knows, in the order of their names. */
static void hash_packs(const FsaMatrix *matrix, char out[FSA_SHA256_TEXT]) {
  FsaBuffer text = fsa_buffer(FSA_MAX_REPORT_BYTES);
  guint count = 0;
  gpointer *names = g_hash_table_get_keys_as_array(matrix->meta.queries, &count);
  qsort(names, count, sizeof *names, compare_names);
  for (guint i = 0; i < count; i++) {
    fsa_query_meta_print(fsa_pack_meta_find(&matrix->meta, fsa_text(names[i])), &text);
    fsa_buffer_putc(&text, '\n');
  }
  fsa_sha256_text(text.data, text.size, out);
  g_free(names);
  fsa_buffer_done(&text);
}

static void put_made(FsaJsonOut *json, const FsaReportSource *source) {
  char hash[FSA_SHA256_TEXT];
  hash_packs(source->matrix, hash);
  fsa_json_open(json, "made", '{');
  fsa_json_put_integer(json, "time", source->made);
  fsa_json_put_string(json, "program", "fsa-score");
  fsa_json_put_string(json, "version", source->version);
  fsa_json_put_string(json, "command", source->command);
  fsa_json_put_string(json, "packs_sha256", hash);
  fsa_json_close(json, '}');
}

/* ---- verdict ----------------------------------------------------------------------------------
 */

static size_t known_hosts(const FsaReportSource *source) {
  return source->matrix->host_count + source->facts->missing;
}

/* What it says is bounded by what was looked at; it never says that a host is sound. */
static void put_sentence(FsaJsonOut *json, const FsaReportSource *source, uint32_t found) {
  FsaBuffer text = fsa_buffer(1024);
  if (found) {
    fsa_put_count(&text, found);
    fsa_buffer_puts(&text, found == 1 ? " host with evidence of compromise in"
                                      : " hosts with evidence of compromise in");
  } else {
    fsa_buffer_puts(&text, "No evidence of compromise found in");
  }
  fsa_buffer_puts(&text, " the covered state of ");
  fsa_put_count(&text, (int64_t)source->facts->covered);
  fsa_buffer_puts(&text, " of ");
  fsa_put_count(&text, (int64_t)known_hosts(source));
  fsa_buffer_puts(&text, known_hosts(source) == 1 ? " host" : " hosts");
  fsa_json_put_string(json, "sentence", fsa_buffer_text(&text));
  fsa_buffer_done(&text);
}

static void put_verdict(FsaJsonOut *json, const FsaReportSource *source) {
  const uint32_t *bands = source->score->bands;
  uint32_t found = bands[FSA_BAND_STRONG] + bands[FSA_BAND_PROBABLE];
  fsa_json_open(json, "verdict", '{');
  put_sentence(json, source, found);
  fsa_json_put_bool(json, "has_evidence", found > 0);
  fsa_json_put_integer(json, "hosts", (int64_t)known_hosts(source));
  fsa_json_put_integer(json, "hosts_covered", (int64_t)source->facts->covered);
  fsa_json_put_integer(json, "hosts_with_evidence", found);
  fsa_json_open(json, "bands", '{');
  for (FsaBand band = FSA_BAND_UNKNOWN; band < FSA_BAND_COUNT; band++)
    fsa_json_put_integer(json, fsa_band_name(band),
                         bands[band] +
                             (band == FSA_BAND_UNKNOWN ? (int64_t)source->facts->missing : 0));
  fsa_json_close(json, '}');
  fsa_json_put_time(json, "oldest_time", source->facts->oldest);
  fsa_json_put_time(json, "newest_time", source->facts->newest);
  fsa_json_close(json, '}');
}

static void put_denominators(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaReportFacts *facts = source->facts;
  fsa_json_open(json, "denominators", '{');
  if (source->hosts_path || source->expected->count)
    fsa_json_put_integer(json, "expected", (int64_t)source->expected->count);
  else
    fsa_json_put_null(json, "expected");
  fsa_json_put_integer(json, "unlisted", (int64_t)source->expected->unlisted);
  fsa_json_put_integer(json, "known", (int64_t)known_hosts(source));
  fsa_json_put_integer(json, "answered", (int64_t)source->matrix->host_count);
  fsa_json_put_integer(json, "covered", (int64_t)facts->covered);
  fsa_json_put_integer(json, "complete", (int64_t)facts->complete);
  fsa_json_put_integer(json, "never_answered", (int64_t)facts->missing);
  fsa_json_close(json, '}');
}

/* ---- method -----------------------------------------------------------------------------------
 */

static void put_setting(FsaJsonOut *json, const char *name, const char *value) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "name", name);
  fsa_json_put_string(json, "value", value);
  fsa_json_close(json, '}');
}

/* A file that changes the result, with its hash: its name alone says little later. */
static void put_file(FsaJsonOut *json, const char *name, const char *path, const char *otherwise) {
  char *text = NULL, hash[FSA_SHA256_TEXT];
  gsize size;
  if (!path || !g_file_get_contents(path, &text, &size, NULL)) {
    put_setting(json, name, path ? path : otherwise);
    return;
  }
  fsa_sha256_text(text, size, hash);
  char *value = g_strdup_printf("%s, SHA-256 %s", path, hash);
  put_setting(json, name, value);
  g_free(value);
  g_free(text);
}

static void put_settings(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaScoreOptions *options = source->options;
  fsa_json_open(json, "settings", '[');
  const char *kept = source->expected->count ? "of the case" : "none given";
  put_file(json, "List of hosts", source->hosts_path, kept);
  put_file(json, "Roles", options->groups_path, "found in what the hosts have");
  put_file(json, "Known good", options->suppress_path, "none given");
  put_setting(json, "Incident window",
              options->window_from || options->window_to ? "given" : "none given");
  fsa_json_close(json, ']');
}

static void put_method(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaScore *score = source->score;
  char seed[24];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)score->seed);
  fsa_json_open(json, "method", '{');
  fsa_json_put_number(json, "sources_per_host", score->sources_per_host);
  fsa_json_put_number(json, "rows_per_host", score->rows_per_host);
  fsa_json_put_integer(json, "sightings", (int64_t)score->sightings);
  fsa_json_put_integer(json, "weighed", (int64_t)score->weighed);
  fsa_json_put_integer(json, "resamples", score->resamples);
  fsa_json_put_string(json, "seed", seed);
  put_settings(json, source);
  fsa_json_close(json, '}');
}

int fsa_report_json(const FsaReportSource *source, FsaBuffer *out) {
  FsaJsonOut json = {.out = out};
  size_t rows_left = FSA_MAX_REPORT_ROWS;
  fsa_json_open(&json, NULL, '{');
  fsa_json_put_string(&json, "format", "fsa-report");
  fsa_json_put_integer(&json, "format_version", 2);
  put_made(&json, source);
  put_verdict(&json, source);
  put_denominators(&json, source);
  fsa_report_put_coverage(&json, source);
  fsa_report_put_hosts(&json, source);
  fsa_report_put_findings(&json, source, &rows_left);
  fsa_report_put_fleet(&json, source, &rows_left);
  fsa_report_put_charts(&json, source);
  int result = fsa_report_put_case(&json, source);
  put_method(&json, source);
  fsa_json_close(&json, '}');
  fsa_buffer_putc(out, '\n');
  return result != FSA_OK ? result : out->error;
}
