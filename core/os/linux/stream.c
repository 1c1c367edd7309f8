/* Streams are file descriptors. */
#include "os/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

FsaStream fsa_stream_standard(FsaStandard which) {
  static const int descriptors[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  const int fd = descriptors[which];
  return (FsaStream){.handle = fd, .is_terminal = isatty(fd) == 1, .is_standard = true};
}

int fsa_stream_open(const char *path, FsaStream *ret_stream) {
  struct stat facts;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return errno;
  const int error = fstat(fd, &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? EISDIR : 0;
  if (error) {
    close(fd);
    return error;
  }
  const bool is_regular = S_ISREG(facts.st_mode);
  *ret_stream = (FsaStream){.handle = fd,
                            .is_terminal = isatty(fd) == 1,
                            .is_regular = is_regular,
                            .is_device = !is_regular && !S_ISFIFO(facts.st_mode)};
  return 0;
}

int fsa_stream_create(const char *path, FsaStream *ret_stream) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  *ret_stream = (FsaStream){.handle = fd, .is_terminal = isatty(fd) == 1};
  return 0;
}

int fsa_stream_read(FsaStream *stream, void *buffer, size_t size, size_t *ret_size) {
  ssize_t got = read((int)stream->handle, buffer, size);
  if (got < 0) return errno;
  *ret_size = (size_t)got;
  return 0;
}

int fsa_stream_write(FsaStream *stream, const void *data, size_t size) {
  const char *at = data;
  while (size) {
    ssize_t written = write((int)stream->handle, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    at += written;
    size -= (size_t)written;
  }
  return 0;
}

int64_t fsa_stream_size(const FsaStream *stream) {
  struct stat facts;
  if (!stream->is_regular || fstat((int)stream->handle, &facts) != 0) return 0;
  return facts.st_size;
}

int fsa_stream_close(FsaStream *stream) {
  const int fd = (int)stream->handle;
  const bool is_ours = fd >= 0 && !stream->is_standard;
  stream->handle = -1;
  return is_ours && close(fd) != 0 ? errno : 0;
}
