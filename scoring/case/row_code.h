/*
 * The text of an answer (answer.h) as what differs from the rows of a dictionary.
 *
 * Two parts. The first says for each line how it is made: a byte 0 for the next line of the second
 * part, or a number (7 bits a byte, the lowest first, all but the last with the highest bit set):
 * twice the rows from the expected one on, plus 1, or twice the rows back; then one bit for each
 * column, set for those whose value is the next line of the second part. Expected is the row behind
 * the last one, at first row 0.
 */
#ifndef FSA_SCORING_ROW_CODE_H
#define FSA_SCORING_ROW_CODE_H

#include "base/buffer.h"
#include "base/result.h"
#include "log/row_dictionary.h"

typedef struct FsaRowCode {
  FsaBuffer marks;   /* the first part */
  size_t text_size;  /* of the text that it makes */
  uint32_t expected; /* row of the dictionary */
} FsaRowCode;

/* A code of no line; to be given back with fsa_buffer_done(&marks). */
FsaRowCode fsa_row_code(void);
void fsa_row_code_clear(FsaRowCode *code);

/* Notes lines of together `size` bytes that were appended to the second part as they are. */
void fsa_row_code_lines(FsaRowCode *code, size_t count, size_t size);

/*
 * Notes a row: its values where they differ from the dictionary's row (`same` false) go to `lines`,
 * the second part.
 */
void fsa_row_code_row(FsaRowCode *code, const FsaRowDictionary *dictionary, uint32_t row,
                      const FsaText *values, const bool *same, FsaBuffer *lines);

/*
 * Appends the text. Both parts are as a file has them: FSA_E_FORMAT when they are damaged or make
 * another size. FSA_E_NOMEM, FSA_E_LIMIT.
 */
int fsa_row_code_text(const FsaRowDictionary *dictionary, FsaText marks, FsaText lines,
                      size_t text_size, FsaBuffer *out);

#endif
