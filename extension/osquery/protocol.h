/*
 * Thrift's binary protocol with bounds for hostile bytes.
 *
 * Thrift C GLib 0.17 trusts the length of a text, and follows structures inside structures as deep
 * as the sender likes. This subclass bounds both; containers are bounded by the transport's
 * ceiling. What thrift_protocol_read_binary() gives has a NUL behind it.
 */
#ifndef FSA_OSQUERY_PROTOCOL_H
#define FSA_OSQUERY_PROTOCOL_H

#include <thrift/c_glib/protocol/thrift_binary_protocol.h>

#include "osquery/transport.h"

GType fsa_protocol_get_type(void);

/* Over a transport, of which it takes a reference of its own. Freed by g_object_unref(). */
ThriftProtocol *fsa_protocol_new(FsaTransport *transport);

#endif
