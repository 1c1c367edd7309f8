/*
 * fsa_connections: sockets of the Internet protocols, and whose they are.
 *
 * Windows tells all sockets with their processes at once. Linux tells the sockets of a network
 * namespace without their owners: each namespace is read through the first process that is met in
 * it, and the owners are those who hold a descriptor of the socket. Column names are those of
 * osquery's process_open_sockets where the fact is the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/ip_address.h"
#include "fsa.h"
#include "os/connections.h"
#include "os/os.h"
#include "os/services.h"

enum {
  PID,
  FD,
  PROCESS_NAME,
  PROCESS_PATH,
  SERVICE,
  PROTOCOL,
  FAMILY,
  LOCAL_ADDRESS,
  LOCAL_PORT,
  REMOTE_ADDRESS,
  REMOTE_PORT,
  STATE,
  IS_LISTENING,
  REMOTE_CLASS,
  CREATE_TIME,
  IS_RAW,
  UID,
  SOCKET,
  NET_NAMESPACE,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY,
             "Process that holds the socket; several may, each is a row. NULL when none does any "
             "more (TIME_WAIT), when it cannot be seen, and for sockets of the kernel."},
    [FD] = {"fd", FSA_INTEGER, 0, "Its descriptor there; NULL on Windows and without pid."},
    [PROCESS_NAME] = {"process_name", FSA_TEXT, FSA_COSTLY,
                      "Name of the process, asked right after the sockets; NULL without pid and "
                      "when it ended meanwhile."},
    [PROCESS_PATH] = {"process_path", FSA_TEXT, FSA_COSTLY,
                      "Program that the process runs; NULL as process_name, and for processes of "
                      "the kernel."},
    [SERVICE] = {"service", FSA_TEXT, FSA_COSTLY,
                 "Service that opened it, where one process runs several; NULL for other processes "
                 "and on Linux."},
    [PROTOCOL] = {"protocol", FSA_INTEGER, FSA_KEY,
                  "Protocol of IP: 6 TCP, 17 UDP, or that of a raw socket (1 ICMP, 255 any); never "
                  "NULL."},
    [FAMILY] = {"family", FSA_INTEGER, 0,
                "The system's number of the address family: 2 for IPv4; for IPv6 10 on Linux, 23 "
                "on Windows. Never NULL."},
    [LOCAL_ADDRESS] =
        {"local_address", FSA_TEXT, FSA_KEY,
         "Address on this host; 0.0.0.0 and :: are all of its addresses. Never NULL."},
    [LOCAL_PORT] = {"local_port", FSA_INTEGER, FSA_KEY,
                    "Port on this host; NULL for a raw socket."},
    [REMOTE_ADDRESS] = {"remote_address", FSA_TEXT, FSA_KEY,
                        "Address of the other end; NULL without one (listening; Windows tells none "
                        "of UDP)."},
    [REMOTE_PORT] = {"remote_port", FSA_INTEGER, FSA_KEY,
                     "Port of the other end; NULL as remote_address and for a raw socket."},
    [STATE] = {"state", FSA_TEXT, FSA_VARIES,
               "LISTEN, ESTABLISHED, TIME_WAIT, ...; NULL but for TCP."},
    [IS_LISTENING] = {"is_listening", FSA_BOOL, FSA_KEY,
                      "1 when a TCP socket waits for connections; NULL for other protocols, which "
                      "need no connection."},
    [REMOTE_CLASS] = {"remote_class", FSA_TEXT, 0,
                      "What the remote address is: public, private, shared (carrier NAT), "
                      "loopback, link_local, multicast, broadcast, reserved or unspecified; NULL "
                      "as remote_address."},
    [CREATE_TIME] = {"create_time", FSA_TIME, FSA_KEY,
                     "When the socket was bound or connected, Unix seconds; NULL when the system "
                     "does not tell (Linux; Windows of some sockets)."},
    [IS_RAW] =
        {"is_raw", FSA_BOOL, 0,
         "1 for a socket that takes packets as they are, as sniffers and backdoors without a "
         "port do; Windows tells of none. Never NULL."},
    [UID] = {"uid", FSA_INTEGER, 0, "User who owns the socket; NULL on Windows."},
    [SOCKET] = {"socket", FSA_INTEGER, 0,
                "Inode of the socket, which fsa_named_pipes and /proc/PID/fd know it by; NULL on "
                "Windows and when no file belongs to it any more."},
    [NET_NAMESPACE] = {"net_namespace", FSA_INTEGER, 0,
                       "Inode of the network namespace; NULL on Windows and when a recording lacks "
                       "it."},
};

/* What is known of a process, asked once. */
typedef struct Owner {
  int64_t pid;
  FsaText name, path; /* data NULL = unknown */
} Owner;

