/*
 * Plants executable memory for the live tests of injected_modules: harmless, and never executed.
 * memory anonymous | rwx | memfd | modified | once_writable | poked
 * Prints "ready ADDRESS" and waits until its input ends.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void *page_of(int protection) {
  char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return NULL;
  static const char planted[] = "planted by a test, never executed";
  memcpy(page, planted, sizeof planted);
  return mprotect(page, PAGE, protection) == 0 ? page : NULL;
}

static void *memfd_page(void) {
  int file = memfd_create("planted", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, PAGE) != 0) return NULL;
  void *page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? NULL : page;
}

/* The program's file mapped once more as code that nothing calls. */
static volatile uint8_t *second_code(void) {
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  void *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  close(file);
  return code == MAP_FAILED ? NULL : code;
}

/* Made writable and back; `touch` writes a byte over itself. */
static void *written_code(int touch) {
  volatile uint8_t *code = second_code();
  if (!code || mprotect((void *)(uintptr_t)code, PAGE, PROT_READ | PROT_WRITE) != 0) return NULL;
  if (touch) *code = *code;
  if (mprotect((void *)(uintptr_t)code, PAGE, PROT_READ | PROT_EXEC) != 0) return NULL;
  return (void *)(uintptr_t)code;
}

/*
 * The same byte through /proc/self/mem, as a debugger writes: protection and flags stay as they
 * were.
 */
static void *poked_code(void) {
  volatile uint8_t *code = second_code();
  int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  if (!code || memory < 0) return NULL;
  uint8_t byte = *code;
  if (pwrite(memory, &byte, 1, (off_t)(uintptr_t)code) != 1) return NULL;
  close(memory);
  return (void *)(uintptr_t)code;
}

static void *plant(const char *what) {
  if (strcmp(what, "anonymous") == 0) return page_of(PROT_READ | PROT_EXEC);
  if (strcmp(what, "rwx") == 0) return page_of(PROT_READ | PROT_WRITE | PROT_EXEC);
  if (strcmp(what, "memfd") == 0) return memfd_page();
  if (strcmp(what, "modified") == 0) return written_code(1);
  if (strcmp(what, "once_writable") == 0) return written_code(0);
  if (strcmp(what, "poked") == 0) return poked_code();
  return NULL;
}

int main(int count, char **arguments) {
  void *where = count == 2 ? plant(arguments[1]) : NULL;
  if (!where) return 1;
  printf("ready 0x%llx\n", (unsigned long long)(uintptr_t)where);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
