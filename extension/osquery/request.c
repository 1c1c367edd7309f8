/* 1: registry, 2: item, 3: map of action and context. Anything else is passed over. */
#include "osquery/request.h"

#include <string.h>

#include "osquery/protocol.h"

/* A text with a NUL behind it (osquery/protocol.h); NULL when it cannot be read. */
static char *read_text(ThriftProtocol *in, size_t *ret_size, GError **error) {
  gpointer text = NULL;
  guint32 size = 0;
  if (thrift_protocol_read_binary(in, &text, &size, error) < 0) return NULL;
  *ret_size = size;
  return text;
}

/* Reads a text into `*slot`, whose former one goes. */
static bool read_into(ThriftProtocol *in, char **slot, size_t *ret_size, GError **error) {
  char *text = read_text(in, ret_size, error);
  if (!text) return false;
  g_free(*slot);
  *slot = text;
  return true;
}

/* One pair of the map; of those that mean nothing to us both are passed over. */
static bool read_pair(ThriftProtocol *in, FsaRequest *request, GError **error) {
  size_t size, key_size;
  char *key = read_text(in, &key_size, error);
  if (!key) return false;
  bool done;
  if (strcmp(key, "action") == 0)
    done = read_into(in, &request->action, &size, error);
  else if (strcmp(key, "context") == 0) {
    char *context = (char *)request->context.data;
    done = read_into(in, &context, &size, error);
    if (done) request->context = (FsaText){context, size};
  } else
    done = thrift_protocol_skip(in, T_STRING, error) >= 0;
  g_free(key);
  return done;
}

static bool read_map(ThriftProtocol *in, FsaRequest *request, GError **error) {
  ThriftType key, value;
  guint32 count;
  if (thrift_protocol_read_map_begin(in, &key, &value, &count, error) < 0) return false;
  const bool is_ours = key == T_STRING && value == T_STRING;
  for (guint32 i = 0; i < count; i++) { /* an empty map may have no types */
    bool done = is_ours ? read_pair(in, request, error)
                        : thrift_protocol_skip(in, key, error) >= 0 &&
                              thrift_protocol_skip(in, value, error) >= 0;
    if (!done) return false;
  }
  return thrift_protocol_read_map_end(in, error) >= 0;
}

static bool read_field(ThriftProtocol *in, FsaRequest *request, ThriftType type, gint16 field,
                       GError **error) {
  size_t size;
  if (field == 1 && type == T_STRING) return read_into(in, &request->registry, &size, error);
  if (field == 2 && type == T_STRING) return read_into(in, &request->item, &size, error);
  if (field == 3 && type == T_MAP) return read_map(in, request, error);
  return thrift_protocol_skip(in, type, error) >= 0;
}

static bool read_fields(ThriftProtocol *in, FsaRequest *request, GError **error) {
  for (;;) {
    gchar *name = NULL;
    ThriftType type;
    gint16 field;
    if (thrift_protocol_read_field_begin(in, &name, &type, &field, error) < 0) return false;
    if (type == T_STOP) return true;
    if (!read_field(in, request, type, field, error) ||
        thrift_protocol_read_field_end(in, error) < 0)
      return false;
  }
}

bool fsa_request_read(ThriftProtocol *in, FsaRequest *ret_request, GError **error) {
  gchar *name = NULL;
  *ret_request = (FsaRequest){.registry = g_strdup(""),
                              .item = g_strdup(""),
                              .action = g_strdup(""),
                              .context = {g_strdup(""), 0}};
  return thrift_protocol_read_struct_begin(in, &name, error) >= 0 &&
         read_fields(in, ret_request, error) && thrift_protocol_read_struct_end(in, error) >= 0 &&
         thrift_protocol_read_message_end(in, error) >= 0;
}

void fsa_request_done(FsaRequest *request) {
  g_free(request->registry);
  g_free(request->item);
  g_free(request->action);
  g_free((char *)request->context.data);
  *request = (FsaRequest){0};
}
