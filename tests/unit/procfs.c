/* formats/procfs: the texts of /proc, honest and hostile. */
#include "formats/procfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static FsaBytes bytes_of(const char *text) {
  return fsa_bytes(text, strlen(text));
}

static FsaText text_of(const char *text) {
  return (FsaText){text, strlen(text)};
}

static void assert_text(FsaText text, const char *expected) {
  assert_int_equal(text.size, strlen(expected));
  assert_memory_equal(text.data, expected, text.size);
}

#define STAT_TAIL                                                                                  \
  " S 1 42 43 34816 -1 4194304 101 0 0 0 15 25 0 0 20 -5 3 0 227571 3133440 416 "                  \
  "18446744073709551615"

static void stat_of_an_ordinary_process(void **state) {
  (void)state;
  FsaProcStat stat;
  assert_int_equal(fsa_proc_stat(bytes_of("8086 (cat)" STAT_TAIL " 0 0\n"), &stat), FSA_OK);
  assert_text(stat.name, "cat");
  assert_int_equal(stat.state, 'S');
  assert_int_equal(stat.parent, 1);
  assert_int_equal(stat.group, 42);
  assert_int_equal(stat.session, 43);
  assert_int_equal(stat.terminal, 34816);
  assert_int_equal(stat.flags, 4194304);
  assert_int_equal(stat.user_ticks, 15);
  assert_int_equal(stat.system_ticks, 25);
  assert_int_equal(stat.nice, -5);
  assert_int_equal(stat.threads, 3);
  assert_int_equal(stat.start_ticks, 227571);
  assert_int_equal(stat.virtual_size, 3133440);
  assert_int_equal(stat.resident_pages, 416);
}

static void stat_of_a_name_that_breaks_parsers(void **state) {
  (void)state;
  FsaProcStat stat;
  assert_int_equal(fsa_proc_stat(bytes_of("1 () R 9 (\n)" STAT_TAIL "\n"), &stat), FSA_OK);
  assert_text(stat.name, ") R 9 (\n");
  assert_int_equal(stat.parent, 1);
  assert_int_equal(fsa_proc_stat(bytes_of("1 ()" STAT_TAIL), &stat), FSA_OK);
  assert_int_equal(stat.name.size, 0);
}

static void stat_that_is_damaged(void **state) {
  (void)state;
  static const char whole[] = "8086 (cat)" STAT_TAIL;
  FsaProcStat stat = {.state = 'q'};
  size_t last = strlen(whole) - strlen(" 18446744073709551615");
  for (size_t size = 0; size < last - 3; size++) /* the last field may lose digits unseen */
    assert_int_equal(fsa_proc_stat(fsa_bytes(whole, size), &stat), FSA_E_FORMAT);
  assert_int_equal(stat.state, 'q');
  assert_int_equal(fsa_proc_stat(bytes_of("1 )x( S 1"), &stat), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_stat(bytes_of("1 (x) S 99999999999999999999 1 1 1 1 1"), &stat),
                   FSA_E_FORMAT);
}

