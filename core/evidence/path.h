/*
 * Paths inside evidence: joining, the names that collectors encode, and links, which are resolved
 * beneath the evidence's root whatever they say.
 */
#ifndef FSA_EVIDENCE_PATH_H
#define FSA_EVIDENCE_PATH_H

#include "evidence/tree.h"

/*
 * `folder` and `name` with `separator` between them, without one when `folder` is "". NULL when
 * memory ran out.
 */
const char *fsa_path_join(FsaArena *arena, const char *folder, char separator, const char *name);

/* True when two names are the same in any letter case. */
bool fsa_name_same(const char *a, const char *b);

/* True when a name or path ends with `tail`, in any letter case. */
bool fsa_name_ends(const char *name, const char *tail);

/* The part behind the last '/'. */
const char *fsa_path_name(const char *path);

/*
 * Velociraptor's names: "%3A" is ':'. `name` itself when nothing is encoded; NULL when memory ran
 * out.
 */
const char *fsa_path_decode(FsaArena *arena, const char *name);

/*
 * Follows `path`, which lies beneath the directory `root` of the tree, link by link. An absolute
 * target begins at `root` again, ".." never leaves it. *ret_path is what stands there without any
 * link, from `arena`. FSA_E_ABSENT when it leads nowhere, FSA_E_LIMIT after FSA_MAX_LINKS links.
 */
int fsa_path_resolve(FsaTree *tree, const char *root, const char *path, FsaArena *arena,
                     const char **ret_path, FsaNodeKind *ret_kind);

#endif
