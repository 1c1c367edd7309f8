/*
 * A set of artefact numbers as a case keeps it: a JSON array, ascending, of the differences between
 * one and the next. SQL sums it up (`sighting` in docs/scoring.md), most differences are one digit,
 * and it is read at a byte or two a number.
 */
#ifndef FSA_SCORING_NUMBER_LIST_H
#define FSA_SCORING_NUMBER_LIST_H

#include "base/buffer.h"
#include "base/text.h"

/* Appends the set of `count` numbers, which are sorted in their place; `room` holds as many. */
void fsa_numbers_print(uint32_t *numbers, uint32_t *room, size_t count, FsaBuffer *out);

/*
 * Takes the next number off the front of such text. `*number` must be 0 before the first one.
 * False at the end.
 */
static inline bool fsa_numbers_next(FsaText *text, uint64_t *number) {
  const char *at = text->data, *end = at + text->size;
  while (at < end && (*at < '0' || *at > '9')) at++;
  if (at == end) return false;
  uint64_t difference = 0;
  for (; at < end && *at >= '0' && *at <= '9'; at++)
    difference = difference * 10 + (uint64_t)(*at - '0');
  *number += difference;
  *text = (FsaText){at, (size_t)(end - at)};
  return true;
}

#endif
