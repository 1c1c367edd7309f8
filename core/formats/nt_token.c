/* Tokens: SIDs with attributes, privileges, statistics. */
#include "formats/nt_token.h"

#include "formats/nt_sid.h"

/* ---- users and groups ------------------------------------------------------------------------ */

enum {
  SID_POINTER = 0, /* SID_AND_ATTRIBUTES */
  SID_ATTRIBUTES = 8,
  SID_SIZE = 16,
  GROUPS_HEAD = 8, /* TOKEN_GROUPS: a count and padding */
};

/* The SID that the pointer at `offset` leads to; size 0 for a null pointer. */
static int sid_behind(FsaBytes *bytes, uint64_t address, size_t offset, FsaBytes *ret_sid) {
  const uint64_t pointer = fsa_u64(bytes, offset), at = pointer - address;
  FsaBytes sid = fsa_bytes(NULL, 0);
  if (!bytes->bad && pointer) {
    if (pointer < address || at >= bytes->size) return FSA_E_FORMAT;
    sid = fsa_nt_sid(bytes, (size_t)at);
  }
  if (bytes->bad) return FSA_E_FORMAT;
  *ret_sid = sid;
  return FSA_OK;
}

static int sid_at(FsaBytes bytes, uint64_t address, size_t offset, FsaNtGroup *ret_group) {
  FsaBytes sid;
  const uint32_t attributes = fsa_u32(&bytes, offset + SID_ATTRIBUTES);
  const int result = sid_behind(&bytes, address, offset + SID_POINTER, &sid);
  if (result != FSA_OK) return result;
  if (sid.size == 0) return FSA_E_FORMAT;
  *ret_group = (FsaNtGroup){sid, attributes};
  return FSA_OK;
}

int fsa_nt_token_user(FsaBytes bytes, uint64_t address, FsaNtGroup *ret_user) {
  return sid_at(bytes, address, 0, ret_user);
}

int fsa_nt_token_owner(FsaBytes bytes, uint64_t address, FsaBytes *ret_sid) {
  return sid_behind(&bytes, address, 0, ret_sid);
}

uint32_t fsa_nt_token_group_count(FsaBytes bytes) {
  return fsa_u32(&bytes, 0);
}

int fsa_nt_token_group(FsaBytes bytes, uint64_t address, uint32_t index, FsaNtGroup *ret_group) {
  if (index >= fsa_nt_token_group_count(bytes)) return FSA_OK;
  const size_t offset = GROUPS_HEAD + (size_t)index * SID_SIZE;
  const int result = sid_at(bytes, address, offset, ret_group);
  return result == FSA_OK ? FSA_ROW : result;
}

const char *fsa_nt_integrity_name(uint32_t level) {
  static const struct {
    uint32_t from;
    const char *name;
  } levels[] = {
      {0x5000, "protected"}, {0x4000, "system"}, {0x3000, "high"},      {0x2100, "medium_plus"},
      {0x2000, "medium"},    {0x1000, "low"},    {0x0000, "untrusted"},
  };
  size_t i = 0;
  while (level < levels[i].from) i++;
  return levels[i].name;
}

/* ---- privileges ------------------------------------------------------------------------------ */

enum {
  PRIVILEGES_HEAD = 4,
  PRIVILEGE_NUMBER = 0, /* LUID_AND_ATTRIBUTES */
  PRIVILEGE_HIGH = 4,
  PRIVILEGE_ATTRIBUTES = 8,
  PRIVILEGE_SIZE = 12,
};

uint32_t fsa_nt_token_privilege_count(FsaBytes bytes) {
  return fsa_u32(&bytes, 0);
}

int fsa_nt_token_privilege(FsaBytes bytes, uint32_t index, FsaNtPrivilege *ret_privilege) {
  if (index >= fsa_nt_token_privilege_count(bytes)) return FSA_OK;
  const size_t offset = PRIVILEGES_HEAD + (size_t)index * PRIVILEGE_SIZE;
  const FsaNtPrivilege privilege = {
      .number = fsa_u32(&bytes, offset + PRIVILEGE_NUMBER),
      .attributes = fsa_u32(&bytes, offset + PRIVILEGE_ATTRIBUTES),
  };
  const uint32_t high = fsa_u32(&bytes, offset + PRIVILEGE_HIGH);
  if (bytes.bad || high || privilege.number >= FSA_NT_PRIVILEGES) return FSA_E_FORMAT;
  *ret_privilege = privilege;
  return FSA_ROW;
}

