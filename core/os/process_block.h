/*
 * The two blocks that Windows keeps of a process: the kernel's own (EPROCESS), as far as it is
 * told, and the environment block (PEB) in the process's memory, which the process may write as it
 * likes.
 *
 * Other systems have neither: FSA_E_UNSUPPORTED. Results and threads as in os.h.
 */
#ifndef FSA_OS_PROCESS_BLOCK_H
#define FSA_OS_PROCESS_BLOCK_H

#include "os/os.h"

/* What the kernel says; FSA_OS_UNKNOWN and NULL where it does not. */
typedef struct FsaOsKernelBlock {
  int64_t handle_count;
  int64_t session_number; /* of the terminal services: 0 = services */
  int64_t is_wow64;       /* 1: a 32-bit program */
  int64_t is_hidden;      /* 1: it runs, and the list of processes does not have it */
  int64_t owns_handles;   /* 1: the table of all handles names it as an owner */
  const char *protection; /* "PsProtectedSignerLsa-Light"; static storage */
} FsaOsKernelBlock;

int fsa_os_kernel_block(FsaOsProcess *process, FsaOsKernelBlock *ret_block);

/* What the process says of itself; size 0 where it says nothing. */
typedef struct FsaOsEnvironmentBlock {
  FsaText path; /* of its program: absolute, with a drive letter where it was given so */
  FsaText command_line, cwd, window_title;
  bool is_debugged;
  uint64_t image_base; /* address of the program's module */
} FsaOsEnvironmentBlock;

/* FSA_E_ABSENT: it has none, as processes of the kernel do, or it cannot be read there. */
int fsa_os_environment_block(FsaOsProcess *process, FsaArena *arena,
                             FsaOsEnvironmentBlock *ret_block);

#endif
