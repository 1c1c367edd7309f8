/*
 * What Ctrl-C does.
 *
 * The statics below are an exception to the rule against them: a handler gets no context. A
 * second Ctrl-C while the first one still waits for a scan that does not answer ends the program.
 */
#include "interrupt.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "engine/scan.h"
#include "os/program.h"

#define EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells report it */

static _Atomic(sqlite3 *) watched_db;
static _Atomic(FsaEngine *) watched_engine;
static atomic_int signals;

static void on_interrupt(void) {
  sqlite3 *db = atomic_load(&watched_db);
  FsaEngine *engine = atomic_load(&watched_engine);
  if (!db || !engine || atomic_fetch_add(&signals, 1) > 0) _Exit(EXIT_INTERRUPTED);
  sqlite3_interrupt(db); /* allowed in a handler while the connection lives */
  fsa_engine_interrupt(engine, true);
}

void fsa_interrupt_watch(sqlite3 *db, FsaEngine *engine) {
  atomic_store(&watched_db, db);
  atomic_store(&watched_engine, engine);
  fsa_program_on_interrupt(db ? on_interrupt : NULL);
}

void fsa_interrupt_begin(void) {
  FsaEngine *engine = atomic_load(&watched_engine);
  atomic_store(&signals, 0);
  if (engine) fsa_engine_interrupt(engine, false);
}

bool fsa_interrupt_came(void) {
  return atomic_load(&signals) > 0;
}
