/* `fsa-score push`: what the case holds, into a store. */
#ifndef FSA_SCORING_PUSH_H
#define FSA_SCORING_PUSH_H

#include <stdbool.h>

#include "case/case.h"
#include "case/matrix.h"
#include "store/store.h"

typedef struct FsaPushOptions {
  const char *case_path, *store_url;
  bool is_quiet;
} FsaPushOptions;

/*
 * Runs it: answers and coverage that the store does not have as they are. The exit code of the
 * program: 0; 2 when the case cannot be read, 3 when the store cannot be asked or written. Pushing
 * again goes on where a failure was, and changes nothing of what is there.
 */
int fsa_push(const FsaPushOptions *options);

/* The state of one answer of the case as a number: of equal states equal. Other key columns make
 * other keys of the same rows. `meta` is of its query, NULL = no pack knows it. */
uint64_t fsa_answer_version(const FsaAnswerHead *head, const FsaQueryMeta *meta);

/* The name of a host in a store, to be freed: identifier, U+001F, host name; no two hosts of a case
 * share one, whatever they call themselves. */
char *fsa_store_host(const char *identifier, const char *hostname);

#endif
