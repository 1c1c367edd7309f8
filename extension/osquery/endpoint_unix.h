/* What endpoint_unix.c has beside endpoint.h. */
#ifndef FSA_OSQUERY_ENDPOINT_UNIX_H
#define FSA_OSQUERY_ENDPOINT_UNIX_H

#include "osquery/endpoint.h"

/*
 * A stream over a connected descriptor that does not block, which becomes the stream's. FSA_OK or
 * FSA_E_NOMEM (it is then closed).
 */
int fsa_stream_adopt(int fd, FsaStream **ret_stream);

#endif
