/*
 * fsa_named_pipes: the pipes of a host and who talks through them. No pipe is opened, connected to
 * or read for it. Column names are osquery's (process_open_pipes, pipes) where the fact is the
 * same. [pipe(7), fifo(7), unix(7), sock_diag(7); the WDK and Microsoft's "Named Pipes"]
 *
 * Linux: the ends of FIFOs, unix sockets and pipes. All descriptors of all processes are listed
 * once. Ends of one pipe share its inode; the two ends of a unix socket have two inodes, and the
 * kernel's socket diagnosis says which belong together.
 *
 * Windows: the named pipes. Their names come from the root of their file system, who serves and
 * uses them from copies of all handles of type File in the host.
 */
#include <stdio.h>
#include <stdlib.h>

#include "catalog/known_pipes.h"
#include "formats/object_name.h"
#include "fsa.h"
#include "os/handle_table.h"
#include "os/os.h"
#include "os/pipe.h"
#include "os/process_block.h"

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
  NAME,
  INSTANCES,
  MAX_INSTANCES,
  CLIENT_PIDS,
  CREATOR_PID,
  SESSION,
  SDDL,
  NORMALIZED_NAME,
  NAME_PID,
  IS_PID_FORGED,
  KNOWN_AS,
  KNOWN_FROM,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY,
             "The process that holds this end, on Windows the server. NULL on Windows when no "
             "handle that could be asked tells who serves the pipe; never NULL on Linux."},
    [FD] = {"fd", FSA_INTEGER, 0,
            "Its descriptor, on Windows the lowest handle on a server's end; NULL on Windows when "
            "none is seen."},
    [TYPE] = {"type", FSA_TEXT, FSA_KEY,
              "fifo (a pipe with a name), unix_socket or pipe (without a name); on Windows "
              "named_pipe. Never NULL."},
    [PATH] = {"path", FSA_TEXT, FSA_KEY,
              "The name: a path, '@...' for an abstract socket, \\\\.\\pipe\\... on Windows; "
              "NULL for pipes and for sockets without a name, as clients mostly are."},
    [MODE] = {"mode", FSA_TEXT, 0,
              "How it is open: r, w or rw, on Windows by the server; NULL when it cannot be read."},
    [INODE] = {"inode", FSA_INTEGER, 0,
               "Names the pipe or the socket's end: equal at all ends of one pipe; NULL on "
               "Windows."},
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
                    "Its descriptor or handle there; NULL as partner_pid."},
    [PARTNER_COUNT] = {"partner_count", FSA_INTEGER, FSA_COSTLY,
                       "How many processes that can be seen hold the other end; join the table "
                       "with itself by inode to see all, or read client_pids. NULL for sockets "
                       "when the kernel was not asked."},
    [PARTNER_INODE] = {"partner_inode", FSA_INTEGER, 0,
                       "Inode of the other end of a socket; NULL for the others and without one."},
    [PARTNER_PATH] = {"partner_path", FSA_TEXT, 0,
                      "The other end's name: what a client is connected to; NULL as partner_inode "
                      "and when it has none."},
    [NAME] = {"name", FSA_TEXT, FSA_KEY,
              "On Windows the pipe's name alone, without \\\\.\\pipe\\; NULL on Linux."},
    [INSTANCES] = {"instances", FSA_INTEGER, FSA_VARIES,
                   "On Windows how many instances of the pipe exist, of all its servers; NULL on "
                   "Linux and when neither the list of pipes nor a handle tells."},
    [MAX_INSTANCES] = {"max_instances", FSA_INTEGER, 0,
                       "On Windows how many there may be at once, -1 for any number; NULL as "
                       "instances."},
    [CLIENT_PIDS] = {"client_pids", FSA_JSON, FSA_COSTLY | FSA_VARIES,
                     "On Windows the processes that hold a client's end of this server's pipe, "
                     "ascending, as a JSON array; NULL on Linux."},
    [CREATOR_PID] = {"creator_pid", FSA_INTEGER, 0,
                     "On Windows who made the instance, as the file system of pipes remembers it: "
                     "another process than pid when the server's handle was inherited or handed "
                     "over. NULL on Linux and when it is not told."},
    [SESSION] = {"session", FSA_INTEGER, FSA_COSTLY,
                 "On Windows the terminal session of the server, 0 for services; NULL on Linux and "
                 "when the server cannot be asked."},
    [SDDL] = {"sddl", FSA_TEXT, 0,
              "On Windows the pipe's owner, group and who may do what with it, in the Security "
              "Descriptor Definition Language; NULL on Linux and when no handle may be asked for "
              "it."},
    [NORMALIZED_NAME] = {"normalized_name", FSA_TEXT, 0,
                         "On Windows the name with its changing parts replaced, to be counted over "
                         "hosts: G for a GUID, H for 6 and more hexadecimal digits, P for name_pid "
                         "and the pids of server and creator, D for other digits; NULL on Linux."},
    [NAME_PID] = {"name_pid", FSA_INTEGER, 0,
                  "On Windows the pid that the name carries by the custom of the program that "
                  "makes such pipes (mojo., chrome., crashpad_, PSHost., Winsock2\\"
                  "CatalogChangeListener-); NULL for other names and on Linux."},
    [IS_PID_FORGED] = {"is_pid_forged", FSA_BOOL, FSA_COSTLY,
                       "1 when that pid is neither the server nor the creator nor the server's "
                       "parent: somebody else borrows the name. NULL without name_pid, and when "
                       "the server or its parent is not known."},
    [KNOWN_AS] = {"known_as", FSA_TEXT, 0,
                  "On Windows the attackers' tool that makes pipes of this name by default, or a "
                  "tool of administrators that attackers use; NULL for other names and on Linux."},
    [KNOWN_FROM] = {"known_from", FSA_TEXT, 0, "Where that is published; NULL as known_as."},
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
  bool is_windows;
  struct Pipe *pipes; /* on Windows; `count` and `index` are theirs then */
} State;

