/*
 * Which evidence may be asked through osquery.
 *
 * Who writes queries is not always who may read every file that the agent can. Evidence is
 * therefore off, but for what lies below the folders that the extension was started with.
 */
#ifndef FSA_OSQUERY_PERMIT_H
#define FSA_OSQUERY_PERMIT_H

#include "evidence/evidence.h"

/* True when `path` names the same place whatever the current folder is; on Windows, one of a drive.
 */
bool fsa_permit_is_full(const char *path);

/*
 * Decides on evidence by name, which is a full path. Both it and the prefixes are followed to the
 * real path, so that neither `..` nor a link leads out. FSA_OK with *ret_real the name to open it
 * by (in `arena`; NULL for "live", which is always allowed), FSA_E_ACCESS when it may not be asked
 * or is not there, FSA_E_NOMEM; with words for the user. What a prefix holds must be writable by
 * nobody but who may read all that the extension can: a folder may be swapped between this decision
 * and its opening.
 */
int fsa_permit_evidence(const char *name, const char *const *prefixes, size_t prefix_count,
                        FsaArena *arena, const char **ret_real, FsaError *ret_error);

#endif
