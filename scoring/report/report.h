/* `fsa-score report`: what an incident lead reads, prints and signs. */
#ifndef FSA_SCORING_REPORT_H
#define FSA_SCORING_REPORT_H

#include "method/score.h"

typedef struct FsaReportOptions {
  const char *case_path;
  const char *page_path;  /* the HTML file; NULL = none */
  const char *json_path;  /* the JSON document; NULL = none */
  const char *hosts_path; /* the hosts that should be there, one a line; NULL = none */
  const char *version;    /* of the program */
  FsaScoreOptions score;
} FsaReportOptions;

/*
 * Scores the case and writes the files, each whole or not at all. The exit code of the program: 0,
 * 2 when the case cannot be read or scored, 3 when the store cannot be asked or the list of hosts
 * read, or a file cannot be written.
 */
int fsa_report(const FsaReportOptions *options);

#endif
