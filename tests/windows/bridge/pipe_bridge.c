/*
 * Carries bytes between named pipes and TCP connections of this host: programs that are not
 * Windows' own, as the tests' Python with Thrift's library, reach a pipe of Wine so. It prints the
 * port that it listens at. What connects there says in one line what it wants:
 *
 *   open PIPE         to be connected to that pipe; "0\n" or "<Windows error>\n", then its bytes
 *   serve PORT PIPE   that pipe to be listened at, with osquery's rights, and each caller connected
 *                     to that TCP port; "0\n" or "<Windows error>\n"; until the connection ends,
 *                     when all its callers are cut off
 *
 * The end of one side is the end of the other: pipes have no half of an end.
 */
#include <winsock2.h>

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER 65536
#define BUSY_MS 3000
#define DRAIN_MS                                                                                   \
  2000 /* for what TCP still brings after a pipe's end: closing at once would reset it */

/* A pipe and a TCP connection. Each of the two threads that carry holds it. */
typedef struct Pair {
  HANDLE pipe;
  SOCKET socket;
  HANDLE over; /* an event: one side has ended, or who serves wants the end */
  LONG users;
} Pair;

static void drop(Pair *pair) {
  if (InterlockedDecrement(&pair->users) > 0) return;
  CloseHandle(pair->pipe);
  CloseHandle(pair->over);
  closesocket(pair->socket);
  free(pair);
}

/* Waits for a request on the pipe; the bytes that it moved, 0 at the end. */
static DWORD finish(Pair *pair, OVERLAPPED *request, BOOL begun) {
  const HANDLE either[] = {request->hEvent, pair->over};
  DWORD moved = 0;
  if (!begun && GetLastError() != ERROR_IO_PENDING) return 0;
  if (WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0)
    CancelIoEx(pair->pipe, request);
  return GetOverlappedResult(pair->pipe, request, &moved, TRUE) ? moved : 0;
}

static bool send_all(SOCKET to, const char *data, int size) {
  for (int sent; size > 0; data += sent, size -= sent)
    if ((sent = send(to, data, size, 0)) <= 0) return false;
  return true;
}

static DWORD WINAPI carry_from_pipe(void *argument) {
  Pair *pair = argument;
  char *buffer = malloc(BUFFER);
  OVERLAPPED request = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  for (;;) {
    const BOOL begun = ReadFile(pair->pipe, buffer, BUFFER, NULL, &request);
    const DWORD size = finish(pair, &request, begun);
    if (size == 0 || !send_all(pair->socket, buffer, (int)size)) break;
  }
  const DWORD patience = DRAIN_MS;
  setsockopt(pair->socket, SOL_SOCKET, SO_RCVTIMEO, (const char *)&patience, sizeof patience);
  shutdown(pair->socket, SD_SEND);
  SetEvent(pair->over);
  CloseHandle(request.hEvent);
  free(buffer);
  drop(pair);
  return 0;
}

static DWORD WINAPI carry_to_pipe(void *argument) {
  Pair *pair = argument;
  char *buffer = malloc(BUFFER);
  OVERLAPPED request = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  bool is_open = true;
  for (int size; (size = recv(pair->socket, buffer, BUFFER, 0)) > 0;)
    for (DWORD at = 0, moved; is_open && at < (DWORD)size; at += moved) {
      const BOOL begun = WriteFile(pair->pipe, buffer + at, (DWORD)size - at, NULL, &request);
      moved = finish(pair, &request, begun);
      is_open = moved > 0;
    }
  SetEvent(pair->over);
  CloseHandle(request.hEvent);
  free(buffer);
  drop(pair);
  return 0;
}

/* Carries both ways until the end; `over` is the pair's own. */
static void carry(HANDLE pipe, SOCKET socket, HANDLE over) {
  Pair *pair = malloc(sizeof *pair);
  *pair = (Pair){.pipe = pipe, .socket = socket, .over = over, .users = 2};
  HANDLE thread = CreateThread(NULL, 0, carry_from_pipe, pair, 0, NULL);
  if (thread) CloseHandle(thread);
  carry_to_pipe(pair);
}

/* ---- open ---- */

static void answer(SOCKET client, DWORD error) {
  char line[16];
  send_all(client, line, snprintf(line, sizeof line, "%lu\n", (unsigned long)error));
}

static void open_pipe(SOCKET client, const char *path) {
  HANDLE pipe;
  for (;;) {
    pipe = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED, NULL);
    if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY ||
        !WaitNamedPipeA(path, BUSY_MS))
      break;
  }
  answer(client, pipe == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS);
  if (pipe == INVALID_HANDLE_VALUE)
    closesocket(client);
  else
    carry(pipe, client, CreateEventW(NULL, TRUE, FALSE, NULL));
}

/* ---- serve ---- */

/* A caller of a pipe that is served. */
typedef struct Caller {
  HANDLE pipe, over;
  u_short port;
} Caller;

static DWORD WINAPI serve_caller(void *argument) {
  Caller caller = *(Caller *)argument;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(caller.port)};
  SOCKET socket_to = socket(AF_INET, SOCK_STREAM, 0);
  free(argument);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_to, (struct sockaddr *)&address, sizeof address) == 0) {
    carry(caller.pipe, socket_to, caller.over);
  } else {
    closesocket(socket_to);
    CloseHandle(caller.pipe);
    CloseHandle(caller.over);
  }
  return 0;
}

