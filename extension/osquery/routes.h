/* The route of a table: its columns as osquery registers them, one map for each. */
#ifndef FSA_OSQUERY_ROUTES_H
#define FSA_OSQUERY_ROUTES_H

#include <glib.h>

#include "fsa.h"

/* A GPtrArray of GHashTable, text to text: what the generated code takes. The caller unrefs it. */
GPtrArray *fsa_routes_of(const FsaTable *table);

#endif
