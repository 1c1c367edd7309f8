/* What endpoint_unix.c has beside endpoint.h. */
#ifndef FSA_OSQUERY_ENDPOINT_UNIX_H
#define FSA_OSQUERY_ENDPOINT_UNIX_H

#include "osquery/endpoint.h"

/*
 * A channel over a connected descriptor that does not block, which becomes the channel's. FSA_OK or
 * FSA_E_NOMEM (it is then closed).
 */
int fsa_channel_adopt(int fd, FsaChannel **ret_channel);

#endif
