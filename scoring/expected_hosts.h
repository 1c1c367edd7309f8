/* The hosts that should be there: a list from outside, against those whose lines arrived. */
#ifndef FSA_SCORING_EXPECTED_HOSTS_H
#define FSA_SCORING_EXPECTED_HOSTS_H

#include "matrix.h"

#define FSA_MAX_HOST_LIST (256u << 20) /* bytes of a list */

typedef struct FsaExpectedHosts {
  size_t count;       /* distinct names of the list; 0 = no list was given */
  GPtrArray *missing; /* char *, as the list has them: those of which no line arrived */
  size_t unlisted;    /* hosts of the logs that the list does not have; 0 without a list */
} FsaExpectedHosts;

/*
 * Reads `path`: one host name or identifier a line, the first field of a CSV; letter case makes no
 * difference. NULL = no list. FSA_OK, or FSA_E_ABSENT after saying on standard error why it cannot
 * be read. fsa_expected_hosts_done() in either case.
 */
int fsa_expected_hosts_read(const FsaMatrix *matrix, const char *path, FsaExpectedHosts *ret_hosts);
void fsa_expected_hosts_done(FsaExpectedHosts *hosts);

#endif
