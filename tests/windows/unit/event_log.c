/*
 * os/windows/event_log: which log is exported under which name, how refusals are told, and that
 * nothing of it stays. The export itself is a function of ours: Wine has no event logs.
 */
#include "os/windows/event_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "os/files.h"
#include "os/windows/host.h"

#define LOGS "C:/Windows/System32/winevt/Logs/"

static Nt real;
static WCHAR channel[512], target[1024];
static int exports;
static DWORD failure; /* what the export fails with; 0 = it succeeds */

static BOOL NTAPI export_log(HANDLE session, const WCHAR *path, const WCHAR *query,
                             const WCHAR *file, DWORD flags) {
  assert_null(session);
  assert_null(query);
  assert_int_equal(flags, 1);
  swprintf(channel, 512, L"%ls", path);
  swprintf(target, 1024, L"%ls", file);
  exports++;
  if (failure) {
    SetLastError(failure);
    return FALSE;
  }
  DWORD written;
  HANDLE handle = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
  assert_true(handle != INVALID_HANDLE_VALUE);
  assert_true(WriteFile(handle, "ElfFile\0 and the rest", 21, &written, NULL));
  CloseHandle(handle);
  return TRUE;
}

static int set_up(void **state) {
  (void)state;
  nt_load();
  nt_load_later();
  real = nt;
  nt.EvtExportLog = export_log;
  exports = 0;
  failure = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  nt = real;
  return 0;
}

/* Neither the export nor its folder is there any more. */
static void assert_nothing_is_left(void) {
  assert_int_equal(GetFileAttributesW(target), INVALID_FILE_ATTRIBUTES);
  *wcsrchr(target, L'\\') = L'\0';
  assert_int_equal(GetFileAttributesW(target), INVALID_FILE_ATTRIBUTES);
}

static void channels_by_their_files(void **state) {
  (void)state;
  static const struct {
    const char *path;
    const WCHAR *channel;
  } cases[] = {
      {LOGS "Security.evtx", L"Security"},
      {LOGS "Windows PowerShell.evtx", L"Windows PowerShell"},
      {LOGS "Microsoft-Windows-PowerShell%4Operational.evtx",
       L"Microsoft-Windows-PowerShell/Operational"},
      {"C:/WINDOWS/system32/WINEVT/logs/System.EVTX", L"System"},
      {"C:/Windows/Temp/Security.evtx", NULL},
      {LOGS "Security.evt", NULL},
      {LOGS ".evtx", NULL},
      {LOGS "Security.evtx/x", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    WindowsExport *exported;
    HANDLE file;
    exports = 0;
    const int result = windows_export_open(cases[i].path, &exported, &file);
    assert_int_equal(result, cases[i].channel ? FSA_OK : FSA_E_ABSENT);
    assert_int_equal(exports, cases[i].channel ? 1 : 0);
    if (!cases[i].channel) continue;
    assert_int_equal(wcscmp(channel, cases[i].channel), 0);
    nt.NtClose(file);
    windows_export_close(exported);
    assert_nothing_is_left();
  }
}

static void exports_that_fail(void **state) {
  (void)state;
  static const struct {
    DWORD error;
    int expected;
  } cases[] = {{ERROR_ACCESS_DENIED, FSA_E_ACCESS}, {15007, FSA_E_ABSENT}};
  for (size_t i = 0; i < 2; i++) {
    WindowsExport *exported;
    HANDLE file;
    failure = cases[i].error;
    assert_int_equal(windows_export_open(LOGS "Security.evtx", &exported, &file),
                     cases[i].expected);
    assert_nothing_is_left();
  }
  WindowsExport *exported;
  HANDLE file;
  nt.EvtExportLog = NULL;
  assert_int_equal(windows_export_open(LOGS "Security.evtx", &exported, &file), FSA_E_ABSENT);
}

/* ---- through the reader of files ------------------------------------------------------------- */

static NtStatus NTAPI open_refused(HANDLE *handle, ACCESS_MASK access, NtObjectAttributes *object,
                                   NtIoStatusBlock *io, ULONG share, ULONG options) {
  const NtUnicodeString *name = object->ObjectName;
  const size_t units = name->Length / 2u;
  if (units > 5 && _wcsnicmp(name->Buffer + units - 5, L".evtx", 5) == 0) return NT_ACCESS_DENIED;
  if (units == 6 && _wcsnicmp(name->Buffer, L"winevt", 6) == 0)
    return real.NtOpenFile(handle, access,
                           &(NtObjectAttributes){.Length = sizeof *object,
                                                 .RootDirectory = object->RootDirectory,
                                                 .ObjectName = &(NtUnicodeString){0, 0, L""}},
                           io, share, options); /* Wine has no such folder: its parent stands in */
  if (units == 4 && _wcsnicmp(name->Buffer, L"Logs", 4) == 0)
    return real.NtOpenFile(handle, access,
                           &(NtObjectAttributes){.Length = sizeof *object,
                                                 .RootDirectory = object->RootDirectory,
                                                 .ObjectName = &(NtUnicodeString){0, 0, L""}},
                           io, share, options);
  return real.NtOpenFile(handle, access, object, io, share, options);
}

static void a_log_that_is_refused(void **state) {
  (void)state;
  FsaOsFolder *machine;
  FsaOsReader *reader;
  const char *why = NULL;
  char bytes[64];
  size_t size;
  assert_int_equal(fsa_os_machine_open(&machine), FSA_OK);
  nt.NtOpenFile = open_refused;
  assert_int_equal(fsa_os_reader_open(machine, LOGS "Security.evtx", &reader, &why), FSA_OK);
  const FsaSource source = fsa_os_reader_source(reader);
  assert_int_equal(source.size, 21);
  assert_int_equal(source.read(source.context, 0, bytes, sizeof bytes, &size), FSA_OK);
  assert_int_equal(size, 21);
  assert_memory_equal(bytes, "ElfFile\0 and", 12);
  fsa_os_reader_close(reader);
  assert_nothing_is_left();
  failure = ERROR_ACCESS_DENIED; /* the channel is closed too: the file's refusal stands */
  assert_int_equal(fsa_os_reader_open(machine, LOGS "Security.evtx", &reader, &why), FSA_E_ACCESS);
  nt.NtOpenFile = real.NtOpenFile;
  fsa_os_folder_close(machine);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(channels_by_their_files),
      TEST(exports_that_fail),
      TEST(a_log_that_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
