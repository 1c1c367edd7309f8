/* Rows that a store gives, one JSON object a line. */
#ifndef FSA_SCORING_STORE_ROWS_H
#define FSA_SCORING_STORE_ROWS_H

#include "base/arena.h"
#include "base/text.h"

/*
 * Takes the next row off the front of `rows`: the values of the members `names` in their order, as
 * text in the arena; {NULL, 0} for one that is not there. FSA_ROW, FSA_OK at the end, FSA_E_FORMAT.
 */
int fsa_store_row(FsaText *rows, FsaArena *arena, const char *const *names, size_t count,
                  FsaText *ret_values);

/* A number of such a row; ClickHouse writes 64 bits as text. False when it is none. */
bool fsa_store_number(FsaText value, uint64_t *ret_number);

#endif
