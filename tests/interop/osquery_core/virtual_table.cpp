/*
 * The SQLite module behind every table of an extension: the table is created from what "columns"
 * says, and each xFilter is one "generate" call whose whole answer is kept until the cursor is used
 * anew. SQLite is never told to omit a test: it looks at every row again.
 */
#include "virtual_table.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace osquery_core {

const Column *TableShape::find(const std::string &column) const {
  for (const Column &candidate : columns)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

void set_error(sqlite3_vtab *table, const std::string &message) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", message.c_str());
}

static VirtualTable *as_table(sqlite3_vtab *base) {
  return reinterpret_cast<VirtualTable *>(base);
}

static Cursor *as_cursor(sqlite3_vtab_cursor *base) {
  return reinterpret_cast<Cursor *>(base);
}

static int create(sqlite3 *db, void *aux, int, const char *const *argv, sqlite3_vtab **ret_table,
                  char **) {
  TableHost *host = static_cast<TableHost *>(aux);
  const std::string name = argv[0];
  osq::PluginResponse routes;
  if (!host->registry->call("table", name, {{"action", "columns"}}, routes).ok() || routes.empty())
    return SQLITE_ERROR;
  int rc = sqlite3_declare_vtab(db, create_table_text(name, routes).c_str());
  if (rc != SQLITE_OK) return rc;

  VirtualTable *table = new VirtualTable();
  table->host = host;
  table->shape.name = name;
  table->shape.columns = read_columns(routes, host->default_index);
  host->shapes.push_back(&table->shape);
  *ret_table = &table->base;
  return SQLITE_OK;
}

static int destroy(sqlite3_vtab *base) {
  VirtualTable *table = as_table(base);
  auto &shapes = table->host->shapes;
  shapes.erase(std::remove(shapes.begin(), shapes.end(), &table->shape), shapes.end());
  delete table;
  return SQLITE_OK;
}

static int open(sqlite3_vtab *, sqlite3_vtab_cursor **ret_cursor) {
  *ret_cursor = &(new Cursor())->base;
  return SQLITE_OK;
}

static int close(sqlite3_vtab_cursor *base) {
  delete as_cursor(base);
  return SQLITE_OK;
}

/* A value joins its column's list; NULL never does, an empty text only as a member of an IN. */
static void add_value(QueryContext &context, const std::string &column, Constraint constraint,
                      sqlite3_value *value, bool is_member) {
  const char *text = reinterpret_cast<const char *>(sqlite3_value_text(value));
  if (text == nullptr || (!is_member && *text == '\0')) return;
  constraint.expr = text;
  context.constraints[column].push_back(constraint);
}

/*
 * The plan's IN becomes a plain EQUALS after its first use, as in osquery: when this table is the
 * inner one of a join, every later call comes without the IN's values.
 */
static void add_argument(QueryContext &context, std::pair<std::string, Constraint> &planned,
                         sqlite3_value *argument) {
  if (planned.second.op != OP_IN) {
    add_value(context, planned.first, planned.second, argument, false);
    return;
  }
  planned.second.op = OP_EQUALS;
  sqlite3_value *member = nullptr;
  for (int rc = sqlite3_vtab_in_first(argument, &member); rc == SQLITE_OK && member != nullptr;
       rc = sqlite3_vtab_in_next(argument, &member))
    add_value(context, planned.first, planned.second, member, true);
}

/* Any term on any required column will do, whatever became of its value. */
static bool lacks_required(const TableShape &shape, const Plan &plan) {
  auto is_required = [](const Column &column) { return (column.options & OPTION_REQUIRED) != 0; };
  if (std::none_of(shape.columns.begin(), shape.columns.end(), is_required)) return false;
  return std::none_of(plan.constraints.begin(), plan.constraints.end(), [&](const auto &planned) {
    return is_required(*shape.find(planned.first));
  });
}

static int generate(VirtualTable *table, const QueryContext &context, Cursor *cursor) {
  osq::PluginResponse rows;
  table->host->generate_calls++;
  Status status = table->host->registry->call(
      "table", table->shape.name, {{"action", "generate"}, {"context", context.to_json()}}, rows);
  if (!status.ok()) {
    set_error(&table->base, status.message);
    return SQLITE_ERROR;
  }
  cursor->rows = std::move(rows);
  return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan_id, const char *, int argc,
                  sqlite3_value **argv) {
  Cursor *cursor = as_cursor(base);
  VirtualTable *table = as_table(base->pVtab);
  Plan &plan = table->shape.plans[plan_id];
  cursor->position = 0;
  cursor->rows.clear();

  QueryContext context;
  context.columns = &table->shape.columns;
  context.used = plan.used;
  context.used_bits = plan.used_bits;
  for (int i = 0; i < argc; i++)
    add_argument(context, plan.constraints[static_cast<size_t>(i)], argv[i]);
  if (lacks_required(table->shape, plan)) {
    set_error(base->pVtab, "Table " + table->shape.name +
                               " was queried without a required column in the WHERE clause");
    return SQLITE_CONSTRAINT;
  }
  return generate(table, context, cursor);
}

static int next(sqlite3_vtab_cursor *base) {
  as_cursor(base)->position++;
  return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base) {
  return as_cursor(base)->position >= as_cursor(base)->rows.size();
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
  const std::vector<Column> &columns = as_table(base->pVtab)->shape.columns;
  const Cursor *cursor = as_cursor(base);
  const size_t index = static_cast<size_t>(number);
  if (index >= columns.size() || cursor->position >= cursor->rows.size()) return SQLITE_ERROR;
  result_cell(context, cursor->rows[cursor->position], columns[index]);
  return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid) {
  const Cursor *cursor = as_cursor(base);
  if (cursor->position >= cursor->rows.size()) return SQLITE_ERROR;
  return read_rowid(cursor->rows[cursor->position], cursor->position, *ret_rowid) ? SQLITE_OK
                                                                                 : SQLITE_ERROR;
}

const sqlite3_module *virtual_table_module() {
  static const sqlite3_module module = [] {
    sqlite3_module made = {};
    made.xCreate = made.xConnect = create;
    made.xDestroy = made.xDisconnect = destroy;
    made.xBestIndex = best_index;
    made.xOpen = open;
    made.xClose = close;
    made.xFilter = filter;
    made.xNext = next;
    made.xEof = eof;
    made.xColumn = column;
    made.xRowid = rowid;
    made.xUpdate = update;
    return made;
  }();
  return &module;
}

} /* namespace osquery_core */
