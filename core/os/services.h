/*
 * The service control manager: which services and drivers it knows, and what they do now.
 *
 * Windows only; elsewhere every call answers FSA_E_UNSUPPORTED. Results as in os.h.
 */
#ifndef FSA_OS_SERVICES_H
#define FSA_OS_SERVICES_H

#include "os/os.h"

typedef struct FsaOsService {
  FsaText name, display_name;
  uint32_t type;  /* bits: 1 kernel driver, 2 file system driver, 0x10 own process, ... */
  uint32_t state; /* 1 stopped, 2 starts, 3 stops, 4 runs, 5 continues, 6 pauses, 7 paused */
  uint32_t win32_exit_code, service_exit_code;
  int64_t pid; /* 0 = no process */
} FsaOsService;

/*
 * All services and drivers that the manager lists, in its order. It leaves out those whose security
 * descriptor refuses the caller to query them.
 */
int fsa_os_services(FsaOs *os, FsaArena *arena, FsaOsService **ret_services, size_t *ret_count);

/*
 * What the manager says of a name that it does not list: FSA_OK or FSA_E_ACCESS, it knows it;
 * FSA_E_ABSENT, it does not.
 */
int fsa_os_service_look(FsaOs *os, FsaText name, FsaArena *arena);

/*
 * The service that a tag stands for in a process that runs several, as threads and sockets carry
 * it. FSA_E_ABSENT when there is none, FSA_E_UNSUPPORTED where the system cannot tell.
 */
int fsa_os_service_of_tag(FsaOs *os, int64_t pid, uint32_t tag, FsaArena *arena, FsaText *ret_name);

#endif
