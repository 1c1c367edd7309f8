/* formats/nt_net: sockets of all four kinds, honest and hostile. */
#include "formats/nt_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const size_t sizes[FSA_NT_NET_KINDS] = {160, 192, 160, 176};

static void set(uint8_t *data, size_t at, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; i++) data[at + i] = (uint8_t)(number >> 8 * i);
}

/* GetExtendedTcpTable of Windows 10: a listener, and a connection of a service in svchost. */
static size_t tcp4(uint8_t *data) {
  set(data, 0, 2, 4);
  uint8_t *row = data + 8;
  set(row, 0, 2, 4), set(row, 8, 0x8700, 2), set(row, 20, 968, 4);
  row += 160;
  set(row, 0, 5, 4), memcpy(row + 4, "\12\0\0\5", 4), set(row, 8, 0xC310, 2);
  memcpy(row + 12, "\10\10\4\4", 4), set(row, 16, 0xBB01, 2), set(row, 20, 1812, 4);
  set(row, 24, 0x01DAD54000989680ull, 8), set(row, 32, 0x51, 8);
  return 8 + 2 * 160;
}

static void connections_of_tcp(void **state) {
  (void)state;
  uint8_t data[512] = {0};
  const FsaBytes bytes = fsa_bytes(data, tcp4(data));
  FsaNtSocket socket;
  assert_int_equal(fsa_nt_sockets(bytes, FSA_NT_TCP4), 2);
  assert_int_equal(fsa_nt_socket(bytes, FSA_NT_TCP4, 0, &socket), FSA_OK);
  assert_int_equal(socket.state, 2);
  assert_int_equal(socket.local_port, 135);
  assert_int_equal(socket.pid, 968);
  assert_int_equal(socket.create_time, 0);
  assert_int_equal(fsa_nt_socket(bytes, FSA_NT_TCP4, 1, &socket), FSA_OK);
  assert_memory_equal(socket.local.data, "\12\0\0\5", 4);
  assert_memory_equal(socket.remote.data, "\10\10\4\4", 4);
  assert_int_equal(socket.local_port, 4291);
  assert_int_equal(socket.remote_port, 443);
  assert_int_equal(socket.create_time, 0x01DAD54000989680ull);
  assert_int_equal(socket.service_tag, 0x51);
}

static void connections_of_tcp_6(void **state) {
  (void)state;
  uint8_t data[256] = {1};
  uint8_t *row = data + 8;
  FsaNtSocket socket;
  row[0] = 0xfe, row[1] = 0x80, row[15] = 1, set(row, 16, 12, 4), set(row, 20, 0xBD01, 2);
  row[24] = 0xfe, row[25] = 0x80, row[39] = 2, set(row, 40, 13, 4), set(row, 44, 0x5000, 2);
  set(row, 48, 5, 4), set(row, 52, 4, 4), set(row, 56, 77, 8), set(row, 64, 9, 4);
  assert_int_equal(fsa_nt_socket(fsa_bytes(data, 200), FSA_NT_TCP6, 0, &socket), FSA_OK);
  assert_int_equal(socket.local.size, 16);
  assert_int_equal(socket.local.data[15], 1);
  assert_int_equal(socket.remote.data[15], 2);
  assert_int_equal(socket.local_scope, 12);
  assert_int_equal(socket.remote_scope, 13);
  assert_int_equal(socket.local_port, 445);
  assert_int_equal(socket.remote_port, 80);
  assert_int_equal(socket.state, 5);
  assert_int_equal(socket.pid, 4);
  assert_int_equal(socket.create_time, 77);
  assert_int_equal(socket.service_tag, 9);
}

static void sockets_of_udp(void **state) {
  (void)state;
  uint8_t data[256] = {1};
  FsaNtSocket socket;
  memcpy(data + 8, "\177\0\0\1", 4), set(data, 12, 0xE914, 2), set(data, 16, 7, 4);
  set(data, 24, 5, 8), set(data, 40, 3, 4);
  assert_int_equal(fsa_nt_socket(fsa_bytes(data, 168), FSA_NT_UDP4, 0, &socket), FSA_OK);
  assert_int_equal(socket.local_port, 5353);
  assert_int_equal(socket.pid, 7);
  assert_int_equal(socket.create_time, 5);
  assert_int_equal(socket.service_tag, 3);
  assert_int_equal(socket.remote.size, 0);
  assert_int_equal(socket.state, 0);
  memset(data + 4, 0, sizeof data - 4);
  data[8 + 15] = 1, set(data, 8 + 20, 0xE914, 2), set(data, 8 + 24, 8, 4);
  set(data, 8 + 32, 6, 8), set(data, 8 + 48, 4, 4);
  assert_int_equal(fsa_nt_socket(fsa_bytes(data, 184), FSA_NT_UDP6, 0, &socket), FSA_OK);
  assert_int_equal(socket.local.size, 16);
  assert_int_equal(socket.local_port, 5353);
  assert_int_equal(socket.pid, 8);
  assert_int_equal(socket.create_time, 6);
  assert_int_equal(socket.service_tag, 4);
}

/* A count beyond the bytes gives what is there. */
static void counts_that_lie(void **state) {
  (void)state;
  uint8_t data[512] = {0};
  FsaNtSocket socket;
  set(data, 0, UINT32_MAX, 4);
  for (unsigned kind = 0; kind < FSA_NT_NET_KINDS; kind++) {
    for (size_t size = 0; size <= sizeof data; size++) {
      const FsaBytes bytes = fsa_bytes(data, size);
      const size_t expected = size < 8 ? 0 : (size - 8) / sizes[kind];
      const size_t count = fsa_nt_sockets(bytes, kind);
      assert_int_equal(count, expected);
      if (count) assert_int_equal(fsa_nt_socket(bytes, kind, count - 1, &socket), FSA_OK);
      assert_int_equal(fsa_nt_socket(bytes, kind, count, &socket), FSA_E_FORMAT);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connections_of_tcp),
      cmocka_unit_test(connections_of_tcp_6),
      cmocka_unit_test(sockets_of_udp),
      cmocka_unit_test(counts_that_lie),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
