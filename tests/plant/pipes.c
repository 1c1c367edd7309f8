/*
 * Plants the ends of pipes for the live tests of named_pipes. Parent and child each keep one end.
 * pipes FIFO SOCKET ABSTRACT: a FIFO at that path (child reads, parent writes), a listening socket
 * at that path with one client (child), a datagram socket of that abstract name, and a pipe. Prints
 * "ready CHILD" and waits until its input ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static socklen_t name_socket(struct sockaddr_un *address, const char *name, int is_abstract) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t size = strlen(name);
  if (size + 1 >= sizeof address->sun_path) _exit(1);
  memcpy(address->sun_path + is_abstract, name, size);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (is_abstract ? 1u : 0u));
}

static void need(int result) {
  if (result < 0) _exit(1);
}

/* The child: reads the FIFO, is the client, keeps the pipe's reading end. */
static void child(char **paths, const int ends[2], int told, int listener) {
  struct sockaddr_un address;
  need(close(ends[1]));
  need(close(listener));
  need(open(paths[1], O_RDONLY | O_CLOEXEC));
  int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(client);
  socklen_t size = name_socket(&address, paths[2], 0);
  need(connect(client, (struct sockaddr *)&address, size));
  need((int)write(told, "x", 1));
  for (;;) pause();
}

int main(int count, char **paths) {
  int ends[2], told[2];
  struct sockaddr_un address;
  if (count != 4) return 1;
  need(mkfifo(paths[1], 0600));
  need(pipe2(ends, O_CLOEXEC));
  need(pipe2(told, O_CLOEXEC));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(listener);
  socklen_t size = name_socket(&address, paths[2], 0);
  need(bind(listener, (struct sockaddr *)&address, size));
  need(listen(listener, 1));
  pid_t pid = fork();
  need(pid);
  if (pid == 0) child(paths, ends, told[1], listener);
  need(close(ends[0]));
  need(open(paths[1], O_WRONLY | O_CLOEXEC));
  need(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
  int datagrams = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  need(datagrams);
  size = name_socket(&address, paths[3], 1);
  need(bind(datagrams, (struct sockaddr *)&address, size));
  char byte;
  need((int)read(told[0], &byte, 1));
  close(told[0]);
  close(told[1]);
  printf("ready %d\n", (int)pid);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  return 0;
}
