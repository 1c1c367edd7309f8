/* os/windows/guard: calls that answer, calls that never do, and what is left of them. */
#include "os/windows/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "windows/own.h"

static HANDLE event(void) {
  const HANDLE made = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(made);
  return made;
}

static bool is_open(HANDLE handle) {
  DWORD flags;
  return GetHandleInformation(handle, &flags) != 0;
}

static void answer_at_once(HANDLE handle, WindowsAnswer *answer) {
  (void)handle;
  answer->status = 0;
  answer->size = 3;
  memcpy(answer->bytes, "yes", 3);
}

static void answer_never(HANDLE handle, WindowsAnswer *answer) {
  (void)handle, (void)answer;
  Sleep(INFINITE);
}

static void an_answer(void **state) {
  (void)state;
  WindowsGuard *guard;
  const WindowsAnswer *answer;
  assert_int_equal(windows_guard_new(&guard), FSA_OK);
  for (int i = 0; i < 100; i++) {
    const HANDLE handle = event();
    assert_int_equal(windows_guard_call(guard, answer_at_once, handle, 1000, &answer), FSA_OK);
    assert_int_equal(answer->status, 0);
    assert_memory_equal(answer->bytes, "yes", 3);
    assert_false(is_open(handle));
  }
  windows_guard_free(guard);
}

static void no_answer(void **state) {
  (void)state;
  WindowsGuard *guard;
  const WindowsAnswer *answer;
  const HANDLE stuck = event();
  assert_int_equal(windows_guard_new(&guard), FSA_OK);
  const ULONGLONG before = GetTickCount64();
  assert_int_equal(windows_guard_call(guard, answer_never, stuck, 200, &answer), FSA_E_TIMEOUT);
  const ULONGLONG needed = GetTickCount64() - before;
  assert_true(needed >= 150 && needed < 2000);
  assert_false(is_open(stuck));
  assert_int_equal(windows_guard_call(guard, answer_at_once, event(), 1000, &answer), FSA_OK);
  assert_memory_equal(answer->bytes, "yes", 3);
  windows_guard_free(guard);
}

#define MANY 1000

static void a_thousand_do_not_make_a_thousand_threads(void **state) {
  (void)state;
  WindowsGuard *guard;
  const WindowsAnswer *answer;
  assert_int_equal(windows_guard_new(&guard), FSA_OK);
  const int threads = own_threads(), handles = own_handles();
  int most = 0;
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(windows_guard_call(guard, answer_never, event(), 20, &answer), FSA_E_TIMEOUT);
    if (i % 50) continue;
    const int now = own_threads();
    if (now > most) most = now;
  }
  assert_true(most <= threads + 2);
  windows_guard_free(guard);
  assert_int_equal(own_threads(), threads);
  assert_int_equal(own_handles(), handles);
}

static NtStatus(NTAPI *true_close)(HANDLE);
static volatile LONG closings;

static NtStatus NTAPI close_never(HANDLE handle) {
  (void)handle;
  InterlockedIncrement(&closings);
  Sleep(INFINITE);
  return 0;
}

/* Closing may hang as well: it is tried twice at the most, and the guard goes on. */
static void no_closing(void **state) {
  (void)state;
  WindowsGuard *guard;
  const WindowsAnswer *answer;
  const HANDLE first = event(), second = event();
  assert_int_equal(windows_guard_new(&guard), FSA_OK);
  true_close = nt.NtClose;
  nt.NtClose = close_never;
  const int after_call = windows_guard_call(guard, answer_at_once, first, 20, &answer);
  const LONG once = closings;
  const int after_hang = windows_guard_call(guard, answer_never, second, 20, &answer);
  const LONG twice = closings;
  nt.NtClose = true_close;
  assert_int_equal(after_call, FSA_E_TIMEOUT);
  assert_int_equal(once, 1); /* it had begun: a second one might close what is not ours */
  assert_int_equal(after_hang, FSA_E_TIMEOUT);
  assert_int_equal(twice, 2);
  assert_int_equal(windows_guard_call(guard, answer_at_once, event(), 1000, &answer), FSA_OK);
  windows_guard_free(guard);
  CloseHandle(first);
  CloseHandle(second);
}

static void nothing_to_free(void **state) {
  (void)state;
  WindowsGuard *guard;
  windows_guard_free(NULL);
  const int threads = own_threads();
  assert_int_equal(windows_guard_new(&guard), FSA_OK);
  assert_int_equal(own_threads(), threads); /* no call, no thread */
  windows_guard_free(guard);
}

int main(void) {
  nt_load();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer),
      cmocka_unit_test(no_answer),
      cmocka_unit_test(a_thousand_do_not_make_a_thousand_threads),
      cmocka_unit_test(no_closing),
      cmocka_unit_test(nothing_to_free),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
