/* No services. */
#include "os/services.h"

int fsa_os_services(FsaOs *os, FsaArena *arena, FsaOsService **ret_services, size_t *ret_count) {
  (void)os, (void)arena, (void)ret_services, (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_service_look(FsaOs *os, FsaText name, FsaArena *arena) {
  (void)os, (void)name, (void)arena;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_service_of_tag(FsaOs *os, int64_t pid, uint32_t tag, FsaArena *arena,
                          FsaText *ret_name) {
  (void)os, (void)pid, (void)tag, (void)arena, (void)ret_name;
  return FSA_E_UNSUPPORTED;
}
