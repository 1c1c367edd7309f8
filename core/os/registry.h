/*
 * The registry of the running system, key by key, as the kernel keeps it.
 *
 * Windows only; elsewhere every call answers FSA_E_UNSUPPORTED. Names and paths are UTF-16 as it is
 * stored, and may hold NULs: their sizes alone end them. A path is native and absolute
 * ("\Registry\Machine\SYSTEM\Select"). Results as in os.h; FSA_E_ABSENT also when the key was
 * deleted since it was opened.
 */
#ifndef FSA_OS_REGISTRY_H
#define FSA_OS_REGISTRY_H

#include "os/os.h"

/* An open key; belongs to one thread at a time. */
typedef struct FsaOsKey FsaOsKey;

/*
 * Opens the key at `path`, with the backup privilege where it is held. Links on the way are
 * followed; with `follows` also one at the end, without it the link itself is opened. *ret_key is
 * the caller's. FSA_E_LIMIT for a path beyond what a call can take (64 KiB).
 */
int fsa_os_key_open(FsaOs *os, FsaBytes path, bool follows, FsaOsKey **ret_key);
void fsa_os_key_close(FsaOsKey *key); /* accepts NULL */

typedef struct FsaOsKeyFacts {
  FsaBytes name;      /* UTF-16, of a subkey only */
  int64_t write_time; /* ns since 1970 UTC; FSA_OS_UNKNOWN */
  FsaText class_name; /* data NULL = none */
} FsaOsKeyFacts;

int fsa_os_key_facts(FsaOsKey *key, FsaArena *arena, FsaOsKeyFacts *ret_facts);

/*
 * Subkey `index`, in the system's order. FSA_E_ABSENT behind the last one. After any other error
 * the next index may be asked.
 */
int fsa_os_subkey(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyFacts *ret_facts);

typedef struct FsaOsKeyValue {
  FsaText name;  /* size 0: the default value; a NUL in it became U+2400 */
  uint32_t type; /* any number */
  FsaBytes data; /* as stored: nothing expanded, nothing ended */
} FsaOsKeyValue;

/* Value `index`; as fsa_os_subkey(). FSA_E_LIMIT beyond FSA_MAX_LIVE_VALUE bytes. */
int fsa_os_key_value(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyValue *ret_value);

/* The value of that name in any letter case; size 0 = the default value. */
int fsa_os_key_value_named(FsaOsKey *key, FsaBytes name, FsaArena *arena, FsaOsKeyValue *ret_value);

#endif