static void status_of_a_new_and_an_old_kernel(void **state) {
  (void)state;
  FsaProcStatus status;
  assert_int_equal(
      fsa_proc_status(
          bytes_of("Name:\ta\\nUid: "
                   "0\nTracerPid:\t7\nNSpid:\t8085\t12\t1\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
                   "Groups:\t4 24 27 \nVmRSS:\t    1748 kB\nCapInh:\t0000000000000000\n"
                   "CapPrm:\t000001fffeffffff\nCapEff:\t0000000000000001\n"
                   "CapBnd:\tffffffffffffffff\nCapAmb:\t0000000000000002\n"
                   "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n"),
          &status),
      FSA_OK);
  assert_text(status.name, "a\\nUid: 0");
  assert_int_equal(status.tracer, 7);
  assert_int_equal(status.namespace_pid, 1);
  assert_int_equal(status.uids[FSA_PROC_EFFECTIVE], 2);
  assert_int_equal(status.gids[FSA_PROC_FILE_SYSTEM], 8);
  assert_text(status.groups, "4 24 27");
  assert_int_equal(status.group_count, 3);
  assert_int_equal(status.resident_size, 1748 * 1024);
  assert_int_equal(status.capabilities_known, 31);
  assert_true(status.capabilities[FSA_PROC_BOUNDING] == UINT64_MAX);
  assert_int_equal(status.no_new_privileges, 1);
  assert_int_equal(status.seccomp, 2);
  assert_int_equal(status.seccomp_filters, 3);

  assert_int_equal(fsa_proc_status(bytes_of("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"), &status),
                   FSA_OK);
  assert_null(status.name.data);
  assert_null(status.groups.data);
  assert_int_equal(status.capabilities_known, 0);
  assert_true(status.seccomp == FSA_PROC_UNKNOWN);
  assert_true(status.group_count == FSA_PROC_UNKNOWN);
}

static void status_that_is_damaged(void **state) {
  (void)state;
  FsaProcStatus status;
  assert_int_equal(fsa_proc_status(bytes_of(""), &status), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_status(bytes_of(":\n::\nUid:\t1\t2\t3\nGid:\t0\t0\t0\t0\n"), &status),
                   FSA_E_FORMAT);
  assert_int_equal(fsa_proc_status(bytes_of("Uid:\t1\t2\t3\t99999999999999999999\n"), &status),
                   FSA_E_FORMAT);
}

static const char smaps[] =
    "55a4a866d000-55a4a8672000 r-xp 00002000 fe:01 247026                     /usr/bin/a b "
    "(deleted)\n"
    "Size:                 20 kB\nRss:                  20 kB\nAnonymous:             8 kB\n"
    "Swap:                  4 kB\nSwapPss:               9 kB\nVmFlags: rd ex mr mw me ac \n"
    "7f0000000000-7f0000001000 rwxs 00000000 00:00 0 \n"
    "VmFlags: rd wr \n";

static void smaps_region_by_region(void **state) {
  (void)state;
  FsaProcMaps maps = {bytes_of(smaps), 0};
  FsaProcRegion region;
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_ROW);
  assert_true(region.start == 0x55a4a866d000 && region.end == 0x55a4a8672000);
  assert_true(region.is_readable && !region.is_writable && region.is_executable &&
              !region.is_shared);
  assert_int_equal(region.offset, 0x2000);
  assert_int_equal(region.major, 0xfe);
  assert_int_equal(region.minor, 1);
  assert_int_equal(region.inode, 247026);
  assert_text(region.name, "/usr/bin/a b (deleted)");
  assert_int_equal(region.resident_size, 20 * 1024);
  assert_int_equal(region.anonymous_size, 8 * 1024);
  assert_int_equal(region.swapped_size, 4 * 1024);
  assert_int_equal(region.is_accounted, 1);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_ROW);
  assert_true(region.is_shared && region.is_writable);
  assert_int_equal(region.name.size, 0);
  assert_int_equal(region.is_accounted, 0);
  assert_true(region.anonymous_size == FSA_PROC_UNKNOWN);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_OK);
}

static void maps_with_damaged_lines(void **state) {
  (void)state;
  FsaProcMaps maps = {bytes_of("2000-1000 r-xp 0 0:0 0\nRss: 1 kB\n"
                               "1000-2000 r-?p 0 0:0 0\n"
                               "11111111111111111-22222222222222222 r-xp 0 0:0 0\n"
                               "1000-2000 r-xp 0 0:0 0"),
                      0};
  FsaProcRegion region;
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_ROW);
  assert_int_equal(fsa_proc_maps_next(&maps, &region), FSA_OK);
}

