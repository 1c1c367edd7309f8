/* Open descriptors: PID/fd and PID/fdinfo. Nothing is opened through them. [proc(5)] */
#include <fcntl.h>

#include "formats/procfs.h"
#include "os/linux/linux.h"

static int take_handle(FsaOsProcess *process, int64_t number, FsaArena *arena,
                       FsaOsHandle *ret_handle) {
  char name[64];
  linux_name(name, "fd/%lld", (long long)number);
  FsaText target;
  int result = linux_read_link(process->directory, name, arena, &target);
  if (result != FSA_OK) return result;
  FsaOsHandle handle = {.number = number, .kind = FSA_OS_OTHER, .inode = 0};
  if (target.size && target.data[0] == '/') {
    handle.kind = FSA_OS_PATH;
    handle.is_deleted = linux_take_deleted(&target);
  } else if (fsa_proc_link_inode(target, "pipe", &handle.inode))
    handle.kind = FSA_OS_PIPE;
  else if (fsa_proc_link_inode(target, "socket", &handle.inode))
    handle.kind = FSA_OS_SOCKET;
  handle.target = fsa_text_clean(arena, target.data, target.size);
  if (!handle.target.data) return FSA_E_NOMEM;
  *ret_handle = handle;
  return FSA_OK;
}

int fsa_os_handles(FsaOsProcess *process, FsaArena *arena, FsaOsHandle **ret_handles,
                   size_t *ret_count) {
  int64_t *numbers;
  size_t listed, count = 0;
  int result = linux_list_numbers(process->os, process->directory, "fd", arena, &numbers, &listed);
  if (result != FSA_OK) return result;
  FsaOsHandle *handles = fsa_arena_zero(arena, listed ? listed : 1, sizeof *handles);
  if (!handles) return FSA_E_NOMEM;
  for (size_t i = 0; i < listed; i++) {
    result = take_handle(process, numbers[i], arena, &handles[count]);
    if (result == FSA_E_ABSENT) continue; /* closed meanwhile */
    if (result != FSA_OK) return result;
    count++;
  }
  *ret_handles = handles;
  *ret_count = count;
  return FSA_OK;
}

int fsa_os_handle_file(FsaOsProcess *process, const FsaOsHandle *handle, FsaOsFile *ret_file) {
  if (!process->os->is_this_machine)
    return linux_stat_beneath(process->os, process->os->root, handle->target, ret_file);
  char name[64];
  linux_name(name, "fd/%lld", (long long)handle->number);
  return linux_stat_link(process->directory, name, ret_file);
}

int fsa_os_handle_access(FsaOsProcess *process, int64_t number, FsaArena *arena,
                         unsigned *ret_access) {
  char name[64];
  linux_name(name, "fdinfo/%lld", (long long)number);
  FsaBytes bytes;
  FsaText value;
  uint64_t flags;
  int result = linux_read_piece(process->os, process->directory, name, arena, &bytes);
  if (result != FSA_OK) return result;
  if (!fsa_proc_value(bytes, "flags:", &value) || !fsa_proc_number(value, 8, &flags))
    return FSA_E_FORMAT;
  switch (flags & O_ACCMODE) {
  case O_RDONLY: *ret_access = FSA_OS_READ; break;
  case O_WRONLY: *ret_access = FSA_OS_WRITE; break;
  default: *ret_access = FSA_OS_READ | FSA_OS_WRITE; break;
  }
  return FSA_OK;
}
