/*
 * fsa_modules: the programs and libraries of processes, as the system has mapped them and as the
 * process lists them, side by side.
 *
 * Windows: an image is mapped by the kernel, which names its file; the loader's lists lie in the
 * process's own memory, and whoever runs there can take a module out of them, rename it or invent
 * one. Tools that ask for "the modules" read the lists. Linux: every file that is mapped with code.
 * [Microsoft: PEB_LDR_DATA, LDR_DATA_TABLE_ENTRY, PE Format; formats/nt_modules.h]
 */
#include "formats/nt_path.h"
#include "formats/pe.h"
#include "fsa.h"
#include "os/module.h"

enum {
  PID,
  BASE,
  SIZE,
  NAME,
  PATH,
  LISTED_PATH,
  LISTED_NAME,
  LISTED_SIZE,
  IS_MAPPED,
  IS_LISTED,
  IN_LOAD_ORDER,
  IN_MEMORY_ORDER,
  IN_INITIALIZATION_ORDER,
  IS_NAME_MISMATCH,
  IS_PROGRAM,
  IS_32BIT,
  IS_DELETED,
  ON_DISK,
  ENTRY_POINT,
  LOAD_TIME,
  LOAD_REASON,
  LOAD_COUNT,
  MACHINE,
  LINK_TIME,
  IS_MANAGED,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [BASE] = {"base", FSA_HEX, 0, "Where it begins, or where a list says so; never NULL."},
    [SIZE] = {"size", FSA_INTEGER, 0,
              "Bytes of address space that are mapped; NULL when nothing is mapped there."},
    [NAME] = {"name", FSA_TEXT, 0,
              "The last part of path, else of listed_path; NULL without both."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The mapped file, as the system names it; NULL when nothing is mapped at base, and "
              "when Windows has lost the name, as of a file that was deleted while it was mapped."},
    [LISTED_PATH] = {"listed_path", FSA_TEXT, 0,
                     "The path that the process's lists give it; NULL when it is in none, when it "
                     "cannot be read, and on Linux."},
    [LISTED_NAME] = {"listed_name", FSA_TEXT, 0, "The same without the folder."},
    [LISTED_SIZE] = {"listed_size", FSA_INTEGER, 0,
                     "Bytes, as the lists say; NULL when it is in none, and on Linux."},
    [IS_MAPPED] = {"is_mapped", FSA_BOOL, 0,
                   "1 when an image begins at base (Linux: a file with code); 0 when only a list "
                   "says so. Never NULL."},
    [IS_LISTED] = {"is_listed", FSA_BOOL, 0,
                   "1 when one of the lists has it, 0 when all were read and none has; NULL when "
                   "they could not be read, before they were made, and on Linux. Libraries that "
                   "were mapped for their resources only are in no list."},
    [IN_LOAD_ORDER] = {"in_load_order", FSA_BOOL, 0,
                       "1 when the list in load order has it; NULL as is_listed."},
    [IN_MEMORY_ORDER] = {"in_memory_order", FSA_BOOL, 0,
                         "1 when the list in memory order has it; NULL as is_listed."},
    [IN_INITIALIZATION_ORDER] =
        {"in_initialization_order", FSA_BOOL, 0,
         "1 when the list in initialization order has it: never the program itself, and no "
         "library that was not started yet. NULL as is_listed."},
    [IS_NAME_MISMATCH] = {"is_name_mismatch", FSA_BOOL, 0,
                          "1 when the lists give it another file name than the system: renamed in "
                          "the list, or the file was renamed while it was mapped. NULL without "
                          "both names and for short names (PROGRA~1)."},
    [IS_PROGRAM] = {"is_program", FSA_BOOL, 0,
                    "1 when the process says that this is its program; NULL when it does not say, "
                    "and on Linux."},
    [IS_32BIT] = {"is_32bit", FSA_BOOL, 0,
                  "1 when the lists of the 32-bit part of a process have it; NULL when it is in no "
                  "list, and on Linux."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when the mapped file lost its name; NULL on Windows, which does not tell."},
    [ON_DISK] = {"on_disk", FSA_INTEGER, FSA_COSTLY,
                 "1 when a file lies at path now, 0 when none does; NULL without a path, when it "
                 "cannot be looked at and when it lies on another machine."},
    [ENTRY_POINT] = {"entry_point", FSA_HEX, 0,
                     "Where it is entered, as the lists say; NULL when it is in none, has none, "
                     "and on Linux."},
    [LOAD_TIME] = {"load_time", FSA_TIME, 0,
                   "When it was loaded, as the lists say; NULL when they do not."},
    [LOAD_REASON] = {"load_reason", FSA_TEXT, 0,
                     "Why, as the lists say since Windows 8: static_dependency, static_forwarder, "
                     "dynamic_forwarder, delayed, dynamic, as_image, as_data, enclave, "
                     "enclave_dependency or patch; NULL when they do not."},
    [LOAD_COUNT] = {"load_count", FSA_INTEGER, FSA_VARIES,
                    "How often it is referred to, as the lists say; NULL when they do not, and for "
                    "one that is never unloaded."},
    [MACHINE] = {"machine", FSA_TEXT, FSA_COSTLY,
                 "By its header in memory: x86, x64, arm, arm64, or the number; NULL without a "
                 "header that can be read, and on Linux."},
    [LINK_TIME] = {"link_time", FSA_TIME, FSA_COSTLY,
                   "The time stamp of its header in memory: when it was linked, or any number in "
                   "builds that are meant to be repeated. NULL as machine."},
    [IS_MANAGED] = {"is_managed", FSA_BOOL, FSA_COSTLY,
                    "1 when its header in memory says that it is of .NET; NULL as machine."},
};

typedef struct State {
  FsaOsProcess *process; /* NULL = it ended before it was looked at */
  FsaOsModules modules;
  size_t index;
  bool is_windows;
  bool has_told_refusal;
} State;

/* ---- the query ------------------------------------------------------------------------------- */

/* What the files of modules are asked for is remembered for all processes of the query. */
static int begin(FsaScan *scan, void **ret_shared) {
  FsaOs *os = fsa_scan_os(scan);
  FsaOsModuleFiles *files;
  if (!os || !fsa_wants(scan, ON_DISK)) return FSA_OK;
  const int result = fsa_os_module_files_open(os, &files);
  if (result == FSA_E_UNSUPPORTED) return FSA_OK;
  if (result == FSA_OK) *ret_shared = files;
  return result;
}

static void end(void *shared) {
  fsa_os_module_files_close(shared);
}

/* ---- the process ----------------------------------------------------------------------------- */

static int read_modules(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsRegion *regions;
  size_t count;
  const FsaOsRegions which = state->is_windows ? FSA_OS_CODE_REGIONS : FSA_OS_ALL_REGIONS;
  int result = fsa_os_process_regions(state->process, which, arena, &regions, &count);
  if (result == FSA_OK)
    result = fsa_os_modules(state->process, regions, count, arena, &state->modules);
  return result;
}

static void tell_lists(FsaScan *scan, const FsaOsModules *modules) {
  const int result = modules->lists;
  if (result == FSA_OK || result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  fsa_problem(scan, result, modules->damage_at ? modules->damage_at : FSA_NO_OFFSET,
              "the loader's lists could not be read whole (%s)", fsa_result_name(result));
}

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaOs *os = fsa_scan_os(scan);
  FsaArena *arena = fsa_scan_arena(scan);
  state->is_windows = fsa_os_family(os) == FSA_OS_WINDOWS;
  int result = fsa_os_process_open(os, fsa_scan_pid(scan), arena, &state->process);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result == FSA_OK) {
    result = read_modules(scan, state);
    if (result == FSA_OK) tell_lists(scan, &state->modules);
    if (result == FSA_OK || result == FSA_E_ABSENT || fsa_os_process_is_kernel(state->process))
      return FSA_OK;
    fsa_os_process_close(state->process);
  }
  return fsa_problem(scan, result, FSA_NO_OFFSET, "its modules cannot be read (%s)",
                     fsa_result_name(result));
}

