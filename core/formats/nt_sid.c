/* Security identifiers as text. [MS-DTYP 2.4.2.1] */
#include "formats/nt_sid.h"

#include <inttypes.h>
#include <stdio.h>

int fsa_nt_sid_text(FsaBytes bytes, size_t offset, char out[FSA_NT_SID_TEXT], size_t *ret_size) {
  FsaBytes sid = fsa_slice(&bytes, offset, 8);
  const uint8_t revision = fsa_u8(&sid, 0), count = fsa_u8(&sid, 1);
  uint64_t authority = 0;
  for (size_t i = 2; i < 8; i++) authority = authority << 8 | fsa_u8(&sid, i);
  if (bytes.bad || revision != 1 || count > FSA_NT_SID_PARTS) return FSA_E_FORMAT;
  if (!fsa_bytes_has(&bytes, offset + 8, 4u * count)) return FSA_E_FORMAT;
  const char *form = authority >> 32 ? "S-1-0x%012" PRIx64 : "S-1-%" PRIu64;
  size_t size = (size_t)snprintf(out, FSA_NT_SID_TEXT, form, authority);
  for (size_t i = 0; i < count; i++)
    size += (size_t)snprintf(out + size, FSA_NT_SID_TEXT - size, "-%" PRIu32,
                             fsa_u32(&bytes, offset + 8 + 4 * i));
  *ret_size = 8 + 4u * count;
  return FSA_OK;
}
