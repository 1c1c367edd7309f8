/* The bounds, as overrides of the binary protocol's readers. */
#include "osquery/protocol.h"

#define MAX_NAME 256 /* bytes of a method's name */
#define MAX_DEPTH 32 /* structures and containers inside each other; osquery's own need 4 */

typedef struct FsaProtocol {
  ThriftBinaryProtocol parent;
  int depth;
} FsaProtocol;

typedef struct FsaProtocolClass {
  ThriftBinaryProtocolClass parent;
} FsaProtocolClass;

G_DEFINE_TYPE(FsaProtocol, fsa_protocol, THRIFT_TYPE_BINARY_PROTOCOL)

static FsaProtocol *self_of(ThriftProtocol *protocol) {
  return G_TYPE_CHECK_INSTANCE_CAST(protocol, fsa_protocol_get_type(), FsaProtocol);
}

static ThriftProtocolClass *inherited(void) {
  return THRIFT_PROTOCOL_CLASS(fsa_protocol_parent_class);
}

static gint32 fail(GError **error, gint code, const char *message) {
  g_set_error_literal(error, THRIFT_PROTOCOL_ERROR, code, message);
  return -1;
}

/* ---- texts ---- */

/* A text with a NUL behind it, no longer than the message may still be; gives its size. */
static gint32 read_text(ThriftProtocol *protocol, gchar **ret_text, GError **error) {
  ThriftTransport *transport = protocol->transport;
  gint32 size;
  *ret_text = NULL;
  if (thrift_protocol_read_i32(protocol, &size, error) < 0) return -1;
  if (size < 0)
    return fail(error, THRIFT_PROTOCOL_ERROR_NEGATIVE_SIZE, "a text has a negative length");
  if (!THRIFT_TRANSPORT_GET_CLASS(transport)->checkReadBytesAvailable(transport, size, error))
    return -1;
  gchar *text = g_malloc((gsize)size + 1);
  text[size] = '\0';
  if (size > 0 && thrift_transport_read_all(transport, text, (guint32)size, error) < 0) {
    g_free(text);
    return -1;
  }
  *ret_text = text;
  return size;
}

static gint32 read_string(ThriftProtocol *protocol, gchar **ret_text, GError **error) {
  return read_text(protocol, ret_text, error);
}

static gint32 read_binary(ThriftProtocol *protocol, gpointer *ret_data, guint32 *ret_size,
                          GError **error) {
  gchar *text;
  const gint32 size = read_text(protocol, &text, error);
  *ret_data = text;
  *ret_size = size < 0 ? 0 : (guint32)size;
  return size;
}

/* ---- the head of a message ---- */

/* A name of `size` bytes with a NUL behind it. */
static gint32 read_name(ThriftProtocol *protocol, gint32 size, gchar **ret_name, GError **error) {
  if (size < 0 || size > MAX_NAME)
    return fail(error, THRIFT_PROTOCOL_ERROR_SIZE_LIMIT, "no method has a name that long");
  gchar *name = g_malloc0((gsize)size + 1);
  if (size > 0 && thrift_transport_read_all(protocol->transport, name, (guint32)size, error) < 0) {
    g_free(name);
    return -1;
  }
  *ret_name = name;
  return size;
}

/* Version and type, then the name: the form that everybody writes today. */
static gint32 read_strict(ThriftProtocol *protocol, guint32 head, gchar **ret_name,
                          ThriftMessageType *ret_type, GError **error) {
  gint32 size;
  if ((head & THRIFT_BINARY_PROTOCOL_VERSION_MASK) != THRIFT_BINARY_PROTOCOL_VERSION_1)
    return fail(error, THRIFT_PROTOCOL_ERROR_BAD_VERSION, "no message of the binary protocol");
  *ret_type = (ThriftMessageType)(head & 0xff);
  if (thrift_protocol_read_i32(protocol, &size, error) < 0) return -1;
  return read_name(protocol, size, ret_name, error);
}

