/*
 * Who answered what: hosts by queries, so that absence is never assumed.
 *
 * A cell says how far one host's answer to one query can be relied on. Only covered cells count in
 * a denominator; a host without an answer is unknown, not empty.
 */
#ifndef FSA_SCORING_MATRIX_H
#define FSA_SCORING_MATRIX_H

#include "case/case.h"

typedef enum FsaCoverStatus {
  FSA_COVER_SILENT, /* no line of the query arrived, and nothing says why */
  FSA_COVER_OK,
  FSA_COVER_PARTIAL, /* rows are missing: the host said so, or fewer arrived than it claimed */
  FSA_COVER_DENIED,  /* these five as the host's fsa_coverage says */
  FSA_COVER_ABSENT,
  FSA_COVER_UNSUPPORTED,
  FSA_COVER_TIMEOUT,
  FSA_COVER_ERROR,   /* ... or a status line tells that the query failed or was denylisted */
  FSA_COVER_FOREIGN, /* the query is for another platform */
  FSA_COVER_COUNT,
} FsaCoverStatus;

/* "ok", "silent", ...; "n/a" for FSA_COVER_FOREIGN. Static storage. */
const char *fsa_cover_name(FsaCoverStatus status);

typedef struct FsaCell {
  FsaCoverStatus status;
  bool has_answer;
  int64_t arrived;   /* rows of the answer; -1 = no line arrived */
  int64_t claimed;   /* rows that fsa_coverage claims for the table; -1 = it claims none */
  int64_t last_time; /* Unix seconds of the newest line; 0 = none */
  const char *why;   /* what is wrong, static or the matrix' storage; NULL = nothing */
} FsaCell;

typedef struct FsaMatrixHost {
  int64_t id;
  const char *identifier, *hostname; /* hostname "" = unknown */
  const char *platform; /* linux | windows | darwin as its answers show it; NULL = unknown */
  int64_t first_seen, last_seen;
  bool logs_rows; /* it logs row by row: an empty answer leaves no line */
} FsaMatrixHost;

typedef struct FsaMatrixQuery {
  int64_t id;
  const char *name;
  const FsaQueryMeta *meta; /* NULL = not in the pack */
  bool is_coverage;         /* it asks fsa_coverage itself */
  size_t covered;           /* hosts that are */
  size_t applicable;        /* hosts of its platform */
} FsaMatrixQuery;

typedef struct FsaMatrix {
  FsaArena arena;
  FsaPackMeta meta;
  FsaMatrixHost *hosts;
  FsaMatrixQuery *queries; /* by name */
  size_t host_count, query_count;
  FsaCell *cells;     /* host_count * query_count */
  FsaHostList listed; /* the hosts that should be there, as far as the case has a list */
} FsaMatrix;

/* Builds it from a case. On failure the case's message says why; free it in either case. */
int fsa_matrix_build(FsaCase *store, FsaMatrix *ret_matrix);
void fsa_matrix_done(FsaMatrix *matrix);

static inline FsaCell *fsa_matrix_cell(const FsaMatrix *matrix, size_t host, size_t query) {
  return &matrix->cells[host * matrix->query_count + query];
}

/* True when the cell counts in a denominator. */
bool fsa_cell_is_covered(const FsaCell *cell);

/* False when the query is not for the host: another platform, or a source that it does not have. */
bool fsa_cell_applies(const FsaCell *cell);

/* True when the cell is a hole in what is known of its host: it applies and is not ok. */
bool fsa_cell_is_gap(const FsaCell *cell);

/* True when the query is about the hosts, not about the look itself. */
bool fsa_query_is_scored(const FsaMatrixQuery *query);

/* The host's name for people: host name, or identifier where it has none. */
const char *fsa_matrix_host_label(const FsaMatrixHost *host);

#endif
