/*
 * The engine's inside: what its files share and nobody else sees.
 *
 * An engine holds the evidence that is open, the problems and the coverage. A cursor is one query.
 * A scan is one subject of it, and the handle that a table's functions get. When several threads
 * work, each finished batch of rows waits in its subject's slot until the reader comes to it.
 */
#ifndef FSA_ENGINE_ENGINE_H
#define FSA_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/scan.h"
#include "evidence/registry.h"

/* ---- evidence -----------------------------------------------------------------------------------
 */

/* One piece of open evidence, shared by the cursors that read it. */
typedef struct EvidenceUse {
  FsaEvidence *evidence;
  unsigned users; /* cursors, and the engine itself while it remembers it */
} EvidenceUse;

/* Opens `name` (NULL = the default) or takes the one that is open; given back by
 * engine_evidence_drop(). */
int engine_evidence_take(FsaEngine *engine, const char *name, EvidenceUse **ret_use,
                         FsaError *ret_error);
void engine_evidence_drop(FsaEngine *engine, EvidenceUse *use);

/* ---- problems ---- */

/* One problem, its texts in the same allocation. */
typedef struct Problem {
  struct Problem *next;
  FsaProblem fact;
} Problem;

/* A problem with copies of the texts; NULL when memory ran out. Freed by free(). */
Problem *problem_new(const char *table, const char *evidence, const char *source, uint64_t offset,
                     int code, const char *message);

/* Hands a problem to the engine, which keeps the newest FSA_MAX_PROBLEMS. NULL counts as dropped.
 */
void engine_problem_add(FsaEngine *engine, Problem *problem);

/* ---- the engine ---- */

#define KEPT_EVIDENCE 4 /* pieces of evidence that stay open between queries */

typedef struct CoverageEntry CoverageEntry;

struct FsaEngine {
  pthread_mutex_t lock; /* guards all below */
  char *default_evidence;
  unsigned jobs;
  int64_t deadline_ns;
  size_t memory;
  EvidenceUse *kept[KEPT_EVIDENCE]; /* newest first */
  Problem **problems;               /* a ring of FSA_MAX_PROBLEMS, made at the first problem */
  size_t problem_first, problem_count;
  uint64_t problems_dropped;
  CoverageEntry *coverage;
  _Atomic bool interrupted; /* not guarded: a signal handler sets it */
};

/* What a finished full scan saw. */
typedef struct CoverageFacts {
  int64_t subjects, rows, problems;
  int64_t troubled;       /* subjects that had a problem */
  unsigned codes;         /* bit -code = a problem with that code occurred */
  FsaColumnSet wanted;    /* the columns that were read */
  int64_t started, ended; /* wall clock, ns */
} CoverageFacts;

void engine_coverage_record(FsaEngine *engine, const FsaTable *table, const char *evidence,
                            const CoverageFacts *facts);
void engine_coverage_free(FsaEngine *engine);

/* ---- subjects ---- */

typedef struct Subject {
  int64_t pid;           /* -1 when it is not a process */
  const FsaFound *files; /* the file, or all of them for FSA_FILE_SET and FSA_HIVES */
  size_t file_count;
} Subject;

/* Finds the subjects of a cursor and narrows them by its keys; fills cursor->subjects. */
int cursor_find_subjects(FsaCursor *cursor, FsaError *ret_error);

/* ---- scans and cursors ---- */

/* Rows that a worker finished together. */
typedef struct Batch {
  struct Batch *next;
  FsaArena arena; /* the rows, their values and their texts */
  FsaRow **rows;
  size_t count;
} Batch;

struct FsaScan {
  FsaCursor *cursor;
  const Subject *subject; /* NULL in begin */
  void *state;
  FsaArena arena; /* of the subject */
  FsaArena *row_arena;
  FsaFile *file;                     /* the one of fsa_scan_open_file() */
  FsaFile **held;                    /* those of fsa_scan_file_bytes(), by file index */
  int64_t deadline;                  /* monotonic ns; 0 = none */
  Problem *problems, **problems_end; /* not yet handed to the engine */
  uint64_t problem_count;
  int64_t rows;
  const FsaEvidenceInfo *case_list; /* of fsa_look_evidence(), made at its first call */
  size_t case_count;
  bool is_open; /* the table's open succeeded, close is owed */
  bool is_over; /* next has said its last */
};

/* What the reader needs of one subject. */
typedef struct Slot {
  FsaScan scan;
  Batch *first, **end;
  size_t waiting; /* finished batches that the reader has not taken */
  bool done;      /* no more batches will come */
} Slot;

struct FsaCursor {
  FsaEngine *engine;
  const FsaTable *table;
  EvidenceUse *use;
  FsaQuery query;
  FsaArena arena; /* subjects and found files; used by the reader's thread only */
  Subject *subjects;
  size_t subject_count;
  void *shared; /* of the table's begin */
  bool has_shared;
  unsigned jobs;
  pthread_mutex_t registry_lock;
  FsaRegistry *registry;
  FsaScan *registry_scan; /* whom registry problems belong to */
  int registry_result;    /* FSA_ROW = not opened yet */
  CoverageFacts facts;
  bool is_full; /* no keys: its end is worth remembering as coverage */
  bool is_recorded;
  uint64_t row_count; /* that were read */
  _Atomic bool cancelled;

  /* one thread: rows come straight from the table */
  FsaScan *scan;
  FsaRow row;
  FsaArena row_arena;

  /* several threads */
  pthread_mutex_t lock; /* guards the slots and what follows */
  pthread_cond_t changed;
  pthread_t threads[FSA_MAX_JOBS];
  unsigned thread_count;
  bool is_late; /* the workers stopped at the query's deadline */
  Slot *slots;
  size_t next_subject; /* the first that no worker has taken */
  size_t reader;       /* the subject whose rows are read now */
  Batch *batch;        /* the one whose rows are read now */
  size_t batch_row;
};

/* True once the deadline of the query has passed. */
bool cursor_is_late(const FsaCursor *cursor);

/* Starts, continues and ends one subject. `scan` is zeroed memory. */
int scan_start(FsaScan *scan, FsaCursor *cursor, const Subject *subject);
int scan_next(FsaScan *scan, FsaRow *row);
void scan_finish(FsaScan *scan); /* closes the table's state, keeps what rows point to */
void scan_done(FsaScan *scan);   /* frees everything; accepts zeroed memory */

/* Hands the scan's problems to the engine and its counts to the cursor. */
void scan_report(FsaScan *scan);

/* Makes `row` empty before the table fills it. */
void row_reset(FsaRow *row, int column_count);

/* Several threads: start the workers, read the next row, end them. */
int workers_start(FsaCursor *cursor);
int workers_next(FsaCursor *cursor, const FsaRow **ret_row);
void workers_stop(FsaCursor *cursor);

/* What the table says about itself and its subject, for the hidden `source` column and for
 * problems. */
FsaText scan_source(const FsaScan *scan, char buffer[32]);

#endif
