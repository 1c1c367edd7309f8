/*
 * A cell's text as a value of SQLite. A missing cell is an empty one: '' in a TEXT column, NULL in
 * a number's. Numbers are read with base 0 (a leading 0 means octal) and need not end where the
 * text ends.
 */
#include <cstdlib>

#include "virtual_table.h"

namespace osquery_core {

static const std::string EMPTY;

static void result_number(sqlite3_context *context, const std::string &text, bool is_32_bit) {
  try {
    if (is_32_bit)
      sqlite3_result_int(context, static_cast<int>(std::stol(text, nullptr, 0)));
    else
      sqlite3_result_int64(context, std::stoll(text, nullptr, 0));
  } catch (const std::exception &) {
    sqlite3_result_null(context); /* no number, or beyond the signed 64 bits */
  }
}

static void result_real(sqlite3_context *context, const std::string &text) {
  char *end = nullptr;
  double value = strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0')
    sqlite3_result_null(context);
  else
    sqlite3_result_double(context, value);
}

void result_cell(sqlite3_context *context, const Row &row, const Column &column) {
  auto found = row.find(column.name);
  const std::string &text = found == row.end() ? EMPTY : found->second;
  switch (column.type) {
  case ColumnType::text:
  case ColumnType::blob:
    sqlite3_result_text(context, text.c_str(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    break;
  case ColumnType::integer: result_number(context, text, true); break;
  case ColumnType::bigint:
  case ColumnType::unsigned_bigint: result_number(context, text, false); break;
  case ColumnType::real: result_real(context, text); break;
  case ColumnType::unknown: break; /* NULL */
  }
}

bool read_rowid(const Row &row, size_t position, sqlite3_int64 &ret_rowid) {
  auto found = row.find("rowid");
  ret_rowid = static_cast<sqlite3_int64>(position);
  if (found == row.end()) return true;
  try {
    ret_rowid = std::stoll(found->second, nullptr, 10);
    return true;
  } catch (const std::exception &) {
    return false;
  }
}

} /* namespace osquery_core */
