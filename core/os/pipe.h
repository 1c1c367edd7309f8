/* The names of all pipes of a Windows host. Elsewhere: FSA_E_UNSUPPORTED. */
#ifndef FSA_OS_PIPE_H
#define FSA_OS_PIPE_H

#include "os/os.h"

typedef struct FsaOsPipe {
  FsaText name; /* below \Device\NamedPipe\ */
  int64_t instances;
  int64_t most_instances; /* -1 = any number */
} FsaOsPipe;

/*
 * Lists the root of the file system of pipes; no pipe is opened or connected to. FSA_E_LIMIT beyond
 * FSA_MAX_PIPES.
 */
int fsa_os_pipes(FsaOs *os, FsaArena *arena, FsaOsPipe **ret_pipes, size_t *ret_count);

#endif