/* A descriptor of a socket. */
typedef struct Holder {
  int64_t pid, fd;
  uint64_t inode;
} Holder;

/* One row to come. */
typedef struct Entry {
  const FsaOsConnection *connection;
  int64_t pid, fd;        /* FSA_OS_UNKNOWN */
  uint64_t net_namespace; /* 0 = unknown */
} Entry;

/* A socket of a namespace, to be found by its inode. */
typedef struct Known {
  const FsaOsConnection *connection;
  uint64_t net_namespace;
  bool is_held;
} Known;

/* A list that grows in the subject's arena. */
typedef struct List {
  void *data;
  size_t count, room;
} List;

typedef struct State {
  List entries;    /* Entry */
  List owners;     /* Owner */
  List holders;    /* Holder */
  List known;      /* Known */
  List namespaces; /* uint64_t: inodes of those that were read */
  size_t next;
} State;

/* ---- lists ----------------------------------------------------------------------------------- */

/* One more element of `size` bytes, zeroed; NULL when memory ran out. */
static void *add(FsaScan *scan, List *list, size_t size) {
  if (list->count == list->room) {
    const size_t room = list->room ? list->room * 2 : 64;
    void *grown = fsa_arena_grow(fsa_scan_arena(scan), list->data, list->room * size, room * size);
    if (!grown) return NULL;
    list->data = grown;
    list->room = room;
  }
  char *element = (char *)list->data + list->count++ * size;
  memset(element, 0, size);
  return element;
}

static int add_entry(FsaScan *scan, State *state, Entry entry) {
  Entry *added = add(scan, &state->entries, sizeof *added);
  if (!added) return FSA_E_NOMEM;
  *added = entry;
  return FSA_OK;
}

static void tell(FsaScan *scan, int64_t pid, int result, const char *what) {
  if (result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  char source[32];
  snprintf(source, sizeof source, "%" PRId64, pid);
  fsa_problem_in(scan, result, source, FSA_NO_OFFSET, "%s cannot be read (%s)", what,
                 fsa_result_name(result));
}

/* ---- Windows: the system's own list ---------------------------------------------------------- */

static int collect_system(FsaScan *scan, State *state) {
  FsaOsConnection *connections;
  size_t count;
  int result = fsa_os_connections(fsa_scan_os(scan), fsa_scan_arena(scan), &connections, &count);
  for (size_t i = 0; result == FSA_OK && i < count; i++) {
    /* what has ended belongs to the idle process */
    const int64_t pid = connections[i].pid ? connections[i].pid : FSA_OS_UNKNOWN;
    result = add_entry(scan, state, (Entry){&connections[i], pid, FSA_OS_UNKNOWN, 0});
  }
  return result;
}

/* ---- Linux: namespaces and descriptors ------------------------------------------------------- */

static bool is_read(const State *state, uint64_t inode) {
  const uint64_t *inodes = state->namespaces.data;
  for (size_t i = 0; i < state->namespaces.count; i++)
    if (inodes[i] == inode) return true;
  return false;
}

/* The sockets of the process's namespace, unless another one has led to them already. */
static int read_namespace(FsaScan *scan, State *state, FsaOsProcess *process, int64_t pid) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsConnection *connections;
  uint64_t inode = 0;
  size_t count;
  int result = fsa_os_network_namespace(process, arena, &inode);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK && result != FSA_E_ABSENT) {
    tell(scan, pid, result, "its network namespace");
    return FSA_OK;
  }
  if (is_read(state, inode)) return FSA_OK;
  result = fsa_os_namespace_connections(process, arena, &connections, &count);
  if (result == FSA_E_ABSENT) return FSA_OK; /* it ended: the next one of the namespace is asked */
  if (result != FSA_OK) tell(scan, pid, result, "the list of sockets");
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  uint64_t *read = add(scan, &state->namespaces, sizeof *read);
  if (!read) return FSA_E_NOMEM;
  *read = inode;
  for (size_t i = 0; i < count; i++) {
    Known *known = add(scan, &state->known, sizeof *known);
    if (!known) return FSA_E_NOMEM;
    *known = (Known){.connection = &connections[i], .net_namespace = inode};
  }
  return FSA_OK;
}

static int read_descriptors(FsaScan *scan, State *state, FsaOsProcess *process, int64_t pid) {
  FsaOsHandle *handles;
  size_t count;
  int result = fsa_os_handles(process, fsa_scan_arena(scan), &handles, &count);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) {
    if (!fsa_os_process_is_kernel(process)) tell(scan, pid, result, "its descriptors");
    return FSA_OK;
  }
  for (size_t i = 0; i < count; i++) {
    if (handles[i].kind != FSA_OS_SOCKET) continue;
    Holder *holder = add(scan, &state->holders, sizeof *holder);
    if (!holder) return FSA_E_NOMEM;
    *holder = (Holder){pid, handles[i].number, handles[i].inode};
  }
  return FSA_OK;
}

