/* Who the examined host is: the names under which a fleet manager knows it. */
#ifndef FSA_SHELL_HOST_H
#define FSA_SHELL_HOST_H

#include "fsa.h"

typedef struct FsaHost {
  const char *uuid;     /* of the hardware, upper case, as osquery reports it; NULL = unknown */
  const char *hostname; /* NULL = unknown */
  const char *evidence; /* how it was named; NULL = this host, live */
} FsaHost;

/*
 * This host: its SMBIOS UUID, or where that is not readable or a vendor's placeholder the UUID of
 * the installed system (/etc/machine-id, MachineGuid). Texts from `arena`. [osquery
 * core/system.cpp, generateHostUUID; machine-id(5)]
 */
FsaHost fsa_host_this(FsaArena *arena);

/* The host of a piece of evidence, as far as the evidence says. */
FsaHost fsa_host_of(const FsaEvidenceInfo *info);

/*
 * What stands in hostIdentifier for the choice "uuid", "hostname" or a name of the user's: the next
 * known of them, so that it is never empty.
 */
const char *fsa_host_identifier(const FsaHost *host, const char *choice);

#endif
