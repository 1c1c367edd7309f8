/* What a function answers: the result codes of every layer. */
#ifndef FSA_BASE_RESULT_H
#define FSA_BASE_RESULT_H

/*
 * Functions that can fail return one of these. Negative is failure; out-parameters are then
 * untouched.
 */
typedef enum FsaResult {
  FSA_OK = 0,             /* done; from a `next` function: no more rows */
  FSA_ROW = 1,            /* one more row or record was produced */
  FSA_E_NOMEM = -1,       /* memory ran out */
  FSA_E_FORMAT = -2,      /* the bytes contradict the format */
  FSA_E_VERSION = -3,     /* a format version that we do not know */
  FSA_E_ACCESS = -4,      /* the system refused */
  FSA_E_ABSENT = -5,      /* it is not there */
  FSA_E_TIMEOUT = -6,     /* the deadline passed */
  FSA_E_LIMIT = -7,       /* a named ceiling was reached; rows so far are good */
  FSA_E_UNSUPPORTED = -8, /* this table has no source on this kind of evidence */
  FSA_E_USAGE = -9,       /* the caller asked for something that does not exist */
  FSA_E_IO = -10,         /* the read itself failed */
  FSA_E_STALE = -11,      /* older than it could be: a dirty hive, not replayed */
  FSA_E_CANCELLED = -12,  /* the reader went away */
} FsaResult;

/*
 * The short name of a code ("format", "access", ...), as the `code` column of fsa_problems shows
 * it. Static storage.
 */
const char *fsa_result_name(int result);

/*
 * The result that stands for an errno value (ENOENT -> FSA_E_ABSENT, EACCES -> FSA_E_ACCESS, ...).
 */
int fsa_result_from_errno(int error);

#endif
