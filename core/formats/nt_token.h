/*
 * Access tokens as the NT kernel tells them (NtQueryInformationToken): bytes in, facts out.
 *
 * The structures hold absolute pointers into the buffer they were filled in, so whoever decodes
 * them says at which address that buffer lay. Layouts of x64; the same from Windows 7 to 11. SIDs
 * and names point into the bytes that were given. No function allocates; all may be used by several
 * threads. Sources: Microsoft's documentation of winnt.h, [MS-DTYP], [MS-LSAD 3.1.1.2.1] for the
 * numbers of privileges.
 */
#ifndef FSA_FORMATS_NT_TOKEN_H
#define FSA_FORMATS_NT_TOKEN_H

#include "base/bytes.h"
#include "base/result.h"

/* ---- users and groups ------------------------------------------------------------------------ */

/* Attributes of a group in a token. */
#define FSA_NT_GROUP_MANDATORY 0x01u
#define FSA_NT_GROUP_DEFAULT 0x02u
#define FSA_NT_GROUP_ENABLED 0x04u /* it counts where access is granted */
#define FSA_NT_GROUP_OWNER 0x08u
#define FSA_NT_GROUP_DENY_ONLY 0x10u /* it counts where access is denied only */
#define FSA_NT_GROUP_INTEGRITY 0x20u
#define FSA_NT_GROUP_LOGON 0xC0000000u /* all these bits: the SID of the logon session */

typedef struct FsaNtGroup {
  FsaBytes sid;        /* for formats/nt_sid.h */
  uint32_t attributes; /* FSA_NT_GROUP_... */
} FsaNtGroup;

/* TOKEN_USER (class 1) and TOKEN_MANDATORY_LABEL (25): one SID. FSA_E_FORMAT. */
int fsa_nt_token_user(FsaBytes bytes, uint64_t address, FsaNtGroup *ret_user);

/* TOKEN_OWNER (4), TOKEN_APPCONTAINER_INFORMATION (31): a SID, or none (size 0). */
int fsa_nt_token_owner(FsaBytes bytes, uint64_t address, FsaBytes *ret_sid);

/* How many groups TOKEN_GROUPS (2), or restricted SIDs (11), says that it has. */
uint32_t fsa_nt_token_group_count(FsaBytes bytes);

/* Group `index`: FSA_ROW; FSA_OK behind the last; FSA_E_FORMAT when it leads out of the bytes. */
int fsa_nt_token_group(FsaBytes bytes, uint64_t address, uint32_t index, FsaNtGroup *ret_group);

/* The lower bound of an integrity level in words ("medium"), by the last part of its SID. */
const char *fsa_nt_integrity_name(uint32_t level);

/* ---- privileges ------------------------------------------------------------------------------ */

#define FSA_NT_PRIVILEGE_DEFAULT 0x01u
#define FSA_NT_PRIVILEGE_ENABLED 0x02u
#define FSA_NT_PRIVILEGE_REMOVED 0x04u

#define FSA_NT_PRIVILEGES 64 /* their numbers are below this, so that a set of them fits 64 bits   \
                              */

typedef struct FsaNtPrivilege {
  uint32_t number;     /* lower half of its LUID, < FSA_NT_PRIVILEGES */
  uint32_t attributes; /* FSA_NT_PRIVILEGE_... */
} FsaNtPrivilege;

uint32_t fsa_nt_token_privilege_count(FsaBytes bytes);

/* Privilege `index` of TOKEN_PRIVILEGES (3): FSA_ROW, FSA_OK behind the last, FSA_E_FORMAT. */
int fsa_nt_token_privilege(FsaBytes bytes, uint32_t index, FsaNtPrivilege *ret_privilege);

/* "SeDebugPrivilege"; NULL for a number without a name. */
const char *fsa_nt_privilege_name(uint32_t number);

/* ---- what else a token holds ----------------------------------------------------------------- */

typedef enum FsaNtLevel {
  FSA_NT_ANONYMOUS,
  FSA_NT_IDENTIFICATION,
  FSA_NT_IMPERSONATION,
  FSA_NT_DELEGATION,
} FsaNtLevel;

/* "impersonation"; NULL for another number. */
const char *fsa_nt_level_name(uint32_t level);

/* TOKEN_STATISTICS (class 10), 56 bytes. */
typedef struct FsaNtTokenStatistics {
  uint64_t token_id; /* LUIDs */
  uint64_t logon_id; /* of the logon session: AuthenticationId */
  uint64_t modified_id;
  bool is_primary; /* of a process; else of an impersonating thread */
  uint32_t level;  /* FsaNtLevel of an impersonation token */
} FsaNtTokenStatistics;

int fsa_nt_token_statistics(FsaBytes bytes, FsaNtTokenStatistics *ret_statistics);

/* TOKEN_SOURCE (7): who asked for the token, up to 8 bytes of text, blanks and NULs cut off. */
int fsa_nt_token_source(FsaBytes bytes, FsaBytes *ret_name);

/* TOKEN_ELEVATION_TYPE in words: "default", "full", "limited"; NULL for another number. */
const char *fsa_nt_elevation_name(uint32_t type);

/* SECURITY_LOGON_TYPE as osquery says it: "New Credentials"; NULL for another number. */
const char *fsa_nt_logon_type_name(uint32_t type);

#define FSA_NT_LOGON_NEW_CREDENTIALS 9u /* other credentials for the network only */

#endif
