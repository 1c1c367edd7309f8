/* Names that pass for another one: one letter away from a system program, or a vendor's in a path.
 */
#ifndef FSA_SCORING_NEAR_NAME_H
#define FSA_SCORING_NEAR_NAME_H

#include "base/text.h"

/*
 * True when the last part of `path` is one change (a letter more, less, other, or two swapped) away
 * from the name of a program of Windows or Linux that intruders imitate, and is none itself. Any
 * letter case. [MITRE ATT&CK T1036.005]
 */
bool fsa_is_near_system_name(FsaText path);

/* The first well-known vendor that is named as a word in a text, in lower case; NULL = none. */
const char *fsa_vendor_token(FsaText text);

#endif
