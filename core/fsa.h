/*
 * FSA Tables: the one header that a table needs.
 *
 * A table is a descriptor (FsaTable) and three functions. The engine finds the subjects (the host,
 * each process, each file that matches), narrows them by the query's constraints, runs them on
 * several cores in a stable order, guards time and memory and turns failures into problem rows. A
 * table opens one subject, gives its rows one by one, and closes it; it holds no directory walk, no
 * pid loop and no constraint code.
 *
 * Threads: the functions of one table may run for several subjects at once, each with its own
 * FsaScan and its own state. A table has no mutable statics.
 */
#ifndef FSA_H
#define FSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/printf.h"
#include "base/result.h"
#include "base/text.h"

#define FSA_VERSION "0.1.0"

/* ---- columns ----------------------------------------------------------------------------------
 */

/* How a column is stored and shown. Unknown is NULL for every type, never 0 or "". */
typedef enum FsaType {
  FSA_TEXT,    /* UTF-8 */
  FSA_INTEGER, /* 64-bit signed */
  FSA_DOUBLE,
  FSA_BLOB,
  FSA_BOOL, /* 0 or 1; the name begins with is_ or has_ */
  FSA_TIME, /* set in ns since 1970 UTC; SQL sees Unix seconds and a hidden `<name>_ns` beside it */
  FSA_HEX,  /* set as an unsigned 64-bit value; SQL sees TEXT "0x..." (addresses and masks) */
  FSA_JSON, /* text that is one JSON value; the json output modes show it as JSON */
} FsaType;

/* Flags of a column. */
enum {
  FSA_KEY = 1, /* constraints on it are handed to the table (fsa_admits_*); SQLite checks again */
  FSA_COSTLY = 2, /* computed only when a query names it: guard with fsa_wants() */
  FSA_HIDDEN = 4, /* not part of SELECT * */
  /* changes while the row still tells of the same thing (time used, memory): no part of its rowid
   */
  FSA_VARIES = 8,
  /* a key that says what is scanned, or that the row repeats as the query wrote it: rows of another
   * query cannot stand for those of this one */
  FSA_ARGUMENT = 16,
};

typedef struct FsaColumn {
  const char *name;
  FsaType type;
  unsigned flags;
  const char *help; /* a sentence: meaning, unit, what NULL means */
} FsaColumn;

/* ---- tables -----------------------------------------------------------------------------------
 */

/* The kinds of evidence that a table can be asked of. */
enum {
  FSA_LIVE_WINDOWS = 1,
  FSA_LIVE_LINUX = 2,
  FSA_WINDOWS_VOLUME = 4, /* a folder (archive, image) that holds a Windows system */
  FSA_LINUX_ROOT = 8,     /* a folder (archive, image) that holds a Linux system */
  FSA_MINIDUMP = 16,
  FSA_LOOSE_FILE = 32,  /* one file that the table's patterns or probe accept */
  FSA_CASE_FOLDER = 64, /* a folder of several hosts: only the tables about the look itself */
  FSA_ANYWHERE = 127,
};

/* What a table is asked about, one at a time. */
typedef enum FsaSubjectKind {
  FSA_HOST,     /* the evidence as a whole, once */
  FSA_PROCESS,  /* each process of a live host; `subject_key` is its pid column */
  FSA_FILE,     /* each file that `where` matches; `subject_key` its path column, or -1 */
  FSA_FILE_SET, /* all files that `where` matches, together, once (facts that span files) */
  FSA_HIVES,    /* a FSA_FILE_SET of hives; on a live Windows its registry, once, without files */
} FsaSubjectKind;

typedef struct FsaScan FsaScan;
typedef struct FsaRow FsaRow;

