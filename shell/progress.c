/* The progress line and the thread that draws it. */
#include "progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "os/console.h"
#include "terminal.h"

#define TICK_NS (FSA_NS_PER_SECOND / 5)
#define PATIENCE_NS FSA_NS_PER_SECOND
#define MAX_LINE 256

struct FsaProgress {
  pthread_t thread;
  pthread_mutex_t lock; /* guards all below but `rows` */
  pthread_cond_t wake;
  FsaStream screen; /* standard error */
  bool is_ending, is_active, is_shown;
  char what[64];
  size_t done, total;
  int64_t since, since_all; /* monotonic ns: of this piece, of the first one */
  atomic_uint_fast64_t rows;
};

static int remaining_text(const FsaProgress *p, int64_t now, char *out, size_t room) {
  if (p->total < 2 || p->done == 0) return snprintf(out, room, "%s", "");
  int64_t left = (now - p->since_all) / (int64_t)p->done * (int64_t)(p->total - p->done);
  return snprintf(out, room, ", about %lld s left", (long long)(left / FSA_NS_PER_SECOND + 1));
}

static void draw(FsaProgress *p) {
  int64_t now = fsa_clock_monotonic();
  if (now - p->since < PATIENCE_NS && !p->is_shown) return;
  char line[MAX_LINE], left[64], count[64] = "";
  remaining_text(p, now, left, sizeof left);
  if (p->total > 1) snprintf(count, sizeof count, "[%zu/%zu] ", p->done + 1, p->total);
  int length = snprintf(line, sizeof line, "\r\033[K%s%s: %llu rows, %lld s%s", count, p->what,
                        (unsigned long long)atomic_load(&p->rows),
                        (long long)((now - p->since) / FSA_NS_PER_SECOND), left);
  if (length < 0) return;
  size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
  size_t columns = fsa_terminal_columns(&p->screen) + strlen("\r\033[K") - 1;
  fsa_stream_write(&p->screen, line, size < columns ? size : columns);
  p->is_shown = true;
}

static void wipe(FsaProgress *p) {
  if (!p->is_shown) return;
  fsa_stream_write(&p->screen, "\r\033[K", 4);
  p->is_shown = false;
}

static void *run(void *context) {
  FsaProgress *p = context;
  pthread_mutex_lock(&p->lock);
  while (!p->is_ending) {
    if (!p->is_active) {
      pthread_cond_wait(&p->wake, &p->lock);
      continue;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)TICK_NS;
    if (until.tv_nsec >= FSA_NS_PER_SECOND) {
      until.tv_sec++;
      until.tv_nsec -= (long)FSA_NS_PER_SECOND;
    }
    pthread_cond_timedwait(&p->wake, &p->lock, &until);
    if (p->is_active && !p->is_ending) draw(p);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

FsaProgress *fsa_progress_new(void) {
  const FsaStream screen = fsa_stream_standard(FSA_STANDARD_ERROR);
  if (!fsa_console_has_escapes(&screen)) return NULL;
  FsaProgress *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->screen = screen;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  if (pthread_create(&p->thread, NULL, run, p) == 0) return p;
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free(p);
  return NULL;
}

void fsa_progress_free(FsaProgress *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  wipe(p);
  p->is_ending = true;
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->thread, NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

void fsa_progress_begin(FsaProgress *p, const char *what, size_t done, size_t total) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  snprintf(p->what, sizeof p->what, "%s", what);
  p->done = done;
  p->total = total;
  p->since = fsa_clock_monotonic();
  if (done == 0) p->since_all = p->since;
  atomic_store(&p->rows, 0);
  p->is_active = true;
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

void fsa_progress_rows(FsaProgress *p, uint64_t rows) {
  if (p) atomic_store_explicit(&p->rows, rows, memory_order_relaxed);
}

void fsa_progress_hide(FsaProgress *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  wipe(p);
  p->is_active = false;
  pthread_mutex_unlock(&p->lock);
}
