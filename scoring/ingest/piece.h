/*
 * One piece of a log, parsed: what a worker thread makes and the writer stores.
 *
 * A piece owns all its memory; workers share nothing but the metadata, which they only read.
 */
#ifndef FSA_SCORING_PIECE_H
#define FSA_SCORING_PIECE_H

#include "case/answer.h"
#include "log/log_input.h"
#include "log/result_log.h"

#define FSA_PIECE_MEMORY (1024u << 20) /* ceiling of a parsed piece, bytes */
#define FSA_MAX_PIECE_REJECTS 1000u    /* whose places are kept; others are counted with them */
#define FSA_MAX_ENTRY_ROWS 2000000u    /* of one line; more are rejected */

typedef struct FsaPieceRow {
  uint64_t hash, key_hash;
  FsaText key;       /* as in FsaLogRow */
  uint32_t artefact; /* as in FsaLogRow */
} FsaPieceRow;

typedef struct FsaPieceEntry {
  FsaLogForm form;
  FsaText name; /* the query's own name; {NULL, 0} for a status line without one */
  FsaText host, hostname;
  const FsaQueryMeta *meta; /* NULL = the query is not in the pack */
  int64_t time, epoch, counter;
  int64_t bytes;   /* of its line */
  FsaText message; /* status */
  int64_t severity;
  FsaPieceRow *rows;
  size_t row_count;
  uint64_t digest; /* sum of the rows' hashes */
  FsaText text;    /* the rows as answer.h has them; {NULL, 0} of a snapshot */
  FsaText packed;  /* FSA_LOG_SNAPSHOT: the same, packed, as it is stored */
} FsaPieceEntry;

typedef struct FsaPieceReject {
  int64_t line;         /* of the piece, from 1 */
  int64_t offset, lost; /* in the uncompressed log */
  const char *why;      /* static storage */
  int64_t count;        /* so many like it; only the place of the first is known */
} FsaPieceReject;

typedef struct FsaPiece {
  FsaBuffer text; /* set by the reader, as is `place` */
  FsaLogPiece place;
  int64_t lines;      /* that are not empty */
  int64_t breaks;     /* ends of lines */
  int64_t other;      /* entries of queries that are not ours, status lines that are not about us */
  GArray *entries;    /* FsaPieceEntry */
  GArray *rejects;    /* FsaPieceReject */
  GHashTable *others; /* scheduled name -> number of its entries */
  FsaArena arena;
  int result; /* FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT */
} FsaPiece;

FsaPiece *fsa_piece_new(void);
void fsa_piece_free(FsaPiece *piece);

/* Empties for reuse. */
void fsa_piece_clear(FsaPiece *piece);

/* What parses pieces, one after the other. For one thread at a time. */
typedef struct FsaPieceReader FsaPieceReader;

/* `meta` must outlive it. NULL never: GLib ends the program when memory runs out. */
FsaPieceReader *fsa_piece_reader_new(const FsaPackMeta *meta, FsaSipKey hash_key);
void fsa_piece_reader_free(FsaPieceReader *reader);

/* Compares rows with those that `indexes` has when an entry begins; it must outlive the reader. */
void fsa_piece_reader_compare(FsaPieceReader *reader, FsaRowIndexes *indexes);

/* Parses `text`. The key of a row may stand in an earlier piece of the same reader alone. */
void fsa_piece_parse(FsaPiece *piece, FsaPieceReader *reader);

#endif
