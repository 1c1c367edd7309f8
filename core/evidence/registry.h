/*
 * The registry of a Windows system, live or offline, behind one interface.
 *
 * Live, HKLM and HKU hold what the system has loaded, through native calls: names with NULs, values
 * without data, unexpanded strings, volatile keys. Hives that are not loaded, those of users who
 * are not logged on, are read from their files as offline. Only files give deleted keys and values.
 * CurrentControlSet and other links are followed when a path names them, and are keys without
 * subkeys, with a REG_LINK value, where keys are listed.
 *
 * Paths are those of regedit: "HKLM\SYSTEM\CurrentControlSet\Services", any letter case; the long
 * names of the roots, HKCR and HKCC are accepted too. Offline the hives are mounted so:
 *
 *   HKLM\SYSTEM, SOFTWARE, SAM, SECURITY, COMPONENTS, DRIVERS, ELAM   Windows\System32\config
 *   HKLM\BCD00000000                                               Boot\BCD
 *   HKLM\{AMCACHE}                  Amcache.hve ("HKLM\{AMCACHE}\Root\InventoryApplicationFile")
 *   HKU\.DEFAULT                    System32\config\DEFAULT; HKU\S-1-5-18 is another name of it
 *   HKU\<SID>, HKU\<SID>_Classes    each profile's NTUSER.DAT (or .MAN) and UsrClass.dat; the SID
 *                                   is ProfileList's, else the folder's name with a problem
 *
 * HKLM\SYSTEM\CurrentControlSet resolves through Select\Current. A loose hive is mounted where its
 * content says it belongs, or as HKLM\<file name>. A second hive for the same place gets " (2)".
 * Dirty hives are brought up to date from the logs beside them. Calls are thread safe; a hive is
 * read when the first path inside it is asked for.
 */
#ifndef FSA_EVIDENCE_REGISTRY_H
#define FSA_EVIDENCE_REGISTRY_H

#include "fsa.h"

/* Value types. [MS-RRP 3.1.1.5] */
enum {
  FSA_REG_NONE = 0,
  FSA_REG_SZ = 1,
  FSA_REG_EXPAND_SZ = 2,
  FSA_REG_BINARY = 3,
  FSA_REG_DWORD = 4,
  FSA_REG_DWORD_BIG_ENDIAN = 5,
  FSA_REG_LINK = 6,
  FSA_REG_MULTI_SZ = 7,
  FSA_REG_RESOURCE_LIST = 8,
  FSA_REG_FULL_RESOURCE_DESCRIPTOR = 9,
  FSA_REG_RESOURCE_REQUIREMENTS_LIST = 10,
  FSA_REG_QWORD = 11,
};

/*
 * A key; plain data, copied freely; good while the registry is open and the arena of the call that
 * gave it is not cleared (without an arena: the registry).
 */
typedef struct FsaRegKey {
  const struct FsaMountedHive *hive; /* private */
  uint64_t handle;                   /* private */
} FsaRegKey;

typedef struct FsaRegKeyInfo {
  FsaText name;       /* last part */
  int64_t write_time; /* ns since 1970 UTC; INT64_MIN = unknown */
  FsaText class_name; /* data NULL = none */
  uint64_t offset;    /* byte offset of the key in its hive file; FSA_NO_OFFSET live */
  bool is_deleted;    /* recovered from free space */
} FsaRegKeyInfo;

typedef struct FsaRegValue {
  FsaText name;    /* size 0: the (default) value */
  uint32_t type;   /* FSA_REG_..., any number in hostile hives */
  FsaBytes data;   /* raw; lives as long as `arena` of the call */
  uint64_t offset; /* byte offset of the value in its hive file; FSA_NO_OFFSET live */
  bool is_deleted;
  bool is_partial;    /* data was cut: the hive claims `data_size` bytes */
  uint32_t data_size; /* as the hive claims */
} FsaRegValue;

/*
 * Told about everything that could not be read: a hive, a key, a value; `source` is the hive's
 * file. Calls are made one at a time, from whichever thread reads.
 */
typedef void FsaRegistryProblem(void *context, int code, const char *source, uint64_t offset,
                                const char *message);

/*
 * Finds the hives of the evidence. FSA_E_ABSENT when it has none. Problems go to `problem` (not
 * NULL) as long as the registry is open. The evidence must outlive the registry.
 */
int fsa_registry_open(const FsaEvidence *evidence, FsaRegistryProblem *problem, void *context,
                      FsaRegistry **ret_registry);
void fsa_registry_close(FsaRegistry *registry); /* accepts NULL */

/* Number of mounted hives, those of the users included. */
size_t fsa_registry_root_count(FsaRegistry *registry);

