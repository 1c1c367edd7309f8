/* The case: one SQLite file that holds what the fleet answered. See case.h and docs/scoring.md. */
#include "case/case.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/program.h"

#define CASE_VERSION 4
#define APPLICATION_ID 0x46534143 /* "FSAC" */

static const char schema[] =
    "CREATE TABLE setting(name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
    "CREATE TABLE host(id INTEGER PRIMARY KEY, identifier TEXT NOT NULL, hostname TEXT NOT NULL,"
    " first_seen INTEGER, last_seen INTEGER, logs_rows INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(identifier, hostname));"
    "CREATE TABLE query(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, meta TEXT);"
    "CREATE TABLE artefact(id INTEGER PRIMARY KEY, query INTEGER NOT NULL, hash INTEGER NOT NULL,"
    " key TEXT NOT NULL);"
    "CREATE TABLE answer(host INTEGER NOT NULL, query INTEGER NOT NULL, reset_time INTEGER,"
    " last_time INTEGER, epoch INTEGER, row_count INTEGER, digest INTEGER, line_bytes INTEGER,"
    " artefacts TEXT NOT NULL, rows BLOB NOT NULL, UNIQUE(host, query));"
    "CREATE TABLE dictionary(id INTEGER PRIMARY KEY, query INTEGER NOT NULL, rows BLOB NOT NULL);"
    "CREATE TABLE status_line(host INTEGER NOT NULL, message TEXT NOT NULL, query INTEGER,"
    " severity INTEGER, first_time INTEGER, last_time INTEGER, PRIMARY KEY(host, message))"
    " WITHOUT ROWID;"
    "CREATE TABLE input(path TEXT PRIMARY KEY, bytes INTEGER, lines INTEGER, entries INTEGER,"
    " other INTEGER, rejected INTEGER, lost_bytes INTEGER, file_bytes INTEGER, sha256 TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE expected_host(identifier TEXT NOT NULL, hostname TEXT NOT NULL, platform TEXT,"
    " team TEXT, last_seen TEXT, source TEXT NOT NULL, PRIMARY KEY(identifier, hostname, source))"
    " WITHOUT ROWID;"
    "CREATE TABLE rejected(path TEXT NOT NULL, offset INTEGER NOT NULL, line INTEGER, lost INTEGER,"
    " why TEXT NOT NULL, PRIMARY KEY(path, offset, why)) WITHOUT ROWID;"
    "CREATE VIEW sighting AS SELECT answer.host, answer.query,"
    " sum(item.value) OVER (PARTITION BY answer.rowid ORDER BY item.key) AS artefact"
    " FROM answer, json_each(answer.artefacts) item;";

typedef enum Statement {
  HOST_FIND,
  HOST_ADOPT,
  HOST_FIRST,
  HOST_KNOWN,
  HOST_ADD,
  HOST_SEEN,
  HOST_LOGS_ROWS,
  QUERY_FIND,
  QUERY_ADD,
  ARTEFACT_ADD,
  ANSWER_HEAD,
  ANSWER_ROWS,
  ANSWER_PUT,
  DICTIONARY_ADD,
  STATUS_PUT,
  EXPECTED_CLEAR,
  EXPECTED_PUT,
  INPUT_PUT,
  REJECT_PUT,
  META_FIND,
  META_PUT,
  STATEMENT_COUNT,
} Statement;

