/*
 * Endpoints as named pipes: [MSDN "Named Pipes"]; what osquery expects of one stands in its
 * extensions/impl_thrift.cpp and in Thrift's TPipe.cpp.
 *
 * All that waits does so for an event of its own, so that it can be cut short: osquery's own pipes
 * have no time limits.
 */
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osquery/endpoint.h"

#define PREFIX "\\\\.\\pipe\\" /* of this machine's pipes */
#define LONGEST 256 /* characters of a pipe's name, the prefix included [CreateNamedPipe] */
#define PIECE                                                                                      \
  (64u << 10)          /* bytes that the system holds for a reader, and that are written at once */
#define BUSY_TIME 3000 /* ms to wait for a manager that serves others; as Thrift's client */
#define SPARE 4        /* instances that wait for callers: one is the least, see below */
#define MODE (PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS)

struct FsaChannel {
  HANDLE pipe;
  HANDLE done, shut;    /* events: the running request has ended; the channel is ended */
  bool is_server;       /* the pipe is an instance of our listener's */
  atomic_bool is_asked; /* the last thing that happened is that something was read */
};

/* A pipe that nobody is connected to yet. */
typedef struct Instance {
  HANDLE pipe;
  OVERLAPPED connecting; /* its event is set when somebody came */
  bool is_pending;       /* the system may still write to `connecting` */
} Instance;

struct FsaListener {
  HANDLE wake; /* an event that is set once accept must end */
  PSECURITY_DESCRIPTOR security;
  Instance *instances[SPARE]; /* the one that waits longest first */
  wchar_t path[LONGEST + 1];
};

static int fail(FsaError *ret_error, int code, const char *format, const char *path,
                const char *why) {
  *ret_error = (FsaError){.code = code};
  snprintf(ret_error->message, sizeof ret_error->message, format, path, why);
  return code;
}

/* What Windows calls an error, with its number. */
static const char *name_error(DWORD error, char *out, size_t size) {
  wchar_t wide[200] = L"";
  char text[400] = "";
  FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, wide,
                 sizeof wide / sizeof *wide, NULL);
  wide[wcscspn(wide, L"\r\n")] = L'\0';
  WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL);
  snprintf(out, size, "error %lu: %s", (unsigned long)error, text);
  return out;
}

static int fail_by_error(FsaError *ret_error, int code, const char *format, const char *path,
                         DWORD error) {
  char words[300];
  return fail(ret_error, code, format, path, name_error(error, words, sizeof words));
}

/* ---- names ---- */

const char *fsa_endpoint_default(void) {
  return PREFIX "osquery.em";
}

int fsa_endpoint_check(const char *path, size_t reserve, FsaError *ret_error) {
  const size_t begin = strlen(PREFIX), size = strlen(path), most = LONGEST - reserve;
  if (_strnicmp(path, PREFIX, begin) != 0 || size == begin)
    return fail(ret_error, FSA_E_USAGE, "%s is no pipe of this host, which begins with %s", path,
                PREFIX);
  if (size <= most) return FSA_OK;
  *ret_error = (FsaError){.code = FSA_E_LIMIT};
  snprintf(
      ret_error->message, sizeof ret_error->message,
      "the pipe's name %s has %zu bytes: it must have at most %zu, so that the extension's own "
      "pipe (that name, a dot, a number) has one too; give osquery a shorter "
      "--extensions_socket",
      path, size, most);
  return FSA_E_LIMIT;
}

static int widen(const char *path, wchar_t out[LONGEST + 1], FsaError *ret_error) {
  int result = fsa_endpoint_check(path, 0, ret_error);
  if (result != FSA_OK) return result;
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, out, LONGEST + 1)) return FSA_OK;
  return fail(ret_error, FSA_E_USAGE, "%s is no pipe's name (%s)", path, "not UTF-8");
}

/* ---- who may be trusted ---- */

/* A SID of our own token: TokenUser, or TokenOwner, which has what we make. NULL when it cannot be
 * had; to be freed. */
static PSID own_sid(TOKEN_INFORMATION_CLASS which) {
  union {
    PSID sid; /* both structures begin with it */
    TOKEN_USER user;
    TOKEN_OWNER owner;
    BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } facts;
  DWORD size;
  HANDLE token;
  PSID copy = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
  if (GetTokenInformation(token, which, &facts, sizeof facts, &size)) {
    const DWORD length = GetLengthSid(facts.sid);
    copy = malloc(length);
    if (copy) CopySid(length, copy, facts.sid);
  }
  CloseHandle(token);
  return copy;
}

static bool is_own(PSID owner, TOKEN_INFORMATION_CLASS which) {
  PSID sid = own_sid(which);
  const bool is_same = sid && EqualSid(owner, sid);
  free(sid);
  return is_same;
}

