/*
 * Every text of /proc, from hostile bytes. The first byte chooses the text. Checks that what is
 * given lies inside the bytes and that every loop moves on.
 */
#include <stdlib.h>

#include "formats/procfs.h"

static void check_inside(FsaBytes bytes, FsaText text) {
  if (text.size == 0) return;
  const char *start = (const char *)bytes.data;
  if (text.data < start || text.size > bytes.size || text.data > start + bytes.size - text.size)
    abort();
}

static void read_stat(FsaBytes bytes) {
  FsaProcStat stat;
  if (fsa_proc_stat(bytes, &stat) == FSA_OK) check_inside(bytes, stat.name);
}

static void read_status(FsaBytes bytes) {
  FsaProcStatus status;
  if (fsa_proc_status(bytes, &status) != FSA_OK) return;
  check_inside(bytes, status.name);
  check_inside(bytes, status.groups);
}

static void read_maps(FsaBytes bytes) {
  FsaProcMaps maps = {bytes, 0};
  FsaProcRegion region;
  size_t before = 0;
  int result;
  while ((result = fsa_proc_maps_next(&maps, &region)) != FSA_OK) {
    if (maps.at <= before || maps.at > bytes.size) abort();
    before = maps.at;
    if (result != FSA_ROW) continue;
    check_inside(bytes, region.name);
    if (region.start >= region.end) abort();
    char *name = malloc(region.name.size + 1);
    if (name && fsa_proc_unescape(name, region.name) > region.name.size) abort();
    free(name);
  }
}

static void read_sockets(FsaBytes bytes) {
  FsaProcLines lines = {bytes, 0};
  FsaProcUnixSocket socket;
  int result;
  while ((result = fsa_proc_unix_next(&lines, &socket)) != FSA_OK)
    if (result == FSA_ROW) check_inside(bytes, socket.path);
}

static void read_inet(FsaBytes bytes) {
  FsaProcLines lines = {bytes, 0};
  FsaProcInetSocket socket;
  int result;
  while ((result = fsa_proc_inet_next(&lines, &socket)) != FSA_OK)
    if (result == FSA_ROW && socket.address_size != 4 && socket.address_size != 16) abort();
}

static void read_small(FsaBytes bytes) {
  FsaText text = {(const char *)bytes.data, bytes.size}, value;
  uint64_t number;
  if (fsa_proc_cgroup(bytes, &value)) check_inside(bytes, value);
  if (fsa_proc_value(bytes, "flags:", &value)) check_inside(bytes, value);
  fsa_proc_number(text, 10, &number);
  fsa_proc_number(text, 16, &number);
  fsa_proc_instruction(bytes, &number);
  fsa_proc_link_inode(text, "pipe", &number);
  fsa_proc_hides_pids(bytes, "/proc");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  FsaBytes bytes = fsa_bytes(data + 1, size - 1);
  switch (data[0]) {
  case 's': read_stat(bytes); break;
  case 't': read_status(bytes); break;
  case 'm': read_maps(bytes); break;
  case 'u': read_sockets(bytes); break;
  case 'i': read_inet(bytes); break;
  default: read_small(bytes); break;
  }
  return 0;
}
