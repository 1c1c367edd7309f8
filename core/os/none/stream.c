/* Streams of the C library; none is known to be a terminal. */
#include "os/stream.h"

#include <errno.h>
#include <stdio.h>

static FILE *file_of(const FsaStream *stream) {
  return stream->handle == -1 ? NULL : (FILE *)stream->handle;
}

FsaStream fsa_stream_standard(FsaStandard which) {
  FILE *const files[] = {stdin, stdout, stderr};
  return (FsaStream){.handle = (intptr_t)files[which], .is_standard = true};
}

static int open_file(const char *path, const char *mode, FsaStream *ret_stream) {
  FILE *file = fopen(path, mode);
  if (!file) return errno ? errno : EIO;
  setvbuf(file, NULL, _IONBF, 0);
  *ret_stream = (FsaStream){.handle = (intptr_t)file};
  return 0;
}

int fsa_stream_open(const char *path, FsaStream *ret_stream) {
  return open_file(path, "rb", ret_stream);
}

int fsa_stream_create(const char *path, FsaStream *ret_stream) {
  return open_file(path, "wb", ret_stream);
}

int fsa_stream_read(FsaStream *stream, void *buffer, size_t size, size_t *ret_size) {
  FILE *file = file_of(stream);
  if (!file) return EBADF;
  const size_t got = fread(buffer, 1, size, file);
  if (got == 0 && ferror(file)) return EIO;
  *ret_size = got;
  return 0;
}

int fsa_stream_write(FsaStream *stream, const void *data, size_t size) {
  FILE *file = file_of(stream);
  if (!file) return EBADF;
  return fwrite(data, 1, size, file) == size && fflush(file) == 0 ? 0 : EIO;
}

int64_t fsa_stream_size(const FsaStream *stream) {
  (void)stream;
  return 0;
}

int fsa_stream_close(FsaStream *stream) {
  FILE *file = file_of(stream);
  const bool is_ours = file && !stream->is_standard;
  stream->handle = -1;
  return is_ours && fclose(file) != 0 ? EIO : 0;
}
