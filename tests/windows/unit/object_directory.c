/*
 * os/windows/object_directory and the table over it: directories listed many entries at a call,
 * owners of mutexes and addresses of objects, none of which Wine has; directories that refuse and
 * that never end.
 */
#include "os/object_directory.h"

#include "base/limits.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "windows/ask.h"

static void assert_rows(const char *sql, const char *expected) {
  assert_string_equal(ask("%s", sql), expected);
}

/* ---- recorded directories -------------------------------------------------------------------- */

typedef struct Entry {
  const wchar_t *directory, *name, *type;
} Entry;

static const Entry tree[] = {
    {L"\\", L"BaseNamedObjects", L"Directory"},
    {L"\\", L"Secret", L"Directory"},
    {L"\\", L"Gone", L"Directory"},
    {L"\\", L"Sessions", L"Directory"},
    {L"\\", L"SeRmCommandPort", L"ALPC Port"},
    {L"\\BaseNamedObjects", L"fsa_taken", L"Mutant"},
    {L"\\BaseNamedObjects", L"fsa_refused", L"Mutant"},
    {L"\\Sessions", L"2", L"Directory"},
    {L"\\Sessions\\2", L"BaseNamedObjects", L"Directory"},
    {L"\\Sessions\\2\\BaseNamedObjects", L"fsa_4242_event", L"Event"},
};

#define TREE (sizeof tree / sizeof *tree)
#define AT_ONCE 2 /* entries in one answer: fewer than a directory has */

static wchar_t listed[256]; /* the directory that is open: they are listed one after the other */
static HANDLE mutex;        /* which stands for \BaseNamedObjects\fsa_taken */
static HANDLE given;        /* what was given for it last */

static bool is_path(const NtObjectAttributes *attributes, const wchar_t *path) {
  const NtUnicodeString *name = attributes->ObjectName;
  return name->Length == wcslen(path) * 2 && memcmp(name->Buffer, path, name->Length) == 0;
}

static NtStatus NTAPI open_directory(HANDLE *handle, ACCESS_MASK access,
                                     NtObjectAttributes *attributes) {
  const NtUnicodeString *name = attributes->ObjectName;
  (void)access;
  if (is_path(attributes, L"\\Secret")) return NT_ACCESS_DENIED;
  if (is_path(attributes, L"\\Gone")) return NT_OBJECT_NAME_NOT_FOUND;
  assert_true(name->Length < sizeof listed - 2);
  memcpy(listed, name->Buffer, name->Length);
  listed[name->Length / 2] = L'\0';
  *handle = CreateEventW(NULL, FALSE, FALSE, NULL);
  return 0;
}

static void put_string(uint8_t *buffer, size_t offset, size_t *text, const wchar_t *value) {
  const size_t size = wcslen(value) * 2;
  NtUnicodeString *string = (NtUnicodeString *)(void *)(buffer + offset);
  *string = (NtUnicodeString){.Length = (USHORT)size,
                              .MaximumLength = (USHORT)(size + 2),
                              .Buffer = (WCHAR *)(void *)(buffer + *text)};
  memcpy(buffer + *text, value, size + 2);
  *text += size + 2;
}

static NtStatus NTAPI list_directory(HANDLE handle, void *room, ULONG size, BOOLEAN is_single,
                                     BOOLEAN restarts, ULONG *context, ULONG *ret_length) {
  uint8_t *buffer = room;
  size_t text = (AT_ONCE + 1) * 32, found = 0, given_now = 0;
  (void)handle, (void)ret_length;
  assert_true(size >= 4096);
  assert_false(is_single);
  if (restarts) *context = 0;
  memset(buffer, 0, text);
  for (size_t i = 0; i < TREE; i++) {
    if (wcscmp(tree[i].directory, listed) != 0 || found++ < *context) continue;
    if (given_now == AT_ONCE) return NT_MORE_ENTRIES;
    put_string(buffer, given_now * 32, &text, tree[i].name);
    put_string(buffer, given_now * 32 + 16, &text, tree[i].type);
    given_now++;
    ++*context;
  }
  return given_now ? 0 : NT_NO_MORE_ENTRIES;
}

