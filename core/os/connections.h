/*
 * Sockets of the Internet protocols: who listens, and who is connected to whom.
 *
 * Results as in os.h.
 */
#ifndef FSA_OS_CONNECTIONS_H
#define FSA_OS_CONNECTIONS_H

#include "os/os.h"

enum { FSA_OS_TCP = 6, FSA_OS_UDP = 17 };

typedef struct FsaOsConnection {
  int64_t protocol;   /* FSA_OS_TCP, ...: of IP */
  int64_t family;     /* the system's number of the address family */
  bool is_raw;        /* it sees packets of its protocol as they are; it has no ports */
  FsaBytes local;     /* 4 or 16 bytes in network order */
  FsaBytes remote;    /* empty = none */
  int64_t local_port; /* FSA_OS_UNKNOWN */
  int64_t remote_port;
  const char *state; /* "LISTEN", "ESTABLISHED", ...; NULL but for TCP */
  bool is_listening;
  int64_t pid;          /* FSA_OS_UNKNOWN: the caller finds it by inode */
  int64_t create_time;  /* ns since 1970 UTC; FSA_OS_UNKNOWN */
  uint32_t service_tag; /* for fsa_os_service_of_tag(); 0 = none */
  uint64_t inode;       /* of the socket; 0 = no process has it any more, or not told */
  int64_t uid;          /* who owns it; FSA_OS_UNKNOWN */
} FsaOsConnection;

/*
 * All sockets of the host and whose they are, in the system's order. FSA_E_UNSUPPORTED where each
 * network namespace must be asked.
 */
int fsa_os_connections(FsaOs *os, FsaArena *arena, FsaOsConnection **ret_connections,
                       size_t *ret_count);

/*
 * The sockets in the network namespace of a process, in the kernel's order. FSA_E_UNSUPPORTED where
 * the system tells all of them at once.
 */
int fsa_os_namespace_connections(FsaOsProcess *process, FsaArena *arena,
                                 FsaOsConnection **ret_connections, size_t *ret_count);

#endif
