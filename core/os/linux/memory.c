/* The mappings of a process and its memory. [proc(5); pagemap.rst; process_vm_readv(2)] */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "formats/procfs.h"
#include "os/linux/linux.h"

enum { PAGEMAP_ENTRIES = 512 }; /* of 8 bytes, read at once */

/* ---- regions --------------------------------------------------------------------------------- */

static int64_t private_size(const FsaProcRegion *region) {
  if (region->anonymous_size == FSA_PROC_UNKNOWN) return FSA_OS_UNKNOWN;
  int64_t swapped = region->swapped_size > 0 ? region->swapped_size : 0;
  /* both are below 2^63 / 1024 pages of a process: no address space is that large */
  return region->anonymous_size <= INT64_MAX - swapped ? region->anonymous_size + swapped
                                                       : FSA_OS_UNKNOWN;
}

/* The name as it was: newlines back, the mark of a deleted file off, valid UTF-8. */
static int take_name(FsaText raw, FsaArena *arena, FsaOsRegion *region) {
  char *name = fsa_arena_alloc(arena, raw.size + 1);
  if (!name) return FSA_E_NOMEM;
  FsaText text = {name, fsa_proc_unescape(name, raw)};
  region->is_deleted = region->inode != 0 && linux_take_deleted(&text);
  region->name = fsa_text_clean(arena, text.data, text.size);
  return region->name.data ? FSA_OK : FSA_E_NOMEM;
}

static int take_region(const FsaProcRegion *from, FsaArena *arena, FsaOsRegion *region) {
  *region = (FsaOsRegion){
      .start = from->start,
      .end = from->end,
      .protection =
          (from->is_readable ? FSA_OS_READ : 0u) | (from->is_writable ? FSA_OS_WRITE : 0u) |
          (from->is_executable ? FSA_OS_EXECUTE : 0u) | (from->is_shared ? FSA_OS_SHARED : 0u),
      .backing = from->inode ? FSA_OS_FILE : FSA_OS_ANONYMOUS,
      .file_offset = from->offset,
      .device = makedev((unsigned)from->major, (unsigned)from->minor),
      .inode = from->inode,
      .name = {"", 0},
      .allocation = from->start,
      .allocation_size = from->end - from->start,
      .first_protection = FSA_OS_UNKNOWN,
      .was_writable = from->is_accounted,
      .resident_size = from->resident_size,
      .private_size = private_size(from),
  };
  return from->name.size ? take_name(from->name, arena, region) : FSA_OK;
}

static size_t count_regions(FsaBytes bytes) {
  FsaProcMaps maps = {bytes, 0};
  FsaProcRegion region;
  size_t count = 0;
  int result;
  while ((result = fsa_proc_maps_next(&maps, &region)) != FSA_OK) count += result == FSA_ROW;
  return count;
}

static int take_regions(FsaBytes bytes, FsaArena *arena, FsaOsRegion **ret_regions,
                        size_t *ret_count) {
  size_t room = count_regions(bytes), count = 0;
  FsaOsRegion *regions = fsa_arena_zero(arena, room ? room : 1, sizeof *regions);
  if (!regions) return FSA_E_NOMEM;
  FsaProcMaps maps = {bytes, 0};
  FsaProcRegion region;
  int result;
  while (count < room && (result = fsa_proc_maps_next(&maps, &region)) != FSA_OK) {
    if (result != FSA_ROW) continue; /* a damaged line of a recording */
    result = take_region(&region, arena, &regions[count++]);
    if (result != FSA_OK) return result;
  }
  *ret_regions = regions;
  *ret_count = count;
  return room == 0 && bytes.size ? FSA_E_FORMAT : FSA_OK;
}

