/*
 * Reparse points: what a tag means, and where a link leads. [MS-FSCC 2.1.2]
 */
#ifndef FSA_FORMATS_NT_REPARSE_H
#define FSA_FORMATS_NT_REPARSE_H

#include "fsa.h"

/* What stands where a reparse point stands. */
typedef enum FsaNtReparse {
  /*
   * The file or directory itself, whose bytes lie where those of any other lie: a cloud file that
   * is here, a tag that nobody knows. An unknown tag hides nothing: what is stored is read.
   */
  FSA_NT_PLAIN,
  FSA_NT_LINK, /* a name for something else: symbolic link, junction, mounted volume */
  /*
   * A file whose stored bytes are meaningless until the system's filter unpacks them: compressed by
   * WOF (compact /exe, CompactOS), deduplicated, an overlay of a container.
   */
  FSA_NT_FILTERED,
  FSA_NT_SPECIAL, /* a socket, FIFO or device of WSL, an alias of a packaged program */
} FsaNtReparse;

FsaNtReparse fsa_nt_reparse(uint32_t tag);

/*
 * Where a link leads, from its REPARSE_DATA_BUFFER, '/' separated, in WTF-8 from `arena`: relative
 * as it stands, absolute in the form of fsa_nt_machine_path(); one that begins at the root of the
 * volume that it stands on begins with `volume` ("/C:"). FSA_E_FORMAT, FSA_E_UNSUPPORTED for a tag
 * that is no link.
 */
int fsa_nt_link_target(FsaBytes data, const char *volume, FsaArena *arena, const char **ret_target);

/*
 * A full path of Windows ("\??\C:\x", "\\?\C:\x", "C:\x") as one that begins at the machine:
 * "/C:/x", "/UNC/server/share", "/Volume{...}". NULL when memory ran out.
 */
const char *fsa_nt_machine_path(FsaArena *arena, const uint8_t *utf16, size_t units);

#endif
