/*
 * The modules of a process: its images, as the kernel has mapped them, beside the lists that its
 * loader keeps. A 32-bit process has two sets of lists, one for the 64-bit part of it.
 */
#include "os/module.h"

#include <stdlib.h>

#include "base/clock.h"
#include "formats/nt_modules.h"
#include "os/windows/device_path.h"
#include "os/windows/memory.h"

enum { TRIES = 2 }; /* lists may change while they are read */

/* ---- what is mapped -------------------------------------------------------------------------- */

static FsaOsModule module_at(uint64_t base) {
  return (FsaOsModule){.base = base,
                       .lists = FSA_OS_UNKNOWN,
                       .load_time = FSA_OS_UNKNOWN,
                       .load_reason = FSA_OS_UNKNOWN,
                       .load_count = FSA_OS_UNKNOWN};
}

/* One module for each image; its regions follow each other. */
static void add_mapped(const FsaOsRegion *regions, size_t count, FsaOsModules *modules) {
  for (size_t i = 0; i < count; i++) {
    const FsaOsRegion *region = &regions[i];
    if (region->backing != FSA_OS_IMAGE) continue;
    if (modules->count && modules->list[modules->count - 1].base == region->allocation) continue;
    FsaOsModule *module = &modules->list[modules->count++];
    *module = module_at(region->allocation);
    module->is_mapped = true;
    module->size = region->allocation_size;
    module->mapped_path = region->name;
  }
}

/* ---- what is listed -------------------------------------------------------------------------- */

/* The two sets of lists of a process; `count` of them were looked for. */
typedef struct Lists {
  FsaNtModules sets[2];
  bool is_32[2];
  size_t count;
} Lists;

/* Reads the block at `address` and the lists that it leads to. FSA_E_ABSENT: it has none yet. */
static int read_set(FsaOsProcess *process, uint64_t address, bool is_32, FsaArena *arena,
                    uint64_t *ret_program, FsaNtModules *ret_set) {
  FsaNtReader reader;
  FsaNtPeb peb;
  uint8_t bytes[FSA_NT_PEB_SIZE];
  int result = windows_reader(process, &reader);
  if (result == FSA_OK) result = reader.read(reader.context, address, bytes, sizeof bytes);
  if (result == FSA_OK)
    result = fsa_nt_peb(fsa_bytes(bytes, sizeof bytes), is_32 ? FSA_NT_32 : FSA_NT_64, &peb);
  if (result != FSA_OK) return result;
  *ret_program = peb.image_base;
  if (peb.loader == 0) return FSA_E_ABSENT;
  for (int i = 0; i < TRIES; i++) {
    result = fsa_nt_modules(&reader, peb.loader, is_32, process->os->build, arena, ret_set);
    if (result != FSA_OK || ret_set->damage == FSA_OK) break;
  }
  return result;
}

static int read_lists(FsaOsProcess *process, FsaArena *arena, FsaOsModules *modules, Lists *lists) {
  HANDLE handle;
  FsaNtBasic basic;
  uint64_t narrow = 0, ignored;
  int result = windows_process_reading(process, &handle);
  if (result == FSA_OK) result = windows_process_basic(handle, &basic);
  if (result != FSA_OK) return result;
  if (basic.block == 0) return FSA_E_ABSENT;
  result = read_set(process, basic.block, false, arena, &modules->program_base, &lists->sets[0]);
  if (result != FSA_OK) return result;
  lists->count = 1;
  if (windows_process_ask(handle, NT_PROCESS_WOW64, &narrow, sizeof narrow) != FSA_OK || !narrow)
    return FSA_OK;
  result = read_set(process, narrow, true, arena, &ignored, &lists->sets[1]);
  if (result != FSA_OK) return result;
  lists->is_32[1] = true;
  lists->count = 2;
  return FSA_OK;
}

/* ---- both together --------------------------------------------------------------------------- */

