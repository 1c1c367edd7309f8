/* What every command says. See print.h. */
#include "text/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "os/console.h"
#include "text/key.h"

#define MAX_SAID 8192 /* bytes of one message; the rest is cut */
#define WIPE "\r\x1b[K"

FsaText fsa_text(const char *text) {
  return (FsaText){text, text ? strlen(text) : 0};
}

/* Wipes the line of progress and says what follows, in one piece: other programs write there too.
 */
static void say(const char *before, const char *format, va_list arguments, const char *after) {
  char message[MAX_SAID];
  FsaBuffer text = fsa_buffer(2 * MAX_SAID);
  FsaStream stream = fsa_stream_standard(FSA_STANDARD_ERROR);
  if (fsa_console_has_escapes(&stream)) fsa_buffer_puts(&text, WIPE);
  vsnprintf(message, sizeof message, format, arguments);
  fsa_buffer_puts(&text, before);
  fsa_buffer_puts(&text, message);
  fsa_buffer_puts(&text, after);
  if (!text.error) fsa_stream_write(&stream, text.data, text.size);
  fsa_buffer_done(&text);
}

void fsa_complain(const char *format, ...) {
  va_list arguments;
  fflush(stdout);
  va_start(arguments, format);
  say("fsa-score: ", format, arguments, "\n");
  va_end(arguments);
}

static bool shows_progress(void) {
  const FsaStream stream = fsa_stream_standard(FSA_STANDARD_ERROR);
  return fsa_console_has_escapes(&stream);
}

void fsa_progress_line(const char *format, ...) {
  va_list arguments;
  if (!shows_progress()) return;
  va_start(arguments, format);
  say("", format, arguments, "");
  va_end(arguments);
}

void fsa_progress_wipe(void) {
  FsaStream stream = fsa_stream_standard(FSA_STANDARD_ERROR);
  if (fsa_console_has_escapes(&stream)) fsa_stream_write(&stream, WIPE, strlen(WIPE));
}

/* Control characters move the cursor; bidirectional and invisible ones show what is not there. */
static bool is_unsafe(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

void fsa_put_safe(FsaBuffer *out, FsaText text, size_t columns) {
  size_t shown = 0;
  for (size_t at = 0; at < text.size; shown++) {
    if (columns && shown + 1 >= columns && at + 1 < text.size) {
      fsa_buffer_puts(out, "\xE2\x80\xA6"); /* ... */
      return;
    }
    char character[4];
    uint32_t c = fsa_utf8_next(text.data, text.size, &at);
    if (c == (uint32_t)FSA_KEY_SEPARATOR)
      fsa_buffer_puts(out, " | ");
    else if (is_unsafe(c))
      fsa_buffer_printf(out, "<U+%04X>", (unsigned)c);
    else
      fsa_buffer_put(out, character, fsa_utf8_put(character, c));
  }
}

void fsa_put_csv(FsaBuffer *out, FsaText text) {
  bool quotes = false;
  for (size_t i = 0; i < text.size; i++) quotes |= strchr("\",\r\n", text.data[i]) != NULL;
  if (!quotes) {
    fsa_buffer_put(out, text.data, text.size);
    return;
  }
  fsa_buffer_putc(out, '"');
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '"') fsa_buffer_putc(out, '"');
    fsa_buffer_putc(out, text.data[i]);
  }
  fsa_buffer_putc(out, '"');
}

void fsa_put_count(FsaBuffer *out, int64_t value) {
  char digits[32];
  int size = snprintf(digits, sizeof digits, "%lld", (long long)value);
  for (int i = 0; i < size; i++) {
    int left = size - i;
    if (i && left % 3 == 0 && digits[i - 1] != '-') fsa_buffer_putc(out, ',');
    fsa_buffer_putc(out, digits[i]);
  }
}

void fsa_put_time(FsaBuffer *out, int64_t seconds) {
  char text[FSA_TIME_TEXT];
  int64_t ns;
  if (!fsa_time_from_unix(seconds, 0, &ns)) {
    fsa_buffer_putc(out, '-');
    return;
  }
  fsa_buffer_put(out, text, fsa_time_print(text, ns, 0));
}

bool fsa_print(FsaBuffer *out) {
  FsaStream stream = fsa_stream_standard(FSA_STANDARD_OUTPUT);
  bool written;
  if (stream.is_terminal) /* the C library would not know how to speak to a console */
    written = out->size == 0 || fsa_stream_write(&stream, out->data, out->size) == 0;
  else
    written = fwrite(out->data ? out->data : "", 1, out->size, stdout) == out->size;
  fsa_buffer_clear(out);
  return written && !ferror(stdout);
}
