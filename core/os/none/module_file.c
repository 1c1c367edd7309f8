/* No files of modules: where the headers of what is mapped are not compared with them. */
#include "os/module.h"

int fsa_os_module_files_open(FsaOs *os, FsaOsModuleFiles **ret_files) {
  (void)os;
  (void)ret_files;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_module_files_close(FsaOsModuleFiles *files) {
  (void)files;
}

int fsa_os_module_head(FsaOsModuleFiles *files, FsaText path, FsaBytes *ret_head) {
  (void)files;
  (void)path;
  (void)ret_head;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_module_file_open(FsaOsModuleFiles *files, FsaText path, FsaOsModuleFile **ret_file) {
  (void)files;
  (void)path;
  (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_module_file_close(FsaOsModuleFile *file) {
  (void)file;
}

static int read_nothing(void *context, uint64_t offset, void *buffer, size_t size,
                        size_t *ret_size) {
  (void)context;
  (void)offset;
  (void)buffer;
  (void)size;
  *ret_size = 0;
  return FSA_OK;
}

FsaSource fsa_os_module_file_source(FsaOsModuleFile *file) {
  return (FsaSource){.context = file, .size = 0, .read = read_nothing};
}
