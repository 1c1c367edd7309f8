/* Reading below /proc: descriptors, bounded reads, links, listings. [proc(5), openat2(2)] */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "os/linux/linux.h"

void linux_name(char out[64], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(out, 64, format, arguments);
  va_end(arguments);
}

/* The result of a failed open: a link that must not be followed is as good as a refusal. */
static int open_failure(void) {
  return errno == ELOOP ? FSA_E_ACCESS : fsa_result_from_errno(errno);
}

/* Without openat2(), before Linux 5.6: one part of the name after the other, no links. */
static int open_stepwise(int directory, const char *name, int flags, int *ret_file) {
  int at = directory;
  for (;;) {
    char part[64];
    size_t size = strcspn(name, "/");
    bool is_last = name[size] == '\0';
    if (size >= sizeof part) return FSA_E_LIMIT; /* all names are ours: "task/12/attr/current" */
    memcpy(part, name, size);
    part[size] = '\0';
    int next = openat(at, part, (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
    int result = next < 0 ? open_failure() : FSA_OK;
    if (at != directory) close(at);
    if (result != FSA_OK) return result;
    if (is_last) {
      *ret_file = next;
      return FSA_OK;
    }
    at = next;
    name += size + 1;
  }
}

/* openat2() has no wrapper in glibc 2.36. FSA_OK and a descriptor, or a result with its errno. */
static int open_resolved(int directory, const char *name, uint64_t flags, uint64_t resolve,
                         int *ret_file) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .mode = 0, .resolve = resolve};
  long file = syscall(SYS_openat2, directory, name, &how, sizeof how);
  if (file < 0 && errno == ENOSYS && (resolve & RESOLVE_NO_SYMLINKS))
    return open_stepwise(directory, name, (int)flags, ret_file);
  if (file < 0) return open_failure();
  *ret_file = (int)file;
  return FSA_OK;
}

int linux_open(const FsaOs *os, int directory, const char *name, int *ret_file) {
  if (os->is_this_machine) {
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return fsa_result_from_errno(errno);
    *ret_file = file;
    return FSA_OK;
  }
  int file = -1;
  int result = open_resolved(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY,
                             RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, &file);
  if (result != FSA_OK) return result;
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(file);
    return FSA_E_FORMAT;
  }
  *ret_file = file;
  return FSA_OK;
}

int linux_open_directory(const FsaOs *os, int directory, const char *name, int *ret_directory,
                         bool *ret_is_covered) {
  const uint64_t flags = O_PATH | O_DIRECTORY;
  uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  if (os->is_this_machine) resolve |= RESOLVE_NO_XDEV;
  if (ret_is_covered) *ret_is_covered = false;
  int result = open_resolved(directory, name, flags, resolve, ret_directory);
  if (result != FSA_OK && errno == EXDEV && os->is_this_machine) {
    if (ret_is_covered) *ret_is_covered = true;
    return FSA_E_ACCESS;
  }
  return result;
}

/* read() that goes on after a signal. */
static ssize_t read_some(int file, void *buffer, size_t size) {
  for (;;) {
    ssize_t got = read(file, buffer, size);
    if (got >= 0 || errno != EINTR) return got;
  }
}

int linux_read_small(const FsaOs *os, int directory, const char *name, void *buffer, size_t room,
                     FsaBytes *ret_bytes) {
  int file = -1;
  int result = linux_open(os, directory, name, &file);
  if (result != FSA_OK) return result;
  ssize_t got = read_some(file, buffer, room);
  result = got < 0 ? fsa_result_from_errno(errno) : (size_t)got == room ? FSA_E_LIMIT : FSA_OK;
  close(file);
  if (result == FSA_OK) *ret_bytes = fsa_bytes(buffer, (size_t)got);
  return result;
}

