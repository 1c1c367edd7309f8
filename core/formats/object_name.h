/*
 * Names of kernel objects and pipes: the parts in them that are random, count something or name a
 * process. UTF-8 in, facts out; all may be used by several threads.
 */
#ifndef FSA_FORMATS_OBJECT_NAME_H
#define FSA_FORMATS_OBJECT_NAME_H

#include "base/arena.h"
#include "base/text.h"

/*
 * The name with its changing parts replaced, so that what one program makes on many hosts is
 * equal: a GUID becomes G; a word of 6 and more hexadecimal digits H; of other digits, each run
 * becomes D. A number, decimal or a hexadecimal word, that is one of `pids` becomes P. Words end at
 * what is neither an ASCII letter nor a digit. Memory from `arena`; {NULL, 0} when it ran out.
 */
FsaText fsa_object_name_normalize(FsaArena *arena, FsaText name, const int64_t *pids,
                                  size_t pid_count);

/*
 * The pid that a pipe's name carries by the custom of the program that makes such pipes; false
 * when the name follows none of them:
 *   mojo.<pid>.<tid>.<random>                 Chromium's IPC (mojo/public/cpp/platform)
 *   chrome.<pid>.<n>.<random>                 its forerunner (ipc/ipc_channel.cc)
 *   crashpad_<pid>_<random>                   Crashpad, in Chromium and Electron
 *   PSHost.<ticks>.<pid>.<domain>.<program>   each PowerShell engine (RemoteSessionNamedPipe.cs)
 *   Winsock2\CatalogChangeListener-<hex pid>-<n>   each process that loads Winsock's catalog
 * Directories in front (LOCAL\, Sessions\1\AppContainerNamedObjects\...) are passed over.
 */
bool fsa_pipe_name_pid(FsaText name, int64_t *ret_pid);

#endif
