/*
 * Sockets of the Internet protocols: who listens, and who is connected to whom.
 *
 * Results as in os.h.
 */
#ifndef FSA_OS_CONNECTIONS_H
#define FSA_OS_CONNECTIONS_H

#include "os/os.h"

typedef enum FsaOsProtocol { FSA_OS_TCP = 6, FSA_OS_UDP = 17 } FsaOsProtocol;

typedef struct FsaOsConnection {
  FsaOsProtocol protocol;
  FsaBytes local, remote; /* addresses, 4 or 16 bytes in network order; remote empty = none */
  int64_t local_port, remote_port;
  uint32_t local_scope, remote_scope; /* zone of an IPv6 address; 0 = none */
  const char *state;                  /* "LISTEN", "ESTABLISHED", ...; NULL for UDP */
  bool is_listening;
  int64_t pid;          /* FSA_OS_UNKNOWN; 0 = no process any more */
  int64_t create_time;  /* ns since 1970 UTC; FSA_OS_UNKNOWN */
  uint32_t service_tag; /* for fsa_os_service_of_tag(); 0 = none */
  uint64_t inode;       /* Linux: of the socket; 0 = none */
} FsaOsConnection;

/* All sockets that this host shows, TCP before UDP, in its own order. */
int fsa_os_connections(FsaOs *os, FsaArena *arena, FsaOsConnection **ret_connections,
                       size_t *ret_count);

#endif
