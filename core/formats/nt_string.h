/* Counted texts (UNICODE_STRING) in what a native call of 64-bit Windows filled. */
#ifndef FSA_FORMATS_NT_STRING_H
#define FSA_FORMATS_NT_STRING_H

#include "base/bytes.h"

#define FSA_NT_STRING_SIZE 16u /* bytes of the structure on x64 */

/*
 * The UTF-16 of the UNICODE_STRING at `offset`: bytes of Length, bytes of MaximumLength (16 bit
 * each), padding, the address of the text. `address` is where the bytes stood when the call filled
 * them, as the text's address is absolute. The slice has a whole number of units and is empty for
 * an empty text; one that lies outside makes `bytes` bad. [MS-DTYP 2.3.10]
 */
FsaBytes fsa_nt_string(FsaBytes *bytes, uint64_t address, size_t offset);

/* The offset behind the room that the text has, for what follows it; SIZE_MAX when it is outside.
 */
size_t fsa_nt_string_end(FsaBytes *bytes, uint64_t address, size_t offset);

#endif