int fsa_os_process_regions(FsaOsProcess *process, FsaOsRegions which, FsaArena *arena,
                           FsaOsRegion **ret_regions, size_t *ret_count) {
  /* a kernel without CONFIG_PROC_PAGE_MONITOR has no smaps; a recording may have one of the two */
  static const char *const names[] = {"smaps", "maps"};
  const size_t first = which == FSA_OS_ALL_REGIONS;
  FsaBytes bytes;
  int result = linux_read(process->os, process->directory, names[first], arena, &bytes);
  if (result == FSA_E_ABSENT)
    result = linux_read(process->os, process->directory, names[1 - first], arena, &bytes);
  return result == FSA_OK ? take_regions(bytes, arena, ret_regions, ret_count) : result;
}

int fsa_os_regions(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsRegion **ret_regions,
                   size_t *ret_count) {
  FsaOsProcess *process;
  int result = fsa_os_process_open(os, pid, arena, &process);
  if (result != FSA_OK) return result;
  result = fsa_os_process_regions(process, FSA_OS_ALL_REGIONS, arena, ret_regions, ret_count);
  fsa_os_process_close(process);
  return result;
}

int fsa_os_region_at(FsaOsProcess *process, uint64_t address, FsaArena *arena,
                     FsaOsRegion *ret_region) {
  (void)process, (void)address, (void)arena, (void)ret_region;
  return FSA_E_UNSUPPORTED;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Reads the pagemap entries of up to PAGEMAP_ENTRIES pages from `address` on; gives how many. */
static int read_pagemap(int pagemap, int64_t page_size, uint64_t address, size_t pages,
                        uint64_t entries[PAGEMAP_ENTRIES], size_t *ret_count) {
  if (pages > PAGEMAP_ENTRIES) pages = PAGEMAP_ENTRIES;
  uint64_t offset = address / (uint64_t)page_size * sizeof *entries;
  ssize_t got = pread(pagemap, entries, pages * sizeof *entries, (off_t)offset);
  if (got < 0) return fsa_result_from_errno(errno);
  *ret_count = (size_t)got / sizeof *entries;
  return FSA_OK;
}

static bool is_private_page(uint64_t entry) {
  return (entry & (FSA_PROC_PAGE_PRESENT | FSA_PROC_PAGE_SWAPPED)) && !(entry & FSA_PROC_PAGE_FILE);
}

static int count_private(int pagemap, int64_t page_size, const FsaOsRegion *region, size_t room,
                         FsaOsPrivatePages *pages) {
  uint64_t entries[PAGEMAP_ENTRIES];
  for (uint64_t address = region->start; address < region->end;) {
    size_t count = 0, left = (size_t)((region->end - address) / (uint64_t)page_size);
    int result = read_pagemap(pagemap, page_size, address, left, entries, &count);
    if (result != FSA_OK) return result;
    if (count == 0) return FSA_OK; /* the process ended or unmapped it */
    for (size_t i = 0; i < count; i++) {
      if (!is_private_page(entries[i])) continue;
      const uint64_t page = address + i * (uint64_t)page_size;
      if (pages->count++ == 0) pages->first = page;
      if (pages->listed < room) pages->pages[pages->listed++] = page;
    }
    address += count * (uint64_t)page_size;
  }
  return FSA_OK;
}

int fsa_os_private_pages(FsaOsProcess *process, const FsaOsRegion *region, FsaArena *arena,
                         FsaOsPrivatePages *ret_pages) {
  if (!process->os->is_this_machine) return FSA_E_UNSUPPORTED;
  FsaOsPrivatePages pages = {0};
  uint64_t room = arena ? (region->end - region->start) / (uint64_t)process->os->page_size : 0;
  if (room > FSA_MAX_PRIVATE_PAGES) room = FSA_MAX_PRIVATE_PAGES;
  if (arena) pages.pages = fsa_arena_zero(arena, (size_t)room + 1, sizeof *pages.pages);
  if (arena && !pages.pages) return FSA_E_NOMEM;
  int pagemap;
  int result = linux_open(process->os, process->directory, "pagemap", &pagemap);
  if (result != FSA_OK) return result;
  result = count_private(pagemap, process->os->page_size, region, (size_t)room, &pages);
  close(pagemap);
  if (result == FSA_OK) *ret_pages = pages;
  return result;
}

int fsa_os_region_file(FsaOsProcess *process, const FsaOsRegion *region, FsaOsFile *ret_file) {
  if (!process->os->is_this_machine) return FSA_E_UNSUPPORTED;
  char name[64];
  linux_name(name, "map_files/%llx-%llx", (unsigned long long)region->start,
             (unsigned long long)region->end);
  return linux_stat_link(process->directory, name, ret_file);
}

int fsa_os_thread_instruction(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                              uint64_t *ret_address) {
  (void)arena;
  char name[64], text[256];
  linux_name(name, "task/%lld/syscall", (long long)tid);
  FsaBytes bytes;
  int result = linux_read_small(process->os, process->directory, name, text, sizeof text, &bytes);
  if (result != FSA_OK) return result;
  return fsa_proc_instruction(bytes, ret_address) ? FSA_OK : FSA_E_ABSENT;
}

/* Linux does not keep it. */
int fsa_os_thread_start(FsaOsProcess *process, int64_t tid, uint64_t *ret_address) {
  (void)process, (void)tid, (void)ret_address;
  return FSA_E_UNSUPPORTED;
}

/* ---- contents -------------------------------------------------------------------------------- */

/* How many bytes from `address` on can be read before a page that was swapped out. */
static int size_before_swap(int pagemap, int64_t page_size, uint64_t address, size_t size,
                            size_t *ret_size) {
  uint64_t entries[PAGEMAP_ENTRIES];
  uint64_t page = address - address % (uint64_t)page_size;
  uint64_t end = size > UINT64_MAX - address ? UINT64_MAX : address + size;
  while (page < end) {
    size_t count = 0, left = (size_t)((end - page - 1) / (uint64_t)page_size + 1);
    int result = read_pagemap(pagemap, page_size, page, left, entries, &count);
    if (result != FSA_OK) return result;
    if (count == 0) break;
    for (size_t i = 0; i < count; i++, page += (uint64_t)page_size)
      if (entries[i] & FSA_PROC_PAGE_SWAPPED) {
        *ret_size = page > address ? (size_t)(page - address) : 0;
        return FSA_OK;
      }
  }
  if (page > end) page = end;
  *ret_size = page > address ? (size_t)(page - address) : 0;
  return FSA_OK;
}

int fsa_os_process_memory(FsaOsProcess *process, uint64_t address, void *buffer, size_t size,
                          size_t *ret_size) {
  if (!process->os->is_this_machine) return FSA_E_UNSUPPORTED;
  int pagemap;
  int result = linux_open(process->os, process->directory, "pagemap", &pagemap);
  if (result != FSA_OK) return result;
  size_t readable = 0;
  result = size_before_swap(pagemap, process->os->page_size, address, size, &readable);
  close(pagemap);
  if (result != FSA_OK) return result;
  int memory;
  result = linux_open(process->os, process->directory, "mem", &memory);
  if (result != FSA_OK) return result;
  ssize_t got = readable ? pread(memory, buffer, readable, (off_t)address) : 0;
  int error = errno;
  close(memory);
  /* EIO: nothing is mapped there any more */
  if (got < 0 && error != EIO) return fsa_result_from_errno(error);
  *ret_size = got > 0 ? (size_t)got : 0;
  return FSA_OK;
}

int fsa_os_memory_read(FsaOs *os, int64_t pid, uint64_t address, void *buffer, size_t size,
                       size_t *ret_size) {
  if (!os->is_this_machine) return FSA_E_UNSUPPORTED;
  FsaArena arena = fsa_arena(0);
  FsaOsProcess *process;
  int result = fsa_os_process_open(os, pid, &arena, &process);
  if (result == FSA_OK) {
    result = fsa_os_process_memory(process, address, buffer, size, ret_size);
    fsa_os_process_close(process);
  }
  fsa_arena_done(&arena);
  return result;
}
