/* The report's coverage: sources, groups, hosts, what is missing. See report_json.h. */
#include <string.h>

#include "report/report_json.h"

#define UNKNOWN_CODE '?'

static const struct {
  char code;
  const char *means;
} looks[FSA_COVER_COUNT] = {
    [FSA_COVER_OK] = {'o', "the answer arrived, or the host says that it looked and found no row"},
    [FSA_COVER_PARTIAL] = {'p', "rows are missing: the host said so, or fewer arrived than it "
                                "claimed"},
    [FSA_COVER_DENIED] = {'d', "the host was not allowed to look"},
    [FSA_COVER_ABSENT] = {'a', "the source was not there to be looked at"},
    [FSA_COVER_UNSUPPORTED] = {'u', "the host has no such source"},
    [FSA_COVER_TIMEOUT] = {'t', "the look did not end in time"},
    [FSA_COVER_ERROR] = {'e', "the query failed or was denylisted"},
    [FSA_COVER_FOREIGN] = {'n', "the query is for another platform"},
    [FSA_COVER_SILENT] = {'s', "no line arrived, and nothing says why"},
};

/* As people read them: what is known first. */
static const FsaCoverStatus order[FSA_COVER_COUNT] = {
    FSA_COVER_OK,    FSA_COVER_PARTIAL, FSA_COVER_DENIED,      FSA_COVER_ABSENT, FSA_COVER_TIMEOUT,
    FSA_COVER_ERROR, FSA_COVER_SILENT,  FSA_COVER_UNSUPPORTED, FSA_COVER_FOREIGN};

static const uint32_t compromised[] = {1, 3, 10}; /* of the detection bound */

/* ---- statuses ---------------------------------------------------------------------------------
 */

static void put_status(FsaJsonOut *json, char code, const char *name, bool is_covered,
                       const char *means) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_text(json, "code", (FsaText){&code, 1});
  fsa_json_put_string(json, "name", name);
  fsa_json_put_bool(json, "is_covered", is_covered);
  fsa_json_put_string(json, "means", means);
  fsa_json_close(json, '}');
}

static void put_statuses(FsaJsonOut *json) {
  fsa_json_open(json, "statuses", '[');
  for (size_t i = 0; i < FSA_COVER_COUNT; i++)
    put_status(json, looks[order[i]].code, fsa_cover_name(order[i]),
               fsa_cell_is_covered(&(FsaCell){.status = order[i]}), looks[order[i]].means);
  put_status(json, UNKNOWN_CODE, "unknown", false, "no line of the host arrived at all");
  fsa_json_close(json, ']');
}

/* ---- sources ----------------------------------------------------------------------------------
 */

static void put_source(FsaJsonOut *json, const FsaMatrixQuery *query, const FsaSourceFacts *facts) {
  static const FsaQueryMeta unknown = {
      .title = "", .pillar = "", .platform = "", .source = "", .family = "", .does_not_prove = ""};
  const FsaQueryMeta *meta = query->meta ? query->meta : &unknown;
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "name", query->name);
  fsa_json_put_string(json, "title", meta->title);
  fsa_json_put_string(json, "table", meta->source);
  fsa_json_put_string(json, "pillar", meta->pillar);
  fsa_json_put_string(json, "family", meta->family);
  fsa_json_put_string(json, "platform", meta->platform);
  fsa_json_put_bool(json, "in_pack", query->meta != NULL);
  fsa_json_put_bool(json, "is_about_look", facts->is_look);
  fsa_json_put_bool(json, "is_asked", facts->is_asked);
  fsa_json_put_integer(json, "covered", (int64_t)query->covered);
  fsa_json_put_integer(json, "applicable", (int64_t)query->applicable);
  fsa_json_put_integer(json, "answered", (int64_t)facts->answered);
  fsa_json_put_time(json, "oldest_time", facts->oldest);
  fsa_json_put_time(json, "newest_time", facts->newest);
  fsa_json_put_string(json, "does_not_prove", meta->does_not_prove);
  fsa_json_open(json, "awaits", '[');
  for (size_t i = 0; i < meta->awaits_count; i++) fsa_json_put_text(json, NULL, meta->awaits[i]);
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

static void put_sources(FsaJsonOut *json, const FsaReportSource *source) {
  fsa_json_open(json, "sources", '[');
  for (size_t query = 0; query < source->matrix->query_count; query++)
    put_source(json, &source->matrix->queries[query], &source->facts->sources[query]);
  fsa_json_close(json, ']');
}

/* ---- groups -----------------------------------------------------------------------------------
 */

static void put_group(FsaJsonOut *json, const char *platform, const char *role, const char *origin,
                      uint64_t hosts, uint64_t unknown) {
  const char *shown = platform[0] ? platform : "unknown platform";
  char *name = role[0] ? g_strdup_printf("%s, %s", shown, role) : g_strdup(shown);
  bool is_list = strcmp(origin, "list") == 0;
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "name", is_list ? "never answered" : name);
  fsa_json_put_string(json, "platform", platform);
  fsa_json_put_string(json, "role", role);
  fsa_json_put_string(json, "origin", origin);
  fsa_json_put_integer(json, "hosts", (int64_t)hosts);
  fsa_json_put_integer(json, "unknown", (int64_t)unknown);
  fsa_json_close(json, '}');
  g_free(name);
}

