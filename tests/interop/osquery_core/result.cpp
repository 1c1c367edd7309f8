/*
 * What becomes of a query's rows.
 */
#include "result.h"

#include <iomanip>
#include <sstream>

namespace osquery_core {

static std::string type_name(sqlite3_stmt *statement, int column) {
  const char *type = sqlite3_column_decltype(statement, column);
  return type == nullptr ? "UNKNOWN" : type;
}

bool MapRows::columns(sqlite3_stmt *statement) {
  names_.clear();
  for (int i = 0; i < sqlite3_column_count(statement); i++)
    names_.push_back(sqlite3_column_name(statement, i));
  return true;
}

static std::string cell_text(sqlite3_stmt *statement, int column) {
  if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
    std::ostringstream text;
    text << std::setprecision(15) << sqlite3_column_double(statement, column);
    return text.str().find_first_of(".en") == std::string::npos ? text.str() + ".0" : text.str();
  }
  const unsigned char *text = sqlite3_column_text(statement, column);
  return text == nullptr ? "" : reinterpret_cast<const char *>(text);
}

void MapRows::row(sqlite3_stmt *statement) {
  std::map<std::string, std::string> row;
  for (size_t i = 0; i < names_.size(); i++)
    row[names_[i]] = cell_text(statement, static_cast<int>(i));
  rows_.push_back(std::move(row));
}

bool ColumnRows::columns(sqlite3_stmt *statement) {
  for (int i = 0; i < sqlite3_column_count(statement); i++)
    rows_.push_back({{sqlite3_column_name(statement, i), type_name(statement, i)}});
  return false;
}

bool JsonRows::columns(sqlite3_stmt *statement) {
  JsonWriter names, types;
  names.begin_array();
  types.begin_array();
  for (int i = 0; i < sqlite3_column_count(statement); i++) {
    names.text(sqlite3_column_name(statement, i));
    types.text(type_name(statement, i));
  }
  names_ = names.end_array().str();
  types_ = types.end_array().str();
  return true;
}

static std::string hexadecimal(const unsigned char *bytes, int size) {
  static const char DIGITS[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < size; i++) text += {DIGITS[bytes[i] >> 4], DIGITS[bytes[i] & 15]};
  return text;
}

static void write_cell(JsonWriter &json, sqlite3_stmt *statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
  case SQLITE_INTEGER: json.integer(sqlite3_column_int64(statement, column)); break;
  case SQLITE_FLOAT: json.real(sqlite3_column_double(statement, column)); break;
  case SQLITE_NULL: json.null(); break;
  case SQLITE_BLOB: {
    const void *bytes = sqlite3_column_blob(statement, column);
    json.text(hexadecimal(static_cast<const unsigned char *>(bytes),
                          sqlite3_column_bytes(statement, column)));
    break;
  }
  default: {
    const unsigned char *text = sqlite3_column_text(statement, column);
    json.text(std::string(reinterpret_cast<const char *>(text),
                          static_cast<size_t>(sqlite3_column_bytes(statement, column))));
  }
  }
}

void JsonRows::row(sqlite3_stmt *statement) {
  if (!is_open_) rows_.begin_array();
  is_open_ = true;
  rows_.begin_array();
  for (int i = 0; i < sqlite3_column_count(statement); i++) write_cell(rows_, statement, i);
  rows_.end_array();
}

void JsonRows::write(JsonWriter &json) const {
  json.key("columns").raw(names_).key("types").raw(types_);
  json.key("rows").raw(is_open_ ? rows_.str() + "]" : "[]");
}

} /* namespace osquery_core */
