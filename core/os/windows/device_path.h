/* Native paths as users know them, by the drive letters of this host. */
#ifndef FSA_OS_WINDOWS_DEVICE_PATH_H
#define FSA_OS_WINDOWS_DEVICE_PATH_H

#include "os/windows/host.h"

/*
 * "\Device\HarddiskVolume3\Windows\x.dll" as "C:\Windows\x.dll", "\??\C:\x" as "C:\x",
 * "\SystemRoot\x" as "C:\Windows\x", "\Device\Mup\server\share\x" as "\\server\share\x"; what has
 * no letter stays as it is. The text lives in `arena` or where `native`'s does. FSA_E_NOMEM is the
 * one error. [formats/nt_path.h]
 */
int windows_device_path(FsaOs *os, FsaText native, FsaArena *arena, FsaText *ret_path);

/* The same of a counted UTF-16 text; `bytes` as a UNICODE_STRING counts them. */
int windows_device_path_wide(FsaOs *os, const WCHAR *native, size_t bytes, FsaArena *arena,
                             FsaText *ret_path);

/*
 * The way back, for CreateFileW(): "C:\x" as "\\?\C:\x", a native path below the root of all
 * devices. FSA_E_UNSUPPORTED for a path on another machine: it is not this host's evidence, and
 * asking for it may take minutes; and for a name that UTF-8 cannot say.
 */
int windows_file_path(FsaText path, FsaArena *arena, WCHAR **ret_path);

/* Gives back what the host remembers of its drives; for fsa_os_close(). */
void windows_forget_drives(FsaOs *os);

#endif
