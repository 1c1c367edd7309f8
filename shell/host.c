/* The host's names. */
#include "host.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UUID_SIZE 36
#define MAX_HOSTNAME 256

/* The first word of a small file; NULL when it cannot be read or is empty. */
static char *read_word(FsaArena *arena, const char *path) {
  char text[128];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NULL;
  ssize_t size = read(fd, text, sizeof text);
  close(fd);
  if (size <= 0) return NULL;
  size_t length = 0;
  while (length < (size_t)size && !isspace((unsigned char)text[length])) length++;
  return length ? fsa_arena_copy(arena, text, length) : NULL;
}

static bool is_uuid(const char *text) {
  for (size_t i = 0; i < UUID_SIZE; i++) {
    bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) return false;
  }
  return text[UUID_SIZE] == '\0';
}

/* What boards report whose maker forgot to set one: the same on thousands of machines. */
static bool is_placeholder(const char *uuid) {
  if (strspn(uuid, "0-") == UUID_SIZE || strspn(uuid, "F-") == UUID_SIZE) return true;
  return strcmp(uuid, "03000200-0400-0500-0006-000700080009") == 0 ||
         strcmp(uuid, "03020100-0504-0706-0809-0A0B0C0D0E0F") == 0;
}

static void make_upper(char *text) {
  for (; *text; text++) *text = (char)toupper((unsigned char)*text);
}

static const char *hardware_uuid(FsaArena *arena) {
  char *uuid = read_word(arena, "/sys/class/dmi/id/product_uuid");
  if (!uuid || !is_uuid(uuid)) return NULL;
  make_upper(uuid);
  return is_placeholder(uuid) ? NULL : uuid;
}

static const char *machine_uuid(FsaArena *arena) {
  const char *id = read_word(arena, "/etc/machine-id");
  if (!id || strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32) return NULL;
  char *uuid =
      fsa_arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
  if (uuid) make_upper(uuid);
  return uuid;
}

FsaHost fsa_host_this(FsaArena *arena) {
  char name[MAX_HOSTNAME + 1] = "";
  FsaHost host = {.uuid = hardware_uuid(arena)};
  if (!host.uuid) host.uuid = machine_uuid(arena);
  if (gethostname(name, MAX_HOSTNAME) == 0 && *name)
    host.hostname = fsa_arena_copy(arena, name, strlen(name));
  return host;
}

FsaHost fsa_host_of(const FsaEvidenceInfo *info) {
  return (FsaHost){.hostname = info->hostname, .evidence = info->path};
}

const char *fsa_host_identifier(const FsaHost *host, const char *choice) {
  bool wants_hostname = choice && strcmp(choice, "hostname") == 0;
  if (choice && !wants_hostname && strcmp(choice, "uuid") != 0) return choice;
  if (!wants_hostname && host->uuid) return host->uuid;
  if (host->hostname) return host->hostname;
  if (host->uuid) return host->uuid;
  if (!host->evidence) return "unknown";
  const char *slash = strrchr(host->evidence, '/');
  return slash && slash[1] ? slash + 1 : host->evidence;
}