/* The name, then the type: the old form, which Thrift still reads. */
static gint32 read_old(ThriftProtocol *protocol, gint32 size, gchar **ret_name,
                       ThriftMessageType *ret_type, GError **error) {
  gint8 type;
  if (read_name(protocol, size, ret_name, error) < 0) return -1;
  if (thrift_protocol_read_byte(protocol, &type, error) < 0) {
    g_clear_pointer(ret_name, g_free);
    return -1;
  }
  *ret_type = (ThriftMessageType)type;
  return size;
}

static gint32 read_message_begin(ThriftProtocol *protocol, gchar **ret_name,
                                 ThriftMessageType *ret_type, gint32 *ret_seqid, GError **error) {
  gint32 head;
  self_of(protocol)->depth = 0;
  *ret_name = NULL;
  if (thrift_protocol_read_i32(protocol, &head, error) < 0) return -1;
  gint32 size = head < 0 ? read_strict(protocol, (guint32)head, ret_name, ret_type, error)
                         : read_old(protocol, head, ret_name, ret_type, error);
  if (size < 0) return -1;
  if (thrift_protocol_read_i32(protocol, ret_seqid, error) < 0) {
    g_clear_pointer(ret_name, g_free);
    return -1;
  }
  return size;
}

/* ---- depth ---- */

/* An element has a byte at least: more of them than the message may still hold are a lie. */
static gint32 check_count(ThriftProtocol *protocol, gint32 read, guint32 count, GError **error) {
  ThriftTransport *transport = protocol->transport;
  const glong size = count < G_MAXINT32 ? (glong)count : G_MAXINT32; /* Windows' long has 32 bits */
  if (read < 0 ||
      THRIFT_TRANSPORT_GET_CLASS(transport)->checkReadBytesAvailable(transport, size, error))
    return read;
  return -1;
}

/* One level down; `read` is what the inherited reader of its head said. */
static gint32 descend(ThriftProtocol *protocol, gint32 read, GError **error) {
  if (read < 0) return read;
  if (++self_of(protocol)->depth <= MAX_DEPTH) return read;
  return fail(error, THRIFT_PROTOCOL_ERROR_DEPTH_LIMIT, "the message is nested too deep");
}

static gint32 ascend(ThriftProtocol *protocol, GError **error) {
  (void)error;
  self_of(protocol)->depth--;
  return 0;
}

static gint32 read_struct_begin(ThriftProtocol *protocol, gchar **ret_name, GError **error) {
  return descend(protocol, inherited()->read_struct_begin(protocol, ret_name, error), error);
}

static gint32 read_map_begin(ThriftProtocol *protocol, ThriftType *ret_key, ThriftType *ret_value,
                             guint32 *ret_size, GError **error) {
  *ret_size = 0;
  gint32 read = inherited()->read_map_begin(protocol, ret_key, ret_value, ret_size, error);
  return descend(protocol, check_count(protocol, read, *ret_size, error), error);
}

static gint32 read_list_begin(ThriftProtocol *protocol, ThriftType *ret_type, guint32 *ret_size,
                              GError **error) {
  *ret_size = 0;
  gint32 read = inherited()->read_list_begin(protocol, ret_type, ret_size, error);
  return descend(protocol, check_count(protocol, read, *ret_size, error), error);
}

static void fsa_protocol_init(FsaProtocol *self) {
  self->depth = 0;
}

static void fsa_protocol_class_init(FsaProtocolClass *class) {
  ThriftProtocolClass *parent = THRIFT_PROTOCOL_CLASS(class);
  parent->read_string = read_string;
  parent->read_binary = read_binary;
  parent->read_message_begin = read_message_begin;
  parent->read_struct_begin = read_struct_begin;
  parent->read_map_begin = read_map_begin;
  parent->read_list_begin = read_list_begin; /* a set begins as a list does */
  parent->read_struct_end = parent->read_map_end = ascend;
  parent->read_list_end = parent->read_set_end = ascend;
}

ThriftProtocol *fsa_protocol_new(FsaTransport *transport) {
  return g_object_new(fsa_protocol_get_type(), "transport", transport, NULL);
}
