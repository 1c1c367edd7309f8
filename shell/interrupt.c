/*
 * The signal handler.
 *
 * The statics below are the one exception to the rule against them: a handler gets no context. A
 * second Ctrl-C while the first one still waits for a scan that does not answer ends the program.
 */
#include "interrupt.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#define EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells report it */

static _Atomic(sqlite3 *) watched;
static atomic_int signals;

static void on_interrupt(int number) {
  (void)number;
  sqlite3 *db = atomic_load(&watched);
  if (!db || atomic_fetch_add(&signals, 1) > 0) _exit(EXIT_INTERRUPTED);
  sqlite3_interrupt(db); /* allowed in a handler while the connection lives */
}

void fsa_interrupt_watch(sqlite3 *db) {
  atomic_store(&watched, db);
  struct sigaction action = {0};
  action.sa_handler = db ? on_interrupt : SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}

void fsa_interrupt_begin(void) { atomic_store(&signals, 0); }

bool fsa_interrupt_came(void) { return atomic_load(&signals) > 0; }