typedef struct FsaTable {
  const char *name;    /* == file name == symbol suffix; the SQL name is "fsa_" + name */
  const char *summary; /* one sentence: what a row is */
  const char *proves;  /* what a row proves ... */
  const char *caveat;  /* ... and what a missing row does NOT prove */
  const char *example; /* a query that the test-suite runs */
  unsigned sources;    /* FSA_LIVE_WINDOWS | ...; other evidence is refused */
  FsaSubjectKind subject;
  int subject_key; /* the FSA_KEY column that names the subject (pid, path), or -1 */
  /*
   * FSA_FILE, FSA_FILE_SET, FSA_HIVES: patterns below the evidence root, '/' separated, any letter
   * case, ended by NULL: "Windows/System32/winevt/Logs/<star>.evtx". NULL: the query names the
   * files, by `=`, IN or LIKE 'prefix%' on the `subject_key` column.
   */
  const char *const *where;
  /* FSA_FILE: true when a loose file is one of ours, decided by its first bytes. NULL = the name
   * decides. */
  bool (*probe)(FsaBytes head);
  const FsaColumn *columns;
  int column_count;
  size_t state_size; /* bytes of `state`, zeroed before open */
  /*
   * begin: once per query before any subject, for what all subjects share (compiled rules); it may
   * read keys and record problems. An error ends the query: the last problem's message is the
   * user's. *ret_shared is then read by all subjects at once (fsa_scan_shared) and given to end.
   * Both may be NULL.
   */
  int (*begin)(FsaScan *scan, void **ret_shared);
  void (*end)(void *shared);
  /*
   * open: FSA_OK, or an error that fsa_problem() has already recorded; close is then not called.
   * next: FSA_ROW with columns set, FSA_OK at the end, or an error; rows given so far stay good.
   * Row text must not lie in what close frees: rows may be read after it. open and close may be
   * NULL.
   */
  int (*open)(FsaScan *scan, void *state);
  int (*next)(FsaScan *scan, void *state, FsaRow *row);
  void (*close)(void *state);
} FsaTable;

/* Every table of this build, by name. The array is generated from the files in tables/. */
extern const FsaTable *const fsa_tables[];
extern const size_t fsa_table_count;

/* ---- the subject ------------------------------------------------------------------------------
 */

typedef struct FsaEvidence FsaEvidence; /* evidence/evidence.h */
typedef struct FsaFile FsaFile;         /* evidence/evidence.h */
typedef struct FsaRegistry FsaRegistry; /* evidence/registry.h */
typedef struct FsaOs FsaOs;             /* os/os.h */

/* The evidence under examination. Never NULL. */
const FsaEvidence *fsa_scan_evidence(const FsaScan *scan);

/* What the table's `begin` gave; NULL without one. Shared by threads: read only. */
void *fsa_scan_shared(const FsaScan *scan);

/* The live host; NULL when the evidence is not one. For the functions of os/os.h. */
FsaOs *fsa_scan_os(const FsaScan *scan);

/* The pid of an FSA_PROCESS subject; -1 for others. */
int64_t fsa_scan_pid(const FsaScan *scan);

/*
 * The registry of the evidence, opened at first use and shared by the subjects of one query; the
 * calls on it are thread safe. FSA_E_ABSENT (recorded as a problem) where the evidence has none.
 */
int fsa_scan_registry(FsaScan *scan, FsaRegistry **ret_registry);

/* The number of files of the subject: 1 for FSA_FILE, any number for FSA_FILE_SET and FSA_HIVES,
 * else 0. */
size_t fsa_scan_file_count(const FsaScan *scan);

/*
 * Opens the file `index` for reading piece by piece. The source lives until the next call of
 * fsa_scan_open_file() or the end of the subject. On failure a problem was recorded. *ret_path is
 * the file's path as users know it ("C:\Windows\..." or "/var/..."), alive as long as the subject.
 */
int fsa_scan_open_file(FsaScan *scan, size_t index, FsaSource *ret_source, FsaText *ret_path);

