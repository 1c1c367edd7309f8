/*
 * os/windows/pipe and the table over it: the list of pipes as Windows gives it, which Wine does not
 * have. The recorded names stand beside the pipes of this program, which handles show.
 */
#include "os/pipe.h"

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

/* ---- a recorded list ------------------------------------------------------------------------- */

typedef struct Listed {
  const char *name;
  uint32_t instances, most;
} Listed;

/* In two answers, as a long list comes. */
static const Listed first[] = {
    {"InitShutdown", 3, UINT32_MAX},
    {"lsass", 4, UINT32_MAX},
    {"Winsock2\\CatalogChangeListener-1a4-0", 1, 1},
};
static const Listed second[] = {
    {"postex_1f3c", 1, 1},
    {"fsa_shown", 1, 7},
    {"TSVCPIPE-583da945-62af-10e8-4902-a8f205c72b2e", 2, UINT32_MAX},
};

static int answers;
static NtStatus ending;

static void put(uint8_t *at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static ULONG put_list(uint8_t *buffer, const Listed *list, size_t count) {
  size_t at = 0, end = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t units = strlen(list[i].name);
    memset(buffer + at, 0, 64 + units * 2 + 8);
    end = at + 64 + units * 2;
    const size_t next = (end + 7) & ~(size_t)7;
    put(buffer + at, i + 1 < count ? next - at : 0, 4);
    put(buffer + at + 40, list[i].instances, 8);
    put(buffer + at + 48, list[i].most, 8);
    put(buffer + at + 60, units * 2, 4);
    for (size_t j = 0; j < units; j++) put(buffer + at + 64 + j * 2, (uint8_t)list[i].name[j], 2);
    at = next;
  }
  return (ULONG)end;
}

static NtStatus NTAPI open_root(HANDLE *handle, ACCESS_MASK access, NtObjectAttributes *attributes,
                                NtIoStatusBlock *done, ULONG share, ULONG options) {
  static const WCHAR root[] = L"\\Device\\NamedPipe\\";
  const NtUnicodeString *name = attributes->ObjectName;
  (void)done, (void)options;
  assert_int_equal(name->Length, sizeof root - sizeof *root);
  assert_memory_equal(name->Buffer, root, name->Length);
  /* nothing that connects, and nobody else is kept out */
  assert_int_equal(access, FILE_LIST_DIRECTORY | SYNCHRONIZE);
  assert_int_equal(share, FILE_SHARE_READ | FILE_SHARE_WRITE);
  *handle = CreateEventW(NULL, FALSE, FALSE, NULL);
  return 0;
}

static NtStatus NTAPI list_root(HANDLE handle, HANDLE event, void *routine, void *context,
                                NtIoStatusBlock *done, void *buffer, ULONG room, int class,
                                BOOLEAN is_single, NtUnicodeString *pattern, BOOLEAN restarts) {
  (void)handle, (void)event, (void)routine, (void)context, (void)pattern;
  assert_int_equal(class, NT_DIRECTORY_PLAIN);
  assert_false(is_single);
  assert_true(room >= 4096);
  assert_int_equal(restarts, answers == 0);
  switch (answers++) {
  case 0: done->Information = put_list(buffer, first, 3); return 0;
  case 1: done->Information = put_list(buffer, second, 3); return 0;
  default: return ending;
  }
}

static void record(NtStatus end) {
  nt.NtOpenFile = open_root;
  nt.NtQueryDirectoryFile = list_root;
  answers = 0;
  ending = end;
}

static HANDLE serve(const wchar_t *path) {
  const HANDLE pipe = CreateNamedPipeW(path, PIPE_ACCESS_INBOUND, 0, 5, 64, 64, 0, NULL);
  assert_true(pipe != INVALID_HANDLE_VALUE);
  return pipe;
}

static void names_of_a_list(void **state) {
  (void)state;
  FsaOs *os;
  FsaOsPipe *pipes;
  size_t count;
  FsaArena arena = fsa_arena(0);
  assert_int_equal(fsa_os_open("", &os), FSA_OK);
  record(NT_NO_MORE_FILES);
  assert_int_equal(fsa_os_pipes(os, &arena, &pipes, &count), FSA_OK);
  assert_int_equal(count, 6);
  assert_string_equal(pipes[2].name.data, "Winsock2\\CatalogChangeListener-1a4-0");
  assert_int_equal(pipes[2].most_instances, 1);
  assert_string_equal(pipes[3].name.data, "postex_1f3c");
  assert_int_equal(pipes[5].instances, 2);
  assert_int_equal(pipes[5].most_instances, -1);
  fsa_os_close(os);
  fsa_arena_done(&arena);
}

