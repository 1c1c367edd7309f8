/* os/windows/services: recorded answers of a service control manager, and the running one. */
#include "os/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "os/windows/host.h"

#define ENTRY 56u

typedef struct Host {
  FsaOs *os;
  FsaArena arena;
  Nt nt;
} Host;

static Host host;
static int open_handles;

static int set_up(void **state) {
  (void)state;
  host = (Host){.os = NULL};
  assert_int_equal(fsa_os_open("", &host.os), FSA_OK);
  host.nt = nt;
  open_handles = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  nt = host.nt;
  fsa_arena_done(&host.arena);
  fsa_os_close(host.os);
  return 0;
}

/* ---- a played manager ------------------------------------------------------------------------ */

static SC_HANDLE NTAPI open_manager(const WCHAR *machine, const WCHAR *database, DWORD access) {
  (void)machine, (void)database;
  assert_int_equal(access & ~(DWORD)(SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE), 0);
  open_handles++;
  return (SC_HANDLE)(uintptr_t)1;
}

static SC_HANDLE NTAPI refuse_manager(const WCHAR *machine, const WCHAR *database, DWORD access) {
  (void)machine, (void)database, (void)access;
  SetLastError(ERROR_ACCESS_DENIED);
  return NULL;
}

static BOOL NTAPI close_handle(SC_HANDLE handle) {
  (void)handle;
  open_handles--;
  return TRUE;
}

/* What the manager of Windows 10 knows but does not list, and what it does not know. */
static SC_HANDLE NTAPI open_service(SC_HANDLE manager, const WCHAR *name, DWORD access) {
  (void)manager;
  assert_int_equal(access, SERVICE_QUERY_STATUS);
  if (wcscmp(name, L"hidden") != 0) {
    SetLastError(wcscmp(name, L"denied") == 0 ? ERROR_ACCESS_DENIED : ERROR_SERVICE_DOES_NOT_EXIST);
    return NULL;
  }
  open_handles++;
  return (SC_HANDLE)(uintptr_t)2;
}

static size_t listed; /* how many it lists */
static DWORD last_error;

static void put(uint8_t *to, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(number >> 8 * i);
}

/* Entries from the front, names from the end of the buffer, as Windows fills it. */
static BOOL NTAPI list(SC_HANDLE manager, int level, DWORD types, DWORD states, BYTE *buffer,
                       DWORD room, DWORD *ret_missing, DWORD *ret_count, DWORD *resume,
                       const WCHAR *group) {
  (void)manager, (void)group;
  assert_int_equal(level, SC_ENUM_PROCESS_INFO);
  assert_int_equal(types & SERVICE_DRIVER, SERVICE_DRIVER);
  assert_int_equal(states, SERVICE_STATE_ALL);
  assert_int_equal(*resume, 0);
  static const WCHAR name[] = L"svc_\x00E9", display[] = L"A service";
  const DWORD each = (DWORD)(ENTRY + sizeof name + sizeof display);
  if (room < each * listed) {
    *ret_missing = (DWORD)(each * listed - room);
    SetLastError(last_error);
    return FALSE;
  }
  uint8_t *end = buffer + room;
  for (size_t i = 0; i < listed; i++) {
    uint8_t *entry = buffer + ENTRY * i;
    memset(entry, 0, ENTRY);
    end -= sizeof name;
    memcpy(end, name, sizeof name);
    put(entry, (uintptr_t)end, 8);
    end -= sizeof display;
    memcpy(end, display, sizeof display);
    put(entry + 8, (uintptr_t)end, 8);
    put(entry + 16, 0x20, 4), put(entry + 20, 4, 4), put(entry + 44, 1000 + i, 4);
  }
  *ret_count = (DWORD)listed;
  return TRUE;
}

