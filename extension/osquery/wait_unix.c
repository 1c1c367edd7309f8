/* Signals are blocked in every thread and taken by the main thread, one at a time: no handler runs.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "osquery/wait.h"

#define WAKE SIGUSR1

/* What fsa_wait() takes. Who starts us with a signal ignored (nohup) wants it to stay so. */
static sigset_t awaited(void) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  struct sigaction action;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, WAKE);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
      sigaddset(&set, signals[i]);
  return set;
}

void fsa_wait_prepare(void) {
  const sigset_t set = awaited();
  signal(SIGPIPE, SIG_IGN);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

FsaWaited fsa_wait(int64_t milliseconds) {
  const sigset_t set = awaited();
  const struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
                                .tv_nsec = (milliseconds % 1000) * 1000000};
  int signal_number = sigtimedwait(&set, NULL, &time);
  if (signal_number == WAKE) return FSA_WAITED_WOKEN;
  return signal_number > 0 ? FSA_WAITED_SIGNAL : FSA_WAITED_TIME; /* EINTR: a little early */
}

void fsa_wait_wake(void) {
  kill(getpid(), WAKE);
}