static void unix_sockets(void **state) {
  (void)state;
  FsaProcLines lines = {
      bytes_of("Num       RefCount Protocol Flags    Type St Inode Path\n"
               "00000000c113d563: 00000002 00000000 00010000 0001 01  1061 /run/a b\n"
               "00000000c113d563: 00000003 00000000 00000000 0005 03 1062\n"
               "a name with\n"
               "00000000c113d563: 00000003 00000000 00000000 0002 01 1063 @x\n"),
      0};
  FsaProcUnixSocket socket;
  assert_int_equal(fsa_proc_unix_next(&lines, &socket), FSA_ROW);
  assert_int_equal(socket.inode, 1061);
  assert_true(socket.is_listening);
  assert_int_equal(socket.type, 1);
  assert_text(socket.path, "/run/a b");
  assert_int_equal(fsa_proc_unix_next(&lines, &socket), FSA_ROW);
  assert_int_equal(socket.type, 5);
  assert_int_equal(socket.state, 3);
  assert_int_equal(socket.path.size, 0);
  assert_int_equal(fsa_proc_unix_next(&lines, &socket), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_unix_next(&lines, &socket), FSA_ROW);
  assert_text(socket.path, "@x");
  assert_int_equal(fsa_proc_unix_next(&lines, &socket), FSA_OK);
}

#define INET_TAIL " 00000000:00000000 00:00000000 00000000   33        0 7777 1 0000000000000000\n"

