/* The schema in every form that people read, printed from the descriptors. */
#include <string.h>

#include "sql/layout.h"

const FsaTable *fsa_schema_find(const char *name) {
  if (strncmp(name, "fsa_", 4) == 0) name += 4;
  for (size_t i = 0; i < fsa_table_count; i++)
    if (strcmp(fsa_tables[i]->name, name) == 0) return fsa_tables[i];
  return NULL;
}

/* A column's name with the suffix of its ns sibling. */
static void put_name(FsaBuffer *out, const LayoutColumn *column) {
  fsa_buffer_printf(out, "%s%s", column->name, column->part == LAYOUT_NS ? "_ns" : "");
}

/* Text in a cell of a Markdown table. */
static void put_cell(FsaBuffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '|') fsa_buffer_putc(out, '\\');
    fsa_buffer_putc(out, *text == '\n' ? ' ' : *text);
  }
}

/* ---- Markdown ---- */

static const struct {
  unsigned bit;
  const char *name;
} source_names[] = {
    {FSA_LIVE_WINDOWS, "live Windows"},     {FSA_LIVE_LINUX, "live Linux"},
    {FSA_WINDOWS_VOLUME, "Windows volume"}, {FSA_LINUX_ROOT, "Linux root"},
    {FSA_MINIDUMP, "process dump"},         {FSA_LOOSE_FILE, "loose file"},
};

static void put_sources(FsaBuffer *out, unsigned sources) {
  const char *between = "";
  for (size_t i = 0; i < sizeof source_names / sizeof *source_names; i++) {
    if (!(sources & source_names[i].bit)) continue;
    fsa_buffer_printf(out, "%s%s", between, source_names[i].name);
    between = ", ";
  }
}

static void markdown_column(FsaBuffer *out, const LayoutColumn *column) {
  fsa_buffer_puts(out, "| `");
  put_name(out, column);
  fsa_buffer_printf(out, "` | %s | %s%s | ", layout_type_name(column->type),
                    column->key ? "key " : "", column->hidden ? "hidden" : "");
  put_cell(out, column->help);
  fsa_buffer_puts(out, " |\n");
}

static void markdown_table(FsaBuffer *out, const FsaTable *table) {
  fsa_buffer_printf(out, "## fsa_%s\n\n%s\n\n", table->name, table->summary);
  fsa_buffer_printf(out, "- **A row proves:** %s\n", table->proves);
  fsa_buffer_printf(out, "- **A missing row does not prove:** %s\n", table->caveat);
  fsa_buffer_puts(out, "- **Evidence:** ");
  put_sources(out, table->sources);
  fsa_buffer_printf(out, "\n\n```sql\n%s;\n```\n\n", table->example);
  fsa_buffer_puts(out, "| column | type | | meaning |\n| --- | --- | --- | --- |\n");
  for (int i = LAYOUT_FIRST; i < LAYOUT_FIRST + table->column_count; i++) {
    LayoutColumn column = layout_column(table, i);
    markdown_column(out, &column);
  }
  fsa_buffer_putc(out, '\n');
}

static void markdown_head(FsaBuffer *out) {
  fsa_buffer_puts(
      out, "# Tables\n\nPrinted by `fsa schema --markdown` from the tables themselves; a test "
           "compares this file with it.\n\nEvery table also has the hidden columns `evidence` "
           "(its argument: `fsa_x('/cases/42')`), `source`, `source_offset` and `partial`, and "
           "for each time a hidden `<name>_ns` in ns since 1970 UTC; times themselves are Unix "
           "seconds. Unknown is NULL. **key**: constraints on the column are pushed down, so "
           "that what cannot match is not read.\n\n");
}

void fsa_schema_print_list(FsaBuffer *out) {
  fsa_buffer_puts(out, "| table | what a row is | evidence |\n| --- | --- | --- |\n");
  for (size_t i = 0; i < fsa_table_count; i++) {
    fsa_buffer_printf(out, "| [`fsa_%s`](docs/tables.md#fsa_%s) | ", fsa_tables[i]->name,
                      fsa_tables[i]->name);
    put_cell(out, fsa_tables[i]->summary);
    fsa_buffer_puts(out, " | ");
    put_sources(out, fsa_tables[i]->sources);
    fsa_buffer_puts(out, " |\n");
  }
}

/* ---- JSON ---- */

static void put_json(FsaBuffer *out, const char *key, const char *text) {
  fsa_buffer_printf(out, "\"%s\":", key);
  fsa_buffer_json(out, text, strlen(text));
}

static void json_sources(FsaBuffer *out, unsigned sources) {
  const char *between = "";
  fsa_buffer_puts(out, ",\"sources\":[");
  for (size_t i = 0; i < sizeof source_names / sizeof *source_names; i++) {
    if (!(sources & source_names[i].bit)) continue;
    fsa_buffer_printf(out, "%s\"%s\"", between, source_names[i].name);
    between = ",";
  }
  fsa_buffer_putc(out, ']');
}

