/*
 * What Windows answers about its sockets: MIB_TCPTABLE_OWNER_MODULE and its kin, as
 * GetExtendedTcpTable (class 8) and GetExtendedUdpTable (class 2) fill them since Vista. Source:
 * Microsoft's documentation of tcpmib.h, udpmib.h.
 */
#ifndef FSA_FORMATS_NT_NET_H
#define FSA_FORMATS_NT_NET_H

#include "base/bytes.h"
#include "base/result.h"

typedef enum FsaNtNetKind {
  FSA_NT_TCP4,
  FSA_NT_TCP6,
  FSA_NT_UDP4,
  FSA_NT_UDP6,
  FSA_NT_NET_KINDS,
} FsaNtNetKind;

typedef struct FsaNtSocket {
  FsaBytes local, remote; /* addresses, 4 or 16 bytes in network order; remote empty for UDP */
  uint16_t local_port, remote_port;
  uint32_t local_scope, remote_scope; /* zone of an IPv6 address; 0 = none */
  uint32_t state;                     /* of TCP: 1 closed, 2 listen .. 12 delete; 0 for UDP */
  uint32_t pid;
  uint64_t create_time; /* FILETIME; 0 = unknown */
  /* which service of the process it belongs to; 0 = none. The first number of OwningModuleInfo. */
  uint32_t service_tag;
} FsaNtSocket;

/* How many sockets the table holds: never more than there are bytes for. */
size_t fsa_nt_sockets(FsaBytes bytes, FsaNtNetKind kind);

/* Socket `index`. FSA_E_FORMAT when it lies outside the bytes. */
int fsa_nt_socket(FsaBytes bytes, FsaNtNetKind kind, size_t index, FsaNtSocket *ret_socket);

#endif
