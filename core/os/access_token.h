/*
 * Access tokens of Windows: with whose rights a process, or a thread that impersonates somebody,
 * acts.
 *
 * Other systems have none: FSA_E_UNSUPPORTED. Results and threads as in os.h.
 */
#ifndef FSA_OS_ACCESS_TOKEN_H
#define FSA_OS_ACCESS_TOKEN_H

#include "formats/nt_token.h"
#include "os/os.h"

/* A token. What the system does not tell is size 0, NULL or FSA_OS_UNKNOWN. */
typedef struct FsaOsAccessToken {
  /* it was given no more than the level anonymous: then nobody may look at it, and all below is
   * unknown but `level` */
  bool is_sealed;
  bool is_primary; /* of a process; else it impersonates with `level` */
  int64_t level;   /* FsaNtLevel; unknown for a primary token */
  FsaBytes user;   /* SID */
  FsaNtGroup *groups;
  size_t group_count;
  bool has_groups;
  FsaNtPrivilege *privileges;
  size_t privilege_count;
  bool has_privileges;
  uint64_t privileges_held, privileges_enabled; /* bit i = the privilege of that number */
  uint64_t token_id, logon_id;                  /* LUIDs; good when has_statistics */
  bool has_statistics;
  int64_t origin_id; /* the logon session that asked for this one's; 0 = none */
  FsaText source;    /* who asked for the token: "User32", "seclogo", "Advapi" */
  int64_t session_number;
  int64_t integrity;      /* last part of the label's SID: 8192 = medium */
  int64_t elevation_type; /* 1 default, 2 full, 3 limited */
  int64_t is_elevated, is_app_container;
  int64_t restricted_count; /* SIDs that must be granted access too */
} FsaOsAccessToken;

/*
 * The token of thread `tid`, or of the process itself for `tid` 0. FSA_E_ABSENT: the thread acts
 * as its process, or is gone.
 */
int fsa_os_access_token(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                        FsaOsAccessToken *ret_token);

/* Who may do what to that token, as SDDL. */
int fsa_os_access_token_sddl(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                             FsaText *ret_sddl);

/* What the thread calls itself. FSA_E_ABSENT: it has no name. */
int fsa_os_thread_name(FsaOsProcess *process, int64_t tid, FsaArena *arena, FsaText *ret_name);

/*
 * "DOMAIN\name" of a SID. Only what this machine knows itself is asked: well-known names, those who
 * are logged on, local accounts and services. FSA_E_ABSENT for others.
 */
int fsa_os_account_name(FsaOs *os, FsaBytes sid, FsaArena *arena, FsaText *ret_name);

#endif
