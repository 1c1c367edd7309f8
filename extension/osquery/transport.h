/*
 * Our transport for Thrift C GLib: a channel with 64 KiB of read-ahead and of write buffer, and
 * with a ceiling for what one message may hold.
 *
 * The library's own buffered transport has 512 bytes and no ceiling; its read_all() never ends when
 * the other side has closed. A transport belongs to one thread.
 */
#ifndef FSA_OSQUERY_TRANSPORT_H
#define FSA_OSQUERY_TRANSPORT_H

#include <thrift/c_glib/transport/thrift_transport.h>

#include "osquery/endpoint.h"

typedef struct FsaTransport FsaTransport;

GType fsa_transport_get_type(void);

/* Over a channel, which becomes the transport's and is closed with it (g_object_unref()). */
FsaTransport *fsa_transport_new(FsaChannel *channel);

/* The message that comes next may hold `limit` bytes; between two of its pieces at most `stall` ms
 * may pass. */
void fsa_transport_bound(FsaTransport *transport, size_t limit, int stall);

/*
 * Waits for the first byte of a message, at most `milliseconds`. FSA_OK, FSA_E_TIMEOUT, or
 * FSA_E_CANCELLED when the other side has closed or the channel broke.
 */
int fsa_transport_expect(FsaTransport *transport, int milliseconds);

#endif
