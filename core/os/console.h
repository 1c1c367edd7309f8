/* What a terminal can show. os/program.h says who may include this. */
#ifndef FSA_OS_CONSOLE_H
#define FSA_OS_CONSOLE_H

#include "os/stream.h"

/*
 * True when the stream is a terminal that understands escape sequences: colour, and a line that is
 * drawn again. Windows: switches them on where the console can (Windows 10 1511), until the program
 * ends. Elsewhere TERM must name a terminal that is not dumb.
 */
bool fsa_console_has_escapes(const FsaStream *stream);

/* Columns of the terminal behind the stream; 0 when it is none or does not say. */
size_t fsa_console_columns(const FsaStream *stream);

#endif
