/*
 * The context of a `generate` call as JSON: every column has an entry, sorted by name, its list
 * empty when nothing is asked of it; `op` is a number, `expr` a string.
 */
#include "query_context.h"

#include "json.h"

namespace osquery_core {

static void write_list(JsonWriter &json, const std::vector<Constraint> &list) {
  json.begin_array();
  for (const Constraint &constraint : list) {
    json.begin_object();
    json.key("op").natural(constraint.op);
    json.key("expr").text(constraint.expr);
    json.end_object();
  }
  json.end_array();
}

std::string QueryContext::to_json() const {
  std::map<std::string, ColumnType> sorted;
  for (const Column &column : *columns) sorted[column.name] = column.type;

  JsonWriter json;
  json.begin_object().key("constraints").begin_array();
  for (const auto &[name, type] : sorted) {
    auto found = constraints.find(name);
    json.begin_object().key("name").text(name).key("list");
    write_list(json, found == constraints.end() ? std::vector<Constraint>() : found->second);
    json.key("affinity").text(column_type_name(type)).end_object();
  }
  json.end_array().key("colsUsed").begin_array();
  for (const std::string &name : used) json.text(name);
  json.end_array().key("colsUsedBitset").natural(used_bits).end_object();
  return json.str();
}

} /* namespace osquery_core */
