/*
 * Answering a question: the engine's rows, encoded for the wire.
 *
 * Threads: one service serves any number of questions at once.
 */
#ifndef FSA_OSQUERY_ANSWER_H
#define FSA_OSQUERY_ANSWER_H

#include "osquery/question.h"
#include "osquery/rows.h"

typedef struct FsaCache FsaCache; /* osquery/cache.h */

/* What every answer is made with. */
typedef struct FsaService {
  FsaEngine *engine;
  FsaCache *cache;
  const char *const *allowed; /* folders whose evidence may be asked */
  size_t allowed_count;
  int64_t max_rows;
  int64_t deadline_ns; /* of one question */
} FsaService;

/* The number that the SQL column `index` has as a cell's name (osquery/rows.h); rowid is 0. */
static inline size_t fsa_answer_cell(int index) {
  return (size_t)index + 1;
}

/*
 * All rows of a question, sealed; the caller's, given back by fsa_rows_drop(). On failure
 * *ret_error says what to do: FSA_E_TIMEOUT, FSA_E_LIMIT, FSA_E_NOMEM, or why the evidence cannot
 * be asked. There are then no rows: what is cut never looks complete.
 */
int fsa_answer(FsaService *service, const FsaQuestion *question, FsaRows **ret_rows,
               FsaError *ret_error);

/*
 * As fsa_answer(), straight from the engine, with a ceiling of rows and of time of its own
 * (monotonic ns) and without its conditions when `whole`.
 */
int fsa_answer_scan(FsaService *service, const FsaQuestion *question, bool whole, int64_t max_rows,
                    int64_t deadline, FsaRows **ret_rows, FsaError *ret_error);

#endif
