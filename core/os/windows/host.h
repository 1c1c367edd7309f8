/*
 * What the files of this folder share: the open host, statuses as results, texts of Windows as
 * UTF-8.
 */
#ifndef FSA_OS_WINDOWS_HOST_H
#define FSA_OS_WINDOWS_HOST_H

#include <pthread.h>

#include "os/os.h"
#include "os/windows/nt.h"

/* Privileges that a full look needs, as bits of FsaOs.privileges. */
enum {
  WINDOWS_MAY_DEBUG = 1,    /* SeDebugPrivilege: open any process */
  WINDOWS_MAY_BACK_UP = 2,  /* SeBackupPrivilege: read any file and key */
  WINDOWS_MAY_SECURITY = 4, /* SeSecurityPrivilege: read audit lists */
};

typedef struct WindowsDrives WindowsDrives;     /* device_path.c */
typedef struct WindowsAccounts WindowsAccounts; /* account.c */

/* Enables those of the `wanted` privileges that this program holds; gives them. */
unsigned windows_enable(unsigned wanted);

struct FsaOs {
  unsigned privileges;       /* WINDOWS_MAY_...: held and enabled */
  uint32_t build;            /* of the system: 7601, 19045, 26100, ...; 0 = it does not tell */
  WindowsDrives *drives;     /* NULL until a path is asked about; guarded by `lock` */
  WindowsAccounts *accounts; /* NULL until a name is asked; guarded by `lock` */
  struct WindowsSnapshot *snapshot; /* the newest one, or NULL (snapshot.h); guarded by `lock` */
  pthread_mutex_t lock; /* guards what a file of this folder keeps from one call to the next */
};

/* What a status means: FSA_OK, FSA_E_ACCESS, FSA_E_ABSENT, FSA_E_NOMEM, FSA_E_UNSUPPORTED, ... */
int windows_result(NtStatus status);

/* The same of GetLastError() and of functions that return such a number. */
int windows_result_of_error(DWORD error);

/*
 * The answer of NtQuerySystemInformation and its like, whose size is known only afterwards: `ask`
 * is called with a growing buffer (from `arena`) until it fits. FSA_E_LIMIT beyond `limit` bytes.
 * `ask` returns the status and sets *ret_length to what was filled or is needed (0 = it cannot
 * tell).
 */
typedef NtStatus WindowsAsk(void *context, void *buffer, ULONG length, ULONG *ret_length);
int windows_ask(WindowsAsk *ask, void *context, size_t first, size_t limit, FsaArena *arena,
                FsaBytes *ret_bytes);

/* UTF-8 of UTF-16 and back; FSA_E_NOMEM is the one error. *ret_units is without the NUL. */
int windows_text(FsaArena *arena, const WCHAR *units, size_t count, FsaText *ret_text);
int windows_wide(FsaArena *arena, FsaText text, WCHAR **ret_wide, size_t *ret_units);

#endif
