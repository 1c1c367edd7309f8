/*
 * The SQLite module behind every table of an extension.
 */
#ifndef OSQUERY_CORE_VIRTUAL_TABLE_H
#define OSQUERY_CORE_VIRTUAL_TABLE_H

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "column.h"
#include "database.h"
#include "query_context.h"

namespace osquery_core {

/*
 * What xBestIndex found, for the xFilter that follows: constraints in the order of its
 * arguments.
 */
struct Plan {
  std::vector<std::pair<std::string, Constraint>> constraints;
  std::set<std::string> used;
  uint64_t used_bits = 0;
};

struct TableShape {
  std::string name;
  std::vector<Column> columns;
  std::map<int, Plan> plans;

  const Column *find(const std::string &column) const;
};

struct VirtualTable {
  sqlite3_vtab base; /* first, as SQLite wants it */
  TableHost *host;
  TableShape shape;
};

using Row = std::map<std::string, std::string>;

struct Cursor {
  sqlite3_vtab_cursor base; /* first, as SQLite wants it */
  std::vector<Row> rows;
  size_t position;
};

const sqlite3_module *virtual_table_module();

/* Replaces the message that SQLite shows for a failure of this table. */
void set_error(sqlite3_vtab *table, const std::string &message);

/* best_index.cpp: costs and what is passed to xFilter. */
int best_index(sqlite3_vtab *table, sqlite3_index_info *info);

/* cell.cpp: the text of a cell becomes a value of the column's type. */
void result_cell(sqlite3_context *context, const Row &row, const Column &column);
/* False when the row's own "rowid" is no number. */
bool read_rowid(const Row &row, size_t position, sqlite3_int64 &ret_rowid);

/* write_request.cpp: INSERT, UPDATE and DELETE, which an extension may refuse. */
int update(sqlite3_vtab *table, int argc, sqlite3_value **argv, sqlite3_int64 *ret_rowid);

} /* namespace osquery_core */

#endif
