/* formats/ip_address: texts and kinds of addresses. */
#include "formats/ip_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_address(const void *bytes, size_t size, const char *text, const char *kind) {
  char out[FSA_IP_TEXT];
  assert_int_equal(fsa_ip_text(fsa_bytes(bytes, size), out), strlen(text));
  assert_string_equal(out, text);
  assert_string_equal(fsa_ip_class(fsa_bytes(bytes, size)), kind);
}

static void addresses_of_four_bytes(void **state) {
  (void)state;
  assert_address("\0\0\0\0", 4, "0.0.0.0", "unspecified");
  assert_address("\0\0\0\1", 4, "0.0.0.1", "reserved");
  assert_address("\177\0\0\1", 4, "127.0.0.1", "loopback");
  assert_address("\12\1\2\3", 4, "10.1.2.3", "private");
  assert_address("\254\17\0\1", 4, "172.15.0.1", "public");
  assert_address("\254\20\0\1", 4, "172.16.0.1", "private");
  assert_address("\254\37\377\377", 4, "172.31.255.255", "private");
  assert_address("\254\40\0\1", 4, "172.32.0.1", "public");
  assert_address("\300\250\0\1", 4, "192.168.0.1", "private");
  assert_address("\144\100\0\1", 4, "100.64.0.1", "shared");
  assert_address("\144\200\0\1", 4, "100.128.0.1", "public");
  assert_address("\251\376\0\1", 4, "169.254.0.1", "link_local");
  assert_address("\340\0\0\373", 4, "224.0.0.251", "multicast");
  assert_address("\377\377\377\377", 4, "255.255.255.255", "broadcast");
  assert_address("\360\0\0\1", 4, "240.0.0.1", "reserved");
  assert_address("\300\0\2\1", 4, "192.0.2.1", "reserved");
  assert_address("\10\10\10\10", 4, "8.8.8.8", "public");
}

static void assert_groups(const uint16_t groups[8], const char *text, const char *kind) {
  uint8_t bytes[16];
  for (size_t i = 0; i < 8; i++) {
    bytes[2 * i] = (uint8_t)(groups[i] >> 8);
    bytes[2 * i + 1] = (uint8_t)groups[i];
  }
  assert_address(bytes, sizeof bytes, text, kind);
}

#define GROUPS(...) ((const uint16_t[8]){__VA_ARGS__})

static void addresses_of_sixteen_bytes(void **state) {
  (void)state;
  assert_groups(GROUPS(0), "::", "unspecified");
  assert_groups(GROUPS(0, 0, 0, 0, 0, 0, 0, 1), "::1", "loopback");
  assert_groups(GROUPS(0, 0, 0, 0, 0, 0, 0, 2), "::2", "reserved");
  assert_groups(GROUPS(0xfe80, 0, 0, 0, 1, 2, 3, 4), "fe80::1:2:3:4", "link_local");
  assert_groups(GROUPS(0xfebf, 0, 0, 0, 1, 2, 3, 4), "febf::1:2:3:4", "link_local");
  assert_groups(GROUPS(0xfd00, 1, 0, 0, 0, 0, 0, 0), "fd00:1::", "private");
  assert_groups(GROUPS(0xff02, 0, 0, 0, 0, 0, 0, 0xfb), "ff02::fb", "multicast");
  assert_groups(GROUPS(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1), "2001:db8:0:1::1", "reserved");
  assert_groups(GROUPS(0x2606, 0x4700, 0, 0, 1, 0, 0, 0x1111), "2606:4700::1:0:0:1111", "public");
  assert_groups(GROUPS(0x2606, 0, 1, 1, 1, 1, 1, 1), "2606:0:1:1:1:1:1:1", "public");
  assert_groups(GROUPS(0, 0, 0, 0, 0, 0xffff, 0x0a01, 0x0203), "::ffff:10.1.2.3", "private");
  assert_groups(GROUPS(0x64, 0xff9b, 0, 0, 0, 0, 0x0808, 0x0808), "64:ff9b::808:808", "public");
  assert_groups(GROUPS(0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff),
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast");
}

static void what_is_no_address(void **state) {
  (void)state;
  char out[FSA_IP_TEXT];
  assert_int_equal(fsa_ip_text(fsa_bytes(NULL, 0), out), 0);
  assert_string_equal(out, "");
  assert_null(fsa_ip_class(fsa_bytes("12345", 5)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_of_four_bytes),
      cmocka_unit_test(addresses_of_sixteen_bytes),
      cmocka_unit_test(what_is_no_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