/* ---- Linux: collecting ----------------------------------------------------------------------- */

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

/* ---- Linux: sockets -------------------------------------------------------------------------- */

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

/* ---- Linux: partners ------------------------------------------------------------------------- */

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

/* ---- Windows: collecting --------------------------------------------------------------------- */

/* One end of a named pipe, as a handle shows it. */
typedef struct PipeEnd {
  int64_t pid, handle;
  FsaOsPipeEnd facts;
} PipeEnd;

typedef struct PipeEnds {
  PipeEnd *ends;
  size_t count, room;
  int64_t told_pid; /* whose refusal was told last */
} PipeEnds;

static int add_pipe_end(FsaScan *scan, PipeEnds *ends, const FsaOsTableHandle *handle,
                        const FsaOsPipeEnd *facts) {
  if (ends->count == ends->room) {
    const size_t room = ends->room ? ends->room * 2 : 256;
    PipeEnd *grown = fsa_arena_grow(fsa_scan_arena(scan), ends->ends, ends->room * sizeof *grown,
                                    room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    ends->ends = grown;
    ends->room = room;
  }
  ends->ends[ends->count++] =
      (PipeEnd){.pid = handle->pid, .handle = handle->number, .facts = *facts};
  return FSA_OK;
}

/* What hangs is told for each handle, what is refused once for each process. */
static void tell_pipe(FsaScan *scan, PipeEnds *ends, const FsaOsTableHandle *handle, int result) {
  char source[32];
  if (result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  snprintf(source, sizeof source, "%lld", (long long)handle->pid);
  if (result == FSA_E_TIMEOUT) {
    fsa_problem_in(scan, result, source, FSA_NO_OFFSET,
                   "handle %lld (access 0x%x) does not answer, as a pipe does not while its owner "
                   "waits at it: if it is one, the process is missing at it",
                   (long long)handle->number, (unsigned)handle->access);
  } else if (ends->told_pid != handle->pid) {
    ends->told_pid = handle->pid;
    fsa_problem_in(scan, result, source, FSA_NO_OFFSET,
                   "its handles cannot be asked (%s): the pipes that it serves and uses are not "
                   "known",
                   fsa_result_name(result));
  }
}

static int collect_pipe_ends(FsaScan *scan, FsaOsHandleTable *table, PipeEnds *ends) {
  FsaOsTableHandle handle;
  while (fsa_os_handle_table_next(table, &handle) == FSA_ROW) {
    if (!handle.type.data || strcmp(handle.type.data, "File") != 0) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    FsaOsPipeEnd facts;
    int result = fsa_os_handle_pipe(table, &handle, fsa_scan_arena(scan), &facts);
    if (result == FSA_OK) result = add_pipe_end(scan, ends, &handle, &facts);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK) tell_pipe(scan, ends, &handle, result);
  }
  return FSA_OK;
}

static int compare_names(FsaText a, FsaText b) {
  return fsa_text_compare(a.data, a.size, b.data, b.size);
}

/* By name, servers first, then by pid and handle. */
static int compare_pipe_ends(const void *a, const void *b) {
  const PipeEnd *x = a, *y = b;
  const int order = compare_names(x->facts.name, y->facts.name);
  if (order) return order;
  if (x->facts.is_server != y->facts.is_server) return x->facts.is_server ? -1 : 1;
  if (x->pid != y->pid) return x->pid < y->pid ? -1 : 1;
  return (x->handle > y->handle) - (x->handle < y->handle);
}

static int compare_listed(const void *a, const void *b) {
  const FsaOsPipe *x = a, *y = b;
  return compare_names(x->name, y->name);
}

/* ---- Windows: one row for each name and server ----------------------------------------------- */

typedef struct Pipe {
  FsaText name;
  const FsaOsPipe *listed; /* NULL = the list of pipes has it not */
  int64_t server, creator; /* pids; FSA_OS_UNKNOWN */
  const PipeEnd *end;      /* of the server, else any; NULL = no handle shows the pipe */
  const PipeEnd **clients; /* the first end of each process, by pid */
  size_t client_count;
} Pipe;

/* All ends of one name, and its rows. */
typedef struct Named {
  const PipeEnd *ends;
  size_t end_count;
  Pipe *pipes;
  size_t pipe_count;
} Named;

static bool is_client(const PipeEnd *end) {
  return end->facts.is_end_known && !end->facts.is_server;
}

static bool has_server(const Named *named, int64_t pid) {
  for (size_t i = 0; i < named->pipe_count; i++)
    if (named->pipes[i].server == pid) return true;
  return false;
}

static void add_server(Named *named, const PipeEnd *end, int64_t server) {
  if (has_server(named, server)) return;
  named->pipes[named->pipe_count++] =
      (Pipe){.name = end->facts.name, .server = server, .creator = end->facts.creator, .end = end};
}

/*
 * Who holds a server's end serves the pipe, whatever the file system of pipes remembers of its
 * maker. Where none of those handles could be asked, what the clients' ends tell must do.
 */
static void find_servers(Named *named) {
  for (size_t i = 0; i < named->end_count; i++)
    if (named->ends[i].facts.is_server) add_server(named, &named->ends[i], named->ends[i].pid);
  if (named->pipe_count) return;
  for (size_t i = 0; i < named->end_count; i++)
    if (named->ends[i].facts.creator != FSA_OS_UNKNOWN)
      add_server(named, &named->ends[i], named->ends[i].facts.creator);
  if (!named->pipe_count) add_server(named, &named->ends[0], FSA_OS_UNKNOWN);
}

static bool made_by(const PipeEnd *client, const Pipe *pipe) {
  const int64_t creator = client->facts.creator;
  return creator != FSA_OS_UNKNOWN && (creator == pipe->server || creator == pipe->creator);
}

/* A client belongs to the server that made its instance; to all, when that is not told. */
static bool belongs_to(const Named *named, const PipeEnd *client, const Pipe *pipe) {
  if (made_by(client, pipe)) return true;
  for (size_t i = 0; i < named->pipe_count; i++)
    if (made_by(client, &named->pipes[i])) return false;
  return true;
}

static int find_clients(FsaScan *scan, Named *named) {
  for (size_t i = 0; i < named->pipe_count; i++) {
    Pipe *pipe = &named->pipes[i];
    pipe->clients = fsa_arena_zero(fsa_scan_arena(scan), named->end_count, sizeof *pipe->clients);
    if (!pipe->clients) return FSA_E_NOMEM;
    for (size_t j = 0; j < named->end_count; j++) {
      const PipeEnd *end = &named->ends[j];
      if (!is_client(end) || !belongs_to(named, end, pipe)) continue;
      const size_t count = pipe->client_count;
      if (!count || pipe->clients[count - 1]->pid != end->pid)
        pipe->clients[pipe->client_count++] = end;
    }
  }
  return FSA_OK;
}

static int compare_pipes(const void *a, const void *b) {
  const Pipe *x = a, *y = b;
  const int order = compare_names(x->name, y->name);
  return order ? order : (x->server > y->server) - (x->server < y->server);
}

/* The rows: names that handles show, then those that only the list has. */
static int make_pipes(FsaScan *scan, State *state, const PipeEnds *ends, const FsaOsPipe *listed,
                      size_t listed_count) {
  FsaArena *arena = fsa_scan_arena(scan);
  state->pipes = fsa_arena_zero(arena, ends->count + listed_count + 1, sizeof *state->pipes);
  bool *is_shown = fsa_arena_zero(arena, listed_count + 1, sizeof *is_shown);
  if (!state->pipes || !is_shown) return FSA_E_NOMEM;
  for (size_t i = 0, next; i < ends->count; i = next) {
    for (next = i + 1; next < ends->count; next++)
      if (compare_names(ends->ends[i].facts.name, ends->ends[next].facts.name)) break;
    Named named = {
        .ends = ends->ends + i, .end_count = next - i, .pipes = state->pipes + state->count};
    find_servers(&named);
    const int result = find_clients(scan, &named);
    if (result != FSA_OK) return result;
    const FsaOsPipe wanted = {.name = ends->ends[i].facts.name};
    const FsaOsPipe *found =
        listed_count ? bsearch(&wanted, listed, listed_count, sizeof wanted, compare_listed) : NULL;
    if (found) is_shown[found - listed] = true;
    for (size_t j = 0; j < named.pipe_count; j++) named.pipes[j].listed = found;
    state->count += named.pipe_count;
  }
  for (size_t i = 0; i < listed_count; i++)
    if (!is_shown[i])
      state->pipes[state->count++] = (Pipe){.name = listed[i].name,
                                            .listed = &listed[i],
                                            .server = FSA_OS_UNKNOWN,
                                            .creator = FSA_OS_UNKNOWN};
  qsort(state->pipes, state->count, sizeof *state->pipes, compare_pipes);
  return FSA_OK;
}

static int collect_pipes(FsaScan *scan, State *state, FsaOsHandleTable *table) {
  FsaOsPipe *listed = NULL;
  size_t listed_count = 0;
  PipeEnds ends = {.told_pid = -1};
  int result = fsa_os_pipes(fsa_scan_os(scan), fsa_scan_arena(scan), &listed, &listed_count);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK)
    fsa_problem(scan, result, FSA_NO_OFFSET,
                "the pipes cannot be listed (%s): those that no handle shows are missing",
                fsa_result_name(result));
  if (listed_count) qsort(listed, listed_count, sizeof *listed, compare_listed);
  result = table ? collect_pipe_ends(scan, table, &ends) : FSA_OK;
  if (result != FSA_OK) return result;
  if (ends.count) qsort(ends.ends, ends.count, sizeof *ends.ends, compare_pipe_ends);
  return make_pipes(scan, state, &ends, listed, listed_count);
}

