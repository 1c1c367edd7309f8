/*
 * Modules of the kernel: the list that the kernel itself keeps of what it has loaded.
 *
 * Windows only; elsewhere every call answers FSA_E_UNSUPPORTED. Results as in os.h.
 */
#ifndef FSA_OS_DRIVERS_H
#define FSA_OS_DRIVERS_H

#include "os/os.h"

typedef struct FsaOsDriver {
  FsaText native; /* its path as the kernel keeps it */
  FsaText path;   /* the same as users know it */
  uint64_t base;  /* 0 = the system does not tell */
  uint64_t size;  /* bytes in memory */
  uint32_t load_order, load_count;
  bool has_header;              /* what follows is known */
  uint32_t checksum, timestamp; /* of the PE header */
} FsaOsDriver;

/* All of them, in the order in which they were loaded. */
int fsa_os_drivers(FsaOs *os, FsaArena *arena, FsaOsDriver **ret_drivers, size_t *ret_count);

/* The folder of the system, "C:\Windows". */
int fsa_os_system_root(FsaOs *os, FsaArena *arena, FsaText *ret_path);

#endif