/* True for those whom osquery's own pipe trusts. */
static bool is_trusted(PSID owner) {
  return IsWellKnownSid(owner, WinLocalSystemSid) ||
         IsWellKnownSid(owner, WinBuiltinAdministratorsSid) || is_own(owner, TokenUser) ||
         is_own(owner, TokenOwner);
}

/*
 * Any user may make a pipe of any name that is not taken: one whose owner is somebody else is no
 * manager of ours, whatever it answers.
 */
static int check_owner(HANDLE pipe, const char *path, FsaError *ret_error) {
  PSECURITY_DESCRIPTOR security = NULL;
  PSID owner = NULL;
  char *text = NULL;
  const DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                      NULL, NULL, NULL, &security);
  if (error != ERROR_SUCCESS || !owner)
    return fail_by_error(ret_error, FSA_E_ACCESS, "whose the pipe %s is cannot be asked (%s)", path,
                         error);
  int result = FSA_OK;
  if (!is_trusted(owner)) {
    ConvertSidToStringSidA(owner, &text);
    result = fail(ret_error, FSA_E_ACCESS,
                  "the pipe %s is not used: its owner is %s, which is neither SYSTEM nor "
                  "Administrators nor the user of this extension, so it may be no osquery",
                  path, text ? text : "unknown");
    LocalFree(text);
  }
  LocalFree(security);
  return result;
}

/* ---- connecting ---- */

/* In words, what CreateFile() said of `path`. */
static int explain(const char *path, DWORD error, FsaError *ret_error) {
  switch (error) {
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
    return fail_by_error(ret_error, FSA_E_ABSENT,
                         "there is no pipe %s (%s): is osqueryd running, and is this its "
                         "--extensions_socket?",
                         path, error);
  case ERROR_ACCESS_DENIED:
    return fail_by_error(ret_error, FSA_E_ACCESS,
                         "the pipe %s may not be used (%s): run the extension as the user that "
                         "osquery runs as, or as administrator",
                         path, error);
  case ERROR_PIPE_BUSY:
  case ERROR_SEM_TIMEOUT:
    return fail_by_error(ret_error, FSA_E_STALE, "nobody answers at the pipe %s (%s)", path, error);
  default:
    return fail_by_error(ret_error, FSA_E_IO, "the pipe %s cannot be reached (%s)", path, error);
  }
}

/*
 * Opens a manager's pipe. Whoever serves it may learn who we are and no more: by default it could
 * act in our name, which is SYSTEM's.
 */
static HANDLE open_pipe(const wchar_t *path, DWORD *ret_error) {
  const int64_t end = fsa_clock_monotonic() + BUSY_TIME * INT64_C(1000000);
  for (;;) {
    HANDLE pipe =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (pipe != INVALID_HANDLE_VALUE) return pipe;
    *ret_error = GetLastError();
    const int64_t left = (end - fsa_clock_monotonic()) / 1000000;
    if (*ret_error != ERROR_PIPE_BUSY || left <= 0) return NULL;
    /* an instance that was free may be taken by another before us: then again */
    if (WaitNamedPipeW(path, (DWORD)left)) continue;
    *ret_error = GetLastError();
    return NULL;
  }
}

/* Over a pipe and an event, which become the channel's, or are closed. */
static FsaChannel *new_channel(HANDLE pipe, HANDLE done, bool is_server) {
  FsaChannel *channel = calloc(1, sizeof *channel);
  HANDLE shut = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (channel && shut && done) {
    channel->pipe = pipe;
    channel->done = done;
    channel->shut = shut;
    channel->is_server = is_server;
    return channel;
  }
  free(channel);
  if (shut) CloseHandle(shut);
  if (done) CloseHandle(done);
  CloseHandle(pipe);
  return NULL;
}

int fsa_channel_connect(const char *path, FsaChannel **ret_channel, FsaError *ret_error) {
  wchar_t wide[LONGEST + 1];
  DWORD error = ERROR_SUCCESS;
  int result = widen(path, wide, ret_error);
  if (result != FSA_OK) return result;
  HANDLE pipe = open_pipe(wide, &error);
  if (!pipe) return explain(path, error, ret_error);
  result = check_owner(pipe, path, ret_error);
  if (result != FSA_OK) {
    CloseHandle(pipe);
    return result;
  }
  FsaChannel *channel = new_channel(pipe, CreateEventW(NULL, TRUE, FALSE, NULL), false);
  if (!channel) return fail(ret_error, FSA_E_NOMEM, "%s: %s", path, "out of memory");
  *ret_channel = channel;
  return FSA_OK;
}

/* ---- channels ---- */

static bool is_shut(const FsaChannel *channel) {
  return WaitForSingleObject(channel->shut, 0) == WAIT_OBJECT_0;
}

