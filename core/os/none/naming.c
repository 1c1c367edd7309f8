/* A machine whose names are unknown. */
#include "os/naming.h"

#include <stddef.h>

bool fsa_naming_hardware_uuid(char out[FSA_UUID_TEXT]) {
  (void)out;
  return false;
}

bool fsa_naming_system_uuid(char out[FSA_UUID_TEXT]) {
  (void)out;
  return false;
}

const char *fsa_naming_hostname(FsaArena *arena) {
  (void)arena;
  return NULL;
}
