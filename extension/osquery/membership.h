/*
 * Being an extension of osquery: to find the manager, to register, to serve, to notice when it has
 * forgotten us, and to go when it is gone.
 */
#ifndef FSA_OSQUERY_MEMBERSHIP_H
#define FSA_OSQUERY_MEMBERSHIP_H

#include "osquery/answer.h"
#include "osquery/options.h"

/* Exit codes of fsa.ext. */
typedef enum FsaExtensionExit {
  FSA_EXTENSION_OK = 0, /* asked to end, or the manager is gone */
  FSA_EXTENSION_USAGE = 1,
  FSA_EXTENSION_ABSENT = 10,     /* no socket there */
  FSA_EXTENSION_DENIED = 11,     /* the socket may not be used */
  FSA_EXTENSION_TOO_LONG = 12,   /* its path is longer than a socket's may be */
  FSA_EXTENSION_NO_SOCKET = 13,  /* a folder, a file */
  FSA_EXTENSION_DEAD = 14,       /* nobody listens */
  FSA_EXTENSION_NO_MANAGER = 15, /* what listens does not answer as osquery does */
  FSA_EXTENSION_REFUSED = 16,    /* the registration was refused */
  FSA_EXTENSION_NO_SERVER = 17,  /* the own socket cannot be made */
} FsaExtensionExit;

/* Lives as an extension until it ends; says on standard error why it does. */
FsaExtensionExit fsa_membership_run(const FsaExtensionOptions *options, FsaService *service);

#endif
