/*
 * Log files as pieces of whole lines: plain, gzip or zstd by their first bytes, standard input for
 * "-". Memory is bounded whatever the file holds.
 */
#ifndef FSA_SCORING_LOG_INPUT_H
#define FSA_SCORING_LOG_INPUT_H

#include "base/buffer.h"
#include "base/result.h"

#define FSA_LOG_PIECE (1u << 20)     /* a piece holds at least so many bytes, but for the last */
#define FSA_MAX_LOG_LINE (64u << 20) /* a longer line is cut between values, or rejected */

typedef struct FsaLogInput FsaLogInput;

/* Opens a log. FSA_E_ABSENT, FSA_E_ACCESS, FSA_E_IO, FSA_E_FORMAT (a folder, a device),
 * FSA_E_NOMEM. */
int fsa_log_input_open(const char *path, FsaLogInput **ret_input);
void fsa_log_input_close(FsaLogInput *input);

/* Where a piece stands in the uncompressed log. */
typedef struct FsaLogPiece {
  int64_t offset;        /* bytes before it */
  int64_t skipped_lines; /* lines between it and the last piece, above the ceiling */
  int64_t lost;          /* bytes of such a line that were skipped before the piece */
} FsaLogPiece;

/*
 * Puts the next piece into the emptied `text`. FSA_ROW; FSA_OK at the end; an error when the file
 * cannot be read on or is damaged (*ret_why says how, static storage): the pieces so far are good,
 * and what could be decompressed before the damage came as pieces.
 */
int fsa_log_input_next(FsaLogInput *input, FsaBuffer *text, FsaLogPiece *ret_piece,
                       const char **ret_why);

/* Bytes of the file that were read, and its size (0 = unknown): for progress. */
int64_t fsa_log_input_done(const FsaLogInput *input, int64_t *ret_size);

#endif
