/* What the numbers in a service's key and in the service control manager mean, in osquery's words.
 */
#ifndef FSA_CATALOG_SERVICE_NAMES_H
#define FSA_CATALOG_SERVICE_NAMES_H

#include <stdint.h>

#include "base/arena.h"

/* Bits of a service's type. */
enum {
  FSA_SERVICE_KERNEL_DRIVER = 0x1,
  FSA_SERVICE_FILE_SYSTEM_DRIVER = 0x2,
  FSA_SERVICE_RECOGNIZER_DRIVER = 0x8,
  FSA_SERVICE_DRIVERS = 0xB, /* any of the above */
  FSA_SERVICE_USER_INSTANCE = 0x80,
};

enum { FSA_SERVICE_STOPPED = 1, FSA_SERVICE_RUNNING = 4 };

/*
 * "OWN_PROCESS", "AUTO_START", "RUNNING", "restart": of a type, a start type, a state, an action
 * when it fails. "0x..." from `arena` for a number without a name; NULL when memory ran out.
 */
const char *fsa_service_type_name(uint64_t type, FsaArena *arena);
const char *fsa_service_start_name(uint64_t start, FsaArena *arena);
const char *fsa_service_state_name(uint64_t state, FsaArena *arena);
const char *fsa_service_action_name(uint64_t action, FsaArena *arena);

#endif
