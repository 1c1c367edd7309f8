/*
 * An open process of Windows, for the files of this folder that look at processes.
 *
 * It is opened for questions alone, which the kernel grants for nearly every process, protected
 * ones too. The right to read its memory is asked for when somebody wants to: it is refused more
 * often, and security software watches who takes it.
 */
#ifndef FSA_OS_WINDOWS_PROCESS_H
#define FSA_OS_WINDOWS_PROCESS_H

#include "os/windows/snapshot.h"

struct FsaOsProcess {
  FsaOs *os;
  int64_t pid;
  HANDLE handle;  /* PROCESS_QUERY_LIMITED_INFORMATION; NULL = refused, or the idle process */
  HANDLE reading; /* of windows_process_reading(); NULL = not asked for yet, or refused */
  int reading_result;
  WindowsSnapshot *snapshot;
  const WindowsKnown *known; /* in the snapshot; NULL = it started later */
};

/* A process by its pid with certain rights; closed by nt.NtClose(). */
int windows_open_process(int64_t pid, ACCESS_MASK rights, HANDLE *ret_handle);

/* Its handle for questions: FSA_E_ACCESS when that was refused. Stays the process's. */
int windows_process_handle(FsaOsProcess *process, HANDLE *ret_handle);

/*
 * A handle to read its memory and to ask about its address space
 * (PROCESS_QUERY_INFORMATION | PROCESS_VM_READ). Stays the process's.
 */
int windows_process_reading(FsaOsProcess *process, HANDLE *ret_handle);

/* True when the process has ended meanwhile. */
bool windows_process_ended(const FsaOsProcess *process);

/* An answer of fixed size: FSA_E_FORMAT when it has another one. */
int windows_process_ask(HANDLE handle, int class, void *buffer, size_t size);

/* An answer that is a UNICODE_STRING and its text. FSA_E_ABSENT when the text is empty. */
int windows_process_ask_text(HANDLE handle, int class, FsaArena *arena, FsaText *ret_text);

int windows_process_times(HANDLE handle, FsaNtTimes *ret_times);
int windows_process_basic(HANDLE handle, FsaNtBasic *ret_basic);

/* Exactly `size` bytes of its memory, into memory of the arena. FSA_E_ABSENT: not all are there. */
int windows_process_read(FsaOsProcess *process, uint64_t address, size_t size, FsaArena *arena,
                         FsaBytes *ret_bytes);

#endif
