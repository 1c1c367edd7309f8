/* Accepting, and serving one caller after another message. */
#include "osquery/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "osquery/log.h"
#include "osquery/protocol.h"

#define IDLE 300000   /* ms that a caller may say nothing between two messages */
#define STALL 30000   /* ms that may pass within one */
#define BUSY_US 10000 /* when there is no descriptor left for a caller */

/* One caller. */
typedef struct Connection {
  struct Connection *next;
  struct FsaServer *server;
  FsaStream *stream;
} Connection;

struct FsaServer {
  FsaListener *listener;
  ThriftProcessor *processor;
  pthread_t acceptor;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t left;  /* a caller is gone */
  Connection *connections;
  size_t count;
  bool is_over;
};

/* ---- callers ---- */

/* Answers messages until the caller goes, says nothing any more, or says what is no message. */
static void serve(const FsaServer *server, FsaTransport *transport) {
  ThriftProtocol *protocol = fsa_protocol_new(transport);
  GError *error = NULL;
  while (fsa_transport_expect(transport, IDLE) == FSA_OK) {
    fsa_transport_bound(transport, FSA_MAX_REQUEST, STALL);
    if (!thrift_processor_process(server->processor, protocol, protocol, &error) || error) break;
  }
  if (error) fsa_log_detail("a caller was cut off: %s", error->message);
  g_clear_error(&error);
  g_object_unref(protocol);
}

static void forget(FsaServer *server, Connection *connection) {
  pthread_mutex_lock(&server->lock);
  Connection **at = &server->connections;
  while (*at != connection) at = &(*at)->next;
  *at = connection->next;
  server->count--;
  pthread_cond_broadcast(&server->left);
  pthread_mutex_unlock(&server->lock);
}

static void *run_connection(void *argument) {
  Connection *connection = argument;
  FsaServer *server = connection->server;
  FsaTransport *transport = fsa_transport_new(connection->stream);
  serve(server, transport);
  /* out of the list first: whoever stops the server must not shut a stream that is closed */
  forget(server, connection);
  g_object_unref(transport);
  free(connection);
  return NULL;
}

/* Adds a caller to the list; false when there are too many, or the end has come. */
static bool admit(FsaServer *server, Connection *connection) {
  pthread_mutex_lock(&server->lock);
  const bool is_admitted = !server->is_over && server->count < FSA_MAX_CONNECTIONS;
  if (is_admitted) {
    connection->next = server->connections;
    server->connections = connection;
    server->count++;
  }
  pthread_mutex_unlock(&server->lock);
  return is_admitted;
}

static int start_thread(Connection *connection) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int error = pthread_create(&thread, &attributes, run_connection, connection);
  pthread_attr_destroy(&attributes);
  return error;
}

static void welcome(FsaServer *server, FsaStream *stream) {
  Connection *connection = malloc(sizeof *connection);
  if (connection) {
    *connection = (Connection){.server = server, .stream = stream};
    if (admit(server, connection)) {
      if (start_thread(connection) == 0) return;
      forget(server, connection);
    }
  }
  fsa_log_detail("a caller was turned away: there are %d already, or no thread is to be had",
                 FSA_MAX_CONNECTIONS);
  free(connection);
  fsa_stream_close(stream);
}

static void *accept_callers(void *argument) {
  FsaServer *server = argument;
  for (;;) {
    FsaStream *stream;
    int result = fsa_listener_accept(server->listener, &stream);
    if (result == FSA_E_CANCELLED || result == FSA_E_IO) return NULL;
    if (result == FSA_OK)
      welcome(server, stream);
    else
      usleep(BUSY_US);
  }
}

/* ---- life ---- */

int fsa_server_start(const char *path, ThriftProcessor *processor, FsaServer **ret_server,
                     FsaError *ret_error) {
  FsaServer *server = calloc(1, sizeof *server);
  *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "out of memory"};
  if (!server) return FSA_E_NOMEM;
  int result = fsa_listener_open(path, &server->listener, ret_error);
  if (result != FSA_OK) {
    free(server);
    return result;
  }
  pthread_mutex_init(&server->lock, NULL);
  pthread_cond_init(&server->left, NULL);
  server->processor = g_object_ref(processor);
  if (pthread_create(&server->acceptor, NULL, accept_callers, server) != 0) {
    *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "no thread to accept callers with"};
    fsa_listener_close(server->listener);
    g_object_unref(server->processor);
    free(server);
    return FSA_E_NOMEM;
  }
  *ret_server = server;
  return FSA_OK;
}

bool fsa_server_is_reachable(const FsaServer *server) {
  return fsa_listener_is_reachable(server->listener);
}

void fsa_server_stop(FsaServer *server) {
  if (!server) return;
  fsa_listener_wake(server->listener);
  pthread_join(server->acceptor, NULL);
  fsa_listener_close(server->listener);
  pthread_mutex_lock(&server->lock);
  server->is_over = true;
  for (Connection *at = server->connections; at; at = at->next) fsa_stream_shut(at->stream);
  while (server->count > 0) pthread_cond_wait(&server->left, &server->lock);
  pthread_mutex_unlock(&server->lock);
  pthread_mutex_destroy(&server->lock);
  pthread_cond_destroy(&server->left);
  g_object_unref(server->processor);
  free(server);
}
