/*
 * Exports of event logs. [Microsoft: EvtExportLog]
 *
 * Whoever may not open a log's file may still be let read its channel: the Application and System
 * logs are everybody's. The service writes what the caller may see into a new file. Its name stands
 * in the channel's file name, "/" as "%4".
 */
#include "os/windows/event_log.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/wtf8.h"
#include "os/windows/host.h"

#define EXPORT_CHANNEL 0x1u   /* EvtExportLogChannelPath: Path names a channel */
#define CHANNEL_UNITS 512u    /* a channel's name has 255 at most */
#define CHANNEL_ABSENT 15007u /* ERROR_EVT_CHANNEL_NOT_FOUND */
#define FOLDER_TRIES 16

struct WindowsExport {
  WCHAR folder[MAX_PATH + 64];
  WCHAR file[MAX_PATH + 96];
};

/* ---- names ----------------------------------------------------------------------------------- */

/* The channel of a log's path; false when it is no log in the folder of the service. */
static bool channel_of(const char *path, WCHAR channel[CHANNEL_UNITS]) {
  static const char folder[] = "/System32/winevt/Logs/", ending[] = ".evtx";
  const char *name = strrchr(path, '/');
  const size_t folder_size = sizeof folder - 1, ending_size = sizeof ending - 1;
  if (!name++ || (size_t)(name - path) < folder_size ||
      !fsa_text_same(name - folder_size, folder_size, folder, folder_size))
    return false;
  const size_t size = strlen(name);
  if (size <= ending_size || size >= CHANNEL_UNITS ||
      !fsa_text_same(name + size - ending_size, ending_size, ending, ending_size))
    return false;
  const size_t units = fsa_utf16_from_wtf8(channel, name, size - ending_size);
  size_t kept = 0;
  for (size_t i = 0; i < units; i++) {
    const bool is_slash = i + 1 < units && channel[i] == L'%' && channel[i + 1] == L'4';
    channel[kept++] = is_slash ? L'/' : channel[i];
    i += is_slash;
  }
  channel[kept] = L'\0';
  return true;
}

/* ---- the private folder ---------------------------------------------------------------------- */

/* The caller's SID as text, given back with LocalFree(); NULL when it cannot be had. */
static WCHAR *own_sid(void) {
  union {
    TOKEN_USER user;
    uint8_t bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } told;
  HANDLE token;
  DWORD size = 0;
  WCHAR *sid = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return NULL;
  if (GetTokenInformation(token, TokenUser, &told, sizeof told, &size))
    ConvertSidToStringSidW(told.user.User.Sid, &sid);
  CloseHandle(token);
  return sid;
}

/* A descriptor that admits the caller, the system and administrators; LocalFree() gives it back. */
static PSECURITY_DESCRIPTOR private_descriptor(void) {
  WCHAR text[512];
  PSECURITY_DESCRIPTOR descriptor = NULL;
  WCHAR *sid = own_sid();
  if (!sid) return NULL;
  const int size = swprintf(text, sizeof text / sizeof *text,
                            L"D:P(A;OICI;FA;;;%ls)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", sid);
  LocalFree(sid);
  if (size < 0 || !ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                        &descriptor, NULL))
    return NULL;
  return descriptor;
}

/* A new folder: one that is there already is somebody else's. */
static int make_folder(WindowsExport *exported) {
  WCHAR base[MAX_PATH + 1];
  const DWORD units = GetTempPathW(MAX_PATH + 1, base);
  PSECURITY_DESCRIPTOR descriptor = private_descriptor();
  int result = FSA_E_IO;
  if (!descriptor) return FSA_E_ACCESS;
  SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes,
                                    .lpSecurityDescriptor = descriptor};
  for (int i = 0; units && units <= MAX_PATH && i < FOLDER_TRIES; i++) {
    LARGE_INTEGER ticks = {.QuadPart = 0};
    QueryPerformanceCounter(&ticks);
    swprintf(exported->folder, sizeof exported->folder / sizeof *exported->folder,
             L"%lsfsa-%lx-%llx", base, GetCurrentProcessId(), (unsigned long long)ticks.QuadPart);
    if (CreateDirectoryW(exported->folder, &attributes)) {
      result = FSA_OK;
      break;
    }
    result = windows_result_of_error(GetLastError());
    if (GetLastError() != ERROR_ALREADY_EXISTS) break;
  }
  LocalFree(descriptor);
  swprintf(exported->file, sizeof exported->file / sizeof *exported->file, L"%ls\\export.evtx",
           exported->folder);
  return result;
}

/* ---- exporting ------------------------------------------------------------------------------- */

static int export_channel(const WindowsExport *exported, const WCHAR *channel, HANDLE *ret_file) {
  if (!nt.EvtExportLog(NULL, channel, NULL, exported->file, EXPORT_CHANNEL)) {
    const DWORD error = GetLastError();
    return error == CHANNEL_ABSENT ? FSA_E_ABSENT : windows_result_of_error(error);
  }
  HANDLE file =
      CreateFileW(exported->file, GENERIC_READ | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                  OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_SEQUENTIAL_SCAN, NULL);
  if (file == INVALID_HANDLE_VALUE) return windows_result_of_error(GetLastError());
  *ret_file = file;
  return FSA_OK;
}

int windows_export_open(const char *path, WindowsExport **ret_export, HANDLE *ret_file) {
  WCHAR channel[CHANNEL_UNITS];
  if (!channel_of(path, channel)) return FSA_E_ABSENT;
  nt_load_later();
  if (!nt.EvtExportLog) return FSA_E_ABSENT;
  WindowsExport *exported = calloc(1, sizeof *exported);
  if (!exported) return FSA_E_NOMEM;
  int result = make_folder(exported);
  if (result != FSA_OK) {
    free(exported);
    return result;
  }
  result = export_channel(exported, channel, ret_file);
  if (result != FSA_OK) {
    windows_export_close(exported);
    return result;
  }
  *ret_export = exported;
  return FSA_OK;
}

void windows_export_close(WindowsExport *exported) {
  if (!exported) return;
  DeleteFileW(exported->file); /* gone with its handle, unless the export failed half way */
  RemoveDirectoryW(exported->folder);
  free(exported);
}
