/*
 * What the fleet itself says about weights: how usual each count is in each source, how often each
 * rule and attribute holds, and from that what a row weighs.
 *
 * Built once, then read by all threads.
 */
#ifndef FSA_SCORING_MODEL_H
#define FSA_SCORING_MODEL_H

#include "method/group.h"
#include "method/suppress.h"
#include "method/tally.h"
#include "method/weight.h"

/* A rule or an attribute of a query. */
typedef struct FsaFact {
  const char *id;      /* of the rule; the attribute's family */
  const char *where;   /* SQL; "1" for a detection, where any row is a hit */
  const FsaRule *rule; /* NULL = it is an attribute, or a detection */
  bool is_rule, is_fixed;
  /* It names join columns alone: it says the same of every row that shares their value. */
  bool is_of_name;
  bool by_hosts; /* a detection has no rows that it does not hit: its rate is of hosts */
  double tpr, prior;
  uint64_t hits, rare_hits; /* rows, and those whose rarity speaks against them */
  uint32_t hosts;
  double measured, weight;
  double author_weight; /* of a rule at its author's rates; 0 of an attribute */
  char *not_run;        /* NULL = it ran; its own */
} FsaFact;

typedef struct FsaModelQuery {
  /*
   * What a row of it weighs before it is looked at. Its rarity and its rules are measured among the
   * rows of its source, so the prior is of those rows too: one of three is likelier the intruder's
   * than one of three hundred.
   */
  double prior;
  FsaBeta beta;
  uint64_t sightings[FSA_STRATA][FSA_RARITY_BUCKETS];
  double rarity[FSA_STRATA][FSA_RARITY_BUCKETS];
  uint64_t of_stratum[FSA_STRATA];
  FsaFact *facts; /* rules first: bit i of a row's hits is fact i */
  size_t fact_count, rule_count;
  uint64_t rows;          /* that were read */
  uint64_t rare_rows;     /* of them, those whose rarity speaks against them */
  uint64_t timed, inside; /* of them, with a time of their own; and inside the window */
} FsaModelQuery;

typedef struct FsaModel {
  FsaCase *store;
  const FsaMatrix *matrix;
  const FsaGrouping *grouping;
  const FsaSuppressions *suppressions;
  FsaTally tally;
  FsaModelQuery *queries;         /* [query of the matrix] */
  double sources_per_host;        /* covered ones */
  double rows_per_host;           /* of all sources together */
  int64_t window_from, window_to; /* 0, 0 = none is given */
} FsaModel;

/* Counts keys, in `counter` unless it is NULL, and takes their weights. FSA_OK; else as
 * fsa_tally_build(). */
int fsa_model_build(FsaCase *store, const FsaMatrix *matrix, FsaStore *counter,
                    const FsaGrouping *grouping, const FsaSuppressions *suppressions,
                    FsaModel *ret_model);
void fsa_model_done(FsaModel *model);

/* Takes the weights of rules and attributes from their hits and rows. */
void fsa_model_weigh_facts(FsaModel *model);

/* The rarity and the peer weight of an artefact for a host of a group. */
double fsa_model_rarity(const FsaModel *model, uint32_t place);
double fsa_model_peer(const FsaModel *model, uint32_t place, uint32_t group);

/* The sum of the weights of the rules that hit, undiscounted; and of the heaviest attribute of each
 * family. */
double fsa_model_rules(const FsaModelQuery *query, uint64_t hits);
double fsa_model_attributes(const FsaModelQuery *query, uint64_t hits);

/* Those of `hits` that are rules and weigh something in this fleet. */
uint64_t fsa_model_weighing(const FsaModelQuery *query, uint64_t hits);

/* The heaviest attribute of a family among `hits`; false when none of it hits. */
bool fsa_model_attribute(const FsaModelQuery *query, uint64_t hits, const char *family,
                         size_t *ret_fact);

/* The family of evidence of a query: its own name where it has none. */
const char *fsa_query_family(const FsaMatrixQuery *query);

/*
 * The family of a fact of it. Facts of the name alone - in which folder, called what - are one
 * family over all queries: that a program lies in a public folder is one fact, in however many
 * sources.
 */
const char *fsa_fact_family(const FsaMatrixQuery *query, const FsaFact *fact);

/* Hosts among covered ones, with intervals. */
typedef struct FsaPrevalence {
  uint32_t hosts, covered;
  double low, high; /* Wilson's 95 % interval of the share, 0..1 */
  double smoothed;  /* the share with the source's beta prior */
} FsaPrevalence;

FsaPrevalence fsa_model_prevalence(const FsaModel *model, uint32_t query, uint32_t hosts,
                                   uint32_t covered);

#endif
