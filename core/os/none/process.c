/* No processes. None can be opened, so nothing below is ever reached. */
#include "os/os.h"

int fsa_os_process_open(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsProcess **ret_process) {
  (void)os;
  (void)pid;
  (void)arena;
  (void)ret_process;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_process_close(FsaOsProcess *process) {
  (void)process;
}

int fsa_os_process_facts(FsaOsProcess *process, FsaArena *arena, FsaOsProcessFacts *ret_facts) {
  (void)process;
  (void)arena;
  (void)ret_facts;
  return FSA_E_UNSUPPORTED;
}

bool fsa_os_process_is_covered(FsaOs *os, int64_t pid) {
  (void)os;
  (void)pid;
  return false;
}

bool fsa_os_process_is_kernel(FsaOsProcess *process) {
  (void)process;
  return false;
}

int fsa_os_process_text(FsaOsProcess *process, FsaOsProcessText which, FsaArena *arena,
                        FsaText *ret_text) {
  (void)process;
  (void)which;
  (void)arena;
  (void)ret_text;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_image(FsaOsProcess *process, FsaArena *arena, FsaOsImage *ret_image) {
  (void)process;
  (void)arena;
  (void)ret_image;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_image_file(FsaOsProcess *process, FsaOsFile *ret_file) {
  (void)process;
  (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_file(FsaOsProcess *process, FsaText path, FsaOsFile *ret_file) {
  (void)process;
  (void)path;
  (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_transfer(FsaOsProcess *process, FsaArena *arena, FsaOsTransfer *ret_transfer) {
  (void)process;
  (void)arena;
  (void)ret_transfer;
  return FSA_E_UNSUPPORTED;
}

bool fsa_os_file_is_fifo(const FsaOsFile *file) {
  (void)file;
  return false;
}
