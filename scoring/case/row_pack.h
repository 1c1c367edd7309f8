/*
 * Rows' text (answer.h) as it is stored. Four bytes name the query whose dictionary it needs (a
 * number of the case; all numbers are little-endian). With 0 the text follows as one zstd frame.
 * Else follow four bytes with the text's size, four with that of the marks, and one frame with the
 * marks and the lines of its code (row_code.h).
 */
#ifndef FSA_SCORING_ROW_PACK_H
#define FSA_SCORING_ROW_PACK_H

#include "base/bytes.h"
#include "case/row_code.h"

/* What packing needs, kept from one text to the next. For one thread at a time. */
typedef struct FsaRowPacker FsaRowPacker;

/* NULL when memory ran out. */
FsaRowPacker *fsa_row_packer_new(void);
void fsa_row_packer_free(FsaRowPacker *packer);

/* Appends the packed text. FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT. */
int fsa_rows_pack(FsaRowPacker *packer, FsaText text, FsaBuffer *out);

/* The same of a text that was coded with the dictionary of a query; adds `lines` to the marks. */
int fsa_rows_pack_code(FsaRowPacker *packer, uint32_t query, FsaRowCode *code, FsaText lines,
                       FsaBuffer *out);

/* What unpacking needs, kept from one text to the next. For one thread at a time; `dictionaries`
 * must outlive it. NULL when memory ran out. */
typedef struct FsaRowUnpacker FsaRowUnpacker;
FsaRowUnpacker *fsa_row_unpacker_new(const FsaRowDictionaries *dictionaries);
void fsa_row_unpacker_free(FsaRowUnpacker *unpacker);

/* Appends the text of what was packed. FSA_OK, FSA_E_NOMEM, FSA_E_LIMIT or FSA_E_FORMAT. `unpacker`
 * NULL = FSA_E_NOMEM. */
int fsa_rows_unpack(FsaRowUnpacker *unpacker, FsaBytes packed, FsaBuffer *out);

#endif
