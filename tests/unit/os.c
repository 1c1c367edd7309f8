/* os/linux on this machine and on recordings, honest and hostile. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Live {
  FsaOs *os;
  FsaArena arena;
  FsaOsProcess *self;
} Live;

static int open_live(void **state) {
  Live *live = calloc(1, sizeof *live);
  if (!live) return -1;
  live->arena = fsa_arena(64u << 20);
  *state = live;
  if (fsa_os_open("", &live->os) != FSA_OK) return -1;
  return fsa_os_process_open(live->os, getpid(), &live->arena, &live->self) == FSA_OK ? 0 : -1;
}

static int close_live(void **state) {
  Live *live = *state;
  fsa_os_process_close(live->self);
  fsa_os_close(live->os);
  fsa_arena_done(&live->arena);
  free(live);
  return 0;
}

/* ---- this machine ---------------------------------------------------------------------------- */

static void pids_hold_this_process(void **state) {
  Live *live = *state;
  int64_t *pids;
  size_t count, found = 0;
  assert_true(fsa_os_is_this_machine(live->os));
  assert_int_equal(fsa_os_pids(live->os, &live->arena, &pids, &count), FSA_OK);
  for (size_t i = 0; i < count; i++) {
    if (i) assert_true(pids[i - 1] < pids[i]);
    found += pids[i] == getpid();
  }
  assert_int_equal(found, 1);
}

static void facts_of_this_process(void **state) {
  Live *live = *state;
  FsaOsProcessFacts facts;
  FsaOsImage image;
  FsaOsFile file, at_path;
  assert_int_equal(fsa_os_process_facts(live->self, &live->arena, &facts), FSA_OK);
  assert_int_equal(facts.parent, getppid());
  assert_int_equal(facts.state, 'R');
  assert_false(facts.is_kernel);
  assert_int_equal(fsa_os_process_image(live->self, &live->arena, &image), FSA_OK);
  assert_false(image.is_deleted);
  assert_int_equal(fsa_os_process_image_file(live->self, &file), FSA_OK);
  assert_int_equal(fsa_os_process_file(live->self, image.path, &at_path), FSA_OK);
  assert_true(file.inode == at_path.inode && file.device == at_path.device);
  FsaText absent = {"/no such file", 13};
  assert_int_equal(fsa_os_process_file(live->self, absent, &file), FSA_E_ABSENT);
}

static int64_t start_of_this_process(void) {
  FsaOs *os;
  FsaOsProcess *process;
  FsaOsProcessFacts facts;
  FsaArena arena = fsa_arena(0);
  assert_int_equal(fsa_os_open("", &os), FSA_OK);
  assert_int_equal(fsa_os_process_open(os, getpid(), &arena, &process), FSA_OK);
  assert_int_equal(fsa_os_process_facts(process, &arena, &facts), FSA_OK);
  fsa_os_process_close(process);
  fsa_arena_done(&arena);
  fsa_os_close(os);
  return facts.start_time;
}

static void a_process_starts_once(void **state) {
  (void)state;
  const int64_t start = start_of_this_process();
  for (int i = 0; i < 100; i++) assert_true(start_of_this_process() == start);
}

static void a_process_that_ended_is_absent(void **state) {
  Live *live = *state;
  pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  FsaOsProcess *process;
  FsaOsProcessFacts facts;
  FsaOsToken token;
  FsaOsHandle *handles;
  FsaOsRegion *regions;
  int64_t *tids;
  size_t count;
  assert_int_equal(fsa_os_process_open(live->os, pid, &live->arena, &process), FSA_OK);
  assert_int_equal(fsa_os_process_facts(process, &live->arena, &facts), FSA_OK);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  assert_int_equal(fsa_os_process_facts(process, &live->arena, &facts), FSA_E_ABSENT);
  assert_int_equal(fsa_os_token(process, 0, &live->arena, &token), FSA_E_ABSENT);
  assert_int_equal(fsa_os_threads(process, &live->arena, &tids, &count), FSA_E_ABSENT);
  assert_int_equal(fsa_os_handles(process, &live->arena, &handles, &count), FSA_E_ABSENT);
  assert_int_equal(
      fsa_os_process_regions(process, FSA_OS_REGIONS_IN_USE, &live->arena, &regions, &count),
      FSA_E_ABSENT);
  fsa_os_process_close(process);
  assert_int_equal(fsa_os_process_open(live->os, pid, &live->arena, &process), FSA_E_ABSENT);
}