static void play(void) {
  nt.OpenSCManagerW = open_manager;
  nt.CloseServiceHandle = close_handle;
  nt.OpenServiceW = open_service;
  nt.EnumServicesStatusExW = list;
  last_error = ERROR_MORE_DATA;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_list_that_does_not_fit_at_first(void **state) {
  (void)state;
  FsaOsService *services;
  size_t count;
  play();
  listed = 20000;
  assert_int_equal(fsa_os_services(host.os, &host.arena, &services, &count), FSA_OK);
  assert_int_equal(count, listed);
  assert_string_equal(services[7].name.data, "svc_\xC3\xA9");
  assert_string_equal(services[7].display_name.data, "A service");
  assert_int_equal(services[19999].pid, 20999);
  assert_int_equal(services[0].type, 0x20);
  assert_int_equal(services[0].state, 4);
  assert_int_equal(open_handles, 0);
}

static void a_manager_that_refuses(void **state) {
  (void)state;
  FsaOsService *services;
  size_t count = 42;
  play();
  listed = 20000;
  last_error = ERROR_ACCESS_DENIED;
  assert_int_equal(fsa_os_services(host.os, &host.arena, &services, &count), FSA_E_ACCESS);
  nt.OpenSCManagerW = refuse_manager;
  assert_int_equal(fsa_os_services(host.os, &host.arena, &services, &count), FSA_E_ACCESS);
  assert_int_equal(count, 42);
  assert_int_equal(open_handles, 0);
}

static void what_is_known_but_not_listed(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int expected;
  } cases[] = {{"hidden", FSA_OK}, {"denied", FSA_E_ACCESS}, {"nothing", FSA_E_ABSENT}};
  play();
  for (size_t i = 0; i < 3; i++) {
    const FsaText name = {cases[i].name, strlen(cases[i].name)};
    assert_int_equal(fsa_os_service_look(host.os, name, &host.arena), cases[i].expected);
  }
  assert_int_equal(open_handles, 0);
}

static ULONG NTAPI query_tag(void *machine, ULONG class, NtServiceTagQuery *query) {
  (void)machine;
  assert_int_equal(class, NT_SERVICE_NAME_OF_TAG);
  if (query->ProcessId != 1812) return ERROR_INVALID_PARAMETER;
  if (query->ServiceTag != 0x51) return ERROR_SUCCESS; /* and no name */
  query->Buffer = LocalAlloc(LPTR, 32);
  memcpy(query->Buffer, L"Dnscache", sizeof L"Dnscache");
  return ERROR_SUCCESS;
}

static void services_by_their_tags(void **state) {
  (void)state;
  FsaText name;
  nt.I_QueryTagInformation = query_tag;
  assert_int_equal(fsa_os_service_of_tag(host.os, 1812, 0x51, &host.arena, &name), FSA_OK);
  assert_string_equal(name.data, "Dnscache");
  assert_int_equal(fsa_os_service_of_tag(host.os, 1812, 0x52, &host.arena, &name), FSA_E_ABSENT);
  assert_int_equal(fsa_os_service_of_tag(host.os, 1812, 0, &host.arena, &name), FSA_E_ABSENT);
  assert_true(fsa_os_service_of_tag(host.os, 1, 0x51, &host.arena, &name) < 0);
  nt.I_QueryTagInformation = NULL;
  assert_int_equal(fsa_os_service_of_tag(host.os, 1812, 0x51, &host.arena, &name),
                   FSA_E_UNSUPPORTED);
}

static void a_thousand_lists_leak_no_handle(void **state) {
  (void)state;
  FsaOsService *services;
  size_t count;
  DWORD before, after;
  assert_int_equal(fsa_os_services(host.os, &host.arena, &services, &count), FSA_OK);
  assert_true(count > 5);
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &before));
  for (int i = 0; i < 1000; i++) {
    fsa_arena_clear(&host.arena);
    assert_int_equal(fsa_os_services(host.os, &host.arena, &services, &count), FSA_OK);
    assert_int_equal(fsa_os_service_look(host.os, (FsaText){"no such", 7}, &host.arena),
                     FSA_E_ABSENT);
  }
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &after));
  assert_int_equal(after, before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_list_that_does_not_fit_at_first), TEST(a_manager_that_refuses),
      TEST(what_is_known_but_not_listed),      TEST(services_by_their_tags),
      TEST(a_thousand_lists_leak_no_handle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
