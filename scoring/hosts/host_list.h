/*
 * The hosts that should be there, as somebody else lists them: an inventory, a directory, a fleet
 * manager. The denominator of a fleet's coverage.
 */
#ifndef FSA_SCORING_HOST_LIST_H
#define FSA_SCORING_HOST_LIST_H

#include <glib.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/text.h"

#define FSA_MAX_HOST_LIST (256u << 20) /* bytes of a list */

/* "" = unknown, but a host has an identifier or a name. */
typedef struct FsaListedHost {
  const char *identifier; /* what osquery calls itself: mostly the hardware's UUID */
  const char *hostname;
  const char *platform;  /* as the list has it */
  const char *team;      /* team, group or role */
  const char *last_seen; /* as the list has it */
} FsaListedHost;

typedef struct FsaHostList {
  FsaArena arena;
  GArray *hosts; /* FsaListedHost */
} FsaHostList;

FsaHostList fsa_host_list(void);
void fsa_host_list_done(FsaHostList *list);

/* Adds a copy of a host, unless it has neither identifier nor name. FSA_OK or FSA_E_NOMEM. */
int fsa_host_list_add(FsaHostList *list, const FsaListedHost *host);

/*
 * Adds the hosts of a CSV (RFC 4180). A first line that names a column of identifiers or
 * names ("hostname", "uuid", ...; host_list.c) is a header and says which column is what; without
 * one the first field of each line is an identifier or a name. Lines that begin with '#' are passed
 * over. FSA_OK or FSA_E_NOMEM.
 */
int fsa_host_list_read(FsaHostList *list, FsaText csv);

#endif
