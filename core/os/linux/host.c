/* The host: /proc below a root, its clock, and the list of its processes. [proc(5)] */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "formats/procfs.h"
#include "os/linux/linux.h"

/*
 * USER_HZ: what every architecture that Linux still runs on shows to programs. [include/asm-
 * generic/param.h]
 */
#define RECORDED_TICKS 100

/*
 * When the machine started, as the kernel itself computes btime, but not cut to seconds. Two clocks
 * cannot be read at once: what differs from the last answer by less than a tick, in which the
 * kernel counts starts, is that answer, so that a process keeps its start time from one look to the
 * next.
 */
static int64_t boot_time_now(void) {
  static _Atomic int64_t last;
  struct timespec wall, since_boot;
  if (clock_gettime(CLOCK_REALTIME, &wall) != 0 || clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0)
    return FSA_OS_UNKNOWN;
  const int64_t now =
      (wall.tv_sec - since_boot.tv_sec) * FSA_NS_PER_SECOND + wall.tv_nsec - since_boot.tv_nsec;
  const int64_t known = last;
  if (llabs(now - known) < FSA_NS_PER_SECOND / RECORDED_TICKS) return known;
  last = now;
  return now;
}

/* FSA_E_NOMEM is the one error: a recording without a boot time is one all the same. */
static int boot_time_recorded(const FsaOs *os, int64_t *ret_time) {
  FsaArena arena = fsa_arena(FSA_MAX_PROC_BYTES * 2);
  FsaBytes bytes;
  FsaText value;
  uint64_t seconds;
  *ret_time = FSA_OS_UNKNOWN;
  const int result = linux_read(os, os->proc, "stat", &arena, &bytes);
  if (result == FSA_OK && fsa_proc_value(bytes, "btime", &value) &&
      fsa_proc_number(value, 10, &seconds) && seconds <= INT64_MAX)
    fsa_time_from_unix((int64_t)seconds, 0, ret_time);
  fsa_arena_done(&arena);
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

int fsa_os_open(const char *root, FsaOs **ret_os) {
  FsaOs *os = malloc(sizeof *os);
  if (!os) return FSA_E_NOMEM;
  bool is_this_machine = root[0] == '\0';
  *os = (FsaOs){
      .root = open(is_this_machine ? "/" : root, O_PATH | O_DIRECTORY | O_CLOEXEC),
      .proc = -1,
      .is_this_machine = is_this_machine,
      .is_privileged = geteuid() == 0,
      .ticks_per_second = is_this_machine ? sysconf(_SC_CLK_TCK) : RECORDED_TICKS,
      .page_size = is_this_machine ? sysconf(_SC_PAGESIZE) : FSA_OS_UNKNOWN,
  };
  if (os->root >= 0)
    os->proc = openat(os->root, "proc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (os->proc < 0) {
    int result = fsa_result_from_errno(errno);
    fsa_os_close(os);
    return result;
  }
  os->boot_time = boot_time_now();
  if (!is_this_machine && boot_time_recorded(os, &os->boot_time) != FSA_OK) {
    fsa_os_close(os);
    return FSA_E_NOMEM;
  }
  *ret_os = os;
  return FSA_OK;
}

void fsa_os_close(FsaOs *os) {
  if (!os) return;
  if (os->proc >= 0) close(os->proc);
  if (os->root >= 0) close(os->root);
  free(os);
}

FsaOsFamily fsa_os_family(const FsaOs *os) {
  (void)os;
  return FSA_OS_LINUX;
}

bool fsa_os_is_this_machine(const FsaOs *os) {
  return os->is_this_machine;
}

bool fsa_os_is_self(const FsaOs *os, int64_t pid) {
  return os->is_this_machine && pid == getpid();
}

bool fsa_os_is_privileged(const FsaOs *os) {
  return os->is_privileged;
}

/* Which of root's capabilities are lacking says little: who is not root cannot see everything. */
int fsa_os_lacked_privileges(const FsaOs *os, FsaArena *arena, FsaText *ret_names) {
  (void)arena;
  if (os->is_privileged || !os->is_this_machine) return FSA_E_ABSENT;
  *ret_names = (FsaText){"root", 4};
  return FSA_OK;
}

bool fsa_os_hides_processes(FsaOs *os) {
  if (!os->is_this_machine || os->is_privileged) return false;
  FsaArena arena = fsa_arena(FSA_MAX_PROC_BYTES * 2);
  FsaBytes bytes;
  bool hides = linux_read(os, os->proc, "thread-self/mountinfo", &arena, &bytes) == FSA_OK &&
               fsa_proc_hides_pids(bytes, "/proc");
  fsa_arena_done(&arena);
  return hides;
}

int fsa_os_pids(FsaOs *os, FsaArena *arena, int64_t **ret_pids, size_t *ret_count) {
  return linux_list_numbers(os, os->proc, ".", arena, ret_pids, ret_count);
}
