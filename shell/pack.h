/*
 * Packs: queries in files, each with a header that says what it is for and how far it may go.
 *
 * A header is the block of `-- name: value` lines at the top of a .sql file; a line `--   more`
 * continues the value. docs/packs.md describes every field. Without a path the packs that were
 * compiled in are used.
 */
#ifndef FSA_SHELL_PACK_H
#define FSA_SHELL_PACK_H

#include "base/arena.h"
#include "base/text.h"

#define FSA_MAX_PACK_SQL (16u << 20) /* bytes of a query with its YARA rules */
#define FSA_LEAST_INTERVAL 10        /* seconds; Zentral takes 10 to 604800, osquery up to a week */
#define FSA_MOST_INTERVAL 604800

#define FSA_PACK_NAME "fsa" /* osquery's name of a query is pack_fsa_<id> */

/* A file that was compiled in; the array ends with a NULL path. */
typedef struct FsaPackFile {
  const char *path;
  const char *text; /* `size` bytes, then a NUL */
  size_t size;
} FsaPackFile;

extern const FsaPackFile fsa_pack_files[];

/* What a row that meets a condition says. The conditions are SQL over the columns of the row, all
 * of which are text there: docs/packs.md, "Rules and attributes". */
typedef struct FsaPackRule {
  const char *id;
  const char *where;
  double tpr, fpr;     /* the author's prior */
  const char **attack; /* ATT&CK technique ids */
  bool is_fixed;       /* never discounted by how often it fires in a fleet */
  size_t line;
} FsaPackRule;

typedef struct FsaPackAttribute {
  const char *family;
  const char *where;
  double frequency; /* among malicious things */
  size_t line;
} FsaPackAttribute;

/* One query. Texts are NUL-terminated; lists end with NULL; a field that the header lacks is NULL.
 */
typedef struct FsaPackQuery {
  const char *path;
  const char *id; /* "fsa_..." */
  const char *title;
  const char *pillar;   /* running | set_to_run | has_run | os_state | coverage */
  const char *platform; /* linux | windows | all */
  const char *logging;  /* snapshot | differential | differential_ignore_removals */
  const char *interval; /* hourly | daily | weekly | seconds */
  const char **key;     /* columns that prevalence counts */
  const char **join;    /* columns that name the entity a row is about */
  const char *family;
  const char **attack; /* ATT&CK technique ids */
  int64_t max_rows;    /* -1 = not given */
  int64_t max_bytes;   /* of a result line; -1 = not given */
  double tpr, fpr;     /* the author's prior of a detection; -1 = none */
  FsaPackRule *rules;
  size_t rule_count;
  FsaPackAttribute *attributes;
  size_t attribute_count;
  const char **awaits;  /* tables that are not there yet: the query has no SQL; else NULL */
  const char **columns; /* which it will give; NULL but with awaits */
  const char **yara;    /* files of YARA rules, from the folder of this file; else NULL */
  const char *proves;
  const char *does_not_prove;
  const char *false_positives;
  const char *next_step;
  const char *positive; /* evidence that gives rows ... */
  const char *negative; /* ... and evidence that gives none */
  const char *sql;      /* without the header and the final semicolon */
  size_t sql_line;      /* its first line in the file */
} FsaPackQuery;

/* A file of YARA rules, its own or the user's. */
typedef struct FsaPackRules {
  const char *path;
  const char *quoted; /* its text as an SQL string */
  struct FsaPackRules *next;
} FsaPackRules;

typedef struct FsaPack {
  FsaArena arena;
  FsaPackQuery *queries; /* in the order in which they run: by pillar, then id, coverage last */
  size_t count;
  size_t faults;      /* complaints while loading */
  FsaPackRules *yara; /* that queries read; NULL = none */
  bool is_compiled_in;
} FsaPack;

/*
 * Loads the .sql files at `paths` (files, or folders with all below them), or the compiled-in ones
 * when there are none. `rules` are files of YARA rules, or folders of them, that are added to each
 * query that has rules. Every fault of a header is told on standard error as "path:line: what" and
 * counted. FSA_OK, FSA_E_NOMEM, or FSA_E_USAGE when a path cannot be read (both are told).
 */
