/*
 * What the NT kernel answers about processes: bytes in, facts out.
 *
 * The lists are those of NtQuerySystemInformation on x64, Windows 7 to 11. They hold absolute
 * pointers into the buffer they were filled in, so whoever decodes them says at which address that
 * buffer lay. A process's parameters lie in its own memory and are what it says of itself: nothing
 * here trusts them. Texts are UTF-16LE and point into the bytes that were given. No function
 * allocates; all may be used by several threads.
 *
 * Sources: Microsoft's documentation of winternl.h (SYSTEM_PROCESS_INFORMATION, PEB,
 * RTL_USER_PROCESS_PARAMETERS), and the public descriptions of the native API of the ReactOS and
 * System Informer projects (facts only).
 */
#ifndef FSA_FORMATS_NT_PROCESS_H
#define FSA_FORMATS_NT_PROCESS_H

#include "base/bytes.h"
#include "base/result.h"

/* ---- the list of all processes and threads: class 5 ------------------------------------------ */

typedef struct FsaNtProcess {
  size_t offset;                   /* of the entry in the list */
  int64_t pid;                     /* 0 = the idle process */
  int64_t parent;                  /* who started it; that pid may mean somebody else by now */
  FsaBytes name;                   /* file name of the image; empty = none (pid 0) or damaged */
  uint64_t create_time;            /* FILETIME; 0 = none */
  uint64_t user_time, kernel_time; /* 100 ns of CPU */
  uint32_t session;                /* terminal session; UINT32_MAX = none */
  uint32_t handle_count;
  int32_t base_priority;
  uint64_t virtual_size, working_set; /* bytes */
  uint64_t read_bytes, written_bytes; /* what it asked to be read and written, cached or not */
  uint32_t thread_count;              /* as the entry says */
  uint32_t threads_listed;            /* of these, those that lie inside the entry */
  FsaBytes threads;                   /* for fsa_nt_thread() */
} FsaNtProcess;

typedef struct FsaNtProcesses {
  FsaBytes bytes;
  uint64_t address; /* where the buffer lay when it was filled */
  size_t at;        /* offset of the next entry; after an error of the bad one */
  bool is_over;
} FsaNtProcesses;

/* The list in `bytes`, which was filled at `address`. */
FsaNtProcesses fsa_nt_processes(FsaBytes bytes, uint64_t address);

/*
 * The next process: FSA_ROW; FSA_OK at the end; FSA_E_FORMAT when the entry is cut or contradicts
 * itself: the list ends there.
 */
int fsa_nt_processes_next(FsaNtProcesses *list, FsaNtProcess *ret_process);

/* States and reasons of a thread that mean something to us. [KTHREAD_STATE, KWAIT_REASON] */
enum {
  FSA_NT_THREAD_READY = 1,
  FSA_NT_THREAD_RUNNING = 2,
  FSA_NT_THREAD_STANDBY = 3,
  FSA_NT_THREAD_WAITING = 5,
  FSA_NT_WAIT_SUSPENDED = 5,
};

typedef struct FsaNtThread {
  int64_t pid, tid;
  uint64_t create_time;   /* FILETIME; 0 = none */
  uint64_t start_address; /* as the kernel started it: often RtlUserThreadStart; 0 = not told */
  uint32_t state, wait_reason;
} FsaNtThread;

/* Thread `index` < threads_listed. False when it is not there. */
bool fsa_nt_thread(const FsaNtProcess *process, uint32_t index, FsaNtThread *ret_thread);

/* ---- one process: NtQueryInformationProcess -------------------------------------------------- */

/* Flags of PROCESS_EXTENDED_BASIC_INFORMATION (64 bytes, since Windows 8). */
#define FSA_NT_PROCESS_PROTECTED 0x01u
#define FSA_NT_PROCESS_WOW64 0x02u
#define FSA_NT_PROCESS_DELETING 0x04u
#define FSA_NT_PROCESS_FROZEN 0x10u
#define FSA_NT_PROCESS_SECURE 0x80u
#define FSA_NT_PROCESS_SUBSYSTEM 0x100u /* a process of the Linux subsystem */

typedef struct FsaNtBasic {
  int64_t pid, parent;
  uint64_t block;    /* address of its environment block (PEB); 0 = none: it has no user mode */
  int32_t exit_code; /* 259 while it runs */
  uint32_t flags;    /* FSA_NT_PROCESS_...; 0 from the short structure */
  bool has_flags;
} FsaNtBasic;

/* PROCESS_BASIC_INFORMATION (48 bytes) or its extended form (64 bytes). FSA_E_FORMAT. */
int fsa_nt_basic(FsaBytes bytes, FsaNtBasic *ret_basic);

/* KERNEL_USER_TIMES (class 4): FILETIMEs and 100 ns of CPU. */
typedef struct FsaNtTimes {
  uint64_t create_time, exit_time; /* exit_time 0 = it runs */
  uint64_t kernel_time, user_time;
} FsaNtTimes;

int fsa_nt_times(FsaBytes bytes, FsaNtTimes *ret_times);

/*
 * PS_PROTECTION (class 61) in Microsoft's words: "None", "PsProtectedSignerLsa-Light"; NULL for a
 * value without one. Static storage.
 */
const char *fsa_nt_protection_name(uint8_t protection);

/* ---- what a process says of itself: PEB and RTL_USER_PROCESS_PARAMETERS ---------------------- */

typedef enum FsaNtWidth { FSA_NT_64, FSA_NT_32 } FsaNtWidth; /* 32: of a WOW64 process */

/* How many bytes of a PEB, and of the parameters, the functions below want. */
#define FSA_NT_PEB_SIZE 0x28u
#define FSA_NT_PARAMETERS_SIZE 0x100u

typedef struct FsaNtPeb {
  bool is_debugged;
  uint64_t image_base, loader, parameters; /* addresses in the process */
} FsaNtPeb;

int fsa_nt_peb(FsaBytes bytes, FsaNtWidth width, FsaNtPeb *ret_peb);

/* A text in the process's memory. */
typedef struct FsaNtRemoteText {
  uint64_t address; /* 0 = none */
  uint32_t size;    /* bytes */
} FsaNtRemoteText;

typedef struct FsaNtParameters {
  FsaNtRemoteText cwd, image_path, command_line, window_title, desktop;
} FsaNtParameters;

/* The parameters that lay at `address` in the process. */
int fsa_nt_parameters(FsaBytes bytes, FsaNtWidth width, uint64_t address,
                      FsaNtParameters *ret_parameters);

#endif
