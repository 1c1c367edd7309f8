/*
 * The context of a `generate` call: what of a query's WHERE clause and column list osquery tells a
 * table, and its JSON.
 */
#ifndef OSQUERY_CORE_QUERY_CONTEXT_H
#define OSQUERY_CORE_QUERY_CONTEXT_H

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "column.h"

namespace osquery_core {

/* Numbers are those of SQLite's SQLITE_INDEX_CONSTRAINT_*, which pass through unchanged. */
enum Operator : unsigned char { OP_EQUALS = 2, OP_IN = 3 };

struct Constraint {
  unsigned char op = 0;
  std::string expr;
};

struct QueryContext {
  const std::vector<Column> *columns = nullptr;
  /* By column name; a column without constraints needs no entry. */
  std::map<std::string, std::vector<Constraint>> constraints;
  std::set<std::string> used;
  uint64_t used_bits = 0;

  std::string to_json() const;
};

} /* namespace osquery_core */

#endif
