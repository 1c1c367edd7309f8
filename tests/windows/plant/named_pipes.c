/*
 * Plants named pipes for the live tests of named_pipes; nothing is ever sent through them.
 *
 * plant-named_pipes NAME: serves NAME (two instances at most), whose client is a second process of
 * this program; mojo.PID.1.2 with its own pid and mojo.2.1.2 with a pid that is not its own;
 * msagent_a1, the name of a tool; and NAME_blocked, a synchronous pipe at which two threads wait
 * for ever, one in ReadFile, one in ConnectNamedPipe. Prints "ready SERVER CLIENT" and waits until
 * its input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static const char *path_of(const char *name) {
  static char path[MAX_PATH];
  snprintf(path, sizeof path, "\\\\.\\pipe\\%s", name);
  return path;
}

static HANDLE serve(const char *name, DWORD most) {
  SECURITY_ATTRIBUTES own = {sizeof own, NULL, FALSE};
  const HANDLE pipe =
      CreateNamedPipeA(path_of(name), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, most, 512, 512, 0, &own);
  if (pipe == INVALID_HANDLE_VALUE) {
    printf("no pipe %s: %lu\n", name, GetLastError());
    exit(1);
  }
  return pipe;
}

static HANDLE connect_to(const char *name) {
  const HANDLE pipe =
      CreateFileA(path_of(name), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (pipe == INVALID_HANDLE_VALUE) exit(1);
  return pipe;
}

/* The second process: the client. */
static int be_client(const char *name) {
  connect_to(name);
  puts("connected");
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}

static DWORD start_client(const char *program, const char *name) {
  char command[2 * MAX_PATH], answer[16];
  HANDLE output, told;
  DWORD size;
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  if (!CreatePipe(&output, &told, &inherited, 0)) exit(1);
  SetHandleInformation(output, HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOA startup = {.cb = sizeof startup,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = told,
                          .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION made;
  snprintf(command, sizeof command, "\"%s\" %s client", program, name);
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)) exit(1);
  if (!ReadFile(output, answer, sizeof answer, &size, NULL) || size == 0) exit(1);
  return made.dwProcessId;
}

static DWORD WINAPI wait_to_read(void *pipe) {
  char byte;
  DWORD size;
  return (DWORD)ReadFile(pipe, &byte, 1, &size, NULL);
}

static DWORD WINAPI wait_for_client(void *pipe) {
  return (DWORD)ConnectNamedPipe(pipe, NULL);
}

static void plant_blocked(const char *name) {
  char blocked[MAX_PATH];
  snprintf(blocked, sizeof blocked, "%s_blocked", name);
  const HANDLE reader = serve(blocked, 2), listener = serve(blocked, 2);
  connect_to(blocked);
  if (!CreateThread(NULL, 0, wait_to_read, reader, 0, NULL)) exit(1);
  if (!CreateThread(NULL, 0, wait_for_client, listener, 0, NULL)) exit(1);
}

int main(int count, char **arguments) {
  char name[MAX_PATH], program[MAX_PATH];
  if (count == 3) return be_client(arguments[1]);
  if (count != 2 || !GetModuleFileNameA(NULL, program, sizeof program)) return 1;
  serve(arguments[1], 2);
  snprintf(name, sizeof name, "mojo.%lu.1.2", GetCurrentProcessId());
  serve(name, 1);
  serve("mojo.2.1.2", 1);
  serve("msagent_a1", 1);
  plant_blocked(arguments[1]);
  printf("ready %lu %lu\n", GetCurrentProcessId(), start_client(program, arguments[1]));
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
