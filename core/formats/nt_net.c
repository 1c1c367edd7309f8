/* Sockets of Windows: one layout for each protocol and family. */
#include "formats/nt_net.h"

#define TABLE_AT 8u /* the count, and filler */
#define NONE 0xFFu

/* Where the fields of a row stand, bytes; NONE = it has no such field. */
typedef struct Layout {
  uint8_t size, address_size;
  uint8_t state, local, local_scope, local_port, remote, remote_scope, remote_port;
  uint8_t pid, create_time, module;
} Layout;

static const Layout layouts[FSA_NT_NET_KINDS] = {
    [FSA_NT_TCP4] = {.size = 160,
                     .address_size = 4,
                     .state = 0,
                     .local = 4,
                     .local_scope = NONE,
                     .local_port = 8,
                     .remote = 12,
                     .remote_scope = NONE,
                     .remote_port = 16,
                     .pid = 20,
                     .create_time = 24,
                     .module = 32},
    [FSA_NT_TCP6] = {.size = 192,
                     .address_size = 16,
                     .state = 48,
                     .local = 0,
                     .local_scope = 16,
                     .local_port = 20,
                     .remote = 24,
                     .remote_scope = 40,
                     .remote_port = 44,
                     .pid = 52,
                     .create_time = 56,
                     .module = 64},
    [FSA_NT_UDP4] = {.size = 160,
                     .address_size = 4,
                     .state = NONE,
                     .local = 0,
                     .local_scope = NONE,
                     .local_port = 4,
                     .remote = NONE,
                     .remote_scope = NONE,
                     .remote_port = NONE,
                     .pid = 8,
                     .create_time = 16,
                     .module = 32},
    [FSA_NT_UDP6] = {.size = 176,
                     .address_size = 16,
                     .state = NONE,
                     .local = 0,
                     .local_scope = 16,
                     .local_port = 20,
                     .remote = NONE,
                     .remote_scope = NONE,
                     .remote_port = NONE,
                     .pid = 24,
                     .create_time = 32,
                     .module = 48},
};

size_t fsa_nt_sockets(FsaBytes bytes, FsaNtNetKind kind) {
  const size_t told = fsa_u32(&bytes, 0);
  const size_t room = bytes.size > TABLE_AT ? (bytes.size - TABLE_AT) / layouts[kind].size : 0;
  return told < room ? told : room;
}

static uint32_t number(FsaBytes *row, uint8_t at) {
  return at == NONE ? 0 : fsa_u32(row, at);
}

/* The first two bytes of a port, in network order; the others say nothing. */
static uint16_t port(FsaBytes *row, uint8_t at) {
  if (at == NONE) return 0;
  return (uint16_t)(fsa_u8(row, at) << 8 | fsa_u8(row, at + 1u));
}

int fsa_nt_socket(FsaBytes bytes, FsaNtNetKind kind, size_t index, FsaNtSocket *ret_socket) {
  const Layout *layout = &layouts[kind];
  if (index >= fsa_nt_sockets(bytes, kind)) return FSA_E_FORMAT;
  FsaBytes row = fsa_slice(&bytes, TABLE_AT + index * layout->size, layout->size);
  FsaNtSocket socket = {
      .local = fsa_slice(&row, layout->local, layout->address_size),
      .local_port = port(&row, layout->local_port),
      .remote_port = port(&row, layout->remote_port),
      .local_scope = number(&row, layout->local_scope),
      .remote_scope = number(&row, layout->remote_scope),
      .state = number(&row, layout->state),
      .pid = fsa_u32(&row, layout->pid),
      .create_time = fsa_u64(&row, layout->create_time),
      .service_tag = fsa_u32(&row, layout->module),
  };
  if (layout->remote != NONE) socket.remote = fsa_slice(&row, layout->remote, layout->address_size);
  if (row.bad) return FSA_E_FORMAT;
  *ret_socket = socket;
  return FSA_OK;
}
