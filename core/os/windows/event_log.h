/* Event logs that may not be read as files, exported by the service that keeps them. */
#ifndef FSA_OS_WINDOWS_EVENT_LOG_H
#define FSA_OS_WINDOWS_EVENT_LOG_H

#include "os/windows/nt.h"

typedef struct WindowsExport WindowsExport;

/*
 * Exports the log whose file stands at `path`, a path below the machine
 * ("C:/Windows/System32/winevt/Logs/Microsoft-Windows-PowerShell%4Operational.evtx"), into a file
 * that only the caller, the system and administrators may read. *ret_file is open for reading and
 * closed by the caller, who then gives *ret_export back; that deletes the file. FSA_E_ABSENT when
 * the path is none of a log that a channel stands for, FSA_E_ACCESS when the channel is refused.
 */
int windows_export_open(const char *path, WindowsExport **ret_export, HANDLE *ret_file);
void windows_export_close(WindowsExport *exported); /* accepts NULL; the file is closed */

#endif
