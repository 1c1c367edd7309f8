/*
 * The arguments of `call`, read with Thrift's own readers but not into its generated structure:
 * that leaks what it has read when the rest is broken, and takes a text to end at its first NUL.
 */
#ifndef FSA_OSQUERY_REQUEST_H
#define FSA_OSQUERY_REQUEST_H

#include <thrift/c_glib/protocol/thrift_protocol.h>

#include "fsa.h"

/* Texts have a NUL behind them and are never NULL; what was not given is "". */
typedef struct FsaRequest {
  char *registry, *item;
  char *action;
  FsaText context;
} FsaRequest;

/* Reads the arguments and the end of the message, through the protocol of osquery/protocol.h. After
 * false too, fsa_request_done() is owed. */
bool fsa_request_read(ThriftProtocol *in, FsaRequest *ret_request, GError **error);
void fsa_request_done(FsaRequest *request);

#endif
