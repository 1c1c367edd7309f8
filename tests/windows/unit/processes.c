/*
 * fsa_processes where Wine cannot go: hidden processes, refused ones, those that end while they are
 * looked at, processes of the kernel, and what newer systems answer. Native calls are replaced by
 * ones that lie, refuse or repeat what Windows has answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "windows/ask.h"

#include "formats/nt_process.h"

#define SELF (unsigned long)GetCurrentProcessId()

/* ---- the list without ourselves ---------------------------------------------------------------
 */

static int lists_until_shown; /* how many lists leave us out; -1 = all */
static int lists_asked;

/* Unhooks the entry of `pid` as a rootkit does. */
static void unhook(uint8_t *list, uint64_t pid) {
  uint8_t *before = NULL;
  for (uint8_t *at = list;;) {
    uint32_t next, to_me;
    uint64_t own;
    memcpy(&next, at, sizeof next);
    memcpy(&own, at + 0x50, sizeof own);
    if (own == pid && before) {
      memcpy(&to_me, before, sizeof to_me);
      to_me = next ? to_me + next : 0;
      memcpy(before, &to_me, sizeof to_me);
      return;
    }
    if (own == pid) memset(at + 0x50, 0, sizeof own); /* the first one: it becomes the idle one */
    if (next == 0) return;
    before = at;
    at += next;
  }
}

static NtStatus NTAPI list_without_us(int class, void *buffer, ULONG length, ULONG *ret_length) {
  const NtStatus status = ask_real.NtQuerySystemInformation(class, buffer, length, ret_length);
  if (class != NT_SYSTEM_PROCESSES || !NT_OK(status)) return status;
  if (lists_until_shown < 0 || lists_asked < lists_until_shown)
    unhook(buffer, GetCurrentProcessId());
  lists_asked++;
  return status;
}

static void hide(int lists) {
  lists_until_shown = lists;
  lists_asked = 0;
  nt.NtQuerySystemInformation = list_without_us;
}

static void whoever_the_list_leaves_out_is_found(void **state) {
  (void)state;
  hide(-1);
  assert_string_equal(ask("SELECT pid = %lu, name, is_hidden, is_handle_owner, path LIKE '%%.exe', "
                          "threads > 0, start_time > 0, parent IS NOT NULL, cmdline IS NOT NULL, "
                          "user_sid IS NOT NULL, resident_size > 0, handle_count IS NOT NULL "
                          "FROM fsa_processes WHERE is_hidden",
                          SELF),
                      "1|windows-processes.exe|1|1|1|1|1|1|1|1|1|1\n");
  assert_string_equal(ask("SELECT count(*) > 0 FROM fsa_processes WHERE NOT is_hidden"), "1\n");
  assert_true(lists_asked >= 3);
}

static void whoever_is_listed_is_not_hidden(void **state) {
  (void)state;
  assert_string_equal(ask("SELECT is_hidden, count(*) > 1 FROM fsa_processes GROUP BY 1"), "0|1\n");
}

