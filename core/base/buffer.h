/*
 * A growing buffer with a ceiling and a sticky error: append freely, test once.
 *
 * The memory comes from the heap and belongs to the buffer. Not thread safe.
 */
#ifndef FSA_BASE_BUFFER_H
#define FSA_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/printf.h"

typedef struct FsaBuffer {
  char *data;   /* NULL while empty; not NUL-terminated unless fsa_buffer_text() was called */
  size_t size;  /* bytes in use */
  size_t room;  /* bytes held */
  size_t limit; /* ceiling of `size` */
  int error;    /* FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT; once set, every append does nothing */
} FsaBuffer;

/* An empty buffer that never grows beyond `limit` bytes. Allocates nothing. */
FsaBuffer fsa_buffer(size_t limit);

/*
 * Room for `size` more bytes at the end, uninitialised; `size` is added to the buffer by
 * fsa_buffer_added(). NULL on error.
 */
char *fsa_buffer_room(FsaBuffer *buffer, size_t size);
static inline void fsa_buffer_added(FsaBuffer *buffer, size_t size) {
  buffer->size += size;
}

void fsa_buffer_put(FsaBuffer *buffer, const void *data, size_t size);
void fsa_buffer_puts(FsaBuffer *buffer, const char *text);
void fsa_buffer_putc(FsaBuffer *buffer, char c);
void fsa_buffer_printf(FsaBuffer *buffer, const char *format, ...) FSA_PRINTF(2, 3);

/* Unsigned and signed decimal, faster than printf. */
void fsa_buffer_u64(FsaBuffer *buffer, uint64_t value);
void fsa_buffer_i64(FsaBuffer *buffer, int64_t value);

/*
 * UTF-8 as a JSON string with its quotes; bytes that are not valid UTF-8 become U+FFFD. [RFC 8259]
 */
void fsa_buffer_json(FsaBuffer *buffer, const char *text, size_t size);

/* The contents with a NUL behind them; "" after an error or while empty. Stays the buffer's. */
const char *fsa_buffer_text(FsaBuffer *buffer);

/* Empties for reuse and forgets the error; keeps the memory. */
void fsa_buffer_clear(FsaBuffer *buffer);

/* Gives the memory back. Accepts a buffer that was only declared {0}. */
void fsa_buffer_done(FsaBuffer *buffer);

#endif
