/*
 * Plants a thread whose credentials are not its process's, for the live tests of tokens. Only the
 * raw system calls do that: the C library gives all threads the same.
 * thread uid UID | thread capabilities
 * Prints "ready TID" and waits until its input ends.
 */
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  return (int)syscall(SYS_capset, &header, none);
}

static void *other(void *opaque) {
  char **arguments = opaque;
  long result;
  if (strcmp(arguments[1], "uid") == 0) {
    long uid = strtol(arguments[2], NULL, 10);
    result = syscall(SYS_setresuid, -1L, uid, -1L);
  } else
    result = drop_capabilities();
  if (result != 0) exit(1);
  printf("ready %ld\n", syscall(SYS_gettid));
  fflush(stdout);
  for (;;) pause();
  return NULL;
}

int main(int count, char **arguments) {
  pthread_t thread;
  if (count < 2 || (strcmp(arguments[1], "uid") == 0 && count < 3)) return 1;
  if (pthread_create(&thread, NULL, other, arguments) != 0) return 1;
  while (getchar() != EOF) {
  }
  return 0;
}
