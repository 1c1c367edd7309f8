/* Endpoints as unix sockets: unix(7). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "osquery/endpoint_unix.h"

#define BACKLOG 1024 /* as osquery's own; the system may allow less */

struct FsaChannel {
  int fd;
};

struct FsaListener {
  int fd, wake; /* wake: an eventfd that is readable once accept must end */
  struct sockaddr_un address;
  dev_t device; /* of the socket's file, to know it again */
  ino_t inode;
};

static int fail(FsaError *ret_error, int code, const char *format, const char *path,
                const char *why) {
  *ret_error = (FsaError){.code = code};
  snprintf(ret_error->message, sizeof ret_error->message, format, path, why);
  return code;
}

/* ---- addresses ---- */

const char *fsa_endpoint_default(void) {
  return "/var/osquery/osquery.em";
}

int fsa_endpoint_check(const char *path, size_t reserve, FsaError *ret_error) {
  struct sockaddr_un address;
  const size_t most = sizeof address.sun_path - 1 - reserve;
  if (strlen(path) <= most && path[0]) return FSA_OK;
  *ret_error = (FsaError){.code = FSA_E_LIMIT};
  snprintf(ret_error->message, sizeof ret_error->message,
           "the socket path %s has %zu bytes: it must have 1 to %zu, so that the extension's own "
           "socket (that path, a dot, a number) fits a socket's address; give osquery a shorter "
           "--extensions_socket",
           path, strlen(path), most);
  return FSA_E_LIMIT;
}

static int address_of(const char *path, struct sockaddr_un *ret_address, FsaError *ret_error) {
  int result = fsa_endpoint_check(path, 0, ret_error);
  if (result != FSA_OK) return result;
  *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(ret_address->sun_path, path, strlen(path) + 1);
  return FSA_OK;
}

static int new_socket(void) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* ---- connecting ---- */

/* In words, what connect() said of `path`. */
static int explain(const char *path, int error, FsaError *ret_error) {
  struct stat facts;
  if (error == ENOENT)
    return fail(ret_error, FSA_E_ABSENT,
                "there is no socket at %s (%s): is osqueryd running, and is this its "
                "--extensions_socket?",
                path, strerror(error));
  if (error == EACCES || error == EPERM)
    return fail(ret_error, FSA_E_ACCESS,
                "the socket %s may not be used (%s): run the extension as the user that osquery "
                "runs as",
                path, strerror(error));
  if (stat(path, &facts) == 0 && !S_ISSOCK(facts.st_mode))
    return fail(ret_error, FSA_E_USAGE, "%s is %s, not a socket: give osquery's socket", path,
                S_ISDIR(facts.st_mode) ? "a folder" : "a file");
  if (error == ECONNREFUSED)
    return fail(ret_error, FSA_E_STALE,
                "nobody listens at the socket %s (%s): the osquery that made it is gone", path,
                strerror(error));
  return fail(ret_error, FSA_E_IO, "the socket %s cannot be reached (%s)", path, strerror(error));
}

int fsa_channel_adopt(int fd, FsaChannel **ret_channel) {
  FsaChannel *channel = malloc(sizeof *channel);
  if (!channel) {
    close(fd);
    return FSA_E_NOMEM;
  }
  *channel = (FsaChannel){.fd = fd};
  *ret_channel = channel;
  return FSA_OK;
}

int fsa_channel_connect(const char *path, FsaChannel **ret_channel, FsaError *ret_error) {
  struct sockaddr_un address;
  int result = address_of(path, &address, ret_error);
  if (result != FSA_OK) return result;
  int fd = new_socket();
  if (fd < 0) return fail(ret_error, FSA_E_IO, "no socket for %s (%s)", path, strerror(errno));
  do /* a unix socket connects at once, or not at all */
    result = connect(fd, (struct sockaddr *)&address, sizeof address);
  while (result < 0 && errno == EINTR);
  if (result < 0) {
    result = explain(path, errno, ret_error);
    close(fd);
    return result;
  }
  result = fsa_channel_adopt(fd, ret_channel);
  return result == FSA_OK ? FSA_OK : fail(ret_error, result, "%s: %s", path, "out of memory");
}

/* ---- channels ---- */