static void json_column(FsaBuffer *out, const LayoutColumn *column) {
  fsa_buffer_puts(out, "{\"name\":\"");
  put_name(out, column);
  fsa_buffer_printf(out, "\",\"type\":\"%s\",\"hidden\":%s,\"key\":%s,",
                    layout_type_name(column->type), column->hidden ? "true" : "false",
                    column->key ? "true" : "false");
  put_json(out, "description", column->help);
  fsa_buffer_putc(out, '}');
}

static void json_table(FsaBuffer *out, const FsaTable *table) {
  fsa_buffer_printf(out, "{\"name\":\"fsa_%s\",", table->name);
  put_json(out, "summary", table->summary);
  fsa_buffer_putc(out, ',');
  put_json(out, "proves", table->proves);
  fsa_buffer_putc(out, ',');
  put_json(out, "caveat", table->caveat);
  fsa_buffer_putc(out, ',');
  put_json(out, "example", table->example);
  json_sources(out, table->sources);
  fsa_buffer_puts(out, ",\"columns\":[");
  for (int i = 0; i < layout_count(table); i++) {
    LayoutColumn column = layout_column(table, i);
    if (i) fsa_buffer_putc(out, ',');
    json_column(out, &column);
  }
  fsa_buffer_puts(out, "]}");
}

/* ---- osquery ---- */

static void osquery_table(FsaBuffer *out, const FsaTable *table) {
  fsa_buffer_printf(out, "\"fsa_%s\":[", table->name);
  for (int i = 0; i < layout_count(table); i++) {
    LayoutColumn column = layout_column(table, i);
    fsa_buffer_printf(out, "%s{\"id\":\"column\",\"name\":\"", i ? "," : "");
    put_name(out, &column);
    fsa_buffer_printf(out, "\",\"type\":\"%s\",\"op\":\"%d\"}", layout_osquery_type(&column),
                      layout_osquery_options(&column));
  }
  fsa_buffer_putc(out, ']');
}

/* ---- Fleet ---- */

/* A YAML block scalar: no character of a sentence needs escaping in it. */
static void yaml_block(FsaBuffer *out, const char *key, const char *text, const char *indent) {
  fsa_buffer_printf(out, "%s%s: >-\n%s  %s\n", indent, key, indent, text);
}

static const char *fleet_type(FsaType type) {
  switch (type) {
  case FSA_INTEGER: return "bigint";
  case FSA_DOUBLE: return "double";
  default: return "text"; /* osquery carries a BLOB as text */
  }
}

static void fleet_table(FsaBuffer *out, const FsaTable *table) {
  fsa_buffer_printf(out, "name: fsa_%s\n", table->name);
  yaml_block(out, "description", table->summary, "");
  fsa_buffer_puts(out, "platforms:\n");
  if (table->sources & (FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME))
    fsa_buffer_puts(out, "  - windows\n");
  if (table->sources & (FSA_LIVE_LINUX | FSA_LINUX_ROOT)) fsa_buffer_puts(out, "  - linux\n");
  fsa_buffer_puts(
      out, "evented: false\nnotes: |-\n  Part of the FSA Tables extension, not of osquery core.\n");
  fsa_buffer_printf(out, "  A row proves: %s\n  A missing row does not prove: %s\n", table->proves,
                    table->caveat);
  fsa_buffer_printf(out, "examples: |-\n  ```sql\n  %s;\n  ```\ncolumns:\n", table->example);
  for (int i = 0; i < layout_count(table); i++) {
    LayoutColumn column = layout_column(table, i);
    fsa_buffer_puts(out, "  - name: ");
    put_name(out, &column);
    fsa_buffer_printf(out, "\n    type: %s\n", fleet_type(column.type));
    yaml_block(out, "description", column.help, "    ");
    fsa_buffer_printf(out, "    required: false\n%s", column.hidden ? "    hidden: true\n" : "");
  }
}

/* ---- all forms ---- */

static void print_table(FsaBuffer *out, FsaSchemaForm form, const FsaTable *table) {
  switch (form) {
  case FSA_SCHEMA_SQL: layout_create_table(out, table, true); break;
  case FSA_SCHEMA_MARKDOWN: markdown_table(out, table); break;
  case FSA_SCHEMA_JSON: json_table(out, table); break;
  case FSA_SCHEMA_OSQUERY: osquery_table(out, table); break;
  case FSA_SCHEMA_FLEET: fleet_table(out, table); break;
  default: break;
  }
}

void fsa_schema_print(FsaBuffer *out, FsaSchemaForm form, const FsaTable *table) {
  const bool is_json = form == FSA_SCHEMA_JSON || form == FSA_SCHEMA_OSQUERY;
  if (form == FSA_SCHEMA_MARKDOWN && !table) markdown_head(out);
  if (is_json) fsa_buffer_puts(out, form == FSA_SCHEMA_JSON ? "[" : "{");
  for (size_t i = 0; i < fsa_table_count; i++) {
    if (table && fsa_tables[i] != table) continue;
    if (is_json && i > 0 && !table) fsa_buffer_puts(out, ",\n");
    print_table(out, form, fsa_tables[i]);
  }
  if (is_json) fsa_buffer_puts(out, form == FSA_SCHEMA_JSON ? "]\n" : "}\n");
}
