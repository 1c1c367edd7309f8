/*
 * Address spaces of Windows with recorded answers in place of those that Wine lacks: the working
 * set, names by device, threads' beginnings. The process that is looked at is this one.
 */
#include <windows.h>

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/scan.h"
#include "os/module.h"
#include "os/windows/host.h"
#include "sql/sql.h"

enum { PAGE = 4096 };

/* Attributes of a page in the working set. [formats/nt_memory.h] */
#define VALID UINT64_C(1)
#define SHARED (UINT64_C(1) << 15)
#define ORIGINAL (UINT64_C(1) << 30)
#define PAGE_FILE (UINT64_C(2) << 22)
#define UNTOUCHED (SHARED | VALID | ORIGINAL)

/* ---- recorded answers ------------------------------------------------------------------------ */

/* What the working set says: `usual` of every page but those in [from, to). */
static struct {
  bool is_absent; /* as on Wine */
  uint64_t usual, special, from, to;
  unsigned questions;
} pages;

/* Names of mappings: NULL = the system's own answer. */
static const WCHAR *mapped_name;
static NtStatus name_status;
static uint64_t thread_start;

static Nt real;

static NtStatus answer_pages(void *buffer, SIZE_T size) {
  uint64_t *entry = buffer;
  pages.questions++;
  if (pages.is_absent) return NT_INVALID_INFO_CLASS;
  for (SIZE_T i = 0; i + 16 <= size; i += 16, entry += 2)
    entry[1] = entry[0] >= pages.from && entry[0] < pages.to ? pages.special : pages.usual;
  return 0;
}

static NtStatus answer_name(void *buffer, SIZE_T size) {
  NtUnicodeString *name = buffer;
  const size_t bytes = wcslen(mapped_name) * sizeof *mapped_name;
  if (size < sizeof *name + bytes + 2) return NT_BUFFER_OVERFLOW;
  name->Length = (USHORT)bytes;
  name->MaximumLength = (USHORT)(bytes + 2);
  name->Buffer = (WCHAR *)(name + 1);
  memcpy(name->Buffer, mapped_name, bytes + 2);
  return 0;
}

static NtStatus NTAPI query_memory(HANDLE process, void *address, int class, void *buffer,
                                   SIZE_T size, SIZE_T *length) {
  if (class == NT_MEMORY_WORKING_SET) return answer_pages(buffer, size);
  if (class == NT_MEMORY_MAPPED_NAME && name_status) return name_status;
  if (class == NT_MEMORY_MAPPED_NAME && mapped_name) return answer_name(buffer, size);
  return real.NtQueryVirtualMemory(process, address, class, buffer, size, length);
}

static NtStatus NTAPI query_thread(HANDLE thread, int class, void *buffer, ULONG size,
                                   ULONG *length) {
  if (class != NT_THREAD_START_ADDRESS || !thread_start)
    return real.NtQueryInformationThread(thread, class, buffer, size, length);
  memcpy(buffer, &thread_start, size < sizeof thread_start ? size : sizeof thread_start);
  return 0;
}

/* ---- the process that is looked at ----------------------------------------------------------- */

static FsaOs *os;
static FsaOsProcess *self;
static FsaArena arena;

static int begin(void **state) {
  (void)state;
  memset(&pages, 0, sizeof pages);
  pages.usual = UNTOUCHED;
  mapped_name = NULL;
  name_status = 0;
  thread_start = 0;
  arena = fsa_arena(0);
  if (fsa_os_open("", &os) != FSA_OK) return -1;
  real = nt;
  nt.NtQueryVirtualMemory = query_memory;
  nt.NtQueryInformationThread = query_thread;
  os->build = 19045;
  return fsa_os_process_open(os, GetCurrentProcessId(), &arena, &self) == FSA_OK ? 0 : -1;
}

static int finish(void **state) {
  (void)state;
  fsa_os_process_close(self);
  nt = real;
  fsa_os_close(os);
  fsa_arena_done(&arena);
  return 0;
}

