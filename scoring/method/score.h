/*
 * The score of a fleet: every host, what speaks against it, and how often chance says as much.
 *
 * Weights are natural-log likelihood ratios ("weights of evidence"); fsa_points() makes decibans of
 * them for people. An entity is what the rows of one host that share join values tell about one
 * thing; the weights of its terms sum to its `weight`, and the `contribution`s of a host's entities
 * sum to its `score`. The method and its limits: docs/scoring.md.
 *
 * A result belongs to one thread and is only read. All texts are UTF-8, NUL-terminated, hostile
 * where they come from rows, never NULL ("" = unknown) unless said so. Times are Unix seconds, 0 =
 * unknown. Indexes point into the arrays of the same FsaScore unless said so.
 */
#ifndef FSA_SCORING_SCORE_H
#define FSA_SCORING_SCORE_H

#include "method/entity.h"

#define FSA_SHOWN_EVIDENCE 24 /* rows of an entity that are kept to be shown */
#define FSA_MAX_DETAILED 5000 /* hosts whose entities are kept */
#define FSA_MAX_LISTED 1000   /* clusters, mass keys, outliers, weak leads */
#define FSA_SCORE_BUCKETS 40  /* of the score distribution */
#define FSA_MAX_TIMELINE_DAYS 400

typedef enum FsaBand {
  FSA_BAND_UNKNOWN,  /* no source of the host is covered: nothing can be said */
  FSA_BAND_NONE,     /* E >= 10: what chance gives; not "clean" */
  FSA_BAND_WEAK,     /* E < 10 */
  FSA_BAND_PROBABLE, /* E < 1 */
  FSA_BAND_STRONG,   /* E < 0.1 */
  FSA_BAND_COUNT,
} FsaBand;

/* "unknown", "none", "weak", "probable", "strong". Static storage. */
const char *fsa_band_name(FsaBand band);

/* 10 * log10 of a likelihood ratio whose natural logarithm is given. */
double fsa_points(double weight);

/* Platform x role: hosts that are compared with each other. */
typedef struct FsaGroup {
  const char *platform; /* linux, windows, darwin, "" = unknown */
  const char *role;     /* from --groups, or what its hosts have in common; "" = platform alone */
  const char *origin;   /* "given", "services" (clustered), "platform" */
  uint32_t hosts;
  uint32_t unknown;        /* of them, hosts without any covered source */
  const uint32_t *covered; /* [FsaMatrix.query_count]: hosts of the group that are covered */
} FsaGroup;

typedef struct FsaTerm {
  FsaTermKind kind;
  const char *family;  /* of evidence that shares a cause; "" = none */
  const char *name;    /* rule id, attribute family or query; "" = none */
  const char *text;    /* the term in one plain sentence */
  double weight;       /* as it enters the sum */
  double undiscounted; /* before the discount and cap of its family, or before suppression */
  uint32_t evidence;   /* in FsaEntity.evidence; FSA_NO_INDEX = none or not among those kept */
} FsaTerm;

/* A row that speaks for an entity. */
typedef struct FsaEvidence {
  uint32_t query;             /* in FsaMatrix.queries */
  int64_t artefact;           /* its number in the case */
  FsaText key;                /* normalised, FSA_KEY_SEPARATOR between the columns */
  FsaText row;                /* canonical JSON as it stands in the case */
  int64_t time;               /* of the line that brought it */
  int64_t first_seen;         /* the earliest time that the row itself gives; 0 = it gives none */
  FsaPrevalence fleet, group; /* among covered hosts; group.covered 0 = the group has none */
  double rarity, peer;        /* the weights of its key */
  double as_rare;             /* share of the rows of its kind that are as rare, 0..1 */
  FsaText link;               /* the join value that it shares; {NULL, 0} = none */
} FsaEvidence;

