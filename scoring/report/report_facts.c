/* Who was covered in full. See report_facts.h. */
#include "report/report_facts.h"

#include <math.h>
#include <string.h>

static const char *const cover_names[] = {
    [FSA_HOST_COMPLETE] = "complete",
    [FSA_HOST_GAPS] = "gaps",
    [FSA_HOST_NOTHING] = "nothing",
    [FSA_HOST_NEVER] = "never",
};

static const FsaPillarFacts pillars[FSA_PILLARS] = {
    {.name = "running", .title = "Running"},
    {.name = "set_to_run", .title = "Set to run"},
    {.name = "has_run", .title = "Has run"},
    {.name = "os_state", .title = "OS state"},
};

const char *fsa_host_cover_name(FsaHostCover cover) {
  return cover_names[cover];
}

/* ---- queries ----------------------------------------------------------------------------------
 */

static void widen(int64_t time, int64_t *oldest, int64_t *newest) {
  if (!time) return;
  if (!*oldest || time < *oldest) *oldest = time;
  if (time > *newest) *newest = time;
}

static void look_at_source(const FsaMatrix *matrix, size_t query, FsaReportFacts *facts) {
  FsaSourceFacts *source = &facts->sources[query];
  const FsaQueryMeta *meta = matrix->queries[query].meta;
  source->is_look =
      matrix->queries[query].is_coverage || (meta && strcmp(meta->pillar, "coverage") == 0);
  for (size_t host = 0; host < matrix->host_count; host++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    source->answered += cell->has_answer;
    if (fsa_cell_is_covered(cell)) widen(cell->last_time, &source->oldest, &source->newest);
  }
  source->is_asked = meta && source->answered > 0;
  if (source->is_look || !source->is_asked) return;
  widen(source->oldest, &facts->oldest, &facts->newest);
  widen(source->newest, &facts->oldest, &facts->newest);
}

/* ---- hosts ------------------------------------------------------------------------------------
 */

static FsaHostCover cover_of(const FsaMatrix *matrix, size_t host, FsaReportFacts *facts) {
  size_t gaps = 0, covered = 0;
  for (size_t query = 0; query < matrix->query_count; query++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    if (!facts->sources[query].is_asked) continue;
    gaps += fsa_cell_is_gap(cell);
    covered += !facts->sources[query].is_look && fsa_cell_is_covered(cell);
  }
  facts->gaps += gaps;
  if (!covered) return FSA_HOST_NOTHING;
  return gaps ? FSA_HOST_GAPS : FSA_HOST_COMPLETE;
}

static void look_at_hosts(const FsaMatrix *matrix, const FsaScore *score, FsaReportFacts *facts) {
  for (uint32_t i = 0; i < score->host_count; i++) {
    size_t host = score->hosts[i].matrix_host;
    facts->place[host] = i;
    facts->cover[i] = cover_of(matrix, host, facts);
    facts->covered += facts->cover[i] != FSA_HOST_NOTHING;
    facts->complete += facts->cover[i] == FSA_HOST_COMPLETE;
  }
}

/* ---- pillars ----------------------------------------------------------------------------------
 */

static bool is_of(const FsaMatrix *matrix, size_t query, const char *pillar) {
  const FsaQueryMeta *meta = matrix->queries[query].meta;
  return meta && strcmp(meta->pillar, pillar) == 0;
}

static void add_host(const FsaMatrix *matrix, size_t host, const FsaReportFacts *facts,
                     FsaPillarFacts *pillar) {
  size_t wanted = 0, whole = 0, covered = 0;
  for (size_t query = 0; query < matrix->query_count; query++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, query);
    if (!facts->sources[query].is_asked || !is_of(matrix, query, pillar->name) ||
        !fsa_cell_applies(cell))
      continue;
    wanted++;
    whole += cell->status == FSA_COVER_OK;
    covered += fsa_cell_is_covered(cell);
  }
  if (!wanted && pillar->sources) return; /* none of what was asked is for this host */
  pillar->hosts++;
  pillar->complete += wanted && whole == wanted;
  pillar->partial += covered && whole < wanted;
}

static void look_at_pillar(const FsaMatrix *matrix, FsaReportFacts *facts, FsaPillarFacts *pillar) {
  for (size_t query = 0; query < matrix->query_count; query++)
    pillar->sources += facts->sources[query].is_asked && is_of(matrix, query, pillar->name);
  for (size_t host = 0; host < matrix->host_count; host++) add_host(matrix, host, facts, pillar);
  pillar->hosts += facts->missing;
}

int fsa_report_facts(const FsaMatrix *matrix, const FsaScore *score,
                     const FsaExpectedHosts *expected, FsaArena *arena, FsaReportFacts *ret_facts) {
  FsaReportFacts facts = {.missing = expected->missing->len};
  facts.sources = fsa_arena_zero(arena, matrix->query_count + 1, sizeof *facts.sources);
  facts.cover = fsa_arena_zero(arena, (size_t)score->host_count + 1, sizeof *facts.cover);
  facts.place = fsa_arena_zero(arena, matrix->host_count + 1, sizeof *facts.place);
  if (!facts.sources || !facts.cover || !facts.place) return FSA_E_NOMEM;
  for (size_t query = 0; query < matrix->query_count; query++)
    look_at_source(matrix, query, &facts);
  look_at_hosts(matrix, score, &facts);
  memcpy(facts.pillars, pillars, sizeof pillars);
  for (size_t i = 0; i < FSA_PILLARS; i++) look_at_pillar(matrix, &facts, &facts.pillars[i]);
  *ret_facts = facts;
  return FSA_OK;
}

double fsa_miss_chance(size_t hosts, size_t looked, size_t compromised) {
  double chance = 1;
  if (hosts < compromised || looked > hosts) return NAN;
  for (size_t i = 0; i < compromised; i++) {
    if (hosts - looked <= i) return 0; /* more compromised hosts than were passed over */
    chance *= (double)(hosts - looked - i) / (double)(hosts - i);
  }
  return chance;
}
