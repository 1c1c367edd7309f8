/*
 * What 64-bit Windows answers about modules of its kernel: RTL_PROCESS_MODULE_INFORMATION_EX (class
 * 77, since Vista: a chain) and RTL_PROCESS_MODULES (class 11: an array). Not documented by
 * Microsoft, unchanged from Windows 7 to 11; facts from the public descriptions of the native API.
 */
#ifndef FSA_FORMATS_NT_DRIVER_H
#define FSA_FORMATS_NT_DRIVER_H

#include "base/bytes.h"
#include "base/result.h"

typedef struct FsaNtDriver {
  uint64_t base; /* 0 = not told (24H2 without SeDebug) */
  uint32_t size; /* bytes in memory */
  uint16_t load_order;
  uint16_t load_count;
  FsaBytes path; /* in the system's own code page, without the NUL; cut after 255 bytes */
  /* of class 77 */
  uint32_t checksum;  /* of the PE header; 0 = none */
  uint32_t timestamp; /* of the PE header: seconds since 1970, or any number; 0 = none */
} FsaNtDriver;

typedef struct FsaNtDrivers {
  FsaBytes bytes;
  bool is_chain; /* class 77 */
  size_t at;     /* offset of the next entry */
  size_t left;   /* of an array: entries that are not read */
  bool is_over;
} FsaNtDrivers;

/* The answer to class 77. */
FsaNtDrivers fsa_nt_drivers_chain(FsaBytes bytes);

/* The answer to class 11. FSA_E_FORMAT when not even the count is there. */
int fsa_nt_drivers_array(FsaBytes bytes, FsaNtDrivers *ret_drivers);

/* FSA_ROW, FSA_OK behind the last, FSA_E_FORMAT when an entry is not whole. */
int fsa_nt_drivers_next(FsaNtDrivers *drivers, FsaNtDriver *ret_driver);

#endif
