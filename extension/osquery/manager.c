/* Calls of the manager through the generated client, over our transport and protocol. */
#include "osquery/manager.h"

#include <stdio.h>
#include <string.h>

#include "osquery/generated.h"
#include "osquery/protocol.h"
#include "osquery/routes.h"

#define LOOK_TIME 2000       /* ms that a reply to our looks may take: who ends us waits four s */
#define REPLY_TIME 10000     /* ms that a reply may take */
#define DEREGISTER_TIME 1000 /* ms, for we are leaving */
#define NAME "fsa"           /* of the extension: --extensions_require=fsa */
#define SDK_VERSION "5.0.0"  /* osquery's interface that this was written for */

/* One conversation. */
typedef struct Call {
  ThriftProtocol *protocol;
  osqExtensionManagerClient *client;
  GError *error;
} Call;

/* `time`: ms that may pass before each piece of the reply. */
static int begin(Call *call, const char *path, int time, FsaError *ret_error) {
  FsaChannel *channel;
  *call = (Call){0};
  int result = fsa_channel_connect(path, &channel, ret_error);
  if (result != FSA_OK) return result;
  FsaTransport *transport = fsa_transport_new(channel);
  fsa_transport_bound(transport, FSA_MAX_MANAGER_REPLY, time);
  call->protocol = fsa_protocol_new(transport);
  g_object_unref(transport);
  call->client = g_object_new(OSQ_TYPE_EXTENSION_MANAGER_CLIENT, "input_protocol", call->protocol,
                              "output_protocol", call->protocol, NULL);
  return FSA_OK;
}

static osqExtensionIf *extension(const Call *call) {
  return OSQ_EXTENSION_IF(call->client);
}

static osqExtensionManagerIf *manager(const Call *call) {
  return OSQ_EXTENSION_MANAGER_IF(call->client);
}

/* Ends the conversation: FSA_OK when the reply came. */
static int end(Call *call, const char *path, gboolean answered, FsaError *ret_error) {
  int result = FSA_OK;
  if (!answered) {
    result = FSA_E_FORMAT;
    *ret_error = (FsaError){.code = result};
    snprintf(ret_error->message, sizeof ret_error->message,
             "what listens at %s does not answer as osquery does (%s)", path,
             call->error ? call->error->message : "an empty reply");
  }
  g_clear_error(&call->error);
  g_clear_object(&call->client);
  g_clear_object(&call->protocol);
  return result;
}

static osqExtensionStatus *new_status(void) {
  return g_object_new(OSQ_TYPE_EXTENSION_STATUS, NULL);
}

int fsa_manager_ping(const char *path, int64_t milliseconds, FsaError *ret_error) {
  Call call;
  const int time = milliseconds < REPLY_TIME ? (int)milliseconds : REPLY_TIME;
  int result = begin(&call, path, time, ret_error);
  if (result != FSA_OK) return result;
  osqExtensionStatus *status = new_status();
  gboolean answered = osq_extension_client_ping(extension(&call), &status, &call.error);
  g_object_unref(status);
  return end(&call, path, answered, ret_error);
}

/* ---- registering ---- */

static GHashTable *map_of(GDestroyNotify free_value) {
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
}

static GHashTable *make_registry(const bool *is_dropped) {
  GHashTable *tables = map_of((GDestroyNotify)g_ptr_array_unref);
  for (size_t i = 0; i < fsa_table_count; i++)
    if (!is_dropped[i])
      g_hash_table_insert(tables, g_strconcat("fsa_", fsa_tables[i]->name, NULL),
                          fsa_routes_of(fsa_tables[i]));
  GHashTable *registry = map_of((GDestroyNotify)g_hash_table_unref);
  g_hash_table_insert(registry, g_strdup("table"), tables);
  return registry;
}

static osqInternalExtensionInfo *make_info(void) {
  return g_object_new(OSQ_TYPE_INTERNAL_EXTENSION_INFO, "name", NAME, "version", FSA_VERSION,
                      "sdk_version", SDK_VERSION, "min_sdk_version", "0.0.0", NULL);
}

static void read_answer(const osqExtensionStatus *status, FsaRegistration *ret_answer) {
  *ret_answer = (FsaRegistration){.is_accepted = status->code == OSQ_EXTENSION_CODE_EXT_SUCCESS,
                                  .uuid = status->uuid};
  snprintf(ret_answer->message, sizeof ret_answer->message, "%s",
           status->message ? status->message : "");
}

int fsa_manager_register(const char *path, const bool *is_dropped, FsaRegistration *ret_answer,
                         FsaError *ret_error) {
  Call call;
  int result = begin(&call, path, REPLY_TIME, ret_error);
  if (result != FSA_OK) return result;
  osqExtensionStatus *status = new_status();
  osqInternalExtensionInfo *info = make_info();
  GHashTable *registry = make_registry(is_dropped);
  gboolean answered = osq_extension_manager_client_register_extension(manager(&call), &status, info,
                                                                      registry, &call.error);
  if (answered) read_answer(status, ret_answer);
  g_hash_table_unref(registry);
  g_object_unref(info);
  g_object_unref(status);
  return end(&call, path, answered, ret_error);
}

/* ---- afterwards ---- */

int fsa_manager_knows(const char *path, int64_t uuid, bool *ret_known, FsaError *ret_error) {
  Call call;
  int result = begin(&call, path, LOOK_TIME, ret_error);
  if (result != FSA_OK) return result;
  GHashTable *list = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_object_unref);
  gboolean answered = osq_extension_manager_client_extensions(manager(&call), &list, &call.error);
  gint64 key = uuid;
  const osqInternalExtensionInfo *info = g_hash_table_lookup(list, &key);
  if (answered) *ret_known = info && info->name && strcmp(info->name, NAME) == 0;
  g_hash_table_unref(list);
  return end(&call, path, answered, ret_error);
}

int fsa_manager_deregister(const char *path, int64_t uuid, FsaError *ret_error) {
  Call call;
  int result = begin(&call, path, DEREGISTER_TIME, ret_error);
  if (result != FSA_OK) return result;
  osqExtensionStatus *status = new_status();
  gboolean answered =
      osq_extension_manager_client_deregister_extension(manager(&call), &status, uuid, &call.error);
  g_object_unref(status);
  return end(&call, path, answered, ret_error);
}
