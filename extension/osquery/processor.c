/* Dispatch of the three methods. */
#include "osquery/processor.h"

#include <stdio.h>
#include <string.h>
#include <thrift/c_glib/thrift_application_exception.h>

#include "osquery/generated.h"
#include "osquery/request.h"
#include "osquery/routes.h"
#include "sql/sql.h"

typedef struct FsaProcessor {
  ThriftProcessor parent;
  FsaService *service;
  int64_t uuid;
  void (*on_shutdown)(void);
} FsaProcessor;

typedef struct FsaProcessorClass {
  ThriftProcessorClass parent;
} FsaProcessorClass;

GType fsa_processor_get_type(void);
G_DEFINE_TYPE(FsaProcessor, fsa_processor, THRIFT_TYPE_PROCESSOR)

static FsaProcessor *self_of(ThriftProcessor *processor) {
  return G_TYPE_CHECK_INSTANCE_CAST(processor, fsa_processor_get_type(), FsaProcessor);
}

/* ---- pieces of replies ---- */

static bool begin_reply(ThriftProtocol *out, const char *method, gint32 seqid, GError **error) {
  return thrift_protocol_write_message_begin(out, method, T_REPLY, seqid, error) >= 0 &&
         thrift_protocol_write_struct_begin(out, "result", error) >= 0;
}

static bool end_struct(ThriftProtocol *out, GError **error) {
  return thrift_protocol_write_field_stop(out, error) >= 0 &&
         thrift_protocol_write_struct_end(out, error) >= 0;
}

static bool end_reply(ThriftProtocol *out, GError **error) {
  return end_struct(out, error) && thrift_protocol_write_message_end(out, error) >= 0 &&
         thrift_transport_flush(out->transport, error);
}

/* `message` may hold what the caller said; what is sent is UTF-8. */
static bool write_status(ThriftProtocol *out, int16_t field, gint32 code, const char *message,
                         int64_t uuid, GError **error) {
  gchar *valid = g_utf8_make_valid(message, -1);
  osqExtensionStatus *status =
      g_object_new(OSQ_TYPE_EXTENSION_STATUS, "code", code, "message", valid, "uuid", uuid, NULL);
  bool done = thrift_protocol_write_field_begin(out, "status", T_STRUCT, field, error) >= 0 &&
              thrift_struct_write(THRIFT_STRUCT(status), out, error) >= 0 &&
              thrift_protocol_write_field_end(out, error) >= 0;
  g_object_unref(status);
  g_free(valid);
  return done;
}

/* Methods without arguments: whatever stands where they would is passed over. */
static bool skip_arguments(ThriftProtocol *in, GError **error) {
  return thrift_protocol_skip(in, T_STRUCT, error) >= 0 &&
         thrift_protocol_read_message_end(in, error) >= 0;
}

/* ---- ping and shutdown ---- */

static bool process_ping(FsaProcessor *self, ThriftProtocol *in, ThriftProtocol *out, gint32 seqid,
                         GError **error) {
  return skip_arguments(in, error) && begin_reply(out, "ping", seqid, error) &&
         write_status(out, 0, OSQ_EXTENSION_CODE_EXT_SUCCESS, "OK", self->uuid, error) &&
         end_reply(out, error);
}

static bool process_shutdown(FsaProcessor *self, ThriftProtocol *in, ThriftProtocol *out,
                             gint32 seqid, GError **error) {
  if (!skip_arguments(in, error)) return false;
  bool done = begin_reply(out, "shutdown", seqid, error) && end_reply(out, error);
  self->on_shutdown();
  return done;
}

/* ---- call ---- */

/* What a call comes to: rows, or a message. */
typedef struct Outcome {
  FsaRows *rows; /* NULL = it failed */
  FsaError error;
} Outcome;

static void refuse(Outcome *outcome, const char *format, const char *what) {
  outcome->error.code = FSA_E_USAGE;
  snprintf(outcome->error.message, sizeof outcome->error.message, format, what);
}

/* What columns are told by; osquery knows a route by "id". */
static const char *const route_names[] = {"id", "name", "type", "op", "attributes"};

