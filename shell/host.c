/* The host's names. */
#include "host.h"

#include <ctype.h>
#include <string.h>

#include "os/folder.h"
#include "os/naming.h"

#define UUID_SIZE (FSA_UUID_TEXT - 1)

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

static bool is_usable(char *uuid) {
  if (!is_uuid(uuid)) return false;
  make_upper(uuid);
  return !is_placeholder(uuid);
}

FsaHost fsa_host_this(FsaArena *arena) {
  char uuid[FSA_UUID_TEXT];
  FsaHost host = {.hostname = fsa_naming_hostname(arena)};
  if ((fsa_naming_hardware_uuid(uuid) && is_usable(uuid)) ||
      (fsa_naming_system_uuid(uuid) && is_usable(uuid)))
    host.uuid = fsa_arena_copy(arena, uuid, UUID_SIZE);
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
  return fsa_last_part(host->evidence);
}
