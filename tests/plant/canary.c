/*
 * Plants the canary of packs/rules/canary.yar in memory for the live tests of yara_memory:
 * harmless, and never executed. In an executable region larger than a window: at its start, across
 * the end of the first window (8 MiB), at its very end; and once in writable memory, which only
 * all_regions sees. Prints "ready ADDRESS ADDRESS ADDRESS ADDRESS" and waits until its input ends.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { WINDOW = 8 << 20, REGION = 20 << 20, MARKER = 19 };

/* Put together here, so that the program's own file and constants hold no marker. */
static void plant(char *at) {
  memcpy(at, "FSA-", 4);
  memcpy(at + 4, "CANARY-", 7);
  memcpy(at + 11, "0badcafe", 8);
}

static char *region(size_t size) {
  char *made = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return made == MAP_FAILED ? NULL : made;
}

int main(void) {
  char *code = region(REGION), *data = region(4096);
  if (!code || !data) return 1;
  char *places[] = {code, code + WINDOW - 7, code + REGION - MARKER, data + 100};
  for (int i = 0; i < 4; i++) plant(places[i]);
  if (mprotect(code, REGION, PROT_READ | PROT_EXEC) != 0) return 1;
  printf("ready");
  for (int i = 0; i < 4; i++) printf(" 0x%llx", (unsigned long long)(uintptr_t)places[i]);
  printf("\n");
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
