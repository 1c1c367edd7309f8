/*
 * The registry of the running system as hives in their places: whatever is loaded below
 * \Registry\Machine and \Registry\User.
 *
 * A key is known by its native path and opened when something is asked of it; one handle at the
 * most is open, that of the key which was asked last, since what is asked of a key comes in a row.
 * Links are followed on the way of a path that is looked for, and are keys of their own, without
 * subkeys, when the keys of their parent are listed: so no walk meets a cycle.
 */
#ifndef FSA_EVIDENCE_LIVE_H
#define FSA_EVIDENCE_LIVE_H

#include "evidence/registry.h"

struct FsaMountedHive;

/* A key of the running system; in the arena of the call that gave it. */
typedef struct FsaLiveKey {
  FsaBytes path;      /* UTF-16, native, absolute */
  FsaText name;       /* its last part, as text */
  bool follows;       /* opened by following links: it was looked for */
  bool has_facts;     /* the listing of its parent told what follows */
  int64_t write_time; /* INT64_MIN = unknown */
  FsaText class_name; /* data NULL = none */
} FsaLiveKey;

typedef struct FsaLive FsaLive;

/* True when the registry of the evidence is that of this machine. */
bool fsa_live_is(const FsaEvidence *evidence);

int fsa_live_open(const FsaEvidence *evidence, FsaLive **ret_live);
void fsa_live_close(FsaLive *live); /* accepts NULL */

/* True when both mean the same key, in any letter case. */
bool fsa_live_same(const FsaLiveKey *a, const FsaLiveKey *b);

/* Mounts the loaded hives of the machine, or those of the users. */
int fsa_live_mount_machine(FsaRegistry *registry);
int fsa_live_mount_users(FsaRegistry *registry);

/* What registry.h says of the calls without `live`, of a key below `hive`. */
int fsa_live_top(struct FsaMountedHive *hive, FsaRegKey *ret_key);
int fsa_live_find(struct FsaMountedHive *hive, const FsaLiveKey *key, const char *path,
                  FsaArena *arena, FsaRegKey *ret_key);
int fsa_live_info(struct FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                  FsaRegKeyInfo *ret_info);
int fsa_live_subkeys(struct FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                     FsaRegKey **ret_keys, size_t *ret_count);
int fsa_live_values(struct FsaMountedHive *hive, const FsaLiveKey *key, FsaArena *arena,
                    FsaRegValue **ret_values, size_t *ret_count);
int fsa_live_value(struct FsaMountedHive *hive, const FsaLiveKey *key, const char *name,
                   FsaArena *arena, FsaRegValue *ret_value);

/* Says, once, that nothing deleted is shown of a registry that runs. */
void fsa_live_tell_deleted(struct FsaMountedHive *hive);

#endif
