/*
 * What an extension is asked: ping, call, shutdown.
 *
 * A ThriftProcessor of our own. The generated one would hold the reply of a call as a list of hash
 * tables and copy it to the stack, and what it is derived from leaks the name of a message that is
 * no call; ours hands encoded rows straight to the transport.
 */
#ifndef FSA_OSQUERY_PROCESSOR_H
#define FSA_OSQUERY_PROCESSOR_H

#include <thrift/c_glib/processor/thrift_processor.h>

#include "osquery/answer.h"

/* For `uuid` of the replies: who we are to the manager. `on_shutdown` is called when the reply to
 * shutdown has left. Freed by g_object_unref(); may be used by several threads at once.
 * fsa_generated_prepare() must have been called. */
ThriftProcessor *fsa_processor_new(FsaService *service, int64_t uuid, void (*on_shutdown)(void));

#endif