static const char *const statements[STATEMENT_COUNT] = {
    [HOST_FIND] = "SELECT id FROM host WHERE identifier=?1 AND hostname=?2",
    [HOST_ADOPT] = "UPDATE host SET hostname=?2 WHERE identifier=?1 AND hostname='' RETURNING id",
    [HOST_FIRST] = "SELECT id FROM host WHERE identifier=?1 ORDER BY id LIMIT 1",
    [HOST_KNOWN] =
        "SELECT id FROM host h WHERE identifier=?1 AND (hostname=?2 OR NOT EXISTS(SELECT 1"
        " FROM host o WHERE o.identifier=?1 AND o.id<>h.id)) ORDER BY hostname=?2 DESC",
    [HOST_ADD] = "INSERT INTO host(identifier, hostname) VALUES(?1, ?2)",
    [HOST_SEEN] = "UPDATE host SET first_seen=min(ifnull(first_seen, ?2), ?2),"
                  " last_seen=max(ifnull(last_seen, ?2), ?2) WHERE id=?1",
    [HOST_LOGS_ROWS] = "UPDATE host SET logs_rows=1 WHERE id=?1",
    [QUERY_FIND] = "SELECT id FROM query WHERE name=?1",
    [QUERY_ADD] = "INSERT INTO query(name) VALUES(?1)",
    [ARTEFACT_ADD] = "INSERT INTO artefact(query, hash, key) VALUES(?1, ?2, ?3)",
    [ANSWER_HEAD] = "SELECT reset_time, last_time, epoch, row_count, digest, line_bytes FROM answer"
                    " WHERE host=?1 AND query=?2",
    [ANSWER_ROWS] = "SELECT rows FROM answer WHERE host=?1 AND query=?2",
    [ANSWER_PUT] = "INSERT INTO answer VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                   " ON CONFLICT(host, query) DO UPDATE SET reset_time=?3, last_time=?4, epoch=?5,"
                   " row_count=?6, digest=?7, line_bytes=?8, artefacts=?9, rows=?10",
    [DICTIONARY_ADD] = "INSERT INTO dictionary(query, rows) VALUES(?1, ?2)",
    [STATUS_PUT] = "INSERT INTO status_line VALUES(?1, ?5, nullif(?2, 0), ?3, ?4, ?4)"
                   " ON CONFLICT(host, message) DO UPDATE SET first_time=min(first_time, ?4),"
                   " last_time=max(last_time, ?4), severity=max(severity, ?3)",
    [EXPECTED_CLEAR] = "DELETE FROM expected_host WHERE source=?1",
    [EXPECTED_PUT] = "INSERT OR REPLACE INTO expected_host VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [INPUT_PUT] =
        "INSERT OR REPLACE INTO input VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, ''))",
    [REJECT_PUT] = "INSERT OR REPLACE INTO rejected VALUES(?1, ?2, ?3, ?4, ?5)",
    [META_FIND] = "SELECT meta FROM query WHERE id=?1",
    [META_PUT] = "UPDATE query SET meta=?2 WHERE id=?1",
};

struct FsaCase {
  sqlite3 *db;
  sqlite3_stmt *prepared[STATEMENT_COUNT];
  GHashTable *artefacts; /* query's and key's hash -> number; only when open for writing */
  uint32_t last_artefact;
  FsaRowDictionaries *dictionaries;
  FsaRowUnpacker *unpacker;
  FsaSipKey hash_key;
  FsaBuffer message;
};

/* ---- SQLite -----------------------------------------------------------------------------------
 */

static int note(FsaCase *store, int result, const char *what, const char *why) {
  fsa_buffer_clear(&store->message);
  fsa_buffer_printf(&store->message, "%s: %s", what, why);
  return result;
}

static int fault(FsaCase *store, int result, const char *what) {
  return note(store, result, what, fsa_result_name(result));
}

static int result_of(int code) {
  switch (code & 0xFF) {
  case SQLITE_NOMEM: return FSA_E_NOMEM;
  case SQLITE_CANTOPEN: return FSA_E_ABSENT;
  case SQLITE_PERM:
  case SQLITE_READONLY:
  case SQLITE_AUTH: return FSA_E_ACCESS;
  case SQLITE_NOTADB:
  case SQLITE_CORRUPT: return FSA_E_FORMAT;
  default: return FSA_E_IO;
  }
}

static int sqlite_fault(FsaCase *store, const char *what) {
  const char *why = store->db ? sqlite3_errmsg(store->db) : fsa_result_name(FSA_E_NOMEM);
  return note(store, result_of(sqlite3_extended_errcode(store->db)), what, why);
}

static int execute(FsaCase *store, const char *sql, const char *what) {
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? FSA_OK
                                                                     : sqlite_fault(store, what);
}

static sqlite3_stmt *use(FsaCase *store, Statement statement) {
  return store->prepared[statement];
}