static int open_windows(FsaScan *scan, State *state) {
  FsaOsHandleTable *table = NULL;
  int result = fsa_os_handle_table_open(fsa_scan_os(scan), &table);
  if (result != FSA_OK)
    fsa_problem(scan, result, FSA_NO_OFFSET,
                "the table of all handles cannot be read (%s): servers and clients are not known",
                fsa_result_name(result));
  if (result == FSA_E_NOMEM) return result;
  result = collect_pipes(scan, state, table);
  fsa_os_handle_table_close(table);
  return result;
}

/* ---- Windows: rows --------------------------------------------------------------------------- */

/* What the process itself tells of a pipe's server; FSA_OS_UNKNOWN where it does not. */
typedef struct Server {
  int64_t parent, session;
} Server;

static Server ask_server(FsaScan *scan, int64_t pid) {
  Server server = {FSA_OS_UNKNOWN, FSA_OS_UNKNOWN};
  FsaArena *arena = fsa_row_arena(scan);
  FsaOsProcess *process;
  int result = fsa_os_process_open(fsa_scan_os(scan), pid, arena, &process);
  if (result != FSA_OK) {
    tell(scan, pid, result, "the process");
    return server;
  }
  FsaOsProcessFacts facts;
  FsaOsKernelBlock block;
  if (fsa_os_process_facts(process, arena, &facts) == FSA_OK) server.parent = facts.parent;
  if (fsa_os_kernel_block(process, &block) == FSA_OK) server.session = block.session_number;
  fsa_os_process_close(process);
  return server;
}