/* The mapped module at `base` among the first `count`; NULL when there is none. */
static FsaOsModule *find_mapped(FsaOsModules *modules, size_t count, uint64_t base) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (modules->list[middle].base == base) return &modules->list[middle];
    if (modules->list[middle].base < base)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static int set_listed(FsaOsProcess *process, const FsaNtModule *from, bool is_32, FsaArena *arena,
                      FsaOsModule *module) {
  int64_t time;
  if (module->lists == FSA_OS_UNKNOWN) module->lists = 0;
  module->lists |= from->lists;
  module->is_32 = is_32;
  module->path = from->path;
  module->name = from->name;
  module->listed_size = from->size;
  module->entry_point = from->entry_point;
  if (from->load_time && fsa_time_from_filetime(from->load_time, &time)) module->load_time = time;
  if (from->load_reason >= 0) module->load_reason = from->load_reason;
  if (from->load_count >= 0) module->load_count = from->load_count;
  return from->path.size ? windows_device_path(process->os, from->path, arena, &module->path)
                         : FSA_OK;
}

/*
 * Two records of one set may claim the same base: the second is one more row, as a claim without an
 * image. The program itself is in both sets of a 32-bit process.
 */
static int add_set(FsaOsProcess *process, const FsaNtModules *set, bool is_32, FsaArena *arena,
                   size_t mapped, FsaOsModules *modules) {
  int result = FSA_OK;
  bool *is_claimed = fsa_arena_zero(arena, mapped + 1, sizeof *is_claimed);
  if (!is_claimed) return FSA_E_NOMEM;
  for (size_t i = 0; i < set->count && result == FSA_OK; i++) {
    const FsaNtModule *from = &set->list[i];
    FsaOsModule *module = find_mapped(modules, mapped, from->base);
    if (!module || is_claimed[module - modules->list]) {
      module = &modules->list[modules->count++];
      *module = module_at(from->base);
    } else
      is_claimed[module - modules->list] = true;
    result = set_listed(process, from, is_32, arena, module);
  }
  return result;
}

static int by_base(const void *a, const void *b) {
  const FsaOsModule *first = a, *second = b;
  if (first->base != second->base) return first->base < second->base ? -1 : 1;
  return (int)second->is_mapped - (int)first->is_mapped;
}

/* A module that no list has is told to be in none, once the lists were read to their ends. */
static int merge(FsaOsProcess *process, const Lists *lists, FsaArena *arena,
                 FsaOsModules *modules) {
  const size_t mapped = modules->count;
  int result = FSA_OK;
  for (size_t i = 0; i < lists->count && result == FSA_OK; i++) {
    const FsaNtModules *set = &lists->sets[i];
    result = add_set(process, set, lists->is_32[i], arena, mapped, modules);
    if (modules->lists == FSA_OK && set->damage != FSA_OK) {
      modules->lists = set->damage;
      modules->damage_at = set->damage_at;
    }
  }
  for (size_t i = 0; i < mapped && modules->lists == FSA_OK; i++)
    if (modules->list[i].lists == FSA_OS_UNKNOWN) modules->list[i].lists = 0;
  qsort(modules->list, modules->count, sizeof *modules->list, by_base);
  return result;
}

int fsa_os_modules(FsaOsProcess *process, const FsaOsRegion *regions, size_t count, FsaArena *arena,
                   FsaOsModules *ret_modules) {
  FsaOsModules modules = {0};
  Lists lists = {.count = 0};
  modules.lists = read_lists(process, arena, &modules, &lists);
  if (modules.lists == FSA_E_NOMEM) return FSA_E_NOMEM;
  size_t room = count + 1;
  for (size_t i = 0; i < lists.count; i++) room += lists.sets[i].count;
  modules.list = fsa_arena_zero(arena, room, sizeof *modules.list);
  if (!modules.list) return FSA_E_NOMEM;
  add_mapped(regions, count, &modules);
  const int result = merge(process, &lists, arena, &modules);
  if (result == FSA_OK) *ret_modules = modules;
  return result;
}
