/*
 * osquery's result lines, byte for byte in osquery's form. [osquery docs/deployment/logging.md]
 *
 * A query's answer is one snapshot line, empty or not. One that would pass the line's ceiling is
 * written in osquery's event form instead (logger_snapshot_event_type: one line a row), so that no
 * row is lost and no line is too long; what cannot be written even so is told by a status line.
 */
#ifndef FSA_SHELL_RESULT_LINE_H
#define FSA_SHELL_RESULT_LINE_H

#include "base/buffer.h"
#include "host.h"
#include "output.h"

/* What is the same in all lines of a host. */
typedef struct FsaLineHost {
  const FsaHost *host;
  const char *identifier; /* hostIdentifier */
} FsaLineHost;

typedef enum FsaSeverity { FSA_INFO = 0, FSA_WARNING = 1, FSA_ERROR = 2 } FsaSeverity;

/* The answer to one query while it is gathered. */
typedef struct FsaSnapshot {
  FsaWriter *writer;
  const FsaLineHost *host;
  const char *name; /* "pack_fsa_..." */
  int64_t time;     /* Unix seconds at which the query began */
  size_t max_bytes; /* of a line */
  int column_count;
  const char *const *names;
  FsaBuffer rows; /* `{...},{...}` */
  FsaBuffer row;  /* the newest */
  FsaBuffer tail; /* what follows the rows of a line */
  FsaArena arena;
  size_t *starts; /* where each row begins in `rows` */
  size_t room;    /* of `starts` */
  uint64_t row_count;
  uint64_t lost; /* rows that are larger than a line may be */
  bool is_split; /* written in event form */
} FsaSnapshot;

/* Begins an answer; `names` lives until its end. */
void fsa_snapshot_begin(FsaSnapshot *snapshot, FsaWriter *writer, const FsaLineHost *host,
                        const char *name, int64_t time, size_t max_bytes, int column_count,
                        const char *const *names);

/* Adds a row. FSA_OK or FSA_E_NOMEM. */
int fsa_snapshot_row(FsaSnapshot *snapshot, const FsaCell *cells);

/* Writes the answer. Without this call nothing is written, as osquery does for a query that failed.
 */
void fsa_snapshot_write(FsaSnapshot *snapshot);

/* Frees what it held. */
void fsa_snapshot_done(FsaSnapshot *snapshot);

/* Writes a status line: osquery's way of saying that something went wrong. */
void fsa_status_write(FsaWriter *writer, const FsaLineHost *host, FsaSeverity severity,
                      const char *file, const char *message);

#endif
