/*
 * A program that waits: the live tests copy it, delete the copy while it runs, or start it under
 * another name. sleeper memfd: runs itself from memory first. Prints "ready PID" and waits until
 * its input ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int run_from_memory(void) {
  char *arguments[] = {"sleeper", NULL}, *environment[] = {NULL};
  struct stat status;
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = memfd_create("sleeper", MFD_CLOEXEC);
  if (self < 0 || copy < 0 || fstat(self, &status) != 0) return 1;
  if (sendfile(copy, self, NULL, (size_t)status.st_size) != status.st_size) return 1;
  return fexecve(copy, arguments, environment);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "memfd") == 0) return run_from_memory();
  printf("ready %d\n", (int)getpid());
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