/* A socket may have been handed over from another namespace: all are read, whoever is asked for. */
static int collect_processes(FsaScan *scan, State *state) {
  FsaOs *os = fsa_scan_os(scan);
  FsaArena *arena = fsa_scan_arena(scan);
  int64_t *pids;
  size_t count;
  fsa_tell_hidden_processes(scan);
  int result = fsa_os_pids(os, arena, &pids, &count);
  for (size_t i = 0; result == FSA_OK && i < count; i++) {
    FsaOsProcess *process;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    result = fsa_os_process_open(os, pids[i], arena, &process);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK) {
      tell(scan, pids[i], result, "the process");
      result = FSA_OK;
      continue;
    }
    result = read_namespace(scan, state, process, pids[i]);
    if (result == FSA_OK && fsa_admits_int(scan, PID, pids[i]))
      result = read_descriptors(scan, state, process, pids[i]);
    fsa_os_process_close(process);
  }
  return result;
}

static int compare_known(const void *a, const void *b) {
  const Known *x = *(Known *const *)a, *y = *(Known *const *)b;
  if (x->connection->inode != y->connection->inode)
    return x->connection->inode < y->connection->inode ? -1 : 1;
  return (x > y) - (x < y);
}

/* The first of those with the inode; NULL for a socket of another kind. */
static Known *find_known(Known **sorted, size_t count, uint64_t inode) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (sorted[middle]->connection->inode < inode)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && sorted[low]->connection->inode == inode ? sorted[low] : NULL;
}

/* A row for each descriptor of a socket, then one for each socket that nobody seen holds. */
static int match_holders(FsaScan *scan, State *state) {
  Known *known = state->known.data;
  const Holder *holders = state->holders.data;
  const size_t count = state->known.count;
  Known **sorted = fsa_arena_zero(fsa_scan_arena(scan), count, sizeof *sorted);
  if (!sorted) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) sorted[i] = &known[i];
  if (count) qsort(sorted, count, sizeof *sorted, compare_known);
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < state->holders.count; i++) {
    Known *found = holders[i].inode ? find_known(sorted, count, holders[i].inode) : NULL;
    if (!found) continue;
    found->is_held = true;
    result =
        add_entry(scan, state,
                  (Entry){found->connection, holders[i].pid, holders[i].fd, found->net_namespace});
  }
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    if (!known[i].is_held)
      result = add_entry(
          scan, state,
          (Entry){known[i].connection, FSA_OS_UNKNOWN, FSA_OS_UNKNOWN, known[i].net_namespace});
  return result;
}

static int open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  int result = collect_system(scan, state);
  if (result != FSA_E_UNSUPPORTED) return result;
  result = collect_processes(scan, state);
  return result == FSA_OK ? match_holders(scan, state) : result;
}

/* ---- owners ---------------------------------------------------------------------------------- */

static int ask_owner(FsaScan *scan, Owner *owner) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsProcess *process;
  FsaOsProcessFacts facts;
  FsaOsImage image;
  int result = fsa_os_process_open(fsa_scan_os(scan), owner->pid, arena, &process);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) {
    tell(scan, owner->pid, result, "the process");
    return FSA_OK;
  }
  result = fsa_os_process_facts(process, arena, &facts);
  if (result == FSA_OK) owner->name = facts.name;
  if (result != FSA_E_NOMEM) result = fsa_os_process_image(process, arena, &image);
  if (result == FSA_OK) owner->path = image.path;
  if (result != FSA_OK && !fsa_os_process_is_kernel(process))
    tell(scan, owner->pid, result, "its program");
  fsa_os_process_close(process);
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

