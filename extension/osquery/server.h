/*
 * The extension's own end: a thread that accepts, and a thread for each caller.
 *
 * osquery calls on two connections at a time and from several threads; a ping must be answered
 * while any table runs, or all tables are gone.
 */
#ifndef FSA_OSQUERY_SERVER_H
#define FSA_OSQUERY_SERVER_H

#include <thrift/c_glib/processor/thrift_processor.h>

#include "osquery/endpoint.h"

typedef struct FsaServer FsaServer;

/*
 * Listens at `path` and serves with `processor`, of which it takes a reference. On failure
 * *ret_error has the words.
 */
int fsa_server_start(const char *path, ThriftProcessor *processor, FsaServer **ret_server,
                     FsaError *ret_error);

/* True while callers can find it: a manager that starts removes what it finds beside its socket. */
bool fsa_server_is_reachable(const FsaServer *server);

/*
 * Accepts no more, cuts the callers off, waits for their threads and removes the socket. Accepts
 * NULL.
 */
void fsa_server_stop(FsaServer *server);

#endif