typedef struct FsaEntity {
  const char *id;      /* 16 hex digits: the same in every run over the same case */
  const char *label;   /* what it is, for people: the path or name that most of its rows share */
  uint32_t host;       /* in FsaScore.hosts */
  uint32_t rank;       /* 1 = the host's first */
  double weight;       /* L: the sum of its terms */
  double probability;  /* 1 / (1 + exp(-L)) */
  double softplus;     /* ln(1 + exp(L)) */
  double discount;     /* of its place among the host's entities */
  double contribution; /* softplus * discount: its part of the host's score */
  const FsaTerm *terms;
  uint32_t term_count;
  const FsaEvidence *evidence;        /* by weight */
  uint32_t evidence_count, row_count; /* kept, and all rows of it that carry weight */
  uint32_t source_count;              /* independent sources (tables) */
  int64_t first_seen;                 /* the earliest of its rows' own times */
  const char *const *attack; /* MITRE ATT&CK ids of the rules that hit, else of its queries */
  uint32_t attack_count;
  const char *next_step; /* of the query that weighs most; "" = none */
  const char *proves, *does_not_prove;
  uint32_t cluster;   /* in FsaScore.clusters; FSA_NO_INDEX = on this host alone */
  bool is_suppressed; /* a known-good entry took weight from it */
} FsaEntity;

typedef struct FsaScoredHost {
  uint32_t matrix_host; /* in FsaMatrix.hosts: names, times, platform */
  uint32_t group;
  uint32_t rank; /* 1 = look at it first; 0 = unknown */
  FsaBand band;
  double score;       /* S; 0 when unknown */
  double e_value;     /* uncompromised hosts of this fleet expected to score as high by chance */
  double probability; /* 1 - product of (1 - P) over its entities */
  uint32_t covered, applicable;        /* its queries */
  uint32_t weighed;                    /* rows that carry weight */
  uint32_t rule_hits;                  /* rows that a rule hit */
  uint32_t suppressed;                 /* rows that known-good entries hid */
  double outlier;                      /* the weight of its row counts, 0..2 */
  uint32_t first_entity, entity_count; /* in FsaScore.entities; 0 when its details are not kept */
  bool is_detailed;
} FsaScoredHost;

/* The same thing on several hosts: one finding. */
typedef struct FsaCluster {
  const char *label; /* "" = no entity of it is shown: the key names it */
  uint32_t artefact; /* of the tally that is gone: an order, no more */
  uint32_t query;    /* of the key that names it */
  FsaText key;
  const uint32_t *hosts; /* in FsaScore.hosts, by rank */
  uint32_t host_count;
  double weight; /* of its heaviest entity */
  int64_t first_seen, last_seen;
} FsaCluster;

/* What may be everywhere because an intruder put it everywhere: ranked without rarity. */
typedef struct FsaMassKey {
  uint32_t query;
  FsaText key;
  FsaPrevalence fleet;
  double weight;   /* of rules and attributes, rules at their author's rates */
  const char *why; /* which rules and attributes */
  FsaText row;     /* one of its rows */
  int64_t first_seen;
  uint32_t in_window; /* hosts on which it was first seen inside the window */
  const char *const *attack;
  uint32_t attack_count;
} FsaMassKey;

/* A host with unusually many rows of some sources for its role: a hint, never a finding. */
typedef struct FsaOutlier {
  uint32_t host;  /* in FsaScore.hosts */
  uint32_t query; /* the source that stands out most */
  int64_t rows;
  double group_median;
  double tail;   /* share of its group with as many rows of that source */
  double weight; /* of all its sources together, 0..2 */
} FsaOutlier;

/* A known-good entry and what it did. */
typedef struct FsaSuppression {
  const char *scope, *reason, *author, *date, *expires;
  uint32_t line;        /* of the file */
  bool is_expired;      /* then it was not applied */
  uint32_t rows, hosts; /* that it hid */
} FsaSuppression;

/* A rule or an attribute as this fleet measured it. */
typedef struct FsaMeasure {
  uint32_t query;
  const char *id;    /* rule id, or the attribute's family */
  const char *where; /* its SQL condition */
  bool is_rule, is_fixed;
  double tpr;      /* or the attribute's frequency among malicious things */
  double prior;    /* the author's false-positive rate; 0 for an attribute */
  double measured; /* the rate in this fleet, with the prior */
  double weight;
  uint64_t rows, hits;
  uint32_t hosts;      /* with a hit */
  const char *not_run; /* why it was not run; NULL = it was */
} FsaMeasure;

