/* Stacking: on how many covered hosts each key stands, and where the rare ones are. */
#ifndef FSA_SCORING_STACK_H
#define FSA_SCORING_STACK_H

#include "case/matrix.h"
#include "store/store.h"

/* A row with a rare key, on one host. */
typedef struct FsaSighting {
  uint32_t artefact; /* in FsaStack.artefacts */
  uint32_t host;     /* in FsaMatrix.hosts */
  FsaText row;       /* its canonical JSON */
  int64_t time;      /* Unix seconds of the line */
  uint32_t
      entity; /* the same for sightings of one host that share join values, directly or by others */
  uint64_t
      linked;   /* bit i: its entity has a rare key of query i (of the first 64); its own is set */
  FsaText link; /* a value that it shares with a rare row of another query; {NULL, 0} = none */
} FsaSighting;

typedef struct FsaArtefact {
  int64_t id;
  uint32_t query; /* in FsaMatrix.queries */
  uint32_t hosts; /* covered hosts that have it */
  uint64_t key_hash;
  FsaText key; /* of rare ones */
  bool is_rare;
  double share;        /* of its query's sightings: those of keys on exactly as many hosts */
  unsigned kinds;      /* most families of evidence in an entity of it, its own included */
  uint32_t alike;      /* hosts with an entity of the same queries as that one */
  size_t first, count; /* its sightings in FsaStack.sightings */
} FsaArtefact;

typedef struct FsaStack {
  FsaArena arena;
  FsaArtefact *artefacts;
  size_t artefact_count;
  FsaSighting *sightings; /* of rare artefacts, by artefact and host */
  size_t sighting_count;
  uint64_t rows; /* sightings of all keys */
} FsaStack;

/*
 * Counts the keys of every query but those about the look itself: in the case, or in `counter`,
 * which must hold what the case does. `most_hosts` 0 = 2 % of a query's covered hosts, at least 3.
 * On failure the case's message says why, or what the store said was told; free it in either case.
 */
int fsa_stack_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter, size_t most_hosts,
                    FsaStack *ret_stack);
void fsa_stack_done(FsaStack *stack);

#endif
