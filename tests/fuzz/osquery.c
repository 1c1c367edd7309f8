/*
 * What a caller sends to fsa.ext: an input is all that one connection says, which may be several
 * messages. The tables are asked of an empty host, so that nothing of this one gets in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "osquery/cache.h"
#include "osquery/endpoint_unix.h"
#include "osquery/generated.h"
#include "osquery/processor.h"
#include "osquery/protocol.h"

#define STALL 1000      /* ms; the input is there at once */
#define ROOM (4u << 20) /* bytes that the socket holds */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void do_nothing(void) {}

/* Lives as long as the program: evidence, engine and types are the same for every input. */
static FsaService *service(void) {
  static FsaService made;
  if (made.engine) return &made;
  static char folder[] = "/tmp/fsa-fuzz-XXXXXX";
  static char evidence[sizeof folder + 8];
  if (!mkdtemp(folder)) abort();
  snprintf(evidence, sizeof evidence, "live:%s", folder);
  const FsaEngineOptions options = {.evidence = evidence, .jobs = 1};
  made = (FsaService){
      .cache = fsa_cache_new(), .max_rows = 1000, .deadline_ns = 10 * FSA_NS_PER_SECOND};
  if (!made.cache || fsa_engine_new(&options, &made.engine) != FSA_OK) abort();
  fsa_generated_prepare();
  return &made;
}

/* Throws away what came back, so that the other side can write on. */
static void drain(int fd) {
  char bytes[65536];
  while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
  }
}

static void serve(FsaTransport *transport, int fd) {
  ThriftProtocol *protocol = fsa_protocol_new(transport);
  ThriftProcessor *processor = fsa_processor_new(service(), 7, do_nothing);
  GError *error = NULL;
  while (fsa_transport_expect(transport, STALL) == FSA_OK) {
    fsa_transport_bound(transport, FSA_MAX_REQUEST, STALL);
    if (!thrift_processor_process(processor, protocol, protocol, &error) || error) break;
    drain(fd);
  }
  g_clear_error(&error);
  g_object_unref(processor);
  g_object_unref(protocol);
}

static void ignore_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
                           gpointer context) {
  (void)domain, (void)level, (void)message, (void)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int pair[2];
  const int room = (int)ROOM;
  FsaChannel *channel;
  if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
    return 0;
  g_log_set_default_handler(ignore_message, NULL);
  for (int i = 0; i < 2; i++) setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (size && send(pair[0], data, size, 0) != (ssize_t)size) abort();
  shutdown(pair[0], SHUT_WR);
  if (fsa_channel_adopt(pair[1], &channel) != FSA_OK) abort();
  FsaTransport *transport = fsa_transport_new(channel);
  serve(transport, pair[0]);
  g_object_unref(transport);
  close(pair[0]);
  return 0;
}