/* FSA_OK when the channel is ready for `events` (or broken, which the next call tells). */
static int wait_for(int fd, short events, int milliseconds) {
  struct pollfd one = {.fd = fd, .events = events};
  const int64_t end = fsa_clock_monotonic() + milliseconds * INT64_C(1000000);
  for (;;) {
    int ready = poll(&one, 1, milliseconds);
    if (ready > 0) return FSA_OK;
    if (ready == 0) return FSA_E_TIMEOUT;
    if (errno != EINTR) return FSA_E_IO;
    const int64_t left = end - fsa_clock_monotonic();
    milliseconds = left > 0 ? (int)(left / 1000000) : 0;
  }
}

int64_t fsa_channel_read(FsaChannel *channel, void *data, size_t size, int milliseconds) {
  for (;;) {
    ssize_t got = recv(channel->fd, data, size, 0);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return FSA_E_IO;
    int result = wait_for(channel->fd, POLLIN, milliseconds);
    if (result != FSA_OK) return result;
  }
}

int fsa_channel_write(FsaChannel *channel, const void *data, size_t size, int milliseconds) {
  const char *at = data;
  while (size > 0) {
    ssize_t put = send(channel->fd, at, size, MSG_NOSIGNAL);
    if (put >= 0) {
      at += put;
      size -= (size_t)put;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return FSA_E_IO;
    int result = wait_for(channel->fd, POLLOUT, milliseconds);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

void fsa_channel_shut(FsaChannel *channel) {
  shutdown(channel->fd, SHUT_RDWR);
}

void fsa_channel_close(FsaChannel *channel) {
  if (!channel) return;
  close(channel->fd);
  free(channel);
}

/* ---- listening ---- */

/* Takes away a socket that an earlier process left; anything else stays and makes bind() fail. */
static void remove_stale(const char *path) {
  struct stat facts;
  if (lstat(path, &facts) == 0 && S_ISSOCK(facts.st_mode)) unlink(path);
}

/* Binds, listens and remembers what the file is. 0, or an errno value. */
static int bind_and_listen(FsaListener *listener) {
  const struct sockaddr *address = (const struct sockaddr *)&listener->address;
  const char *path = listener->address.sun_path;
  struct stat facts;
  remove_stale(path);
  const mode_t mask = umask(0177); /* the file is this user's alone from its first moment */
  int result = bind(listener->fd, address, sizeof listener->address);
  const int error = errno;
  umask(mask);
  if (result < 0) return error;
  if (listen(listener->fd, BACKLOG) < 0 || lstat(path, &facts) < 0) return errno;
  listener->device = facts.st_dev;
  listener->inode = facts.st_ino;
  return 0;
}

int fsa_listener_open(const char *path, FsaListener **ret_listener, FsaError *ret_error) {
  struct sockaddr_un address;
  int result = address_of(path, &address, ret_error);
  if (result != FSA_OK) return result;
  FsaListener *listener = malloc(sizeof *listener);
  if (!listener) return fail(ret_error, FSA_E_NOMEM, "%s: %s", path, "out of memory");
  *listener = (FsaListener){
      .fd = new_socket(), .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .address = address};
  int error = listener->fd < 0 || listener->wake < 0 ? errno : bind_and_listen(listener);
  if (error == 0) {
    *ret_listener = listener;
    return FSA_OK;
  }
  fsa_listener_close(listener);
  return fail(ret_error, fsa_result_from_errno(error), "the own socket %s cannot be made (%s)",
              path, strerror(error));
}

int fsa_listener_accept(FsaListener *listener, FsaChannel **ret_channel) {
  for (;;) {
    struct pollfd both[] = {{.fd = listener->wake, .events = POLLIN},
                            {.fd = listener->fd, .events = POLLIN}};
    if (poll(both, 2, -1) < 0 && errno != EINTR) return FSA_E_IO;
    if (both[0].revents) return FSA_E_CANCELLED;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) return fsa_channel_adopt(fd, ret_channel);
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      return FSA_E_LIMIT; /* the caller waits in the backlog */
  }
}

void fsa_listener_wake(FsaListener *listener) {
  const uint64_t one = 1;
  ssize_t done = write(listener->wake, &one, sizeof one);
  (void)done; /* it can only fail when it is awake already */
}

bool fsa_listener_is_reachable(const FsaListener *listener) {
  struct stat facts;
  return lstat(listener->address.sun_path, &facts) == 0 && facts.st_dev == listener->device &&
         facts.st_ino == listener->inode;
}

void fsa_listener_close(FsaListener *listener) {
  if (!listener) return;
  if (listener->inode && fsa_listener_is_reachable(listener)) unlink(listener->address.sun_path);
  if (listener->fd >= 0) close(listener->fd);
  if (listener->wake >= 0) close(listener->wake);
  free(listener);
}
