/*
 * Unix sockets: from the kernel's socket diagnosis, which knows the other ends too, else from the
 * text of PID/net/unix. The diagnosis is a netlink question to this machine's kernel; no packet
 * leaves it.
 * [proc(5), sock_diag(7), include/uapi/linux/unix_diag.h]
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "formats/procfs.h"
#include "os/linux/linux.h"

enum { ANSWER_BYTES = 32768, ANSWER_SECONDS = 5 };

static int namespace_inode(int directory, const char *name, FsaArena *arena, uint64_t *ret_inode) {
  FsaText target;
  int result = linux_read_link(directory, name, arena, &target);
  if (result != FSA_OK) return result;
  return fsa_proc_link_inode(target, "net", ret_inode) ? FSA_OK : FSA_E_FORMAT;
}

int fsa_os_network_namespace(FsaOsProcess *process, FsaArena *arena, uint64_t *ret_inode) {
  return namespace_inode(process->directory, "ns/net", arena, ret_inode);
}

/* ---- names ----------------------------------------------------------------------------------- */

static int compare_sockets(const void *a, const void *b) {
  const FsaOsUnixSocket *x = a, *y = b;
  return (x->inode > y->inode) - (x->inode < y->inode);
}

static size_t count_lines(FsaBytes bytes) {
  FsaProcLines lines = {bytes, 0};
  FsaText line;
  size_t count = 0;
  while (fsa_proc_line(&lines, &line)) count++;
  return count;
}

static int take_sockets(FsaBytes bytes, FsaArena *arena, FsaOsUnixSocket **ret_sockets,
                        size_t *ret_count) {
  size_t room = count_lines(bytes), count = 0;
  FsaOsUnixSocket *sockets = fsa_arena_zero(arena, room ? room : 1, sizeof *sockets);
  if (!sockets) return FSA_E_NOMEM;
  FsaProcLines lines = {bytes, 0};
  FsaProcUnixSocket socket;
  int result;
  while ((result = fsa_proc_unix_next(&lines, &socket)) != FSA_OK) {
    if (result != FSA_ROW) continue; /* a name may hold newlines: its rest is no socket */
    FsaText path = {"", 0};
    if (socket.path.size) path = fsa_text_clean(arena, socket.path.data, socket.path.size);
    if (!path.data) return FSA_E_NOMEM;
    sockets[count++] = (FsaOsUnixSocket){.inode = socket.inode,
                                         .type = socket.type,
                                         .is_listening = socket.is_listening,
                                         .path = path};
  }
  qsort(sockets, count, sizeof *sockets, compare_sockets);
  *ret_sockets = sockets;
  *ret_count = count;
  return FSA_OK;
}

/* ---- the kernel's diagnosis ------------------------------------------------------------------ */

enum { STATE_LISTEN = 10 }; /* TCP_LISTEN, which unix sockets share [include/net/tcp_states.h] */

typedef struct Sockets {
  FsaArena *arena;
  FsaOsUnixSocket *all;
  size_t count, room;
} Sockets;

static int ask(int netlink) {
  struct {
    struct nlmsghdr header;
    struct unix_diag_req request;
  } question = {
      .header = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .request = {.sdiag_family = AF_UNIX,
                  .udiag_states = UINT32_MAX,
                  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER},
  };
  ssize_t sent = send(netlink, &question, sizeof question, 0);
  return sent == (ssize_t)sizeof question ? FSA_OK : fsa_result_from_errno(errno);
}

/*
 * An abstract name begins with a NUL and may hold more of them: '@' each, as the kernel prints it.
 */
static int take_name(const char *name, size_t size, FsaArena *arena, FsaText *ret_path) {
  char *copy = fsa_arena_copy(arena, name, size);
  if (!copy) return FSA_E_NOMEM;
  bool is_abstract = size && copy[0] == '\0';
  if (!is_abstract) size = strnlen(copy, size);
  for (size_t i = 0; i < size; i++)
    if (copy[i] == '\0') copy[i] = '@';
  *ret_path = fsa_text_clean(arena, copy, size);
  return ret_path->data ? FSA_OK : FSA_E_NOMEM;
}

/* The attributes behind a unix_diag_msg. */
static int take_attributes(const char *attributes, size_t size, FsaArena *arena,
                           FsaOsUnixSocket *socket) {
  struct nlattr attribute;
  for (size_t at = 0; size - at >= sizeof attribute;) {
    memcpy(&attribute, attributes + at, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > size - at) return FSA_E_FORMAT;
    const char *value = attributes + at + sizeof attribute;
    size_t value_size = attribute.nla_len - sizeof attribute;
    uint32_t peer;
    if (attribute.nla_type == UNIX_DIAG_PEER && value_size >= sizeof peer) {
      memcpy(&peer, value, sizeof peer);
      socket->peer = peer;
    }
    if (attribute.nla_type == UNIX_DIAG_NAME) {
      int result = take_name(value, value_size, arena, &socket->path);
      if (result != FSA_OK) return result;
    }
    size_t step = (attribute.nla_len + 3u) & ~(size_t)3; /* NLA_ALIGN, unsigned */
    at += step < size - at ? step : size - at;
  }
  return FSA_OK;
}

