/*
 * What a report says beyond the score: who was covered in full, per pillar too, and the order in
 * which the report lists hosts.
 */
#ifndef FSA_SCORING_REPORT_FACTS_H
#define FSA_SCORING_REPORT_FACTS_H

#include "case/expected_hosts.h"
#include "method/score.h"

#define FSA_PILLARS 4

/* How far a host was looked at, over the queries of the packs that any host answered. */
typedef enum FsaHostCover {
  FSA_HOST_COMPLETE, /* every one that applies is ok */
  FSA_HOST_GAPS,
  FSA_HOST_NOTHING, /* lines arrived, but no state query is covered */
  FSA_HOST_NEVER,   /* on the list of hosts, and no line arrived */
} FsaHostCover;

/* "complete", "gaps", "nothing", "never". Static storage. */
const char *fsa_host_cover_name(FsaHostCover cover);

/* A query over all hosts. */
typedef struct FsaSourceFacts {
  bool is_look;           /* it tells of the look itself, not of a state */
  bool is_asked;          /* of a pack, and some host answered it */
  size_t answered;        /* hosts */
  int64_t oldest, newest; /* of the answers that are covered, Unix seconds; 0 = none */
} FsaSourceFacts;

/* Hosts to which a pillar's queries apply, hosts that never answered included. */
typedef struct FsaPillarFacts {
  const char *name, *title;
  size_t sources; /* its queries that some host answered */
  size_t hosts, complete, partial;
} FsaPillarFacts;

typedef struct FsaReportFacts {
  FsaSourceFacts *sources; /* [FsaMatrix.query_count] */
  FsaHostCover *cover;     /* [FsaScore.host_count], as the score orders hosts */
  uint32_t *place;         /* [FsaMatrix.host_count]: a host's place in FsaScore.hosts */
  FsaPillarFacts pillars[FSA_PILLARS];
  size_t missing;           /* hosts of the list that never answered */
  size_t covered, complete; /* hosts */
  size_t gaps;              /* cells of queries that were asked and are not ok */
  int64_t oldest, newest;   /* of all covered answers about a state */
} FsaReportFacts;

/* FSA_OK or FSA_E_NOMEM; what it holds lives in `arena`. */
int fsa_report_facts(const FsaMatrix *matrix, const FsaScore *score,
                     const FsaExpectedHosts *expected, FsaArena *arena, FsaReportFacts *ret_facts);

/*
 * The chance that a sweep which touched `looked` of `hosts` hosts touched none of `compromised`
 * ones, were these any: C(hosts - looked, compromised) / C(hosts, compromised). NAN when there are
 * fewer hosts than that.
 */
double fsa_miss_chance(size_t hosts, size_t looked, size_t compromised);

#endif
