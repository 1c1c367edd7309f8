/* Access masks of Windows in words: what a handle allows its holder. [MS-DTYP 2.4.3, winnt.h] */
#ifndef FSA_FORMATS_NT_ACCESS_H
#define FSA_FORMATS_NT_ACCESS_H

#include "base/arena.h"
#include "base/text.h"

/*
 * The rights of `mask`, separated by blanks, as Microsoft's headers name them ("PROCESS_VM_READ
 * SYNCHRONIZE"), each by itself: full access names them all, so that a search for one finds it.
 * `type` is the object's type ("Process"); rights of a type that is not known, and bits without a
 * name, are told as 0x... at the end. Empty for 0; {NULL, 0} when memory ran out.
 */
FsaText fsa_nt_access_text(FsaArena *arena, FsaText type, uint32_t mask);

#endif
