/* Reading CSV that people write: lists of hosts, of known-good things. [RFC 4180] */
#ifndef FSA_SCORING_CSV_H
#define FSA_SCORING_CSV_H

#include "base/arena.h"
#include "base/text.h"

#define FSA_MAX_CSV_FIELDS 16

typedef struct FsaCsv {
  FsaText rest;   /* what is not read yet */
  unsigned line;  /* of the record that was read last; 1 = the first of the file */
  unsigned lines; /* read so far */
} FsaCsv;

/* A reader at the first record; a byte order mark is passed over. */
FsaCsv fsa_csv(FsaText text);

/*
 * The next record that is neither empty nor a comment (`#`): its fields, NUL-terminated in the
 * arena, blanks around them taken away outside of quotes; those beyond FSA_MAX_CSV_FIELDS are lost.
 * Gives their number; 0 = the end, or memory ran out.
 */
size_t fsa_csv_next(FsaCsv *csv, FsaArena *arena, const char *ret_fields[FSA_MAX_CSV_FIELDS]);

#endif