const char *fsa_nt_privilege_name(uint32_t number) {
  static const char *const names[] = {
      [2] = "SeCreateTokenPrivilege",
      [3] = "SeAssignPrimaryTokenPrivilege",
      [4] = "SeLockMemoryPrivilege",
      [5] = "SeIncreaseQuotaPrivilege",
      [6] = "SeMachineAccountPrivilege",
      [7] = "SeTcbPrivilege",
      [8] = "SeSecurityPrivilege",
      [9] = "SeTakeOwnershipPrivilege",
      [10] = "SeLoadDriverPrivilege",
      [11] = "SeSystemProfilePrivilege",
      [12] = "SeSystemtimePrivilege",
      [13] = "SeProfileSingleProcessPrivilege",
      [14] = "SeIncreaseBasePriorityPrivilege",
      [15] = "SeCreatePagefilePrivilege",
      [16] = "SeCreatePermanentPrivilege",
      [17] = "SeBackupPrivilege",
      [18] = "SeRestorePrivilege",
      [19] = "SeShutdownPrivilege",
      [20] = "SeDebugPrivilege",
      [21] = "SeAuditPrivilege",
      [22] = "SeSystemEnvironmentPrivilege",
      [23] = "SeChangeNotifyPrivilege",
      [24] = "SeRemoteShutdownPrivilege",
      [25] = "SeUndockPrivilege",
      [26] = "SeSyncAgentPrivilege",
      [27] = "SeEnableDelegationPrivilege",
      [28] = "SeManageVolumePrivilege",
      [29] = "SeImpersonatePrivilege",
      [30] = "SeCreateGlobalPrivilege",
      [31] = "SeTrustedCredManAccessPrivilege",
      [32] = "SeRelabelPrivilege",
      [33] = "SeIncreaseWorkingSetPrivilege",
      [34] = "SeTimeZonePrivilege",
      [35] = "SeCreateSymbolicLinkPrivilege",
      [36] = "SeDelegateSessionUserImpersonatePrivilege",
  };
  return number < sizeof names / sizeof *names ? names[number] : NULL;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* TOKEN_STATISTICS. */
enum {
  STATISTICS_TOKEN = 0x00,
  STATISTICS_LOGON = 0x08,
  STATISTICS_TYPE = 0x18,
  STATISTICS_LEVEL = 0x1C,
  STATISTICS_MODIFIED = 0x30,
  TYPE_PRIMARY = 1,
  TYPE_IMPERSONATION = 2,
};

int fsa_nt_token_statistics(FsaBytes bytes, FsaNtTokenStatistics *ret_statistics) {
  const uint32_t type = fsa_u32(&bytes, STATISTICS_TYPE);
  const FsaNtTokenStatistics statistics = {
      .token_id = fsa_u64(&bytes, STATISTICS_TOKEN),
      .logon_id = fsa_u64(&bytes, STATISTICS_LOGON),
      .modified_id = fsa_u64(&bytes, STATISTICS_MODIFIED),
      .is_primary = type == TYPE_PRIMARY,
      .level = fsa_u32(&bytes, STATISTICS_LEVEL),
  };
  if (bytes.bad || (type != TYPE_PRIMARY && type != TYPE_IMPERSONATION)) return FSA_E_FORMAT;
  *ret_statistics = statistics;
  return FSA_OK;
}

int fsa_nt_token_source(FsaBytes bytes, FsaBytes *ret_name) {
  FsaBytes name = fsa_slice(&bytes, 0, 8);
  if (bytes.bad) return FSA_E_FORMAT;
  while (name.size && (name.data[name.size - 1] == '\0' || name.data[name.size - 1] == ' '))
    name.size--;
  *ret_name = name;
  return FSA_OK;
}

const char *fsa_nt_level_name(uint32_t level) {
  static const char *const names[] = {"anonymous", "identification", "impersonation", "delegation"};
  return level < sizeof names / sizeof *names ? names[level] : NULL;
}

const char *fsa_nt_elevation_name(uint32_t type) {
  static const char *const names[] = {NULL, "default", "full", "limited"};
  return type < sizeof names / sizeof *names ? names[type] : NULL;
}

const char *fsa_nt_logon_type_name(uint32_t type) {
  static const char *const names[] = {
      "Undefined Logon Type",
      NULL,
      "Interactive",
      "Network",
      "Batch",
      "Service",
      "Proxy",
      "Unlock",
      "Network Cleartext",
      "New Credentials",
      "Remote Interactive",
      "Cached Interactive",
      "Cached Remote Interactive",
      "Cached Unlock",
  };
  return type < sizeof names / sizeof *names ? names[type] : NULL;
}
