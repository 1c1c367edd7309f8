/*
 * regf, private: the open hive, its cells and how its parts report damage.
 *
 * Offsets inside a hive are 32-bit, counted from the end of the base block ("relative"); what
 * leaves the parser is a file offset. A cell is reached only through fsa_regf_cell(), which knows
 * where the cells start.
 */
#ifndef FSA_FORMATS_REGF_HIVE_H
#define FSA_FORMATS_REGF_HIVE_H

#include <stdatomic.h>

#include "base/printf.h"
#include "formats/regf.h"

enum {
  REGF_BASE_SIZE = 4096, /* the base block; bins start behind it */
  REGF_PAGE = 4096,      /* bins are multiples of it */
  REGF_BIN_HEAD = 32,
  REGF_SEGMENT = 16344, /* the most bytes of one segment of big data */
};

/* Offsets inside the records: key, value, security, big data. */
enum {
  NK_FLAGS = 2,
  NK_TIME = 4,
  NK_PARENT = 16,
  NK_SUBKEY_COUNT = 20,
  NK_SUBKEY_LIST = 28,
  NK_VALUE_COUNT = 36,
  NK_VALUE_LIST = 40,
  NK_SECURITY = 44,
  NK_CLASS = 48,
  NK_NAME_SIZE = 72,
  NK_CLASS_SIZE = 74,
  NK_NAME = 76,

  VK_NAME_SIZE = 2,
  VK_SIZE = 4,
  VK_DATA = 8,
  VK_TYPE = 12,
  VK_FLAGS = 16,
  VK_NAME = 20,

  SK_SIZE = 16,
  SK_DESCRIPTOR = 20,

  DB_COUNT = 2,
  DB_LIST = 4,
  DB_SIZE = 8,
};

#define REGF_NOWHERE UINT32_MAX /* a relative offset that points to nothing */

/* nk flags */
enum { REGF_KEY_ROOT = 0x0004, REGF_KEY_LATIN1 = 0x0020, REGF_KEY_PREDEFINED = 0x0040 };
/* vk flags, and the bit of the size field that says "the data stands in the offset field" */
enum { REGF_VALUE_LATIN1 = 0x0001 };
#define REGF_DATA_INLINE 0x80000000u

/* The bit of an FsaRegfKey that marks a recovered key. */
#define REGF_KEY_DELETED (UINT64_C(1) << 63)

/* Collects the problems of one call: at most FSA_MAX_REGF_PROBLEMS are told, the rest counted. */
typedef struct FsaRegfTeller {
  FsaRegfProblem *problem; /* NULL: nobody listens */
  void *context;
  size_t told;
} FsaRegfTeller;

void fsa_regf_tell(FsaRegfTeller *teller, int code, uint64_t offset, const char *format, ...)
    FSA_PRINTF(4, 5);

/* Says how many problems were not told. */
void fsa_regf_tell_end(FsaRegfTeller *teller);

/* The fields of a base block that reading needs. */
typedef struct FsaRegfBase {
  uint32_t sequence1;  /* counts writes begun */
  uint32_t sequence2;  /* counts writes finished */
  uint64_t write_time; /* FILETIME */
  uint32_t major, minor;
  uint32_t type;      /* 0 primary; 1, 2: log of the old format; 6: of the new */
  uint32_t root;      /* relative */
  uint32_t bins_size; /* bytes */
  uint32_t sector;    /* bytes of a sector of the disk, from the clustering factor */
  bool is_signed;     /* "regf" stands in front */
  bool is_sound;      /* the checksum is right */
} FsaRegfBase;

/* Reads a base block (512 bytes are enough; what is missing reads as 0). */
FsaRegfBase fsa_regf_base(FsaBytes file);

/* A part of the bins, file offsets [start, end). */
typedef struct FsaRegfRange {
  uint64_t start, end;
} FsaRegfRange;

typedef struct FsaRegfAdoptions FsaRegfAdoptions;
typedef struct FsaRegfDeleted FsaRegfDeleted;

/* What is computed at the first question for it: published once, then immutable. */
typedef struct FsaRegfLazy {
  _Atomic(FsaRegfAdoptions *) adoptions;
  _Atomic(FsaRegfDeleted *) deleted;
} FsaRegfLazy;

struct FsaRegf {
  FsaBytes file; /* the primary, or `copy` after a replay */
  uint8_t *copy; /* owned; NULL when nothing was replayed */
  FsaRegfBase base;
  FsaRegfReplay replay;
  uint64_t most;       /* bytes that the primary and its logs can fill */
  uint64_t end;        /* file offset behind the last bin */
  uint64_t *starts;    /* owned; bit n: an allocated cell starts at REGF_BASE_SIZE + 8 n */
  FsaRegfRange *loose; /* owned; where the chain of cells is broken, ascending */
  size_t loose_count;
  size_t cell_head;    /* bytes before a cell's content: 4, in regf 1.1 and older 8 */
  bool has_wide_names; /* names are UTF-16 whatever the flags say: regf 1.1 and older */
  FsaRegfKey root;
  FsaRegfLazy *lazy; /* owned */
};

/* An allocated cell. */
typedef struct FsaRegfCell {
  FsaBytes bytes;  /* its content, with the slack behind the record */
  uint64_t offset; /* of the cell in the file */
} FsaRegfCell;

