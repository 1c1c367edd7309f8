/* The SQL columns of a descriptor. */
#include "sql/layout.h"

static int count_times(const FsaTable *table) {
  int count = 0;
  for (int i = 0; i < table->column_count; i++) count += table->columns[i].type == FSA_TIME;
  return count;
}

int layout_count(const FsaTable *table) {
  return LAYOUT_FIRST + table->column_count + 3 + count_times(table);
}

static FsaType sql_type(FsaType type) {
  switch (type) {
  case FSA_INTEGER:
  case FSA_BOOL:
  case FSA_TIME: return FSA_INTEGER;
  case FSA_DOUBLE: return FSA_DOUBLE;
  case FSA_BLOB: return FSA_BLOB;
  case FSA_TEXT:
  case FSA_HEX:
  case FSA_JSON:
  default: return FSA_TEXT;
  }
}

static LayoutColumn own_column(const FsaTable *table, int column) {
  const FsaColumn *c = &table->columns[column];
  return (LayoutColumn){.part = LAYOUT_OWN,
                        .column = column,
                        .name = c->name,
                        .type = sql_type(c->type),
                        .hidden = (c->flags & FSA_HIDDEN) != 0,
                        .key = (c->flags & FSA_KEY) != 0,
                        .argument = (c->flags & FSA_ARGUMENT) != 0,
                        .help = c->help};
}

static LayoutColumn ns_column(const FsaTable *table, int number) {
  for (int i = 0; i < table->column_count; i++)
    if (table->columns[i].type == FSA_TIME && number-- == 0)
      return (LayoutColumn){.part = LAYOUT_NS,
                            .column = i,
                            .name = table->columns[i].name,
                            .type = FSA_INTEGER,
                            .hidden = true,
                            .key = (table->columns[i].flags & FSA_KEY) != 0,
                            .help = "The same time at full precision, ns since 1970 UTC."};
  return (LayoutColumn){.part = LAYOUT_NS, .column = -1, .name = ""};
}

LayoutColumn layout_column(const FsaTable *table, int index) {
  static const LayoutColumn common[] = {
      {LAYOUT_SOURCE, -1, "source", FSA_TEXT, true, false, false,
       "Where the row came from inside the evidence: file path, registry key or pid; NULL when it "
       "concerns the evidence as a whole."},
      {LAYOUT_SOURCE_OFFSET, -1, "source_offset", FSA_INTEGER, true, false, false,
       "Byte offset of the record inside `source`; NULL where there is none."},
      {LAYOUT_PARTIAL, -1, "partial", FSA_INTEGER, true, false, false,
       "1 when a problem was recorded for the same subject before this row, else 0."},
  };
  if (index == LAYOUT_EVIDENCE)
    return (LayoutColumn){LAYOUT_ARGUMENT,
                          -1,
                          "evidence",
                          FSA_TEXT,
                          true,
                          true,
                          true,
                          "The evidence that was asked; give it as the table's argument. Default: "
                          "the door's (this host, or -e PATH)."};
  index -= LAYOUT_FIRST;
  if (index < table->column_count) return own_column(table, index);
  index -= table->column_count;
  if (index >= 3) return ns_column(table, index - 3);
  LayoutColumn column = common[index];
  if (column.part == LAYOUT_SOURCE) column.key = table->subject == FSA_FILE;
  return column;
}

FsaKeyOrder layout_key_order(const FsaTable *table, const LayoutColumn *column) {
  if (column->type != FSA_INTEGER) return FSA_BY_TEXT;
  const bool is_time =
      column->part == LAYOUT_OWN && table->columns[column->column].type == FSA_TIME;
  return is_time ? FSA_BY_SECONDS : FSA_BY_NUMBER;
}

const char *layout_type_name(FsaType type) {
  switch (sql_type(type)) {
  case FSA_INTEGER: return "BIGINT";
  case FSA_DOUBLE: return "DOUBLE";
  case FSA_BLOB: return "BLOB";
  default: return "TEXT";
  }
}

const char *layout_osquery_type(const LayoutColumn *column) {
  return layout_type_name(column->type == FSA_BLOB ? FSA_TEXT : column->type);
}

int layout_osquery_options(const LayoutColumn *column) {
  enum { INDEX = 1, OPTIMIZED = 8, HIDDEN = 16 };
  return (column->key ? INDEX : 0) | (column->argument ? 0 : OPTIMIZED) |
         (column->hidden ? HIDDEN : 0);
}

void layout_create_table(FsaBuffer *out, const FsaTable *table, bool pretty) {
  const int count = layout_count(table);
  fsa_buffer_printf(out, "CREATE TABLE fsa_%s(", table->name);
  for (int i = 0; i < count; i++) {
    LayoutColumn column = layout_column(table, i);
    fsa_buffer_puts(out, pretty ? "\n  " : "");
    fsa_buffer_printf(out, "%s%s %s%s%s", column.name, column.part == LAYOUT_NS ? "_ns" : "",
                      layout_type_name(column.type), column.hidden ? " HIDDEN" : "",
                      i + 1 < count ? "," : "");
    if (pretty) fsa_buffer_printf(out, "  -- %s", column.help);
  }
  fsa_buffer_puts(out, pretty ? "\n);\n" : ")");
}
