/* Sockets, as the IP helper library tells them. */
#include "os/connections.h"

#include <string.h>

#include "base/clock.h"
#include "formats/nt_net.h"
#include "os/windows/host.h"

/* Of winsock2.h and iphlpapi.h, which fight with windows.h: documented numbers. */
enum {
  FAMILY_4 = 2,              /* AF_INET */
  FAMILY_6 = 23,             /* AF_INET6 */
  TCP_TABLE_MODULES_ALL = 8, /* TCP_TABLE_OWNER_MODULE_ALL */
  UDP_TABLE_MODULES = 2,     /* UDP_TABLE_OWNER_MODULE */
};

static const struct {
  FsaNtNetKind kind;
  int64_t protocol;
  ULONG family;
} tables[] = {
    {FSA_NT_TCP4, FSA_OS_TCP, FAMILY_4},
    {FSA_NT_TCP6, FSA_OS_TCP, FAMILY_6},
    {FSA_NT_UDP4, FSA_OS_UDP, FAMILY_4},
    {FSA_NT_UDP6, FSA_OS_UDP, FAMILY_6},
};

#define TABLE_COUNT (sizeof tables / sizeof *tables)

/* States of TCP [RFC 4022]; osquery's names. */
static const char *const states[] = {
    NULL,        "CLOSED",     "LISTEN",  "SYN_SENT", "SYN_RCVD",  "ESTABLISHED", "FIN_WAIT1",
    "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "DELETE_TCB",
};

enum { LISTENS = 2 };

/* A library that asks for its own room again and again while sockets come says at last that memory
 * ran out (Wine's does, and one try later has the list): it is believed after so many tries. */
#define MAX_TRIES 8

static DWORD fill_table(size_t table, void *buffer, DWORD *size) {
  const ULONG family = tables[table].family;
  DWORD error = ERROR_NOT_ENOUGH_MEMORY;
  for (int tries = 0; tries < MAX_TRIES; tries++) {
    DWORD room = *size;
    error = tables[table].protocol == FSA_OS_TCP
                ? nt.GetExtendedTcpTable(buffer, &room, FALSE, family, TCP_TABLE_MODULES_ALL, 0)
                : nt.GetExtendedUdpTable(buffer, &room, FALSE, family, UDP_TABLE_MODULES, 0);
    if (error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY) continue;
    *size = room;
    break;
  }
  return error;
}

/* One table. The list grows between two calls: it is asked again with what it says it needs. */
static int ask_table(size_t table, FsaArena *arena, FsaBytes *ret_bytes) {
  for (DWORD room = 64u << 10; room <= FSA_MAX_SYSTEM_ANSWER;) {
    DWORD size = room;
    uint8_t *buffer = fsa_arena_alloc(arena, room);
    if (!buffer) return FSA_E_NOMEM;
    const DWORD error = fill_table(table, buffer, &size);
    if (error == ERROR_SUCCESS) {
      *ret_bytes = fsa_bytes(buffer, room);
      return FSA_OK;
    }
    if (error != ERROR_INSUFFICIENT_BUFFER) return windows_result_of_error(error);
    room = size > room ? size + size / 8 : room * 2;
  }
  return FSA_E_LIMIT;
}

static FsaOsConnection connection_of(const FsaNtSocket *socket, size_t table) {
  FsaOsConnection connection = {
      .protocol = tables[table].protocol,
      .family = (int64_t)tables[table].family,
      .local = socket->local,
      .local_port = socket->local_port,
      .remote_port = FSA_OS_UNKNOWN,
      .pid = socket->pid,
      .create_time = FSA_OS_UNKNOWN,
      .service_tag = socket->service_tag,
      .uid = FSA_OS_UNKNOWN,
  };
  fsa_time_from_filetime(socket->create_time, &connection.create_time);
  if (connection.protocol == FSA_OS_UDP) return connection;
  connection.is_listening = socket->state == LISTENS;
  if (socket->state < sizeof states / sizeof *states) connection.state = states[socket->state];
  if (connection.is_listening) return connection; /* what stands for a remote end is left-over */
  connection.remote = socket->remote;
  connection.remote_port = socket->remote_port;
  return connection;
}

int fsa_os_connections(FsaOs *os, FsaArena *arena, FsaOsConnection **ret_connections,
                       size_t *ret_count) {
  (void)os;
  FsaBytes bytes[TABLE_COUNT];
  size_t count = 0, filled = 0;
  nt_load_later();
  if (!nt.GetExtendedTcpTable || !nt.GetExtendedUdpTable) return FSA_E_UNSUPPORTED;
  for (size_t t = 0; t < TABLE_COUNT; t++) {
    int result = ask_table(t, arena, &bytes[t]);
    if (result != FSA_OK) return result;
    count += fsa_nt_sockets(bytes[t], tables[t].kind);
  }
  FsaOsConnection *connections = fsa_arena_zero(arena, count, sizeof *connections);
  if (!connections) return FSA_E_NOMEM;
  for (size_t t = 0; t < TABLE_COUNT; t++) {
    FsaNtSocket socket;
    for (size_t i = 0; fsa_nt_socket(bytes[t], tables[t].kind, i, &socket) == FSA_OK; i++)
      connections[filled++] = connection_of(&socket, t);
  }
  *ret_connections = connections;
  *ret_count = filled;
  return FSA_OK;
}

int fsa_os_namespace_connections(FsaOsProcess *process, FsaArena *arena,
                                 FsaOsConnection **ret_connections, size_t *ret_count) {
  (void)process, (void)arena, (void)ret_connections, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
