/*
 * What becomes of a query's rows: maps of texts, as osquery's own interface gives them, or JSON
 * with the types of the values, as the tests want them.
 */
#ifndef OSQUERY_CORE_RESULT_H
#define OSQUERY_CORE_RESULT_H

#include "database.h"
#include "json.h"
#include "osquery_types.h"

namespace osquery_core {

/* Columns of the same name fall together; NULL is ''; a text ends at its first NUL. */
class MapRows : public RowSink {
public:
  bool columns(sqlite3_stmt *statement) override;
  void row(sqlite3_stmt *statement) override;
  osq::PluginResponse take() { return std::move(rows_); }

private:
  std::vector<std::string> names_;
  osq::PluginResponse rows_;
};

/*
 * Runs nothing. A row {name: type} for each column; UNKNOWN for an expression, whose type
 * osquery guesses.
 */
class ColumnRows : public RowSink {
public:
  bool columns(sqlite3_stmt *statement) override;
  void row(sqlite3_stmt *) override {}
  osq::PluginResponse take() { return std::move(rows_); }

private:
  osq::PluginResponse rows_;
};

/*
 * "columns", "types" and "rows" of an open JSON object; of several statements the last one's
 * columns.
 */
class JsonRows : public RowSink {
public:
  bool columns(sqlite3_stmt *statement) override;
  void row(sqlite3_stmt *statement) override;
  void write(JsonWriter &json) const;

private:
  std::string names_ = "[]", types_ = "[]";
  JsonWriter rows_;
  bool is_open_ = false;
};

} /* namespace osquery_core */

#endif
