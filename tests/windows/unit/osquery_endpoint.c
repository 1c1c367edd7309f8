/*
 * Named pipes behind the osquery door's endpoint: what a manager, a caller and a stranger can do to
 * one. All ends are in this program; other programs' ends are in tests/windows/osquery.py.
 */
#include <windows.h>

#include <aclapi.h>
#include <pthread.h>
#include <sddl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "osquery/endpoint.h"

#define SHORT 100   /* ms, for what must not come */
#define LONG 10000  /* ms, for what must come */
#define CALLERS 100 /* at once */
#define ROUNDS 1000

static char path[128];
static FsaListener *listener;
static FsaError error;

/* Each test has a pipe of its own name. */
static int open_listener(void **state) {
  static int number;
  (void)state;
  snprintf(path, sizeof path, "\\\\.\\pipe\\fsa-test.%lu.%d", GetCurrentProcessId(), number++);
  error = (FsaError){0};
  return fsa_listener_open(path, &listener, &error);
}

static int close_listener(void **state) {
  (void)state;
  fsa_listener_close(listener);
  listener = NULL;
  return 0;
}

/* Both ends of a connection. */
static void meet(FsaChannel **ret_caller, FsaChannel **ret_served) {
  assert_int_equal(fsa_channel_connect(path, ret_caller, &error), FSA_OK);
  assert_int_equal(fsa_listener_accept(listener, ret_served), FSA_OK);
}

static HANDLE open_plainly(void) {
  return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

/* ---- names ---- */

static void a_path_must_be_a_pipes_name(void **state) {
  (void)state;
  static const char *const others[] = {"", "C:\\osquery.em", "/var/osquery/osquery.em",
                                       "\\\\.\\pipe\\", "\\\\host\\pipe\\osquery.em"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_equal(fsa_endpoint_check(others[i], 0, &error), FSA_E_USAGE);
  assert_int_equal(fsa_endpoint_check(fsa_endpoint_default(), 6, &error), FSA_OK);
  assert_int_equal(fsa_endpoint_check("\\\\.\\PIPE\\osquery.em", 6, &error), FSA_OK);
}

static void a_name_has_256_characters_at_most(void **state) {
  char name[300] = "\\\\.\\pipe\\";
  (void)state;
  memset(name + strlen(name), 'x', 250 - strlen(name));
  assert_int_equal(fsa_endpoint_check(name, 6, &error), FSA_OK);
  assert_int_equal(fsa_endpoint_check(name, 7, &error), FSA_E_LIMIT);
  assert_non_null(strstr(error.message, "250 bytes"));
}

/* ---- connecting ---- */

static void where_nobody_listens_is_nothing(void **state) {
  FsaChannel *channel;
  (void)state;
  assert_int_equal(fsa_channel_connect("\\\\.\\pipe\\fsa-test.nothing", &channel, &error),
                   FSA_E_ABSENT);
  assert_non_null(strstr(error.message, "is osqueryd running"));
}

static HANDLE make_pipe(const char *sddl, DWORD instances) {
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
  assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(
      sddl, SDDL_REVISION_1, &security.lpSecurityDescriptor, NULL));
  HANDLE pipe = CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX, 0, instances, 1024, 1024, 0, &security);
  LocalFree(security.lpSecurityDescriptor);
  assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
  return pipe;
}

/* Owners: LOCAL SERVICE, an account, SYSTEM, Administrators. */
static void a_strangers_pipe_is_not_used(void **state) {
  static const struct {
    const char *sddl;
    int result;
  } pipes[] = {{"O:LSD:(A;;FA;;;WD)", FSA_E_ACCESS},
               {"O:S-1-5-21-1-2-3-1001D:(A;;FA;;;WD)", FSA_E_ACCESS},
               {"O:SYD:(A;;FA;;;WD)", FSA_OK},
               {"O:BAD:(A;;FA;;;WD)", FSA_OK}};
  (void)state;
  for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++) {
    FsaChannel *channel = NULL;
    snprintf(path, sizeof path, "\\\\.\\pipe\\fsa-test.owner.%zu", i);
    HANDLE pipe = make_pipe(pipes[i].sddl, 1);
    assert_int_equal(fsa_channel_connect(path, &channel, &error), pipes[i].result);
    if (pipes[i].result != FSA_OK) assert_non_null(strstr(error.message, "S-1-5-"));
    fsa_channel_close(channel);
    CloseHandle(pipe);
  }
}

