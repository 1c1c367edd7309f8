/*
 * Bytes on their way out: one large buffer, one write(2) each time it is full.
 *
 * Errors are sticky: after the first failed write everything is swallowed and `error` says why, so
 * that callers test once per row. A reader that went away (EPIPE) is an end, not a failure.
 */
#ifndef FSA_SHELL_WRITER_H
#define FSA_SHELL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/stream.h"

struct FsaProgress;

#define FSA_WRITER_ROOM (256u << 10) /* bytes per write(2) */
#define FSA_WRITER_SPAN (32u << 10)  /* the most that fsa_writer_room() gives at once */

typedef struct FsaWriter {
  FsaStream stream;
  bool is_terminal;
  bool has_colour;              /* a terminal that can, and NO_COLOR is not set */
  int error;                    /* errno of the first write that failed; 0 = none */
  size_t used;                  /* bytes waiting in `data` */
  char *data;                   /* FSA_WRITER_ROOM bytes */
  int64_t flushed;              /* monotonic ns of the last write */
  struct FsaProgress *progress; /* hidden before a terminal is written to; NULL = none */
} FsaWriter;

/* A writer on standard output (path NULL) or on a file that is made anew. 0 or an errno value. */
int fsa_writer_open(FsaWriter *writer, const char *path);

/* Writes what waits and gives everything back; the errno of the first failure, or 0. Accepts {0}.
 */
int fsa_writer_close(FsaWriter *writer);

/* Writes what waits. */
void fsa_writer_flush(FsaWriter *writer);

/* After each row: a terminal sees it at once, a pipe at the latest a quarter of a second later. */
void fsa_writer_row_done(FsaWriter *writer);

/* True when nothing more will arrive anywhere. */
static inline bool fsa_writer_failed(const FsaWriter *writer) {
  return writer->error != 0;
}

/* Room for `size` <= FSA_WRITER_SPAN bytes; what was filled is told to fsa_writer_took(). */
static inline char *fsa_writer_room(FsaWriter *writer, size_t size) {
  if (FSA_WRITER_ROOM - writer->used < size) fsa_writer_flush(writer);
  return writer->data + writer->used;
}
static inline void fsa_writer_took(FsaWriter *writer, const char *end) {
  writer->used = (size_t)(end - writer->data);
}

void fsa_writer_put(FsaWriter *writer, const void *data, size_t size);
void fsa_writer_puts(FsaWriter *writer, const char *text);
static inline void fsa_writer_putc(FsaWriter *writer, char c) {
  *fsa_writer_room(writer, 1) = c;
  writer->used++;
}

/* `count` times the character. */
void fsa_writer_fill(FsaWriter *writer, char c, size_t count);

/* Decimal. */
void fsa_writer_i64(FsaWriter *writer, int64_t value);

/* Lower-case hex, two digits a byte. */
void fsa_writer_hex(FsaWriter *writer, const void *data, size_t size);

#endif
