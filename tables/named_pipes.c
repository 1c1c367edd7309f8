/*
 * fsa_named_pipes: the ends of FIFOs, unix sockets and pipes that processes hold open, each with
 * who holds the other end. No pipe is opened, connected to or read for it. Column names are
 * osquery's (process_open_pipes) where the fact is the same. [pipe(7), fifo(7), unix(7),
 * sock_diag(7)]
 *
 * How: all descriptors of all processes are listed once. Ends of one pipe share its inode; the two
 * ends of a unix socket have two inodes, and the kernel's socket diagnosis says which belong
 * together.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fsa.h"
#include "os/os.h"

enum {
  PID,
  FD,
  TYPE,
  PATH,
  MODE,
  INODE,
  DEVICE,
  OWNER_UID,
  PERMISSIONS,
  IS_DELETED,
  IS_ABSTRACT,
  IS_LISTENING,
  SOCKET_TYPE,
  NET_NAMESPACE,
  PARTNER_PID,
  PARTNER_FD,
  PARTNER_COUNT,
  PARTNER_INODE,
  PARTNER_PATH,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process that holds this end; never NULL."},
    [FD] = {"fd", FSA_INTEGER, 0, "Its descriptor; never NULL."},
    [TYPE] = {"type", FSA_TEXT, FSA_KEY,
              "fifo (a pipe with a name), unix_socket or pipe (without a name); never NULL."},
    [PATH] = {"path", FSA_TEXT, FSA_KEY,
              "The name: a path, or '@...' for an abstract socket; NULL for pipes and for sockets "
              "without a name, as clients mostly are."},
    [MODE] = {"mode", FSA_TEXT, 0, "How it is open: r, w or rw; NULL when it cannot be read."},
    [INODE] = {"inode", FSA_INTEGER, 0,
               "Names the pipe or the socket's end: equal at all ends of one pipe; never NULL."},
    [DEVICE] = {"device", FSA_INTEGER, 0,
                "Device number of a FIFO's file system; NULL for the others."},
    [OWNER_UID] = {"owner_uid", FSA_INTEGER, 0, "Who owns a FIFO's file; NULL for the others."},
    [PERMISSIONS] = {"permissions", FSA_TEXT, 0,
                     "Permission bits of a FIFO's file, octal; NULL for the others."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when a FIFO's name is gone; NULL for the others."},
    [IS_ABSTRACT] = {"is_abstract", FSA_BOOL, 0,
                     "1 when a socket's name is in no file system; NULL without a name and for the "
                     "others."},
    [IS_LISTENING] = {"is_listening", FSA_BOOL, 0,
                      "1 when a socket waits for connections; NULL for the others."},
    [SOCKET_TYPE] = {"socket_type", FSA_TEXT, 0,
                     "stream, datagram or seqpacket; NULL for the others."},
    [NET_NAMESPACE] = {"net_namespace", FSA_INTEGER, 0,
                       "Inode of the network namespace that a socket's end lies in; NULL for the "
                       "others."},
    [PARTNER_PID] = {"partner_pid", FSA_INTEGER, FSA_COSTLY,
                     "Who holds the other end: the lowest pid, another process rather than this "
                     "one. NULL when nobody that can be seen does, and for sockets when the kernel "
                     "was not asked (recording, other network namespace)."},
    [PARTNER_FD] = {"partner_fd", FSA_INTEGER, FSA_COSTLY,
                    "Its descriptor there; NULL as partner_pid."},
    [PARTNER_COUNT] = {"partner_count", FSA_INTEGER, FSA_COSTLY,
                       "How many processes that can be seen hold the other end; join the table "
                       "with itself by inode to see all. NULL for sockets when the kernel was not "
                       "asked."},
    [PARTNER_INODE] = {"partner_inode", FSA_INTEGER, 0,
                       "Inode of the other end of a socket; NULL for the others and without one."},
    [PARTNER_PATH] = {"partner_path", FSA_TEXT, 0,
                      "The other end's name: what a client is connected to; NULL as partner_inode "
                      "and when it has none."},
};

typedef enum Type { FIFO, UNIX_SOCKET, PIPE } Type;

static const char *const type_names[] = {
    [FIFO] = "fifo", [UNIX_SOCKET] = "unix_socket", [PIPE] = "pipe"};

/* One descriptor. */
typedef struct End {
  int64_t pid, fd;
  Type type;
  uint64_t inode;
  unsigned access; /* FSA_OS_READ | FSA_OS_WRITE; 0 = unknown */
  FsaText path;
  bool is_deleted;
  FsaOsFile file; /* of a FIFO */
  const FsaOsUnixSocket *socket;
  uint64_t net_namespace; /* of the socket */
} End;

