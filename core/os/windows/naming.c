/* The machine's names from the firmware and the registry. */
#include "os/naming.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/limits.h"
#include "base/text.h"
#include "formats/nt_firmware.h"

#define RAW_SMBIOS 0x52534d42u /* 'RSMB' [GetSystemFirmwareTable] */

bool fsa_naming_hardware_uuid(char out[FSA_UUID_TEXT]) {
  const UINT size = GetSystemFirmwareTable(RAW_SMBIOS, 0, NULL, 0);
  void *table = size && size <= FSA_MAX_FIRMWARE_TABLE ? malloc(size) : NULL;
  if (!table) return false;
  const UINT filled = GetSystemFirmwareTable(RAW_SMBIOS, 0, table, size);
  const bool is_known = filled <= size && fsa_nt_firmware_uuid(fsa_bytes(table, filled), out);
  free(table);
  return is_known;
}

bool fsa_naming_system_uuid(char out[FSA_UUID_TEXT]) {
  WCHAR value[FSA_UUID_TEXT] = L"";
  DWORD size = sizeof value;
  if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid",
                   RRF_RT_REG_SZ, NULL, value, &size) != ERROR_SUCCESS)
    return false;
  if (wcslen(value) != FSA_UUID_TEXT - 1) return false;
  for (size_t i = 0; i < FSA_UUID_TEXT; i++) out[i] = value[i] < 0x80 ? (char)value[i] : '?';
  return true;
}

const char *fsa_naming_hostname(FsaArena *arena) {
  WCHAR name[256]; /* Windows: up to 15; Wine has longer ones */
  DWORD units = sizeof name / sizeof *name;
  if (!GetComputerNameW(name, &units) || units == 0) return NULL;
  return fsa_text_from_utf16(arena, (const uint8_t *)name, units).data;
}