/* Number of those, the first ones, that are not a profile's: asking for them reads no hive. */
size_t fsa_registry_machine_count(const FsaRegistry *registry);

/*
 * Hive `index`: its place ("HKLM\SYSTEM", "HKU\S-1-5-21-...") and its file, without reading it; of
 * a live hive its place stands for the file. Both live as long as the registry; both out-parameters
 * may be NULL.
 */
void fsa_registry_root(FsaRegistry *registry, size_t index, FsaText *ret_path, FsaText *ret_file);

/* Its top key. An error, already told to `problem`, when the hive cannot be read. */
int fsa_registry_root_key(FsaRegistry *registry, size_t index, FsaRegKey *ret_key);

/* Its recovered keys whose parent is unknown. */
int fsa_registry_orphans(FsaRegistry *registry, size_t index, FsaArena *arena, FsaRegKey **ret_keys,
                         size_t *ret_count);

/* The key at a path; memory from `arena`. FSA_E_ABSENT when there is none (not a problem). */
int fsa_registry_find(FsaRegistry *registry, const char *path, FsaArena *arena, FsaRegKey *ret_key);

/*
 * True when a hive is mounted at the beginning of `path`: else what FSA_E_ABSENT means is "not
 * collected".
 */
bool fsa_registry_has_hive(FsaRegistry *registry, const char *path);

/* fsa_registry_find() below a key; `path` may have several parts. */
int fsa_registry_find_below(FsaRegistry *registry, FsaRegKey key, const char *path, FsaArena *arena,
                            FsaRegKey *ret_key);

/* True when both are the same key, however they were reached. */
bool fsa_registry_same_key(const FsaRegistry *registry, FsaRegKey a, FsaRegKey b);

/* One control set of a SYSTEM hive. */
typedef struct FsaControlSet {
  FsaRegKey key;
  FsaText path;       /* "HKLM\SYSTEM\ControlSet001" */
  int64_t number;     /* -1 = unknown */
  int64_t is_current; /* 1: Windows last ran with it; 0; -1 = unknown */
} FsaControlSet;

/* True when hive `index` is a SYSTEM hive. */
bool fsa_registry_is_system(const FsaRegistry *registry, size_t index);

/*
 * The control sets of hive `index`, in hive order; memory from `arena`. An error, already told,
 * when the hive cannot be read.
 */
int fsa_registry_control_sets(FsaRegistry *registry, size_t index, FsaArena *arena,
                              FsaControlSet **ret_sets, size_t *ret_count);

/* Facts of a key; texts from `arena`. */
int fsa_registry_key_info(FsaRegistry *registry, FsaRegKey key, FsaArena *arena,
                          FsaRegKeyInfo *ret_info);

/*
 * The file the key's hive was read from, or the place of a live hive. Lives as long as the
 * registry.
 */
FsaText fsa_registry_key_file(const FsaRegistry *registry, FsaRegKey key);

/* Where in that file the key stands, without reading it; FSA_NO_OFFSET live. */
uint64_t fsa_registry_key_offset(const FsaRegistry *registry, FsaRegKey key);

/*
 * The subkeys of a key, in hive order (sorted by name in a sound hive). With `deleted`, recovered
 * ones behind them; a live hive has none, which is told once. Entries that cannot be read are told
 * and left out.
 */
int fsa_registry_subkeys(FsaRegistry *registry, FsaRegKey key, bool deleted, FsaArena *arena,
                         FsaRegKey **ret_keys, size_t *ret_count);

/* The values of a key, raw data included. With `deleted`, recovered ones behind them. */
int fsa_registry_values(FsaRegistry *registry, FsaRegKey key, bool deleted, FsaArena *arena,
                        FsaRegValue **ret_values, size_t *ret_count);

/* One value by name ("" = default). FSA_E_ABSENT when there is none. */
int fsa_registry_value(FsaRegistry *registry, FsaRegKey key, const char *name, FsaArena *arena,
                       FsaRegValue *ret_value);

/*
 * A string value (REG_SZ, REG_EXPAND_SZ, REG_LINK) as text up to its first NUL; data NULL for other
 * types.
 */
FsaText fsa_registry_string(const FsaRegValue *value, FsaArena *arena);

/* A DWORD, big-endian DWORD or QWORD. False for other types or sizes. */
bool fsa_registry_integer(const FsaRegValue *value, uint64_t *ret_integer);

/* The type's name ("REG_SZ"); "0x..." from `arena` for a number without one. */
const char *fsa_registry_type_name(uint32_t type, FsaArena *arena);

/*
 * The value decoded as people read it: text, "a; b"-free JSON array for REG_MULTI_SZ, decimal for
 * numbers, lower-case hex for binary.
 */
FsaText fsa_registry_decode(const FsaRegValue *value, FsaArena *arena);

#endif
