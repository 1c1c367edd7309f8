/* What every command says: complaints, progress, numbers, safe text and rows in three formats. */
#ifndef FSA_SCORING_PRINT_H
#define FSA_SCORING_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/printf.h"
#include "base/text.h"

typedef enum FsaFormat { FSA_FORMAT_TABLE, FSA_FORMAT_CSV, FSA_FORMAT_JSON } FsaFormat;

/* "fsa-score: ..." on standard error, a line. */
void fsa_complain(const char *format, ...) FSA_PRINTF(1, 2);

/* A line of progress on standard error when it is a terminal, redrawn at most ten times a second.
 */
void fsa_progress_line(const char *format, ...) FSA_PRINTF(1, 2);
void fsa_progress_wipe(void);

/*
 * Appends text for a terminal: what a hostile row could say to one (control characters, text that
 * turns or hides) is made visible; the key separator becomes " | ". Cut to `columns` characters, 0
 * = all.
 */
void fsa_put_safe(FsaBuffer *out, FsaText text, size_t columns);

/* Appends a CSV field with what quotes it needs. [RFC 4180] */
void fsa_put_csv(FsaBuffer *out, FsaText text);

/* Appends a number with separators between the thousands: 1,234,567. */
void fsa_put_count(FsaBuffer *out, int64_t value);

/* Appends Unix seconds as 2026-11-24T10:11:12Z; "-" for 0. */
void fsa_put_time(FsaBuffer *out, int64_t seconds);

/* A NUL-terminated text as FsaText. */
FsaText fsa_text(const char *text);

/* Writes the buffer to standard output and empties it; false when nobody reads any more. */
bool fsa_print(FsaBuffer *out);

#endif
