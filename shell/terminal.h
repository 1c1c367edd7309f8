/* What a terminal is and can do, and text made safe and measured for it. */
#ifndef FSA_SHELL_TERMINAL_H
#define FSA_SHELL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/printf.h"
#include "os/stream.h"

/*
 * False when the stream is no terminal, NO_COLOR is set to anything but "", or the terminal is one
 * that knows no escape sequences. [no-color.org]
 */
bool fsa_terminal_has_colour(const FsaStream *stream);

/* Columns of the terminal behind the stream; 80 when it does not say. */
size_t fsa_terminal_columns(const FsaStream *stream);

/*
 * Columns that a code point takes: 0 for combining marks, 2 for East Asian wide ones and emoji,
 * else 1. [Unicode 14 EastAsianWidth, general categories Mn Me]
 */
unsigned fsa_terminal_width(uint32_t code_point);

/*
 * True for what evidence must not say to a terminal: control characters, which move the cursor and
 * rewrite what was printed, and the invisible ones that turn or hide text ("gpj.exe").
 */
bool fsa_terminal_is_unsafe(uint32_t code_point);

/*
 * Appends text with everything unsafe made visible: control characters as their Unicode pictures
 * (ESC = U+241B), the rest as <U+202E>, invalid bytes as U+FFFD.
 */
void fsa_terminal_put_safe(FsaBuffer *out, const char *text, size_t size);

/* Columns of a text that fsa_terminal_put_safe() made. */
size_t fsa_terminal_text_width(const char *text, size_t size);

/* How many bytes of safe text fit into `columns`: at least one character, so that loops end. */
size_t fsa_terminal_fit(const char *text, size_t size, size_t columns, size_t *ret_width);

/* A message on standard error: "fsa: ...", made safe as a whole. */
void fsa_terminal_complain(const char *format, ...) FSA_PRINTF(1, 2);

/* A further line of the message before, without the prefix. */
void fsa_terminal_add(const char *format, ...) FSA_PRINTF(1, 2);

#endif
