/*
 * The engine: one query over one piece of evidence, row by row.
 *
 * A door makes one FsaEngine, opens a cursor per scan and reads rows until FSA_OK. The engine finds
 * the table's subjects, narrows them by the keys, runs them (on worker threads when there are
 * several) and hands their rows over in subject order. It owns problems and coverage.
 *
 * Threads: an engine may serve several cursors from several threads; a cursor belongs to one.
 */
#ifndef FSA_ENGINE_SCAN_H
#define FSA_ENGINE_SCAN_H

#include "evidence/evidence.h"
#include "fsa.h"

typedef struct FsaEngine FsaEngine;
typedef struct FsaCursor FsaCursor;

typedef struct FsaEngineOptions {
  const char *evidence;     /* the default evidence; NULL = this host */
  unsigned jobs;            /* worker threads; 0 = as many as there are cores */
  int64_t deadline_seconds; /* per subject; 0 = none */
  size_t memory;            /* ceiling per subject, bytes; 0 = FSA_SUBJECT_MEMORY */
} FsaEngineOptions;

/* A new engine; `options` NULL = defaults. The evidence is opened when first asked. */
int fsa_engine_new(const FsaEngineOptions *options, FsaEngine **ret_engine);
void fsa_engine_free(FsaEngine *engine); /* accepts NULL; no cursor may be open */

/* Changes the default evidence. FSA_E_... with a message, the old one staying, when it cannot be
 * opened. */
int fsa_engine_set_evidence(FsaEngine *engine, const char *name, FsaError *ret_error);
const char *fsa_engine_evidence(const FsaEngine *engine);

/* Closes the evidence that stays open between queries: for programs that live long. */
void fsa_engine_rest(FsaEngine *engine);

/*
 * With true: running scans end as soon as they can and their cursors give FSA_E_CANCELLED; so do
 * new ones, until it is called with false. May be called from a signal handler and from any thread.
 */
void fsa_engine_interrupt(FsaEngine *engine, bool interrupted);

/* Problems recorded by this engine since it was made (dropped ones included). */
uint64_t fsa_engine_problem_count(FsaEngine *engine);

/* One value of a row. Text and blobs live until the cursor's next row. */
typedef enum FsaValueKind {
  FSA_VALUE_NULL,
  FSA_VALUE_INT,
  FSA_VALUE_HEX,
  FSA_VALUE_DOUBLE,
  FSA_VALUE_TEXT,
  FSA_VALUE_BLOB,
} FsaValueKind;

typedef struct FsaValue {
  uint8_t kind; /* FsaValueKind */
  uint32_t size;
  union {
    int64_t integer;
    uint64_t hex;
    double real;
    const char *data;
  } as;
} FsaValue;

/* What fsa_row_*() fill and a door reads. */
struct FsaRow {
  FsaValue *values; /* column_count of the table, in its order */
  FsaText source;
  uint64_t offset; /* FSA_NO_OFFSET = unknown */
  bool partial;
};

/* Columns of a table, by their number in it. */
typedef struct FsaColumnSet {
  uint64_t bits[2];
} FsaColumnSet;

static inline void fsa_columns_add(FsaColumnSet *set, int column) {
  set->bits[column / 64] |= UINT64_C(1) << column % 64;
}

static inline bool fsa_columns_has(const FsaColumnSet *set, int column) {
  return (set->bits[column / 64] >> column % 64 & 1) != 0;
}

typedef struct FsaQuery {
  const FsaTable *table;
  const char *evidence;    /* NULL = the engine's default */
  bool evidence_is_joined; /* it came from another table: unsupported evidence is a problem row, not
                              an error */
  FsaColumnSet wanted;     /* the columns that are used */
  const FsaKey *keys;      /* column_count of them or NULL; must live as long as the cursor */
  const FsaKey *source_key; /* the constraint on the hidden `source`, or NULL */
  int64_t deadline; /* fsa_clock_monotonic() when the whole query must have ended; 0 = none */
} FsaQuery;

/* Starts a scan. On failure *ret_error says why, in words for the user. */
int fsa_cursor_open(FsaEngine *engine, const FsaQuery *query, FsaCursor **ret_cursor,
                    FsaError *ret_error);

/* FSA_ROW with *ret_row good until the next call, FSA_OK at the end, FSA_E_NOMEM, FSA_E_CANCELLED,
 * or FSA_E_TIMEOUT when the query's deadline passed. Failing subjects are problems, not errors. */
int fsa_cursor_next(FsaCursor *cursor, const FsaRow **ret_row);

/* Ends the scan at once, workers included. Accepts NULL. */
void fsa_cursor_close(FsaCursor *cursor);

/*
 * Keys, as doors make them from the conditions of a query. A key may admit too much, never too
 * little: whoever asked checks again. Text that a key takes must live as long as it.
 */

/* The key without any condition: it admits everything. */
FsaKey fsa_key_open(void);
bool fsa_key_is_open(const FsaKey *key);

typedef enum FsaComparison {
  FSA_LESS,
  FSA_LESS_EQUAL,
  FSA_GREATER,
  FSA_GREATER_EQUAL,
} FsaComparison;

/* A number of a condition. */
typedef struct FsaNumber {
  bool is_real; /* `real` counts, else `integer` */
  int64_t integer;
  double real;
} FsaNumber;

/* How a column's values are compared. */
typedef enum FsaKeyOrder {
  FSA_BY_TEXT, /* in any letter case */
  FSA_BY_NUMBER,
  FSA_BY_SECONDS, /* the condition is in seconds, the column in ns */
} FsaKeyOrder;

/* A number as FsaKeyValue has it: whole, towards the smaller; INT64_MIN when it does not fit. */
int64_t fsa_key_integer(FsaNumber number);

/* `<`, `<=`, `>`, `>=` of a column of numbers. */
void fsa_key_bound(FsaKey *key, FsaComparison comparison, FsaNumber number, FsaKeyOrder order);

/*
 * `=` and IN: one of `count` > 0 values, which are put into the order that the tests below need. A
 * second such condition on the column is left to whoever asked.
 */
void fsa_key_equal(FsaKey *key, FsaKeyValue *values, size_t count, FsaKeyOrder order);

/* LIKE and GLOB of a column of text: what stands before the first of `wildcards` in `pattern`,
 * which ends with a NUL. FSA_OK or FSA_E_NOMEM. */
int fsa_key_pattern(FsaKey *key, FsaArena *arena, FsaText pattern, const char *wildcards);

/* Tested as the engine tests it. NULL admits everything. */
bool fsa_key_admits_int(const FsaKey *key, int64_t value);
bool fsa_key_admits_text(const FsaKey *key, const char *text, size_t size);

#endif
