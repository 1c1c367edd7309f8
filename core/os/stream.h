/*
 * Bytes in and out of a program: its standard streams and the files that its user names.
 * os/program.h says who may include this.
 *
 * Bytes go through as they are on every system: a line ends with LF. What a Windows console is told
 * goes there as UTF-16 whatever its code page is, and what is typed at one comes as UTF-8. The int
 * that a function gives is 0 or an errno value: EPIPE when nobody reads any more.
 */
#ifndef FSA_OS_STREAM_H
#define FSA_OS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FsaStandard {
  FSA_STANDARD_INPUT,
  FSA_STANDARD_OUTPUT,
  FSA_STANDARD_ERROR
} FsaStandard;

/* One open stream. Belongs to one thread at a time; copying it copies no state of the system. */
typedef struct FsaStream {
  intptr_t handle;  /* the system's own; -1 = closed */
  bool is_terminal; /* somebody sits there */
  bool is_standard; /* fsa_stream_close() leaves it open */
  bool is_regular;  /* an ordinary file, whose size is known */
  bool is_device;   /* neither that nor a pipe */
  unsigned held_size;
  unsigned char held[4]; /* Windows: a character that a console got the first bytes of */
} FsaStream;

/* A standard stream of this program. One that it was started without fails when it is used. */
FsaStream fsa_stream_standard(FsaStandard which);

/*
 * Opens `path` for reading, waiting for the writer of a FIFO. EISDIR for a folder.
 */
int fsa_stream_open(const char *path, FsaStream *ret_stream);

/* Makes the file `path` anew, or opens the device or FIFO of that name for writing. */
int fsa_stream_create(const char *path, FsaStream *ret_stream);

/* A read gives at least one byte where it can, so it takes room for a whole character. */
#define FSA_STREAM_LEAST 16

/*
 * Reads up to `size` >= FSA_STREAM_LEAST bytes, as many as are there now; *ret_size 0 is the end.
 * EINTR when Ctrl-C was typed meanwhile and a handler is set.
 */
int fsa_stream_read(FsaStream *stream, void *buffer, size_t size, size_t *ret_size);

/* Writes all of it. */
int fsa_stream_write(FsaStream *stream, const void *data, size_t size);

/* Bytes of an ordinary file; 0 for others. */
int64_t fsa_stream_size(const FsaStream *stream);

/* Closes it; a full disk may show itself only here. Accepts one that is closed. */
int fsa_stream_close(FsaStream *stream);

#endif
