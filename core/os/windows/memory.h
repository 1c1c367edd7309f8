/* The memory of a process, for the files of this folder that follow addresses in it. */
#ifndef FSA_OS_WINDOWS_MEMORY_H
#define FSA_OS_WINDOWS_MEMORY_H

#include "formats/nt_modules.h"
#include "os/windows/process.h"

/*
 * A reader of structures in the process's memory, through its handle for reading (which is opened
 * if need be). It reads what it is told to, swapped out or not: for a few bytes at known places.
 */
int windows_reader(FsaOsProcess *process, FsaNtReader *ret_reader);

#endif
