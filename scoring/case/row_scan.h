/*
 * Reading of a kept row only what a score needs: the columns of its joins and of conditions, what
 * its key is made of, and the earliest time that it gives.
 *
 * A plan belongs to one thread.
 */
#ifndef FSA_SCORING_ROW_SCAN_H
#define FSA_SCORING_ROW_SCAN_H

#include "case/answer.h"

#define FSA_MAX_WANTED 128 /* columns beside those of the key and of joins */
#define FSA_MAX_PLANNED (2 * FSA_MAX_KEY_COLUMNS + FSA_MAX_WANTED)

typedef struct FsaRowPlan {
  FsaHashKeys keys;
  FsaText names[FSA_MAX_PLANNED];
  uint64_t seeds[FSA_MAX_PLANNED];
  size_t count;
  size_t key_at[FSA_MAX_KEY_COLUMNS], join_at[FSA_MAX_KEY_COLUMNS];
  size_t wanted_at[FSA_MAX_WANTED];
  size_t key_count, join_count, wanted_count;
  /* of the columns that the last row had */
  FsaBuffer columns;
  uint8_t planned[FSA_MAX_ROW_COLUMNS]; /* place + 1 among `names` */
  bool is_time[FSA_MAX_ROW_COLUMNS];
  size_t field_count;
} FsaRowPlan;

/* What was read. The values live in the row and are as they are kept: inside of JSON strings. */
typedef struct FsaScannedRow {
  FsaText values[FSA_MAX_PLANNED];  /* {NULL, 0} = the row has none */
  uint64_t hashes[FSA_MAX_PLANNED]; /* of the values, 0 = none: equal where column and value are */
  int64_t first_seen;               /* Unix seconds, 0 = it gives none */
} FsaScannedRow;

/* Plans for a query (NULL: the whole row is its key) and `count` other columns; those beyond
 * FSA_MAX_WANTED are passed over. */
FsaRowPlan fsa_row_plan(const FsaQueryMeta *meta, const char *const *wanted, size_t count,
                        FsaSipKey secret);
void fsa_row_plan_done(FsaRowPlan *plan);

/* Reads a row. False when it has more columns than values, or too many. */
bool fsa_row_scan(FsaRowPlan *plan, const FsaAnswerLine *line, FsaScannedRow *ret_row);

/* A kept value with its escapes undone. {NULL, 0} when memory ran out. */
FsaText fsa_scan_text(FsaText kept, FsaArena *arena);

/*
 * True when a column says when something began to be: create_time, start_time, mtime, first_time,
 * written_time. When it was last used, or when its file says that it was made, says nothing of
 * that.
 */
bool fsa_is_first_seen_column(FsaText name);

#endif