/* How the rows of a source are spread: for charts and for the text of the rarity weight. */
typedef struct FsaRarity {
  uint32_t query;
  const char *stratum; /* the kind of path, "" = the whole source */
  uint64_t sightings[FSA_RARITY_BUCKETS];
  double weight[FSA_RARITY_BUCKETS];
} FsaRarity;

typedef struct FsaWindow {
  int64_t from, to;  /* 0, 0 = none */
  bool is_given;     /* else it is a proposal, and no weight was taken from it */
  uint32_t entities; /* heavy entities that were first seen in it */
} FsaWindow;

typedef struct FsaDay {
  int64_t day;     /* its first second, UTC */
  uint32_t things; /* keys that carry weight and were first seen on that day */
  uint32_t heavy;  /* entities of hosts with a band that were */
} FsaDay;

typedef struct FsaScore {
  FsaArena arena;
  const char
      *message; /* what was wrong when fsa_score_build() failed and the case is not to blame */
  bool has_store_failed; /* then the store is, and it was said on standard error */
  FsaGroup *groups;
  uint32_t group_count;
  FsaScoredHost *hosts; /* by rank; unknown ones last */
  uint32_t host_count, unknown_count;
  uint32_t bands[FSA_BAND_COUNT]; /* hosts of each */
  FsaEntity *entities;            /* by host's rank, then by their own */
  uint32_t entity_count;
  FsaCluster *clusters; /* by weight */
  uint32_t cluster_count;
  FsaMassKey *mass; /* by weight */
  uint32_t mass_count;
  FsaOutlier *outliers; /* by weight */
  uint32_t outlier_count;
  const uint32_t *weak; /* weak leads: in `entities`, of hosts without a band, by weight */
  uint32_t weak_count;
  FsaSuppression *suppressions;
  uint32_t suppression_count;
  FsaMeasure *measures;
  uint32_t measure_count;
  FsaRarity *rarities;
  uint32_t rarity_count;
  FsaWindow window;
  FsaDay *days; /* in order, at most FSA_MAX_TIMELINE_DAYS, the newest */
  uint32_t day_count;
  double score_edges[FSA_SCORE_BUCKETS + 1]; /* of the score distribution */
  uint32_t score_hosts[FSA_SCORE_BUCKETS], score_null[FSA_SCORE_BUCKETS]; /* null: per resample */
  double sources_per_host, rows_per_host; /* covered sources; rows of all of them */
  uint64_t sightings, weighed;            /* keys on hosts; rows that carry weight */
  uint32_t resamples;
  uint64_t seed;
} FsaScore;

typedef struct FsaScoreOptions {
  const char *groups_path;        /* CSV: host name or identifier, role; NULL = find roles */
  const char *suppress_path;      /* known-good file (docs/scoring.md); NULL = none */
  int64_t window_from, window_to; /* the incident window; 0, 0 = none is known */
  int64_t now;                    /* for expiry; 0 = the clock */
  const char *detail_host; /* host name or identifier whose entities are wanted; NULL = none */
  uint32_t detail_top;   /* hosts, by rank, whose entities are kept; those with a band always are */
  const char *store_url; /* where keys are counted; NULL = in the case */
  unsigned jobs;         /* threads; 0 = one per core. The result depends on neither */
} FsaScoreOptions;

/*
 * Scores the case. FSA_OK; on failure ret->message or the case's message says why, or it was the
 * store's (ret->has_store_failed). `matrix` must live as long as the result. fsa_score_done() in
 * either case.
 */
int fsa_score_build(FsaCase *store, const FsaMatrix *matrix, const FsaScoreOptions *options,
                    FsaScore *ret_score);
void fsa_score_done(FsaScore *score);

#endif