/*
 * All bytes of file `index`, read once into memory that lives as long as the subject (read, not
 * mapped: a file that is cut while it is mapped kills its reader). FSA_E_LIMIT beyond `limit`
 * bytes.
 */
int fsa_scan_file_bytes(FsaScan *scan, size_t index, size_t limit, FsaBytes *ret_bytes,
                        FsaText *ret_path);

/*
 * All bytes of a file that the query names and that is no evidence (rules, a list), from the
 * machine that the program runs on, into the subject's memory. On failure a problem was recorded;
 * FSA_E_USAGE when it is no file.
 */
int fsa_scan_read_input(FsaScan *scan, const char *path, size_t limit, FsaBytes *ret_bytes);

/* ---- the query --------------------------------------------------------------------------------
 */

/* True when the query uses `column` (in its result, a condition or an order). */
bool fsa_wants(const FsaScan *scan, int column);

/*
 * False when no row with this value in the FSA_KEY column can be in the answer: skip it unbuilt.
 * Text is compared without regard to case: a superset, SQLite checks again. For FSA_TIME the value
 * is in ns.
 */
bool fsa_admits_int(const FsaScan *scan, int column, int64_t value);
bool fsa_admits_text(const FsaScan *scan, int column, const char *text, size_t size);

/* What the query says of one FSA_KEY column. */
typedef struct FsaKey {
  /* `= x` or `IN (...)`: a row is admitted when one value equals; count 0 = no such constraint.
   * In ascending order: by text for a text column, else by number. */
  const struct FsaKeyValue *values;
  size_t value_count;
  /* `<`, `>`, ...: inclusive bounds of integers (of ns for FSA_TIME); INT64_MIN / INT64_MAX = open.
   */
  int64_t min, max;
  /* LIKE 'prefix%': a row is admitted when it begins so, in any letter case; NULL = none. */
  FsaText prefix;
  /* the same up to the first '%': '_' in it stands for any one character; NULL = prefix is all */
  FsaText wide_prefix;
} FsaKey;

typedef struct FsaKeyValue {
  FsaText text;    /* as text; data NULL when it is a number */
  int64_t integer; /* as a number, or INT64_MIN when it is none */
} FsaKeyValue;

/* The constraint on a key column, for tables that can seek; NULL when there is none. */
const FsaKey *fsa_key(const FsaScan *scan, int column);

/* True when the deadline passed or the reader went away: long loops ask this and return
 * FSA_E_TIMEOUT. */
bool fsa_expired(const FsaScan *scan);

/* ns until the deadline, for calls that keep time themselves; 0 = passed, INT64_MAX = there is
 * none. */
int64_t fsa_time_left(const FsaScan *scan);

/* Memory that lives as long as the subject. The arena's ceiling is the scan's memory ceiling. */
FsaArena *fsa_scan_arena(FsaScan *scan);

/* Memory that lives until the row was taken; for the values of the row. */
FsaArena *fsa_row_arena(FsaScan *scan);

/* No offset: for fsa_problem(). */
#define FSA_NO_OFFSET UINT64_MAX

/*
 * Records that something could not be read: "what disagreed: %u, %u". The subject's path or pid,
 * the table and the evidence are added. Marks the subject's later rows `partial`. Returns `code`,
 * so that a failing function ends with `return fsa_problem(...)`.
 */
int fsa_problem(FsaScan *scan, int code, uint64_t offset, const char *format, ...) FSA_PRINTF(4, 5);

/* The same about another source than the subject itself (a log file, a registry key). */
int fsa_problem_in(FsaScan *scan, int code, const char *source, uint64_t offset, const char *format,
                   ...) FSA_PRINTF(5, 6);

/*
 * Records a problem where the live host keeps other users' processes out of its listing. The engine
 * does it for FSA_PROCESS tables; an FSA_HOST table that walks the processes itself calls it.
 */
void fsa_tell_hidden_processes(FsaScan *scan);

/* ---- the row ----------------------------------------------------------------------------------
 */