static void put_groups(FsaJsonOut *json, const FsaReportSource *source) {
  fsa_json_open(json, "groups", '[');
  for (uint32_t i = 0; i < source->score->group_count; i++) {
    const FsaGroup *group = &source->score->groups[i];
    put_group(json, group->platform, group->role, group->origin, group->hosts, group->unknown);
  }
  if (source->facts->missing)
    put_group(json, "", "", "list", source->facts->missing, source->facts->missing);
  fsa_json_close(json, ']');
}

/* Hosts of a query and group by status, and behind them those that are unknown. */
static void put_counts(FsaJsonOut *json, const FsaReportSource *source, size_t query,
                       uint32_t group) {
  uint64_t counts[FSA_COVER_COUNT] = {0};
  const FsaScore *score = source->score;
  bool is_missing = group == score->group_count;
  for (uint32_t i = 0; !is_missing && i < score->host_count; i++)
    if (score->hosts[i].group == group)
      counts[fsa_matrix_cell(source->matrix, score->hosts[i].matrix_host, query)->status]++;
  fsa_json_open(json, NULL, '[');
  for (size_t i = 0; i < FSA_COVER_COUNT; i++)
    fsa_json_put_integer(json, NULL, (int64_t)counts[order[i]]);
  fsa_json_put_integer(json, NULL, is_missing ? (int64_t)source->facts->missing : 0);
  fsa_json_close(json, ']');
}

static void put_matrix(FsaJsonOut *json, const FsaReportSource *source) {
  uint32_t groups = source->score->group_count + (source->facts->missing > 0);
  fsa_json_open(json, "matrix", '[');
  for (size_t query = 0; query < source->matrix->query_count; query++) {
    fsa_json_open(json, NULL, '[');
    for (uint32_t group = 0; group < groups; group++) put_counts(json, source, query, group);
    fsa_json_close(json, ']');
  }
  fsa_json_close(json, ']');
}

/* ---- pillars and the detection bound ----------------------------------------------------------
 */