/* Finds the bins and the cells in them (`starts`, `loose`, `end`). FSA_OK or FSA_E_NOMEM. */
int fsa_regf_frame(FsaRegf *hive, FsaRegfTeller *teller);

/* The allocated cell at a relative offset; false when no cell starts there. */
bool fsa_regf_cell(const FsaRegf *hive, uint32_t relative, FsaRegfCell *ret_cell);

/* The same, when its content begins with the two letters of `kind`. */
bool fsa_regf_record(const FsaRegf *hive, uint32_t relative, const char *kind,
                     FsaRegfCell *ret_cell);

static inline uint64_t fsa_regf_file_offset(uint32_t relative) {
  return (uint64_t)relative + REGF_BASE_SIZE;
}

static inline uint32_t fsa_regf_relative(uint64_t file_offset) {
  return (uint32_t)(file_offset - REGF_BASE_SIZE);
}

/*
 * Brings a dirty hive up to date: on success `file`, `copy`, `base` and `replay` describe the
 * result. FSA_OK (also when nothing could be applied: replay is then FSA_REGF_STALE) or
 * FSA_E_NOMEM.
 */
int fsa_regf_apply_logs(FsaRegf *hive, const FsaBytes *logs, size_t log_count,
                        FsaRegfTeller *teller);

/* The record of a key handle, live or recovered, with at least its head; false when it is none. */
bool fsa_regf_key_cell(const FsaRegf *hive, FsaRegfKey key, FsaRegfCell *ret_cell);

/* Walks the entries of a key's subkey lists, in order. */
typedef struct FsaRegfListWalk {
  const FsaRegf *hive;
  FsaRegfTeller *teller;
  FsaRegfCell root, leaf; /* the ri list, if any, and the leaf that is read now */
  uint32_t root_index, root_count;
  uint32_t index, count; /* in the leaf */
  uint32_t stride;       /* bytes of an entry of the leaf */
  char kind;             /* 'f', 'h' or 'i' */
  size_t left;           /* entries that a hive of this size can hold at most */
} FsaRegfListWalk;

typedef struct FsaRegfListEntry {
  uint32_t key;    /* relative offset of the nk cell, not yet checked */
  uint32_t hint;   /* lf: the first four letters; lh: the hash of the name; li: 0 */
  uint64_t offset; /* of the entry in the file */
  char kind;       /* of the leaf: 'f', 'h' or 'i' */
} FsaRegfListEntry;

/* Starts with the list at `list`; `from` is the file offset of the key, for what is told. */
FsaRegfListWalk fsa_regf_list_walk(const FsaRegf *hive, uint32_t list, uint64_t from,
                                   FsaRegfTeller *teller);
bool fsa_regf_list_next(FsaRegfListWalk *walk, FsaRegfListEntry *ret_entry);

/*
 * Keys that stand in the list of another key than the one they name as their parent. Each key gets
 * one parent, so that a hive whose lists form a circle is still a tree. Computed at the first
 * disagreement. FSA_OK or FSA_E_NOMEM; *ret_parent is 0 when the key is not among them.
 */
int fsa_regf_adopted_by(const FsaRegf *hive, uint32_t key, uint32_t *ret_parent);
void fsa_regf_adoptions_free(FsaRegfAdoptions *adoptions); /* accepts NULL */

/* What may differ between a name on disk and one asked for: nothing but letter case. */
bool fsa_regf_name_same(const uint8_t *name, size_t size, bool is_latin1, const char *text,
                        size_t text_size);

/* A name as UTF-8 in the arena; data NULL when memory ran out. */
FsaText fsa_regf_name(FsaArena *arena, const uint8_t *name, size_t size, bool is_latin1);

/* The place and count of a key's value list; count 0 when it has none. */
typedef struct FsaRegfValueList {
  FsaBytes entries; /* four bytes each; with the slack behind them */
  uint64_t offset;  /* of the cell in the file */
  uint32_t cell;    /* relative */
  uint32_t count;   /* entries that are there */
  uint32_t claimed; /* entries that the key claims */
} FsaRegfValueList;

FsaRegfValueList fsa_regf_value_list(const FsaRegf *hive, FsaRegfCell *key);

/* How a cell is found: fsa_regf_cell(), or its counterpart for freed cells. */
typedef bool FsaRegfCellAt(const FsaRegf *hive, uint32_t relative, FsaRegfCell *ret_cell);

/* Reads one value from its vk record. FSA_OK, FSA_E_FORMAT or FSA_E_NOMEM. */
int fsa_regf_value_read(const FsaRegf *hive, const FsaRegfCell *record, FsaRegfCellAt *cell_at,
                        FsaArena *arena, FsaRegfTeller *teller, FsaRegfValue *ret_value);

void fsa_regf_deleted_free(FsaRegfDeleted *deleted); /* accepts NULL */

/* Parent and values of a recovered key. */
FsaRegfKey fsa_regf_deleted_parent(const FsaRegf *hive, FsaRegfKey key);
int fsa_regf_deleted_key_values(const FsaRegf *hive, FsaRegfKey key, FsaArena *arena,
                                FsaRegfValue **ret_values, size_t *ret_count);

#endif
