/* One process: what PID/stat, its links and its small texts tell. [proc(5)] */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "formats/procfs.h"
#include "os/linux/linux.h"

/* A stat line has at most 52 numbers of 20 digits and a name of 63 bytes. */
enum { STAT_BYTES = 2048, STATUS_BYTES = 16384 };

int fsa_os_process_open(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsProcess **ret_process) {
  char name[64];
  linux_name(name, "%lld", (long long)pid);
  FsaOsProcess *process = fsa_arena_alloc(arena, sizeof *process);
  if (!process) return FSA_E_NOMEM;
  int directory = -1;
  int result = linux_open_directory(os, os->proc, name, &directory, NULL);
  if (result != FSA_OK) return result;
  *process = (FsaOsProcess){.os = os, .pid = pid, .directory = directory};
  *ret_process = process;
  return FSA_OK;
}

void fsa_os_process_close(FsaOsProcess *process) {
  if (process) close(process->directory);
}

bool fsa_os_process_is_covered(FsaOs *os, int64_t pid) {
  char name[64];
  linux_name(name, "%lld", (long long)pid);
  int directory = -1;
  bool is_covered;
  if (linux_open_directory(os, os->proc, name, &directory, &is_covered) == FSA_OK) close(directory);
  return is_covered;
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* Clock ticks as ns; FSA_OS_UNKNOWN beyond what 64 bits hold. */
static int64_t ticks_ns(const FsaOs *os, uint64_t ticks) {
  uint64_t unit = (uint64_t)(FSA_NS_PER_SECOND / os->ticks_per_second);
  return ticks > INT64_MAX / unit ? FSA_OS_UNKNOWN : (int64_t)(ticks * unit);
}

static int64_t start_time(const FsaOs *os, uint64_t ticks) {
  int64_t since_boot = ticks_ns(os, ticks);
  if (os->boot_time == FSA_OS_UNKNOWN || since_boot == FSA_OS_UNKNOWN ||
      since_boot > INT64_MAX - os->boot_time)
    return FSA_OS_UNKNOWN;
  return os->boot_time + since_boot;
}

static int64_t signed_or_unknown(uint64_t value) {
  return value > INT64_MAX ? FSA_OS_UNKNOWN : (int64_t)value;
}

/* Pages as bytes; a recording does not tell how large its pages were, so status has to. */
static int64_t resident_size(FsaOsProcess *process, uint64_t pages) {
  int64_t page_size = process->os->page_size;
  if (page_size != FSA_OS_UNKNOWN)
    return pages > (uint64_t)(INT64_MAX / page_size) ? FSA_OS_UNKNOWN : (int64_t)pages * page_size;
  char text[STATUS_BYTES];
  FsaBytes bytes;
  FsaProcStatus status;
  if (linux_read_small(process->os, process->directory, "status", text, sizeof text, &bytes) ==
          FSA_OK &&
      fsa_proc_status(bytes, &status) == FSA_OK)
    return status.resident_size;
  return FSA_OS_UNKNOWN;
}

/* `text` is where the name in *ret_stat lies. */
static int read_stat(FsaOsProcess *process, char text[STAT_BYTES], FsaProcStat *ret_stat) {
  FsaBytes bytes;
  int result = linux_read_small(process->os, process->directory, "stat", text, STAT_BYTES, &bytes);
  return result == FSA_OK ? fsa_proc_stat(bytes, ret_stat) : result;
}

bool fsa_os_process_is_kernel(FsaOsProcess *process) {
  char text[STAT_BYTES];
  FsaProcStat stat;
  return read_stat(process, text, &stat) == FSA_OK && (stat.flags & FSA_PROC_KERNEL_THREAD);
}

int fsa_os_process_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts) {
  char text[STAT_BYTES];
  FsaProcStat stat;
  int result = read_stat(process, text, &stat);
  if (result != FSA_OK) return result;
  FsaText name = fsa_text_clean(arena, stat.name.data, stat.name.size);
  if (!name.data) return FSA_E_NOMEM;
  *ret_facts = (FsaOsProcessFacts){
      .name = name,
      .state = stat.state,
      .is_kernel = (stat.flags & FSA_PROC_KERNEL_THREAD) != 0,
      .parent = stat.parent,
      .group = stat.group,
      .session = stat.session,
      .terminal = stat.terminal,
      .threads = stat.threads,
      .nice = stat.nice,
      .start_time = start_time(process->os, stat.start_ticks),
      .start_ticks = signed_or_unknown(stat.start_ticks),
      .user_time = ticks_ns(process->os, stat.user_ticks),
      .system_time = ticks_ns(process->os, stat.system_ticks),
      .total_size = signed_or_unknown(stat.virtual_size),
      .resident_size = resident_size(process, stat.resident_pages),
  };
  return FSA_OK;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int clean(FsaArena *arena, FsaText text, FsaText *ret_text) {
  FsaText valid = fsa_text_clean(arena, text.data, text.size);
  if (!valid.data) return FSA_E_NOMEM;
  *ret_text = valid;
  return FSA_OK;
}

/* Arguments end with a NUL each; a program may have written anything over them. */
static int command_line(FsaOsProcess *process, FsaArena *arena, FsaText *ret_text) {
  FsaBytes bytes;
  int result = linux_read_piece(process->os, process->directory, "cmdline", arena, &bytes);
  if (result != FSA_OK) return result;
  size_t size = bytes.size;
  while (size && bytes.data[size - 1] == '\0') size--;
  if (size == 0) return FSA_E_ABSENT;
  char *line = fsa_arena_copy(arena, bytes.data, size);
  if (!line) return FSA_E_NOMEM;
  for (size_t i = 0; i < size; i++)
    if (line[i] == '\0') line[i] = ' ';
  return clean(arena, (FsaText){line, size}, ret_text);
}

static int link_text(FsaOsProcess *process, const char *name, FsaArena *arena, FsaText *ret_text) {
  FsaText target;
  int result = linux_read_link(process->directory, name, arena, &target);
  return result == FSA_OK ? clean(arena, target, ret_text) : result;
}

static int cgroup(FsaOsProcess *process, FsaArena *arena, FsaText *ret_text) {
  FsaBytes bytes;
  FsaText path;
  int result = linux_read_piece(process->os, process->directory, "cgroup", arena, &bytes);
  if (result != FSA_OK) return result;
  if (!fsa_proc_cgroup(bytes, &path)) return FSA_E_ABSENT;
  return clean(arena, path, ret_text);
}

int fsa_os_process_text(FsaOsProcess *process, FsaOsProcessText which, FsaArena *arena,
                        FsaText *ret_text) {
  switch (which) {
  case FSA_OS_COMMAND_LINE: return command_line(process, arena, ret_text);
  case FSA_OS_CWD: return link_text(process, "cwd", arena, ret_text);
  case FSA_OS_ROOT: return link_text(process, "root", arena, ret_text);
  case FSA_OS_CGROUP: return cgroup(process, arena, ret_text);
  case FSA_OS_LABEL: return fsa_os_thread_label(process, process->pid, arena, ret_text);
  default: return FSA_E_USAGE;
  }
}

/* ---- files ----------------------------------------------------------------------------------- */

int fsa_os_process_image(FsaOsProcess *process, FsaArena *arena, FsaOsImage *ret_image) {
  FsaText target;
  int result = linux_read_link(process->directory, "exe", arena, &target);
  if (result != FSA_OK) return result;
  FsaText path = target;
  FsaOsFile file;
  bool is_deleted = linux_take_deleted(&path);
  /* a file may bear the mark in its own name: then it lies there, and it is the one that runs */
  if (is_deleted && fsa_os_process_image_file(process, &file) == FSA_OK && file.links > 0) {
    FsaOsFile found;
    if (fsa_os_process_file(process, target, &found) == FSA_OK && found.inode == file.inode &&
        found.device == file.device) {
      is_deleted = false;
      path = target;
    }
  }
  FsaText valid;
  result = clean(arena, path, &valid);
  if (result != FSA_OK) return result;
  *ret_image = (FsaOsImage){valid, is_deleted, is_deleted && linux_is_memfd(valid)};
  return FSA_OK;
}

int fsa_os_process_image_file(FsaOsProcess *process, FsaOsFile *ret_file) {
  if (!process->os->is_this_machine) return FSA_E_UNSUPPORTED;
  return linux_stat_link(process->directory, "exe", ret_file);
}

int fsa_os_process_file(FsaOsProcess *process, FsaText path, FsaOsFile *ret_file) {
  if (!process->os->is_this_machine)
    return linux_stat_beneath(process->os, process->os->root, path, ret_file);
  int root = openat(process->directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return fsa_result_from_errno(errno);
  int result = linux_stat_beneath(process->os, root, path, ret_file);
  close(root);
  return result;
}

int fsa_os_process_transfer(FsaOsProcess *process, FsaArena *arena, FsaOsTransfer *ret_transfer) {
  FsaBytes bytes;
  FsaText read_value, written_value;
  uint64_t read_bytes, written_bytes;
  int result = linux_read_piece(process->os, process->directory, "io", arena, &bytes);
  if (result != FSA_OK) return result;
  if (!fsa_proc_value(bytes, "read_bytes:", &read_value) ||
      !fsa_proc_value(bytes, "write_bytes:", &written_value) ||
      !fsa_proc_number(read_value, 10, &read_bytes) ||
      !fsa_proc_number(written_value, 10, &written_bytes))
    return FSA_E_FORMAT;
  *ret_transfer = (FsaOsTransfer){signed_or_unknown(read_bytes), signed_or_unknown(written_bytes)};
  return FSA_OK;
}
