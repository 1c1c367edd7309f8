/* No table of all handles. None can be opened, so nothing below is ever asked. */
#include "os/handle_table.h"

int fsa_os_handle_table_open(FsaOs *os, FsaOsHandleTable **ret_table) {
  (void)os;
  (void)ret_table;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_handle_table_close(FsaOsHandleTable *table) {
  (void)table;
}

size_t fsa_os_handle_table_missing(const FsaOsHandleTable *table) {
  (void)table;
  return 0;
}

int fsa_os_handle_table_next(FsaOsHandleTable *table, FsaOsTableHandle *ret_handle) {
  (void)table;
  (void)ret_handle;
  return FSA_OK;
}

void fsa_os_handle_table_rewind(FsaOsHandleTable *table) {
  (void)table;
}

int fsa_os_handle_name(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaText *ret_name) {
  (void)table;
  (void)handle;
  (void)arena;
  (void)ret_name;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_target(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                         FsaOsHandleTarget *ret_target) {
  (void)table;
  (void)handle;
  (void)arena;
  (void)ret_target;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_is_deleted(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                             bool *ret_is_deleted) {
  (void)table;
  (void)handle;
  (void)ret_is_deleted;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_section_file(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                               FsaArena *arena, FsaText *ret_path) {
  (void)table;
  (void)handle;
  (void)arena;
  (void)ret_path;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_handle_pipe(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaOsPipeEnd *ret_end) {
  (void)table;
  (void)handle;
  (void)arena;
  (void)ret_end;
  return FSA_E_UNSUPPORTED;
}
