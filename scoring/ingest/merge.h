/* `fsa-score merge`: cases of parts of a fleet, or of parts of its logs, into one. */
#ifndef FSA_SCORING_MERGE_H
#define FSA_SCORING_MERGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct FsaMergeOptions {
  const char *case_path;
  const char *const *parts; /* cases */
  size_t part_count;
  bool is_quiet;
} FsaMergeOptions;

/*
 * Runs it: the case is then as if it had read the logs of all parts, whatever they have in common.
 * The exit code of the program: 0; 2 when a case cannot be read or written, or two were made with
 * different packs. What was merged before a failure is in the case and does no harm: merging again
 * changes nothing of it.
 */
int fsa_merge(const FsaMergeOptions *options);

#endif
