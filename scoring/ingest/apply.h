/*
 * Entries into the case. Most are whole snapshots and go straight there; rows that come one by one
 * and changes are gathered per answer and stored at the next flush, so that an answer is read and
 * written once per batch, not once per row.
 */
#ifndef FSA_SCORING_APPLY_H
#define FSA_SCORING_APPLY_H

#include "case/case.h"
#include "ingest/piece.h"
#include "ingest/row_learner.h"

#define FSA_MAX_GATHERED (96u << 20) /* bytes of rows that wait for a flush */

/* From here on a line is near the ceiling above which TLS loggers drop it in silence. */
#define FSA_LARGE_LINE (700u << 10)

/* Queries that no pack knows: names are the hosts' to choose, and each is a column of the matrix.
 */
#define FSA_MAX_UNKNOWN_QUERIES 256

typedef struct FsaApplyCounts {
  int64_t snapshots, snapshot_rows, added, removed, status; /* entries by form */
  int64_t rows;
  int64_t unchanged;    /* entries that were there already */
  int64_t older;        /* entries that a newer snapshot had replaced before they came */
  int64_t large;        /* lines of FSA_LARGE_LINE and more */
  int64_t dropped_size; /* lines above osquery's TLS ceiling: they came by another way */
  int64_t unknown;      /* entries of unknown queries beyond FSA_MAX_UNKNOWN_QUERIES; not stored */
} FsaApplyCounts;

typedef struct FsaApply FsaApply;

FsaApply *fsa_apply_new(FsaCase *store, const FsaPackMeta *meta);
void fsa_apply_free(FsaApply *apply);

/* From now on snapshots teach which rows are common, beginning with what the case knows. */
int fsa_apply_learn(FsaApply *apply);

/* The rows that are common, for those who parse pieces; NULL before fsa_apply_learn(). */
FsaRowIndexes *fsa_apply_indexes(FsaApply *apply);

/* Applies the entries of a parsed piece, inside a transaction of the case. */
int fsa_apply_piece(FsaApply *apply, const FsaPiece *piece);

/*
 * Joins what another case holds of an answer: the state is then as if both had read the other's
 * lines too. `rows` is text as answer.h has it. FSA_E_FORMAT when it is damaged.
 */
int fsa_apply_answer(FsaApply *apply, int64_t host, FsaText query, const FsaAnswerHead *head,
                     FsaText rows);

/* Stores what was gathered; to be called before each commit. */
int fsa_apply_flush(FsaApply *apply);

/* True when so much was gathered that a flush is due. */
bool fsa_apply_is_full(const FsaApply *apply);

/* Makes the keys of a query's stored answers anew, after its metadata changed. */
int fsa_apply_rekey(FsaApply *apply, const FsaQueryMeta *query);

const FsaApplyCounts *fsa_apply_counts(const FsaApply *apply);

#endif
