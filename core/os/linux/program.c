/* Arguments, environment, signals and random bytes of a program on Linux. */
#include "os/program.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/result.h"

/* UTF-8 on the way in and out, whatever the environment forgot to say. */
int fsa_program_begin(int *argc, char ***argv) {
  (void)argc, (void)argv;
  if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
    setlocale(LC_CTYPE, "C.UTF-8");
  return FSA_OK;
}

const char *fsa_program_variable(const char *name, FsaArena *arena) {
  (void)arena;
  return getenv(name);
}

/* The one exception to the rule against statics: a signal handler gets no context. */
static _Atomic(FsaInterruptHandler *) on_interrupt;

static void on_signal(int number) {
  (void)number;
  FsaInterruptHandler *handler = atomic_load(&on_interrupt);
  const int saved = errno;
  if (handler) handler();
  errno = saved;
}

void fsa_program_on_interrupt(FsaInterruptHandler *handler) {
  struct sigaction action = {0};
  sigemptyset(&action.sa_mask);
  atomic_store(&on_interrupt, handler);
  action.sa_handler = handler ? on_signal : SIG_DFL;
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}

bool fsa_program_random(void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t got = getrandom((char *)bytes + done, size - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}
