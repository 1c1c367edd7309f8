/*
 * Files and directories by their native calls, and the paths that users give: what files.c, path.c
 * and volume.c share.
 */
#ifndef FSA_OS_WINDOWS_NODE_H
#define FSA_OS_WINDOWS_NODE_H

#include "os/files.h"
#include "os/windows/nt.h"

/* To look at something, which no other program's way of sharing can refuse. */
#define WINDOWS_LOOK (FILE_READ_ATTRIBUTES | SYNCHRONIZE)

/* A name is at most this long. [MS-FSCC 2.1.5] */
#define WINDOWS_NAME_UNITS 255

/*
 * Opens what exists, sharing everything, never for writing. `name` is relative to `root`, or a full
 * native path where that is NULL; empty: `root` itself once more. `options` are NT_FILE_...; to
 * read as a backup does is always among them. *ret_handle is closed by nt.NtClose().
 */
NtStatus windows_node_open(HANDLE root, const WCHAR *name, size_t units, ACCESS_MASK access,
                           ULONG options, HANDLE *ret_handle);

/* What a status of such a call means; a file where a directory was wanted is FSA_E_ABSENT. */
int windows_node_result(NtStatus status);

/* Attributes and reparse tag of something open. */
int windows_node_tag(HANDLE handle, uint32_t *ret_attributes, uint32_t *ret_tag);

/*
 * Asks the file system (FSCTL_...). *ret_size is what was filled of `answer`, also where the status
 * says that there is more (NT_BUFFER_OVERFLOW).
 */
NtStatus windows_node_ask(HANDLE handle, ULONG code, const void *question, size_t question_size,
                          void *answer, size_t answer_size, size_t *ret_size);

FsaNodeKind windows_node_kind(uint32_t attributes, uint32_t tag);

/*
 * Opens a path that a user gave: "C:\x", "cases\x", "Z:/x", "\\?\C:\x", "\\server\share". Links are
 * followed unless `options` say NT_FILE_OPEN_REPARSE_POINT. FSA_E_UNSUPPORTED for the name of a
 * device, which is not opened.
 */
int windows_path_open(const char *path, ACCESS_MASK access, ULONG options, HANDLE *ret_handle);

/*
 * The real path of something open, "\\?\C:\x"; "\\?\Volume{...}\x" on a volume without a drive.
 * *ret_path is given back with free(), *ret_units is without the NUL behind it.
 */
int windows_path_of(HANDLE handle, WCHAR **ret_path, size_t *ret_units);

#endif
