/* The transport's own buffers, ceilings and time limits. */
#include "osquery/transport.h"

#include <string.h>

#define BUFFER (64u << 10)
#define WRITE_STALL 60000 /* ms that a reader may take nothing of its reply */

struct FsaTransport {
  ThriftTransport parent;
  FsaChannel *channel;
  size_t at, filled; /* of `in` */
  size_t left;       /* bytes that the message may still hold */
  size_t written;    /* of `out` */
  int stall;         /* ms */
  uint8_t *in, *out; /* BUFFER bytes each: an object of GLib itself may have no 64 KiB */
};

typedef struct FsaTransportClass {
  ThriftTransportClass parent;
} FsaTransportClass;

G_DEFINE_TYPE(FsaTransport, fsa_transport, THRIFT_TYPE_TRANSPORT)

static FsaTransport *self_of(ThriftTransport *transport) {
  return G_TYPE_CHECK_INSTANCE_CAST(transport, fsa_transport_get_type(), FsaTransport);
}

static gboolean set_error(GError **error, gint code, const char *message) {
  g_set_error_literal(error, THRIFT_TRANSPORT_ERROR, code, message);
  return FALSE;
}

/* ---- reading ---- */

/* Refills the empty buffer. FSA_OK, FSA_E_TIMEOUT, or FSA_E_CANCELLED at the end. */
static int refill(FsaTransport *self, int milliseconds) {
  int64_t got = fsa_channel_read(self->channel, self->in, BUFFER, milliseconds);
  if (got == FSA_E_TIMEOUT) return FSA_E_TIMEOUT;
  if (got <= 0) return FSA_E_CANCELLED;
  self->at = 0;
  self->filled = (size_t)got;
  return FSA_OK;
}

void fsa_transport_bound(FsaTransport *self, size_t limit, int stall) {
  self->left = limit;
  self->stall = stall;
}

int fsa_transport_expect(FsaTransport *self, int milliseconds) {
  return self->at < self->filled ? FSA_OK : refill(self, milliseconds);
}

static gint32 transport_read(ThriftTransport *transport, gpointer data, guint32 size,
                             GError **error) {
  FsaTransport *self = self_of(transport);
  if (size > self->left) {
    set_error(error, THRIFT_TRANSPORT_ERROR_MAX_MESSAGE_SIZE_REACHED, "the message is too long");
    return -1;
  }
  const int refilled = self->at < self->filled ? FSA_OK : refill(self, self->stall);
  if (refilled != FSA_OK) {
    set_error(error, THRIFT_TRANSPORT_ERROR_RECEIVE,
              refilled == FSA_E_TIMEOUT ? "nothing more came in time"
                                        : "the message ends before its end");
    return -1;
  }
  const size_t held = self->filled - self->at, taken = size < held ? size : held;
  memcpy(data, self->in + self->at, taken);
  self->at += taken;
  self->left -= taken;
  return (gint32)taken;
}

static gint32 transport_read_all(ThriftTransport *transport, gpointer data, guint32 size,
                                 GError **error) {
  guint32 have = 0;
  while (have < size) {
    gint32 got = transport_read(transport, (char *)data + have, size - have, error);
    if (got < 0) return -1;
    have += (guint32)got;
  }
  return (gint32)have;
}

/* Asked by the protocol before it makes room for a string or a container. */
static gboolean transport_has_room(ThriftTransport *transport, glong size, GError **error) {
  if (size >= 0 && (size_t)size <= self_of(transport)->left) return TRUE;
  return set_error(error, THRIFT_TRANSPORT_ERROR_MAX_MESSAGE_SIZE_REACHED,
                   "a length is larger than the message may be");
}

/* ---- writing ---- */

static gboolean put(FsaTransport *self, const void *data, size_t size, GError **error) {
  if (fsa_channel_write(self->channel, data, size, WRITE_STALL) == FSA_OK) return TRUE;
  return set_error(error, THRIFT_TRANSPORT_ERROR_SEND, "the other side does not read");
}

static gboolean transport_flush(ThriftTransport *transport, GError **error) {
  FsaTransport *self = self_of(transport);
  const size_t size = self->written;
  self->written = 0;
  return size == 0 || put(self, self->out, size, error);
}

static gboolean transport_write(ThriftTransport *transport, const gpointer data, const guint32 size,
                                GError **error) {
  FsaTransport *self = self_of(transport);
  if (size > BUFFER - self->written && !transport_flush(transport, error)) return FALSE;
  if (size >= BUFFER) return put(self, data, size, error);
  memcpy(self->out + self->written, data, size);
  self->written += size;
  return TRUE;
}

/* ---- the rest of what Thrift asks of a transport ---- */

static gboolean transport_is_open(ThriftTransport *transport) {
  return self_of(transport)->channel != NULL;
}

/* It is born open and closes when it ends. */
static gboolean transport_nothing(ThriftTransport *transport, GError **error) {
  (void)transport, (void)error;
  return TRUE;
}

static void transport_finalize(GObject *object) {
  FsaTransport *self = self_of(THRIFT_TRANSPORT(object));
  fsa_channel_close(self->channel);
  g_free(self->in);
  g_free(self->out);
  G_OBJECT_CLASS(fsa_transport_parent_class)->finalize(object);
}

static void fsa_transport_init(FsaTransport *self) {
  self->in = g_malloc(BUFFER);
  self->out = g_malloc(BUFFER);
}

static void fsa_transport_class_init(FsaTransportClass *class) {
  ThriftTransportClass *parent = THRIFT_TRANSPORT_CLASS(class);
  G_OBJECT_CLASS(class)->finalize = transport_finalize;
  parent->is_open = transport_is_open;
  parent->open = parent->close = transport_nothing;
  parent->read = transport_read;
  parent->read_all = transport_read_all;
  parent->read_end = parent->write_end = transport_nothing;
  parent->write = transport_write;
  parent->flush = transport_flush;
  parent->checkReadBytesAvailable = transport_has_room;
}

FsaTransport *fsa_transport_new(FsaChannel *channel) {
  FsaTransport *self = g_object_new(fsa_transport_get_type(), NULL);
  self->channel = channel;
  return self;
}