static void whoever_starts_between_two_looks_is_not_hidden(void **state) {
  (void)state;
  for (int lists = 1; lists < 3; lists++) {
    hide(lists);
    assert_string_equal(ask("SELECT count(*) FROM fsa_processes WHERE is_hidden"), "0\n");
    ask_close(state);
    ask_open(state);
  }
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

static NtStatus NTAPI refuse_us(HANDLE *ret_handle, ACCESS_MASK rights, NtObjectAttributes *object,
                                NtClientId *client) {
  if ((uintptr_t)client->UniqueProcess == GetCurrentProcessId()) return NT_ACCESS_DENIED;
  return ask_real.NtOpenProcess(ret_handle, rights, object, client);
}

static void whoever_may_not_be_opened_has_a_row_and_a_problem(void **state) {
  (void)state;
  nt.NtOpenProcess = refuse_us;
  assert_string_equal(ask("SELECT name, threads > 0, start_time > 0, handle_count IS NOT NULL, "
                          "is_hidden, path, cmdline, cwd, user_sid, peb_path "
                          "FROM fsa_processes WHERE pid = %lu",
                          SELF),
                      "windows-processes.exe|1|1|1|0|NULL|NULL|NULL|NULL|NULL\n");
  assert_string_equal(ask("SELECT code, problem_source = %lu, message FROM fsa_problems", SELF),
                      "access|1|access refused: cmdline, the program, the environment block, cwd, "
                      "the token\n");
}

/* Only the table of handles knows it: its pid is all that there is to say. */
static void whoever_is_hidden_and_refuses_is_betrayed_by_its_handles(void **state) {
  (void)state;
  hide(-1);
  nt.NtOpenProcess = refuse_us;
  assert_string_equal(ask("SELECT name, threads, path, is_handle_owner FROM fsa_processes "
                          "WHERE is_hidden AND pid = %lu",
                          SELF),
                      "NULL|NULL|NULL|1\n");
  assert_string_equal(ask("SELECT code, count(*) FROM fsa_problems GROUP BY 1"), "access|1\n");
}

/* Questions are answered, but not about the memory. */
static NtStatus NTAPI protect_us(HANDLE *ret_handle, ACCESS_MASK rights, NtObjectAttributes *object,
                                 NtClientId *client) {
  if (rights & PROCESS_VM_READ) return NT_ACCESS_DENIED;
  return ask_real.NtOpenProcess(ret_handle, rights, object, client);
}

static void a_protected_process_tells_what_the_kernel_knows(void **state) {
  (void)state;
  nt.NtOpenProcess = protect_us;
  assert_string_equal(ask("SELECT path LIKE '%%windows-processes.exe', user_sid IS NOT NULL, cwd, "
                          "peb_path FROM fsa_processes WHERE pid = %lu",
                          SELF),
                      "1|1|NULL|NULL\n");
  assert_string_equal(ask("SELECT code, count(*) FROM fsa_problems GROUP BY 1"), "access|1\n");
}

/* ---- the end -----------------------------------------------------------------------------------
 */

static int times_until_end;

static NtStatus NTAPI end_soon(HANDLE handle, int class, void *buffer, ULONG length,
                               ULONG *ret_length) {
  const NtStatus status =
      ask_real.NtQueryInformationProcess(handle, class, buffer, length, ret_length);
  if (class == NT_PROCESS_TIMES && NT_OK(status) && times_until_end-- <= 0)
    memset((uint8_t *)buffer + 8, 1, 8);
  return status;
}

static void whoever_ends_meanwhile_is_neither_a_row_nor_a_problem(void **state) {
  (void)state;
  for (int times = 0; times < 3; times++) {
    nt.NtQueryInformationProcess = ask_real.NtQueryInformationProcess;
    ask("SELECT count(*) FROM fsa_processes"); /* the list has us as one that runs */
    nt.NtQueryInformationProcess = end_soon;
    times_until_end = times;
    ask("SELECT pid, name, threads, path, cmdline, user_sid FROM fsa_processes WHERE pid = %lu",
        SELF);
    assert_true(times >= 2 || ask_text[0] == '\0');
    assert_string_equal(ask("SELECT count(*) FROM fsa_problems"), "0\n");
  }
}

/* ---- processes of the kernel ------------------------------------------------------------------
 */

typedef struct Recorded {
  uint64_t pid, parent;
  const char *name;
} Recorded;

static const Recorded recorded[] = {
    {0, 0, ""}, {4, 0, "System"}, {124, 4, "Registry"}, {612, 4, "smss.exe"}};

/* A list as Windows 10 gives it, without threads. */
static NtStatus NTAPI recorded_list(int class, void *buffer, ULONG length, ULONG *ret_length) {
  enum { COUNT = sizeof recorded / sizeof *recorded, SIZE = 0x140 };
  if (class != NT_SYSTEM_PROCESSES) return NT_ACCESS_DENIED;
  *ret_length = COUNT * SIZE;
  if (length < *ret_length) return NT_INFO_LENGTH_MISMATCH;
  memset(buffer, 0, *ret_length);
  for (unsigned i = 0; i < COUNT; i++) {
    uint8_t *entry = (uint8_t *)buffer + i * SIZE;
    const uint32_t next = i + 1 < COUNT ? SIZE : 0;
    const uint16_t size = (uint16_t)(2 * strlen(recorded[i].name));
    const uint64_t text = (uintptr_t)(entry + 0x100), created = 132000000000000000u + i;
    memcpy(entry, &next, sizeof next);
    memcpy(entry + 0x20, &created, sizeof created);
    memcpy(entry + 0x38, &size, sizeof size);
    memcpy(entry + 0x40, &text, sizeof text);
    memcpy(entry + 0x50, &recorded[i].pid, 8);
    memcpy(entry + 0x58, &recorded[i].parent, 8);
    for (size_t k = 0; recorded[i].name[k]; k++)
      entry[0x100 + 2 * k] = (uint8_t)recorded[i].name[k];
  }
  return 0;
}

static HANDLE registry; /* stands for an open kernel process */

static NtStatus NTAPI open_recorded(HANDLE *ret_handle, ACCESS_MASK rights,
                                    NtObjectAttributes *object, NtClientId *client) {
  const uintptr_t pid = (uintptr_t)client->UniqueProcess;
  (void)rights, (void)object;
  if (pid == 4 || pid == 612) return NT_ACCESS_DENIED;
  if (pid != 124) return NT_INVALID_CID;
  return DuplicateHandle(GetCurrentProcess(), registry, GetCurrentProcess(), ret_handle, 0, FALSE,
                         DUPLICATE_SAME_ACCESS)
             ? 0
             : NT_NO_MEMORY;
}

static NtStatus NTAPI answer_recorded(HANDLE handle, int class, void *buffer, ULONG length,
                                      ULONG *ret_length) {
  const uint64_t pid = 124, parent = 4, created = 132000000000000002u;
  (void)handle;
  memset(buffer, 0, length);
  *ret_length = length;
  if (class == NT_PROCESS_TIMES) memcpy(buffer, &created, 8);
  if (class == NT_PROCESS_BASIC && length == 64) return NT_INFO_LENGTH_MISMATCH; /* Windows 7's */
  if (class == NT_PROCESS_BASIC) {
    memcpy((uint8_t *)buffer + 0x20, &pid, 8);
    memcpy((uint8_t *)buffer + 0x28, &parent, 8);
  }
  return class == NT_PROCESS_TIMES || class == NT_PROCESS_BASIC ? 0 : NT_INVALID_INFO_CLASS;
}

static void processes_of_the_kernel_have_no_program(void **state) {
  (void)state;
  registry = CreateEventW(NULL, FALSE, FALSE, NULL);
  nt.NtQuerySystemInformation = recorded_list;
  nt.NtOpenProcess = open_recorded;
  nt.NtQueryInformationProcess = answer_recorded;
  assert_string_equal(ask("SELECT pid, name, is_kernel_thread, path, is_hidden, is_handle_owner, "
                          "is_name_masqueraded FROM fsa_processes"),
                      "0|System Idle Process|1|NULL|0|NULL|0\n"
                      "4|System|1|NULL|0|NULL|0\n"
                      "124|Registry|1|NULL|0|NULL|0\n"
                      "612|smss.exe|0|NULL|0|NULL|NULL\n");
  assert_string_equal(ask("SELECT problem_source, code FROM fsa_problems"), "612|access\n");
  assert_string_equal(ask("SELECT pid, parent_start_time IS NOT NULL, is_parent_alive "
                          "FROM fsa_processes WHERE pid IN (4, 612)"),
                      "4|0|NULL\n612|1|1\n");
  CloseHandle(registry);
}

/* A list that contradicts itself is no empty one. */
static NtStatus NTAPI damaged_list(int class, void *buffer, ULONG length, ULONG *ret_length) {
  const NtStatus status = recorded_list(class, buffer, length, ret_length);
  if (NT_OK(status)) memset(buffer, 0x7F, 4);
  return status;
}

static void a_damaged_list_ends_the_query(void **state) {
  (void)state;
  nt.NtQuerySystemInformation = damaged_list;
  assert_string_equal(ask("SELECT pid FROM fsa_processes"),
                      "cannot list the processes of live (format)");
}

/* ---- what newer systems answer ----------------------------------------------------------------
 */

static const char newer_command[] = "evil.exe /s";

static NtStatus NTAPI answer_newer(HANDLE handle, int class, void *buffer, ULONG length,
                                   ULONG *ret_length) {
  const uint16_t size = 2 * (sizeof newer_command - 1);
  const uint64_t text = (uintptr_t)buffer + 16, wow64 = 0x7EFDE000;
  switch (class) {
  case NT_PROCESS_COMMAND_LINE:
    *ret_length = 16u + size;
    if (length < *ret_length) return NT_INFO_LENGTH_MISMATCH;
    memset(buffer, 0, *ret_length);
    memcpy(buffer, &size, 2);
    memcpy((uint8_t *)buffer + 8, &text, 8);
    for (size_t i = 0; newer_command[i]; i++)
      ((uint8_t *)buffer)[16 + 2 * i] = (uint8_t)newer_command[i];
    return 0;
  case NT_PROCESS_PROTECTION: *(uint8_t *)buffer = 0x41; return 0;
  case NT_PROCESS_WOW64: memcpy(buffer, &wow64, sizeof wow64); return 0;
  default: return ask_real.NtQueryInformationProcess(handle, class, buffer, length, ret_length);
  }
}

static void what_newer_systems_answer(void **state) {
  (void)state;
  nt.NtQueryInformationProcess = answer_newer;
  assert_string_equal(ask("SELECT cmdline, protection_type, is_wow64, cwd IS NOT NULL "
                          "FROM fsa_processes WHERE pid = %lu",
                          SELF),
                      "evil.exe /s|PsProtectedSignerLsa-Light|1|1\n");
}

/* ---- a file that is renamed while its program runs --------------------------------------------
 */

static const char new_place[] = "C:\\Users\\Public\\renamed.exe";

static NtStatus NTAPI answer_new_place(HANDLE handle, int class, void *buffer, ULONG length,
                                       ULONG *ret_length) {
  const uint16_t size = 2 * (sizeof new_place - 1);
  const uint64_t text = (uintptr_t)buffer + 16;
  if (class != NT_PROCESS_IMAGE_PATH)
    return ask_real.NtQueryInformationProcess(handle, class, buffer, length, ret_length);
  *ret_length = 16u + size;
  if (length < *ret_length) return NT_INFO_LENGTH_MISMATCH;
  memset(buffer, 0, *ret_length);
  memcpy(buffer, &size, 2);
  memcpy((uint8_t *)buffer + 8, &text, 8);
  for (size_t i = 0; new_place[i]; i++) ((uint8_t *)buffer)[16 + 2 * i] = (uint8_t)new_place[i];
  return 0;
}

static void a_program_whose_file_was_renamed(void **state) {
  (void)state;
  nt.NtQueryInformationProcess = answer_new_place;
  assert_string_equal(ask("SELECT name, path, is_image_renamed, is_deleted, on_disk "
                          "FROM fsa_processes WHERE pid = %lu",
                          SELF),
                      "windows-processes.exe|C:\\Users\\Public\\renamed.exe|1|1|0\n");
}

/* ---- what a process says of itself ------------------------------------------------------------
 */

/* The path in our own environment block; whoever wants to look like another program writes there.
 */
static NtUnicodeString *claimed_path(void) {
  uint8_t buffer[48];
  ULONG length;
  uint64_t block, parameters;
  assert_true(NT_OK(ask_real.NtQueryInformationProcess(GetCurrentProcess(), NT_PROCESS_BASIC,
                                                       buffer, sizeof buffer, &length)));
  memcpy(&block, buffer + 8, 8);
  memcpy(&parameters, (const uint8_t *)(uintptr_t)block + 0x20, 8);
  return (NtUnicodeString *)(uintptr_t)(parameters + 0x60);
}

static const char *difference(const WCHAR *claim) {
  NtUnicodeString *path = claimed_path(), real = *path;
  const USHORT size = (USHORT)(wcslen(claim) * sizeof *claim);
  *path = (NtUnicodeString){size, size, (WCHAR *)(uintptr_t)claim};
  const char *answer =
      ask("SELECT is_peb_path_different, peb_path FROM fsa_processes WHERE pid = %lu", SELF);
  *path = real;
  return answer;
}

static void whoever_claims_to_be_another_program(void **state) {
  (void)state;
  assert_string_equal(ask("SELECT is_peb_path_different, is_image_renamed, peb_path = path, "
                          "is_debugged FROM fsa_processes WHERE pid = %lu",
                          SELF),
                      "0|0|1|0\n");
  assert_string_equal(difference(L"C:\\windows\\system32\\services.exe"),
                      "1|C:\\windows\\system32\\services.exe\n");
  assert_string_equal(difference(L"C:\\no\\such\\program.exe"), "1|C:\\no\\such\\program.exe\n");
  assert_string_equal(difference(L"\\??\\C:\\windows\\system32\\services.exe"),
                      "1|C:\\windows\\system32\\services.exe\n");
  /* only its name: it may be the same, and nothing says so */
  assert_string_equal(difference(L"windows-processes.exe"), "NULL|windows-processes.exe\n");
}

/* The same file by another road is the same program. */
static void whoever_claims_a_detour(void **state) {
  (void)state;
  WCHAR path[MAX_PATH], detour[2 * MAX_PATH];
  const DWORD units = GetModuleFileNameW(NULL, path, MAX_PATH);
  assert_true(units > 3 && units < MAX_PATH);
  WCHAR *name = wcsrchr(path, L'\\');
  assert_non_null(name);
  *name = L'\0';
  swprintf(detour, sizeof detour / sizeof *detour, L"%ls\\.\\..\\tests\\%ls", path, name + 1);
  assert_int_equal(strncmp(difference(detour), "0|", 2), 0);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, ask_open, ask_close)
  const struct CMUnitTest tests[] = {
      EACH(whoever_the_list_leaves_out_is_found),
      EACH(whoever_is_listed_is_not_hidden),
      EACH(whoever_starts_between_two_looks_is_not_hidden),
      EACH(whoever_may_not_be_opened_has_a_row_and_a_problem),
      EACH(whoever_is_hidden_and_refuses_is_betrayed_by_its_handles),
      EACH(a_program_whose_file_was_renamed),
      EACH(a_protected_process_tells_what_the_kernel_knows),
      EACH(whoever_ends_meanwhile_is_neither_a_row_nor_a_problem),
      EACH(processes_of_the_kernel_have_no_program),
      EACH(a_damaged_list_ends_the_query),
      EACH(what_newer_systems_answer),
      EACH(whoever_claims_to_be_another_program),
      EACH(whoever_claims_a_detour),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
