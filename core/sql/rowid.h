/*
 * A rowid for rows that have none.
 *
 * SQLite answers `a = 1 OR b = 2` with two scans and joins them by rowid, so a row must have the
 * same number in every scan of one statement, however the scan was narrowed. The number is a hash
 * of all that the row says, but for what varies from one look to the next (FSA_VARIES), and of its
 * evidence's name; equal rows are told apart by counting them,
 * which works because equal rows pass the same conditions.
 */
#ifndef FSA_SQL_ROWID_H
#define FSA_SQL_ROWID_H

#include "sql/sql.h"

/* The hashes met so far in one scan; {0} is empty. */
typedef struct RowIds {
  struct RowIdSlot *slots;
  size_t room, count;
} RowIds;

/*
 * The number of a row of `evidence` (its name). FSA_OK or FSA_E_NOMEM. Called at most once for each
 * row that is reached.
 */
int row_ids_number(RowIds *ids, const FsaTable *table, const char *evidence, const FsaRow *row,
                   int64_t *ret_rowid);

/*
 * The same in two steps, for whoever has other work between them: the hash, whose slot is then on
 * its way from memory, and the number.
 */
uint64_t row_ids_hash(const RowIds *ids, const FsaTable *table, const char *evidence,
                      const FsaRow *row);
int row_ids_count(RowIds *ids, uint64_t hash, int64_t *ret_rowid);

/* Forgets everything and gives the memory back. */
void row_ids_done(RowIds *ids);

#endif
