/* The hosts that should be there: a list from outside, against those whose lines arrived. */
#ifndef FSA_SCORING_EXPECTED_HOSTS_H
#define FSA_SCORING_EXPECTED_HOSTS_H

#include "matrix.h"

typedef struct FsaExpectedHosts {
  size_t count;       /* distinct hosts of the list; 0 = there is none */
  GPtrArray *missing; /* char *, as the list has them: those of which no line arrived */
  size_t unlisted;    /* hosts of the logs that the list does not have; 0 without a list */
} FsaExpectedHosts;

/*
 * Compares the list at `path` (host_list.h), or with NULL the one that the case has; letter case
 * makes no difference. Hosts whose identifier the list has once are told by it or by their name,
 * clones by their name alone. FSA_OK, or FSA_E_ABSENT after saying on standard error why it cannot
 * be read. fsa_expected_hosts_done() in either case.
 */
int fsa_expected_hosts_read(const FsaMatrix *matrix, const char *path, FsaExpectedHosts *ret_hosts);
/* Reads the list at `path`. FSA_OK, FSA_E_NOMEM, or FSA_E_ABSENT after saying why. */
int fsa_host_list_file(const char *path, FsaHostList *list);

void fsa_expected_hosts_done(FsaExpectedHosts *hosts);

#endif
