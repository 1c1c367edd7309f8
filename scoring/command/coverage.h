/* `fsa-score coverage`: which hosts answered for which source, and which did not. */
#ifndef FSA_SCORING_COVERAGE_H
#define FSA_SCORING_COVERAGE_H

#include "case/matrix.h"
#include "text/print.h"

typedef struct FsaCoverageOptions {
  const char *case_path;
  const char
      *hosts_path; /* the hosts that should be there, one a line (first CSV field); NULL = none */
  FsaFormat format;
  bool is_strict; /* exit code 4 when a host or a source is missing */
} FsaCoverageOptions;

/* Runs it; prints to standard output. The exit code of the program: 0, 2 when the case or 3 when
 * the list of hosts cannot be read, 4 see is_strict. */
int fsa_coverage(const FsaCoverageOptions *options);

#endif
