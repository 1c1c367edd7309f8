/* The hosts that should be there: a list from outside, against those whose lines arrived. */
#ifndef FSA_SCORING_EXPECTED_HOSTS_H
#define FSA_SCORING_EXPECTED_HOSTS_H

#include "case/matrix.h"

/* A host of which no line arrived; texts as the list has them, "" = unknown. */
typedef struct FsaMissingHost {
  const char *name; /* host name, or identifier where it has none */
  const char *identifier, *last_seen;
} FsaMissingHost;

typedef struct FsaExpectedHosts {
  FsaArena arena;  /* holds the texts */
  size_t count;    /* distinct hosts of the list; 0 = there is none */
  GArray *missing; /* FsaMissingHost */
  size_t unlisted; /* hosts of the logs that the list does not have; 0 without a list */
} FsaExpectedHosts;

/*
 * Compares the list at `path` (host_list.h), or with NULL the one that the case has; letter case
 * makes no difference. Hosts whose identifier the list has once are told by it or by their name,
 * clones by their name alone. FSA_OK, FSA_E_NOMEM, or FSA_E_ABSENT after saying on standard error
 * why it cannot be read. fsa_expected_hosts_done() in either case.
 */
int fsa_expected_hosts_read(const FsaMatrix *matrix, const char *path, FsaExpectedHosts *ret_hosts);

/* Reads the list at `path`. FSA_OK, FSA_E_NOMEM, or FSA_E_ABSENT after saying why. */
int fsa_host_list_file(const char *path, FsaHostList *list);

void fsa_expected_hosts_done(FsaExpectedHosts *hosts);

static inline const FsaMissingHost *fsa_missing_host(const FsaExpectedHosts *hosts, guint index) {
  return &g_array_index(hosts->missing, FsaMissingHost, index);
}

#endif