/* The unix sockets of one network namespace. */
typedef struct Namespace {
  uint64_t inode;
  FsaOsUnixSocket *sockets;
  size_t count;
} Namespace;

/*
 * Who holds one direction of a pipe: the first process, the first one that is not that, and how
 * many.
 */
typedef struct Side {
  const End *first, *second;
  int64_t processes;
} Side;

/* All ends with one inode. */
typedef struct Group {
  const End *key;
  Side readers, writers, holders;
} Group;

typedef struct State {
  End *ends;
  size_t count, room, index;
  Namespace *namespaces;
  size_t namespace_count, namespace_room;
  Group *groups;
  size_t group_count;
} State;

/* ---- collecting ------------------------------------------------------------------------------ */

static int add_end(FsaScan *scan, State *state, const End *end) {
  if (state->count == state->room) {
    size_t room = state->room ? state->room * 2 : 256;
    End *ends = fsa_arena_grow(fsa_scan_arena(scan), state->ends, state->room * sizeof *ends,
                               room * sizeof *ends);
    if (!ends) return FSA_E_NOMEM;
    state->ends = ends;
    state->room = room;
  }
  state->ends[state->count++] = *end;
  return FSA_OK;
}

static void tell(FsaScan *scan, int64_t pid, int result, const char *what) {
  if (result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  char source[32];
  snprintf(source, sizeof source, "%lld", (long long)pid);
  fsa_problem_in(scan, result, source, FSA_NO_OFFSET, "%s cannot be read (%s)", what,
                 fsa_result_name(result));
}

/* The namespace's sockets, read once through the first process that is met in it. */
static int load_namespace(FsaScan *scan, State *state, FsaOsProcess *process, int64_t pid,
                          uint64_t *ret_inode) {
  FsaArena *arena = fsa_scan_arena(scan);
  Namespace namespace = {0};
  int result = fsa_os_network_namespace(process, arena, &namespace.inode);
  /* a recording may lack the link: its sockets then are those of one unnamed namespace */
  if (result != FSA_OK && result != FSA_E_ABSENT) return result;
  *ret_inode = namespace.inode;
  for (size_t i = 0; i < state->namespace_count; i++)
    if (state->namespaces[i].inode == namespace.inode) return FSA_OK;
  result = fsa_os_unix_sockets(process, arena, &namespace.sockets, &namespace.count);
  if (result == FSA_E_ABSENT) return FSA_OK; /* it ended: the next one of the namespace is asked */
  if (result != FSA_OK) tell(scan, pid, result, "the list of unix sockets");
  if (result == FSA_E_NOMEM) return result;
  if (state->namespace_count == state->namespace_room) {
    size_t room = state->namespace_room ? state->namespace_room * 2 : 8;
    Namespace *grown = fsa_arena_grow(arena, state->namespaces,
                                      state->namespace_room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    state->namespaces = grown;
    state->namespace_room = room;
  }
  state->namespaces[state->namespace_count++] = namespace;
  return FSA_OK;
}

/* How the end is open; a refusal leaves it unknown. */
static unsigned access_of(FsaScan *scan, FsaOsProcess *process, const End *end) {
  unsigned access = 0;
  int result = fsa_os_handle_access(process, end->fd, fsa_scan_arena(scan), &access);
  if (result != FSA_OK) tell(scan, end->pid, result, "how a descriptor is open");
  return access;
}

/* FSA_ROW when the handle is an end of something; FSA_OK when it is not. */
static int end_of(FsaScan *scan, FsaOsProcess *process, int64_t pid, const FsaOsHandle *handle,
                  End *end) {
  *end = (End){.pid = pid, .fd = handle->number, .inode = handle->inode};
  switch (handle->kind) {
  case FSA_OS_SOCKET:
    end->type = UNIX_SOCKET; /* or another kind: known once all namespaces are read */
    end->access = FSA_OS_READ | FSA_OS_WRITE;
    return FSA_ROW;
  case FSA_OS_PIPE: end->type = PIPE; break;
  case FSA_OS_PATH: {
    int result = fsa_os_handle_file(process, handle, &end->file);
    if (result != FSA_OK) tell(scan, pid, result, "a descriptor's file");
    if (result != FSA_OK || !fsa_os_file_is_fifo(&end->file)) return FSA_OK;
    end->type = FIFO;
    end->inode = end->file.inode;
    end->path = handle->target;
    end->is_deleted = handle->is_deleted;
    break;
  }
  default: return FSA_OK;
  }
  end->access = access_of(scan, process, end);
  return FSA_ROW;
}

static int collect_process(FsaScan *scan, State *state, FsaOsProcess *process, int64_t pid) {
  FsaOsHandle *handles;
  size_t count;
  int result = fsa_os_handles(process, fsa_scan_arena(scan), &handles, &count);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) {
    if (!fsa_os_process_is_kernel(process)) tell(scan, pid, result, "its descriptors");
    return FSA_OK;
  }
  bool has_namespace = false;
  uint64_t namespace = 0;
  for (size_t i = 0; i < count; i++) {
    End end;
    if (handles[i].kind == FSA_OS_SOCKET && !has_namespace) {
      result = load_namespace(scan, state, process, pid, &namespace);
      if (result == FSA_E_NOMEM) return result;
      if (result != FSA_OK) tell(scan, pid, result, "its network namespace");
      has_namespace = true;
    }
    if (end_of(scan, process, pid, &handles[i], &end) != FSA_ROW) continue;
    if (end.type == UNIX_SOCKET) end.net_namespace = namespace;
    result = add_end(scan, state, &end);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

static bool wants_partners(const FsaScan *scan) {
  return fsa_wants(scan, PARTNER_PID) || fsa_wants(scan, PARTNER_FD) ||
         fsa_wants(scan, PARTNER_COUNT);
}

static int collect(FsaScan *scan, State *state) {
  FsaOs *os = fsa_scan_os(scan);
  FsaArena *arena = fsa_scan_arena(scan);
  int64_t *pids;
  size_t count;
  int result = fsa_os_pids(os, arena, &pids, &count);
  if (result != FSA_OK) return result;
  bool all = wants_partners(scan);
  for (size_t i = 0; i < count; i++) {
    if (!all && !fsa_admits_int(scan, PID, pids[i])) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    FsaOsProcess *process;
    result = fsa_os_process_open(os, pids[i], arena, &process);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK) {
      tell(scan, pids[i], result, "the process");
      continue;
    }
    result = collect_process(scan, state, process, pids[i]);
    fsa_os_process_close(process);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static int compare_inodes(const void *a, const void *b) {
  const FsaOsUnixSocket *x = a, *y = b;
  return (x->inode > y->inode) - (x->inode < y->inode);
}

/* A socket may have been handed over from another namespace: its inode is searched in all. */
static const FsaOsUnixSocket *find_socket(const State *state, uint64_t inode,
                                          uint64_t *ret_namespace) {
  FsaOsUnixSocket key = {.inode = inode};
  for (size_t i = 0; i < state->namespace_count; i++) {
    const Namespace *in = &state->namespaces[i];
    const FsaOsUnixSocket *found =
        in->count ? bsearch(&key, in->sockets, in->count, sizeof key, compare_inodes) : NULL;
    if (!found) continue;
    *ret_namespace = in->inode;
    return found;
  }
  return NULL;
}

/* Gives every socket's end its socket and drops those of other families. */
static void resolve_sockets(State *state) {
  size_t kept = 0;
  for (size_t i = 0; i < state->count; i++) {
    End *end = &state->ends[i];
    if (end->type == UNIX_SOCKET) {
      end->socket = find_socket(state, end->inode, &end->net_namespace);
      if (!end->socket) continue;
      end->path = end->socket->path;
    }
    state->ends[kept++] = *end;
  }
  state->count = kept;
}

/* ---- partners -------------------------------------------------------------------------------- */

static int compare_keys(const End *a, const End *b) {
  if (a->type != b->type) return a->type < b->type ? -1 : 1;
  if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
  return (a->file.device > b->file.device) - (a->file.device < b->file.device);
}

static int compare_groups(const void *a, const void *b) {
  const Group *x = a, *y = b;
  return compare_keys(x->key, y->key);
}

/* By key; the same end's order (pid, fd) is kept, as their addresses ascend with it. */
static int compare_ends(const void *a, const void *b) {
  const End *const *x = a, *const *y = b;
  int order = compare_keys(*x, *y);
  return order ? order : (*x > *y) - (*x < *y);
}

static void add_holder(Side *side, const End *end, const End *previous) {
  if (!side->first) side->first = end;
  if (!previous || previous->pid != end->pid) side->processes++;
  if (!side->second && end->pid != side->first->pid) side->second = end;
}

/* Ends of one key, ascending by pid, made a group. */
static Group group_of(const End **ends, size_t count) {
  Group group = {.key = ends[0]};
  const End *reader = NULL, *writer = NULL;
  for (size_t i = 0; i < count; i++) {
    add_holder(&group.holders, ends[i], i ? ends[i - 1] : NULL);
    if (ends[i]->access & FSA_OS_READ) {
      add_holder(&group.readers, ends[i], reader);
      reader = ends[i];
    }
    if (ends[i]->access & FSA_OS_WRITE) {
      add_holder(&group.writers, ends[i], writer);
      writer = ends[i];
    }
  }
  return group;
}

static int make_groups(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  const End **sorted = fsa_arena_zero(arena, state->count + 1, sizeof *sorted);
  state->groups = fsa_arena_zero(arena, state->count + 1, sizeof *state->groups);
  if (!sorted || !state->groups) return FSA_E_NOMEM;
  for (size_t i = 0; i < state->count; i++) sorted[i] = &state->ends[i];
  qsort(sorted, state->count, sizeof *sorted, compare_ends);
  for (size_t i = 0, next; i < state->count; i = next) {
    for (next = i + 1; next < state->count && compare_keys(sorted[i], sorted[next]) == 0;) next++;
    state->groups[state->group_count++] = group_of(sorted + i, next - i);
  }
  return FSA_OK;
}

static const Group *find_group(const State *state, const End *key) {
  Group wanted = {.key = key};
  return bsearch(&wanted, state->groups, state->group_count, sizeof wanted, compare_groups);
}

/*
 * Who is at the other end: writers for who reads, readers for who writes, everybody else for who
 * opened a FIFO both ways.
 */
static Side partners_of(const State *state, const End *end) {
  End key = *end;
  if (end->type == UNIX_SOCKET) key.inode = end->socket->peer;
  const Group *group = key.inode ? find_group(state, &key) : NULL;
  if (!group) return (Side){NULL, NULL, 0};
  if (end->type == UNIX_SOCKET) return group->holders;
  if (end->access == FSA_OS_READ) return group->writers;
  if (end->access == FSA_OS_WRITE) return group->readers;
  Side others = group->holders;
  if (others.first->pid == end->pid) others.first = others.second;
  others.processes--;
  return others;
}

static void set_partners(FsaScan *scan, const State *state, FsaRow *row, const End *end) {
  if (!wants_partners(scan)) return;
  if (end->type == UNIX_SOCKET && !end->socket->is_peer_known) return;
  if (end->access == 0) return;
  Side side = partners_of(state, end);
  const End *partner = side.first;
  if (partner && partner->pid == end->pid && side.second) partner = side.second;
  fsa_row_int(row, PARTNER_COUNT, side.processes);
  if (!partner) return;
  fsa_row_int(row, PARTNER_PID, partner->pid);
  fsa_row_int(row, PARTNER_FD, partner->fd);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int open_host(FsaScan *scan, void *opaque) {
  State *state = opaque;
  fsa_tell_hidden_processes(scan);
  int result = collect(scan, state);
  if (result != FSA_OK) return result;
  resolve_sockets(state);
  return wants_partners(scan) ? make_groups(scan, state) : FSA_OK;
}

static const char *mode_name(unsigned access) {
  switch (access) {
  case FSA_OS_READ: return "r";
  case FSA_OS_WRITE: return "w";
  case FSA_OS_READ | FSA_OS_WRITE: return "rw";
  default: return NULL;
  }
}

static const char *socket_type_name(unsigned type) {
  switch (type) {
  case 1: return "stream";
  case 2: return "datagram";
  case 5: return "seqpacket";
  default: return NULL;
  }
}

static void set_fifo(FsaScan *scan, FsaRow *row, const End *end) {
  fsa_row_int(row, DEVICE, (int64_t)end->file.device);
  fsa_row_int(row, OWNER_UID, end->file.uid);
  fsa_row_string(row, PERMISSIONS,
                 fsa_arena_printf(fsa_row_arena(scan), "%04o", end->file.mode & 07777u));
  fsa_row_bool(row, IS_DELETED, end->is_deleted);
}

static void set_socket(const State *state, FsaRow *row, const End *end) {
  const FsaOsUnixSocket *socket = end->socket;
  if (socket->path.size) fsa_row_bool(row, IS_ABSTRACT, socket->path.data[0] == '@');
  fsa_row_bool(row, IS_LISTENING, socket->is_listening);
  fsa_row_string(row, SOCKET_TYPE, socket_type_name(socket->type));
  if (end->net_namespace) fsa_row_int(row, NET_NAMESPACE, (int64_t)end->net_namespace);
  if (!socket->peer) return;
  fsa_row_int(row, PARTNER_INODE, (int64_t)socket->peer);
  uint64_t namespace;
  const FsaOsUnixSocket *peer = find_socket(state, socket->peer, &namespace);
  if (peer && peer->path.size) fsa_row_text(row, PARTNER_PATH, peer->path.data, peer->path.size);
}

static bool admits(const FsaScan *scan, const End *end) {
  const char *type = type_names[end->type];
  return fsa_admits_int(scan, PID, end->pid) && fsa_admits_text(scan, TYPE, type, strlen(type)) &&
         fsa_admits_text(scan, PATH, end->path.data ? end->path.data : "", end->path.size);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  while (state->index < state->count) {
    const End *end = &state->ends[state->index++];
    if (!admits(scan, end)) continue;
    const char *source = fsa_arena_printf(fsa_row_arena(scan), "%lld", (long long)end->pid);
    if (source) fsa_row_source(row, source, strlen(source));
    fsa_row_int(row, PID, end->pid);
    fsa_row_int(row, FD, end->fd);
    fsa_row_string(row, TYPE, type_names[end->type]);
    if (end->path.size) fsa_row_text(row, PATH, end->path.data, end->path.size);
    fsa_row_string(row, MODE, mode_name(end->access));
    fsa_row_int(row, INODE, (int64_t)end->inode);
    if (end->type == FIFO) set_fifo(scan, row, end);
    if (end->type == UNIX_SOCKET) set_socket(state, row, end);
    set_partners(scan, state, row, end);
    return FSA_ROW;
  }
  return FSA_OK;
}

const FsaTable fsa_table_named_pipes = {
    .name = "named_pipes",
    .summary = "One row for each end of a FIFO, unix socket or pipe that a process holds open.",
    .proves = "The process held the descriptor while it was looked at; partner_pid held the other "
              "end, so the two could talk.",
    .caveat = "A FIFO or socket that nobody holds open has no row, nor have processes whose "
              "descriptors may not be read; partners in other network namespaces are not known.",
    .example = "SELECT pid, type, path, partner_pid FROM fsa_named_pipes WHERE path LIKE '/tmp/%'",
    .sources = FSA_LIVE_LINUX,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_host,
    .next = next,
};
