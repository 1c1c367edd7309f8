/*
 * What a table looks like, and its CREATE TABLE text.
 */
#include "column.h"

#include <array>
#include <utility>

namespace osquery_core {

static const std::array<std::pair<ColumnType, const char *>, 7> TYPE_NAMES = {{
    {ColumnType::unknown, "UNKNOWN"},
    {ColumnType::text, "TEXT"},
    {ColumnType::integer, "INTEGER"},
    {ColumnType::bigint, "BIGINT"},
    {ColumnType::unsigned_bigint, "UNSIGNED BIGINT"},
    {ColumnType::real, "DOUBLE"},
    {ColumnType::blob, "BLOB"},
}};

ColumnType column_type(const std::string &name) {
  for (const auto &entry : TYPE_NAMES)
    if (name == entry.second) return entry.first;
  return ColumnType::unknown;
}

const char *column_type_name(ColumnType type) {
  for (const auto &entry : TYPE_NAMES)
    if (type == entry.first) return entry.second;
  return "UNKNOWN";
}

static long read_options(const std::map<std::string, std::string> &entry) {
  auto op = entry.find("op");
  if (op == entry.end()) return 0;
  try {
    return std::stol(op->second);
  } catch (const std::exception &) {
    return 0;
  }
}

std::vector<Column> read_columns(const osq::PluginResponse &routes, bool default_index) {
  std::vector<Column> columns;
  for (const auto &entry : routes) {
    auto id = entry.find("id"), name = entry.find("name"), type = entry.find("type");
    if (id == entry.end() || id->second != "column" || name == entry.end() || type == entry.end())
      continue;
    Column column = {name->second, column_type(type->second), read_options(entry)};
    if (default_index && column.options == 0) column.options = OPTION_INDEX;
    columns.push_back(column);
  }
  return columns;
}

static std::string column_text(const Column &column) {
  std::string text = "`" + column.name + "` " + column_type_name(column.type);
  if (column.options & OPTION_HIDDEN) text += " HIDDEN";
  if (column.options & OPTION_COLLATE_BINARY)
    text += " COLLATE BINARY";
  else if (column.options & OPTION_COLLATE_NOCASE)
    text += " COLLATE NOCASE";
  else if (column.options & OPTION_COLLATE_RTRIM)
    text += " COLLATE RTRIM";
  return text;
}

/* The index and additional columns; all columns when there are additional ones but no index. */
static std::vector<std::string> primary_key(const std::vector<Column> &columns) {
  std::vector<std::string> named, all;
  bool indexed = false;
  for (const Column &column : columns) {
    all.push_back(column.name);
    if (column.options & (OPTION_INDEX | OPTION_ADDITIONAL)) named.push_back(column.name);
    indexed |= (column.options & OPTION_INDEX) != 0;
  }
  return named.empty() || indexed ? named : all;
}

std::string create_table_text(const std::string &table, const osq::PluginResponse &routes) {
  const std::vector<Column> columns = read_columns(routes, false);
  std::string text, key;
  for (const Column &column : columns) text += (text.empty() ? "" : ", ") + column_text(column);
  for (const std::string &name : primary_key(columns)) {
    key += key.empty() ? "`" : ", `";
    key += name + "`";
  }
  if (!key.empty()) text += ", PRIMARY KEY (" + key + ")";
  return "CREATE TABLE " + table + "(" + text + ")";
}

} /* namespace osquery_core */
