/*
 * INSERT, UPDATE and DELETE: the extension is asked and says in one row what became of it. Every
 * table of an extension looks writable to SQLite; one that is not answers "readonly".
 */
#include "json.h"
#include "virtual_table.h"

namespace osquery_core {

static std::string value_text(sqlite3_value *value) {
  const char *text = reinterpret_cast<const char *>(sqlite3_value_text(value));
  return text == nullptr ? "" : text;
}

static std::string values_json(int argc, sqlite3_value **argv) {
  JsonWriter json;
  json.begin_array();
  for (int i = 2; i < argc; i++) {
    switch (sqlite3_value_type(argv[i])) {
    case SQLITE_INTEGER: json.integer(sqlite3_value_int64(argv[i])); break;
    case SQLITE_FLOAT: json.real(sqlite3_value_double(argv[i])); break;
    case SQLITE_NULL: json.null(); break;
    default: json.text(value_text(argv[i])); break;
    }
  }
  return json.end_array().str();
}

static osq::PluginRequest write_request(int argc, sqlite3_value **argv) {
  if (argc == 1) return {{"action", "delete"}, {"id", value_text(argv[0])}};
  osq::PluginRequest request = {{"json_value_array", values_json(argc, argv)}};
  const bool has_new_id = sqlite3_value_type(argv[1]) != SQLITE_NULL;
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
    request["action"] = "insert";
    request["auto_rowid"] = has_new_id ? "true" : "false";
    if (has_new_id) request["id"] = value_text(argv[1]);
    return request;
  }
  request["action"] = "update";
  request["id"] = value_text(argv[0]);
  if (has_new_id && value_text(argv[1]) != request["id"]) request["new_id"] = value_text(argv[1]);
  return request;
}

static int read_answer(VirtualTable *table, const osq::PluginResponse &response) {
  auto status = response.size() == 1 ? response[0].find("status") : Row::const_iterator();
  if (response.size() != 1 || status == response[0].end()) return SQLITE_ERROR;
  if (status->second == "success") return SQLITE_OK;
  if (status->second == "constraint") return SQLITE_CONSTRAINT;
  if (status->second == "readonly") {
    set_error(&table->base, "table " + table->shape.name + " may not be modified");
    return SQLITE_READONLY;
  }
  auto message = response[0].find("message");
  if (message != response[0].end()) set_error(&table->base, message->second);
  return SQLITE_ERROR;
}

int update(sqlite3_vtab *base, int argc, sqlite3_value **argv, sqlite3_int64 *ret_rowid) {
  VirtualTable *table = reinterpret_cast<VirtualTable *>(base);
  osq::PluginRequest request = write_request(argc, argv);
  QueryContext context;
  context.columns = &table->shape.columns;
  request["context"] = context.to_json();

  osq::PluginResponse response;
  table->host->registry->call("table", table->shape.name, request, response);
  int rc = read_answer(table, response);
  if (rc == SQLITE_OK && request["action"] == "insert") {
    Row row = request["auto_rowid"] == "true" ? Row{{"rowid", request["id"]}}
                                              : Row{{"rowid", response[0]["id"]}};
    if (!read_rowid(row, 0, *ret_rowid)) return SQLITE_ERROR;
  }
  return rc;
}

} /* namespace osquery_core */