static NtStatus NTAPI open_mutant(HANDLE *handle, ACCESS_MASK access,
                                  NtObjectAttributes *attributes) {
  assert_int_equal(access & ~(ACCESS_MASK)(MUTANT_QUERY_STATE | READ_CONTROL), 0);
  if (!is_path(attributes, L"\\BaseNamedObjects\\fsa_taken")) return NT_ACCESS_DENIED;
  if (!DuplicateHandle(GetCurrentProcess(), mutex, GetCurrentProcess(), handle, access, FALSE, 0))
    return NT_ACCESS_DENIED;
  given = *handle;
  return 0;
}

static NtStatus NTAPI open_event(HANDLE *handle, ACCESS_MASK access,
                                 NtObjectAttributes *attributes) {
  (void)access;
  assert_true(is_path(attributes, L"\\Sessions\\2\\BaseNamedObjects\\fsa_4242_event"));
  *handle = CreateEventW(NULL, TRUE, TRUE, NULL);
  return 0;
}

static NtStatus NTAPI query_mutant(HANDLE handle, int class, void *buffer, ULONG size,
                                   ULONG *ret_size) {
  (void)handle, (void)ret_size;
  if (class == NT_MUTANT_OWNER) {
    assert_int_equal(size, sizeof(NtClientId));
    memcpy(buffer, &(NtClientId){(HANDLE)(ULONG_PTR)4242, (HANDLE)(ULONG_PTR)4246}, size);
  } else {
    assert_int_equal(size, sizeof(NtMutantBasic));
    memcpy(buffer, &(NtMutantBasic){.CurrentCount = -2, .AbandonedState = FALSE}, size);
  }
  return 0;
}

static void record(void) {
  nt.NtOpenDirectoryObject = open_directory;
  nt.NtQueryDirectoryObject = list_directory;
  nt.NtOpenMutant = open_mutant;
  nt.NtOpenEvent = open_event;
  nt.NtQueryMutant = query_mutant;
}

static void directories_in_one_answer(void **state) {
  (void)state;
  record();
  assert_rows("SELECT session, directory, name, type FROM fsa_mutexes",
              "NULL|\\|BaseNamedObjects|Directory\nNULL|\\|Secret|Directory\n"
              "NULL|\\|Gone|Directory\nNULL|\\|Sessions|Directory\n"
              "NULL|\\|SeRmCommandPort|ALPC Port\n0|\\BaseNamedObjects|fsa_taken|Mutant\n"
              "0|\\BaseNamedObjects|fsa_refused|Mutant\nNULL|\\Sessions|2|Directory\n"
              "2|\\Sessions\\2|BaseNamedObjects|Directory\n"
              "2|\\Sessions\\2\\BaseNamedObjects|fsa_4242_event|Event\n");
  assert_rows("SELECT code, problem_source, message FROM fsa_problems",
              "access|\\Secret|the directory cannot be listed (access)\n");
  assert_rows("SELECT name FROM fsa_mutexes WHERE session = 2",
              "BaseNamedObjects\nfsa_4242_event\n");
}

static void owners_and_refusals(void **state) {
  (void)state;
  record();
  assert_rows("SELECT name, owner_pid, owner_tid, is_signaled, is_abandoned, count, error FROM "
              "fsa_mutexes WHERE type IN ('Mutant', 'ALPC Port')",
              "SeRmCommandPort|NULL|NULL|NULL|NULL|NULL|unsupported\n"
              "fsa_taken|4242|4246|0|0|3|NULL\nfsa_refused|NULL|NULL|NULL|NULL|NULL|access\n");
  assert_rows("SELECT code, count(*) FROM fsa_problems WHERE message LIKE 'fsa_refused%'",
              "access|1\n");
}

/* ---- holders by address ---------------------------------------------------------------------- */

#define ADDRESS 0xffffa50f12345080ull