static const FsaOsRegion *region_at(FsaOsRegions which, const void *address) {
  FsaOsRegion *regions;
  size_t count;
  const uint64_t at = (uint64_t)(uintptr_t)address;
  assert_int_equal(fsa_os_process_regions(self, which, &arena, &regions, &count), FSA_OK);
  for (size_t i = 0; i < count; i++) {
    if (i) assert_true(regions[i].start >= regions[i - 1].end);
    if (at >= regions[i].start && at < regions[i].end) return &regions[i];
  }
  return NULL;
}

/* ---- figures --------------------------------------------------------------------------------- */

static const FsaOsRegion *code_of(const WCHAR *library) {
  HMODULE base = GetModuleHandleW(library);
  assert_non_null(base);
  return region_at(FSA_OS_CODE_REGIONS, (const char *)base + PAGE);
}

static void changed_pages_of_an_image_are_counted(void **state) {
  (void)state;
  const FsaOsRegion *code = code_of(L"kernel32.dll");
  assert_int_equal(code->backing, FSA_OS_IMAGE);
  assert_int_equal(code->private_size, 0);
  assert_int_equal(code->resident_size, code->end - code->start);
  pages.special = VALID;
  pages.from = code->start + 2 * PAGE;
  pages.to = pages.from + 3 * PAGE;
  code = code_of(L"kernel32.dll");
  assert_int_equal(code->private_size, 3 * PAGE);
  FsaOsPrivatePages changed;
  assert_int_equal(fsa_os_private_pages(self, code, &arena, &changed), FSA_OK);
  assert_int_equal(changed.count, 3);
  assert_int_equal(changed.listed, 3);
  assert_true(changed.first == pages.from && changed.pages[2] == pages.to - PAGE);
}

/* One question is about thousands of pages. */
static void pages_are_asked_about_together(void **state) {
  (void)state;
  FsaOsRegion *regions;
  size_t count;
  uint64_t all = 0;
  assert_int_equal(fsa_os_process_regions(self, FSA_OS_REGIONS_IN_USE, &arena, &regions, &count),
                   FSA_OK);
  for (size_t i = 0; i < count; i++) all += (regions[i].end - regions[i].start) / PAGE;
  assert_true(pages.questions <= all / 4096 + 1);
}

static void before_1709_nothing_is_known_to_be_unchanged(void **state) {
  (void)state;
  FsaOsPrivatePages changed;
  os->build = 7601;
  pages.usual = VALID | SHARED;
  const FsaOsRegion *code = code_of(L"kernel32.dll");
  assert_true(code->private_size == FSA_OS_UNKNOWN);
  assert_true(code->resident_size > 0);
  assert_int_equal(fsa_os_private_pages(self, code, NULL, &changed), FSA_E_UNSUPPORTED);
  pages.special = VALID;
  pages.from = code->start;
  pages.to = code->start + PAGE;
  assert_int_equal(code_of(L"kernel32.dll")->private_size, PAGE);
  assert_int_equal(fsa_os_private_pages(self, code, NULL, &changed), FSA_OK);
  assert_int_equal(changed.count, 1);
}

static void a_system_without_working_sets_tells_nothing(void **state) {
  (void)state;
  FsaOsPrivatePages changed;
  pages.is_absent = true;
  const FsaOsRegion *code = code_of(L"kernel32.dll");
  assert_true(code->private_size == FSA_OS_UNKNOWN && code->resident_size == FSA_OS_UNKNOWN);
  assert_int_equal(fsa_os_private_pages(self, code, NULL, &changed), FSA_E_UNSUPPORTED);
}

/* ---- contents -------------------------------------------------------------------------------- */

