/* The growing buffer and its JSON strings. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/result.h"
#include "base/text.h"

FsaBuffer fsa_buffer(size_t limit) {
  return (FsaBuffer){.limit = limit};
}

char *fsa_buffer_room(FsaBuffer *b, size_t size) {
  if (b->error) return NULL;
  if (!b->data && size == 0) return NULL; /* NULL + 0 is undefined */
  if (size <= b->room - b->size) return b->data + b->size;
  if (b->size > b->limit || size > b->limit - b->size) {
    b->error = FSA_E_LIMIT;
    return NULL;
  }
  size_t room = b->room ? b->room : 256;
  while (room < b->size + size && room <= b->limit / 2) room *= 2;
  if (room > b->limit || room < b->size + size) room = b->limit;
  /* one more for fsa_buffer_text()'s NUL */
  char *data = room < SIZE_MAX ? realloc(b->data, room + 1) : NULL;
  if (!data) {
    b->error = FSA_E_NOMEM;
    return NULL;
  }
  b->data = data;
  b->room = room;
  return data + b->size;
}

void fsa_buffer_put(FsaBuffer *b, const void *data, size_t size) {
  char *to = fsa_buffer_room(b, size);
  if (!to) return;
  if (size) memcpy(to, data, size);
  b->size += size;
}

void fsa_buffer_puts(FsaBuffer *b, const char *text) {
  fsa_buffer_put(b, text, strlen(text));
}

void fsa_buffer_putc(FsaBuffer *b, char c) {
  fsa_buffer_put(b, &c, 1);
}

void fsa_buffer_printf(FsaBuffer *b, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  char *to = length < 0 ? NULL : fsa_buffer_room(b, (size_t)length);
  if (to) { /* the NUL goes into the spare byte */
    vsnprintf(to, (size_t)length + 1, format, again);
    b->size += (size_t)length;
  }
  va_end(again);
  va_end(arguments);
}

void fsa_buffer_u64(FsaBuffer *b, uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  fsa_buffer_put(b, digits + at, sizeof digits - at);
}

void fsa_buffer_i64(FsaBuffer *b, int64_t value) {
  if (value < 0) fsa_buffer_putc(b, '-');
  fsa_buffer_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* True for a byte that a JSON string takes as it is: printable ASCII but quote and backslash. */
static bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_escaped(FsaBuffer *b, uint32_t c) {
  static const char short_escapes[] = "\bb\tt\nn\ff\rr\"\"\\\\";
  for (size_t i = 0; short_escapes[i]; i += 2)
    if (c == (uint32_t)short_escapes[i]) {
      char pair[2] = {'\\', short_escapes[i + 1]};
      fsa_buffer_put(b, pair, 2);
      return;
    }
  if (c < 0x20) {
    fsa_buffer_printf(b, "\\u%04x", (unsigned)c);
    return;
  }
  char utf8[4];
  fsa_buffer_put(b, utf8, fsa_utf8_put(utf8, c));
}

void fsa_buffer_json(FsaBuffer *b, const char *text, size_t size) {
  fsa_buffer_putc(b, '"');
  for (size_t at = 0; at < size;) {
    size_t run = at;
    while (run < size && is_plain((unsigned char)text[run])) run++;
    fsa_buffer_put(b, text + at, run - at);
    at = run;
    if (at < size) put_escaped(b, fsa_utf8_next(text, size, &at));
  }
  fsa_buffer_putc(b, '"');
}

const char *fsa_buffer_text(FsaBuffer *b) {
  if (b->error || !b->data) return "";
  b->data[b->size] = '\0';
  return b->data;
}

void fsa_buffer_clear(FsaBuffer *b) {
  b->size = 0;
  b->error = FSA_OK;
}

void fsa_buffer_done(FsaBuffer *b) {
  free(b->data);
  *b = (FsaBuffer){.limit = b->limit};
}
