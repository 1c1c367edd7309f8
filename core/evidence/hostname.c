/* What a host calls itself. */
#include <string.h>

#include "evidence/inside.h"
#include "evidence/registry.h"
#include "os/os.h"

static const char computer_name[] =
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName";

/* A hive that cannot be read leaves the name unknown; the tables that need it tell why. */
static void ignore(void *context, int code, const char *source, uint64_t offset,
                   const char *message) {
  (void)context, (void)code, (void)source, (void)offset, (void)message;
}

static const char *windows_name(const FsaEvidence *evidence, FsaArena *arena) {
  FsaRegistry *registry;
  FsaRegKey key;
  FsaRegValue value;
  FsaText text = {NULL, 0};
  if (fsa_registry_open(evidence, ignore, NULL, &registry) != FSA_OK) return NULL;
  FsaArena scratch = fsa_arena(0);
  if (fsa_registry_find(registry, computer_name, &scratch, &key) == FSA_OK &&
      fsa_registry_value(registry, key, "ComputerName", &scratch, &value) == FSA_OK)
    text = fsa_registry_string(&value, arena);
  fsa_arena_done(&scratch);
  fsa_registry_close(registry);
  return text.size ? text.data : NULL;
}

/* The first word of a file. */
static const char *name_in_file(const FsaEvidence *evidence, const char *path, FsaArena *arena) {
  uint8_t buffer[FSA_HEAD_BYTES];
  FsaBytes head;
  if (fsa_head_read(evidence->tree, path, buffer, &head) != FSA_OK) return NULL;
  size_t size = 0;
  while (size < head.size && head.data[size] > ' ') size++;
  return size ? fsa_text_clean(arena, head.data, size).data : NULL;
}

const char *fsa_evidence_hostname(const FsaEvidence *evidence, FsaArena *arena) {
  if (evidence->layout.count == 0) return NULL;
  if (evidence->sources & FSA_WINDOWS_VOLUME) return windows_name(evidence, arena);
  FsaText told;
  const char *name = NULL;
  if (evidence->os && fsa_os_hostname(evidence->os, arena, &told) == FSA_OK) name = told.data;
  for (size_t i = 0; !name && i < evidence->layout.count; i++) {
    const char *root = evidence->layout.volumes[i].root;
    const char *path = fsa_arena_printf(arena, "%s%setc/hostname", root, *root ? "/" : "");
    if (path) name = name_in_file(evidence, path, arena);
  }
  return name;
}
