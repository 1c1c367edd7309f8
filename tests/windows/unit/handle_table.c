/*
 * os/windows/handle_table and the table over it: a host with a million handles, handles that hang,
 * owners that refuse, processes whose number was given out again.
 */
#include "os/handle_table.h"

#include "base/limits.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "windows/own.h"
#include "windows/ask.h"

#include <psapi.h>

static void assert_rows(const char *sql, const char *expected) {
  assert_string_equal(ask("%s", sql), expected);
}

/* ---- a million ------------------------------------------------------------------------------- */

#define MILLION 1000000u
#define HANDLES_PER_PROCESS 2000u
#define FIRST_PID 1000000u /* more than 16 bits; no such process is here */

static void put(uint8_t *at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = (uint8_t)(value >> (8 * i));
}

/* Asked as Windows is: what is needed is told when the room is too small. */
static NtStatus NTAPI a_million_handles(int class, void *buffer, ULONG room, ULONG *ret_length) {
  const ULONG size = 16 + MILLION * 40;
  if (class != NT_SYSTEM_HANDLES)
    return ask_real.NtQuerySystemInformation(class, buffer, room, ret_length);
  if (ret_length) *ret_length = size;
  if (room < size) return NT_INFO_LENGTH_MISMATCH;
  uint8_t *at = buffer;
  memset(buffer, 0, size);
  put(at, MILLION, 8);
  for (uint32_t i = 0; i < MILLION; i++) {
    uint8_t *entry = at + 16 + (size_t)i * 40;
    put(entry, 0xffffb00000000000ull + i / 2 * 0x40, 8);
    put(entry + 8, FIRST_PID + i / HANDLES_PER_PROCESS * 4, 8);
    put(entry + 16, 4 + i % HANDLES_PER_PROCESS * 4, 8);
    put(entry + 24, 0x1fffff, 4);
    put(entry + 30, 2 + i % 20, 2);
    put(entry + 32, i % 4, 4);
  }
  return 0;
}

static double processor_seconds(void) {
  FILETIME created, ended, kernel, user;
  assert_true(GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user));
  const uint64_t spent = ((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
                         ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime);
  return (double)spent / 1e7;
}

static size_t most_memory(void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
  assert_true(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters));
  return counters.PeakWorkingSetSize;
}

/* The seconds of processor that a query costs. */
static double cost_of(const char *sql, const char *expected) {
  const double start = processor_seconds();
  assert_rows(sql, expected);
  return processor_seconds() - start;
}

static void a_host_with_a_million(void **state) {
  (void)state;
  const size_t before = most_memory();
  nt.NtQuerySystemInformation = a_million_handles;
  const double all = cost_of("SELECT count(*), count(DISTINCT pid), max(pid), max(handle), "
                             "count(object_address), sum(granted_access = '0x1fffff'), "
                             "sum(is_inheritable), sum(is_protected) FROM fsa_handles",
                             "1000000|500|1001996|8000|1000000|1000000|500000|500000\n");
  const double words = cost_of(
      "SELECT count(*) FROM fsa_handles WHERE access_text LIKE '%PROCESS_VM_READ%'", "50000\n");
  const double one = cost_of("SELECT count(*) FROM fsa_handles WHERE pid = 1000004", "2000\n");
  nt.NtQuerySystemInformation = ask_real.NtQuerySystemInformation;
  const size_t memory = most_memory() - before;
  print_message("a million handles: %.2f s of processor for every row, %.2f s with the rights in "
                "words, %.2f s for one process; %u MB more at the most\n",
                all, words, one, (unsigned)(memory >> 20));
  assert_true(all < 3.0);
  assert_true(memory < (size_t)200 << 20);
}

/* ---- answers that are cut -------------------------------------------------------------------- */

static NtStatus NTAPI more_told_than_given(int class, void *buffer, ULONG room, ULONG *ret_length) {
  if (class != NT_SYSTEM_HANDLES)
    return ask_real.NtQuerySystemInformation(class, buffer, room, ret_length);
  memset(buffer, 0, room);
  put(buffer, 5, 8);
  put((uint8_t *)buffer + 16 + 8, FIRST_PID, 8);
  *ret_length = 16 + 40;
  return 0;
}

static void an_answer_that_is_cut(void **state) {
  (void)state;
  nt.NtQuerySystemInformation = more_told_than_given;
  assert_rows("SELECT count(*) FROM fsa_handles", "1\n");
  assert_rows("SELECT code, message FROM fsa_problems",
              "format|4 handles were counted and are not in the table\n");
}

static NtStatus NTAPI refuse(int class, void *buffer, ULONG room, ULONG *ret_length) {
  (void)class, (void)buffer, (void)room, (void)ret_length;
  return NT_ACCESS_DENIED;
}

static void no_answer_at_all(void **state) {
  (void)state;
  nt.NtQuerySystemInformation = refuse;
  assert_rows("SELECT count(*) FROM fsa_handles", "0\n");
  assert_rows("SELECT code, message FROM fsa_problems",
              "access|the table of all handles cannot be read (access)\n");
}

/* ---- handles that hang ----------------------------------------------------------------------- */

/* Files do not tell their name, as synchronous pipes in use do not; all else does. */
static NtStatus NTAPI files_hang(HANDLE handle, int class, void *buffer, ULONG room,
                                 ULONG *ret_length) {
  uint64_t type[128];
  const NtStatus status = ask_real.NtQueryObject(handle, NT_OBJECT_TYPE, type, sizeof type, NULL);
  const NtUnicodeString *name = (const NtUnicodeString *)(const void *)type;
  if (class == NT_OBJECT_NAME && NT_OK(status) && name->Length == 8 &&
      memcmp(name->Buffer, L"File", 8) == 0)
    Sleep(INFINITE);
  return ask_real.NtQueryObject(handle, class, buffer, room, ret_length);
}

