/*
 * regf: the registry hive file, with its transaction logs.
 *
 * Bytes in, facts out. Every offset that is followed must point at a cell; every list has a named
 * ceiling; reads never leave the hive. A dirty hive (sequence numbers that differ) is brought up to
 * date from its logs at open; where that is impossible the caller is told FSA_E_STALE and reads
 * what is there. Sources: docs/formats/regf.md.
 *
 * Threads: an open hive is immutable; all calls but open and close may run at once.
 */
#ifndef FSA_FORMATS_REGF_H
#define FSA_FORMATS_REGF_H

#include "fsa.h"

typedef struct FsaRegf FsaRegf;

/* Told about what could not be read; `offset` is in the hive file, or FSA_NO_OFFSET. */
typedef void FsaRegfProblem(void *context, int code, uint64_t offset, const char *message);

/* How the hive's logs were used. */
typedef enum FsaRegfReplay {
  FSA_REGF_CLEAN,    /* the hive was clean; logs not needed */
  FSA_REGF_REPLAYED, /* dirty, brought up to date from its logs */
  FSA_REGF_STALE,    /* dirty, and no log could be applied: the answers may be old */
} FsaRegfReplay;

/* True when `head` (at least 512 bytes for a sure answer) is that of a primary hive file. */
bool fsa_regf_probe(FsaBytes head);

/*
 * Opens a hive. `primary` must live as long as the hive; logs are needed only during the call and
 * may be NULL/0 (order does not matter; empty ones are passed over). Replay works on a private
 * copy. FSA_OK, FSA_E_FORMAT when it is no hive, FSA_E_VERSION when it is one of an unknown
 * version, FSA_E_NOMEM. Damage inside is told to `problem` (may be NULL) and the rest is served.
 */
int fsa_regf_open(FsaBytes primary, const FsaBytes *logs, size_t log_count, FsaRegfProblem *problem,
                  void *context, FsaRegf **ret_hive);
void fsa_regf_close(FsaRegf *hive); /* accepts NULL */

/* How the logs were used; what of them was lost was told to `problem` at open. */
FsaRegfReplay fsa_regf_replay(const FsaRegf *hive);

/* The name that the base block remembers, often cut in front ("temRoot\System32\Config\SAM"). */
FsaText fsa_regf_file_name(const FsaRegf *hive, FsaArena *arena);

/* A key: the file offset of its nk cell; deleted ones carry a flag bit. 0 = none. */
typedef uint64_t FsaRegfKey;

/* Where its nk cell stands in the hive file, bytes. */
uint64_t fsa_regf_key_offset(FsaRegfKey key);

/* The root key; 0 when the hive has none that can be read. */
FsaRegfKey fsa_regf_root(const FsaRegf *hive);

typedef struct FsaRegfKeyInfo {
  FsaText name;          /* UTF-8, from the call's arena */
  int64_t write_time;    /* ns since 1970 UTC; INT64_MIN = unknown */
  FsaText class_name;    /* data NULL = none */
  uint32_t subkey_count; /* as the hive claims */
  uint32_t value_count;
  uint16_t flags;    /* as stored */
  FsaRegfKey parent; /* 0 for the root, or when it is not a key */
  FsaBytes security; /* the self-relative security descriptor; empty = unknown */
  uint64_t offset;   /* in the hive file */
  bool is_deleted;
} FsaRegfKeyInfo;

/* The facts of a key. FSA_E_FORMAT when `key` is none, FSA_E_NOMEM. */
int fsa_regf_key_info(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                      FsaRegfKeyInfo *ret_info);

/*
 * The subkeys in hive order. Broken entries are told to `problem` and left out. Each key is the
 * subkey of one key only, so a walk from the root ends in every hive. A recovered key has none
 * here: see fsa_regf_deleted_subkeys().
 */
int fsa_regf_subkeys(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena, FsaRegfProblem *problem,
                     void *context, FsaRegfKey **ret_keys, size_t *ret_count);

/* One subkey by name, in any letter case. FSA_E_ABSENT when there is none. */
int fsa_regf_find(const FsaRegf *hive, FsaRegfKey key, const char *name, size_t name_size,
                  FsaRegfKey *ret_key);

typedef struct FsaRegfValue {
  FsaText name; /* size 0: the default value */
  uint32_t type;
  FsaBytes data;      /* in the hive, or joined in the arena (big data) */
  uint32_t data_size; /* as the hive claims */
  uint64_t offset;    /* of the vk cell in the hive file */
  bool is_partial;    /* fewer bytes than data_size could be read */
  bool is_deleted;
} FsaRegfValue;

/* The values of a key, in hive order. Broken entries are told and left out. FSA_OK, FSA_E_NOMEM. */
int fsa_regf_values(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena, FsaRegfProblem *problem,
                    void *context, FsaRegfValue **ret_values, size_t *ret_count);

/* One value by name ("" = default), in any letter case. FSA_E_ABSENT when there is none. */
int fsa_regf_find_value(const FsaRegf *hive, FsaRegfKey key, const char *name, size_t name_size,
                        FsaArena *arena, FsaRegfProblem *problem, void *context,
                        FsaRegfValue *ret_value);

/*
 * Deleted keys and values: recovered from free cells, from slack, from what lies behind the bins
 * and from cells that are allocated but that nothing refers to. Computed at the first call, then
 * kept (thread safe). Only records whose fields are plausible and whose bytes no live record has
 * taken over are given. Arrays of keys belong to the hive; FSA_OK or FSA_E_NOMEM.
 */

/* All recovered keys, those of one parent together. */
int fsa_regf_deleted_keys(FsaRegf *hive, const FsaRegfKey **ret_keys, size_t *ret_count);

/* The recovered keys whose parent is `key`, live or recovered; 0: those whose parent is unknown. */
int fsa_regf_deleted_subkeys(FsaRegf *hive, FsaRegfKey key, const FsaRegfKey **ret_keys,
                             size_t *ret_count);

/*
 * The recovered values of a key, live or recovered (fsa_regf_values() of a recovered key gives the
 * same); key 0: those whose key is unknown. `is_partial` when their data was overwritten.
 */
int fsa_regf_deleted_values(FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                            FsaRegfValue **ret_values, size_t *ret_count);

#endif
