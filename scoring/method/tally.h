/*
 * The tally: on how many covered hosts each artefact stands, in the fleet and in each group.
 *
 * One pass over the answers' artefact numbers, or a store's counts; rows stay packed. Memory is
 * some 30 bytes for each distinct artefact and a word for each group of those on more than four
 * hosts.
 */
#ifndef FSA_SCORING_TALLY_H
#define FSA_SCORING_TALLY_H

#include "case/matrix.h"
#include "pack/path_class.h"
#include "store/store.h"
#include "text/id_map.h"

/* Rows of one source are of one kind when their keys name the same kind of place and say the same
 * of a signature: strangers are usual in a person's folder, not among the system's. */
#define FSA_SIGNATURES 3 /* unknown, signed, not signed */
#define FSA_STRATA (FSA_PATH_COUNT * FSA_SIGNATURES)
#define FSA_TALLY_FEW 4 /* groups of an artefact on so few hosts are kept beside it */

typedef struct FsaTallied {
  uint64_t key_hash;
  uint32_t hosts;     /* covered ones that have it */
  uint32_t in_groups; /* tally.c's */
  uint32_t id;        /* its number in the case */
  uint16_t query;     /* in FsaMatrix.queries */
  uint8_t stratum;    /* < FSA_STRATA */
  uint8_t bucket;     /* of its hosts (weight.h) */
} FsaTallied;

typedef struct FsaTally {
  FsaTallied *artefacts; /* by number */
  uint32_t count;
  uint64_t sightings;   /* of all artefacts */
  uint64_t *of_queries; /* [query]: sightings */
  uint32_t *covered_in; /* [query * group_count + group]: covered hosts */
  uint32_t group_count;
  size_t query_count;
  FsaIdMap hosts, queries; /* the case's numbers to places in the matrix */
  FsaIdMap by_id;
  uint32_t *by_key; /* place + 1; open addressing */
  uint64_t by_key_mask;
  uint32_t *slots; /* [slot * group_count + group]: hosts, of artefacts on more than a few */
  uint32_t slot_count, slot_room;
} FsaTally;

/*
 * Counts: in the case, or in `counter`, which must hold what the case does. `group_of` gives the
 * group of each host of the matrix (< group_count <= 255); NULL = all are one group. FSA_OK;
 * FSA_E_IO (the case's message says why), FSA_E_LIMIT when there are more artefacts than numbers;
 * or an error that fsa_store_has_failed() knows of. Done with fsa_tally_done() in either case.
 */
int fsa_tally_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter,
                    const uint8_t *group_of, uint32_t group_count, FsaTally *ret_tally);
void fsa_tally_done(FsaTally *tally);

/* The place of an artefact; false when it is not in the tally. Thread safe, as all that reads. */
bool fsa_tally_find(const FsaTally *tally, uint32_t query, uint64_t key_hash, uint32_t *ret_place);

/* Hosts of a group that have the artefact. */
uint32_t fsa_tally_in_group(const FsaTally *tally, uint32_t place, uint32_t group);

/* Covered hosts of a group. */
static inline uint32_t fsa_tally_covered_in(const FsaTally *tally, uint32_t query, uint32_t group) {
  return tally->covered_in[query * tally->group_count + group];
}

#endif
