/* `fsa-score hosts`: which hosts should be there, into the case. */
#ifndef FSA_SCORING_HOSTS_H
#define FSA_SCORING_HOSTS_H

#include <stdbool.h>

/* The environment variable that holds a Fleet token where no file does. */
#define FSA_FLEET_TOKEN "FSA_FLEET_TOKEN"

typedef struct FsaHostsOptions {
  const char *case_path;
  const char *hosts_path; /* a list (host_list.h); NULL = none */
  const char *fleet_url;  /* a Fleet server; NULL = none */
  const char *token_path; /* a file that holds its token; NULL = the environment does */
  bool is_quiet;
} FsaHostsOptions;

/* Runs it. The exit code of the program: 0, 2 when the case, 3 when a list cannot be read: the case
 * is then as it was. */
int fsa_hosts(const FsaHostsOptions *options);

#endif