static void put_pillars(FsaJsonOut *json, const FsaReportFacts *facts) {
  fsa_json_open(json, "pillars", '[');
  for (const FsaPillarFacts *pillar = facts->pillars; pillar < facts->pillars + FSA_PILLARS;
       pillar++) {
    fsa_json_open(json, NULL, '{');
    fsa_json_put_string(json, "name", pillar->name);
    fsa_json_put_string(json, "title", pillar->title);
    fsa_json_put_integer(json, "sources", (int64_t)pillar->sources);
    fsa_json_put_integer(json, "hosts", (int64_t)pillar->hosts);
    fsa_json_put_integer(json, "complete", (int64_t)pillar->complete);
    fsa_json_put_integer(json, "partial", (int64_t)pillar->partial);
    fsa_json_put_integer(json, "none",
                         (int64_t)(pillar->hosts - pillar->complete - pillar->partial));
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
}

static void put_bound(FsaJsonOut *json, const char *scope, size_t hosts, size_t looked) {
  fsa_json_open(json, NULL, '{');
  fsa_json_put_string(json, "scope", scope);
  fsa_json_put_integer(json, "hosts", (int64_t)hosts);
  fsa_json_put_integer(json, "looked", (int64_t)looked);
  fsa_json_open(json, "misses", '[');
  for (size_t i = 0; i < sizeof compromised / sizeof *compromised; i++) {
    fsa_json_open(json, NULL, '{');
    fsa_json_put_integer(json, "compromised", compromised[i]);
    fsa_json_put_number(json, "chance", fsa_miss_chance(hosts, looked, compromised[i]));
    fsa_json_close(json, '}');
  }
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

static void put_bounds(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaReportFacts *facts = source->facts;
  size_t hosts = source->matrix->host_count + facts->missing;
  fsa_json_open(json, "detection_bound", '[');
  put_bound(json, "Any source", hosts, facts->covered);
  put_bound(json, "Every source that was asked", hosts, facts->complete);
  for (size_t i = 0; i < FSA_PILLARS; i++)
    put_bound(json, facts->pillars[i].title, facts->pillars[i].hosts, facts->pillars[i].complete);
  fsa_json_close(json, ']');
}

void fsa_report_put_coverage(FsaJsonOut *json, const FsaReportSource *source) {
  put_statuses(json);
  put_sources(json, source);
  put_groups(json, source);
  put_matrix(json, source);
  put_pillars(json, source->facts);
  put_bounds(json, source);
}

/* ---- hosts ------------------------------------------------------------------------------------
 */

static void put_name(FsaJsonOut *json, const char *name, const char *identifier, uint32_t group,
                     const char *cells, FsaHostCover cover) {
  fsa_json_put_string(json, "name", name);
  fsa_json_put_string(json, "identifier", identifier);
  fsa_json_put_integer(json, "group", group);
  fsa_json_put_string(json, "cells", cells);
  fsa_json_put_string(json, "cover", fsa_host_cover_name(cover));
}

/* `listed` is when the list of hosts says that somebody saw it, as it says so. */
static void put_seen(FsaJsonOut *json, int64_t first, int64_t last, const char *listed) {
  fsa_json_put_time(json, "first_seen", first);
  fsa_json_put_time(json, "last_seen", last);
  fsa_json_put_string(json, "listed_last_seen", listed);
}

static void put_score(FsaJsonOut *json, const FsaScoredHost *host) {
  bool is_unknown = host->band == FSA_BAND_UNKNOWN;
  fsa_json_put_integer(json, "rank", host->rank);
  fsa_json_put_string(json, "band", fsa_band_name(host->band));
  fsa_json_put_number(json, "score", host->score);
  if (is_unknown)
    fsa_json_put_null(json, "e_value");
  else
    fsa_json_put_number(json, "e_value", host->e_value);
  fsa_json_put_number(json, "probability", host->probability);
  fsa_json_put_integer(json, "rule_hits", host->rule_hits);
  fsa_json_put_integer(json, "suppressed", host->suppressed);
  fsa_json_put_number(json, "outlier", host->outlier);
}

static void put_host(FsaJsonOut *json, const FsaReportSource *source, uint32_t at, char *cells) {
  const FsaScoredHost *scored = &source->score->hosts[at];
  const FsaMatrixHost *host = &source->matrix->hosts[scored->matrix_host];
  for (size_t query = 0; query < source->matrix->query_count; query++)
    cells[query] = looks[fsa_matrix_cell(source->matrix, scored->matrix_host, query)->status].code;
  fsa_json_open(json, NULL, '{');
  put_name(json, fsa_matrix_host_label(host), host->identifier, scored->group, cells,
           source->facts->cover[at]);
  put_seen(json, host->first_seen, host->last_seen, NULL);
  put_score(json, scored);
  fsa_json_close(json, '}');
}

static void put_missing(FsaJsonOut *json, const FsaReportSource *source, const FsaMissingHost *host,
                        char *cells) {
  memset(cells, UNKNOWN_CODE, source->matrix->query_count);
  fsa_json_open(json, NULL, '{');
  put_name(json, host->name, host->identifier, source->score->group_count, cells, FSA_HOST_NEVER);
  put_seen(json, 0, 0, host->last_seen[0] ? host->last_seen : NULL);
  put_score(json, &(FsaScoredHost){.band = FSA_BAND_UNKNOWN});
  fsa_json_close(json, '}');
}

/* ---- gaps -------------------------------------------------------------------------------------
 */

static void put_known(FsaJsonOut *json, const char *name, int64_t value) {
  if (value < 0)
    fsa_json_put_null(json, name);
  else
    fsa_json_put_integer(json, name, value);
}

static void put_gap(FsaJsonOut *json, const FsaMatrixQuery *query, const FsaCell *cell,
                    uint32_t host, size_t source) {
  /* a query that filters or groups gives fewer rows than its table: the two cannot be compared */
  bool is_comparable = cell->arrived < 0 || (query->meta && query->meta->is_whole);
  fsa_json_open(json, NULL, '{');
  fsa_json_put_integer(json, "host", host);
  fsa_json_put_integer(json, "source", (int64_t)source);
  put_known(json, "claimed", is_comparable ? cell->claimed : -1);
  put_known(json, "arrived", cell->arrived);
  fsa_json_put_time(json, "last_time", cell->last_time);
  fsa_json_put_string(json, "why", cell->why);
  fsa_json_close(json, '}');
}

static void put_gaps(FsaJsonOut *json, const FsaReportSource *source) {
  const FsaMatrix *matrix = source->matrix;
  size_t shown = 0;
  fsa_json_open(json, "gaps", '{');
  fsa_json_put_integer(json, "total", (int64_t)source->facts->gaps);
  fsa_json_open(json, "shown", '[');
  for (uint32_t at = 0; at < source->score->host_count; at++)
    for (size_t query = 0; query < matrix->query_count; query++) {
      const FsaCell *cell = fsa_matrix_cell(matrix, source->score->hosts[at].matrix_host, query);
      if (!source->facts->sources[query].is_asked || !fsa_cell_is_gap(cell)) continue;
      if (shown++ >= FSA_MAX_REPORT_GAPS) continue;
      put_gap(json, &matrix->queries[query], cell, at, query);
    }
  fsa_json_close(json, ']');
  fsa_json_close(json, '}');
}

void fsa_report_put_hosts(FsaJsonOut *json, const FsaReportSource *source) {
  char *cells = g_malloc0(source->matrix->query_count + 1);
  fsa_json_open(json, "hosts", '[');
  for (uint32_t at = 0; at < source->score->host_count; at++) put_host(json, source, at, cells);
  for (guint i = 0; i < source->expected->missing->len; i++)
    put_missing(json, source, fsa_missing_host(source->expected, i), cells);
  fsa_json_close(json, ']');
  g_free(cells);
  put_gaps(json, source);
}
