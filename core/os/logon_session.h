/*
 * Logon sessions of Windows: each token belongs to one, which says who logged on, how, and with
 * which package.
 *
 * Other systems have none: FSA_E_UNSUPPORTED. Results and threads as in os.h.
 */
#ifndef FSA_OS_LOGON_SESSION_H
#define FSA_OS_LOGON_SESSION_H

#include "os/os.h"

typedef struct FsaOsLogonSession {
  uint64_t id;            /* LUID */
  FsaText user, domain;   /* data NULL = not told */
  FsaText sid;            /* as text */
  FsaText package;        /* "Kerberos", "NTLM", "Negotiate" */
  FsaText server;         /* who checked the logon */
  int64_t type;           /* SECURITY_LOGON_TYPE (formats/nt_token.h) */
  int64_t session_number; /* of the terminal services */
  int64_t time;           /* ns since 1970 UTC */
} FsaOsLogonSession;

/*
 * All logon sessions, ascending by id. Whoever is no administrator gets those of his own;
 * *ret_hidden is how many were not told.
 */
int fsa_os_logon_sessions(FsaOs *os, FsaArena *arena, FsaOsLogonSession **ret_sessions,
                          size_t *ret_count, size_t *ret_hidden);

#endif