static void set_forged(FsaRow *row, const Pipe *pipe, int64_t name_pid, const Server *server) {
  if (pipe->server == FSA_OS_UNKNOWN) return;
  const bool is_own = name_pid == pipe->server || name_pid == pipe->creator;
  if (!is_own && server->parent == FSA_OS_UNKNOWN) return;
  fsa_row_bool(row, IS_PID_FORGED, !is_own && name_pid != server->parent);
}

static void set_server(FsaScan *scan, FsaRow *row, const Pipe *pipe) {
  int64_t name_pid;
  const bool has_pid = fsa_pipe_name_pid(pipe->name, &name_pid);
  if (has_pid) fsa_row_int(row, NAME_PID, name_pid);
  Server server = {FSA_OS_UNKNOWN, FSA_OS_UNKNOWN};
  const bool is_asked = fsa_wants(scan, SESSION) || (has_pid && fsa_wants(scan, IS_PID_FORGED));
  if (is_asked && pipe->server != FSA_OS_UNKNOWN) server = ask_server(scan, pipe->server);
  fsa_row_known(row, SESSION, server.session, FSA_OS_UNKNOWN);
  if (has_pid) set_forged(row, pipe, name_pid, &server);
}

static int set_names(FsaScan *scan, FsaRow *row, const Pipe *pipe) {
  FsaArena *arena = fsa_row_arena(scan);
  const char *path = fsa_arena_printf(arena, "\\\\.\\pipe\\%s", pipe->name.data);
  int64_t pids[] = {pipe->server, pipe->creator, FSA_OS_UNKNOWN};
  fsa_pipe_name_pid(pipe->name, &pids[2]);
  const FsaText normal = fsa_object_name_normalize(arena, pipe->name, pids, 3);
  if (!path || !normal.data) return FSA_E_NOMEM;
  fsa_row_source(row, path, strlen(path));
  fsa_row_string(row, PATH, path);
  fsa_row_text(row, NAME, pipe->name.data, pipe->name.size);
  fsa_row_text(row, NORMALIZED_NAME, normal.data, normal.size);
  const FsaKnownPipe *known = fsa_known_pipe(pipe->name);
  if (known) fsa_row_string(row, KNOWN_AS, known->tool);
  if (known) fsa_row_string(row, KNOWN_FROM, known->source);
  return FSA_OK;
}

