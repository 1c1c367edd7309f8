/* SMBIOS structures, one behind the other. */
#include "formats/nt_firmware.h"

#include <stdio.h>

#define RAW_HEADER 8u
#define RAW_LENGTH 4u /* of what follows the header */

/* Of every structure: its type, the size of its fixed part, a handle; then texts, ended by two
 * NULs.
 */
enum { STRUCTURE_TYPE = 0, STRUCTURE_SIZE = 1, STRUCTURE_HEADER = 4 };
enum { TYPE_SYSTEM = 1, TYPE_END = 127 };
enum { SYSTEM_UUID = 8, SYSTEM_SIZE = 24 }; /* SMBIOS 2.1; before it there was no UUID */

/* Where the texts behind a fixed part end; the table's size when they do not. */
static size_t skip_texts(const FsaBytes *table, size_t at) {
  while (fsa_bytes_has(table, at, 2)) {
    if (table->data[at] == 0 && table->data[at + 1] == 0) return at + 2;
    at++;
  }
  return table->size;
}

static void print_uuid(FsaBytes *table, size_t at, char out[FSA_NT_FIRMWARE_UUID]) {
  const uint8_t *tail = table->data + at + 8;
  snprintf(out, FSA_NT_FIRMWARE_UUID, "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X",
           (unsigned)fsa_u32(table, at), (unsigned)fsa_u16(table, at + 4),
           (unsigned)fsa_u16(table, at + 6), tail[0], tail[1], tail[2], tail[3], tail[4], tail[5],
           tail[6], tail[7]);
}

bool fsa_nt_firmware_uuid(FsaBytes raw, char out[FSA_NT_FIRMWARE_UUID]) {
  FsaBytes table = fsa_slice(&raw, RAW_HEADER, fsa_u32(&raw, RAW_LENGTH));
  for (size_t at = 0; fsa_bytes_has(&table, at, STRUCTURE_HEADER);) {
    const uint8_t type = table.data[at + STRUCTURE_TYPE], size = table.data[at + STRUCTURE_SIZE];
    if (type == TYPE_END || size < STRUCTURE_HEADER || !fsa_bytes_has(&table, at, size))
      return false;
    if (type == TYPE_SYSTEM && size >= SYSTEM_SIZE) {
      print_uuid(&table, at + SYSTEM_UUID, out);
      return true;
    }
    at = skip_texts(&table, at + size);
  }
  return false;
}