static void bind_text(sqlite3_stmt *stmt, int at, FsaText text) {
  sqlite3_bind_text64(stmt, at, text.data ? text.data : "", text.size, SQLITE_STATIC, SQLITE_UTF8);
}

/* Runs to the first row (FSA_ROW, not yet reset) or to the end (FSA_OK, reset). */
static int step(FsaCase *store, sqlite3_stmt *stmt, const char *what) {
  int code = sqlite3_step(stmt);
  if (code == SQLITE_ROW) return FSA_ROW;
  sqlite3_reset(stmt);
  return code == SQLITE_DONE ? FSA_OK : sqlite_fault(store, what);
}

/* Runs a statement that gives one number; FSA_ROW or FSA_OK without one. */
static int step_number(FsaCase *store, sqlite3_stmt *stmt, const char *what, int64_t *ret_number) {
  int result = step(store, stmt, what);
  if (result != FSA_ROW) return result;
  *ret_number = sqlite3_column_int64(stmt, 0);
  sqlite3_reset(stmt);
  return FSA_ROW;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int read_number(FsaCase *store, const char *sql, int64_t *ret_number) {
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the case");
  int result = step_number(store, stmt, "reading the case", ret_number);
  sqlite3_finalize(stmt);
  return result;
}

static int make_schema(FsaCase *store) {
  char sql[128];
  int result = execute(store, schema, "making the case");
  if (result != FSA_OK) return result;
  snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
           CASE_VERSION);
  result = execute(store, sql, "making the case");
  if (result != FSA_OK) return result;
  if (!fsa_program_random(&store->hash_key, sizeof store->hash_key))
    return fault(store, FSA_E_IO, "asking the system for random bytes");
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(store->db, "INSERT INTO setting VALUES('hash_key', ?1)", -1, &stmt, NULL))
    return sqlite_fault(store, "making the case");
  sqlite3_bind_blob(stmt, 1, &store->hash_key, sizeof store->hash_key, SQLITE_STATIC);
  result = step(store, stmt, "making the case");
  sqlite3_finalize(stmt);
  return result;
}

static int read_hash_key(FsaCase *store) {
  sqlite3_stmt *stmt;
  const char *sql = "SELECT value FROM setting WHERE name='hash_key'";
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the case");
  int result = step(store, stmt, "reading the case");
  if (result == FSA_ROW && sqlite3_column_bytes(stmt, 0) == sizeof store->hash_key) {
    memcpy(&store->hash_key, sqlite3_column_blob(stmt, 0), sizeof store->hash_key);
    result = FSA_OK;
  } else if (result >= 0) {
    result = fault(store, FSA_E_FORMAT, "the case has lost its hash key");
  }
  sqlite3_finalize(stmt);
  return result;
}

static int check_schema(FsaCase *store, FsaCaseMode mode) {
  int64_t application = 0, version = 0, tables = 0;
  int result = read_number(store, "PRAGMA application_id", &application);
  if (result > 0) result = read_number(store, "PRAGMA user_version", &version);
  if (result > 0) result = read_number(store, "SELECT count(*) FROM sqlite_schema", &tables);
  if (result < 0) return result;
  if (!tables && mode == FSA_CASE_WRITE) return make_schema(store);
  fsa_buffer_clear(&store->message);
  if (application != APPLICATION_ID) {
    fsa_buffer_puts(&store->message, "this database is not a case of fsa-score");
    return FSA_E_FORMAT;
  }
  if (version != CASE_VERSION) {
    fsa_buffer_printf(&store->message,
                      "the case has version %lld, this program knows version %d: ingest its logs "
                      "again into a new case",
                      (long long)version, CASE_VERSION);
    return FSA_E_VERSION;
  }
  return read_hash_key(store);
}

static gpointer artefact_slot(int64_t query, uint64_t key_hash) {
  return (gpointer)(uintptr_t)(key_hash ^ (uint64_t)query * 0x9E3779B97F4A7C15u);
}