/*
 * Waits for a request that was begun; `begun` is what the call said. FSA_OK with the bytes that it
 * moved, FSA_E_TIMEOUT, or FSA_E_IO with what GetLastError() has.
 */
static int finish(FsaChannel *channel, OVERLAPPED *request, BOOL begun, int milliseconds,
                  DWORD *ret_moved) {
  const HANDLE either[] = {channel->done, channel->shut};
  if (!begun && GetLastError() != ERROR_IO_PENDING) return FSA_E_IO;
  const DWORD waited = WaitForMultipleObjects(2, either, FALSE, (DWORD)milliseconds);
  if (waited != WAIT_OBJECT_0) CancelIoEx(channel->pipe, request);
  /* until the system is done with it, the request's memory is the system's */
  if (GetOverlappedResult(channel->pipe, request, ret_moved, TRUE)) return FSA_OK;
  return waited == WAIT_TIMEOUT ? FSA_E_TIMEOUT : FSA_E_IO;
}

static bool means_closed(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED ||
         error == ERROR_NO_DATA || error == ERROR_HANDLE_EOF;
}

int64_t fsa_channel_read(FsaChannel *channel, void *data, size_t size, int milliseconds) {
  const int64_t end = fsa_clock_monotonic() + milliseconds * INT64_C(1000000);
  const DWORD most = size < PIECE ? (DWORD)size : PIECE;
  for (;;) {
    OVERLAPPED request = {.hEvent = channel->done};
    DWORD moved = 0;
    if (is_shut(channel)) return 0;
    const BOOL begun = ReadFile(channel->pipe, data, most, NULL, &request);
    const int result = finish(channel, &request, begun, milliseconds, &moved);
    if (result == FSA_E_IO && (means_closed(GetLastError()) || is_shut(channel))) return 0;
    if (result != FSA_OK) return result;
    atomic_store(&channel->is_asked, true);
    if (moved > 0) return moved;
    /* the other side wrote nothing, which on a pipe is something; it may not do so for ever */
    const int64_t left = (end - fsa_clock_monotonic()) / 1000000;
    milliseconds = left > 0 ? (int)left : 0;
  }
}

int fsa_channel_write(FsaChannel *channel, const void *data, size_t size, int milliseconds) {
  const char *at = data;
  while (size > 0) {
    OVERLAPPED request = {.hEvent = channel->done};
    DWORD moved = 0;
    if (is_shut(channel)) return FSA_E_IO;
    atomic_store(&channel->is_asked, false);
    const DWORD piece = size < PIECE ? (DWORD)size : PIECE;
    const BOOL begun = WriteFile(channel->pipe, at, piece, NULL, &request);
    const int result = finish(channel, &request, begun, milliseconds, &moved);
    if (result != FSA_OK) return result;
    at += moved;
    size -= moved;
  }
  return FSA_OK;
}

void fsa_channel_shut(FsaChannel *channel) {
  SetEvent(channel->shut);
  /* who waits for a reply that will not come learns it now; a reply that waits to be read would be
   * lost by this, and its reader learns of the end when the channel is closed */
  if (channel->is_server && atomic_load(&channel->is_asked)) DisconnectNamedPipe(channel->pipe);
}

void fsa_channel_close(FsaChannel *channel) {
  if (!channel) return;
  CloseHandle(channel->pipe);
  CloseHandle(channel->done);
  CloseHandle(channel->shut);
  free(channel);
}

/* ---- listening ---- */

/* What osquery's own pipes are made with: SYSTEM, Administrators and this user may do everything.
 */
static PSECURITY_DESCRIPTOR make_security(void) {
  char text[300], *sid = NULL;
  PSECURITY_DESCRIPTOR security = NULL;
  PSID user = own_sid(TokenUser);
  if (user && ConvertSidToStringSidA(user, &sid)) {
    snprintf(text, sizeof text, "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;%s)", sid);
    ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &security, NULL);
  }
  LocalFree(sid);
  free(user);
  return security;
}

static void free_instance(Instance *instance) {
  DWORD moved;
  if (!instance) return;
  if (instance->is_pending) {
    CancelIoEx(instance->pipe, &instance->connecting);
    GetOverlappedResult(instance->pipe, &instance->connecting, &moved, TRUE);
  }
  if (instance->pipe) CloseHandle(instance->pipe);
  if (instance->connecting.hEvent) CloseHandle(instance->connecting.hEvent);
  free(instance);
}

