/*
 * A process that plants nothing, for live tests to look at. Prints "ready PID" and waits until its
 * input ends.
 */
#include <stdio.h>
#include <windows.h>

int main(void) {
  printf("ready %lu\n", GetCurrentProcessId());
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