static void a_busy_manager_is_waited_for_three_seconds(void **state) {
  FsaChannel *channel;
  (void)state;
  snprintf(path, sizeof path, "\\\\.\\pipe\\fsa-test.busy");
  HANDLE pipe = make_pipe("D:(A;;FA;;;WD)", 1), first = open_plainly();
  const int64_t begin = fsa_clock_monotonic();
  assert_int_equal(fsa_channel_connect(path, &channel, &error), FSA_E_STALE);
  const int64_t took = fsa_clock_monotonic() - begin;
  assert_in_range(took / 1000000, 2500, 6000);
  CloseHandle(first);
  CloseHandle(pipe);
}

/* ---- channels ---- */

static void bytes_go_both_ways(void **state) {
  static char sent[300000], got[sizeof sent];
  FsaChannel *caller, *served;
  (void)state;
  meet(&caller, &served);
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (char)(i * 7);
  assert_int_equal(fsa_channel_write(caller, "ask", 3, LONG), FSA_OK);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 3);
  assert_memory_equal(got, "ask", 3);
  /* what fits the system's buffer waits there for its reader */
  assert_int_equal(fsa_channel_write(served, sent, 60000, LONG), FSA_OK);
  for (size_t have = 0; have < 60000;) {
    const int64_t more = fsa_channel_read(caller, got + have, sizeof got - have, LONG);
    assert_true(more > 0);
    have += (size_t)more;
  }
  assert_memory_equal(got, sent, 60000);
  fsa_channel_close(caller);
  fsa_channel_close(served);
}

static void *write_much(void *argument) {
  static char bytes[3 << 20];
  return (void *)(intptr_t)fsa_channel_write(argument, bytes, sizeof bytes, LONG);
}

static void more_than_the_system_holds_arrives(void **state) {
  static char got[100000];
  FsaChannel *caller, *served;
  pthread_t writer;
  void *result;
  size_t have = 0;
  (void)state;
  meet(&caller, &served);
  assert_int_equal(pthread_create(&writer, NULL, write_much, served), 0);
  while (have < 3 << 20) {
    const int64_t more = fsa_channel_read(caller, got, sizeof got, LONG);
    assert_true(more > 0);
    have += (size_t)more;
  }
  pthread_join(writer, &result);
  assert_int_equal((intptr_t)result, FSA_OK);
  fsa_channel_close(caller);
  fsa_channel_close(served);
}

static void what_was_written_is_read_after_the_end(void **state) {
  FsaChannel *caller, *served;
  char got[16];
  (void)state;
  meet(&caller, &served);
  assert_int_equal(fsa_channel_write(served, "farewell", 8, LONG), FSA_OK);
  fsa_channel_close(served);
  assert_int_equal(fsa_channel_read(caller, got, sizeof got, LONG), 8);
  assert_int_equal(fsa_channel_read(caller, got, sizeof got, LONG), 0);
  assert_int_equal(fsa_channel_write(caller, "x", 1, LONG), FSA_E_IO);
  fsa_channel_close(caller);
}

static void who_says_nothing_is_not_waited_for(void **state) {
  FsaChannel *caller, *served;
  char got[16];
  (void)state;
  meet(&caller, &served);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, SHORT), FSA_E_TIMEOUT);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, 0), FSA_E_TIMEOUT);
  /* nothing is lost by a wait that was cut short */
  assert_int_equal(fsa_channel_write(caller, "late", 4, LONG), FSA_OK);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 4);
  fsa_channel_close(caller);
  fsa_channel_close(served);
}

static void who_reads_nothing_is_not_waited_for(void **state) {
  static char much[1 << 20];
  FsaChannel *caller, *served;
  (void)state;
  meet(&caller, &served);
  assert_int_equal(fsa_channel_write(served, much, sizeof much, SHORT), FSA_E_TIMEOUT);
  fsa_channel_close(caller);
  assert_int_equal(fsa_channel_write(served, much, sizeof much, SHORT), FSA_E_IO);
  fsa_channel_close(served);
}

