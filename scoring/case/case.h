/*
 * The case: one SQLite file that holds what the fleet answered. The schema stands in case.c and is
 * described in docs/scoring.md; any SQLite shell can read it.
 *
 * Memory follows distinct artefact keys, not rows: a case that is open for writing keeps the hash
 * and number of each. One thread at a time. Functions give FsaResult; after a failure
 * fsa_case_message() says what failed.
 */
#ifndef FSA_SCORING_CASE_H
#define FSA_SCORING_CASE_H

#include <sqlite3.h>

#include "base/sha256.h"
#include "case/answer.h"
#include "case/row_pack.h"
#include "hosts/host_list.h"

/* Milliseconds that a connection waits for a lock of another: readers of a WAL file lock it in
 * turn. */
#define FSA_CASE_PATIENCE 2000

typedef struct FsaCase FsaCase;

/* How a case is opened. */
typedef enum FsaCaseMode { FSA_CASE_READ, FSA_CASE_WRITE } FsaCaseMode;

/*
 * Opens the case at `path`; FSA_CASE_WRITE makes it when it is not there. FSA_E_ABSENT,
 * FSA_E_ACCESS, FSA_E_FORMAT (not a case), FSA_E_VERSION, FSA_E_IO: *ret_case is then a case that
 * only has a message, to be closed like any other.
 */
int fsa_case_open(const char *path, FsaCaseMode mode, FsaCase **ret_case);
void fsa_case_close(FsaCase *store);

/* What failed last, "" when nothing did. Lives until the next call. */
const char *fsa_case_message(const FsaCase *store);

/* The database, for queries that read: what was prepared is ended with fsa_case_finish(). */
sqlite3 *fsa_case_database(FsaCase *store);

/*
 * Ends a statement, NULL too. The rows of a damaged file end like those of a whole one: FSA_OK when
 * they were all, else what the last step failed with, and the message says so.
 */
int fsa_case_finish(FsaCase *store, sqlite3_stmt *stmt);

/* Notes what failed, unless something did before; gives `result`. */
int fsa_case_fail(FsaCase *store, int result, const char *what);

/* The secret with which this case hashes. */
FsaSipKey fsa_case_hash_key(const FsaCase *store);

/* A transaction around everything that is written between the two. */
int fsa_case_begin(FsaCase *store);
int fsa_case_commit(FsaCase *store);

/*
 * The number of a host, made when it is new. Hosts are told apart by identifier and host name:
 * clones share an identifier. A line without a name belongs to the identifier's first host.
 */
int fsa_case_host(FsaCase *store, FsaText identifier, FsaText hostname, int64_t time,
                  int64_t *ret_host);

/* The number of a host that is there: of that identifier and name, or the only one of that
 * identifier. FSA_ROW, or FSA_OK when there is none. */
int fsa_case_find_host(FsaCase *store, FsaText identifier, FsaText hostname, int64_t *ret_host);

/* Marks that the host logs snapshots row by row: it cannot say that an answer was empty. */
int fsa_case_logs_rows(FsaCase *store, int64_t host);

/* The number of a query, made when it is new. */
int fsa_case_query(FsaCase *store, FsaText name, int64_t *ret_query);

/* The number of a key of a query; false when it has none yet. */
bool fsa_case_find_artefact(const FsaCase *store, int64_t query, uint64_t key_hash,
                            uint32_t *ret_artefact);

/* Gives a new key of a query a number. FSA_E_LIMIT when there are no more. */
int fsa_case_add_artefact(FsaCase *store, int64_t query, uint64_t key_hash, FsaText key,
                          uint32_t *ret_artefact);

/* The greatest number that a key has; 0 = none has one. */
uint32_t fsa_case_last_artefact(const FsaCase *store);

/* What is stored of an answer, without its rows. */
typedef struct FsaAnswerHead {
  int64_t reset_time, last_time, epoch;
  int64_t row_count;  /* rows that are present */
  uint64_t digest;    /* sum of the hashes of the rows that are present */
  int64_t line_bytes; /* of the longest line */
} FsaAnswerHead;

/* FSA_ROW with the head, or FSA_OK when there is no answer. */
int fsa_case_answer_head(FsaCase *store, int64_t host, int64_t query, FsaAnswerHead *ret_head);

/* FSA_ROW with the rows' text (answer.h) appended to `out`, FSA_OK when there is no answer. */
int fsa_case_answer_rows(FsaCase *store, int64_t host, int64_t query, FsaBuffer *out);

/* Appends the text of packed rows of this case. As fsa_rows_unpack(). */
int fsa_case_unpack(FsaCase *store, FsaBytes packed, FsaBuffer *out);

/* The rows that answers are packed with; they stay the case's. Threads may read them while none
 * writes to the case. */
const FsaRowDictionaries *fsa_case_dictionaries(const FsaCase *store);

/* Adds rows to a query's dictionary: `text` is lines as fsa_row_dictionary_new() has them, the
 * columns' first when the query has none yet. FSA_E_LIMIT, with nothing added, when it is full. */
int fsa_case_add_rows(FsaCase *store, int64_t query, FsaText text);

/* Stores an answer in the place of what was there. `artefacts` is a list of artefact numbers
 * (number_list.h), `packed` the rows' text as fsa_rows_pack() made it. */
int fsa_case_put_answer(FsaCase *store, int64_t host, int64_t query, const FsaAnswerHead *head,
                        FsaText artefacts, FsaBytes packed);

/* Stores a status line; the same message of the same host keeps its first and last time. */
int fsa_case_put_status(FsaCase *store, int64_t host, int64_t query_or_0, int64_t severity,
                        int64_t time, FsaText message);

/* One input file, and what of it was rejected. Put again, it replaces what was there. */
typedef struct FsaInputFacts {
  int64_t bytes, lines, entries, other, rejected, lost_bytes; /* uncompressed */
  int64_t file_bytes;                                         /* as it lies there */
  char sha256[FSA_SHA256_TEXT];                               /* of them; "" = unknown */
} FsaInputFacts;
int fsa_case_put_input(FsaCase *store, const char *path, const FsaInputFacts *facts);
int fsa_case_put_reject(FsaCase *store, const char *path, int64_t line, int64_t offset,
                        int64_t lost, const char *why);

/* Stores the hosts that should be there, as `source` lists them, in the place of what it listed
 * before; other sources' lists stay. */
int fsa_case_put_list(FsaCase *store, const FsaHostList *list, const char *source);

/* Adds one host to what `source` lists. */
int fsa_case_put_expected(FsaCase *store, const FsaListedHost *host, const char *source);

/* Adds the hosts that all sources list. */
int fsa_case_list(FsaCase *store, FsaHostList *list);

/* Stores what is known of a query; *ret_changed when it differs from what was stored. */
int fsa_case_put_meta(FsaCase *store, const FsaQueryMeta *meta, bool *ret_changed);

/* Adds what the case knows of its queries: with what was stored, later commands need no pack. */
int fsa_case_meta(FsaCase *store, FsaPackMeta *meta);

#endif
