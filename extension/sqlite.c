/*
 * fsa.so, fsa.dll: the tables as a loadable module.
 *
 *   .load ./fsa
 *   SELECT name, summary FROM fsa_tables;
 *   SELECT path FROM fsa_shimcache('/cases/42');
 *
 * FSA_EVIDENCE in the environment sets the default evidence. The module links no SQLite of its own.
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "os/program.h"
#include "sql/sql.h"

#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
    int sqlite3_fsa_init(sqlite3 *db, char **ret_error, const sqlite3_api_routines *api);

int sqlite3_fsa_init(sqlite3 *db, char **ret_error, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api);
  FsaEngine *engine = NULL;
  FsaArena arena = fsa_arena(0);
  const FsaEngineOptions options = {.evidence = fsa_program_variable("FSA_EVIDENCE", &arena)};
  const char *message = "out of memory";
  int result = fsa_engine_new(&options, &engine) == FSA_OK ? SQLITE_OK : SQLITE_NOMEM;
  fsa_arena_done(&arena);
  if (result == SQLITE_OK) result = fsa_sql_register(db, engine, true, &message);
  if (result != SQLITE_OK && ret_error) *ret_error = sqlite3_mprintf("fsa: %s", message);
  return result;
}