static const FsaOsRegion *region_at(const FsaOsRegion *regions, size_t count, const void *address) {
  for (size_t i = 0; i < count; i++)
    if ((uint64_t)(uintptr_t)address >= regions[i].start &&
        (uint64_t)(uintptr_t)address < regions[i].end)
      return &regions[i];
  return NULL;
}

static void regions_and_memory(void **state) {
  Live *live = *state;
  FsaOsRegion *regions;
  size_t count, size;
  char planted[] = "found in memory", seen[sizeof planted] = "";
  assert_int_equal(fsa_os_regions(live->os, getpid(), &live->arena, &regions, &count), FSA_OK);
  const FsaOsRegion *stack = region_at(regions, count, planted);
  assert_non_null(stack);
  assert_int_equal(stack->protection, FSA_OS_READ | FSA_OS_WRITE);
  assert_true(stack->private_size == FSA_OS_UNKNOWN);
  assert_int_equal(fsa_os_memory_read(live->os, getpid(), (uint64_t)(uintptr_t)planted, seen,
                                      sizeof seen, &size),
                   FSA_OK);
  assert_int_equal(size, sizeof seen);
  assert_string_equal(seen, planted);
}

static void memory_ends_where_the_mapping_does(void **state) {
  Live *live = *state;
  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char seen[200];
  size_t size = 77;
  assert_true(pages != MAP_FAILED);
  memset(pages, 'x', 8192);
  assert_int_equal(munmap(pages + 4096, 4096), 0);
  assert_int_equal(fsa_os_memory_read(live->os, getpid(), (uint64_t)(uintptr_t)pages + 4000, seen,
                                      sizeof seen, &size),
                   FSA_OK);
  assert_int_equal(size, 96);
  assert_int_equal(fsa_os_memory_read(live->os, getpid(), 0x1000, seen, sizeof seen, &size),
                   FSA_OK);
  assert_int_equal(size, 0);
  munmap(pages, 4096);
}

static void private_pages_are_counted(void **state) {
  Live *live = *state;
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  volatile char *code = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  assert_true(code != MAP_FAILED);
  code[4096] = code[4096];
  FsaOsRegion *regions;
  FsaOsPrivatePages pages;
  FsaOsFile mapped, own;
  size_t count;
  assert_int_equal(
      fsa_os_process_regions(live->self, FSA_OS_REGIONS_IN_USE, &live->arena, &regions, &count),
      FSA_OK);
  const FsaOsRegion *region = region_at(regions, count, (const void *)(uintptr_t)code);
  assert_non_null(region);
  assert_int_equal(region->private_size, 4096);
  assert_int_equal(fsa_os_private_pages(live->self, region, &live->arena, &pages), FSA_OK);
  assert_int_equal(pages.count, 1);
  assert_true(pages.first == (uint64_t)(uintptr_t)code + 4096);
  assert_true(pages.listed == 1 && pages.pages[0] == pages.first);
  assert_int_equal(fsa_os_private_pages(live->self, region, NULL, &pages), FSA_OK);
  assert_true(pages.count == 1 && pages.listed == 0);
  if (fsa_os_region_file(live->self, region, &mapped) == FSA_OK) { /* needs a capability */
    assert_int_equal(fsa_os_process_image_file(live->self, &own), FSA_OK);
    assert_true(mapped.inode == own.inode);
  }
  munmap((void *)(uintptr_t)code, 3 * 4096);
  close(file);
}

