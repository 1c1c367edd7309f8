/*
 * The modules of a process: programs and libraries, once as the system has mapped them and once as
 * the process itself lists them.
 *
 * What is mapped, the system knows. Windows' loader keeps lists beside that in the process's own
 * memory: whoever runs in it can take a module out of them, or invent one. Linux has no such lists
 * that could be read without the process's help; there every mapped file with code is a module.
 * Results and threads as in os.h.
 */
#ifndef FSA_OS_MODULE_H
#define FSA_OS_MODULE_H

#include "os/os.h"

/* The loader's lists that have a module, as bits of `lists`. */
enum { FSA_OS_LOAD_ORDER = 1, FSA_OS_MEMORY_ORDER = 2, FSA_OS_INITIALIZATION_ORDER = 4 };

typedef struct FsaOsModule {
  uint64_t base;
  /* as it is mapped */
  bool is_mapped;
  uint64_t size;       /* bytes of address space */
  FsaText mapped_path; /* size 0 = the system has lost it; data NULL unless it is mapped */
  bool is_deleted;     /* that file's name is gone */
  /* as the process lists it */
  int64_t lists; /* bits; FSA_OS_UNKNOWN where the lists could not be read or there are none */
  bool is_32;    /* by the lists of a 32-bit process */
  FsaText path, name;
  uint64_t listed_size, entry_point;
  int64_t load_time;   /* ns since 1970 UTC; or FSA_OS_UNKNOWN, as the others */
  int64_t load_reason; /* LDR_DLL_LOAD_REASON */
  int64_t load_count;
} FsaOsModule;

typedef struct FsaOsModules {
  FsaOsModule *list; /* by address */
  size_t count;
  /*
   * FSA_OK, or why the lists could not be read whole. FSA_E_ABSENT: there are none yet;
   * FSA_E_UNSUPPORTED: this system has none. What was read of them is told all the same.
   */
  int lists;
  uint64_t damage_at;    /* the address where they are damaged; 0 = nowhere */
  uint64_t program_base; /* where the process says that its program is; 0 = it does not */
} FsaOsModules;

/* `regions` are those of fsa_os_process_regions(), all or those with code. */
int fsa_os_modules(FsaOsProcess *process, const FsaOsRegion *regions, size_t count, FsaArena *arena,
                   FsaOsModules *ret_modules);

/* ---- the files of modules -------------------------------------------------------------------- */

/*
 * Files of modules that a query has looked at: their first bytes are read once, however many
 * processes have them mapped. Any number of threads may use one at once.
 */
typedef struct FsaOsModuleFiles FsaOsModuleFiles;
int fsa_os_module_files_open(FsaOs *os, FsaOsModuleFiles **ret_files);
void fsa_os_module_files_close(FsaOsModuleFiles *files); /* accepts NULL */

/* The most that is read of a file's beginning, bytes. */
#define FSA_OS_MODULE_HEAD 4096u

/*
 * The first bytes of the file that lies at a mapped path now. They live as long as `files`.
 * FSA_E_ABSENT: no file lies there; FSA_E_UNSUPPORTED: it lies on another machine, which is not
 * asked.
 */
int fsa_os_module_head(FsaOsModuleFiles *files, FsaText path, FsaBytes *ret_head);

/* The whole file, for reading; closed by the caller. One thread at a time. */
typedef struct FsaOsModuleFile FsaOsModuleFile;
int fsa_os_module_file_open(FsaOsModuleFiles *files, FsaText path, FsaOsModuleFile **ret_file);
void fsa_os_module_file_close(FsaOsModuleFile *file); /* accepts NULL */
FsaSource fsa_os_module_file_source(FsaOsModuleFile *file);

#endif
