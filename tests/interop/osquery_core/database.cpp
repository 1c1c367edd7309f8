/*
 * The core's SQL. What a user's SQL may do is limited as in osquery: reading, tables and views of
 * one's own, a few pragmas; never ATTACH.
 */
#include "database.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>

#include "virtual_table.h"

namespace osquery_core {

static const std::set<int> ALLOWED_ACTIONS = {
    SQLITE_READ,             SQLITE_SELECT,         SQLITE_INSERT,         SQLITE_UPDATE,
    SQLITE_DELETE,           SQLITE_CREATE_VTABLE,  SQLITE_DROP_VTABLE,    SQLITE_CREATE_VIEW,
    SQLITE_DROP_VIEW,        SQLITE_CREATE_TABLE,   SQLITE_DROP_TABLE,     SQLITE_CREATE_TEMP_TABLE,
    SQLITE_DROP_TEMP_TABLE,  SQLITE_FUNCTION,       SQLITE_RECURSIVE,      SQLITE_TRANSACTION,
    SQLITE_CREATE_TEMP_VIEW, SQLITE_DROP_TEMP_VIEW,
};
static const std::set<std::string> ALLOWED_PRAGMAS = {
    "table_info",   "table_xinfo",         "function_list",
    "journal_mode", "case_sensitive_like", "collation_list",
};

static int authorize(void *, int action, const char *first, const char *, const char *,
                     const char *) {
  if (ALLOWED_ACTIONS.count(action)) return SQLITE_OK;
  if (action != SQLITE_PRAGMA || first == nullptr) return SQLITE_DENY;
  std::string pragma = first;
  std::transform(pragma.begin(), pragma.end(), pragma.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ALLOWED_PRAGMAS.count(pragma) ? SQLITE_OK : SQLITE_DENY;
}

Database::Database(const Settings &settings, Registry &registry) {
  host_.registry = &registry;
  host_.default_index = settings.default_index;
  sqlite3_open(":memory:", &db_);
  sqlite3_exec(db_, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=0",
               nullptr, nullptr, nullptr);
  for (const std::string &name : settings.core_tables) add_core_table(name);
  sqlite3_set_authorizer(db_, authorize, nullptr);
}

Database::~Database() {
  sqlite3_close(db_);
}

/* What stands in for a table of osquery's own is there to have its name. */
void Database::add_core_table(const std::string &name) {
  char *sql = sqlite3_mprintf("CREATE TEMP TABLE \"%w\"(origin TEXT);"
                              "INSERT INTO \"%w\" VALUES ('core')",
                              name.c_str(), name.c_str());
  sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  sqlite3_free(sql);
}

Status Database::attach(const std::string &table) {
  std::lock_guard<std::recursive_mutex> lock(attach_mutex_);
  int rc = sqlite3_create_module(db_, table.c_str(), virtual_table_module(), &host_);
  if (rc == SQLITE_OK || rc == SQLITE_MISUSE) {
    const std::string sql = "CREATE VIRTUAL TABLE temp." + table + " USING " + table;
    rc = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  if (rc == SQLITE_OK) return Status();
  return Status(rc, rc == SQLITE_ERROR ? "SQLITE_ERROR" : sqlite3_errstr(rc));
}

void Database::detach(const std::string &table) {
  std::lock_guard<std::recursive_mutex> lock(attach_mutex_);
  sqlite3_exec(db_, ("DROP TABLE IF EXISTS temp." + table).c_str(), nullptr, nullptr, nullptr);
}

Status Database::step_all(sqlite3_stmt *statement, RowSink &sink) {
  if (statement == nullptr) return Status(); /* blanks or a comment */
  int rc = sink.columns(statement) ? sqlite3_step(statement) : SQLITE_DONE;
  for (; rc == SQLITE_ROW; rc = sqlite3_step(statement)) sink.row(statement);
  Status status = rc == SQLITE_DONE ? Status() : Status(1, sqlite3_errmsg(db_));
  sqlite3_finalize(statement);
  return status;
}

Status Database::query(const std::string &sql, RowSink &sink) {
  const char *rest = sql.c_str();
  Status status;
  while (*rest != '\0' && status.ok()) {
    std::lock_guard<std::recursive_mutex> lock(attach_mutex_);
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v2(db_, rest, -1, &statement, &rest) != SQLITE_OK)
      status = Status(1, sqlite3_errmsg(db_));
    else
      status = step_all(statement, sink);
  }
  std::lock_guard<std::recursive_mutex> lock(attach_mutex_);
  for (TableShape *shape : host_.shapes) shape->plans.clear();
  return status;
}

DatabasePool::DatabasePool(const Settings &settings, Registry &registry)
    : settings_(settings), registry_(registry), primary_(settings, registry) {
  sqlite3_soft_heap_limit64(1); /* sorting goes to files, as in osquery */
}

static void attach_all(Database &database, Registry &registry) {
  for (const auto &entry : registry.extension_tables()) {
    osq::PluginResponse response;
    /*
     * asked here and once more by CREATE; a table that does not answer is missing, nothing is
     * said
     */
    if (registry.call("table", entry.first, {{"action", "columns"}}, response).ok())
      database.attach(entry.first);
  }
}

Status DatabasePool::query(const std::string &sql, RowSink &sink, size_t &ret_calls) {
  std::unique_lock<std::mutex> mine(in_use_, std::try_to_lock);
  if (mine.owns_lock()) {
    const size_t before = primary_.generate_calls();
    Status status = primary_.query(sql, sink);
    ret_calls = primary_.generate_calls() - before;
    return status;
  }
  Database transient(settings_, registry_);
  attach_all(transient, registry_);
  Status status = transient.query(sql, sink);
  ret_calls = transient.generate_calls();
  return status;
}

} /* namespace osquery_core */
