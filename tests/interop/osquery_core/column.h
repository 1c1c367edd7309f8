/*
 * What a table looks like, read from the route information that an extension registered, and the
 * CREATE TABLE text that osquery declares for it.
 */
#ifndef OSQUERY_CORE_COLUMN_H
#define OSQUERY_CORE_COLUMN_H

#include <string>
#include <vector>

#include "osquery_types.h"

namespace osquery_core {

/* Bits of a column's "op". */
enum ColumnOption : long {
  OPTION_INDEX = 1,
  OPTION_REQUIRED = 2,
  OPTION_ADDITIONAL = 4,
  OPTION_OPTIMIZED = 8,
  OPTION_HIDDEN = 16,
  OPTION_COLLATE_BINARY = 32,
  OPTION_COLLATE_NOCASE = 64,
  OPTION_COLLATE_RTRIM = 128,
};

enum class ColumnType { unknown, text, integer, bigint, unsigned_bigint, real, blob };

struct Column {
  std::string name;
  ColumnType type = ColumnType::unknown;
  long options = 0;
};

/* A wrong type name makes a column of type UNKNOWN, whose cells are all NULL. */
ColumnType column_type(const std::string &name);
const char *column_type_name(ColumnType type);

/*
 * The columns in their order. Entries with another "id" (alias, columnAlias, attributes) change
 * nothing here: no extension of this project sends the first two. `default_index`: a column without
 * options is an index.
 */
std::vector<Column> read_columns(const osq::PluginResponse &routes, bool default_index);

/* The text is made before default_index has its say, so that flag never adds to the primary key. */
std::string create_table_text(const std::string &table, const osq::PluginResponse &routes);

} /* namespace osquery_core */

#endif
