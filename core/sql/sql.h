/*
 * SQL: one sqlite3_module over all descriptors, and the schema in every form that people read.
 *
 * Table names in SQL carry the prefix "fsa_". Works the same in the shell, the loadable module and
 * any program that links SQLite. Needs SQLite 3.38 or later.
 */
#ifndef FSA_SQL_SQL_H
#define FSA_SQL_SQL_H

#include "engine/scan.h"

struct sqlite3;

/*
 * Makes every table known to `db`. The engine must outlive the connection; with `owned` the
 * connection frees it when it closes. An SQLite result code; on failure *ret_message (may be NULL)
 * is static text.
 */
int fsa_sql_register(struct sqlite3 *db, FsaEngine *engine, bool owned, const char **ret_message);

/* The value subtype that marks a text as JSON, the same as SQLite's own JSON functions use. */
#define FSA_SQL_JSON_SUBTYPE 74

typedef enum FsaSchemaForm {
  FSA_SCHEMA_SQL,      /* CREATE TABLE statements, for .schema */
  FSA_SCHEMA_MARKDOWN, /* docs/tables.md */
  FSA_SCHEMA_JSON,     /* one array of tables */
  FSA_SCHEMA_OSQUERY,  /* the route table of the extension: column, type, options */
  FSA_SCHEMA_FLEET,    /* one YAML document of Fleet's schema/tables */
} FsaSchemaForm;

/* The table with that name ("fsa_x" or "x"), or NULL. */
const FsaTable *fsa_schema_find(const char *name);

/*
 * Appends the description of `table` (NULL = all tables, with what the form wants around them).
 */
void fsa_schema_print(FsaBuffer *out, FsaSchemaForm form, const FsaTable *table);

/* The generated table list of the README: one Markdown row per table. */
void fsa_schema_print_list(FsaBuffer *out);

#endif