/*
 * Setting a value. Unset columns are NULL. Text and blobs are not copied: they live in the row
 * arena, the subject's arena, the subject's bytes or static storage. `data` NULL sets NULL.
 */
void fsa_row_text(FsaRow *row, int column, const char *data, size_t size);
void fsa_row_string(FsaRow *row, int column, const char *text); /* NUL-terminated, or NULL */
void fsa_row_int(FsaRow *row, int column,
                 int64_t value); /* FSA_INTEGER, FSA_BOOL, FSA_TIME in ns */
void fsa_row_hex(FsaRow *row, int column, uint64_t value);
void fsa_row_double(FsaRow *row, int column, double value);
void fsa_row_blob(FsaRow *row, int column, const void *data, size_t size);
/* Leaves the column NULL when `value` is `unknown`, the mark of whoever told the number. */
static inline void fsa_row_known(FsaRow *row, int column, int64_t value, int64_t unknown) {
  if (value != unknown) fsa_row_int(row, column, value);
}
static inline void fsa_row_bool(FsaRow *row, int column, bool value) {
  fsa_row_int(row, column, value);
}

/*
 * The hidden columns `source` (default: the subject's path or pid; FSA_FILE tables leave it so) and
 * `source_offset`.
 */
void fsa_row_source(FsaRow *row, const char *data, size_t size);
void fsa_row_offset(FsaRow *row, uint64_t offset);

/* ---- the look itself: what fsa_problems, fsa_coverage, fsa_evidence and fsa_tables show ---- */

typedef struct FsaProblem {
  int64_t time;         /* ns since 1970 UTC */
  const char *table;    /* without "fsa_" */
  const char *evidence; /* as it was named; "live" for the live host */
  const char *source;   /* path, key or pid; NULL when it concerns the whole evidence */
  uint64_t offset;      /* byte offset in source, or FSA_NO_OFFSET */
  int code;             /* FsaResult */
  const char *message;
} FsaProblem;

/* Problem `index` (0 = oldest kept) copied into the row arena. FSA_ROW, or FSA_OK behind the last.
 */
int fsa_look_problem(FsaScan *scan, size_t index, FsaProblem *ret_problem);

/* How many problems the process dropped because the ceiling was reached. */
uint64_t fsa_look_problems_dropped(FsaScan *scan);

typedef struct FsaCoverage {
  const char *table;
  const char *evidence;
  const char *status; /* ok | partial | denied | absent | unsupported | timeout | error | unknown */
  bool scanned;       /* a full scan ended; else the answer of a probe */
  int64_t subjects, rows, problems, milliseconds; /* -1 = unknown */
  int64_t started;                                /* ns since 1970 UTC; INT64_MIN = unknown */
} FsaCoverage;

/* Coverage of table `index` over the scan's evidence. FSA_ROW, or FSA_OK behind the last table. */
int fsa_look_coverage(FsaScan *scan, size_t index, FsaCoverage *ret_coverage);

/* One piece of evidence in a case folder, or the evidence itself. */
typedef struct FsaEvidenceInfo {
  const char *path; /* what to give as `evidence` */
  const char *kind; /* live | folder | file | archive | image | minidump */
  const char
      *layout; /* volume | kape | velociraptor | cylr | uac | loose | case | live; NULL = unknown */
  const char *platform; /* windows | linux; NULL = unknown */
  const char *hostname; /* NULL = unknown */
  const char *content;  /* loose file: evtx, regf, ...; NULL otherwise */
  int64_t size;         /* bytes of a file; -1 = unknown */
  const char *error;    /* why it cannot be opened; NULL = it can */
} FsaEvidenceInfo;

/* Evidence `index` of the scan's evidence argument. FSA_ROW, or FSA_OK behind the last. */
int fsa_look_evidence(FsaScan *scan, size_t index, FsaEvidenceInfo *ret_info);

#endif