/* Reads to the end, which `is_piece` says is where a read gives less than it could. */
static int read_all(int file, bool is_piece, FsaArena *arena, FsaBytes *ret_bytes) {
  size_t size = 0, room = 4096;
  char *data = fsa_arena_alloc(arena, room);
  if (!data) return FSA_E_NOMEM;
  for (;;) {
    if (size == room) {
      if (room >= FSA_MAX_PROC_BYTES) return FSA_E_LIMIT;
      data = fsa_arena_grow(arena, data, room, room * 2);
      if (!data) return FSA_E_NOMEM;
      room *= 2;
    }
    ssize_t got = read_some(file, data + size, room - size);
    if (got < 0) return fsa_result_from_errno(errno);
    size += (size_t)got;
    if (got == 0 || (is_piece && size < room)) break;
  }
  *ret_bytes = fsa_bytes(data, size);
  return FSA_OK;
}

static int open_and_read(const FsaOs *os, int directory, const char *name, bool is_piece,
                         FsaArena *arena, FsaBytes *ret_bytes) {
  int file = -1;
  int result = linux_open(os, directory, name, &file);
  if (result != FSA_OK) return result;
  result = read_all(file, is_piece, arena, ret_bytes);
  close(file);
  return result;
}

int linux_read(const FsaOs *os, int directory, const char *name, FsaArena *arena,
               FsaBytes *ret_bytes) {
  return open_and_read(os, directory, name, false, arena, ret_bytes);
}

int linux_read_piece(const FsaOs *os, int directory, const char *name, FsaArena *arena,
                     FsaBytes *ret_bytes) {
  return open_and_read(os, directory, name, true, arena, ret_bytes);
}

int linux_read_link(int directory, const char *name, FsaArena *arena, FsaText *ret_target) {
  char target[FSA_MAX_PATH];
  ssize_t size = readlinkat(directory, name, target, sizeof target);
  /* EINVAL: not a link, in a recording that was copied by following them */
  if (size < 0) return errno == EINVAL ? FSA_E_FORMAT : fsa_result_from_errno(errno);
  if ((size_t)size == sizeof target) return FSA_E_LIMIT;
  char *copy = fsa_arena_copy(arena, target, (size_t)size);
  if (!copy) return FSA_E_NOMEM;
  *ret_target = (FsaText){copy, (size_t)size};
  return FSA_OK;
}

/* ---- listings -------------------------------------------------------------------------------- */

/* What getdents64() writes before each name. [getdents64(2)] */
enum { ENTRY_LENGTH = 16, ENTRY_NAME = 19, LISTING_BYTES = 32768 };

typedef struct Numbers {
  FsaArena *arena;
  int64_t *values;
  size_t count, room;
  bool is_sorted;
} Numbers;

static int add_number(Numbers *numbers, int64_t value) {
  if (numbers->count == FSA_MAX_PIDS) return FSA_E_LIMIT;
  if (numbers->count == numbers->room) {
    size_t size = numbers->room * sizeof *numbers->values;
    size_t room = numbers->room ? numbers->room * 2 : 64;
    int64_t *values = fsa_arena_grow(numbers->arena, numbers->values, size, room * sizeof *values);
    if (!values) return FSA_E_NOMEM;
    numbers->values = values;
    numbers->room = room;
  }
  if (numbers->count && value < numbers->values[numbers->count - 1]) numbers->is_sorted = false;
  numbers->values[numbers->count++] = value;
  return FSA_OK;
}

/* A name of digits only, without a leading zero, as the kernel writes it. */
static bool number_of(const char *name, size_t size, int64_t *ret_value) {
  if (size == 0 || size > 10 || (name[0] == '0' && size > 1)) return false;
  int64_t value = 0;
  for (size_t i = 0; i < size; i++) {
    if (name[i] < '0' || name[i] > '9') return false;
    value = value * 10 + (name[i] - '0');
  }
  *ret_value = value;
  return true;
}

static int add_listing(Numbers *numbers, const char *listing, size_t size) {
  for (size_t at = 0; at + ENTRY_NAME < size;) {
    uint16_t length;
    memcpy(&length, listing + at + ENTRY_LENGTH, sizeof length);
    if (length <= ENTRY_NAME || length > size - at) return FSA_E_IO;
    const char *name = listing + at + ENTRY_NAME;
    int64_t value;
    if (number_of(name, strnlen(name, length - ENTRY_NAME), &value)) {
      int result = add_number(numbers, value);
      if (result != FSA_OK) return result;
    }
    at += length;
  }
  return FSA_OK;
}

