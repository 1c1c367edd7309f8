/*
 * Sockets of the Internet protocols, from the texts of PID/net: those of the process's network
 * namespace. [proc(5), include/net/tcp_states.h]
 */
#include "os/connections.h"

#include "formats/procfs.h"
#include "os/linux/linux.h"

enum { FAMILY_4 = 2, FAMILY_6 = 10 }; /* AF_INET, AF_INET6 */

static const struct {
  const char *name;
  int64_t protocol; /* 0: that of each socket, which stands in the place of its port */
} texts[] = {
    {"net/tcp", FSA_OS_TCP},  {"net/tcp6", FSA_OS_TCP}, {"net/udp", FSA_OS_UDP},
    {"net/udp6", FSA_OS_UDP}, {"net/raw", 0},           {"net/raw6", 0},
};

#define TEXT_COUNT (sizeof texts / sizeof *texts)

/* By the kernel's number; osquery's names. */
static const char *const states[] = {
    NULL,    "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
    "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "SYN_RECV",
};

enum { LISTENS = 10 };

typedef struct Connections {
  FsaArena *arena;
  FsaOsConnection *list;
  size_t count, room;
} Connections;

/* True when no bit is set: no other end. */
static bool is_zero(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i]) return false;
  return true;
}

static int take_socket(Connections *connections, const FsaProcInetSocket *socket,
                       int64_t protocol) {
  const size_t size = socket->address_size;
  const bool is_raw = protocol == 0;
  FsaOsConnection connection = {
      .protocol = is_raw ? socket->local_port : protocol,
      .family = size == 4 ? FAMILY_4 : FAMILY_6,
      .is_raw = is_raw,
      .local_port = is_raw ? FSA_OS_UNKNOWN : socket->local_port,
      .remote_port = FSA_OS_UNKNOWN,
      .pid = FSA_OS_UNKNOWN,
      .create_time = FSA_OS_UNKNOWN,
      .inode = socket->inode,
      .uid = (int64_t)socket->uid,
  };
  char *addresses = fsa_arena_alloc(connections->arena, 2 * size);
  if (!addresses) return FSA_E_NOMEM;
  memcpy(addresses, socket->local, size);
  memcpy(addresses + size, socket->remote, size);
  connection.local = fsa_bytes(addresses, size);
  if (protocol == FSA_OS_TCP) {
    connection.is_listening = socket->state == LISTENS;
    if (socket->state < sizeof states / sizeof *states) connection.state = states[socket->state];
  }
  if (!connection.is_listening && (socket->remote_port || !is_zero(socket->remote, size))) {
    connection.remote = fsa_bytes(addresses + size, size);
    if (!is_raw) connection.remote_port = socket->remote_port;
  }
  connections->list[connections->count++] = connection;
  return FSA_OK;
}

static int make_room(Connections *connections) {
  if (connections->count < connections->room) return FSA_OK;
  const size_t room = connections->room ? connections->room * 2 : 64;
  FsaOsConnection *list = fsa_arena_grow(connections->arena, connections->list,
                                         connections->room * sizeof *list, room * sizeof *list);
  if (!list) return FSA_E_NOMEM;
  connections->list = list;
  connections->room = room;
  return FSA_OK;
}

static int take_text(Connections *connections, FsaBytes bytes, int64_t protocol) {
  FsaProcLines lines = {bytes, 0};
  FsaProcInetSocket socket;
  int result;
  while ((result = fsa_proc_inet_next(&lines, &socket)) != FSA_OK) {
    if (result != FSA_ROW) return result;
    result = make_room(connections);
    if (result == FSA_OK) result = take_socket(connections, &socket, protocol);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

int fsa_os_connections(FsaOs *os, FsaArena *arena, FsaOsConnection **ret_connections,
                       size_t *ret_count) {
  (void)os, (void)arena, (void)ret_connections, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_namespace_connections(FsaOsProcess *process, FsaArena *arena,
                                 FsaOsConnection **ret_connections, size_t *ret_count) {
  Connections connections = {.arena = arena};
  bool any = false;
  for (size_t i = 0; i < TEXT_COUNT; i++) {
    FsaBytes bytes;
    int result = linux_read(process->os, process->directory, texts[i].name, arena, &bytes);
    if (result == FSA_E_ABSENT) continue; /* a kernel without IPv6; a recording without this text */
    if (result == FSA_OK) result = take_text(&connections, bytes, texts[i].protocol);
    if (result != FSA_OK) return result;
    any = true;
  }
  if (!any) return FSA_E_ABSENT;
  *ret_connections = connections.list;
  *ret_count = connections.count;
  return FSA_OK;
}
