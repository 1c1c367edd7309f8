/* No files: a system whose file system this program cannot read. */
#include "os/files.h"

#include <stdlib.h>
#include <string.h>

int fsa_os_machine_open(FsaOsFolder **ret_folder) {
  (void)ret_folder;
  return FSA_E_UNSUPPORTED;
}

size_t fsa_os_drives(char ret_letters[FSA_OS_DRIVES]) {
  (void)ret_letters;
  return 0;
}

bool fsa_os_is_separator(char c) {
  return c == '/';
}

const char *fsa_os_path_plain(FsaArena *arena, const char *path) {
  (void)arena;
  return path + strspn(path, "/");
}

char fsa_os_separator_of(const char *path) {
  (void)path;
  return '/';
}

int fsa_os_path_look(const char *path, FsaNodeKind *ret_kind, uint64_t *ret_size) {
  (void)path;
  (void)ret_kind;
  (void)ret_size;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_path_identity(const char *path, FsaIdentity *ret_identity) {
  (void)path;
  (void)ret_identity;
  return FSA_E_UNSUPPORTED;
}

bool fsa_os_path_is_link(const char *path) {
  (void)path;
  return false;
}

int fsa_os_path_split(const char *path, FsaArena *arena, const char **ret_folder,
                      const char **ret_name) {
  (void)path;
  (void)arena;
  (void)ret_folder;
  (void)ret_name;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_folder_open(const char *path, FsaOsFolder **ret_folder) {
  (void)path;
  (void)ret_folder;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_folder_close(FsaOsFolder *folder) {
  (void)folder;
}

const char *fsa_os_folder_location(const FsaOsFolder *folder) {
  (void)folder;
  return NULL;
}

int fsa_os_folder_list(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       FsaListing *ret_listing) {
  (void)folder;
  (void)path;
  (void)arena;
  (void)ret_listing;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_folder_look(FsaOsFolder *folder, const char *path, FsaNodeKind *ret_kind) {
  (void)folder;
  (void)path;
  (void)ret_kind;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_folder_link(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       const char **ret_target) {
  (void)folder;
  (void)path;
  (void)arena;
  (void)ret_target;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_reader_open(FsaOsFolder *folder, const char *path, FsaOsReader **ret_reader,
                       const char **ret_why) {
  (void)folder;
  (void)path;
  (void)ret_reader;
  (void)ret_why;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_reader_close(FsaOsReader *reader) {
  (void)reader;
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

FsaSource fsa_os_reader_source(FsaOsReader *reader) {
  return (FsaSource){.context = reader, .size = 0, .read = read_nothing};
}

void *fsa_os_file_memory(size_t size) {
  return malloc(size ? size : 1);
}