int fsa_pack_load(FsaPack *pack, const char *const *paths, size_t count, const char *const *rules,
                  size_t rule_count);

/* Accepts {0}. */
void fsa_pack_done(FsaPack *pack);

/* True when the query is for that platform ("linux", "windows"; NULL = unknown: any). */
bool fsa_pack_is_for(const FsaPackQuery *query, const char *platform);

/* Seconds of an interval; 0 for what is none. */
int64_t fsa_pack_interval(const FsaPackQuery *query);

/* The place of a pillar in the order of running; -1 for an unknown one. */
int fsa_pack_pillar_rank(const char *pillar);

/* The names of a query's tables in the order in which it reads them, without doubles. */
typedef struct FsaPackTables {
  const char **names;
  size_t count;
} FsaPackTables;

struct sqlite3;

/*
 * Adds what a `rule:` or `attribute:` line of the header says. FSA_OK, FSA_E_NOMEM, or FSA_E_FORMAT
 * when the value has not the form of one.
 */
int fsa_pack_add_rule(FsaArena *arena, FsaPackQuery *query, const char *value, size_t line);
int fsa_pack_add_attribute(FsaArena *arena, FsaPackQuery *query, const char *value, size_t line);

/* The words of a list that are separated by blanks and commas; NULL without memory. */
const char **fsa_pack_split(FsaArena *arena, const char *value);

/* Reads a share, 0 to 1. */
bool fsa_pack_read_share(const char *value, double *ret_share);

/*
 * Puts the texts of each query's rules, and of those at `rules`, in the place of FSA_PACK_RULES in
 * its SQL, as a list of SQL strings. The same results as fsa_pack_load().
 */
#define FSA_PACK_RULES "@rules@"
int fsa_pack_insert_yara(FsaPack *pack, const char *const *rules, size_t count);

/* Compiles each file of rules; tells which cannot be, and why. Gives their number. */
struct sqlite3;
size_t fsa_pack_check_yara(FsaPack *pack, struct sqlite3 *db);

/*
 * Gives `visit` the file at `path`, or each file below the folder there whose name ends so, in the
 * order of their names, until one is not FSA_OK. What cannot be read is told: FSA_E_USAGE.
 */
typedef int FsaPackVisit(void *context, const char *path);
int fsa_pack_walk(const char *path, const char *const *endings, FsaPackVisit *visit, void *context);
bool fsa_pack_ends(const char *path, const char *const *endings);

/* A file's text, without carriage returns before newlines, in `arena`. As fsa_pack_walk(). */
int fsa_pack_read(FsaArena *arena, const char *path, const char **ret_text);

/* Tells that a path cannot be used; FSA_E_USAGE. */
int fsa_pack_refuse(const char *path, const char *why);

/*
 * Which tables a statement reads. FSA_OK, FSA_E_NOMEM, or FSA_E_USAGE when it does not prepare:
 * sqlite3_errmsg() then says why. Memory from `arena`.
 */
int fsa_pack_tables(struct sqlite3 *db, const char *sql, FsaArena *arena,
                    FsaPackTables *ret_tables);

/*
 * The result columns of a statement, without running it. The same results as fsa_pack_tables().
 */
typedef struct FsaPackColumns {
  const char **names;
  size_t count;
} FsaPackColumns;

int fsa_pack_columns(struct sqlite3 *db, const char *sql, FsaArena *arena,
                     FsaPackColumns *ret_columns);

/*
 * What the scorer would say against a condition of a rule or an attribute; NULL = nothing. Static,
 * or in the arena.
 */
const char *fsa_pack_condition_fault(const FsaPackColumns *columns, const char *where,
                                     FsaArena *arena);

/*
 * The next word, string, quoted name or sign of a statement; comments are passed over. Points into
 * the statement; of size 0 at its end.
 */
FsaText fsa_pack_next_token(const char **at);

/* Checks every query against the real schema; tells each fault. Gives their number. */
size_t fsa_pack_lint(FsaPack *pack, struct sqlite3 *db);

/* Writes the packs in each form that docs/packs.md lists into `folder`. An exit code. */
int fsa_pack_build(const FsaPack *pack, struct sqlite3 *db, const char *folder);

#endif
