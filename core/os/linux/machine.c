/* The machine: its name and its cores. [proc_sys_kernel(5), sysconf(3)] */
#include <unistd.h>

#include "os/linux/linux.h"

int fsa_os_hostname(FsaOs *os, FsaArena *arena, FsaText *ret_name) {
  FsaBytes bytes;
  int result = linux_read(os, os->proc, "sys/kernel/hostname", arena, &bytes);
  if (result != FSA_OK) return result;
  size_t size = 0;
  while (size < bytes.size && bytes.data[size] > ' ') size++;
  if (size == 0) return FSA_E_ABSENT;
  FsaText name = fsa_text_clean(arena, bytes.data, size);
  if (!name.data) return FSA_E_NOMEM;
  *ret_name = name;
  return FSA_OK;
}

unsigned fsa_os_core_count(void) {
  int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores < 1 ? 1 : (unsigned)cores;
}
