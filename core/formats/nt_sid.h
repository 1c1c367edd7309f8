/* Security identifiers: who a token, an owner or an entry of an access list is. [MS-DTYP 2.4.2] */
#ifndef FSA_FORMATS_NT_SID_H
#define FSA_FORMATS_NT_SID_H

#include "base/bytes.h"
#include "base/result.h"

#define FSA_NT_SID_PARTS 15 /* sub-authorities at the most */

/* Bytes that a SID as text needs, with the NUL: "S-1-0x" and 12 digits, 15 parts of 11. */
#define FSA_NT_SID_TEXT 192

/*
 * The SID at `offset` as text ("S-1-5-18") into `out`, NUL-terminated; *ret_size is its own size in
 * bytes. FSA_E_FORMAT when it is none or lies partly outside.
 */
int fsa_nt_sid_text(FsaBytes bytes, size_t offset, char out[FSA_NT_SID_TEXT], size_t *ret_size);

/* The bytes of the SID at `offset`; an empty view, and `bad` in `bytes`, when none lies there. */
FsaBytes fsa_nt_sid(FsaBytes *bytes, size_t offset);

/* Its last sub-authority, which tells accounts of one authority apart; 0 when it has none. */
uint32_t fsa_nt_sid_last(FsaBytes sid);

/* True for the SID that is written so: "S-1-5-18". */
bool fsa_nt_sid_is(FsaBytes sid, const char *text);

/*
 * The name of a SID that means the same on every Windows ("NT AUTHORITY\SYSTEM"), in English
 * whatever the system's language is; NULL for others. `text` as fsa_nt_sid_text() writes it. Static
 * storage. [MS-DTYP 2.4.2.4]
 */
const char *fsa_nt_sid_name(const char *text);

#endif
