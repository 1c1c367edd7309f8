/*
 * WTF-8: UTF-8 that can also hold an unpaired surrogate, as three bytes.
 *
 * Names of files on Windows are any 16-bit units. As WTF-8 they go through code that knows bytes
 * only and come back unchanged. [Simon Sapin, The WTF-8 encoding] It is never shown: text that
 * leaves the program is UTF-8.
 */
#ifndef FSA_BASE_WTF8_H
#define FSA_BASE_WTF8_H

#include "base/text.h"

/* The most bytes of WTF-8 that `units` UTF-16 code units can become. */
#define FSA_WTF8_CEILING(units) ((units)*3u)

/*
 * UTF-16LE to WTF-8. `out` has room for FSA_WTF8_CEILING(units) bytes; `utf16` need not be aligned.
 * Gives the bytes written; adds no NUL, and keeps those that it meets.
 */
size_t fsa_wtf8_from_utf16(char *out, const uint8_t *utf16, size_t units);

/* The same into an arena, NUL-terminated; NULL when memory ran out. */
char *fsa_wtf8_copy(FsaArena *arena, const uint8_t *utf16, size_t units);

/*
 * WTF-8 (or UTF-8) to UTF-16. `out` has room for `size` units, which always suffices. Gives the
 * units written, or SIZE_MAX when the bytes are neither.
 */
size_t fsa_utf16_from_wtf8(uint16_t *out, const char *text, size_t size);

/*
 * As fsa_text_clean(), but an unpaired surrogate becomes one U+FFFD, as it does in text that comes
 * from UTF-16 directly.
 */
FsaText fsa_text_from_wtf8(FsaArena *arena, const char *text, size_t size);

#endif