static void put(uint8_t *at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static void put_handle(uint8_t *buffer, size_t index, uint64_t object, uint64_t pid,
                       uint64_t handle) {
  uint8_t *entry = buffer + 16 + index * 40;
  put(entry, object, 8);
  put(entry + 8, pid, 8);
  put(entry + 16, handle, 8);
  put(entry + 30, 11, 2);
}

/* Our handle on the mutex, another one of ours, and two other processes that hold it. */
static NtStatus NTAPI handles_with_addresses(int class, void *buffer, ULONG room,
                                             ULONG *ret_length) {
  if (class != NT_SYSTEM_HANDLES)
    return ask_real.NtQuerySystemInformation(class, buffer, room, ret_length);
  memset(buffer, 0, 16 + 6 * 40);
  put(buffer, 6, 8);
  const uint64_t self = GetCurrentProcessId();
  put_handle(buffer, 0, ADDRESS, 4242, 0x20);
  put_handle(buffer, 1, ADDRESS, 4242, 0x24);
  put_handle(buffer, 2, 0xffffa50f99990000ull, 4242, 0x28);
  put_handle(buffer, 3, ADDRESS, self, (uintptr_t)given); /* the look itself */
  put_handle(buffer, 4, ADDRESS, self, (uintptr_t)mutex);
  put_handle(buffer, 5, ADDRESS, 12, 0x30);
  *ret_length = 16 + 6 * 40;
  return 0;
}

static void holders_by_address(void **state) {
  (void)state;
  char expected[128];
  const uint64_t self = GetCurrentProcessId();
  record();
  nt.NtQuerySystemInformation = handles_with_addresses;
  snprintf(expected, sizeof expected,
           self > 12 && self < 4242 ? "[12,%u,4242]|3\n" : "[12,4242,%u]|3\n", (unsigned)self);
  assert_rows("SELECT holder_pids, holder_count FROM fsa_mutexes WHERE name = 'fsa_taken'",
              expected);
  assert_rows("SELECT normalized_name FROM fsa_mutexes WHERE name LIKE 'fsa%event'",
              "fsa_D_event\n"); /* 4242 does not hold that one */
}

static NtStatus NTAPI no_handles(int class, void *buffer, ULONG room, ULONG *ret_length) {
  if (class != NT_SYSTEM_HANDLES)
    return ask_real.NtQuerySystemInformation(class, buffer, room, ret_length);
  return NT_ACCESS_DENIED;
}

static void holders_that_are_not_told(void **state) {
  (void)state;
  record();
  nt.NtQuerySystemInformation = no_handles;
  assert_rows(
      "SELECT holder_pids, holder_count, owner_pid FROM fsa_mutexes WHERE name = 'fsa_taken'",
      "NULL|NULL|4242\n");
  assert_rows("SELECT count(*) FROM fsa_problems WHERE message LIKE '%holders are not known'",
              "1\n");
}

/* ---- directories without an end -------------------------------------------------------------- */

static NtStatus NTAPI list_itself(HANDLE handle, void *room, ULONG size, BOOLEAN is_single,
                                  BOOLEAN restarts, ULONG *context, ULONG *ret_length) {
  size_t text = 2 * 32;
  (void)handle, (void)size, (void)is_single, (void)context, (void)ret_length;
  if (!restarts) return NT_NO_MORE_ENTRIES;
  memset(room, 0, text);
  put_string(room, 0, &text, L"again");
  put_string(room, 16, &text, L"Directory");
  return 0;
}

static void a_directory_in_itself(void **state) {
  (void)state;
  nt.NtOpenDirectoryObject = open_directory;
  nt.NtQueryDirectoryObject = list_itself;
  assert_int_equal(atoll(ask("SELECT count(*) FROM fsa_mutexes")), FSA_MAX_OBJECT_DEPTH);
  assert_rows("SELECT code, count(*) FROM fsa_problems", "limit|1\n");
}

/* An answer without entries that says that there are more. */
static NtStatus NTAPI list_nothing(HANDLE handle, void *room, ULONG size, BOOLEAN is_single,
                                   BOOLEAN restarts, ULONG *context, ULONG *ret_length) {
  (void)handle, (void)is_single, (void)restarts, (void)context, (void)ret_length;
  memset(room, 0, size);
  return NT_MORE_ENTRIES;
}

static void a_list_that_does_not_move_on(void **state) {
  (void)state;
  nt.NtOpenDirectoryObject = open_directory;
  nt.NtQueryDirectoryObject = list_nothing;
  assert_rows("SELECT count(*) FROM fsa_mutexes", "0\n");
}

int main(void) {
  mutex = CreateMutexW(NULL, FALSE, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(directories_in_one_answer, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(owners_and_refusals, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(holders_by_address, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(holders_that_are_not_told, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(a_directory_in_itself, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(a_list_that_does_not_move_on, ask_open, ask_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
