/* Names of service types, start types, states and actions. [winnt.h, winsvc.h] */
#include "catalog/service_names.h"

#include <inttypes.h>

typedef struct Name {
  uint64_t number;
  const char *name;
} Name;

static const Name types[] = {
    {0x001, "KERNEL_DRIVER"},
    {0x002, "FILE_SYSTEM_DRIVER"},
    {0x004, "ADAPTER"},
    {0x008, "RECOGNIZER_DRIVER"},
    {0x010, "OWN_PROCESS"},
    {0x020, "SHARE_PROCESS"},
    {0x050, "USER_OWN_PROCESS"},
    {0x060, "USER_SHARE_PROCESS"},
    {0x0D0, "USER_OWN_PROCESS(Instance)"},
    {0x0E0, "USER_SHARE_PROCESS(Instance)"},
    {0x100, "INTERACTIVE_PROCESS"},
    {0x110, "OWN_PROCESS(Interactive)"},
    {0x120, "SHARE_PROCESS(Interactive)"},
    {0x210, "OWN_PROCESS(Package)"},
    {0x220, "SHARE_PROCESS(Package)"},
};

static const Name starts[] = {
    {0, "BOOT_START"}, {1, "SYSTEM_START"}, {2, "AUTO_START"}, {3, "DEMAND_START"}, {4, "DISABLED"},
};

static const Name states[] = {
    {1, "STOPPED"},          {2, "START_PENDING"}, {3, "STOP_PENDING"}, {4, "RUNNING"},
    {5, "CONTINUE_PENDING"}, {6, "PAUSE_PENDING"}, {7, "PAUSED"},
};

static const Name actions[] = {
    {0, "none"},
    {1, "restart"},
    {2, "reboot"},
    {3, "run_command"},
};

static const char *name_in(const Name *names, size_t count, uint64_t number, FsaArena *arena) {
  for (size_t i = 0; i < count; i++)
    if (names[i].number == number) return names[i].name;
  return fsa_arena_printf(arena, "0x%" PRIx64, number);
}

#define NAME_IN(names, number, arena) name_in(names, sizeof(names) / sizeof *(names), number, arena)

const char *fsa_service_type_name(uint64_t type, FsaArena *arena) {
  return NAME_IN(types, type, arena);
}

const char *fsa_service_start_name(uint64_t start, FsaArena *arena) {
  return NAME_IN(starts, start, arena);
}

const char *fsa_service_state_name(uint64_t state, FsaArena *arena) {
  return NAME_IN(states, state, arena);
}

const char *fsa_service_action_name(uint64_t action, FsaArena *arena) {
  return NAME_IN(actions, action, arena);
}
