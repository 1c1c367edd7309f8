/*
 * Native paths of Windows as users know them: "\Device\HarddiskVolume3\Windows\x.dll" is
 * "C:\Windows\x.dll".
 *
 * The kernel names files by device; which device a drive letter stands for is a link of the object
 * manager that whoever calls has read (QueryDosDevice). A path that nothing is known about stays as
 * it is: a volume without a letter is no less true. [Microsoft: "Naming Files, Paths, and
 * Namespaces"; "MS-DOS Device Names"]
 */
#ifndef FSA_FORMATS_NT_PATH_H
#define FSA_FORMATS_NT_PATH_H

#include "base/arena.h"
#include "base/result.h"
#include "base/text.h"

typedef struct FsaNtDrive {
  char letter;    /* 'A'..'Z' */
  FsaText device; /* "\Device\HarddiskVolume3", without a '\' at its end */
} FsaNtDrive;

/*
 * The path with a drive letter ("C:\...") or a server ("\\server\share\...") where one stands for
 * its device, else `native` itself. `system_root` ("C:\Windows") is what "\SystemRoot" means; its
 * data may be NULL. The text lives in `arena` or where `native`'s does. FSA_E_NOMEM is the one
 * error.
 */
int fsa_nt_path(FsaText native, const FsaNtDrive *drives, size_t count, FsaText system_root,
                FsaArena *arena, FsaText *ret_path);

/* The last part of a path, behind the last '\' or '/'. */
FsaText fsa_nt_path_name(FsaText path);

#endif
