/* No live host: the smallest correct answer to os/os.h, so that offline evidence works anywhere. */
#include "os/os.h"

int fsa_os_open(const char *root, FsaOs **ret_os) {
  (void)root;
  (void)ret_os;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_close(FsaOs *os) {
  (void)os;
}

FsaOsFamily fsa_os_family(const FsaOs *os) {
  (void)os;
  return FSA_OS_LINUX;
}

bool fsa_os_is_this_machine(const FsaOs *os) {
  (void)os;
  return false;
}

bool fsa_os_is_self(const FsaOs *os, int64_t pid) {
  (void)os;
  (void)pid;
  return false;
}

bool fsa_os_is_privileged(const FsaOs *os) {
  (void)os;
  return false;
}

int fsa_os_lacked_privileges(const FsaOs *os, FsaArena *arena, FsaText *ret_names) {
  (void)os;
  (void)arena;
  (void)ret_names;
  return FSA_E_ABSENT;
}

bool fsa_os_hides_processes(FsaOs *os) {
  (void)os;
  return false;
}

int fsa_os_pids(FsaOs *os, FsaArena *arena, int64_t **ret_pids, size_t *ret_count) {
  (void)os;
  (void)arena;
  (void)ret_pids;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}
