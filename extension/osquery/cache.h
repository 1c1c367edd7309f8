/*
 * A short memory of full enumerations.
 *
 * In a join osquery asks us once for each row of the other table. A question that seeks (a pid, a
 * path) is cheap; any other would enumerate the host each time. An answer to a question without
 * conditions is therefore remembered until two seconds after the look ended, and a question with
 * conditions that comes again within that time is worth an enumeration too, if it stays small;
 * later ones are picked out of it.
 *
 * Threads: a cache may be used by several at once.
 */
#ifndef FSA_OSQUERY_CACHE_H
#define FSA_OSQUERY_CACHE_H

#include "osquery/answer.h"

/* An empty cache; NULL when memory ran out. */
FsaCache *fsa_cache_new(void);
void fsa_cache_free(FsaCache *cache); /* accepts NULL */

/* Gives back what is too old to be an answer; for when no question comes. */
void fsa_cache_rest(FsaCache *cache);

/*
 * The rows of a question as far as the cache can give them, or NULL: then the engine must be asked.
 * The caller's. May enumerate by itself, but not beyond `deadline` (monotonic ns).
 */
FsaRows *fsa_cache_find(FsaService *service, const FsaQuestion *question, int64_t deadline);

/*
 * Remembers the engine's answer to a question: its rows, if it is one without conditions and not
 * too large; else what it cost (ns).
 */
void fsa_cache_keep(FsaCache *cache, const FsaQuestion *question, FsaRows *rows, int64_t cost);

#endif
