/* The terms of a weight in plain sentences. */
#ifndef FSA_SCORING_TERM_TEXT_H
#define FSA_SCORING_TERM_TEXT_H

#include "method/scorer.h"

/* An entity of a host whose terms are put into words. */
typedef struct FsaTermScene {
  FsaScorer *scorer;
  uint32_t host; /* of the matrix */
  const FsaHostSignals *signals;
  const FsaWeighed *entity;
} FsaTermScene;

/* The sentence of a term, in the score's arena; NULL when memory ran out. */
const char *fsa_term_text(const FsaTermScene *scene, const FsaWeighedTerm *term);

/* What a term is of: rule id, attribute family, query; "" = nothing of that kind. */
const char *fsa_term_subject(const FsaTermScene *scene, const FsaWeighedTerm *term);

/* The share of the rows of an artefact's kind that are as rare, 0..1. */
double fsa_share_as_rare(const FsaModel *model, uint32_t artefact);

#endif