static void sockets_know_their_peers(void **state) {
  Live *live = *state;
  int pair[2];
  struct stat status[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  assert_int_equal(fstat(pair[0], &status[0]) | fstat(pair[1], &status[1]), 0);
  FsaOsUnixSocket *sockets;
  size_t count, found = 0;
  assert_int_equal(fsa_os_unix_sockets(live->self, &live->arena, &sockets, &count), FSA_OK);
  for (size_t i = 0; i < count; i++) {
    if (sockets[i].inode != status[0].st_ino) continue;
    found++;
    assert_int_equal(sockets[i].type, 5);
    if (sockets[i].is_peer_known) assert_true(sockets[i].peer == status[1].st_ino);
  }
  assert_int_equal(found, 1);
  close(pair[0]);
  close(pair[1]);
}

static void handles_tell_their_kind(void **state) {
  Live *live = *state;
  int ends[2];
  FsaOsHandle *handles;
  size_t count;
  unsigned access = 0, found = 0;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  assert_int_equal(fsa_os_handles(live->self, &live->arena, &handles, &count), FSA_OK);
  for (size_t i = 0; i < count; i++) {
    if (handles[i].number != ends[1]) continue;
    found++;
    assert_int_equal(handles[i].kind, FSA_OS_PIPE);
    assert_int_equal(fsa_os_handle_access(live->self, ends[1], &live->arena, &access), FSA_OK);
    assert_int_equal(access, FSA_OS_WRITE);
  }
  assert_int_equal(found, 1);
  close(ends[0]);
  close(ends[1]);
}

/* ---- recordings ------------------------------------------------------------------------------ */

typedef struct Recording {
  char root[64];
  FsaOs *os;
  FsaArena arena;
} Recording;

static void put(const Recording *recording, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", recording->root, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void folder(const Recording *recording, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", recording->root, name);
  assert_int_equal(mkdir(path, 0700), 0);
}

static void link_to(const Recording *recording, const char *name, const char *target) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", recording->root, name);
  assert_int_equal(symlink(target, path), 0);
}

static int make_recording(void **state) {
  Recording *recording = calloc(1, sizeof *recording);
  if (!recording) return -1;
  *state = recording;
  snprintf(recording->root, sizeof recording->root, "/tmp/fsa-unit-os-XXXXXX");
  recording->arena = fsa_arena(64u << 20);
  if (!mkdtemp(recording->root)) return -1;
  folder(recording, "proc");
  folder(recording, "proc/7");
  return fsa_os_open(recording->root, &recording->os) == FSA_OK ? 0 : -1;
}

static int remove_recording(void **state) {
  Recording *recording = *state;
  char command[128];
  fsa_os_close(recording->os);
  fsa_arena_done(&recording->arena);
  snprintf(command, sizeof command, "rm -r %s", recording->root);
  int result = system(command);
  free(recording);
  return result;
}

static FsaOsProcess *process_of(Recording *recording, int64_t pid) {
  FsaOsProcess *process = NULL;
  assert_int_equal(fsa_os_process_open(recording->os, pid, &recording->arena, &process), FSA_OK);
  return process;
}

static void a_recording_cannot_lead_out_of_itself(void **state) {
  Recording *recording = *state;
  folder(recording, "etc");
  put(recording, "etc/inside", "x");
  link_to(recording, "proc/7/status", "/proc/self/status");
  link_to(recording, "proc/7/task", "/proc/self/task");
  link_to(recording, "proc/8", "/proc/self");
  link_to(recording, "out", "../../../../../..");
  FsaOsProcess *process = process_of(recording, 7), *other;
  FsaOsToken token;
  FsaOsFile file;
  int64_t *tids;
  size_t count;
  assert_int_equal(fsa_os_token(process, 0, &recording->arena, &token), FSA_E_ACCESS);
  assert_true(fsa_os_threads(process, &recording->arena, &tids, &count) != FSA_OK);
  assert_true(fsa_os_process_open(recording->os, 8, &recording->arena, &other) != FSA_OK);
  FsaText inside = {"/out/etc/inside", 15}, outside = {"/out/etc/passwd", 15};
  assert_int_equal(fsa_os_process_file(process, inside, &file), FSA_OK);
  assert_int_equal(fsa_os_process_file(process, outside, &file), FSA_E_ABSENT);
  fsa_os_process_close(process);
}

