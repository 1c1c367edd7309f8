/*
 * Signals: the rows of each host that carry weight, in a few words each.
 *
 * The one pass over rows of a score. Rows that are on most hosts and that no rule hits are rejected
 * where they are read; of the others a host keeps the FSA_MAX_SIGNALS heaviest. The result does not
 * depend on the number of threads.
 */
#ifndef FSA_SCORING_SIGNALS_H
#define FSA_SCORING_SIGNALS_H

#include "method/model.h"

#define FSA_MAX_SIGNALS 512 /* of a host */

typedef struct FsaSignal {
  uint64_t hits;       /* facts of its query that hold */
  uint32_t artefact;   /* place in the tally */
  uint32_t row;        /* place in the answer, removed rows counted */
  uint32_t first_seen; /* Unix seconds, 0 = the row gives none */
  uint32_t join_first; /* in FsaHostSignals.joins */
  uint16_t query;      /* in FsaMatrix.queries */
  uint16_t suppressed; /* place + 1 of a known-good entry */
  uint8_t join_count;
} FsaSignal;

typedef struct FsaHostSignals {
  FsaSignal *all;  /* by query, then row */
  uint64_t *joins; /* hashes of join values (join.h) */
  uint32_t count;
  uint32_t rule_hits, suppressed; /* rows, those that were not kept counted too */
} FsaHostSignals;

/* An artefact that rules hit on many hosts. */
typedef struct FsaMassCount {
  uint64_t hits;       /* facts that held for one of its heavy rows */
  uint32_t hosts;      /* with a heavy row: by rules at their author's rates, or unsigned */
  uint32_t in_window;  /* of them, first seen inside the window */
  uint32_t first_seen; /* the earliest of its heavy rows */
  uint32_t sample_host, sample_row; /* the first of them, by host */
} FsaMassCount;

typedef struct FsaSignals {
  FsaHostSignals *hosts; /* [host of the matrix] */
  size_t host_count;
  GHashTable *mass;                             /* artefact's place -> FsaMassCount */
  uint32_t *suppressed_rows, *suppressed_hosts; /* [known-good entry] */
} FsaSignals;

/*
 * Reads the rows of all hosts with `jobs` threads (0 = one per core); takes the rates and weights
 * of rules and attributes into the model. FSA_OK; FSA_E_IO, FSA_E_FORMAT (a damaged answer),
 * FSA_E_NOMEM. fsa_signals_done() in either case.
 */
int fsa_signals_build(FsaModel *model, unsigned jobs, FsaSignals *ret_signals);
void fsa_signals_done(FsaSignals *signals);

/* The weights of a signal for its host: rarity and peers without what a known-good entry hides. */
typedef struct FsaSignalWeight {
  double rarity, peer, rules, attributes;
} FsaSignalWeight;
FsaSignalWeight fsa_signal_weight(const FsaModel *model, uint32_t host, const FsaSignal *signal);

#endif
