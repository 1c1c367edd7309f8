/* os/windows/connections: recorded tables of sockets, and the running ones. */
#include "os/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "os/windows/host.h"

typedef struct Host {
  FsaOs *os;
  FsaArena arena;
  Nt nt;
} Host;

static Host host;

static int set_up(void **state) {
  (void)state;
  host = (Host){.os = NULL};
  assert_int_equal(fsa_os_open("", &host.os), FSA_OK);
  nt_load_later();
  host.nt = nt;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  nt = host.nt;
  fsa_arena_done(&host.arena);
  fsa_os_close(host.os);
  return 0;
}

static void put(uint8_t *to, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(number >> 8 * i);
}

enum { FOUR = 2, SIX = 23 };

static size_t connections_of_4; /* of TCP: a listener and as many connections less one */
static size_t calls;

/* The list grows between two calls, as it does on a busy server. */
static DWORD NTAPI tcp(void *buffer, DWORD *size, BOOL order, ULONG family, int class,
                       ULONG reserved) {
  (void)order, (void)reserved;
  assert_int_equal(class, 8);
  const size_t each = family == FOUR ? 160 : 192;
  const size_t count = family == FOUR ? connections_of_4 : 1;
  const size_t needed = 8 + each * count;
  calls++;
  if (*size < needed) {
    *size = (DWORD)needed;
    if (family == FOUR && calls < 3) connections_of_4 += 1000;
    return ERROR_INSUFFICIENT_BUFFER;
  }
  uint8_t *out = buffer;
  memset(out, 0, needed);
  put(out, count, 4);
  for (size_t i = 0; i < count; i++) {
    uint8_t *row = out + 8 + each * i;
    if (family == SIX) {
      row[15] = 1, put(row + 20, 0xBD01, 4), put(row + 48, 2, 4), put(row + 52, 4, 4);
      continue;
    }
    put(row, i ? 5 : 2, 4), put(row + 8, 0xFFFFBD01, 4); /* what stands behind a port is noise */
    put(row + 12, 0x04040808, 4), put(row + 16, 0xBB01, 4), put(row + 20, 1000 + i, 4);
    if (i) put(row + 24, 0x01DAD54000989680ull, 8), put(row + 32, 0x51, 4);
  }
  return ERROR_SUCCESS;
}

static DWORD NTAPI udp(void *buffer, DWORD *size, BOOL order, ULONG family, int class,
                       ULONG reserved) {
  (void)order, (void)reserved;
  assert_int_equal(class, 2);
  const size_t needed = family == FOUR ? 168 : 8;
  uint8_t *out = buffer;
  assert_true(*size >= needed);
  memset(out, 0, needed);
  if (family == FOUR) put(out, 1, 4), put(out + 12, 0xE914, 4), put(out + 16, 1812, 4);
  return ERROR_SUCCESS;
}

static DWORD NTAPI refuse(void *buffer, DWORD *size, BOOL order, ULONG family, int class,
                          ULONG reserved) {
  (void)buffer, (void)size, (void)order, (void)family, (void)class, (void)reserved;
  return ERROR_ACCESS_DENIED;
}

static void tables_that_grow(void **state) {
  (void)state;
  FsaOsConnection *connections;
  size_t count;
  nt.GetExtendedTcpTable = tcp;
  nt.GetExtendedUdpTable = udp;
  connections_of_4 = 3000;
  calls = 0;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_OK);
  assert_int_equal(count, connections_of_4 + 2);
  const FsaOsConnection *listener = &connections[0], *client = &connections[1];
  assert_int_equal(listener->protocol, FSA_OS_TCP);
  assert_int_equal(listener->family, FOUR);
  assert_true(listener->is_listening);
  assert_string_equal(listener->state, "LISTEN");
  assert_int_equal(listener->local_port, 445);
  assert_int_equal(listener->remote.size, 0); /* what the system leaves there means nothing */
  assert_true(listener->remote_port == FSA_OS_UNKNOWN);
  assert_true(listener->create_time == FSA_OS_UNKNOWN);
  assert_string_equal(client->state, "ESTABLISHED");
  assert_memory_equal(client->remote.data, "\10\10\4\4", 4);
  assert_int_equal(client->remote_port, 443);
  assert_int_equal(client->pid, 1001);
  assert_int_equal(client->service_tag, 0x51);
  assert_true(client->create_time > 0);
  const FsaOsConnection *six = &connections[connections_of_4], *datagram = six + 1;
  assert_int_equal(six->family, SIX);
  assert_int_equal(six->local.size, 16);
  assert_int_equal(datagram->protocol, FSA_OS_UDP);
  assert_null(datagram->state);
  assert_int_equal(datagram->local_port, 5353);
  assert_int_equal(datagram->pid, 1812);
}

static size_t refusals; /* that are still to come */

static DWORD NTAPI tired(void *buffer, DWORD *size, BOOL order, ULONG family, int class,
                         ULONG reserved) {
  *size = 0; /* as after any failure: it means nothing */
  if (refusals == 0) {
    *size = 64u << 10;
    return udp(buffer, size, order, family, class, reserved);
  }
  refusals--;
  return ERROR_OUTOFMEMORY;
}

/* Wine's library gives up when sockets come and go; memory that is really short stays an error. */
static void a_library_that_gives_up_is_asked_again(void **state) {
  (void)state;
  FsaOsConnection *connections;
  size_t count = 42;
  connections_of_4 = 1;
  calls = 0;
  nt.GetExtendedTcpTable = tcp;
  nt.GetExtendedUdpTable = tired;
  refusals = 7;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_OK);
  assert_int_equal(count, 3);
  refusals = SIZE_MAX;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_E_NOMEM);
}

static void tables_that_are_refused(void **state) {
  (void)state;
  FsaOsConnection *connections;
  size_t count = 42;
  nt.GetExtendedTcpTable = refuse;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_E_ACCESS);
  nt.GetExtendedTcpTable = NULL;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count),
                   FSA_E_UNSUPPORTED);
  assert_int_equal(count, 42);
}

static void a_thousand_scans_leak_no_handle(void **state) {
  (void)state;
  FsaOsConnection *connections;
  size_t count;
  DWORD before, after;
  assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_OK);
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &before));
  for (int i = 0; i < 1000; i++) {
    fsa_arena_clear(&host.arena);
    assert_int_equal(fsa_os_connections(host.os, &host.arena, &connections, &count), FSA_OK);
  }
  assert_true(GetProcessHandleCount(GetCurrentProcess(), &after));
  assert_int_equal(after, before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(tables_that_grow),
      TEST(a_library_that_gives_up_is_asked_again),
      TEST(tables_that_are_refused),
      TEST(a_thousand_scans_leak_no_handle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