enum { PID_CHARACTERS = 12 }; /* pids have 32 bits; a comma behind each */

static int set_clients(FsaScan *scan, FsaRow *row, const Pipe *pipe) {
  const size_t room = pipe->client_count * PID_CHARACTERS + 3;
  char *json = fsa_arena_alloc(fsa_row_arena(scan), room);
  if (!json) return FSA_E_NOMEM;
  size_t size = 0;
  const PipeEnd *partner = NULL;
  json[size++] = '[';
  for (size_t i = 0; i < pipe->client_count; i++) {
    const PipeEnd *client = pipe->clients[i];
    size += (size_t)snprintf(json + size, room - size, "%s%u", i ? "," : "", (unsigned)client->pid);
    if (!partner || (partner->pid == pipe->server && client->pid != pipe->server)) partner = client;
  }
  json[size++] = ']';
  fsa_row_text(row, CLIENT_PIDS, json, size);
  fsa_row_int(row, PARTNER_COUNT, (int64_t)pipe->client_count);
  if (!partner) return FSA_OK;
  fsa_row_int(row, PARTNER_PID, partner->pid);
  fsa_row_int(row, PARTNER_FD, partner->handle);
  return FSA_OK;
}

static const char *mode_name(unsigned access) {
  switch (access) {
  case FSA_OS_READ: return "r";
  case FSA_OS_WRITE: return "w";
  case FSA_OS_READ | FSA_OS_WRITE: return "rw";
  default: return NULL;
  }
}