static void inet_sockets(void **state) {
  (void)state;
  static const char text[] =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0500000A:C000 22D8B85D:01BB 01" INET_TAIL
      "   1: B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 "
      "0A" INET_TAIL "\n"
      "   2: 0500000A:C000 B80D0120000000000000000001000000:1F90 01" INET_TAIL
      "   3: 0500000A:1C000 22D8B85D:01BB 01" INET_TAIL
      "   4: 0500000A:C000 22D8B85D:01BB 01 00000000:00000000\n";
  FsaProcLines lines = {bytes_of(text), 0};
  FsaProcInetSocket socket;
  assert_int_equal(fsa_proc_inet_next(&lines, &socket), FSA_ROW);
  assert_int_equal(socket.address_size, 4);
  assert_memory_equal(socket.local, "\12\0\0\5", 4);
  assert_memory_equal(socket.remote, "\135\270\330\42", 4);
  assert_int_equal(socket.local_port, 49152);
  assert_int_equal(socket.remote_port, 443);
  assert_int_equal(socket.state, 1);
  assert_int_equal(socket.uid, 33);
  assert_int_equal(socket.inode, 7777);
  assert_int_equal(fsa_proc_inet_next(&lines, &socket), FSA_ROW);
  assert_int_equal(socket.address_size, 16);
  assert_memory_equal(socket.local, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  assert_int_equal(socket.local_port, 8080);
  assert_int_equal(socket.state, 10);
  for (int i = 0; i < 3; i++) /* two families, a port beyond 16 bits, a line that is cut */
    assert_int_equal(fsa_proc_inet_next(&lines, &socket), FSA_E_FORMAT);
  assert_int_equal(fsa_proc_inet_next(&lines, &socket), FSA_OK);
}

static void control_groups(void **state) {
  (void)state;
  FsaText path;
  assert_true(fsa_proc_cgroup(bytes_of("0::/system.slice/x:y.service\n"), &path));
  assert_text(path, "/system.slice/x:y.service");
  assert_true(fsa_proc_cgroup(bytes_of("5:memory:/m\n1:name=systemd:/s\n0::/u\n"), &path));
  assert_text(path, "/u");
  assert_true(fsa_proc_cgroup(bytes_of("5:memory:/m\n1:name=systemd:/s\n"), &path));
  assert_text(path, "/s");
  assert_false(fsa_proc_cgroup(bytes_of("5\n:\n"), &path));
}

static void instruction_pointers(void **state) {
  (void)state;
  uint64_t address = 0;
  assert_true(fsa_proc_instruction(
      bytes_of("0 0x3 0x7ffc 0x400 0x0 0x0 0x0 0x7ffc1234 0x7f0000001234\n"), &address));
  assert_true(address == 0x7f0000001234);
  assert_true(fsa_proc_instruction(bytes_of("-1 0x7ffc1234 0x10"), &address));
  assert_false(fsa_proc_instruction(bytes_of("running\n"), &address));
  assert_false(fsa_proc_instruction(bytes_of(" 0x\n"), &address));
  assert_false(fsa_proc_instruction(bytes_of("1 0x1 0xfffffffffffffffff\n"), &address));
  assert_false(fsa_proc_instruction(fsa_bytes(NULL, 0), &address));
}

static void links_and_numbers(void **state) {
  (void)state;
  uint64_t number = 0;
  assert_true(fsa_proc_link_inode(text_of("pipe:[4294967296]"), "pipe", &number));
  assert_true(number == UINT64_C(4294967296));
  assert_false(fsa_proc_link_inode(text_of("pipe:[12] "), "pipe", &number));
  assert_false(fsa_proc_link_inode(text_of("pipe:12"), "pipe", &number));
  assert_false(fsa_proc_link_inode(text_of("socket:[12]"), "pipe", &number));
  assert_true(fsa_proc_number(text_of("4294967295\n"), 10, &number));
  assert_false(fsa_proc_number(text_of("-1"), 10, &number));
  assert_false(fsa_proc_number(text_of("12x"), 10, &number));
  assert_false(fsa_proc_number(text_of(""), 10, &number));
  assert_true(fsa_proc_number(text_of("02100002"), 8, &number));
  assert_int_equal(number, 02100002);
  FsaText value;
  assert_true(fsa_proc_value(bytes_of("pos:\t0\nflags:\t0100001\n"), "flags:", &value));
  assert_text(value, "0100001");
  assert_false(fsa_proc_value(bytes_of("pos:\t0\n"), "flags:", &value));
}

static void hidden_pids(void **state) {
  (void)state;
  static const char shown[] = "22 27 0:21 / /proc rw,relatime - proc proc rw\n";
  static const char hiding[] =
      "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,gid=9,hidepid=invisible\n";
  static const char old[] = "22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n";
  static const char refusing[] = "22 27 0:21 / /proc rw - proc proc rw,hidepid=1\n";
  static const char elsewhere[] = "22 27 0:21 / /x/proc rw - proc proc rw,hidepid=2\n";
  assert_false(fsa_proc_hides_pids(bytes_of(shown), "/proc"));
  assert_true(fsa_proc_hides_pids(bytes_of(hiding), "/proc"));
  assert_true(fsa_proc_hides_pids(bytes_of(old), "/proc"));
  assert_false(fsa_proc_hides_pids(bytes_of(refusing), "/proc"));
  assert_false(fsa_proc_hides_pids(bytes_of(elsewhere), "/proc"));
  char stacked[256];
  snprintf(stacked, sizeof stacked, "%s%s", old, shown);
  assert_false(fsa_proc_hides_pids(bytes_of(stacked), "/proc"));
}

static void escapes(void **state) {
  (void)state;
  char out[32];
  size_t size = fsa_proc_unescape(out, text_of("a\\012b\\40\\999\\01"));
  assert_text((FsaText){out, size}, "a\nb\\40\\999\\01");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stat_of_an_ordinary_process),
      cmocka_unit_test(stat_of_a_name_that_breaks_parsers),
      cmocka_unit_test(stat_that_is_damaged),
      cmocka_unit_test(status_of_a_new_and_an_old_kernel),
      cmocka_unit_test(status_that_is_damaged),
      cmocka_unit_test(smaps_region_by_region),
      cmocka_unit_test(maps_with_damaged_lines),
      cmocka_unit_test(unix_sockets),
      cmocka_unit_test(inet_sockets),
      cmocka_unit_test(control_groups),
      cmocka_unit_test(instruction_pointers),
      cmocka_unit_test(links_and_numbers),
      cmocka_unit_test(hidden_pids),
      cmocka_unit_test(escapes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
