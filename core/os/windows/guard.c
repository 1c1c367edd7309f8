/* The time guard: one worker for calls that may never return. */
#include "os/windows/guard.h"

#include <stdlib.h>

/* Enough for native calls; a worker that is left behind costs no more. */
#define STACK_BYTES (64u << 10)

/* How long an ended worker may take to be gone, ms: it is only late when the kernel holds it. */
#define END_MS 100u

/* How long a worker may take to begin, ms: it needs the loader's lock, which others may hold. */
#define BEGIN_MS 5000u

typedef struct Worker {
  HANDLE thread, wake, done;
  WindowsGuarded *call;     /* NULL = close the handle only */
  HANDLE handle;            /* NULL = end */
  volatile LONG is_closing; /* closing `handle` has begun: whoever ended the worker leaves it */
  WindowsAnswer answer;
} Worker;

struct WindowsGuard {
  Worker *worker;                       /* NULL = none yet, or it stuck */
  Worker *stuck[FSA_MAX_STUCK_WORKERS]; /* ended, but the kernel still holds them */
  size_t stuck_count;
};

/* ---- the worker ------------------------------------------------------------------------------ */

static DWORD WINAPI work(void *context) {
  Worker *worker = context;
  SetEvent(worker->done); /* that it began */
  for (;;) {
    WaitForSingleObject(worker->wake, INFINITE);
    if (!worker->handle) return 0;
    if (worker->call) worker->call(worker->handle, &worker->answer);
    InterlockedExchange(&worker->is_closing, 1);
    nt.NtClose(worker->handle);
    SetEvent(worker->done);
  }
}

/* The thread is gone, or there never was one. */
static void worker_free(Worker *worker) {
  if (worker->thread) CloseHandle(worker->thread);
  if (worker->wake) CloseHandle(worker->wake);
  if (worker->done) CloseHandle(worker->done);
  free(worker);
}

static Worker *worker_new(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
  worker->done = CreateEventW(NULL, FALSE, FALSE, NULL);
  if (worker->wake && worker->done)
    worker->thread =
        CreateThread(NULL, STACK_BYTES, work, worker, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (!worker->thread) {
    worker_free(worker);
    return NULL;
  }
  /* a busy machine must not look like a call that sticks */
  SetThreadPriority(worker->thread, THREAD_PRIORITY_ABOVE_NORMAL);
  return worker;
}

/*
 * False when the worker does not begin; it then ends itself as soon as it does. Only one that has
 * begun may be ended by us: before, it holds the loader's lock, which would never be given back.
 */
static bool has_begun(Worker *worker) {
  if (WaitForSingleObject(worker->done, BEGIN_MS) == WAIT_OBJECT_0) return true;
  SetEvent(worker->wake);
  return false;
}

/* ---- the guard ------------------------------------------------------------------------------- */

/* Gives back workers that the kernel has let go meanwhile. */
static void reap(WindowsGuard *guard) {
  size_t kept = 0;
  for (size_t i = 0; i < guard->stuck_count; i++) {
    Worker *worker = guard->stuck[i];
    if (WaitForSingleObject(worker->thread, 0) == WAIT_OBJECT_0)
      worker_free(worker);
    else
      guard->stuck[kept++] = worker;
  }
  guard->stuck_count = kept;
}

/* Makes sure that there is a worker, which sleeps. */
static int need_worker(WindowsGuard *guard) {
  if (guard->worker) return FSA_OK;
  if (guard->stuck_count) reap(guard);
  if (guard->stuck_count == FSA_MAX_STUCK_WORKERS) return FSA_E_LIMIT;
  Worker *worker = worker_new();
  if (!worker) return FSA_E_NOMEM;
  if (!has_begun(worker)) {
    guard->stuck[guard->stuck_count++] = worker;
    return FSA_E_TIMEOUT;
  }
  guard->worker = worker;
  return FSA_OK;
}

/*
 * Ends the worker in the middle of its call; it waits in the kernel and holds nothing of ours. True
 * when it had begun to close the handle, whose number may then mean another one already.
 */
static bool end_worker(WindowsGuard *guard) {
  Worker *worker = guard->worker;
  guard->worker = NULL;
  TerminateThread(worker->thread, 0);
  const bool is_gone = WaitForSingleObject(worker->thread, END_MS) == WAIT_OBJECT_0;
  const bool was_closing = InterlockedCompareExchange(&worker->is_closing, 0, 0) != 0;
  if (is_gone)
    worker_free(worker);
  else
    guard->stuck[guard->stuck_count++] = worker;
  return was_closing;
}

/* True when the worker did it within the limit. */
static bool run(WindowsGuard *guard, WindowsGuarded *call, HANDLE handle, DWORD limit_ms) {
  Worker *worker = guard->worker;
  worker->call = call;
  worker->handle = handle;
  worker->answer.status = NT_NOT_IMPLEMENTED;
  worker->answer.size = 0;
  InterlockedExchange(&worker->is_closing, 0);
  SetEvent(worker->wake);
  return WaitForSingleObject(worker->done, limit_ms) == WAIT_OBJECT_0;
}

int windows_guard_new(WindowsGuard **ret_guard) {
  WindowsGuard *guard = calloc(1, sizeof *guard);
  if (!guard) return FSA_E_NOMEM;
  *ret_guard = guard;
  return FSA_OK;
}

void windows_guard_free(WindowsGuard *guard) {
  if (!guard) return;
  Worker *worker = guard->worker;
  if (worker) {
    worker->handle = NULL;
    SetEvent(worker->wake);
    WaitForSingleObject(worker->thread, INFINITE); /* it sleeps: nothing can hold it */
    worker_free(worker);
  }
  /* what the kernel still holds may write into its memory at any time: that is never given back */
  reap(guard);
  free(guard);
}

int windows_guard_call(WindowsGuard *guard, WindowsGuarded *call, HANDLE handle, DWORD limit_ms,
                       const WindowsAnswer **ret_answer) {
  const int result = need_worker(guard);
  if (result != FSA_OK) {
    nt.NtClose(handle);
    return result;
  }
  if (run(guard, call, handle, limit_ms)) {
    *ret_answer = &guard->worker->answer;
    return FSA_OK;
  }
  /* Our copy of the handle, left open, would keep a pipe from breaking when its owner closes it. */
  if (!end_worker(guard) && need_worker(guard) == FSA_OK && !run(guard, NULL, handle, FSA_GUARD_MS))
    end_worker(guard);
  return FSA_E_TIMEOUT;
}
