/*
 * The files of this machine, for a POSIX system. [openat(2), readdir(3)]
 *
 * Files are opened read-only, non-blocking (a FIFO must not hold us) and, where the system lets us,
 * without touching their access time.
 */
#include "os/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct FsaOsFolder {
  int fd;
  char *location;
};

struct FsaOsReader {
  int fd;
  uint64_t size;
};

/* The result that stands for errno after a failure: never FSA_OK. */
static int result_now(void) {
  if (errno == ELOOP) return FSA_E_ACCESS; /* a link where none may be */
  int result = fsa_result_from_errno(errno);
  return result == FSA_OK ? FSA_E_IO : result;
}

/* ---- the way to a node ----------------------------------------------------------------------- */

/*
 * Opens the directory that holds the last component of `path`. *ret_name is that component ("." for
 * the root itself). Gives a descriptor to be closed, or a negative FsaResult.
 */
static int open_holder(const FsaOsFolder *folder, const char *path, const char **ret_name) {
  int at = fcntl(folder->fd, F_DUPFD_CLOEXEC, 0);
  if (at < 0) return result_now();
  char part[NAME_MAX + 1];
  for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
    size_t size = (size_t)(slash - path);
    int next = -1;
    errno = ENAMETOOLONG;
    if (size < sizeof part) {
      memcpy(part, path, size);
      part[size] = '\0';
      next = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int result = next < 0 ? result_now() : FSA_OK;
    close(at);
    if (next < 0) return result;
    at = next;
  }
  *ret_name = *path ? path : ".";
  return at;
}

/* Opens for reading; leaves the access time alone where the system lets us (owner or privileged).
 */
static int open_quietly(int holder, const char *name, int flags) {
  flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;
  int fd = openat(holder, name, flags | O_NOATIME);
  if (fd < 0 && errno == EPERM) fd = openat(holder, name, flags);
  return fd;
}

static FsaNodeKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FSA_NODE_FILE;
  if (S_ISDIR(mode)) return FSA_NODE_DIRECTORY;
  return S_ISLNK(mode) ? FSA_NODE_LINK : FSA_NODE_OTHER;
}

/* ---- directories ----------------------------------------------------------------------------- */