static int add_route(FsaRows *rows, GHashTable *route) {
  fsa_rows_begin(rows);
  for (size_t i = 0; i < G_N_ELEMENTS(route_names); i++) {
    const char *value = g_hash_table_lookup(route, route_names[i]);
    if (value) fsa_rows_text(rows, i, value, strlen(value));
  }
  return fsa_rows_end(rows);
}

static int list_columns(FsaRows *rows, const FsaTable *table) {
  GPtrArray *routes = fsa_routes_of(table);
  int result = FSA_OK;
  for (size_t i = 0; i < G_N_ELEMENTS(route_names); i++) fsa_rows_name(rows, route_names[i], "");
  for (guint i = 0; i < routes->len && result == FSA_OK; i++)
    result = add_route(rows, routes->pdata[i]);
  g_ptr_array_unref(routes);
  return result;
}

/* Writing: there is nothing to write to, whatever the table. */
static int say_read_only(FsaRows *rows, const FsaTable *table) {
  (void)table;
  fsa_rows_name(rows, "status", "");
  fsa_rows_begin(rows);
  fsa_rows_text(rows, 0, "readonly", strlen("readonly"));
  return fsa_rows_end(rows);
}

/* Rows that are no table's. */
static void answer_with(Outcome *outcome, int (*fill)(FsaRows *rows, const FsaTable *table),
                        const FsaTable *table) {
  outcome->rows = fsa_rows_new(FSA_MAX_ANSWER);
  if (outcome->rows && fill(outcome->rows, table) == FSA_OK &&
      fsa_rows_seal(outcome->rows) == FSA_OK)
    return;
  fsa_rows_drop(outcome->rows);
  outcome->rows = NULL;
}

static void answer_rows(FsaService *service, Outcome *outcome, const FsaTable *table,
                        const FsaRequest *request) {
  FsaArena arena = fsa_arena(0);
  FsaQuestion question;
  if (fsa_question_read(table, request->context, &arena, &question, &outcome->error) == FSA_OK)
    fsa_answer(service, &question, &outcome->rows, &outcome->error);
  fsa_arena_done(&arena);
}

static bool is_write(const char *action) {
  return strcmp(action, "insert") == 0 || strcmp(action, "update") == 0 ||
         strcmp(action, "delete") == 0;
}

static void answer(FsaService *service, const FsaRequest *request, Outcome *outcome) {
  const FsaTable *table =
      strncmp(request->item, "fsa_", 4) == 0 ? fsa_schema_find(request->item) : NULL;
  if (strcmp(request->registry, "table") != 0)
    refuse(outcome, "this extension has tables and nothing in the registry '%s'",
           request->registry);
  else if (!table)
    refuse(outcome, "this extension has no table '%s'", request->item);
  else if (strcmp(request->action, "generate") == 0)
    answer_rows(service, outcome, table, request);
  else if (strcmp(request->action, "columns") == 0)
    answer_with(outcome, list_columns, table);
  else if (is_write(request->action))
    answer_with(outcome, say_read_only, table);
  else
    refuse(outcome, "a table cannot be asked to '%s'", request->action);
  if (!outcome->rows && !outcome->error.message[0]) refuse(outcome, "%s", "out of memory");
}

/* Where rows go. */
typedef struct Sink {
  ThriftTransport *transport;
  GError **error;
} Sink;

static int send_piece(void *context, FsaBytes piece) {
  const Sink *sink = context;
  return thrift_transport_write(sink->transport, (gpointer)piece.data, (guint32)piece.size,
                                sink->error)
             ? FSA_OK
             : FSA_E_IO;
}

static bool write_rows(ThriftProtocol *out, const FsaRows *rows, GError **error) {
  Sink sink = {.transport = out->transport, .error = error};
  const guint32 count = rows ? (guint32)fsa_rows_count(rows) : 0;
  return thrift_protocol_write_field_begin(out, "response", T_LIST, 2, error) >= 0 &&
         thrift_protocol_write_list_begin(out, T_MAP, count, error) >= 0 &&
         (!rows || fsa_rows_send(rows, send_piece, &sink) == FSA_OK) &&
         thrift_protocol_write_list_end(out, error) >= 0 &&
         thrift_protocol_write_field_end(out, error) >= 0;
}

