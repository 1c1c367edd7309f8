/*
 * The lines that osquery and its fleet managers write, in every dialect, as one kind of entry.
 *
 * Known dialects: osquery's files (snapshot array, one row per line, diffResults batch; numbers as
 * strings or numbers; the old `hostname` for hostIdentifier; decorations as an object or at top
 * level), Fleet (the same, other query names), osctrl (an array of lines; `data` wrapper), Zentral
 * and web hooks (`details`, `event`, `value`, `records` wrappers), Kinesis Firehose (`}{` without a
 * newline), ClickHouse exports (`data` as a string that holds the line), and status lines.
 * [osquery docs/deployment/logging.md; core/query.cpp; Fleet's webhook and filesystem log plugins]
 *
 * No I/O, no store: bytes in, entries out. Thread safe: no state outside the arguments.
 */
#ifndef FSA_SCORING_RESULT_LOG_H
#define FSA_SCORING_RESULT_LOG_H

#include "text/json.h"

#define FSA_MAX_LOG_WRAPPERS 6 /* wrappers and arrays around a line */

/* osquery's TLS logger silently drops a longer line (logger_tls_max_linesize). */
#define FSA_TLS_LINE_CEILING (1u << 20)

typedef enum FsaLogForm {
  FSA_LOG_SNAPSHOT,     /* `rows` is an array: the whole answer at that time, empty or not */
  FSA_LOG_SNAPSHOT_ROW, /* `rows` is one object: one row of the whole answer at that time */
  FSA_LOG_ADDED,   /* `rows` is an object or an array: rows that are new since the last answer */
  FSA_LOG_REMOVED, /* ... rows that are gone since then */
  FSA_LOG_STATUS,  /* no rows: a message of osquery about itself */
} FsaLogForm;

typedef struct FsaLogEntry {
  FsaLogForm form;
  FsaText name; /* the scheduled name, with whatever the manager put around it; NULL for status */
  FsaText host; /* hostIdentifier; never NULL or empty */
  FsaText hostname; /* decorations.hostname or its kin; data NULL = unknown */
  int64_t time;     /* Unix seconds */
  int64_t epoch;    /* 0 when the line has none */
  int64_t counter;  /* 0 = a complete set; -1 = the line has none */
  FsaJson rows; /* a reader that stands before the object or array; its structure is not checked */
  size_t rows_at;   /* bytes of the line before them */
  size_t size;      /* bytes of the line's object */
  FsaText message;  /* status: the message */
  int64_t severity; /* status: 0 info, 1 warning, 2 error, 3 fatal */
} FsaLogEntry;

typedef struct FsaLogSink {
  void *context;
  /* One entry; its texts live in the line or in the arena. Anything but FSA_OK ends the reading. */
  int (*entry)(void *context, const FsaLogEntry *entry);
  /* Something was rejected: why, at which byte of the line, how many bytes of it are lost. */
  int (*reject)(void *context, const char *why, size_t at, size_t lost);
} FsaLogSink;

/*
 * Reads one line (any number of JSON values behind each other). Damage is reported to the sink and
 * is no failure: entries before it are given, what follows it in the line is lost. Gives FSA_OK,
 * FSA_E_NOMEM, or what the sink returned.
 */
int fsa_result_log_read(const char *line, size_t size, FsaArena *arena, const FsaLogSink *sink);

/*
 * Bytes of `data` that complete JSON values fill, for a line that is longer than the reader's
 * buffer
 * (`}{` without newlines): what follows them is the beginning of the next value. 0 when the first
 * value is not complete.
 */
size_t fsa_result_log_complete(const char *data, size_t size);

/* The text of a status line's severity. Static storage. */
const char *fsa_log_severity_name(int64_t severity);

#endif
