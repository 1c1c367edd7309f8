/* The logon sessions that the local security authority keeps. [ntsecapi.h] */
#include "os/logon_session.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <ntsecapi.h>

#include "base/clock.h"
#include "formats/nt_sid.h"
#include "os/windows/host.h"

/* Memory that is too short for a SID would be LSA's own mistake: it is asked how long it is. */
static int sid_text(PSID sid, FsaArena *arena, FsaText *ret_text) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  if (!sid || !IsValidSid(sid)) return FSA_OK;
  const FsaBytes bytes = fsa_bytes(sid, GetLengthSid(sid));
  if (fsa_nt_sid_text(bytes, 0, text, &size) != FSA_OK) return FSA_OK;
  const char *copy = fsa_arena_copy(arena, text, strlen(text));
  if (!copy) return FSA_E_NOMEM;
  *ret_text = (FsaText){copy, strlen(copy)};
  return FSA_OK;
}

static int lsa_text(const LSA_UNICODE_STRING *string, FsaArena *arena, FsaText *ret_text) {
  if (!string->Buffer || string->Length == 0) return FSA_OK;
  return windows_text(arena, string->Buffer, string->Length / sizeof(WCHAR), ret_text);
}

static int copy_session(const SECURITY_LOGON_SESSION_DATA *data, FsaArena *arena,
                        FsaOsLogonSession *session) {
  const struct {
    const LSA_UNICODE_STRING *string;
    FsaText *text;
  } texts[] = {
      {&data->UserName, &session->user},
      {&data->LogonDomain, &session->domain},
      {&data->AuthenticationPackage, &session->package},
      {&data->LogonServer, &session->server},
  };
  session->id = (uint64_t)(uint32_t)data->LogonId.HighPart << 32 | data->LogonId.LowPart;
  session->type = data->LogonType;
  session->session_number = data->Session;
  if (!fsa_time_from_filetime((uint64_t)data->LogonTime.QuadPart, &session->time))
    session->time = FSA_OS_UNKNOWN;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (lsa_text(texts[i].string, arena, texts[i].text) != FSA_OK) return FSA_E_NOMEM;
  return sid_text(data->Sid, arena, &session->sid);
}

static int read_session(LUID *id, FsaArena *arena, FsaOsLogonSession *ret_session) {
  void *data = NULL;
  const NtStatus status = nt.LsaGetLogonSessionData(id, &data);
  if (!NT_OK(status) || !data) return data || NT_OK(status) ? FSA_E_IO : windows_result(status);
  FsaOsLogonSession session = {0};
  const int result = copy_session(data, arena, &session);
  nt.LsaFreeReturnBuffer(data);
  if (result == FSA_OK) *ret_session = session;
  return result;
}

static int compare_sessions(const void *a, const void *b) {
  const uint64_t left = ((const FsaOsLogonSession *)a)->id;
  const uint64_t right = ((const FsaOsLogonSession *)b)->id;
  return (left > right) - (left < right);
}

int fsa_os_logon_sessions(FsaOs *os, FsaArena *arena, FsaOsLogonSession **ret_sessions,
                          size_t *ret_count, size_t *ret_hidden) {
  ULONG told = 0;
  LUID *ids = NULL;
  size_t count = 0, hidden = 0;
  (void)os;
  if (!nt.LsaEnumerateLogonSessions || !nt.LsaGetLogonSessionData || !nt.LsaFreeReturnBuffer)
    return FSA_E_UNSUPPORTED;
  int result = windows_result(nt.LsaEnumerateLogonSessions(&told, &ids));
  if (result != FSA_OK) return result;
  if (told > FSA_MAX_LOGON_SESSIONS) told = FSA_MAX_LOGON_SESSIONS;
  FsaOsLogonSession *sessions = fsa_arena_zero(arena, told + (size_t)1, sizeof *sessions);
  if (!sessions) result = FSA_E_NOMEM;
  for (ULONG i = 0; result == FSA_OK && ids && i < told; i++) {
    const int one = read_session(&ids[i], arena, &sessions[count]);
    if (one == FSA_OK) count++;
    if (one == FSA_E_ACCESS) hidden++;
    if (one == FSA_E_NOMEM) result = one;
  }
  if (ids) nt.LsaFreeReturnBuffer(ids);
  if (result != FSA_OK) return result;
  qsort(sessions, count, sizeof *sessions, compare_sessions);
  *ret_sessions = sessions;
  *ret_count = count;
  *ret_hidden = hidden;
  return FSA_OK;
}