static void set_end(FsaRow *row, const Pipe *pipe) {
  const PipeEnd *end = pipe->end;
  if (pipe->listed) {
    fsa_row_int(row, INSTANCES, pipe->listed->instances);
    fsa_row_int(row, MAX_INSTANCES, pipe->listed->most_instances);
  } else if (end) {
    fsa_row_known(row, INSTANCES, end->facts.instances, FSA_OS_UNKNOWN);
    fsa_row_known(row, MAX_INSTANCES, end->facts.most_instances, FSA_OS_UNKNOWN);
  }
  if (!end) return;
  if (end->facts.is_server) fsa_row_int(row, FD, end->handle);
  fsa_row_string(row, MODE, mode_name(end->facts.server_access));
  fsa_row_known(row, CREATOR_PID, pipe->creator, FSA_OS_UNKNOWN);
  fsa_row_text(row, SDDL, end->facts.sddl.data, end->facts.sddl.size);
}

static bool admits_pipe(const FsaScan *scan, const Pipe *pipe) {
  static const char type[] = "named_pipe";
  return (pipe->server == FSA_OS_UNKNOWN ? !fsa_key(scan, PID)
                                         : fsa_admits_int(scan, PID, pipe->server)) &&
         fsa_admits_text(scan, TYPE, type, sizeof type - 1) &&
         fsa_admits_text(scan, NAME, pipe->name.data, pipe->name.size);
}

static int next_pipe(FsaScan *scan, State *state, FsaRow *row) {
  while (state->index < state->count) {
    const Pipe *pipe = &state->pipes[state->index++];
    if (!admits_pipe(scan, pipe)) continue;
    fsa_row_known(row, PID, pipe->server, FSA_OS_UNKNOWN);
    fsa_row_string(row, TYPE, "named_pipe");
    set_end(row, pipe);
    set_server(scan, row, pipe);
    int result = set_names(scan, row, pipe);
    if (result == FSA_OK) result = set_clients(scan, row, pipe);
    return result == FSA_OK ? FSA_ROW : result;
  }
  return FSA_OK;
}

/* ---- Linux: rows ----------------------------------------------------------------------------- */

static int open_linux(FsaScan *scan, State *state) {
  fsa_tell_hidden_processes(scan);
  int result = collect(scan, state);
  if (result != FSA_OK) return result;
  resolve_sockets(state);
  return wants_partners(scan) ? make_groups(scan, state) : FSA_OK;
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

static int next_end(FsaScan *scan, State *state, FsaRow *row) {
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

static int open_host(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->is_windows = fsa_os_family(fsa_scan_os(scan)) == FSA_OS_WINDOWS;
  return state->is_windows ? open_windows(scan, state) : open_linux(scan, state);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  return state->is_windows ? next_pipe(scan, state, row) : next_end(scan, state, row);
}

const FsaTable fsa_table_named_pipes = {
    .name = "named_pipes",
    .summary = "On Linux one row for each end of a FIFO, unix socket or pipe that a process holds "
               "open; on Windows one for each named pipe and process that serves it.",
    .proves = "The process held the descriptor, or served the pipe, while it was looked at; "
              "partner_pid held the other end, so the two could talk.",
    .caveat = "A FIFO or socket that nobody holds open has no row, nor have processes whose "
              "descriptors may not be read; partners in other network namespaces are not known. "
              "On Windows pid is NULL where the server's handles may not be copied, or where it "
              "waits at a synchronous pipe, which then does not answer: a problem names the "
              "process. Pipes without a name have no row there.",
    .example = "SELECT pid, type, path, partner_pid FROM fsa_named_pipes WHERE path LIKE '/tmp/%'",
    .sources = FSA_LIVE_LINUX | FSA_LIVE_WINDOWS,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_host,
    .next = next,
};
