/* The machine: its name and its cores. [sysinfoapi.h] */
#include <windows.h>

#include "os/windows/host.h"

int fsa_os_hostname(FsaOs *os, FsaArena *arena, FsaText *ret_name) {
  (void)os;
  WCHAR name[256]; /* a label of DNS has at most 63 */
  DWORD units = sizeof name / sizeof *name;
  /* the name of this node, not of the cluster that it may stand for */
  if (!GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &units))
    return windows_result_of_error(GetLastError());
  return units ? windows_text(arena, name, units, ret_name) : FSA_E_ABSENT;
}

unsigned fsa_os_core_count(void) {
  DWORD cores = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  return cores ? cores : 1;
}
