/* Security identifiers as text. [MS-DTYP 2.4.2.1] */
#include "formats/nt_sid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

FsaBytes fsa_nt_sid(FsaBytes *bytes, size_t offset) {
  const uint8_t revision = fsa_u8(bytes, offset);
  const uint8_t count = fsa_bytes_need(bytes, offset, 8) ? bytes->data[offset + 1] : 0;
  if (revision == 1 && count <= FSA_NT_SID_PARTS) return fsa_slice(bytes, offset, 8 + 4u * count);
  fsa_bytes_need(bytes, SIZE_MAX, 1); /* bad, wherever it lies */
  return fsa_bytes(NULL, 0);
}

uint32_t fsa_nt_sid_last(FsaBytes sid) {
  return sid.size >= 12 ? fsa_u32(&sid, sid.size - 4) : 0;
}

bool fsa_nt_sid_is(FsaBytes sid, const char *text) {
  char own[FSA_NT_SID_TEXT];
  size_t size;
  return fsa_nt_sid_text(sid, 0, own, &size) == FSA_OK && strcmp(own, text) == 0;
}

const char *fsa_nt_sid_name(const char *text) {
  static const struct {
    const char *sid, *name;
  } known[] = {
      {"S-1-0-0", "NULL SID"},
      {"S-1-1-0", "Everyone"},
      {"S-1-2-0", "LOCAL"},
      {"S-1-2-1", "CONSOLE LOGON"},
      {"S-1-3-0", "CREATOR OWNER"},
      {"S-1-3-1", "CREATOR GROUP"},
      {"S-1-3-4", "OWNER RIGHTS"},
      {"S-1-5-1", "NT AUTHORITY\\DIALUP"},
      {"S-1-5-2", "NT AUTHORITY\\NETWORK"},
      {"S-1-5-3", "NT AUTHORITY\\BATCH"},
      {"S-1-5-4", "NT AUTHORITY\\INTERACTIVE"},
      {"S-1-5-6", "NT AUTHORITY\\SERVICE"},
      {"S-1-5-7", "NT AUTHORITY\\ANONYMOUS LOGON"},
      {"S-1-5-9", "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS"},
      {"S-1-5-10", "NT AUTHORITY\\SELF"},
      {"S-1-5-11", "NT AUTHORITY\\Authenticated Users"},
      {"S-1-5-12", "NT AUTHORITY\\RESTRICTED"},
      {"S-1-5-13", "NT AUTHORITY\\TERMINAL SERVER USER"},
      {"S-1-5-14", "NT AUTHORITY\\REMOTE INTERACTIVE LOGON"},
      {"S-1-5-15", "NT AUTHORITY\\This Organization"},
      {"S-1-5-17", "NT AUTHORITY\\IUSR"},
      {"S-1-5-18", "NT AUTHORITY\\SYSTEM"},
      {"S-1-5-19", "NT AUTHORITY\\LOCAL SERVICE"},
      {"S-1-5-20", "NT AUTHORITY\\NETWORK SERVICE"},
      {"S-1-5-32-544", "BUILTIN\\Administrators"},
      {"S-1-5-32-545", "BUILTIN\\Users"},
      {"S-1-5-32-546", "BUILTIN\\Guests"},
      {"S-1-5-32-547", "BUILTIN\\Power Users"},
      {"S-1-5-32-548", "BUILTIN\\Account Operators"},
      {"S-1-5-32-549", "BUILTIN\\Server Operators"},
      {"S-1-5-32-550", "BUILTIN\\Print Operators"},
      {"S-1-5-32-551", "BUILTIN\\Backup Operators"},
      {"S-1-5-32-552", "BUILTIN\\Replicators"},
      {"S-1-5-32-554", "BUILTIN\\Pre-Windows 2000 Compatible Access"},
      {"S-1-5-32-555", "BUILTIN\\Remote Desktop Users"},
      {"S-1-5-32-556", "BUILTIN\\Network Configuration Operators"},
      {"S-1-5-32-558", "BUILTIN\\Performance Monitor Users"},
      {"S-1-5-32-559", "BUILTIN\\Performance Log Users"},
      {"S-1-5-32-562", "BUILTIN\\Distributed COM Users"},
      {"S-1-5-32-568", "BUILTIN\\IIS_IUSRS"},
      {"S-1-5-32-569", "BUILTIN\\Cryptographic Operators"},
      {"S-1-5-32-573", "BUILTIN\\Event Log Readers"},
      {"S-1-5-32-574", "BUILTIN\\Certificate Service DCOM Access"},
      {"S-1-5-32-578", "BUILTIN\\Hyper-V Administrators"},
      {"S-1-5-32-579", "BUILTIN\\Access Control Assistance Operators"},
      {"S-1-5-32-580", "BUILTIN\\Remote Management Users"},
      {"S-1-5-33", "NT AUTHORITY\\WRITE RESTRICTED"},
      {"S-1-5-64-10", "NT AUTHORITY\\NTLM Authentication"},
      {"S-1-5-64-14", "NT AUTHORITY\\SChannel Authentication"},
      {"S-1-5-64-21", "NT AUTHORITY\\Digest Authentication"},
      {"S-1-5-65-1", "NT AUTHORITY\\This Organization Certificate"},
      {"S-1-5-80-0", "NT SERVICE\\ALL SERVICES"},
      {"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
       "NT SERVICE\\TrustedInstaller"},
      {"S-1-5-113", "NT AUTHORITY\\Local account"},
      {"S-1-5-114", "NT AUTHORITY\\Local account and member of Administrators group"},
      {"S-1-15-2-1", "APPLICATION PACKAGE AUTHORITY\\ALL APPLICATION PACKAGES"},
      {"S-1-16-0", "Mandatory Label\\Untrusted Mandatory Level"},
      {"S-1-16-4096", "Mandatory Label\\Low Mandatory Level"},
      {"S-1-16-8192", "Mandatory Label\\Medium Mandatory Level"},
      {"S-1-16-8448", "Mandatory Label\\Medium Plus Mandatory Level"},
      {"S-1-16-12288", "Mandatory Label\\High Mandatory Level"},
      {"S-1-16-16384", "Mandatory Label\\System Mandatory Level"},
      {"S-1-16-20480", "Mandatory Label\\Protected Process Mandatory Level"},
      {"S-1-18-1", "Authentication authority asserted identity"},
      {"S-1-18-2", "Service asserted identity"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].sid, text) == 0) return known[i].name;
  return NULL;
}
