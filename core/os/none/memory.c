/* No memory. */
#include "os/os.h"

int fsa_os_regions(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsRegion **ret_regions,
                   size_t *ret_count) {
  (void)os;
  (void)pid;
  (void)arena;
  (void)ret_regions;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_regions(FsaOsProcess *process, FsaOsRegions which, FsaArena *arena,
                           FsaOsRegion **ret_regions, size_t *ret_count) {
  (void)process;
  (void)which;
  (void)arena;
  (void)ret_regions;
  (void)ret_count;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_region_at(FsaOsProcess *process, uint64_t address, FsaArena *arena,
                     FsaOsRegion *ret_region) {
  (void)process;
  (void)address;
  (void)arena;
  (void)ret_region;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_private_pages(FsaOsProcess *process, const FsaOsRegion *region, FsaArena *arena,
                         FsaOsPrivatePages *ret_pages) {
  (void)process;
  (void)region;
  (void)arena;
  (void)ret_pages;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_region_file(FsaOsProcess *process, const FsaOsRegion *region, FsaOsFile *ret_file) {
  (void)process;
  (void)region;
  (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_thread_instruction(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                              uint64_t *ret_address) {
  (void)process;
  (void)tid;
  (void)arena;
  (void)ret_address;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_thread_start(FsaOsProcess *process, int64_t tid, uint64_t *ret_address) {
  (void)process;
  (void)tid;
  (void)ret_address;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_process_memory(FsaOsProcess *process, uint64_t address, void *buffer, size_t size,
                          size_t *ret_size) {
  (void)process;
  (void)address;
  (void)buffer;
  (void)size;
  (void)ret_size;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_memory_read(FsaOs *os, int64_t pid, uint64_t address, void *buffer, size_t size,
                       size_t *ret_size) {
  (void)os;
  (void)pid;
  (void)address;
  (void)buffer;
  (void)size;
  (void)ret_size;
  return FSA_E_UNSUPPORTED;
}
