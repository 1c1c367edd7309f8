/*
 * xBestIndex in osquery's manner: cost 1 as soon as one usable term stands on an index, required or
 * additional column, else a million; the number of rows is never estimated. What is no index is
 * left to SQLite. Terms that SQLite reports of the first column without meaning it (LIMIT, OFFSET)
 * pass too.
 */
#include <atomic>

#include "virtual_table.h"

namespace osquery_core {

static constexpr double MAX_COST = 1000000;
/* Identifies a plan over all databases and queries. */
static std::atomic<int> next_plan_id{0};

/*
 * osquery compares texts byte by byte and SQLite by collation: it never asks a table for a range
 * of them.
 */
static bool is_sensible(const Column &column, unsigned char op) {
  if (column.type != ColumnType::text) return true;
  return op != SQLITE_INDEX_CONSTRAINT_GT && op != SQLITE_INDEX_CONSTRAINT_GE &&
         op != SQLITE_INDEX_CONSTRAINT_LT && op != SQLITE_INDEX_CONSTRAINT_LE;
}

struct Choice {
  Plan plan;
  double cost = MAX_COST;
  bool has_required = false;
};

static void consider(const TableShape &shape, sqlite3_index_info *info, int i, Choice &choice) {
  const auto &term = info->aConstraint[i];
  if (!term.usable || term.iColumn < 0 ||
      static_cast<size_t>(term.iColumn) >= shape.columns.size())
    return;
  const Column &column = shape.columns[static_cast<size_t>(term.iColumn)];
  if (!is_sensible(column, term.op)) {
    choice.cost += 10;
    return;
  }
  if (!(column.options & (OPTION_INDEX | OPTION_REQUIRED | OPTION_ADDITIONAL))) return;
  if (column.options & OPTION_REQUIRED) choice.has_required = true;
  choice.cost = 1;

  unsigned char op = term.op;
  if (sqlite3_vtab_in(info, i, -1) && (column.options & OPTION_OPTIMIZED)) {
    sqlite3_vtab_in(info, i, 1);
    op = OP_IN;
  }
  choice.plan.constraints.push_back({column.name, {op, ""}});
  info->aConstraintUsage[i].argvIndex = static_cast<int>(choice.plan.constraints.size());
}

/* SQLite has one bit for each of the first 63 columns and one for all others. */
static bool is_used(uint64_t bits, size_t column) {
  return (bits >> (column < 63 ? column : 63) & 1) != 0;
}

int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
  TableShape &shape = reinterpret_cast<VirtualTable *>(base)->shape;
  Choice choice;
  for (int i = 0; i < info->nConstraint; i++) consider(shape, info, i, choice);

  bool wants_required = false;
  choice.plan.used_bits = info->colUsed;
  for (size_t i = 0; i < shape.columns.size(); i++) {
    if (!is_used(info->colUsed, i)) continue;
    choice.plan.used.insert(shape.columns[i].name);
    wants_required |= (shape.columns[i].options & OPTION_REQUIRED) != 0;
  }
  if (wants_required && !choice.has_required) choice.cost = MAX_COST;

  info->idxNum = next_plan_id++;
  info->estimatedCost = choice.cost;
  shape.plans[info->idxNum] = std::move(choice.plan);
  return SQLITE_OK;
}

} /* namespace osquery_core */