#define HANGING 40 /* more than are asked of one process */

static void handles_that_hang(void **state) {
  (void)state;
  HANDLE files[HANGING];
  for (int i = 0; i < HANGING; i++)
    assert_true((files[i] = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                                        0, NULL)) != INVALID_HANDLE_VALUE);
  const HANDLE named = CreateMutexW(NULL, FALSE, L"fsa_beside_hanging_ones");
  const int threads = own_threads();
  char sql[512];
  snprintf(sql, sizeof sql,
           "SELECT sum(type = 'File' AND name IS NULL) = sum(type = 'File'), "
           "sum(error = 'timeout'), sum(error = 'limit') > 0, "
           "sum(name LIKE '%%fsa_beside_hanging_ones'), sum(type <> 'File' AND error IS NOT NULL) "
           "FROM (SELECT type, name, error FROM fsa_handles WHERE pid = %lu)",
           GetCurrentProcessId());
  nt.NtQueryObject = files_hang;
  const ULONGLONG start = GetTickCount64();
  assert_rows(sql, "1|32|1|1|0\n");
  print_message("%d files that hang: %llu ms\n", HANGING, GetTickCount64() - start);
  assert_int_equal(own_threads(), threads);
  assert_rows("SELECT code, count(*) FROM fsa_problems GROUP BY code ORDER BY code",
              "limit|1\ntimeout|32\n");
  for (int i = 0; i < HANGING; i++) CloseHandle(files[i]);
  CloseHandle(named);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static NtStatus NTAPI open_nothing(HANDLE *handle, ACCESS_MASK access,
                                   NtObjectAttributes *attributes, NtClientId *id) {
  (void)handle, (void)access, (void)attributes, (void)id;
  return NT_ACCESS_DENIED;
}

/* A refusal is one problem a process, the rest of its rows stays. */
static void owners_that_refuse(void **state) {
  (void)state;
  char sql[512];
  snprintf(
      sql, sizeof sql,
      "SELECT count(*) > 5, count(name), sum(error = 'access') = count(*), count(granted_access) "
      "= count(*) FROM (SELECT name, error, granted_access FROM fsa_handles WHERE pid <> %lu "
      "AND type = 'Key')",
      GetCurrentProcessId());
  nt.NtOpenProcess = open_nothing;
  assert_rows(sql, "1|0|1|1\n");
  assert_rows("SELECT count(*) > 0, count(*) = count(DISTINCT problem_source), max(code) FROM "
              "fsa_problems",
              "1|1|access\n");
}

static void an_owner_that_began_later(void **state) {
  (void)state;
  FsaOs *os;
  FsaOsHandleTable *table;
  FsaOsTableHandle handle = {.number = 4, .type = {"Key", 3}};
  FsaArena arena = fsa_arena(0);
  FsaText name;
  wchar_t program[] = L"cmd /c exit";
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION made;
  assert_int_equal(fsa_os_open("", &os), FSA_OK);
  assert_int_equal(fsa_os_handle_table_open(os, &table), FSA_OK);
  Sleep(20);
  assert_true(CreateProcessW(NULL, program, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                             &startup, &made));
  handle.pid = made.dwProcessId;
  assert_int_equal(fsa_os_handle_name(table, &handle, &arena, &name), FSA_E_ABSENT);
  TerminateProcess(made.hProcess, 0);
  handle.pid = 0x7ffffffc; /* nobody */
  assert_int_equal(fsa_os_handle_name(table, &handle, &arena, &name), FSA_E_ABSENT);
  CloseHandle(made.hThread);
  CloseHandle(made.hProcess);
  fsa_os_handle_table_close(table);
  fsa_os_close(os);
  fsa_arena_done(&arena);
}

/* The number of a handle that means another kind of object than the table says. */
static void a_handle_that_changed(void **state) {
  (void)state;
  FsaOs *os;
  FsaOsHandleTable *table;
  FsaOsTableHandle handle;
  FsaArena arena = fsa_arena(0);
  FsaText name;
  const HANDLE named = CreateMutexW(NULL, FALSE, L"fsa_changed");
  assert_int_equal(fsa_os_open("", &os), FSA_OK);
  assert_int_equal(fsa_os_handle_table_open(os, &table), FSA_OK);
  while (fsa_os_handle_table_next(table, &handle) == FSA_ROW)
    if (fsa_os_is_self(os, handle.pid) && handle.number == (int64_t)(intptr_t)named) break;
  assert_string_equal(handle.type.data, "Mutant");
  assert_int_equal(fsa_os_handle_name(table, &handle, &arena, &name), FSA_OK);
  CloseHandle(named);
  assert_int_equal(fsa_os_handle_name(table, &handle, &arena, &name), FSA_E_ABSENT);
  const HANDLE other = CreateEventW(NULL, FALSE, FALSE, L"fsa_other");
  assert_ptr_equal(other, named); /* the lowest free number */
  assert_int_equal(fsa_os_handle_name(table, &handle, &arena, &name), FSA_E_ABSENT);
  CloseHandle(other);
  fsa_os_handle_table_close(table);
  fsa_os_close(os);
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_host_with_a_million, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(an_answer_that_is_cut, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(no_answer_at_all, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(handles_that_hang, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(owners_that_refuse, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(an_owner_that_began_later, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(a_handle_that_changed, ask_open, ask_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