static int load_artefacts(FsaCase *store) {
  sqlite3_stmt *stmt;
  const char *sql = "SELECT query, hash, id FROM artefact";
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the case");
  int result;
  while ((result = step(store, stmt, "reading the case")) == FSA_ROW) {
    uint32_t number = (uint32_t)sqlite3_column_int64(stmt, 2);
    g_hash_table_insert(
        store->artefacts,
        artefact_slot(sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1)),
        (gpointer)(uintptr_t)number);
    store->last_artefact = MAX(store->last_artefact, number);
  }
  sqlite3_finalize(stmt);
  return result;
}

/* ---- dictionaries -----------------------------------------------------------------------------
 */

/* The query's dictionary with the rows of `text` behind those that it has. */
static int grow_dictionary(const FsaCase *store, int64_t query, FsaText text,
                           FsaRowDictionary **ret_grown) {
  const FsaRowDictionary *known = fsa_row_dictionaries_find(store->dictionaries, query);
  int result = fsa_row_dictionary_new(known, text, ret_grown);
  if (result != FSA_OK) return result;
  size_t others = fsa_row_dictionaries_memory(store->dictionaries) - (known ? known->memory : 0);
  if (others + (*ret_grown)->memory <= FSA_MAX_DICTIONARIES_MEMORY) return FSA_OK;
  fsa_row_dictionary_unref(*ret_grown);
  return FSA_E_LIMIT;
}

static int load_dictionaries(FsaCase *store) {
  sqlite3_stmt *stmt;
  const char *sql = "SELECT query, rows FROM dictionary ORDER BY id";
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the case");
  FsaBuffer text = fsa_buffer(FSA_MAX_DICTIONARY_BYTES);
  int result;
  while ((result = step(store, stmt, "reading the case")) == FSA_ROW) {
    const void *packed = sqlite3_column_blob(stmt, 1);
    fsa_buffer_clear(&text);
    result =
        fsa_case_unpack(store, fsa_bytes(packed, (size_t)sqlite3_column_bytes(stmt, 1)), &text);
    FsaRowDictionary *grown;
    int64_t query = sqlite3_column_int64(stmt, 0);
    if (result == FSA_OK)
      result = grow_dictionary(store, query, (FsaText){text.data, text.size}, &grown);
    if (result == FSA_OK) {
      fsa_row_dictionaries_put(store->dictionaries, query, grown);
    } else {
      fsa_buffer_clear(&store->message);
      fsa_buffer_printf(&store->message,
                        "the case's common rows cannot be read (%s), and no answer without them: "
                        "ingest its logs again into a new case",
                        fsa_result_name(result));
      break;
    }
  }
  sqlite3_finalize(stmt);
  fsa_buffer_done(&text);
  return result;
}

static int open_dictionaries(FsaCase *store) {
  store->dictionaries = fsa_row_dictionaries_new();
  store->unpacker = fsa_row_unpacker_new(store->dictionaries);
  return load_dictionaries(store);
}

const FsaRowDictionaries *fsa_case_dictionaries(const FsaCase *store) {
  return store->dictionaries;
}

int fsa_case_unpack(FsaCase *store, FsaBytes packed, FsaBuffer *out) {
  return fsa_rows_unpack(store->unpacker, packed, out);
}

static int write_rows(FsaCase *store, int64_t query, FsaText text) {
  FsaRowPacker *packer = fsa_row_packer_new();
  FsaBuffer packed = fsa_buffer(2 * FSA_MAX_DICTIONARY_BYTES);
  int result = packer ? fsa_rows_pack(packer, text, &packed) : FSA_E_NOMEM;
  if (result == FSA_OK) {
    sqlite3_stmt *stmt = use(store, DICTIONARY_ADD);
    sqlite3_bind_int64(stmt, 1, query);
    sqlite3_bind_blob64(stmt, 2, packed.data, packed.size, SQLITE_STATIC);
    result = step(store, stmt, "writing a dictionary");
  }
  fsa_row_packer_free(packer);
  fsa_buffer_done(&packed);
  return result;
}