static void what_is_swapped_out_stays_there(void **state) {
  (void)state;
  char *memory = VirtualAlloc(NULL, 4 * PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  char seen[4 * PAGE];
  size_t size;
  memset(memory, 'x', 4 * PAGE);
  pages.special = PAGE_FILE;
  pages.from = (uint64_t)(uintptr_t)memory + 2 * PAGE;
  pages.to = pages.from + PAGE;
  assert_int_equal(
      fsa_os_process_memory(self, (uint64_t)(uintptr_t)memory + 10, seen, sizeof seen - 10, &size),
      FSA_OK);
  assert_int_equal(size, 2 * PAGE - 10);
  assert_int_equal(fsa_os_process_memory(self, pages.from + 5, seen, 100, &size), FSA_OK);
  assert_int_equal(size, 0);
  assert_int_equal(fsa_os_process_memory(self, pages.to, seen, sizeof seen, &size), FSA_OK);
  assert_true(size >= PAGE);
  VirtualFree(memory, 0, MEM_RELEASE);
}

static void a_guard_is_not_touched(void **state) {
  (void)state;
  char *memory = VirtualAlloc(NULL, 2 * PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  char seen[2 * PAGE];
  size_t size;
  DWORD before;
  MEMORY_BASIC_INFORMATION after;
  assert_true(VirtualProtect(memory + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &before));
  assert_int_equal(fsa_os_process_memory(self, (uint64_t)(uintptr_t)memory, seen, 2 * PAGE, &size),
                   FSA_OK);
  assert_int_equal(size, PAGE);
  assert_true(VirtualQuery(memory + PAGE, &after, sizeof after));
  assert_int_equal(after.Protect, PAGE_READWRITE | PAGE_GUARD);
  const FsaOsRegion *guard = region_at(FSA_OS_ALL_REGIONS, memory + PAGE);
  assert_int_equal(guard->protection, FSA_OS_WRITE | FSA_OS_GUARD);
  VirtualFree(memory, 0, MEM_RELEASE);
}

static void memory_ends_where_it_is_reserved_only(void **state) {
  (void)state;
  char *memory = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);
  char seen[200];
  size_t size = 7;
  assert_non_null(VirtualAlloc(memory, PAGE, MEM_COMMIT, PAGE_READWRITE));
  const uint64_t end = (uint64_t)(uintptr_t)memory + PAGE;
  assert_int_equal(fsa_os_process_memory(self, end - 50, seen, sizeof seen, &size), FSA_OK);
  assert_int_equal(size, 50);
  assert_int_equal(fsa_os_process_memory(self, end, seen, sizeof seen, &size), FSA_OK);
  assert_int_equal(size, 0);
  assert_int_equal(fsa_os_process_memory(self, UINT64_MAX - 3, seen, sizeof seen, &size), FSA_OK);
  assert_int_equal(size, 0);
  const FsaOsRegion *region = region_at(FSA_OS_ALL_REGIONS, memory);
  assert_int_equal(region->end - region->start, PAGE);
  assert_int_equal(region->allocation_size, 2 * PAGE);
  VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void a_name_by_device_is_shown_by_its_drive(void **state) {
  (void)state;
  static WCHAR native[600];
  assert_true(QueryDosDeviceW(L"C:", native, 500) > 0);
  wcscat(native, L"\\windows\\system32\\kernel32.dll");
  mapped_name = native;
  const FsaOsRegion *code = code_of(L"kernel32.dll");
  static const char expected[] = "C:\\windows\\system32\\kernel32.dll";
  assert_int_equal(code->name.size, sizeof expected - 1);
  assert_memory_equal(code->name.data, expected, sizeof expected - 1);
  mapped_name = L"\\Device\\HarddiskVolume77\\x.dll";
  assert_memory_equal(code_of(L"kernel32.dll")->name.data, "\\Device\\HarddiskVolume77\\x.dll", 31);
}

static void a_mapping_without_a_file_is_anonymous(void **state) {
  (void)state;
  HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);
  void *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, PAGE);
  const FsaOsRegion *region = region_at(FSA_OS_ALL_REGIONS, view);
  assert_int_equal(region->backing, FSA_OS_ANONYMOUS);
  assert_int_equal(region->protection, FSA_OS_READ | FSA_OS_WRITE | FSA_OS_SHARED);
  UnmapViewOfFile(view);
  CloseHandle(section);
}

/* ---- other processes ------------------------------------------------------------------------- */

static HANDLE start_program(DWORD *ret_pid) {
  WCHAR command[] = L"cmd.exe /c pause";
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION made;
  assert_true(CreateProcessW(NULL, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &start,
                             &made));
  CloseHandle(made.hThread);
  *ret_pid = made.dwProcessId;
  return made.hProcess;
}

