/*
 * What GetSystemFirmwareTable('RSMB') fills: a header of 8 bytes (used-20-call, major, minor, DMI
 * revision, length of the rest) and the structures of SMBIOS. [RawSMBIOSData; DMTF DSP0134 6.1.2
 * and 7.2]
 */
#ifndef FSA_FORMATS_NT_FIRMWARE_H
#define FSA_FORMATS_NT_FIRMWARE_H

#include "base/bytes.h"

#define FSA_NT_FIRMWARE_UUID 37 /* bytes of a UUID as text, with the NUL */

/*
 * The UUID of the system (structure type 1) in capitals, as Win32_ComputerSystemProduct.UUID and so
 * osquery shows it: the first three fields are little-endian whatever the version of SMBIOS is.
 * False when the table has none or is damaged before it.
 */
bool fsa_nt_firmware_uuid(FsaBytes raw, char out[FSA_NT_FIRMWARE_UUID]);

#endif
