/*
 * The extension's own end: a thread that accepts, and a thread for each caller.
 *
 * osquery calls on two connections at a time and from several threads; a ping must be answered
 * while any table runs, or all tables are gone. The calls below belong to the main thread.
 */
#ifndef FSA_OSQUERY_SERVER_H
#define FSA_OSQUERY_SERVER_H

#include <thrift/c_glib/processor/thrift_processor.h>

#include "osquery/endpoint.h"

typedef struct FsaServer FsaServer;

/* A server that listens nowhere yet; NULL when memory ran out. */
FsaServer *fsa_server_new(void);

/*
 * Listens at `path` and serves with `processor`, of which it takes a reference. The server must be
 * closed. On failure *ret_error has the words.
 */
int fsa_server_open(FsaServer *server, const char *path, ThriftProcessor *processor,
                    FsaError *ret_error);

/* True while callers can find it: a manager that starts removes what it finds beside its socket. */
bool fsa_server_is_reachable(const FsaServer *server);

/*
 * Accepts no more, removes the socket and cuts the callers off. It does not wait for them: what a
 * caller still scans must not keep the tables from being registered anew.
 */
void fsa_server_close(FsaServer *server);

/* Closes, waits for the callers' threads and frees. Accepts NULL. */
void fsa_server_free(FsaServer *server);

#endif