static void close_process(void *opaque) {
  State *state = opaque;
  fsa_os_process_close(state->process);
}

/* ---- the file and the header ----------------------------------------------------------------- */

/* One problem for each process: what was refused once may be refused for every module. */
static void tell_refusal(FsaScan *scan, State *state, int result, const char *what) {
  if (state->has_told_refusal || result == FSA_OK || result == FSA_E_ABSENT ||
      result == FSA_E_UNSUPPORTED)
    return;
  state->has_told_refusal = true;
  fsa_problem(scan, result, FSA_NO_OFFSET, "%s cannot be read (%s)", what, fsa_result_name(result));
}

static void set_on_disk(FsaScan *scan, State *state, FsaRow *row, FsaText path) {
  FsaOsModuleFiles *files = fsa_scan_shared(scan);
  FsaBytes head;
  FsaOsFile file;
  if (!fsa_wants(scan, ON_DISK) || path.size == 0) return;
  if (fsa_text_starts(path.data, path.size, "/memfd:", 7)) return; /* it never lay on one */
  const int result = files ? fsa_os_module_head(files, path, &head)
                           : fsa_os_process_file(state->process, path, &file);
  if (result == FSA_OK || result == FSA_E_ABSENT) fsa_row_int(row, ON_DISK, result == FSA_OK);
  tell_refusal(scan, state, result, "a mapped file's path");
}

static const char *machine_name(FsaScan *scan, uint16_t machine) {
  switch (machine) {
  case 0x014C: return "x86";
  case 0x01C4: return "arm";
  case 0x8664: return "x64";
  case 0xAA64: return "arm64";
  default: return fsa_arena_printf(fsa_row_arena(scan), "0x%04x", machine);
  }
}