/* What is known of the process, which is asked at its first row. */
static int owner_of(FsaScan *scan, State *state, int64_t pid, const Owner **ret_owner) {
  Owner *owners = state->owners.data;
  for (size_t i = state->owners.count; i > 0; i--) {
    if (owners[i - 1].pid != pid) continue;
    *ret_owner = &owners[i - 1];
    return FSA_OK;
  }
  Owner *owner = add(scan, &state->owners, sizeof *owner);
  if (!owner) return FSA_E_NOMEM;
  owner->pid = pid;
  *ret_owner = owner;
  return ask_owner(scan, owner);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int fill_owner(FsaScan *scan, State *state, FsaRow *row, const Entry *entry) {
  const Owner *owner;
  FsaText service;
  if (entry->pid == FSA_OS_UNKNOWN) return FSA_OK;
  fsa_row_int(row, PID, entry->pid);
  fsa_row_known(row, FD, entry->fd, FSA_OS_UNKNOWN);
  if (fsa_wants(scan, PROCESS_NAME) || fsa_wants(scan, PROCESS_PATH)) {
    int result = owner_of(scan, state, entry->pid, &owner);
    if (result != FSA_OK) return result;
    fsa_row_text(row, PROCESS_NAME, owner->name.data, owner->name.size);
    fsa_row_text(row, PROCESS_PATH, owner->path.data, owner->path.size);
  }
  if (!fsa_wants(scan, SERVICE) || !entry->connection->service_tag) return FSA_OK;
  int result = fsa_os_service_of_tag(fsa_scan_os(scan), entry->pid, entry->connection->service_tag,
                                     fsa_row_arena(scan), &service);
  if (result == FSA_OK) fsa_row_text(row, SERVICE, service.data, service.size);
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

/* The text of an address; FSA_E_ABSENT when nobody asked for this one. */
static int fill_address(FsaScan *scan, FsaRow *row, int column, FsaBytes address) {
  char text[FSA_IP_TEXT];
  const size_t size = fsa_ip_text(address, text);
  if (size == 0) return FSA_OK;
  if (!fsa_admits_text(scan, column, text, size)) return FSA_E_ABSENT;
  const char *copy = fsa_arena_copy(fsa_row_arena(scan), text, size);
  if (!copy) return FSA_E_NOMEM;
  fsa_row_text(row, column, copy, size);
  return FSA_OK;
}

static bool admits(FsaScan *scan, const Entry *entry) {
  const FsaOsConnection *c = entry->connection;
  const struct {
    int column;
    int64_t value;
  } keys[] = {
      {PID, entry->pid},
      {PROTOCOL, c->protocol},
      {LOCAL_PORT, c->local_port},
      {REMOTE_PORT, c->remote_port},
      {CREATE_TIME, c->create_time},
      {IS_LISTENING, c->protocol == FSA_OS_TCP && !c->is_raw ? c->is_listening : FSA_OS_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (keys[i].value != FSA_OS_UNKNOWN && !fsa_admits_int(scan, keys[i].column, keys[i].value))
      return false;
  return true;
}

static void fill_socket(FsaRow *row, const Entry *entry) {
  const FsaOsConnection *c = entry->connection;
  fsa_row_int(row, PROTOCOL, c->protocol);
  fsa_row_int(row, FAMILY, c->family);
  fsa_row_bool(row, IS_RAW, c->is_raw);
  fsa_row_known(row, LOCAL_PORT, c->local_port, FSA_OS_UNKNOWN);
  fsa_row_known(row, REMOTE_PORT, c->remote_port, FSA_OS_UNKNOWN);
  fsa_row_string(row, STATE, c->state);
  if (c->protocol == FSA_OS_TCP && !c->is_raw) fsa_row_bool(row, IS_LISTENING, c->is_listening);
  fsa_row_string(row, REMOTE_CLASS, fsa_ip_class(c->remote));
  fsa_row_known(row, CREATE_TIME, c->create_time, FSA_OS_UNKNOWN);
  fsa_row_known(row, UID, c->uid, FSA_OS_UNKNOWN);
  fsa_row_known(row, SOCKET, (int64_t)c->inode, 0);
  fsa_row_known(row, NET_NAMESPACE, (int64_t)entry->net_namespace, 0);
}

/* FSA_OK when the query does not want it. */
static int fill(FsaScan *scan, State *state, FsaRow *row, const Entry *entry) {
  if (!admits(scan, entry)) return FSA_OK;
  int result = fill_address(scan, row, LOCAL_ADDRESS, entry->connection->local);
  if (result == FSA_OK) result = fill_address(scan, row, REMOTE_ADDRESS, entry->connection->remote);
  if (result == FSA_OK) result = fill_owner(scan, state, row, entry);
  if (result != FSA_OK) return result == FSA_E_ABSENT ? FSA_OK : result;
  fill_socket(row, entry);
  return FSA_ROW;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  const Entry *entries = state->entries.data;
  while (state->next < state->entries.count) {
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    int result = fill(scan, state, row, &entries[state->next++]);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

const FsaTable fsa_table_connections = {
    .name = "connections",
    .summary = "Sockets of TCP, UDP and raw IP, and the processes that hold them.",
    .proves = "At the time of the scan the process waited for, or had, this connection.",
    .caveat = "A connection that lives shorter than the time between two scans leaves no row. A "
              "rootkit can keep sockets out of the system's list, and an address behind a proxy or "
              "a tunnel is not the last one.",
    .example = "SELECT pid, process_path, local_port, remote_address, remote_port, state FROM "
               "fsa_connections WHERE remote_class = 'public'",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open,
    .next = next,
};
