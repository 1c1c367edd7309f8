/*
 * Security descriptors: who owns an object, and who may do what to it.
 *
 * Self-relative form, as the registry stores them and NtQuerySecurityObject answers [MS-DTYP
 * 2.4.6], told in the Security Descriptor Definition Language [MS-DTYP 2.5.1]. Two things differ
 * from what Windows prints: accounts of a domain stay as S-1-5-21-... (Windows shortens those of
 * the domain that it is in), and the condition of a conditional entry stands as #hex.
 */
#ifndef FSA_FORMATS_NT_SECURITY_H
#define FSA_FORMATS_NT_SECURITY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"

/*
 * The descriptor as SDDL ("O:BAG:SYD:(A;;CC;;;WD)"), memory from `arena`. FSA_E_FORMAT when its
 * parts do not lie inside it or an entry is cut; FSA_E_LIMIT beyond FSA_MAX_SDDL bytes.
 */
int fsa_nt_sddl(FsaBytes descriptor, FsaArena *arena, FsaText *ret_sddl);

#endif