static void a_recording_cannot_make_us_wait(void **state) {
  Recording *recording = *state;
  char path[128];
  snprintf(path, sizeof path, "%s/proc/7/stat", recording->root);
  assert_int_equal(mkfifo(path, 0600), 0);
  FsaOsProcess *process = process_of(recording, 7);
  FsaOsProcessFacts facts;
  assert_int_equal(fsa_os_process_facts(process, &recording->arena, &facts), FSA_E_FORMAT);
  fsa_os_process_close(process);
}

static void a_recording_has_no_memory(void **state) {
  Recording *recording = *state;
  put(recording, "proc/7/maps", "1000-2000 r-xp 00000000 00:00 0\nnonsense\n");
  FsaOsProcess *process = process_of(recording, 7);
  FsaOsRegion *regions;
  FsaOsPrivatePages pages;
  size_t count, size;
  char byte;
  assert_int_equal(
      fsa_os_process_regions(process, FSA_OS_REGIONS_IN_USE, &recording->arena, &regions, &count),
      FSA_OK);
  assert_int_equal(count, 1);
  assert_int_equal(fsa_os_private_pages(process, regions, NULL, &pages), FSA_E_UNSUPPORTED);
  assert_int_equal(fsa_os_memory_read(recording->os, 7, 0x1000, &byte, 1, &size),
                   FSA_E_UNSUPPORTED);
  put(recording, "proc/7/maps", "nonsense\n");
  assert_int_equal(
      fsa_os_process_regions(process, FSA_OS_ALL_REGIONS, &recording->arena, &regions, &count),
      FSA_E_FORMAT);
  fsa_os_process_close(process);
}

static void pids_are_numbers_as_the_kernel_writes_them(void **state) {
  Recording *recording = *state;
  folder(recording, "proc/10");
  folder(recording, "proc/9");
  folder(recording, "proc/007");
  folder(recording, "proc/99999999999");
  folder(recording, "proc/-1");
  folder(recording, "proc/1x");
  int64_t *pids;
  size_t count;
  assert_int_equal(fsa_os_pids(recording->os, &recording->arena, &pids, &count), FSA_OK);
  assert_int_equal(count, 3);
  assert_true(pids[0] == 7 && pids[1] == 9 && pids[2] == 10);
}

static void what_was_not_recorded_is_absent(void **state) {
  Recording *recording = *state;
  FsaOsProcess *process = process_of(recording, 7);
  FsaText text;
  FsaOsImage image;
  assert_int_equal(fsa_os_process_text(process, FSA_OS_COMMAND_LINE, &recording->arena, &text),
                   FSA_E_ABSENT);
  assert_int_equal(fsa_os_process_image(process, &recording->arena, &image), FSA_E_ABSENT);
  fsa_os_process_close(process);
  FsaOs *none;
  assert_int_equal(fsa_os_open("/no such folder", &none), FSA_E_ABSENT);
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, open_live, close_live)
#define RECORDED(test) cmocka_unit_test_setup_teardown(test, make_recording, remove_recording)

int main(void) {
  const struct CMUnitTest tests[] = {
      LIVE(pids_hold_this_process),
      LIVE(facts_of_this_process),
      cmocka_unit_test(a_process_starts_once),
      LIVE(a_process_that_ended_is_absent),
      LIVE(regions_and_memory),
      LIVE(memory_ends_where_the_mapping_does),
      LIVE(private_pages_are_counted),
      LIVE(sockets_know_their_peers),
      LIVE(handles_tell_their_kind),
      RECORDED(a_recording_cannot_lead_out_of_itself),
      RECORDED(a_recording_cannot_make_us_wait),
      RECORDED(a_recording_has_no_memory),
      RECORDED(pids_are_numbers_as_the_kernel_writes_them),
      RECORDED(what_was_not_recorded_is_absent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
