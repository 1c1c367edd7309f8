/* How this machine is called. os/program.h says who may include this. */
#ifndef FSA_OS_NAMING_H
#define FSA_OS_NAMING_H

#include <stdbool.h>

#include "base/arena.h"

#define FSA_UUID_TEXT 37 /* "4C4C4544-0038-4A10-805A-B9C04F4E4832" and a NUL */

/*
 * The UUID that the maker of the hardware gave it, from the firmware (SMBIOS type 1), hex digits in
 * the system's letter case. False when there is none or it cannot be read. Whether it is a maker's
 * placeholder is not looked at.
 */
bool fsa_naming_hardware_uuid(char out[FSA_UUID_TEXT]);

/*
 * The UUID that this installation of the system was given: /etc/machine-id, MachineGuid. False when
 * it cannot be read.
 */
bool fsa_naming_system_uuid(char out[FSA_UUID_TEXT]);

/*
 * The host's name as osquery reports it, from `arena`: gethostname(), on Windows GetComputerName().
 * NULL when it has none. [osquery core/system.cpp, utils/system/windows/system.cpp]
 */
const char *fsa_naming_hostname(FsaArena *arena);

#endif