static void set_header(FsaScan *scan, State *state, FsaRow *row, uint64_t base) {
  uint8_t bytes[FSA_OS_MODULE_HEAD];
  size_t size;
  FsaPe pe;
  if (!fsa_wants(scan, MACHINE) && !fsa_wants(scan, LINK_TIME) && !fsa_wants(scan, IS_MANAGED))
    return;
  const int result = fsa_os_process_memory(state->process, base, bytes, sizeof bytes, &size);
  tell_refusal(scan, state, result, "its memory");
  if (result != FSA_OK || fsa_pe(fsa_bytes(bytes, size), &pe) != FSA_OK) return;
  fsa_row_string(row, MACHINE, machine_name(scan, pe.machine));
  if (pe.timestamp) fsa_row_int(row, LINK_TIME, (int64_t)pe.timestamp * FSA_NS_PER_SECOND);
  fsa_row_bool(row, IS_MANAGED, pe.directories[FSA_PE_MANAGED].size != 0);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void set_text(FsaRow *row, int column, FsaText text) {
  if (text.size) fsa_row_text(row, column, text.data, text.size);
}

static void set_mismatch(FsaRow *row, const FsaOsModule *module) {
  const FsaText mapped = fsa_nt_path_name(module->mapped_path);
  const FsaText listed = fsa_nt_path_name(module->path);
  if (!mapped.size || !listed.size || memchr(listed.data, '~', listed.size)) return;
  fsa_row_bool(row, IS_NAME_MISMATCH,
               !fsa_text_same(mapped.data, mapped.size, listed.data, listed.size));
}

static void set_names(FsaRow *row, const FsaOsModule *module) {
  const FsaText path = module->mapped_path.size ? module->mapped_path : module->path;
  set_text(row, NAME, fsa_nt_path_name(path));
  set_text(row, PATH, module->mapped_path);
  set_text(row, LISTED_PATH, module->path);
  set_text(row, LISTED_NAME, module->name);
  set_mismatch(row, module);
}

static void set_lists(FsaRow *row, const FsaOsModules *modules, const FsaOsModule *module) {
  static const char *const reasons[] = {
      "static_dependency",
      "static_forwarder",
      "dynamic_forwarder",
      "delayed",
      "dynamic",
      "as_image",
      "as_data",
      "enclave",
      "enclave_dependency",
      "patch",
  };
  if (modules->program_base) fsa_row_bool(row, IS_PROGRAM, module->base == modules->program_base);
  if (module->lists == FSA_OS_UNKNOWN) return;
  fsa_row_bool(row, IS_LISTED, module->lists != 0);
  fsa_row_bool(row, IN_LOAD_ORDER, module->lists & FSA_OS_LOAD_ORDER);
  fsa_row_bool(row, IN_MEMORY_ORDER, module->lists & FSA_OS_MEMORY_ORDER);
  fsa_row_bool(row, IN_INITIALIZATION_ORDER, module->lists & FSA_OS_INITIALIZATION_ORDER);
  if (module->lists == 0) return;
  fsa_row_bool(row, IS_32BIT, module->is_32);
  fsa_row_int(row, LISTED_SIZE, (int64_t)module->listed_size);
  if (module->entry_point) fsa_row_hex(row, ENTRY_POINT, module->entry_point);
  fsa_row_known(row, LOAD_TIME, module->load_time, FSA_OS_UNKNOWN);
  fsa_row_known(row, LOAD_COUNT, module->load_count, FSA_OS_UNKNOWN);
  if (module->load_reason >= 0 && module->load_reason < (int64_t)(sizeof reasons / sizeof *reasons))
    fsa_row_string(row, LOAD_REASON, reasons[module->load_reason]);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  if (state->index == state->modules.count) return FSA_OK;
  if (fsa_expired(scan)) return FSA_E_TIMEOUT;
  const FsaOsModule *module = &state->modules.list[state->index++];
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  fsa_row_hex(row, BASE, module->base);
  fsa_row_bool(row, IS_MAPPED, module->is_mapped);
  set_names(row, module);
  set_lists(row, &state->modules, module);
  if (!module->is_mapped) return FSA_ROW;
  fsa_row_int(row, SIZE, (int64_t)module->size);
  if (!state->is_windows) fsa_row_bool(row, IS_DELETED, module->is_deleted);
  set_on_disk(scan, state, row, module->mapped_path);
  if (state->is_windows) set_header(scan, state, row, module->base);
  return FSA_ROW;
}

const FsaTable fsa_table_modules = {
    .name = "modules",
    .summary = "One row for each program and library of a process: mapped, listed by the process, "
               "or both.",
    .proves = "is_mapped: the file was mapped into the process while it was looked at. The columns "
              "of the lists are what the process says of itself, and prove no more than that.",
    .caveat = "Code that was copied into memory instead of being mapped has no row: see "
              "fsa_injected_modules. A library that was unloaded has none either.",
    .example = "SELECT pid, base, path, listed_path FROM fsa_modules "
               "WHERE is_listed = 0 OR is_mapped = 0 OR is_name_mismatch",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .begin = begin,
    .end = end,
    .open = open_process,
    .next = next,
    .close = close_process,
};
