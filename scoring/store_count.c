/* Stacking in a store. See store_count.h. */
#include "store_count.h"

#include "print.h"
#include "push.h"
#include "store_rows.h"

/* The state of each answer that was pushed last. A host's rows lie on one server together. */
#define CURRENT                                                                                    \
  "SELECT host, query, argMax(version, revision) AS current FROM {db}.fsa_answer GROUP BY host, "  \
  "query"

static const char sum_sql[] =
    "SELECT count() AS answers, sum(current) AS versions FROM (" CURRENT ")";

static const char count_sql[] =
    "SELECT query, key, uniqExact(host) AS hosts, min(seen) AS first_seen FROM {db}.fsa_sighting"
    " WHERE (host, query, version) IN (" CURRENT ") GROUP BY query, key";

/* What the store must hold: how many answers, and the sum of their versions. */
typedef struct Holding {
  uint64_t answers, versions;
} Holding;

static int own_holding(FsaCase *own, Holding *ret_holding) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT reset_time, last_time, row_count, digest FROM answer";
  Holding holding = {0, 0};
  if (sqlite3_prepare_v2(fsa_case_database(own), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    FsaAnswerHead head = {.reset_time = sqlite3_column_int64(stmt, 0),
                          .last_time = sqlite3_column_int64(stmt, 1),
                          .row_count = sqlite3_column_int64(stmt, 2),
                          .digest = (uint64_t)sqlite3_column_int64(stmt, 3)};
    holding.answers++;
    holding.versions += fsa_answer_version(&head);
  }
  sqlite3_finalize(stmt);
  *ret_holding = holding;
  return FSA_OK;
}

static int said(int result) {
  if (result == FSA_E_FORMAT) fsa_complain("the store's answer is not what was asked for");
  return result;
}

static int check_holding(FsaStore *store, FsaCase *own) {
  static const char *const names[] = {"answers", "versions"};
  Holding wanted, found = {0, 0};
  FsaText rows, values[2];
  FsaArena arena = fsa_arena(0);
  int result = own_holding(own, &wanted);
  if (result == FSA_OK) result = fsa_store_ask(store, sum_sql, &rows);
  if (result == FSA_OK) {
    result = fsa_store_row(&rows, &arena, names, 2, values);
    bool is_read = result == FSA_ROW && fsa_store_number(values[0], &found.answers) &&
                   fsa_store_number(values[1], &found.versions);
    result = is_read ? FSA_OK : said(FSA_E_FORMAT);
  }
  fsa_arena_done(&arena);
  if (result != FSA_OK) return result;
  if (found.answers == wanted.answers && found.versions == wanted.versions) return FSA_OK;
  fsa_complain("the store holds %llu answers and not the %llu of the case as they are: run "
               "`fsa-score push` with this case first",
               (unsigned long long)found.answers, (unsigned long long)wanted.answers);
  return FSA_E_ABSENT;
}

int fsa_store_count(FsaStore *store, FsaCase *own, FsaTakeCount take, void *context) {
  static const char *const names[] = {"query", "key", "hosts"};
  FsaText rows, values[3];
  FsaArena arena = fsa_arena(0);
  int result = check_holding(store, own);
  if (result == FSA_OK) result = fsa_store_ask(store, count_sql, &rows);
  if (result == FSA_OK)
    while ((result = fsa_store_row(&rows, &arena, names, 3, values)) == FSA_ROW) {
      uint64_t hosts;
      bool is_good = values[0].data && values[1].data && fsa_store_number(values[2], &hosts);
      result = is_good ? take(context, values[0], values[1], hosts) : FSA_E_FORMAT;
      if (result != FSA_OK) break;
      fsa_arena_clear(&arena);
    }
  fsa_arena_done(&arena);
  return said(result);
}