static int compare_numbers(const void *a, const void *b) {
  int64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* The raw system call: a preloaded library that hides names hooks readdir(). */
static int list_directory(int directory, Numbers *numbers) {
  char listing[LISTING_BYTES];
  for (;;) {
    long got = syscall(SYS_getdents64, directory, listing, sizeof listing);
    if (got < 0) return fsa_result_from_errno(errno);
    if (got == 0) return FSA_OK;
    int result = add_listing(numbers, listing, (size_t)got);
    if (result != FSA_OK) return result;
  }
}

int linux_list_numbers(const FsaOs *os, int directory, const char *name, FsaArena *arena,
                       int64_t **ret_numbers, size_t *ret_count) {
  int opened = -1, result = FSA_OK;
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  if (os->is_this_machine) {
    opened = openat(directory, name, flags);
    if (opened < 0) result = fsa_result_from_errno(errno);
  } else
    result = open_resolved(directory, name, O_RDONLY | O_DIRECTORY,
                           RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, &opened);
  if (result != FSA_OK) return result;
  Numbers numbers = {.arena = arena, .is_sorted = true};
  result = list_directory(opened, &numbers);
  close(opened);
  if (result != FSA_OK) return result;
  if (!numbers.is_sorted)
    qsort(numbers.values, numbers.count, sizeof *numbers.values, compare_numbers);
  *ret_numbers = numbers.values;
  *ret_count = numbers.count;
  return FSA_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

bool fsa_os_file_is_fifo(const FsaOsFile *file) {
  return S_ISFIFO(file->mode);
}

/* What the kernel already knows of a file: a server that does not answer must not hold us up. */
static int stat_at(int directory, const char *name, int flags, FsaOsFile *ret_file) {
  struct statx found;
  if (statx(directory, name, flags | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
            &found) != 0)
    return fsa_result_from_errno(errno);
  *ret_file = (FsaOsFile){.device = makedev(found.stx_dev_major, found.stx_dev_minor),
                          .inode = found.stx_ino,
                          .mode = found.stx_mode,
                          .links = found.stx_nlink,
                          .uid = found.stx_uid,
                          .gid = found.stx_gid};
  return FSA_OK;
}

int linux_stat_link(int directory, const char *name, FsaOsFile *ret_file) {
  return stat_at(directory, name, 0, ret_file);
}

int linux_stat_beneath(const FsaOs *os, int directory, FsaText path, FsaOsFile *ret_file) {
  char name[FSA_MAX_PATH];
  if (path.size == 0 || path.size >= sizeof name) return FSA_E_LIMIT;
  memcpy(name, path.data, path.size);
  name[path.size] = '\0';
  int file = -1;
  int result =
      open_resolved(directory, name, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, &file);
  if (result == FSA_OK) {
    result = stat_at(file, "", AT_EMPTY_PATH, ret_file);
    close(file);
    return result;
  }
  /*
   * Linux before 5.6: links then start from our root, which is right for this machine's files only
   */
  if (errno != ENOSYS) return result;
  if (!os->is_this_machine || name[0] != '/') return FSA_E_UNSUPPORTED;
  return linux_stat_link(directory, name + 1, ret_file);
}

/* ---- names ----------------------------------------------------------------------------------- */

bool linux_take_deleted(FsaText *path) {
  static const char mark[] = " (deleted)";
  const size_t size = sizeof mark - 1;
  if (path->size <= size || memcmp(path->data + path->size - size, mark, size) != 0) return false;
  path->size -= size;
  return true;
}

bool linux_is_memfd(FsaText path) {
  static const char prefix[] = "/memfd:";
  return path.size >= sizeof prefix - 1 && memcmp(path.data, prefix, sizeof prefix - 1) == 0;
}
