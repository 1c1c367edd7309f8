/*
 * The rows of one answer, encoded once, as they will go over the wire.
 *
 * Thrift puts the number of a list's elements in front of them, so no row can leave before the last
 * one is known. Rows are therefore held as the bytes that they will be on the wire, and packed
 * (zstd) in blocks of 256 KiB as they come: column names repeat in each row, and 100 MB become a
 * few. An answer of one block is never packed.
 *
 * While rows are added they belong to one thread; sealed they are read-only and shared.
 */
#ifndef FSA_OSQUERY_ROWS_H
#define FSA_OSQUERY_ROWS_H

#include "fsa.h"

typedef struct FsaRows FsaRows;

/* Rows that may have up to `limit` bytes on the wire; NULL when memory ran out. One user: the
 * caller. */
FsaRows *fsa_rows_new(size_t limit);

FsaRows *fsa_rows_share(FsaRows *rows); /* one user more; gives `rows` */
void fsa_rows_drop(FsaRows *rows);      /* one user less; the last one frees. Accepts NULL */

/* The name of a cell, encoded once for all rows. */
typedef struct FsaCellName {
  char wire[4 + 60]; /* its length, its bytes */
  size_t size;       /* of both */
} FsaCellName;

/* `name` and `suffix` together; what is too long for a column's name is cut. */
FsaCellName fsa_cell_name(const char *name, const char *suffix);

/* A row: begin, its cells, end. A cell that is not added is NULL. */
void fsa_rows_begin(FsaRows *rows);
void fsa_rows_text(FsaRows *rows, const FsaCellName *name, const char *data, size_t size);
void fsa_rows_int(FsaRows *rows, const FsaCellName *name, int64_t value);
void fsa_rows_double(FsaRows *rows, const FsaCellName *name, double value);
void fsa_rows_hex(FsaRows *rows, const FsaCellName *name, uint64_t value); /* 0x... */
/* In hexadecimal digits. */
void fsa_rows_blob(FsaRows *rows, const FsaCellName *name, const char *data, size_t size);
int fsa_rows_end(FsaRows *rows); /* FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT; after an error only drop */

/* A whole row that stands encoded elsewhere. As fsa_rows_end(). */
int fsa_rows_copy(FsaRows *rows, FsaBytes row);

/* After the last row. FSA_OK or FSA_E_NOMEM. */
int fsa_rows_seal(FsaRows *rows);

size_t fsa_rows_count(const FsaRows *rows);
size_t fsa_rows_held(const FsaRows *rows); /* bytes of memory */

/*
 * Hands the encoded rows over, piece by piece, each piece whole rows, until `take` gives something
 * else than FSA_OK, which is then the result. Or FSA_E_NOMEM. Sealed rows only.
 */
int fsa_rows_each(const FsaRows *rows, int (*take)(void *context, FsaBytes piece), void *context);

/*
 * Reading an encoded row: the bytes of the row that begins at `offset` of a piece, and the value of
 * one of its cells; {NULL} when the row has none of that name.
 */
FsaBytes fsa_rows_at(FsaBytes piece, size_t offset);
FsaText fsa_rows_cell(FsaBytes row, const FsaCellName *name);

#endif
