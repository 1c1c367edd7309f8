/* `fsa-score ingest`: logs into the case. */
#ifndef FSA_SCORING_INGEST_H
#define FSA_SCORING_INGEST_H

#include "ingest/apply.h"

#define FSA_MAX_INPUT_DEPTH 32    /* folders below a folder that is given */
#define FSA_MAX_KEPT_REJECTS 1000 /* of one input, with their place; all are counted */
#define FSA_BATCH_PIECES 64       /* pieces of a transaction */

typedef struct FsaIngestOptions {
  const char *case_path;
  const char *meta_path; /* NULL = the metadata that was built in */
  const char *const *logs;
  size_t log_count;
  unsigned jobs;    /* parsing threads; 0 = one per core */
  bool is_quiet;    /* no summary */
  bool is_unhashed; /* inputs without their SHA-256 */
  bool is_strict;   /* rejected lines are exit code 4 */
} FsaIngestOptions;

/* Runs it; prints a summary to standard output and complaints to standard error. The exit code of
 * the program: 0 done, 2 bad metadata or case, 3 a log could not be read (the others were), 4 lines
 * were rejected and is_strict. */
int fsa_ingest(const FsaIngestOptions *options);

#endif