/* On a pipe one can write nothing, and the reader wakes for it. */
static void nothing_is_no_end(void **state) {
  FsaChannel *served;
  char got[16];
  DWORD moved;
  (void)state;
  HANDLE caller = open_plainly();
  assert_int_equal(fsa_listener_accept(listener, &served), FSA_OK);
  assert_true(WriteFile(caller, "", 0, &moved, NULL));
  assert_true(WriteFile(caller, "more", 4, &moved, NULL));
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 4);
  CloseHandle(caller);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 0);
  fsa_channel_close(served);
}

/* ---- ending a channel from another thread ---- */

static void *read_for_long(void *argument) {
  char got[16];
  return (void *)(intptr_t)fsa_channel_read(argument, got, sizeof got, LONG);
}

static void shutting_wakes_both_sides(void **state) {
  FsaChannel *caller, *served;
  pthread_t reader, other;
  void *result;
  char got[16];
  (void)state;
  meet(&caller, &served);
  assert_int_equal(fsa_channel_write(caller, "ask", 3, LONG), FSA_OK);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 3);
  const int64_t begin = fsa_clock_monotonic();
  assert_int_equal(pthread_create(&reader, NULL, read_for_long, served), 0);
  assert_int_equal(pthread_create(&other, NULL, read_for_long, caller), 0);
  Sleep(SHORT);
  fsa_channel_shut(served);
  pthread_join(reader, &result);
  assert_int_equal((intptr_t)result, 0);
  pthread_join(other, &result);
  assert_int_equal((intptr_t)result, 0);
  assert_true(fsa_clock_monotonic() - begin < INT64_C(5000000000));
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 0);
  assert_int_equal(fsa_channel_write(served, "x", 1, LONG), FSA_E_IO);
  fsa_channel_close(caller);
  fsa_channel_close(served);
}

static void shutting_keeps_a_reply_that_is_not_read_yet(void **state) {
  FsaChannel *caller, *served;
  char got[16];
  (void)state;
  meet(&caller, &served);
  assert_int_equal(fsa_channel_write(caller, "ask", 3, LONG), FSA_OK);
  assert_int_equal(fsa_channel_read(served, got, sizeof got, LONG), 3);
  assert_int_equal(fsa_channel_write(served, "reply", 5, LONG), FSA_OK);
  fsa_channel_shut(served);
  fsa_channel_close(served);
  assert_int_equal(fsa_channel_read(caller, got, sizeof got, LONG), 5);
  assert_int_equal(fsa_channel_read(caller, got, sizeof got, LONG), 0);
  fsa_channel_close(caller);
}

/* ---- listening ---- */

static void osquerys_own_rights_are_on_the_pipe(void **state) {
  PSECURITY_DESCRIPTOR security;
  char *sddl, *sid, expected[300], room[128];
  DWORD size;
  HANDLE token;
  (void)state;
  HANDLE pipe = open_plainly();
  assert_int_equal(GetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                   NULL, NULL, &security),
                   ERROR_SUCCESS);
  assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorA(
      security, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &sddl, NULL));
  assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  assert_true(GetTokenInformation(token, TokenUser, room, sizeof room, &size));
  assert_true(ConvertSidToStringSidA(((TOKEN_USER *)room)->User.Sid, &sid));
  snprintf(expected, sizeof expected, "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;%s)", sid);
  assert_string_equal(sddl, expected);
  LocalFree(security);
  LocalFree(sddl);
  LocalFree(sid);
  CloseHandle(token);
  CloseHandle(pipe);
}

static void bytes_and_not_messages(void **state) {
  DWORD flags, most, mode;
  (void)state;
  HANDLE pipe = open_plainly();
  assert_true(GetNamedPipeInfo(pipe, &flags, NULL, NULL, &most));
  assert_int_equal(flags & PIPE_TYPE_MESSAGE, 0);
  assert_true(most >= PIPE_UNLIMITED_INSTANCES); /* Wine has a larger number for it */
  assert_true(GetNamedPipeHandleStateA(pipe, &mode, NULL, NULL, NULL, NULL, 0));
  assert_int_equal(mode & PIPE_READMODE_MESSAGE, 0);
  CloseHandle(pipe);
}