/* The list and the handles are joined by the name, in any letter case. */
static void list_and_handles(void **state) {
  (void)state;
  char expected[256];
  const HANDLE shown = serve(L"\\\\.\\pipe\\FSA_shown"),
               unlisted = serve(L"\\\\.\\pipe\\fsa_not_listed");
  record(NT_NO_MORE_FILES);
  snprintf(expected, sizeof expected,
           "fsa_not_listed|%lu|1|5|r\nFSA_shown|%lu|1|7|r\nInitShutdown|NULL|3|-1|NULL\n"
           "lsass|NULL|4|-1|NULL\npostex_1f3c|NULL|1|1|NULL\n",
           GetCurrentProcessId(), GetCurrentProcessId());
  assert_rows("SELECT name, pid, instances, max_instances, mode FROM fsa_named_pipes WHERE name IN "
              "('InitShutdown', 'lsass', 'postex_1f3c', 'FSA_shown', 'fsa_not_listed')",
              expected);
  answers = 0;
  assert_rows("SELECT known_as, normalized_name, name_pid, is_pid_forged FROM fsa_named_pipes WHERE "
      "pid IS NULL AND (name LIKE 'postex%' OR name LIKE 'Winsock2%' OR name LIKE 'TSVC%')",
      "Cobalt Strike|postex_DfDc|NULL|NULL\nNULL|TSVCPIPE-G|NULL|NULL\n"
      "NULL|WinsockD\\CatalogChangeListener-P-D|420|NULL\n");
  assert_rows("SELECT count(*) FROM fsa_problems", "0\n");
  CloseHandle(shown);
  CloseHandle(unlisted);
}

static void a_list_that_breaks(void **state) {
  (void)state;
  record(NT_ACCESS_DENIED);
  assert_rows("SELECT count(*) FROM fsa_named_pipes WHERE name = 'lsass'", "0\n");
  assert_rows("SELECT code, message FROM fsa_problems",
              "access|the pipes cannot be listed (access): those that no handle shows are "
              "missing\n");
}

/* ---- servers --------------------------------------------------------------------------------- */

static BOOL NTAPI made_by_another(HANDLE handle, ULONG *ret_pid) {
  (void)handle;
  *ret_pid = 4242;
  return TRUE;
}

/* A server's handle that was handed over: who holds it serves, who made it is told beside it. */
static void a_pipe_that_was_handed_over(void **state) {
  (void)state;
  char expected[128];
  const HANDLE pipe = serve(L"\\\\.\\pipe\\crashpad_4242_ABCDEFGH");
  nt.GetNamedPipeServerProcessId = made_by_another;
  snprintf(expected, sizeof expected, "%lu|4242|4242|0|crashpad_P_ABCDEFGH\n",
           GetCurrentProcessId());
  assert_rows("SELECT pid, creator_pid, name_pid, is_pid_forged, normalized_name FROM "
              "fsa_named_pipes WHERE name LIKE 'crashpad%'",
              expected);
  CloseHandle(pipe);
}

static NtStatus NTAPI nobody_copies(HANDLE source, HANDLE handle, HANDLE target, HANDLE *copy,
                                    ACCESS_MASK access, ULONG attributes, ULONG options) {
  (void)source, (void)handle, (void)target, (void)copy;
  (void)access, (void)attributes, (void)options;
  return NT_ACCESS_DENIED;
}

/* Names stay when no handle may be copied; that servers are unknown is said. */
static void handles_that_cannot_be_copied(void **state) {
  (void)state;
  record(NT_NO_MORE_FILES);
  nt.NtDuplicateObject = nobody_copies;
  assert_rows("SELECT count(*), count(pid), sum(instances) FROM fsa_named_pipes", "6|0|12\n");
  assert_rows("SELECT count(*) > 0, max(code) FROM fsa_problems", "1|access\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(names_of_a_list, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(list_and_handles, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(a_list_that_breaks, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(a_pipe_that_was_handed_over, ask_open, ask_close),
      cmocka_unit_test_setup_teardown(handles_that_cannot_be_copied, ask_open, ask_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
