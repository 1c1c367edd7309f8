/* The threads of a process: PID/task. [proc(5)] */
#include "os/linux/linux.h"

int fsa_os_threads(FsaOsProcess *process, FsaArena *arena, int64_t **ret_tids, size_t *ret_count) {
  return linux_list_numbers(process->os, process->directory, "task", arena, ret_tids, ret_count);
}