static void a_process_that_ended_is_absent(void **state) {
  (void)state;
  DWORD pid;
  HANDLE program = start_program(&pid);
  FsaOsProcess *process;
  FsaOsRegion *regions, region;
  FsaOsModules modules;
  size_t count, size;
  char byte;
  assert_int_equal(fsa_os_process_open(os, pid, &arena, &process), FSA_OK);
  assert_int_equal(fsa_os_process_regions(process, FSA_OS_CODE_REGIONS, &arena, &regions, &count),
                   FSA_OK);
  assert_true(count > 0);
  TerminateProcess(program, 0);
  WaitForSingleObject(program, 10000);
  assert_int_equal(fsa_os_process_regions(process, FSA_OS_CODE_REGIONS, &arena, &regions, &count),
                   FSA_E_ABSENT);
  assert_int_equal(fsa_os_process_memory(process, regions[0].start, &byte, 1, &size), FSA_E_ABSENT);
  assert_int_equal(fsa_os_region_at(process, regions[0].start, &arena, &region), FSA_E_ABSENT);
  assert_int_equal(fsa_os_modules(process, regions, count, &arena, &modules), FSA_OK);
  assert_int_not_equal(modules.lists, FSA_OK);
  fsa_os_process_close(process);
  CloseHandle(program);
}

/* ---- the table ------------------------------------------------------------------------------- */

static sqlite3 *database;

static int open_database(void **state) {
  FsaEngine *engine;
  FsaEngineOptions options = {0};
  if (begin(state) != 0 || sqlite3_open(":memory:", &database) != SQLITE_OK) return -1;
  if (fsa_engine_new(&options, &engine) != FSA_OK) return -1;
  return fsa_sql_register(database, engine, true, NULL) == SQLITE_OK ? 0 : -1;
}

static int close_database(void **state) {
  sqlite3_close(database);
  return finish(state);
}

/* The one text that a query of this process's rows gives; "" for no row. */
static const char *ask(const char *columns, const void *address) {
  static char text[400];
  char sql[600];
  sqlite3_stmt *statement;
  snprintf(sql, sizeof sql,
           "SELECT group_concat(%s, ' ') FROM fsa_injected_modules WHERE pid = %lu AND "
           "allocation = '0x%llx'",
           columns, GetCurrentProcessId(), (unsigned long long)(uintptr_t)address);
  assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  const unsigned char *found = sqlite3_column_text(statement, 0);
  snprintf(text, sizeof text, "%s", found ? (const char *)found : "");
  sqlite3_finalize(statement);
  return text;
}

static void overwrite(void *address, const void *bytes, size_t size) {
  DWORD before, ignored;
  assert_true(VirtualProtect(address, size, PAGE_EXECUTE_READWRITE, &before));
  memcpy(address, bytes, size);
  assert_true(VirtualProtect(address, size, before, &ignored));
}

/* The library that the tests bend, loaded anew for each. */
static char *library(void) {
  char *base = (char *)LoadLibraryW(L"winmm.dll");
  assert_non_null(base);
  return base;
}

/* The system says which pages changed; what changed in them, the file says. */
static void a_patch_is_told_byte_by_byte(void **state) {
  (void)state;
  char *base = library(), *code = base + PAGE + 0x123;
  char before[5], after[5];
  memcpy(before, code, sizeof before);
  for (size_t i = 0; i < sizeof after; i++) after[i] = (char)~before[i];
  assert_string_equal(ask("kind", base), "");
  overwrite(code, after, sizeof after);
  pages.special = VALID;
  pages.from = (uint64_t)(uintptr_t)base + PAGE;
  pages.to = pages.from + PAGE;
  char expected[100];
  snprintf(expected, sizeof expected, "modified_code 1 5 0x%llx 1",
           (unsigned long long)(uintptr_t)code);
  assert_string_equal(ask("kind || ' ' || is_modified || ' ' || changed_bytes || ' ' || "
                          "first_changed || ' ' || private_pages",
                          base),
                      expected);
  overwrite(code, before, sizeof before);
  /* a page of its own with the file's bytes in it, as of an image that was moved, is nothing */
  assert_string_equal(ask("kind", base), "");
  FreeLibrary((HMODULE)base);
}

