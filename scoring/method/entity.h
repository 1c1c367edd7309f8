/*
 * Entities: what the signals of one host that share join values tell about one thing, and the terms
 * of its weight.
 */
#ifndef FSA_SCORING_ENTITY_H
#define FSA_SCORING_ENTITY_H

#include "method/signals.h"

#define FSA_MAX_JOINED                                                                             \
  64 /* signals of a host that one value joins; more, and it is no name of a thing */
#define FSA_NO_INDEX UINT32_MAX

typedef enum FsaTermKind {
  FSA_TERM_PRIOR,     /* 1 % of hosts, spread over the sources and the rows of a host */
  FSA_TERM_RARITY,    /* on few covered hosts, measured by how usual that is in its source */
  FSA_TERM_PEER,      /* common elsewhere, foreign in this role */
  FSA_TERM_ATTRIBUTE, /* a trait of the thing: path, name, signature */
  FSA_TERM_RULE,      /* a rule that hit */
  FSA_TERM_SOURCES,   /* independent sources tell of the same thing */
  FSA_TERM_TIME,      /* first seen inside or outside the incident window */
  FSA_TERM_OUTLIER,   /* the host has unusually many rows; only with its first entity */
  FSA_TERM_COUNT,
} FsaTermKind;

/* "prior", "rarity", "peer", "attribute", "rule", "sources", "time", "outlier". Static storage. */
const char *fsa_term_name(FsaTermKind kind);

typedef struct FsaWeighedTerm {
  FsaTermKind kind;
  double weight;       /* as it enters the sum */
  double undiscounted; /* before the discount and cap of its family, or before suppression */
  uint32_t signal;     /* in FsaHostSignals.all; FSA_NO_INDEX = of no single row */
  uint32_t fact;       /* of the signal's query, for rules and attributes */
} FsaWeighedTerm;

typedef struct FsaWeighed {
  double weight;           /* the sum of the terms */
  const uint32_t *members; /* in FsaHostSignals.all, heaviest first */
  const FsaWeighedTerm *terms;
  uint32_t member_count, term_count;
  uint32_t main;         /* its heaviest signal */
  uint32_t source_count; /* families of evidence that tell of it */
  int64_t first_seen;    /* the earliest time that its rows give, 0 = none */
  bool is_suppressed;
} FsaWeighed;

/* True when no member before that at place `at` is of the same source. */
bool fsa_is_first_of_source(const FsaHostSignals *signals, const uint32_t *members, uint32_t at);

/*
 * The entities of a host, heaviest first (ties by place, so that two runs say the same), in the
 * arena. `outlier` is the weight of the host's row counts; it goes to the first. FSA_E_NOMEM.
 */
int fsa_entities_make(const FsaModel *model, uint32_t host, const FsaHostSignals *signals,
                      double outlier, FsaArena *arena, FsaWeighed **ret_all, uint32_t *ret_count);

/* The sum over a host's entities, heaviest first, of softplus times the discount of their place. */
double fsa_entities_score(const double *weights, size_t count);

#define FSA_SCORED_ENTITIES 20 /* of a host, in its score */

#endif
