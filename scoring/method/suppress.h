/*
 * Known-good things: a file of entries, each with a reason, an author and a day on which it ends.
 *
 * A CSV file with the columns scope, reason, author, date, expires (dates as 2026-11-28). Scopes:
 *
 *   sha256=HEX             rows with this hash in a column `sha256`
 *   path=PATTERN           rows whose path, image, binary_path, module_path or process_path
 * matches;
 *                          * stays in a folder, ** does not, either separator, any letter case
 *   signer=NAME            rows with this `signer` whose signature is not said to be bad
 *   key=QUERY KEY          rows of a query with this key, as it is printed (columns parted by " |
 * ")
 *
 * An entry takes away what is intrinsic to the thing - that it is rare, what its attributes are -
 * never what a rule says of its behaviour. An expired one does nothing.
 */
#ifndef FSA_SCORING_SUPPRESS_H
#define FSA_SCORING_SUPPRESS_H

#include "case/matrix.h"

#define FSA_MAX_SUPPRESS_BYTES (256u << 20)
#define FSA_MAX_SUPPRESSIONS 65534

typedef enum FsaScope {
  FSA_SCOPE_SHA256,
  FSA_SCOPE_PATH,
  FSA_SCOPE_SIGNER,
  FSA_SCOPE_KEY
} FsaScope;

typedef struct FsaKnownGood {
  FsaScope kind;
  const char *scope; /* as it stands in the file */
  FsaText value;     /* what follows its `=`, as it is compared */
  const char *query; /* of FSA_SCOPE_KEY */
  const char *reason, *author, *date, *expires;
  uint32_t line;
  bool is_expired;
} FsaKnownGood;

typedef struct FsaSuppressions {
  FsaArena arena;
  FsaKnownGood *all;
  uint32_t count;
  GHashTable *hashes;  /* sha256 in lower case -> place + 1 */
  const char *message; /* why the file could not be used */
} FsaSuppressions;

/*
 * Reads the file; `path` NULL = there is none. `now` in Unix seconds. FSA_OK; FSA_E_FORMAT with a
 * message that names the line; FSA_E_NOMEM. fsa_suppressions_done() in either case.
 */
int fsa_suppressions_read(const char *path, int64_t now, FsaSuppressions *ret_suppressions);
void fsa_suppressions_done(FsaSuppressions *suppressions);

/* The place + 1 of the first entry in force that covers a row; 0 = none. Thread safe. */
uint32_t fsa_suppressions_find(const FsaSuppressions *suppressions, const char *query, FsaText key,
                               const FsaAnswerLine *row, FsaArena *arena);

/* The first second of a day written as 2026-11-28; false when it is none. */
bool fsa_day_read(const char *text, int64_t *ret_time);

#endif
