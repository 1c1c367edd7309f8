/*
 * Which file a service or a driver is started from: its ImagePath is a command line or a path in
 * one of many spellings. Source: Microsoft's documentation of CreateService, CreateProcess and of
 * the ImagePath of drivers.
 */
#ifndef FSA_FORMATS_NT_IMAGE_PATH_H
#define FSA_FORMATS_NT_IMAGE_PATH_H

#include "base/arena.h"
#include "base/result.h"
#include "base/text.h"

/*
 * The path in `image`, "C:\Windows\System32\x.exe" where its spelling says which one it is:
 * quotes, arguments, \??\, \SystemRoot\, leading %variables% and paths below the system's folder
 * are resolved; what cannot be is left as it is. `is_driver`: the whole text is the path.
 * `system_root` is "C:\Windows" or the like. Data NULL for an empty image. FSA_E_NOMEM is the one
 * error. The text lives in `arena` or where `image`'s does.
 *
 * Without quotes the program ends at the first ".exe" before a blank, else at the first blank;
 * CreateProcess tries each blank in turn, which depends on the files that are there.
 */
int fsa_nt_image_path(FsaText image, bool is_driver, FsaText system_root, FsaArena *arena,
                   FsaText *ret_path);

#endif
