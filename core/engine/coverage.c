/* Coverage: what the last full scan of each table saw, and a cheap answer where none has run. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "os/os.h"

struct CoverageEntry {
  CoverageEntry *next;
  const FsaTable *table;
  CoverageFacts facts;
  char evidence[];
};

void engine_coverage_free(FsaEngine *engine) {
  for (CoverageEntry *entry = engine->coverage, *next; entry; entry = next) {
    next = entry->next;
    free(entry);
  }
}

/* The entry of a table and evidence, or NULL. The engine is locked. */
static CoverageEntry *find(FsaEngine *engine, const FsaTable *table, const char *evidence) {
  for (CoverageEntry *entry = engine->coverage; entry; entry = entry->next)
    if (entry->table == table && strcmp(entry->evidence, evidence) == 0) return entry;
  return NULL;
}

/*
 * True for a scan that left out columns of the former one and with them its problems: count(*)
 * after a look that was refused half of what it asked does not make the look complete. A new
 * entry's facts are all zero.
 */
static bool tells_less(const CoverageFacts *facts, const CoverageFacts *former) {
  const uint64_t *now = facts->wanted.bits, *then = former->wanted.bits;
  const bool left_out = (then[0] & ~now[0]) || (then[1] & ~now[1]);
  return left_out && facts->problems < former->problems;
}

void engine_coverage_record(FsaEngine *engine, const FsaTable *table, const char *evidence,
                            const CoverageFacts *facts) {
  pthread_mutex_lock(&engine->lock);
  CoverageEntry *entry = find(engine, table, evidence);
  if (!entry) {
    size_t size = strlen(evidence) + 1;
    entry = calloc(1, sizeof *entry + size);
    if (entry) {
      memcpy(entry->evidence, evidence, size);
      entry->table = table;
      entry->next = engine->coverage;
      engine->coverage = entry;
    }
  }
  if (entry && !tells_less(facts, &entry->facts)) entry->facts = *facts;
  pthread_mutex_unlock(&engine->lock);
}

static bool saw(unsigned codes, int code) {
  return (codes >> -code & 1) != 0;
}

/*
 * One word for what a full scan saw. Subjects that were read whole and gave no row are an answer
 * too: one process that may not be read among hundreds that were does not make the look denied.
 */
static const char *scanned_status(const CoverageFacts *facts) {
  if (saw(facts->codes, FSA_E_TIMEOUT)) return "timeout";
  if (saw(facts->codes, FSA_E_UNSUPPORTED)) return "unsupported";
  if (facts->problems == 0) return "ok";
  if (facts->rows > 0 || facts->troubled < facts->subjects) return "partial";
  if (saw(facts->codes, FSA_E_ACCESS)) return "denied";
  return saw(facts->codes, FSA_E_ABSENT) ? "absent" : "error";
}

/* True when one of the table's files can be opened; *ret_any when there is one at all. */
static bool probe_files(const FsaEvidence *evidence, const FsaTable *table, FsaArena *arena,
                        bool *ret_any) {
  const FsaFound *found;
  size_t count = 0;
  int result = fsa_evidence_find(evidence, table->where, table->probe, arena, NULL, &found, &count);
  *ret_any = result == FSA_OK && count > 0;
  if (!*ret_any) return false;
  FsaFile *file;
  FsaError error;
  if (fsa_file_open(evidence, &found[0], &file, &error) != FSA_OK) return false;
  fsa_file_close(file);
  return true;
}

/* The answer without a scan: can the table's sources be read at all? */
static const char *probed_status(const FsaScan *scan, const FsaTable *table, FsaArena *arena) {
  const FsaEvidence *evidence = fsa_scan_evidence(scan);
  if (!(table->sources & fsa_evidence_sources(evidence))) return "unsupported";
  if (table->sources == FSA_ANYWHERE) return "ok"; /* it tells of the look itself */
  const bool has_registry =
      table->subject == FSA_HIVES && (fsa_evidence_sources(evidence) & FSA_LIVE_WINDOWS);
  const bool asks_host =
      table->subject == FSA_HOST || table->subject == FSA_PROCESS || has_registry;
  if (asks_host && fsa_scan_os(scan))
    return fsa_os_is_privileged(fsa_scan_os(scan)) ? "ok" : "partial";
  if (asks_host || !table->where) return "unknown";
  bool any;
  if (probe_files(evidence, table, arena, &any)) return "ok";
  return any ? "denied" : "absent";
}

int fsa_look_coverage(FsaScan *scan, size_t index, FsaCoverage *ret_coverage) {
  if (index >= fsa_table_count) return FSA_OK;
  const FsaTable *table = fsa_tables[index];
  const char *evidence = fsa_evidence_name(fsa_scan_evidence(scan));
  FsaEngine *engine = scan->cursor->engine;
  FsaCoverage coverage = {.table = table->name,
                          .evidence = evidence,
                          .subjects = -1,
                          .rows = -1,
                          .problems = -1,
                          .milliseconds = -1,
                          .started = INT64_MIN};
  pthread_mutex_lock(&engine->lock);
  const CoverageEntry *entry = find(engine, table, evidence);
  if (entry) {
    const CoverageFacts *facts = &entry->facts;
    coverage.scanned = true;
    coverage.status = scanned_status(facts);
    coverage.subjects = facts->subjects;
    coverage.rows = facts->rows;
    coverage.problems = facts->problems;
    if (facts->ended >= facts->started) /* the clock may have been set meanwhile */
      coverage.milliseconds = (facts->ended - facts->started) / 1000000;
    coverage.started = facts->started;
  }
  pthread_mutex_unlock(&engine->lock);
  if (!entry) coverage.status = probed_status(scan, table, fsa_row_arena(scan));
  *ret_coverage = coverage;
  return FSA_ROW;
}
