/*
 * The rows of one answer.
 *
 * Thrift puts the number of a list's elements in front of them, so no row can leave before the last
 * one is known. Rows are therefore held: a number for each cell's name, and its value as text, in
 * blocks of 256 KiB that are packed (zstd) as they come. Names are put in when they are sent. An
 * answer of one block is never packed.
 *
 * While rows are added they belong to one thread; sealed they are read-only and shared.
 */
#ifndef FSA_OSQUERY_ROWS_H
#define FSA_OSQUERY_ROWS_H

#include "fsa.h"

typedef struct FsaRows FsaRows;

#define FSA_MAX_CELLS 250 /* names that the rows of one answer have together */

/*
 * Rows that may have up to `limit` bytes on the wire; NULL when memory ran out. One user: the
 * caller.
 */
FsaRows *fsa_rows_new(size_t limit);

/*
 * Gives a name, "name" and "suffix" together, its number: 0, 1, ... in the order of the calls. At
 * most FSA_MAX_CELLS of them, before the first row; what is too long for a column's name is cut.
 */
void fsa_rows_name(FsaRows *rows, const char *name, const char *suffix);

FsaRows *fsa_rows_share(FsaRows *rows); /* one user more; gives `rows` */
void fsa_rows_drop(FsaRows *rows);      /* one user less; the last one frees. Accepts NULL */

/* A row: begin, its cells by the numbers of their names, end. A cell that is not added is NULL. */
void fsa_rows_begin(FsaRows *rows);
void fsa_rows_text(FsaRows *rows, size_t name, const char *data, size_t size);
void fsa_rows_int(FsaRows *rows, size_t name, int64_t value);
void fsa_rows_double(FsaRows *rows, size_t name, double value);
void fsa_rows_hex(FsaRows *rows, size_t name, uint64_t value);                 /* 0x... */
void fsa_rows_blob(FsaRows *rows, size_t name, const char *data, size_t size); /* hexadecimal */
int fsa_rows_end(FsaRows *rows); /* FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT; after an error only drop */

/* After the last row. FSA_OK or FSA_E_NOMEM. */
int fsa_rows_seal(FsaRows *rows);

size_t fsa_rows_count(const FsaRows *rows);
size_t fsa_rows_held(const FsaRows *rows); /* bytes of memory */

/*
 * Hands the rows over as they are on the wire, in pieces, until `take` gives something else than
 * FSA_OK, which is then the result. Or FSA_E_NOMEM. Sealed rows only.
 */
int fsa_rows_send(const FsaRows *rows, int (*take)(void *context, FsaBytes piece), void *context);

/*
 * The rows that `admits` is true of, sealed, with the same names: the caller's. NULL when memory
 * ran out. Sealed rows only. `admits` reads cells with fsa_rows_cell().
 */
FsaRows *fsa_rows_pick(const FsaRows *rows, bool (*admits)(const void *context, FsaBytes row),
                       const void *context);

/* The value of a row's cell by the number of its name; {NULL} when the row has none. */
FsaText fsa_rows_cell(FsaBytes row, size_t name);

#endif