/* Wine knows no first instance; what it gives is a pipe that two listen at. */
static void a_second_listener_is_refused(void **state) {
  FsaListener *second = NULL;
  (void)state;
  const int result = fsa_listener_open(path, &second, &error);
  fsa_listener_close(second);
  if (GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version")) skip();
  assert_int_equal(result, FSA_E_ACCESS);
  assert_non_null(strstr(error.message, "another program has that name"));
}

/* As osquery's table `pipes` does with every pipe of the host. */
static void who_comes_and_goes_leaves_the_listener_alone(void **state) {
  FsaChannel *channel;
  char got[16];
  (void)state;
  for (int i = 0; i < 50; i++) {
    HANDLE caller = open_plainly();
    assert_ptr_not_equal(caller, INVALID_HANDLE_VALUE);
    CloseHandle(caller);
    assert_int_equal(fsa_listener_accept(listener, &channel), FSA_OK);
    assert_int_equal(fsa_channel_read(channel, got, sizeof got, LONG), 0);
    fsa_channel_close(channel);
  }
}

static void one_instance_always_waits(void **state) {
  FsaChannel *callers[CALLERS], *served[CALLERS];
  (void)state;
  for (int i = 0; i < CALLERS; i++) {
    assert_true(WaitNamedPipeA(path, 1)); /* how osquery asks whether an extension is there */
    meet(&callers[i], &served[i]);
  }
  assert_true(WaitNamedPipeA(path, 1));
  for (int i = 0; i < CALLERS; i++) {
    fsa_channel_close(callers[i]);
    fsa_channel_close(served[i]);
  }
}

static void *wake_later(void *argument) {
  Sleep(SHORT);
  fsa_listener_wake(argument);
  return NULL;
}

static void waking_ends_accepting_for_good(void **state) {
  FsaChannel *channel;
  pthread_t waker;
  (void)state;
  assert_int_equal(pthread_create(&waker, NULL, wake_later, listener), 0);
  assert_int_equal(fsa_listener_accept(listener, &channel), FSA_E_CANCELLED);
  assert_int_equal(fsa_listener_accept(listener, &channel), FSA_E_CANCELLED);
  pthread_join(waker, NULL);
}

static void the_name_is_free_after_closing(void **state) {
  FsaChannel *channel;
  (void)state;
  assert_true(fsa_listener_is_reachable(listener));
  fsa_listener_close(listener);
  assert_int_equal(fsa_channel_connect(path, &channel, &error), FSA_E_ABSENT);
  assert_int_equal(fsa_listener_open(path, &listener, &error), FSA_OK);
}

static DWORD handles(void) {
  DWORD count = 0;
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
  return count;
}

static void no_handle_is_left_behind(void **state) {
  DWORD before = 0;
  (void)state;
  for (int i = 0; i < ROUNDS; i++) {
    FsaChannel *caller, *served;
    meet(&caller, &served);
    fsa_channel_close(caller);
    fsa_channel_close(served);
    if (i == 0) before = handles();
  }
  assert_int_equal(handles(), before);
  fsa_listener_close(listener);
  assert_int_equal(fsa_listener_open(path, &listener, &error), FSA_OK);
  assert_int_equal(handles(), before);
}

#define AT_A_PIPE(test) cmocka_unit_test_setup_teardown(test, open_listener, close_listener)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_path_must_be_a_pipes_name),
      cmocka_unit_test(a_name_has_256_characters_at_most),
      cmocka_unit_test(where_nobody_listens_is_nothing),
      cmocka_unit_test(a_strangers_pipe_is_not_used),
      cmocka_unit_test(a_busy_manager_is_waited_for_three_seconds),
      AT_A_PIPE(bytes_go_both_ways),
      AT_A_PIPE(more_than_the_system_holds_arrives),
      AT_A_PIPE(what_was_written_is_read_after_the_end),
      AT_A_PIPE(who_says_nothing_is_not_waited_for),
      AT_A_PIPE(who_reads_nothing_is_not_waited_for),
      AT_A_PIPE(nothing_is_no_end),
      AT_A_PIPE(shutting_wakes_both_sides),
      AT_A_PIPE(shutting_keeps_a_reply_that_is_not_read_yet),
      AT_A_PIPE(osquerys_own_rights_are_on_the_pipe),
      AT_A_PIPE(bytes_and_not_messages),
      AT_A_PIPE(a_second_listener_is_refused),
      AT_A_PIPE(who_comes_and_goes_leaves_the_listener_alone),
      AT_A_PIPE(one_instance_always_waits),
      AT_A_PIPE(waking_ends_accepting_for_good),
      AT_A_PIPE(the_name_is_free_after_closing),
      AT_A_PIPE(no_handle_is_left_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
