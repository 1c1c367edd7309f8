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

typedef struct FsaQuery {
  const FsaTable *table;
  const char *evidence;    /* NULL = the engine's default */
  bool evidence_is_joined; /* it came from another table: unsupported evidence is a problem row, not
                              an error */
  uint64_t wanted;         /* bit i = column i is used */
  const FsaKey *keys;      /* column_count of them or NULL; must live as long as the cursor */
  const FsaKey *source_key; /* the constraint on the hidden `source`, or NULL */
} FsaQuery;

/* Starts a scan. On failure *ret_error says why, in words for the user. */
int fsa_cursor_open(FsaEngine *engine, const FsaQuery *query, FsaCursor **ret_cursor,
                    FsaError *ret_error);

/* FSA_ROW with *ret_row good until the next call, FSA_OK at the end, FSA_E_NOMEM or
 * FSA_E_CANCELLED. Failing subjects are problems, not errors. */
int fsa_cursor_next(FsaCursor *cursor, const FsaRow **ret_row);

/* Ends the scan at once, workers included. Accepts NULL. */
void fsa_cursor_close(FsaCursor *cursor);

/* Puts a key's values in the order that the tests below need: by text (in any letter case) for a
 * text column, else by number. */
void fsa_key_sort(FsaKeyValue *values, size_t count, bool as_text);

/* A key column's constraint, tested as the engine tests it. NULL admits everything. */
bool fsa_key_admits_int(const FsaKey *key, int64_t value);
bool fsa_key_admits_text(const FsaKey *key, const char *text, size_t size);

#endif
