/* The machine's names from sysfs and /etc. [sysfs-class-dmi; machine-id(5)] */
#include "os/naming.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_HOSTNAME 256
#define MACHINE_ID_SIZE 32

/* The first word of a small file; "" when it cannot be read, is empty or does not fit. */
static void read_word(const char *path, char *out, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t size = fd < 0 ? -1 : read(fd, out, room);
  if (fd >= 0) close(fd);
  size_t length = 0;
  while (size > 0 && length < (size_t)size && !isspace((unsigned char)out[length])) length++;
  out[length < room ? length : 0] = '\0';
}

bool fsa_naming_hardware_uuid(char out[FSA_UUID_TEXT]) {
  char text[FSA_UUID_TEXT + 1];
  read_word("/sys/class/dmi/id/product_uuid", text, sizeof text);
  if (strlen(text) != FSA_UUID_TEXT - 1) return false;
  memcpy(out, text, FSA_UUID_TEXT);
  return true;
}

bool fsa_naming_system_uuid(char out[FSA_UUID_TEXT]) {
  char id[MACHINE_ID_SIZE + 2];
  read_word("/etc/machine-id", id, sizeof id);
  if (strlen(id) != MACHINE_ID_SIZE || strspn(id, "0123456789abcdef") != MACHINE_ID_SIZE)
    return false;
  snprintf(out, FSA_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
  return true;
}

const char *fsa_naming_hostname(FsaArena *arena) {
  char name[MAX_HOSTNAME + 1] = "";
  if (gethostname(name, MAX_HOSTNAME) != 0 || !*name) return NULL;
  return fsa_arena_copy(arena, name, strlen(name));
}
