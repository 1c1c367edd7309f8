/* Rows' text (answer.h) as it is stored: one zstd frame that knows its size. */
#ifndef FSA_SCORING_ROW_PACK_H
#define FSA_SCORING_ROW_PACK_H

#include "base/buffer.h"
#include "base/result.h"
#include "base/text.h"

/* What packing needs, kept from one text to the next. For one thread at a time. */
typedef struct FsaRowPacker FsaRowPacker;

/* NULL when memory ran out. */
FsaRowPacker *fsa_row_packer_new(void);
void fsa_row_packer_free(FsaRowPacker *packer);

/* Appends the packed text. FSA_OK, FSA_E_NOMEM or FSA_E_LIMIT. */
int fsa_rows_pack(FsaRowPacker *packer, FsaText text, FsaBuffer *out);

/* Appends the text of what was packed. FSA_OK, FSA_E_NOMEM, FSA_E_LIMIT or FSA_E_FORMAT. */
int fsa_rows_unpack(FsaBytes packed, FsaBuffer *out);

/* What unpacking needs, kept from one text to the next: half of the time where texts are short. For
 * one thread at a time. NULL when memory ran out. */
typedef struct FsaRowUnpacker FsaRowUnpacker;
FsaRowUnpacker *fsa_row_unpacker_new(void);
void fsa_row_unpacker_free(FsaRowUnpacker *unpacker);

/* fsa_rows_unpack() with it; `unpacker` NULL = FSA_E_NOMEM. */
int fsa_rows_unpack_by(FsaRowUnpacker *unpacker, FsaBytes packed, FsaBuffer *out);

#endif
