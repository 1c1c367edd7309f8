/*
 * The time guard: calls of the kernel that may never return, made by one worker with a limit.
 *
 * Asking a synchronous pipe for its name waits for the read that its owner makes on it, perhaps for
 * ever. The worker lives as long as the guard; one that sticks is ended and replaced, so there is
 * one thread however many handles stick. A worker that the kernel does not let end is left behind,
 * and after FSA_MAX_STUCK_WORKERS of those the guard refuses: a thread is never made per handle.
 */
#ifndef FSA_OS_WINDOWS_GUARD_H
#define FSA_OS_WINDOWS_GUARD_H

#include "os/windows/host.h"

/* A guard belongs to one thread at a time. */
typedef struct WindowsGuard WindowsGuard;

/* What a guarded call leaves. It lies in the worker's memory, which outlives a call that sticks. */
typedef struct WindowsAnswer {
  NtStatus status;
  ULONG size; /* bytes that were filled */
  /* a name needs 16 + 65535 bytes, and what comes with it little; for any structure */
  _Alignas(16) uint8_t bytes[72 << 10];
} WindowsAnswer;

/*
 * Runs on the worker: native calls and nothing else, as it may be ended in the middle of one; no
 * memory is taken, no lock, nothing of the C library that keeps something per thread.
 */
typedef void WindowsGuarded(HANDLE handle, WindowsAnswer *answer);

/* Starts no thread before the first call. FSA_E_NOMEM is the one error. */
int windows_guard_new(WindowsGuard **ret_guard);

/* Ends the worker. Accepts NULL. */
void windows_guard_free(WindowsGuard *guard);

/*
 * Makes the call and closes `handle`, which closing may stick as well. *ret_answer lives until the
 * next call. FSA_E_TIMEOUT when there was no answer within `limit_ms`, FSA_E_LIMIT when no worker
 * can be had any more, FSA_E_NOMEM; `handle` is closed then too, as far as the kernel lets it be.
 */
int windows_guard_call(WindowsGuard *guard, WindowsGuarded *call, HANDLE handle, DWORD limit_ms,
                       const WindowsAnswer **ret_answer);

#endif