static FsaNodeKind kind_of_entry(int directory, const struct dirent *entry) {
  switch (entry->d_type) {
  case DT_REG: return FSA_NODE_FILE;
  case DT_DIR: return FSA_NODE_DIRECTORY;
  case DT_LNK: return FSA_NODE_LINK;
  case DT_UNKNOWN: {
    struct stat facts;
    if (fstatat(directory, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return FSA_NODE_OTHER;
    return kind_of(facts.st_mode);
  }
  default: return FSA_NODE_OTHER;
  }
}

static int compare_nodes(const void *a, const void *b) {
  return strcmp(((const FsaNode *)a)->name, ((const FsaNode *)b)->name);
}

static int read_entries(DIR *directory, FsaArena *arena, FsaListing *ret_listing) {
  FsaListing listing = {0};
  size_t room = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    if (!entry && errno) return result_now();
    if (!entry) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (listing.count == FSA_MAX_DIR_ENTRIES) {
      listing.is_cut = true;
      break;
    }
    if (listing.count == room) {
      size_t more = room ? room * 2 : 32;
      FsaNode *grown =
          fsa_arena_grow(arena, listing.nodes, room * sizeof *grown, more * sizeof *grown);
      if (!grown) return FSA_E_NOMEM;
      listing.nodes = grown;
      room = more;
    }
    FsaNode node = {.kind = kind_of_entry(dirfd(directory), entry)};
    node.name = fsa_arena_copy(arena, entry->d_name, strlen(entry->d_name));
    if (!node.name) return FSA_E_NOMEM;
    listing.nodes[listing.count++] = node;
  }
  if (listing.count) qsort(listing.nodes, listing.count, sizeof *listing.nodes, compare_nodes);
  *ret_listing = listing;
  return FSA_OK;
}

int fsa_os_folder_list(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       FsaListing *ret_listing) {
  const char *name;
  int holder = open_holder(folder, path, &name);
  if (holder < 0) return holder;
  int fd = open_quietly(holder, name, O_DIRECTORY);
  int result = fd < 0 ? result_now() : FSA_OK;
  close(holder);
  if (fd < 0) return result;
  DIR *directory = fdopendir(fd);
  if (!directory) {
    result = result_now();
    close(fd);
    return result;
  }
  result = read_entries(directory, arena, ret_listing);
  closedir(directory);
  return result;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

int fsa_os_folder_look(FsaOsFolder *folder, const char *path, FsaNodeKind *ret_kind) {
  const char *name;
  int holder = open_holder(folder, path, &name);
  if (holder < 0) return holder;
  struct stat facts;
  int result = fstatat(holder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 ? FSA_OK : result_now();
  close(holder);
  if (result == FSA_OK) *ret_kind = kind_of(facts.st_mode);
  return result;
}

int fsa_os_folder_link(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       const char **ret_target) {
  const char *name;
  int holder = open_holder(folder, path, &name);
  if (holder < 0) return holder;
  char target[FSA_MAX_PATH];
  ssize_t size = readlinkat(holder, name, target, sizeof target);
  int result = size < 0 ? result_now() : FSA_OK;
  close(holder);
  if (size < 0) return result;
  if ((size_t)size == sizeof target) return FSA_E_LIMIT;
  const char *copy = fsa_arena_copy(arena, target, (size_t)size);
  if (!copy) return FSA_E_NOMEM;
  *ret_target = copy;
  return FSA_OK;
}

/* ---- readers --------------------------------------------------------------------------------- */

static int reader_read(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  const FsaOsReader *reader = context;
  size_t done = 0;
  while (done < size) {
    if (offset > INT64_MAX - done) break; /* beyond what a file can hold */
    ssize_t got = pread(reader->fd, (char *)buffer + done, size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return result_now();
    if (got == 0) break;
    done += (size_t)got;
  }
  *ret_size = done;
  return FSA_OK;
}

/* Opens a regular file. What it is must be known first: opening a device can already change it. */
static int open_regular(int holder, const char *name, struct stat *ret_facts, int *ret_fd) {
  struct stat before;
  if (fstatat(holder, name, &before, AT_SYMLINK_NOFOLLOW) != 0) return result_now();
  if (!S_ISREG(before.st_mode)) return FSA_E_UNSUPPORTED;
  int fd = open_quietly(holder, name, 0);
  if (fd < 0) return result_now();
  if (fstat(fd, ret_facts) != 0 || !S_ISREG(ret_facts->st_mode)) {
    close(fd);
    return FSA_E_UNSUPPORTED; /* it was swapped between the two looks */
  }
  *ret_fd = fd;
  return FSA_OK;
}

int fsa_os_reader_open(FsaOsFolder *folder, const char *path, FsaOsReader **ret_reader,
                       const char **ret_why) {
  (void)ret_why;
  const char *name;
  int holder = open_holder(folder, path, &name);
  if (holder < 0) return holder;
  struct stat facts;
  int fd;
  int result = open_regular(holder, name, &facts, &fd);
  close(holder);
  if (result != FSA_OK) return result;
  FsaOsReader *reader = malloc(sizeof *reader);
  if (!reader) {
    close(fd);
    return FSA_E_NOMEM;
  }
  *reader = (FsaOsReader){.fd = fd, .size = (uint64_t)facts.st_size};
  *ret_reader = reader;
  return FSA_OK;
}

void fsa_os_reader_close(FsaOsReader *reader) {
  if (!reader) return;
  close(reader->fd);
  free(reader);
}

FsaSource fsa_os_reader_source(FsaOsReader *reader) {
  return (FsaSource){.context = reader, .size = reader->size, .read = reader_read};
}

void *fsa_os_file_memory(size_t size) {
  const size_t huge = 2u << 20;
  if (size < huge || size > SIZE_MAX - huge) return malloc(size ? size : 1);
  size_t rounded = (size + huge - 1) & ~(huge - 1);
  void *memory = aligned_alloc(huge, rounded);
#ifdef MADV_HUGEPAGE
  if (memory) (void)madvise(memory, rounded, MADV_HUGEPAGE); /* the kernel may say no */
#endif
  return memory;
}

/* ---- folders and paths ----------------------------------------------------------------------- */

int fsa_os_folder_open(const char *path, FsaOsFolder **ret_folder) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return result_now();
  FsaOsFolder *folder = malloc(sizeof *folder);
  char *location = realpath(path, NULL);
  if (!folder || !location) {
    int result = folder ? result_now() : FSA_E_NOMEM;
    free(folder);
    free(location);
    close(fd);
    return result;
  }
  *folder = (FsaOsFolder){.fd = fd, .location = location};
  *ret_folder = folder;
  return FSA_OK;
}

void fsa_os_folder_close(FsaOsFolder *folder) {
  if (!folder) return;
  close(folder->fd);
  free(folder->location);
  free(folder);
}

const char *fsa_os_folder_location(const FsaOsFolder *folder) {
  return folder->location;
}

int fsa_os_machine_open(FsaOsFolder **ret_folder) {
  return fsa_os_folder_open("/", ret_folder);
}

size_t fsa_os_drives(char ret_letters[FSA_OS_DRIVES]) {
  (void)ret_letters;
  return 0;
}

bool fsa_os_is_separator(char c) {
  return c == '/';
}

const char *fsa_os_path_plain(FsaArena *arena, const char *path) {
  (void)arena;
  return path + strspn(path, "/");
}

char fsa_os_separator_of(const char *path) {
  (void)path;
  return '/';
}

int fsa_os_path_look(const char *path, FsaNodeKind *ret_kind, uint64_t *ret_size) {
  struct stat facts;
  if (stat(path, &facts) != 0) return result_now();
  *ret_kind = kind_of(facts.st_mode);
  *ret_size = (uint64_t)facts.st_size;
  return FSA_OK;
}

int fsa_os_path_identity(const char *path, FsaIdentity *ret_identity) {
  struct stat facts;
  if (stat(path, &facts) != 0) return result_now();
  *ret_identity = (FsaIdentity){
      .device = facts.st_dev,
      .inode = facts.st_ino,
      .changed = (int64_t)facts.st_mtim.tv_sec * FSA_NS_PER_SECOND + facts.st_mtim.tv_nsec,
  };
  return FSA_OK;
}

bool fsa_os_path_is_link(const char *path) {
  struct stat facts;
  return lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
}

int fsa_os_path_split(const char *path, FsaArena *arena, const char **ret_folder,
                      const char **ret_name) {
  char *real = realpath(path, NULL);
  if (!real) return result_now();
  char *slash = strrchr(real, '/');
  size_t size = (size_t)(slash - real) + (slash == real); /* keeps the slash of "/" */
  const char *name = fsa_arena_copy(arena, slash + 1, strlen(slash + 1));
  const char *folder = fsa_arena_copy(arena, real, size);
  free(real);
  if (!name || !folder) return FSA_E_NOMEM;
  *ret_folder = folder;
  *ret_name = name;
  return FSA_OK;
}
