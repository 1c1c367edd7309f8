/* The output buffer. */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "progress.h"
#include "terminal.h"

#define PIPE_PATIENCE_NS (FSA_NS_PER_SECOND / 4)

int fsa_writer_open(FsaWriter *w, const char *path) {
  FsaStream stream = fsa_stream_standard(FSA_STANDARD_OUTPUT);
  const int error = path ? fsa_stream_create(path, &stream) : 0;
  if (error) return error;
  char *data = malloc(FSA_WRITER_ROOM);
  if (!data) {
    fsa_stream_close(&stream);
    return ENOMEM;
  }
  *w = (FsaWriter){.stream = stream, .is_terminal = stream.is_terminal, .data = data};
  w->has_colour = fsa_terminal_has_colour(&stream);
  w->flushed = fsa_clock_monotonic();
  return 0;
}

int fsa_writer_close(FsaWriter *w) {
  if (!w->data) return 0;
  fsa_writer_flush(w);
  const int closed = fsa_stream_close(&w->stream);
  const int error = w->error ? w->error : closed;
  free(w->data);
  *w = (FsaWriter){.stream.handle = -1};
  return error;
}

static void write_all(FsaWriter *w, const char *data, size_t size) {
  if (size && !w->error) w->error = fsa_stream_write(&w->stream, data, size);
}

void fsa_writer_flush(FsaWriter *w) {
  if (w->used && w->is_terminal && w->progress) fsa_progress_hide(w->progress);
  write_all(w, w->data, w->used);
  w->used = 0;
  w->flushed = fsa_clock_monotonic();
}

void fsa_writer_row_done(FsaWriter *w) {
  if (!w->used) return;
  if (w->is_terminal || fsa_clock_monotonic() - w->flushed > PIPE_PATIENCE_NS) fsa_writer_flush(w);
}

void fsa_writer_put(FsaWriter *w, const void *data, size_t size) {
  if (size > FSA_WRITER_ROOM - w->used) {
    fsa_writer_flush(w);
    if (size >= FSA_WRITER_ROOM) { /* no use in copying it first */
      write_all(w, data, size);
      return;
    }
  }
  if (size) memcpy(w->data + w->used, data, size);
  w->used += size;
}

void fsa_writer_puts(FsaWriter *w, const char *text) {
  fsa_writer_put(w, text, strlen(text));
}

void fsa_writer_fill(FsaWriter *w, char c, size_t count) {
  while (count) {
    size_t part = count < FSA_WRITER_SPAN ? count : FSA_WRITER_SPAN;
    char *to = fsa_writer_room(w, part);
    memset(to, c, part);
    fsa_writer_took(w, to + part);
    count -= part;
  }
}

void fsa_writer_i64(FsaWriter *w, int64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  char *to = fsa_writer_room(w, sizeof digits + 1);
  if (value < 0) *to++ = '-';
  memcpy(to, digits + at, sizeof digits - at);
  fsa_writer_took(w, to + sizeof digits - at);
}

void fsa_writer_hex(FsaWriter *w, const void *data, size_t size) {
  static const char digits[] = "0123456789abcdef";
  const unsigned char *bytes = data;
  while (size) {
    size_t part = size < FSA_WRITER_SPAN / 2 ? size : FSA_WRITER_SPAN / 2;
    char *to = fsa_writer_room(w, part * 2);
    for (size_t i = 0; i < part; i++) {
      *to++ = digits[bytes[i] >> 4];
      *to++ = digits[bytes[i] & 15];
    }
    fsa_writer_took(w, to);
    bytes += part;
    size -= part;
  }
}
