/*
 * Groups: hosts that are compared with each other, platform x role.
 *
 * Roles come from a list, or from the services that hosts have in common; a host of which neither
 * is known is in the group of its platform.
 */
#ifndef FSA_SCORING_GROUP_H
#define FSA_SCORING_GROUP_H

#include "case/matrix.h"

#define FSA_MAX_GROUPS 64                /* further roles fall back to their platform */
#define FSA_MIN_ROLE_HOSTS 10            /* of a role that is found from services */
#define FSA_MAX_GROUPS_BYTES (64u << 20) /* of a list */

typedef struct FsaRole {
  const char *platform, *role, *origin; /* as FsaGroup has them */
} FsaRole;

typedef struct FsaGrouping {
  FsaArena arena;
  FsaRole *roles;      /* by platform, then role */
  uint32_t count;      /* at least 1 */
  uint8_t *of;         /* [matrix host]: in `roles` */
  const char *message; /* why the list could not be used */
} FsaGrouping;

/*
 * Groups the hosts of the matrix. `list` is a CSV file with host name or identifier and role; NULL
 * = find roles. FSA_OK; FSA_E_FORMAT with a message when the list cannot be read; FSA_E_IO (the
 * case's message says why); FSA_E_NOMEM. fsa_grouping_done() in either case.
 */
int fsa_grouping_build(FsaCase *store, const FsaMatrix *matrix, const char *list,
                       FsaGrouping *ret_grouping);
void fsa_grouping_done(FsaGrouping *grouping);

#endif