static void a_header_that_is_still_the_files_tells_of_another_file(void **state) {
  (void)state;
  char *base = library(), before[64], zeroes[64] = {0};
  memcpy(before, base, sizeof before);
  overwrite(base, zeroes, sizeof zeroes);
  assert_string_equal(ask("kind || is_header_modified || is_header_erased || is_replaced", base),
                      "replaced_file001");
  pages.special = VALID;
  pages.from = (uint64_t)(uintptr_t)base;
  pages.to = pages.from + PAGE;
  assert_string_equal(ask("kind || is_header_modified || is_header_erased", base),
                      "header_erased11");
  overwrite(base, before, sizeof before);
  assert_string_equal(ask("kind", base), "");
  FreeLibrary((HMODULE)base);
}

static void an_image_that_lost_its_name_is_a_phantom(void **state) {
  (void)state;
  char *base = library();
  name_status = NT_OBJECT_NAME_NOT_FOUND;
  assert_string_equal(ask("kind || ifnull(path, '?') || ifnull(on_disk, '?')", base),
                      "phantom_image??");
  name_status = 0;
  mapped_name = L"\\??\\C:\\windows\\system32\\gone.dll";
  assert_string_equal(ask("kind || is_deleted || on_disk", base), "deleted_file10");
  FreeLibrary((HMODULE)base);
}

static void a_thread_that_began_in_data_is_told(void **state) {
  (void)state;
  char *memory = VirtualAlloc(NULL, 2 * PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  memcpy(memory, "never executed", 15);
  assert_string_equal(ask("kind", memory), "");
  thread_start = (uint64_t)(uintptr_t)memory;
  const char *found = ask("kind || ' ' || permissions || ' ' || (thread_starts > 0)", memory);
  assert_string_equal(found, "thread_start rw-p 1");
  thread_start = 0x1000; /* where nothing is mapped */
  assert_string_equal(ask("kind", memory), "");
  VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- handles --------------------------------------------------------------------------------- */

static unsigned own_handles(void) {
  static uint64_t buffer[1 << 18];
  ULONG length;
  unsigned count = 0;
  assert_true(
      NT_OK(real.NtQuerySystemInformation(NT_SYSTEM_HANDLES, buffer, sizeof buffer, &length)));
  for (uint64_t i = 0; i < buffer[0]; i++) count += buffer[2 + i * 5 + 1] == GetCurrentProcessId();
  return count;
}

static void a_thousand_scans_leave_no_handle(void **state) {
  (void)state;
  ask("kind", NULL);
  const unsigned before = own_handles();
  for (int i = 0; i < 1000; i++) ask("kind", NULL);
  assert_int_equal(own_handles(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(changed_pages_of_an_image_are_counted, begin, finish),
      cmocka_unit_test_setup_teardown(pages_are_asked_about_together, begin, finish),
      cmocka_unit_test_setup_teardown(before_1709_nothing_is_known_to_be_unchanged, begin, finish),
      cmocka_unit_test_setup_teardown(a_system_without_working_sets_tells_nothing, begin, finish),
      cmocka_unit_test_setup_teardown(what_is_swapped_out_stays_there, begin, finish),
      cmocka_unit_test_setup_teardown(a_guard_is_not_touched, begin, finish),
      cmocka_unit_test_setup_teardown(memory_ends_where_it_is_reserved_only, begin, finish),
      cmocka_unit_test_setup_teardown(a_name_by_device_is_shown_by_its_drive, begin, finish),
      cmocka_unit_test_setup_teardown(a_mapping_without_a_file_is_anonymous, begin, finish),
      cmocka_unit_test_setup_teardown(a_process_that_ended_is_absent, begin, finish),
      cmocka_unit_test_setup_teardown(a_patch_is_told_byte_by_byte, open_database, close_database),
      cmocka_unit_test_setup_teardown(a_header_that_is_still_the_files_tells_of_another_file,
                                      open_database, close_database),
      cmocka_unit_test_setup_teardown(an_image_that_lost_its_name_is_a_phantom, open_database,
                                      close_database),
      cmocka_unit_test_setup_teardown(a_thread_that_began_in_data_is_told, open_database,
                                      close_database),
      cmocka_unit_test_setup_teardown(a_thousand_scans_leave_no_handle, open_database,
                                      close_database),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
