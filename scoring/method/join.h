/* Join values: what tells that two rows of one host are about one thing. */
#ifndef FSA_SCORING_JOIN_H
#define FSA_SCORING_JOIN_H

#include "base/buffer.h"
#include "base/text.h"

/*
 * The name of a join value: a path or another long name joins whatever the column is called (image,
 * path), a command line by the program that it runs; a number only with a column of the same name
 * (pid with pid). In any letter case, a folder with or without a separator at its end. "" when it
 * joins nothing. Lives in `out` until it is used again.
 */
const char *fsa_join_name(FsaText column, FsaText value, FsaBuffer *out);

/* The first of what is joined with `at`, with the path to it shortened. [union-find] */
static inline uint32_t fsa_join_root(uint32_t *parents, uint32_t at) {
  while (parents[at] != at) at = parents[at] = parents[parents[at]];
  return at;
}

static inline void fsa_join_union(uint32_t *parents, uint32_t a, uint32_t b) {
  a = fsa_join_root(parents, a);
  b = fsa_join_root(parents, b);
  parents[a > b ? a : b] = a < b ? a : b;
}

#endif