/* Begins to wait for a caller. False, with what GetLastError() has, when that cannot be. */
static bool begin_to_listen(Instance *instance) {
  if (ConnectNamedPipe(instance->pipe, &instance->connecting)) return true;
  const DWORD error = GetLastError();
  instance->is_pending = error == ERROR_IO_PENDING;
  if (instance->is_pending) return true;
  /* somebody was faster than this call, and may even be gone again: reading will tell */
  if (error != ERROR_PIPE_CONNECTED && error != ERROR_NO_DATA) return false;
  SetEvent(instance->connecting.hEvent);
  return true;
}

/*
 * One more instance, which waits for a caller; NULL, with what GetLastError() has. The first one
 * must make the name: who is not the first would join somebody else's pipe, on his terms.
 */
static Instance *new_instance(const FsaListener *listener, bool is_first) {
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security,
                                  .lpSecurityDescriptor = listener->security};
  const DWORD first = is_first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0;
  Instance *instance = calloc(1, sizeof *instance);
  if (!instance) {
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
  }
  instance->connecting.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  HANDLE pipe = CreateNamedPipeW(listener->path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
                                 MODE, PIPE_UNLIMITED_INSTANCES, PIECE, PIECE, 0, &security);
  if (pipe != INVALID_HANDLE_VALUE) instance->pipe = pipe;
  if (instance->pipe && instance->connecting.hEvent && begin_to_listen(instance)) return instance;
  const DWORD error = GetLastError();
  free_instance(instance);
  SetLastError(error);
  return NULL;
}

/* 0, or what GetLastError() has. */
static DWORD listen_at(FsaListener *listener) {
  listener->wake = CreateEventW(NULL, TRUE, FALSE, NULL);
  listener->security = make_security();
  if (!listener->wake || !listener->security) return ERROR_NOT_ENOUGH_MEMORY;
  for (size_t i = 0; i < SPARE; i++) {
    listener->instances[i] = new_instance(listener, i == 0);
    if (!listener->instances[i]) return GetLastError();
  }
  return ERROR_SUCCESS;
}

int fsa_listener_open(const char *path, FsaListener **ret_listener, FsaError *ret_error) {
  FsaListener *listener = calloc(1, sizeof *listener);
  if (!listener) return fail(ret_error, FSA_E_NOMEM, "%s: %s", path, "out of memory");
  int result = widen(path, listener->path, ret_error);
  const DWORD error = result == FSA_OK ? listen_at(listener) : ERROR_SUCCESS;
  if (result == FSA_OK && error == ERROR_SUCCESS) {
    *ret_listener = listener;
    return FSA_OK;
  }
  fsa_listener_close(listener);
  if (result != FSA_OK) return result;
  if (error == ERROR_ACCESS_DENIED)
    return fail_by_error(ret_error, FSA_E_ACCESS,
                         "the own pipe %s cannot be made: another program has that name (%s)", path,
                         error);
  return fail_by_error(ret_error, FSA_E_IO, "the own pipe %s cannot be made (%s)", path, error);
}

/*
 * Gives away the instance that a caller came to. Another one must wait before that: osquery takes a
 * pipe without one for dead, and while there is none somebody else could take the name.
 */
static int hand_over(FsaListener *listener, size_t index, FsaChannel **ret_channel) {
  Instance *instance = listener->instances[index], *next = new_instance(listener, false);
  if (!next) return FSA_E_LIMIT; /* the caller waits where it is */
  memmove(&listener->instances[index], &listener->instances[index + 1],
          (SPARE - 1 - index) * sizeof *listener->instances);
  listener->instances[SPARE - 1] = next;
  FsaChannel *channel = new_channel(instance->pipe, instance->connecting.hEvent, true);
  free(instance);
  if (!channel) return FSA_E_NOMEM;
  *ret_channel = channel;
  return FSA_OK;
}

int fsa_listener_accept(FsaListener *listener, FsaChannel **ret_channel) {
  HANDLE all[1 + SPARE] = {listener->wake};
  for (size_t i = 0; i < SPARE; i++) all[1 + i] = listener->instances[i]->connecting.hEvent;
  const DWORD waited = WaitForMultipleObjects(1 + SPARE, all, FALSE, INFINITE);
  if (waited == WAIT_OBJECT_0) return FSA_E_CANCELLED;
  if (waited > WAIT_OBJECT_0 + SPARE) return FSA_E_IO;
  return hand_over(listener, waited - WAIT_OBJECT_0 - 1, ret_channel);
}

void fsa_listener_wake(FsaListener *listener) {
  SetEvent(listener->wake);
}

bool fsa_listener_is_reachable(const FsaListener *listener) {
  (void)listener; /* a pipe's name cannot be taken away from who has it open */
  return true;
}

void fsa_listener_close(FsaListener *listener) {
  if (!listener) return;
  for (size_t i = 0; i < SPARE; i++) free_instance(listener->instances[i]);
  LocalFree(listener->security);
  if (listener->wake) CloseHandle(listener->wake);
  free(listener);
}
