/*
 * fsa_memory_regions: the address space of processes, region by region.
 *
 * Linux: the lines of /proc/PID/smaps. Windows: what VirtualQueryEx tells of committed memory, the
 * names of mapped files, and how many pages are in memory and changed (QueryWorkingSetEx, thousands
 * of pages a question). fsa_injected_modules judges what this table shows.
 */
#include "fsa.h"
#include "os/os.h"

enum {
  PID,
  START,
  END,
  SIZE,
  PERMISSIONS,
  FIRST_PERMISSIONS,
  KIND,
  PATH,
  OFFSET,
  DEVICE,
  INODE,
  ALLOCATION,
  ALLOCATION_SIZE,
  IS_DELETED,
  IS_GUARD,
  WAS_WRITABLE,
  RESIDENT_SIZE,
  PRIVATE_SIZE,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [START] = {"start", FSA_HEX, 0, "First address; never NULL."},
    [END] = {"end", FSA_HEX, 0, "The address behind the last; never NULL."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Bytes; never NULL."},
    [PERMISSIONS] = {"permissions", FSA_TEXT, 0,
                     "r, w, x and p (private, or private once it is written to) or s (shared), '-' "
                     "where not; never NULL."},
    [FIRST_PERMISSIONS] = {"first_permissions", FSA_TEXT, 0,
                           "The same as it was allocated; NULL on Linux, which does not tell, and "
                           "for images, which are always mapped alike."},
    [KIND] =
        {"kind", FSA_TEXT, FSA_KEY,
         "anonymous (no file stands behind it), file, or image (Windows: a program or library, "
         "mapped as such); never NULL."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The mapped file, or the name in brackets that the Linux kernel or the process gave; "
              "NULL without one, and where Windows has lost it."},
    [OFFSET] = {"offset", FSA_INTEGER, 0,
                "Where in the file it begins, bytes; NULL without a file and on Windows."},
    [DEVICE] = {"device", FSA_INTEGER, 0,
                "Device number of the file; NULL without a file and on Windows."},
    [INODE] = {"inode", FSA_INTEGER, 0, "Inode of the file; NULL without a file and on Windows."},
    [ALLOCATION] = {"allocation", FSA_HEX, 0,
                    "Where the allocation, the mapping or the image begins that it is a part of; "
                    "NULL on Linux."},
    [ALLOCATION_SIZE] = {"allocation_size", FSA_INTEGER, 0,
                         "Bytes of that, with what is reserved only; NULL on Linux."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when the file lost its name; NULL on Windows, which does not tell."},
    [IS_GUARD] = {"is_guard", FSA_BOOL, 0,
                  "1 when the first touch of each page is told to the process, as at the end of a "
                  "stack; NULL on Linux."},
    [WAS_WRITABLE] = {"was_writable", FSA_BOOL, FSA_COSTLY,
                      "1 when it cannot be written now and could be before; NULL when the system "
                      "does not tell."},
    [RESIDENT_SIZE] = {"resident_size", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                       "Bytes of it that are in memory; NULL when the system does not tell."},
    [PRIVATE_SIZE] = {"private_size", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                      "Bytes in pages of the process's own, in memory or swapped out; of a file or "
                      "an image, those it changed. NULL when the system does not tell, and for "
                      "anonymous memory on Windows."},
};

typedef struct State {
  FsaOsRegion *regions;
  size_t count, index;
  bool is_windows;
} State;

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaOs *os = fsa_scan_os(scan);
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsProcess *process;
  bool is_kernel = false;
  const bool is_costly = fsa_wants(scan, RESIDENT_SIZE) || fsa_wants(scan, PRIVATE_SIZE) ||
                         (fsa_wants(scan, WAS_WRITABLE) && fsa_os_family(os) == FSA_OS_LINUX);
  state->is_windows = fsa_os_family(os) == FSA_OS_WINDOWS;
  int result = fsa_os_process_open(os, fsa_scan_pid(scan), arena, &process);
  if (result == FSA_OK) {
    const FsaOsRegions which = is_costly ? FSA_OS_REGIONS_IN_USE : FSA_OS_ALL_REGIONS;
    result = fsa_os_process_regions(process, which, arena, &state->regions, &state->count);
    is_kernel = result != FSA_OK && fsa_os_process_is_kernel(process);
    fsa_os_process_close(process);
  }
  if (result == FSA_OK || result == FSA_E_ABSENT || is_kernel) return FSA_OK;
  return fsa_problem(scan, result, FSA_NO_OFFSET, "its memory map cannot be read (%s)",
                     fsa_result_name(result));
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void set_permissions(FsaScan *scan, FsaRow *row, int column, int64_t protection) {
  if (protection == FSA_OS_UNKNOWN) return;
  const char permissions[4] = {
      protection & FSA_OS_READ ? 'r' : '-', protection & FSA_OS_WRITE ? 'w' : '-',
      protection & FSA_OS_EXECUTE ? 'x' : '-', protection & FSA_OS_SHARED ? 's' : 'p'};
  fsa_row_text(row, column, fsa_arena_copy(fsa_row_arena(scan), permissions, 4), 4);
}

/* What only one of the two systems tells. */
static void set_origin(FsaRow *row, const State *state, const FsaOsRegion *region) {
  if (state->is_windows) {
    fsa_row_hex(row, ALLOCATION, region->allocation);
    fsa_row_int(row, ALLOCATION_SIZE, (int64_t)region->allocation_size);
    fsa_row_bool(row, IS_GUARD, region->protection & FSA_OS_GUARD);
    return;
  }
  fsa_row_bool(row, IS_DELETED, region->is_deleted);
  if (region->backing == FSA_OS_ANONYMOUS) return;
  fsa_row_int(row, OFFSET, (int64_t)region->file_offset);
  fsa_row_int(row, DEVICE, (int64_t)region->device);
  fsa_row_int(row, INODE, (int64_t)region->inode);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  static const char *const kinds[] = {
      [FSA_OS_ANONYMOUS] = "anonymous", [FSA_OS_FILE] = "file", [FSA_OS_IMAGE] = "image"};
  State *state = opaque;
  while (state->index < state->count) {
    const FsaOsRegion *region = &state->regions[state->index++];
    const char *kind = kinds[region->backing];
    if (!fsa_admits_text(scan, KIND, kind, strlen(kind))) continue;
    fsa_row_int(row, PID, fsa_scan_pid(scan));
    fsa_row_hex(row, START, region->start);
    fsa_row_hex(row, END, region->end);
    fsa_row_int(row, SIZE, (int64_t)(region->end - region->start));
    fsa_row_string(row, KIND, kind);
    set_permissions(scan, row, PERMISSIONS, region->protection);
    set_permissions(scan, row, FIRST_PERMISSIONS, region->first_protection);
    if (region->name.size) fsa_row_text(row, PATH, region->name.data, region->name.size);
    set_origin(row, state, region);
    fsa_row_known(row, WAS_WRITABLE, region->was_writable, FSA_OS_UNKNOWN);
    fsa_row_known(row, RESIDENT_SIZE, region->resident_size, FSA_OS_UNKNOWN);
    fsa_row_known(row, PRIVATE_SIZE, region->private_size, FSA_OS_UNKNOWN);
    return FSA_ROW;
  }
  return FSA_OK;
}

const FsaTable fsa_table_memory_regions = {
    .name = "memory_regions",
    .summary = "One row for each region of a process's address space.",
    .proves = "The addresses were mapped so while they were looked at.",
    .caveat = "A region may be mapped, changed or gone a moment later; of Windows, memory that is "
              "reserved and holds nothing has no row. What is in a region, no row tells.",
    .example = "SELECT pid, start, size, permissions, path FROM fsa_memory_regions "
               "WHERE kind = 'anonymous' AND permissions LIKE '%x%'",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_process,
    .next = next,
};
