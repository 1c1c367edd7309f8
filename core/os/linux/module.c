/* The modules of a process: the files that it has mapped with code. [proc(5)] */
#include "os/module.h"

#include <string.h>

static bool is_same_file(const FsaOsRegion *a, const FsaOsRegion *b) {
  return a->inode == b->inode && a->device == b->device && a->name.size == b->name.size &&
         memcmp(a->name.data, b->name.data, a->name.size) == 0;
}

/*
 * The regions of one file that lie behind each other, up to the next mapping of its beginning. The
 * loader puts anonymous memory behind data, never between.
 */
static size_t regions_of_file(const FsaOsRegion *regions, size_t count, size_t first) {
  size_t last = first + 1;
  while (last < count && is_same_file(&regions[first], &regions[last]) &&
         regions[last].file_offset != 0)
    last++;
  return last - first;
}

int fsa_os_modules(FsaOsProcess *process, const FsaOsRegion *regions, size_t count, FsaArena *arena,
                   FsaOsModules *ret_modules) {
  (void)process;
  FsaOsModules modules = {.lists = FSA_E_UNSUPPORTED};
  modules.list = fsa_arena_zero(arena, count + 1, sizeof *modules.list);
  if (!modules.list) return FSA_E_NOMEM;
  for (size_t i = 0, run; i < count; i += run) {
    unsigned protection = 0;
    run = regions_of_file(regions, count, i);
    for (size_t k = i; k < i + run; k++) protection |= regions[k].protection;
    if (regions[i].backing != FSA_OS_FILE || !(protection & FSA_OS_EXECUTE)) continue;
    modules.list[modules.count++] = (FsaOsModule){
        .base = regions[i].start,
        .is_mapped = true,
        .size = regions[i + run - 1].end - regions[i].start,
        .mapped_path = regions[i].name,
        .is_deleted = regions[i].is_deleted,
        .lists = FSA_OS_UNKNOWN,
        .load_time = FSA_OS_UNKNOWN,
        .load_reason = FSA_OS_UNKNOWN,
        .load_count = FSA_OS_UNKNOWN,
    };
  }
  *ret_modules = modules;
  return FSA_OK;
}
