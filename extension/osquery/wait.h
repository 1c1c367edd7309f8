/*
 * Waiting: for the time, for a signal that ends the program, for another thread.
 *
 * Belongs to the main thread, but for fsa_wait_wake().
 */
#ifndef FSA_OSQUERY_WAIT_H
#define FSA_OSQUERY_WAIT_H

#include <stdint.h>

typedef enum FsaWaited {
  FSA_WAITED_TIME, /* the time is over */
  /* somebody wants the program to end: SIGTERM, SIGINT, SIGHUP; on Windows the console, or the
     osquery that started it is gone */
  FSA_WAITED_SIGNAL,
  FSA_WAITED_WOKEN, /* fsa_wait_wake() was called */
} FsaWaited;

/* Before there are threads: from now on signals wait for fsa_wait(). SIGPIPE is ignored. */
void fsa_wait_prepare(void);

FsaWaited fsa_wait(int64_t milliseconds);

/* Ends fsa_wait(), the one that runs or the next. */
void fsa_wait_wake(void);

#endif
