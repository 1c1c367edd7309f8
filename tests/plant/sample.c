/*
 * Plants a file's bytes in executable memory for the live test of the rules in packs/rules: inert
 * samples, never executed. sample FILE; prints "ready ADDRESS" and waits until its input ends.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

enum { ROOM = 64 << 10 };

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  void *code = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!file || code == MAP_FAILED || fread(code, 1, ROOM, file) == 0) return 1;
  fclose(file);
  if (mprotect(code, ROOM, PROT_READ | PROT_EXEC) != 0) return 1;
  printf("ready 0x%llx\n", (unsigned long long)(uintptr_t)code);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
