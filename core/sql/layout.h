/*
 * How a descriptor becomes SQL columns: `evidence` (hidden, so that it is the table's argument),
 * the table's own columns, `source`, `source_offset`, `partial`, and a hidden `<name>_ns` for each
 * time.
 */
#ifndef FSA_SQL_LAYOUT_H
#define FSA_SQL_LAYOUT_H

#include "sql/sql.h"

#define LAYOUT_EVIDENCE 0
#define LAYOUT_FIRST 1 /* the SQL index of the table's column 0 */

/* The hidden columns behind the table's own. */
typedef enum LayoutPart {
  LAYOUT_OWN,
  LAYOUT_ARGUMENT, /* evidence */
  LAYOUT_SOURCE,
  LAYOUT_SOURCE_OFFSET,
  LAYOUT_PARTIAL,
  LAYOUT_NS,
} LayoutPart;

typedef struct LayoutColumn {
  LayoutPart part;
  int column;       /* LAYOUT_OWN, LAYOUT_NS: the table's column; else -1 */
  const char *name; /* LAYOUT_NS: without its "_ns" */
  FsaType type;     /* as SQL sees it: FSA_TEXT, FSA_INTEGER, FSA_DOUBLE or FSA_BLOB */
  bool hidden;
  bool key;      /* constraints on it are pushed down */
  bool argument; /* a key that says what is scanned: `evidence`, FSA_ARGUMENT */
  const char *help;
} LayoutColumn;

/* The number of SQL columns, and one of them. */
int layout_count(const FsaTable *table);
LayoutColumn layout_column(const FsaTable *table, int index);

/* How the keys of a column that is one are compared. */
FsaKeyOrder layout_key_order(const FsaTable *table, const LayoutColumn *column);

/* "TEXT", "BIGINT", "DOUBLE" or "BLOB": osquery's names, which SQLite reads as affinities too. */
const char *layout_type_name(FsaType type);

/*
 * A column as osquery's extensions register it: the type's exact name (a BLOB travels as TEXT, in
 * hexadecimal), and the sum of its options INDEX 1, OPTIMIZED 8, HIDDEN 16. OPTIMIZED is IN in one
 * call; but inside a join osquery gives the values to the first call only, and the rest would be
 * asked without an argument. A column that is no key has OPTIMIZED alone, which means "no
 * constraints": osquery's --extensions_default_index would make 0 an index.
 */
const char *layout_osquery_type(const LayoutColumn *column);
int layout_osquery_options(const LayoutColumn *column);

/* Appends the CREATE TABLE statement; `pretty` with a line and a comment for each column. */
void layout_create_table(FsaBuffer *out, const FsaTable *table, bool pretty);

#endif