static PSECURITY_DESCRIPTOR rights(void) {
  char room[200], text[300], *sid = NULL;
  DWORD size;
  HANDLE token;
  PSECURITY_DESCRIPTOR security = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
  if (GetTokenInformation(token, TokenUser, room, sizeof room, &size) &&
      ConvertSidToStringSidA(((TOKEN_USER *)(void *)room)->User.Sid, &sid)) {
    snprintf(text, sizeof text, "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;%s)", sid);
    ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &security, NULL);
  }
  LocalFree(sid);
  CloseHandle(token);
  return security;
}

static HANDLE new_instance(const char *path, SECURITY_ATTRIBUTES *security) {
  return CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE | PIPE_READMODE_BYTE, PIPE_UNLIMITED_INSTANCES, 1024, 1024,
                          0, security);
}

/* Of the callers so far: the events that end them, which those who carry for them hold too. */
typedef struct Ends {
  HANDLE *events;
  size_t count;
} Ends;

static void add_caller(Ends *ends, HANDLE pipe, u_short port) {
  Caller *caller = malloc(sizeof *caller);
  HANDLE over = CreateEventW(NULL, TRUE, FALSE, NULL), copy = NULL;
  DuplicateHandle(GetCurrentProcess(), over, GetCurrentProcess(), &copy, 0, FALSE,
                  DUPLICATE_SAME_ACCESS);
  ends->events = realloc(ends->events, (ends->count + 1) * sizeof *ends->events);
  ends->events[ends->count++] = copy;
  *caller = (Caller){.pipe = pipe, .over = over, .port = port};
  HANDLE thread = CreateThread(NULL, 0, serve_caller, caller, 0, NULL);
  if (thread) CloseHandle(thread);
}

/* Listens until `hung_up` is set; `pipe` is the first instance. */
static void serve_callers(const char *path, HANDLE pipe, u_short port, HANDLE hung_up,
                          SECURITY_ATTRIBUTES *security) {
  OVERLAPPED request = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  const HANDLE either[] = {hung_up, request.hEvent};
  Ends ends = {0};
  while (pipe != INVALID_HANDLE_VALUE) {
    ResetEvent(request.hEvent);
    const BOOL begun = ConnectNamedPipe(pipe, &request);
    const bool is_pending = !begun && GetLastError() == ERROR_IO_PENDING;
    const DWORD waited = is_pending ? WaitForMultipleObjects(2, either, FALSE, INFINITE)
                                    : WaitForSingleObject(hung_up, 0);
    if (waited == WAIT_OBJECT_0) {
      DWORD none;
      CancelIoEx(pipe, &request);
      if (is_pending) GetOverlappedResult(pipe, &request, &none, TRUE);
      break;
    }
    HANDLE next = new_instance(path, security);
    add_caller(&ends, pipe, port);
    pipe = next;
  }
  CloseHandle(pipe);
  CloseHandle(request.hEvent);
  for (size_t i = 0; i < ends.count; i++) {
    SetEvent(ends.events[i]);
    CloseHandle(ends.events[i]);
  }
  free(ends.events);
}

typedef struct HangUp {
  SOCKET client;
  HANDLE event;
} HangUp;

static DWORD WINAPI wait_for_hang_up(void *argument) {
  const HangUp *hang_up = argument;
  char byte;
  recv(hang_up->client, &byte, 1, 0);
  SetEvent(hang_up->event);
  return 0;
}

static void serve_pipe(SOCKET client, u_short port, const char *path) {
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security, .lpSecurityDescriptor = rights()};
  HangUp hang_up = {.client = client, .event = CreateEventW(NULL, TRUE, FALSE, NULL)};
  HANDLE pipe = new_instance(path, &security);
  answer(client, pipe == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS);
  HANDLE thread = CreateThread(NULL, 0, wait_for_hang_up, &hang_up, 0, NULL);
  serve_callers(path, pipe, port, hang_up.event, &security);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  CloseHandle(hang_up.event);
  LocalFree(security.lpSecurityDescriptor);
  closesocket(client);
}

/* ---- what is wanted ---- */

static DWORD WINAPI serve_client(void *argument) {
  const SOCKET client = (SOCKET)(uintptr_t)argument;
  char line[512], path[512];
  size_t size = 0;
  unsigned port;
  while (size + 1 < sizeof line && recv(client, line + size, 1, 0) == 1 && line[size] != '\n')
    size++;
  line[size] = '\0';
  if (sscanf(line, "open %511[^\n]", path) == 1)
    open_pipe(client, path);
  else if (sscanf(line, "serve %u %511[^\n]", &port, path) == 2)
    serve_pipe(client, (u_short)port, path);
  else
    closesocket(client);
  return 0;
}

int main(void) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  int size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, SOMAXCONN) ||
      getsockname(listener, (struct sockaddr *)&address, &size))
    return 1;
  printf("%u\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    SOCKET client = accept(listener, NULL, NULL);
    if (client == INVALID_SOCKET) continue;
    HANDLE thread = CreateThread(NULL, 0, serve_client, (void *)(uintptr_t)client, 0, NULL);
    if (thread) CloseHandle(thread);
  }
}