/* Known is only what stands in the file: an answer that names other rows could not be read. */
int fsa_case_add_rows(FsaCase *store, int64_t query, FsaText text) {
  FsaRowDictionary *grown;
  int result = grow_dictionary(store, query, text, &grown);
  if (result != FSA_OK) return result;
  result = write_rows(store, query, text);
  if (result == FSA_OK)
    fsa_row_dictionaries_put(store->dictionaries, query, grown);
  else
    fsa_row_dictionary_unref(grown);
  return result;
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

/* One writer at a time: a second ingest must not number artefacts beside the first. */
static int prepare_writing(FsaCase *store) {
  int result = execute(store, "BEGIN IMMEDIATE", "locking the case");
  if (result == FSA_OK) result = check_schema(store, FSA_CASE_WRITE);
  if (result == FSA_OK) result = execute(store, "COMMIT", "making the case");
  for (int i = 0; result == FSA_OK && i < STATEMENT_COUNT; i++)
    if (sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                           &store->prepared[i], NULL) != SQLITE_OK)
      result = sqlite_fault(store, "preparing");
  store->artefacts = g_hash_table_new(g_direct_hash, g_direct_equal);
  if (result == FSA_OK) result = load_artefacts(store);
  return result == FSA_OK ? open_dictionaries(store) : result;
}

int fsa_case_open(const char *path, FsaCaseMode mode, FsaCase **ret_case) {
  FsaCase *store = g_new0(FsaCase, 1);
  store->message = fsa_buffer(FSA_MAX_META_BYTES);
  *ret_case = store;
  int flags =
      mode == FSA_CASE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  flags |= SQLITE_OPEN_NOMUTEX; /* one thread at a time uses a case */
  if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK)
    return sqlite_fault(store, "opening the case");
  sqlite3_busy_timeout(store->db, FSA_CASE_PATIENCE);
  if (mode == FSA_CASE_READ) {
    int result = check_schema(store, mode);
    return result == FSA_OK ? open_dictionaries(store) : result;
  }
  /* a lost power supply may cost the last batch, never the file; ingest can be run again */
  int result = execute(store,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                       "PRAGMA locking_mode=EXCLUSIVE;",
                       "opening the case");
  return result == FSA_OK ? prepare_writing(store) : result;
}

