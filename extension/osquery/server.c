/* Accepting, and serving one caller after another message. */
#include "osquery/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "osquery/log.h"
#include "osquery/protocol.h"

#define IDLE 300000   /* ms that a caller may say nothing between two messages */
#define STALL 30000   /* ms that may pass within one */
#define BUSY_US 10000 /* when there is no descriptor left for a caller */
#define PATIENCE 2    /* s, for a caller to leave when there are too many */

/* One caller. */
typedef struct Connection {
  struct Connection *next;
  struct FsaServer *server;
  ThriftProcessor *processor;
  FsaChannel *channel;
  _Atomic int64_t idle_since; /* monotonic ns; 0 = it is being served */
} Connection;

struct FsaServer {
  FsaListener *listener; /* NULL = closed */
  ThriftProcessor *processor;
  pthread_t acceptor;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t left;  /* a caller is gone */
  Connection *connections;
  size_t count;
};

/* ---- callers ---- */

/* Answers messages until the caller goes, says nothing any more, or says what is no message. */
static void serve(Connection *connection, FsaTransport *transport) {
  ThriftProtocol *protocol = fsa_protocol_new(transport);
  GError *error = NULL;
  for (;;) {
    atomic_store(&connection->idle_since, fsa_clock_monotonic());
    if (fsa_transport_expect(transport, IDLE) != FSA_OK) break;
    atomic_store(&connection->idle_since, 0);
    fsa_transport_bound(transport, FSA_MAX_REQUEST, STALL);
    if (!thrift_processor_process(connection->processor, protocol, protocol, &error) || error)
      break;
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

static void connection_free(Connection *connection) {
  g_object_unref(connection->processor);
  free(connection);
}

static void *run_connection(void *argument) {
  Connection *connection = argument;
  FsaServer *server = connection->server;
  FsaTransport *transport = fsa_transport_new(connection->channel);
  serve(connection, transport);
  /* the channel closes while the list is locked: nobody shuts one that is closed */
  pthread_mutex_lock(&server->lock);
  connection->channel = NULL;
  g_object_unref(transport);
  pthread_mutex_unlock(&server->lock);
  g_clear_object(&connection->processor);
  forget(server, connection);
  free(connection);
  return NULL;
}

/* Whoever has said nothing for the longest time; NULL when all are being served. Locked. */
static Connection *most_idle(const FsaServer *server) {
  Connection *found = NULL;
  int64_t longest = INT64_MAX;
  for (Connection *at = server->connections; at; at = at->next) {
    const int64_t since = atomic_load(&at->idle_since);
    if (!since || since >= longest || !at->channel) continue;
    found = at;
    longest = since;
  }
  return found;
}

/* Makes room for a caller: an idle one must go. False when there is none, or it does not. Locked.
 */
static bool make_room(FsaServer *server) {
  struct timespec until;
  Connection *idle = most_idle(server);
  if (!idle) return false;
  fsa_channel_shut(idle->channel);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  int result = 0;
  while (server->count >= FSA_MAX_CONNECTIONS && result != ETIMEDOUT)
    result = pthread_cond_timedwait(&server->left, &server->lock, &until);
  return server->count < FSA_MAX_CONNECTIONS;
}

/* Adds a caller to the list; false when there are too many. */
static bool admit(FsaServer *server, Connection *connection) {
  pthread_mutex_lock(&server->lock);
  const bool is_admitted = server->count < FSA_MAX_CONNECTIONS || make_room(server);
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

/* No thread is to be had for it. */
static void abandon(FsaServer *server, Connection *connection) {
  fsa_log_detail("a caller was turned away: there is no thread for it");
  forget(server, connection);
}

static void welcome(FsaServer *server, FsaChannel *channel) {
  Connection *connection = calloc(1, sizeof *connection);
  if (connection) {
    connection->server = server;
    connection->processor = g_object_ref(server->processor);
    connection->channel = channel;
    connection->idle_since = fsa_clock_monotonic(); /* until it says something */
    if (!admit(server, connection))
      fsa_log_detail("a caller was turned away: %d are being served", FSA_MAX_CONNECTIONS);
    else if (start_thread(connection) == 0)
      return;
    else
      abandon(server, connection);
    connection_free(connection);
  }
  fsa_channel_close(channel);
}

static void *accept_callers(void *argument) {
  FsaServer *server = argument;
  for (;;) {
    FsaChannel *channel;
    int result = fsa_listener_accept(server->listener, &channel);
    if (result == FSA_E_CANCELLED || result == FSA_E_IO) return NULL;
    if (result == FSA_OK)
      welcome(server, channel);
    else
      usleep(BUSY_US);
  }
}

/* ---- life ---- */

FsaServer *fsa_server_new(void) {
  FsaServer *server = calloc(1, sizeof *server);
  if (!server) return NULL;
  pthread_mutex_init(&server->lock, NULL);
  pthread_cond_init(&server->left, NULL);
  return server;
}

int fsa_server_open(FsaServer *server, const char *path, ThriftProcessor *processor,
                    FsaError *ret_error) {
  int result = fsa_listener_open(path, &server->listener, ret_error);
  if (result != FSA_OK) return result;
  server->processor = g_object_ref(processor);
  if (pthread_create(&server->acceptor, NULL, accept_callers, server) == 0) return FSA_OK;
  *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "no thread to accept callers with"};
  fsa_listener_close(server->listener);
  server->listener = NULL;
  g_clear_object(&server->processor);
  return FSA_E_NOMEM;
}

bool fsa_server_is_reachable(const FsaServer *server) {
  return server->listener && fsa_listener_is_reachable(server->listener);
}

void fsa_server_close(FsaServer *server) {
  if (!server->listener) return;
  fsa_listener_wake(server->listener);
  pthread_join(server->acceptor, NULL);
  fsa_listener_close(server->listener);
  server->listener = NULL;
  pthread_mutex_lock(&server->lock);
  for (Connection *at = server->connections; at; at = at->next)
    if (at->channel) fsa_channel_shut(at->channel);
  pthread_mutex_unlock(&server->lock);
  g_clear_object(&server->processor);
}

void fsa_server_free(FsaServer *server) {
  if (!server) return;
  fsa_server_close(server);
  pthread_mutex_lock(&server->lock);
  while (server->count > 0) pthread_cond_wait(&server->left, &server->lock);
  pthread_mutex_unlock(&server->lock);
  pthread_mutex_destroy(&server->lock);
  pthread_cond_destroy(&server->left);
  free(server);
}
