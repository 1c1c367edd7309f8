/* Terminals: their size, their colour, and text that can do them no harm. */
#include "terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "os/console.h"

#define DEFAULT_COLUMNS 80
#define LEAST_COLUMNS 20
#define MAX_COMPLAINT 8192 /* bytes of one message, after which it is cut */

typedef struct Range {
  uint32_t first, last;
} Range;

/* East Asian Wide and Fullwidth, by block where a block is all wide. */
static const Range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x18b00, 0x18d08},
    {0x1aff0, 0x1b2fb}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
    {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
    {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
    {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596},
    {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc},
    {0x1f6d0, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb},
    {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd},
};

/* Combining marks (Mn, Me) of the scripts that names on real systems are written in. */
static const Range zero_wide[] = {
    {0x300, 0x36f},     {0x483, 0x489},   {0x591, 0x5bd},   {0x5bf, 0x5bf},   {0x5c1, 0x5c2},
    {0x5c4, 0x5c5},     {0x5c7, 0x5c7},   {0x610, 0x61a},   {0x64b, 0x65f},   {0x670, 0x670},
    {0x6d6, 0x6dc},     {0x6df, 0x6e4},   {0x6e7, 0x6e8},   {0x6ea, 0x6ed},   {0x711, 0x711},
    {0x730, 0x74a},     {0x900, 0x902},   {0x93a, 0x93a},   {0x93c, 0x93c},   {0x941, 0x948},
    {0x94d, 0x94d},     {0x951, 0x957},   {0x981, 0x981},   {0x9bc, 0x9bc},   {0x9c1, 0x9c4},
    {0x9cd, 0x9cd},     {0xa3c, 0xa51},   {0xabc, 0xabc},   {0xac1, 0xac8},   {0xacd, 0xacd},
    {0xb3c, 0xb3c},     {0xb41, 0xb44},   {0xbcd, 0xbcd},   {0xc3e, 0xc40},   {0xc46, 0xc56},
    {0xccc, 0xccd},     {0xd41, 0xd44},   {0xd4d, 0xd4d},   {0xe31, 0xe31},   {0xe34, 0xe3a},
    {0xe47, 0xe4e},     {0xeb1, 0xeb1},   {0xeb4, 0xebc},   {0xec8, 0xecd},   {0xf71, 0xf7e},
    {0xf80, 0xf84},     {0x102d, 0x1030}, {0x1032, 0x1037}, {0x1039, 0x103a}, {0x17b4, 0x17b5},
    {0x17b7, 0x17bd},   {0x17c9, 0x17d3}, {0x180b, 0x180d}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x20d0, 0x20f0},   {0x2de0, 0x2dff}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xa66f, 0xa672},
    {0xa674, 0xa67d},   {0xfb1e, 0xfb1e}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0x1d167, 0x1d169},
    {0xe0100, 0xe01ef},
};

/* Invisible or reordering: soft hyphen, joiners, direction marks and overrides, separators, tags.
 */
static const Range unsafe[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe007f},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static bool in_ranges(const Range *ranges, size_t count, uint32_t c) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > ranges[middle].last)
      low = middle + 1;
    else if (c < ranges[middle].first)
      high = middle;
    else
      return true;
  }
  return false;
}

bool fsa_terminal_has_colour(const FsaStream *stream) {
  const char *no_colour = getenv("NO_COLOR");
  return !(no_colour && *no_colour) && fsa_console_has_escapes(stream);
}

size_t fsa_terminal_columns(const FsaStream *stream) {
  const size_t columns = fsa_console_columns(stream);
  if (columns == 0) return DEFAULT_COLUMNS;
  return columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns;
}

unsigned fsa_terminal_width(uint32_t c) {
  if (c < 0x300) return 1;
  if (in_ranges(zero_wide, COUNT_OF(zero_wide), c)) return 0;
  return in_ranges(wide, COUNT_OF(wide), c) ? 2 : 1;
}

bool fsa_terminal_is_unsafe(uint32_t c) {
  if (c >= 0x20 && c < 0x7f) return false;
  return in_ranges(unsafe, COUNT_OF(unsafe), c);
}

static void put_picture(FsaBuffer *out, uint32_t c) {
  char utf8[4];
  if (c < 0x20)
    fsa_buffer_put(out, utf8, fsa_utf8_put(utf8, 0x2400 + c));
  else if (c == 0x7f)
    fsa_buffer_put(out, utf8, fsa_utf8_put(utf8, 0x2421));
  else
    fsa_buffer_printf(out, "<U+%04X>", (unsigned)c);
}

void fsa_terminal_put_safe(FsaBuffer *out, const char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    size_t run = at;
    while (run < size && text[run] >= 0x20 && text[run] < 0x7f) run++;
    fsa_buffer_put(out, text + at, run - at);
    at = run;
    if (at == size) return;
    uint32_t c = fsa_utf8_next(text, size, &at);
    char utf8[4];
    if (fsa_terminal_is_unsafe(c))
      put_picture(out, c);
    else
      fsa_buffer_put(out, utf8, fsa_utf8_put(utf8, c));
  }
}

size_t fsa_terminal_text_width(const char *text, size_t size) {
  size_t width = 0;
  for (size_t at = 0; at < size;) {
    if ((unsigned char)text[at] < 0x80) {
      at++;
      width++;
    } else {
      width += fsa_terminal_width(fsa_utf8_next(text, size, &at));
    }
  }
  return width;
}

size_t fsa_terminal_fit(const char *text, size_t size, size_t columns, size_t *ret_width) {
  size_t at = 0, width = 0;
  while (at < size) {
    size_t next = at + 1;
    unsigned more = 1;
    if ((unsigned char)text[at] >= 0x80) {
      next = at;
      more = fsa_terminal_width(fsa_utf8_next(text, size, &next));
    }
    if (width + more > columns && at > 0) break;
    width += more;
    at = next;
  }
  *ret_width = width;
  return at;
}

static void say(const char *prefix, const char *format, va_list arguments) {
  char message[MAX_COMPLAINT];
  int length = vsnprintf(message, sizeof message, format, arguments);
  if (length < 0) return;
  size_t size = (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
  FsaBuffer line = fsa_buffer(MAX_COMPLAINT * 16);
  fsa_buffer_puts(&line, prefix);
  fsa_terminal_put_safe(&line, message, size);
  fsa_buffer_putc(&line, '\n');
  FsaStream error = fsa_stream_standard(FSA_STANDARD_ERROR);
  if (!line.error) fsa_stream_write(&error, line.data, line.size);
  fsa_buffer_done(&line);
}

void fsa_terminal_complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("fsa: ", format, arguments);
  va_end(arguments);
}

void fsa_terminal_add(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("  ", format, arguments);
  va_end(arguments);
}