static int add_socket(Sockets *sockets, const FsaOsUnixSocket *socket) {
  if (sockets->count == FSA_MAX_PIDS) return FSA_E_LIMIT;
  if (sockets->count == sockets->room) {
    size_t room = sockets->room ? sockets->room * 2 : 256;
    FsaOsUnixSocket *all = fsa_arena_grow(sockets->arena, sockets->all, sockets->room * sizeof *all,
                                          room * sizeof *all);
    if (!all) return FSA_E_NOMEM;
    sockets->all = all;
    sockets->room = room;
  }
  sockets->all[sockets->count++] = *socket;
  return FSA_OK;
}

static int take_answer(Sockets *sockets, const char *message, size_t size) {
  struct unix_diag_msg diagnosis;
  if (size < sizeof diagnosis) return FSA_E_FORMAT;
  memcpy(&diagnosis, message, sizeof diagnosis);
  FsaOsUnixSocket socket = {.inode = diagnosis.udiag_ino,
                            .type = diagnosis.udiag_type,
                            .is_listening = diagnosis.udiag_state == STATE_LISTEN,
                            .is_peer_known = true,
                            .path = {"", 0}};
  int result =
      take_attributes(message + sizeof diagnosis, size - sizeof diagnosis, sockets->arena, &socket);
  return result == FSA_OK ? add_socket(sockets, &socket) : result;
}

/* One datagram of answers. FSA_ROW: more will come; FSA_OK: that was the last. */
static int take_answers(Sockets *sockets, const char *answers, size_t size) {
  struct nlmsghdr header;
  for (size_t at = 0; size - at >= sizeof header;) {
    memcpy(&header, answers + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) return FSA_E_FORMAT;
    if (header.nlmsg_type == NLMSG_DONE) return FSA_OK;
    if (header.nlmsg_type == NLMSG_ERROR) return FSA_E_UNSUPPORTED; /* no unix_diag module */
    int result =
        take_answer(sockets, answers + at + sizeof header, header.nlmsg_len - sizeof header);
    if (result != FSA_OK) return result;
    size_t step = (header.nlmsg_len + 3u) & ~(size_t)3; /* NLMSG_ALIGN, unsigned */
    at += step < size - at ? step : size - at;
  }
  return FSA_ROW;
}

static int take_all_answers(int netlink, Sockets *sockets) {
  char *answers = fsa_arena_alloc(sockets->arena, ANSWER_BYTES);
  if (!answers) return FSA_E_NOMEM;
  int result = FSA_ROW;
  while (result == FSA_ROW) {
    ssize_t size = recv(netlink, answers, ANSWER_BYTES, 0);
    if (size < 0 && errno == EINTR) continue;
    result = size <= 0 ? FSA_E_TIMEOUT : take_answers(sockets, answers, (size_t)size);
  }
  return result;
}

/*
 * The sockets of our own network namespace, names and peers from the kernel: a name cannot forge a
 * line here.
 */
static int diagnose(FsaArena *arena, FsaOsUnixSocket **ret_sockets, size_t *ret_count) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return FSA_E_UNSUPPORTED;
  struct timeval patience = {.tv_sec = ANSWER_SECONDS, .tv_usec = 0};
  Sockets sockets = {.arena = arena};
  int result = FSA_OK;
  if (setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    result = FSA_E_UNSUPPORTED;
  if (result == FSA_OK) result = ask(netlink);
  if (result == FSA_OK) result = take_all_answers(netlink, &sockets);
  close(netlink);
  if (result != FSA_OK) return result;
  if (sockets.count) qsort(sockets.all, sockets.count, sizeof *sockets.all, compare_sockets);
  *ret_sockets = sockets.all;
  *ret_count = sockets.count;
  return FSA_OK;
}

/* The kernel answers for the network namespace that the question comes from: ours. */
static bool is_in_our_namespace(FsaOsProcess *process, FsaArena *arena) {
  uint64_t ours, its;
  return namespace_inode(process->os->proc, "thread-self/ns/net", arena, &ours) == FSA_OK &&
         fsa_os_network_namespace(process, arena, &its) == FSA_OK && ours == its;
}

int fsa_os_unix_sockets(FsaOsProcess *process, FsaArena *arena, FsaOsUnixSocket **ret_sockets,
                        size_t *ret_count) {
  if (process->os->is_this_machine && is_in_our_namespace(process, arena)) {
    int result = diagnose(arena, ret_sockets, ret_count);
    if (result == FSA_OK || result == FSA_E_NOMEM) return result;
  }
  FsaBytes bytes;
  int result = linux_read(process->os, process->directory, "net/unix", arena, &bytes);
  return result == FSA_OK ? take_sockets(bytes, arena, ret_sockets, ret_count) : result;
}