void fsa_case_close(FsaCase *store) {
  if (!store) return;
  for (int i = 0; i < STATEMENT_COUNT; i++) sqlite3_finalize(store->prepared[i]);
  if (store->artefacts) {
    g_hash_table_destroy(store->artefacts);
    /* one file again, so that the case can be copied */
    sqlite3_exec(store->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
  }
  sqlite3_close(store->db);
  fsa_row_unpacker_free(store->unpacker);
  fsa_row_dictionaries_free(store->dictionaries);
  fsa_buffer_done(&store->message);
  g_free(store);
}

int fsa_case_finish(FsaCase *store, sqlite3_stmt *stmt) {
  return sqlite3_finalize(stmt) == SQLITE_OK ? FSA_OK : sqlite_fault(store, "reading the case");
}

int fsa_case_fail(FsaCase *store, int result, const char *what) {
  return store->message.size ? result : fault(store, result, what);
}

const char *fsa_case_message(const FsaCase *store) {
  return fsa_buffer_text((FsaBuffer *)&store->message);
}

sqlite3 *fsa_case_database(FsaCase *store) {
  return store->db;
}
FsaSipKey fsa_case_hash_key(const FsaCase *store) {
  return store->hash_key;
}
int fsa_case_begin(FsaCase *store) {
  return execute(store, "BEGIN IMMEDIATE", "beginning to write");
}
int fsa_case_commit(FsaCase *store) {
  return execute(store, "COMMIT", "writing");
}

/* ---- hosts, queries, artefacts ----------------------------------------------------------------
 */

static int find_host(FsaCase *store, FsaText identifier, FsaText hostname, int64_t *ret_host) {
  static const Statement named[] = {HOST_FIND, HOST_ADOPT, STATEMENT_COUNT};
  static const Statement unnamed[] = {HOST_FIRST, STATEMENT_COUNT};
  for (const Statement *next = hostname.size ? named : unnamed; *next != STATEMENT_COUNT; next++) {
    sqlite3_stmt *stmt = use(store, *next);
    bind_text(stmt, 1, identifier);
    if (hostname.size) bind_text(stmt, 2, hostname);
    int result = step_number(store, stmt, "finding a host", ret_host);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

int fsa_case_find_host(FsaCase *store, FsaText identifier, FsaText hostname, int64_t *ret_host) {
  sqlite3_stmt *stmt = use(store, HOST_KNOWN);
  bind_text(stmt, 1, identifier);
  bind_text(stmt, 2, hostname);
  return step_number(store, stmt, "finding a host", ret_host);
}

int fsa_case_host(FsaCase *store, FsaText identifier, FsaText hostname, int64_t time,
                  int64_t *ret_host) {
  int64_t host = 0;
  int result = find_host(store, identifier, hostname, &host);
  if (result < 0) return result;
  if (result == FSA_OK) {
    sqlite3_stmt *add = use(store, HOST_ADD);
    bind_text(add, 1, identifier);
    bind_text(add, 2, hostname);
    result = step(store, add, "adding a host");
    if (result < 0) return result;
    host = sqlite3_last_insert_rowid(store->db);
  }
  sqlite3_stmt *seen = use(store, HOST_SEEN);
  sqlite3_bind_int64(seen, 1, host);
  sqlite3_bind_int64(seen, 2, time);
  result = step(store, seen, "noting a host");
  if (result == FSA_OK) *ret_host = host;
  return result;
}

int fsa_case_logs_rows(FsaCase *store, int64_t host) {
  sqlite3_stmt *stmt = use(store, HOST_LOGS_ROWS);
  sqlite3_bind_int64(stmt, 1, host);
  return step(store, stmt, "noting a host");
}

int fsa_case_query(FsaCase *store, FsaText name, int64_t *ret_query) {
  sqlite3_stmt *find = use(store, QUERY_FIND), *add = use(store, QUERY_ADD);
  bind_text(find, 1, name);
  int result = step_number(store, find, "finding a query", ret_query);
  if (result != FSA_OK) return result < 0 ? result : FSA_OK;
  bind_text(add, 1, name);
  result = step(store, add, "adding a query");
  if (result == FSA_OK) *ret_query = sqlite3_last_insert_rowid(store->db);
  return result;
}

bool fsa_case_find_artefact(const FsaCase *store, int64_t query, uint64_t key_hash,
                            uint32_t *ret_artefact) {
  gpointer known = g_hash_table_lookup(store->artefacts, artefact_slot(query, key_hash));
  *ret_artefact = (uint32_t)(uintptr_t)known;
  return known != NULL;
}

uint32_t fsa_case_last_artefact(const FsaCase *store) {
  return store->last_artefact;
}

int fsa_case_add_artefact(FsaCase *store, int64_t query, uint64_t key_hash, FsaText key,
                          uint32_t *ret_artefact) {
  sqlite3_stmt *add = use(store, ARTEFACT_ADD);
  sqlite3_bind_int64(add, 1, query);
  sqlite3_bind_int64(add, 2, (int64_t)key_hash);
  bind_text(add, 3, key);
  int result = step(store, add, "adding an artefact");
  if (result != FSA_OK) return result;
  int64_t number = sqlite3_last_insert_rowid(store->db);
  if (number <= 0 || number > UINT32_MAX)
    return fault(store, FSA_E_LIMIT, "numbering an artefact: there are too many");
  *ret_artefact = store->last_artefact = (uint32_t)number;
  g_hash_table_insert(store->artefacts, artefact_slot(query, key_hash),
                      (gpointer)(uintptr_t)*ret_artefact);
  return FSA_OK;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

int fsa_case_answer_head(FsaCase *store, int64_t host, int64_t query, FsaAnswerHead *ret_head) {
  sqlite3_stmt *stmt = use(store, ANSWER_HEAD);
  sqlite3_bind_int64(stmt, 1, host);
  sqlite3_bind_int64(stmt, 2, query);
  int result = step(store, stmt, "reading an answer");
  if (result != FSA_ROW) return result;
  *ret_head = (FsaAnswerHead){
      .reset_time = sqlite3_column_int64(stmt, 0),
      .last_time = sqlite3_column_int64(stmt, 1),
      .epoch = sqlite3_column_int64(stmt, 2),
      .row_count = sqlite3_column_int64(stmt, 3),
      .digest = (uint64_t)sqlite3_column_int64(stmt, 4),
      .line_bytes = sqlite3_column_int64(stmt, 5),
  };
  sqlite3_reset(stmt);
  return FSA_ROW;
}

int fsa_case_answer_rows(FsaCase *store, int64_t host, int64_t query, FsaBuffer *out) {
  sqlite3_stmt *stmt = use(store, ANSWER_ROWS);
  sqlite3_bind_int64(stmt, 1, host);
  sqlite3_bind_int64(stmt, 2, query);
  int result = step(store, stmt, "reading an answer");
  if (result != FSA_ROW) return result;
  FsaBytes packed = fsa_bytes(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
  result = fsa_case_unpack(store, packed, out);
  sqlite3_reset(stmt);
  return result == FSA_OK ? FSA_ROW : fault(store, result, "unpacking an answer");
}

int fsa_case_put_answer(FsaCase *store, int64_t host, int64_t query, const FsaAnswerHead *head,
                        FsaText artefacts, FsaBytes packed) {
  sqlite3_stmt *stmt = use(store, ANSWER_PUT);
  const int64_t numbers[] = {host,        query,           head->reset_time,      head->last_time,
                             head->epoch, head->row_count, (int64_t)head->digest, head->line_bytes};
  for (int i = 0; i < 8; i++) sqlite3_bind_int64(stmt, i + 1, numbers[i]);
  bind_text(stmt, 9, artefacts);
  sqlite3_bind_blob64(stmt, 10, packed.size ? (const void *)packed.data : "", packed.size,
                      SQLITE_STATIC);
  return step(store, stmt, "writing an answer");
}

/* ---- status lines, inputs, metadata -----------------------------------------------------------
 */

int fsa_case_put_status(FsaCase *store, int64_t host, int64_t query_or_0, int64_t severity,
                        int64_t time, FsaText message) {
  sqlite3_stmt *stmt = use(store, STATUS_PUT);
  const int64_t numbers[] = {host, query_or_0, severity, time};
  for (int i = 0; i < 4; i++) sqlite3_bind_int64(stmt, i + 1, numbers[i]);
  bind_text(stmt, 5, message);
  return step(store, stmt, "writing a status line");
}

int fsa_case_put_expected(FsaCase *store, const FsaListedHost *host, const char *source) {
  const char *const texts[] = {host->identifier, host->hostname,  host->platform,
                               host->team,       host->last_seen, source};
  sqlite3_stmt *stmt = use(store, EXPECTED_PUT);
  for (int i = 0; i < 6; i++) bind_text(stmt, i + 1, (FsaText){texts[i], strlen(texts[i])});
  return step(store, stmt, "writing an expected host");
}

int fsa_case_put_list(FsaCase *store, const FsaHostList *list, const char *source) {
  sqlite3_stmt *clear = use(store, EXPECTED_CLEAR);
  bind_text(clear, 1, (FsaText){source, strlen(source)});
  int result = step(store, clear, "emptying the list of expected hosts");
  for (guint i = 0; i < list->hosts->len && result == FSA_OK; i++)
    result = fsa_case_put_expected(store, &g_array_index(list->hosts, FsaListedHost, i), source);
  return result;
}

int fsa_case_list(FsaCase *store, FsaHostList *list) {
  sqlite3_stmt *stmt;
  const char *sql = "SELECT identifier, hostname, platform, team, last_seen FROM expected_host"
                    " ORDER BY identifier, hostname, source";
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the expected hosts");
  int result;
  while ((result = step(store, stmt, "reading the expected hosts")) == FSA_ROW) {
    const char *texts[5];
    for (int i = 0; i < 5; i++) texts[i] = (const char *)sqlite3_column_text(stmt, i);
    result =
        fsa_host_list_add(list, &(FsaListedHost){texts[0], texts[1], texts[2], texts[3], texts[4]});
    if (result != FSA_OK) break;
  }
  sqlite3_finalize(stmt);
  return result;
}

int fsa_case_put_input(FsaCase *store, const char *path, const FsaInputFacts *facts) {
  sqlite3_stmt *stmt = use(store, INPUT_PUT);
  const int64_t numbers[] = {facts->bytes,    facts->lines,      facts->entries,   facts->other,
                             facts->rejected, facts->lost_bytes, facts->file_bytes};
  bind_text(stmt, 1, (FsaText){path, strlen(path)});
  for (int i = 0; i < 7; i++) sqlite3_bind_int64(stmt, i + 2, numbers[i]);
  bind_text(stmt, 9, (FsaText){facts->sha256, strlen(facts->sha256)});
  return step(store, stmt, "writing an input");
}

int fsa_case_put_reject(FsaCase *store, const char *path, int64_t line, int64_t offset,
                        int64_t lost, const char *why) {
  sqlite3_stmt *stmt = use(store, REJECT_PUT);
  bind_text(stmt, 1, (FsaText){path, strlen(path)});
  sqlite3_bind_int64(stmt, 2, offset);
  sqlite3_bind_int64(stmt, 3, line);
  sqlite3_bind_int64(stmt, 4, lost);
  bind_text(stmt, 5, (FsaText){why, strlen(why)});
  return step(store, stmt, "writing a rejected line");
}

int fsa_case_put_meta(FsaCase *store, const FsaQueryMeta *meta, bool *ret_changed) {
  int64_t query;
  int result = fsa_case_query(store, (FsaText){meta->name, strlen(meta->name)}, &query);
  if (result != FSA_OK) return result;
  FsaBuffer text = fsa_buffer(FSA_MAX_META_BYTES);
  fsa_query_meta_print(meta, &text);
  const char *wanted = fsa_buffer_text(&text);
  sqlite3_stmt *find = use(store, META_FIND), *put = use(store, META_PUT);
  sqlite3_bind_int64(find, 1, query);
  result = step(store, find, "reading a query");
  bool same = false;
  if (result == FSA_ROW) {
    const char *stored = (const char *)sqlite3_column_text(find, 0);
    same = stored && strcmp(stored, wanted) == 0;
    sqlite3_reset(find);
  }
  if (result >= 0 && !same) {
    sqlite3_bind_int64(put, 1, query);
    bind_text(put, 2, (FsaText){wanted, strlen(wanted)});
    result = step(store, put, "writing a query");
  }
  fsa_buffer_done(&text);
  if (result < 0) return result;
  *ret_changed = !same;
  return FSA_OK;
}

static int read_meta(FsaCase *store, sqlite3_stmt *stmt, FsaBuffer *out) {
  int result, count = 0;
  fsa_buffer_puts(out, "{\"queries\":{");
  while ((result = step(store, stmt, "reading the queries")) == FSA_ROW) {
    if (count++) fsa_buffer_putc(out, ',');
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    fsa_buffer_json(out, name, (size_t)sqlite3_column_bytes(stmt, 0));
    fsa_buffer_putc(out, ':');
    fsa_buffer_puts(out, (const char *)sqlite3_column_text(stmt, 1));
  }
  fsa_buffer_puts(out, "}}");
  return result == FSA_OK ? out->error : result;
}

int fsa_case_meta(FsaCase *store, FsaPackMeta *meta) {
  sqlite3_stmt *stmt;
  const char *sql = "SELECT name, meta FROM query WHERE meta IS NOT NULL", *why = NULL;
  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_fault(store, "reading the queries");
  FsaBuffer text = fsa_buffer(FSA_MAX_META_BYTES);
  int result = read_meta(store, stmt, &text);
  if (result == FSA_OK) result = fsa_pack_meta_read(meta, fsa_buffer_text(&text), text.size, &why);
  if (why) fsa_buffer_printf(&store->message, "the case's query metadata: %s", why);
  fsa_buffer_done(&text);
  sqlite3_finalize(stmt);
  return result;
}