static bool write_outcome(FsaProcessor *self, ThriftProtocol *out, gint32 seqid,
                          const Outcome *outcome, GError **error) {
  const gint32 code =
      outcome->rows ? OSQ_EXTENSION_CODE_EXT_SUCCESS : OSQ_EXTENSION_CODE_EXT_FAILED;
  const char *message = outcome->rows ? "OK" : outcome->error.message;
  return begin_reply(out, "call", seqid, error) &&
         thrift_protocol_write_field_begin(out, "success", T_STRUCT, 0, error) >= 0 &&
         write_status(out, 1, code, message, self->uuid, error) &&
         write_rows(out, outcome->rows, error) && end_struct(out, error) &&
         thrift_protocol_write_field_end(out, error) >= 0 && end_reply(out, error);
}

static bool process_call(FsaProcessor *self, ThriftProtocol *in, ThriftProtocol *out, gint32 seqid,
                         GError **error) {
  FsaRequest request;
  Outcome outcome = {0};
  bool done = fsa_request_read(in, &request, error);
  if (done) {
    answer(self->service, &request, &outcome);
    done = write_outcome(self, out, seqid, &outcome, error);
  }
  fsa_request_done(&request);
  fsa_rows_drop(outcome.rows);
  return done;
}

/* ---- dispatch ---- */

/* A method that extensions do not have: its arguments are passed over, and the caller is told. */
static bool process_unknown(ThriftProtocol *in, ThriftProtocol *out, const char *method,
                            gint32 seqid, GError **error) {
  if (!skip_arguments(in, error)) return false;
  gchar *name = g_utf8_make_valid(method, -1);
  gchar *message = g_strdup_printf("Invalid method name: '%s'", name);
  ThriftApplicationException *exception =
      g_object_new(THRIFT_TYPE_APPLICATION_EXCEPTION, "type",
                   THRIFT_APPLICATION_EXCEPTION_ERROR_UNKNOWN_METHOD, "message", message, NULL);
  bool done = thrift_protocol_write_message_begin(out, name, T_EXCEPTION, seqid, error) >= 0 &&
              thrift_struct_write(THRIFT_STRUCT(exception), out, error) >= 0 &&
              thrift_protocol_write_message_end(out, error) >= 0 &&
              thrift_transport_flush(out->transport, error);
  g_object_unref(exception);
  g_free(message);
  g_free(name);
  return done;
}

static bool dispatch(FsaProcessor *self, ThriftProtocol *in, ThriftProtocol *out,
                     const char *method, gint32 seqid, GError **error) {
  static const struct {
    const char *method;
    bool (*process)(FsaProcessor *, ThriftProtocol *, ThriftProtocol *, gint32, GError **);
  } methods[] = {{"ping", process_ping}, {"call", process_call}, {"shutdown", process_shutdown}};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(method, methods[i].method) == 0)
      return methods[i].process(self, in, out, seqid, error);
  return process_unknown(in, out, method, seqid, error);
}

/* One message. False when the connection is of no more use. */
static gboolean process(ThriftProcessor *processor, ThriftProtocol *in, ThriftProtocol *out,
                        GError **error) {
  gchar *method = NULL;
  ThriftMessageType type;
  gint32 seqid;
  if (thrift_protocol_read_message_begin(in, &method, &type, &seqid, error) < 0) return FALSE;
  /* osquery sends no T_ONEWAY, but whoever does may have a reply too */
  const bool done = (type == T_CALL || type == T_ONEWAY) &&
                    dispatch(self_of(processor), in, out, method, seqid, error);
  g_free(method);
  return done;
}

static void fsa_processor_init(FsaProcessor *self) {
  self->service = NULL;
}

static void fsa_processor_class_init(FsaProcessorClass *class) {
  THRIFT_PROCESSOR_CLASS(class)->process = process;
}

ThriftProcessor *fsa_processor_new(FsaService *service, int64_t uuid, void (*on_shutdown)(void)) {
  FsaProcessor *self = g_object_new(fsa_processor_get_type(), NULL);
  self->service = service;
  self->uuid = uuid;
  self->on_shutdown = on_shutdown;
  return THRIFT_PROCESSOR(self);
}
