/*
 * The core's SQL: one primary SQLite database that all queries share, and a transient one, with
 * every table attached anew, for a query that comes while the primary is busy.
 */
#ifndef OSQUERY_CORE_DATABASE_H
#define OSQUERY_CORE_DATABASE_H

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "registry.h"
#include "settings.h"
#include "status.h"

namespace osquery_core {

struct TableShape;

/* What a virtual table knows of the database that it stands in. */
struct TableHost {
  Registry *registry = nullptr;
  bool default_index = true;
  /* The `generate` calls made for this database. */
  size_t generate_calls = 0;
  /* Those whose plans must go when the query is over. */
  std::vector<TableShape *> shapes;
};

/* Receives what a query gives, statement by statement. */
class RowSink {
public:
  virtual ~RowSink() = default;
  /* False when the statement is not to be run. */
  virtual bool columns(sqlite3_stmt *statement) = 0;
  virtual void row(sqlite3_stmt *statement) = 0;
};

class Database {
public:
  Database(const Settings &settings, Registry &registry);
  ~Database();
  Database(const Database &) = delete;
  Database &operator=(const Database &) = delete;

  Status attach(const std::string &table);
  void detach(const std::string &table);
  /* Runs every statement of `sql`. */
  Status query(const std::string &sql, RowSink &sink);
  size_t generate_calls() const { return host_.generate_calls; }

private:
  Status step_all(sqlite3_stmt *statement, RowSink &sink);
  void add_core_table(const std::string &name);

  sqlite3 *db_ = nullptr;
  TableHost host_;
  /*
   * Held for each statement: a table is attached to or detached from a database that is not in
   * use.
   */
  std::recursive_mutex attach_mutex_;
};

/* Who wants to ask, gets the primary database or, when it is taken, one of his own. */
class DatabasePool {
public:
  DatabasePool(const Settings &settings, Registry &registry);

  Database &primary() { return primary_; }
  /* ret_calls: the generate calls that the query took. */
  Status query(const std::string &sql, RowSink &sink, size_t &ret_calls);

private:
  const Settings &settings_;
  Registry &registry_;
  Database primary_;
  std::mutex in_use_;
};

} /* namespace osquery_core */

#endif
