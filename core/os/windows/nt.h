/*
 * The native interface of Windows as this project uses it: our own declarations, and one table of
 * the calls that are found at run time.
 *
 * Nothing native is linked: an import that one build of Windows (or Wine) lacks would keep the
 * whole program from starting. Each entry of `nt` is NULL where the system has no such call;
 * whoever uses it asks first, unless it is marked "always", which means since Windows 7. A test may
 * overwrite an entry, so that a call answers with recorded bytes.
 *
 * What the calls fill is decoded in formats/nt_*.c from its bytes. Structures stand here only where
 * a call is handed one; each has its size asserted for x64, the one architecture that is built.
 *
 * Every information class says: direction (q = queried, s = set), structure, first build.
 * Sources: Microsoft's documentation of winternl.h and the WDK (ntifs.h), [MS-DTYP], and the public
 * descriptions of the native API of the ReactOS and System Informer projects (facts only).
 */
#ifndef FSA_OS_WINDOWS_NT_H
#define FSA_OS_WINDOWS_NT_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

typedef LONG NtStatus;

#define NT_OK(status) ((NtStatus)(status) >= 0)

/* Statuses that mean something to us. [MS-ERREF 2.3] */
#define NT_MORE_ENTRIES ((NtStatus)0x00000105)
#define NT_BUFFER_OVERFLOW ((NtStatus)0x80000005)
#define NT_NO_MORE_ENTRIES ((NtStatus)0x8000001A)
#define NT_NO_MORE_FILES ((NtStatus)0x80000006)
#define NT_PARTIAL_COPY ((NtStatus)0x8000000D)
#define NT_NOT_IMPLEMENTED ((NtStatus)0xC0000002)
#define NT_INVALID_INFO_CLASS ((NtStatus)0xC0000003)
#define NT_INFO_LENGTH_MISMATCH ((NtStatus)0xC0000004)
#define NT_INVALID_HANDLE ((NtStatus)0xC0000008)
#define NT_INVALID_CID ((NtStatus)0xC000000B)
#define NT_INVALID_PARAMETER ((NtStatus)0xC000000D)
#define NT_NO_MEMORY ((NtStatus)0xC0000017)
#define NT_ACCESS_DENIED ((NtStatus)0xC0000022)
#define NT_BUFFER_TOO_SMALL ((NtStatus)0xC0000023)
#define NT_OBJECT_NAME_INVALID ((NtStatus)0xC0000033)
#define NT_OBJECT_NAME_NOT_FOUND ((NtStatus)0xC0000034)
#define NT_OBJECT_PATH_NOT_FOUND ((NtStatus)0xC000003A)
#define NT_END_OF_FILE ((NtStatus)0xC0000011)
#define NT_NO_SUCH_FILE ((NtStatus)0xC000000F)
#define NT_OBJECT_PATH_SYNTAX_BAD ((NtStatus)0xC000003B)
#define NT_SHARING_VIOLATION ((NtStatus)0xC0000043)
#define NT_FILE_LOCK_CONFLICT ((NtStatus)0xC0000054)
#define NT_DELETE_PENDING ((NtStatus)0xC0000056)
#define NT_PRIVILEGE_NOT_HELD ((NtStatus)0xC0000061)
#define NT_NO_TOKEN ((NtStatus)0xC000007C)
#define NT_CANT_OPEN_ANONYMOUS ((NtStatus)0xC00000A6)
#define NT_INSUFFICIENT_RESOURCES ((NtStatus)0xC000009A)
#define NT_FILE_IS_A_DIRECTORY ((NtStatus)0xC00000BA)
#define NT_NOT_SUPPORTED ((NtStatus)0xC00000BB)
#define NT_NOT_A_DIRECTORY ((NtStatus)0xC0000103)
#define NT_PROCESS_IS_TERMINATING ((NtStatus)0xC000010A)
#define NT_TOO_MANY_OPENED_FILES ((NtStatus)0xC000011F)
#define NT_KEY_DELETED ((NtStatus)0xC000017C)
#define NT_THREAD_IS_TERMINATING ((NtStatus)0xC000004B)

/* ---- structures that are handed to calls ----------------------------------------------------- */

/* Length and MaximumLength are bytes. */
typedef struct NtUnicodeString {
  USHORT Length, MaximumLength;
  WCHAR *Buffer;
} NtUnicodeString;
_Static_assert(sizeof(NtUnicodeString) == 16, "UNICODE_STRING");

typedef struct NtObjectAttributes {
  ULONG Length;
  HANDLE RootDirectory;
  NtUnicodeString *ObjectName;
  ULONG Attributes;
  void *SecurityDescriptor, *SecurityQualityOfService;
} NtObjectAttributes;
_Static_assert(sizeof(NtObjectAttributes) == 48, "OBJECT_ATTRIBUTES");

typedef struct NtIoStatusBlock {
  union {
    NtStatus Status;
    void *Pointer;
  };
  ULONG_PTR Information;
} NtIoStatusBlock;
_Static_assert(sizeof(NtIoStatusBlock) == 16, "IO_STATUS_BLOCK");

typedef struct NtClientId {
  HANDLE UniqueProcess, UniqueThread;
} NtClientId;
_Static_assert(sizeof(NtClientId) == 16, "CLIENT_ID");

typedef struct NtMutantBasic {
  LONG CurrentCount; /* 1 = free; one less for each time its owner took it */
  BOOLEAN OwnedByCaller, AbandonedState;
} NtMutantBasic;
_Static_assert(sizeof(NtMutantBasic) == 8, "MUTANT_BASIC_INFORMATION");

typedef struct NtEventBasic {
  LONG EventType; /* 0 = stays set until it is reset, 1 = until one waiter was released */
  LONG EventState;
} NtEventBasic;
_Static_assert(sizeof(NtEventBasic) == 8, "EVENT_BASIC_INFORMATION");

typedef struct NtSemaphoreBasic {
  LONG CurrentCount, MaximumCount;
} NtSemaphoreBasic;
_Static_assert(sizeof(NtSemaphoreBasic) == 8, "SEMAPHORE_BASIC_INFORMATION");

typedef struct NtTimerBasic {
  LARGE_INTEGER RemainingTime; /* 100 ns */
  BOOLEAN TimerState;
} NtTimerBasic;
_Static_assert(sizeof(NtTimerBasic) == 16, "TIMER_BASIC_INFORMATION");

typedef struct NtSectionBasic {
  void *BaseAddress;
  ULONG AllocationAttributes; /* SEC_... */
  LARGE_INTEGER MaximumSize;  /* bytes */
} NtSectionBasic;
_Static_assert(sizeof(NtSectionBasic) == 24, "SECTION_BASIC_INFORMATION");

typedef struct NtFileStandard {
  LARGE_INTEGER AllocationSize, EndOfFile; /* bytes */
  ULONG NumberOfLinks;
  BOOLEAN DeletePending, Directory;
} NtFileStandard;
_Static_assert(sizeof(NtFileStandard) == 24, "FILE_STANDARD_INFORMATION");

typedef struct NtPipeLocal {
  ULONG NamedPipeType, NamedPipeConfiguration; /* 0 to the server, 1 from it, 2 both ways */
  ULONG MaximumInstances, CurrentInstances;    /* MaximumInstances: UINT32_MAX = any number */
  ULONG InboundQuota, ReadDataAvailable, OutboundQuota, WriteQuotaAvailable;
  ULONG NamedPipeState; /* 1 closed by the other end, 2 listens, 3 connected, 4 is closing */
  ULONG NamedPipeEnd;   /* 0 the client's, 1 the server's */
} NtPipeLocal;
_Static_assert(sizeof(NtPipeLocal) == 40, "FILE_PIPE_LOCAL_INFORMATION");

#define NT_OBJ_CASE_INSENSITIVE 0x40u
#define NT_OBJ_OPENLINK 0x100u

/* CreateOptions of NtCreateFile and NtOpenFile. */
#define NT_FILE_DIRECTORY_FILE 0x1u
#define NT_FILE_SYNCHRONOUS_IO_NONALERT 0x20u
#define NT_FILE_NON_DIRECTORY_FILE 0x40u
#define NT_FILE_OPEN_FOR_BACKUP_INTENT 0x4000u
#define NT_FILE_OPEN_REPARSE_POINT 0x200000u
#define NT_FILE_OPEN 1u /* CreateDisposition: it must exist */

/* SC_SERVICE_TAG_QUERY; not documented, since Vista. */
typedef struct NtServiceTagQuery {
  ULONG ProcessId, ServiceTag, Unknown;
  WCHAR *Buffer; /* out: freed with LocalFree */
} NtServiceTagQuery;
_Static_assert(sizeof(NtServiceTagQuery) == 24, "SC_SERVICE_TAG_QUERY");

/* ---- information classes --------------------------------------------------------------------- */

/* NtQuerySystemInformation. */
enum {
  NT_SYSTEM_PROCESSES = 5,   /* q: SYSTEM_PROCESS_INFORMATION[] (formats/nt_process.h) */
  NT_SYSTEM_MODULES = 11,    /* q: RTL_PROCESS_MODULES; addresses 0 without SeDebug since 24H2 */
  NT_SYSTEM_HANDLES = 64,    /* q: SYSTEM_HANDLE_INFORMATION_EX (formats/nt_handle.h) */
  NT_SYSTEM_MODULES_EX = 77, /* q: RTL_PROCESS_MODULE_INFORMATION_EX[]; since Vista */
};

/* NtQueryInformationProcess. */
enum {
  NT_PROCESS_BASIC = 0,         /* q: PROCESS_BASIC_INFORMATION, 48 bytes; 64 since 8 */
  NT_PROCESS_IO_COUNTERS = 2,   /* q: IO_COUNTERS, 48 bytes */
  NT_PROCESS_COUNTERS = 3,      /* q: VM_COUNTERS, 88 bytes */
  NT_PROCESS_TIMES = 4,         /* q: KERNEL_USER_TIMES, 32 bytes */
  NT_PROCESS_HANDLE_COUNT = 20, /* q: ULONG */
  NT_PROCESS_SESSION = 24,      /* q: PROCESS_SESSION_INFORMATION, 4 bytes */
  NT_PROCESS_WOW64 = 26,        /* q: ULONG_PTR: address of the 32-bit PEB, 0 = none */
  NT_PROCESS_IMAGE_NAME = 27,   /* q: UNICODE_STRING, native path of the image */
  NT_PROCESS_IMAGE_PATH = 43,   /* q: UNICODE_STRING, its path for programs now; since Vista */
  NT_PROCESS_HANDLES = 51,      /* q: PROCESS_HANDLE_SNAPSHOT_INFORMATION; since 8 */
  NT_PROCESS_COMMAND_LINE = 60, /* q: UNICODE_STRING; since 8.1 */
  NT_PROCESS_PROTECTION = 61,   /* q: PS_PROTECTION, 1 byte; since 8.1 */
};

/* NtQueryInformationThread. */
enum {
  NT_THREAD_BASIC = 0,         /* q: THREAD_BASIC_INFORMATION, 48 bytes */
  NT_THREAD_START_ADDRESS = 9, /* q: PVOID: the Win32 start address */
  NT_THREAD_NAME = 38,         /* q: UNICODE_STRING and its text; since 10 (1607) */
};

/* NtQueryInformationToken: TOKEN_INFORMATION_CLASS (formats/nt_token.h). */
enum {
  NT_TOKEN_USER = 1,              /* q: TOKEN_USER */
  NT_TOKEN_GROUPS = 2,            /* q: TOKEN_GROUPS */
  NT_TOKEN_PRIVILEGES = 3,        /* q: TOKEN_PRIVILEGES */
  NT_TOKEN_SOURCE = 7,            /* q: TOKEN_SOURCE; wants TOKEN_QUERY_SOURCE */
  NT_TOKEN_STATISTICS = 10,       /* q: TOKEN_STATISTICS, 56 bytes */
  NT_TOKEN_RESTRICTED_SIDS = 11,  /* q: TOKEN_GROUPS */
  NT_TOKEN_SESSION = 12,          /* q: ULONG */
  NT_TOKEN_ORIGIN = 17,           /* q: LUID */
  NT_TOKEN_ELEVATION_TYPE = 18,   /* q: ULONG; since Vista */
  NT_TOKEN_ELEVATION = 20,        /* q: ULONG; since Vista */
  NT_TOKEN_INTEGRITY = 25,        /* q: TOKEN_MANDATORY_LABEL; since Vista */
  NT_TOKEN_IS_APP_CONTAINER = 29, /* q: ULONG; since 8 */
};

/* NtQueryVirtualMemory. */
enum {
  NT_MEMORY_BASIC = 0,       /* q: MEMORY_BASIC_INFORMATION, 48 bytes */
  NT_MEMORY_MAPPED_NAME = 2, /* q: UNICODE_STRING and its text: native path of the mapped file */
  NT_MEMORY_WORKING_SET = 4, /* q: MEMORY_WORKING_SET_EX_INFORMATION[], 16 bytes each */
};

/* NtQueryObject. */
enum {
  NT_OBJECT_BASIC = 0, /* q: OBJECT_BASIC_INFORMATION, 56 bytes */
  NT_OBJECT_NAME = 1,  /* q: UNICODE_STRING and its text; may hang on a synchronous pipe */
  NT_OBJECT_TYPE = 2,  /* q: OBJECT_TYPE_INFORMATION */
  NT_OBJECT_TYPES = 3, /* q: OBJECT_TYPES_INFORMATION: all types of the system */
};

/* NtQueryKey and NtEnumerateKey. */
enum {
  NT_KEY_NODE = 1, /* q: KEY_NODE_INFORMATION: last write, name, class (formats/nt_key.h) */
  NT_KEY_FULL = 2, /* q: KEY_FULL_INFORMATION: last write, class, counts */
};

/* NtEnumerateValueKey and NtQueryValueKey. */
enum {
  NT_KEY_VALUE_FULL = 1, /* q: KEY_VALUE_FULL_INFORMATION: type, name, data */
};

/* I_QueryTagInformation. */
enum {
  NT_SERVICE_NAME_OF_TAG = 1, /* q: SC_SERVICE_TAG_QUERY; since Vista */
};

/* OpenOptions of NtOpenKeyEx. */
#define NT_KEY_BACK_UP 4u   /* REG_OPTION_BACKUP_RESTORE: with SeBackupPrivilege, any key */
#define NT_KEY_OPEN_LINK 8u /* REG_OPTION_OPEN_LINK: the link, not what it leads to */
/* NtQueryMutant. */
enum {
  NT_MUTANT_BASIC = 0, /* q: MUTANT_BASIC_INFORMATION */
  NT_MUTANT_OWNER = 1, /* q: CLIENT_ID, zeros when nobody owns it; since Vista */
};

/* NtQueryEvent, NtQuerySemaphore, NtQueryTimer, NtQuerySection. */
enum {
  NT_EVENT_BASIC = 0,     /* q: EVENT_BASIC_INFORMATION */
  NT_SEMAPHORE_BASIC = 0, /* q: SEMAPHORE_BASIC_INFORMATION */
  NT_TIMER_BASIC = 0,     /* q: TIMER_BASIC_INFORMATION */
  NT_SECTION_BASIC = 0,   /* q: SECTION_BASIC_INFORMATION */
};

/* NtQueryInformationFile. */
enum {
  NT_FILE_STANDARD = 5,       /* q: FILE_STANDARD_INFORMATION, 24 bytes */
  NT_FILE_INTERNAL = 6,       /* q: FILE_INTERNAL_INFORMATION, 8 bytes: the file's number */
  NT_FILE_PIPE_LOCAL = 24,    /* q: FILE_PIPE_LOCAL_INFORMATION */
  NT_FILE_ATTRIBUTE_TAG = 35, /* q: FILE_ATTRIBUTE_TAG_INFORMATION, 8 bytes */
};

/* NtQueryDirectoryFile. */
enum {
  NT_DIRECTORY_PLAIN = 1, /* q: FILE_DIRECTORY_INFORMATION[] (formats/nt_directory.h) */
  NT_DIRECTORY_FULL = 2,  /* q: FILE_FULL_DIR_INFORMATION[] (formats/nt_file.h) */
};

/* NtQueryVolumeInformationFile. */
enum {
  NT_VOLUME_SIZE = 3, /* q: FILE_FS_SIZE_INFORMATION, 24 bytes */
};

/* ---- calls ----------------------------------------------------------------------------------- */

/* CALL(library, result, name, (parameters)): one line a call. */
#define NT_CALLS(CALL)                                                                             \
  /* always */                                                                                     \
  CALL("ntdll", NtStatus, NtQuerySystemInformation, (int, void *, ULONG, ULONG *))                 \
  CALL("ntdll", NtStatus, NtQueryInformationProcess, (HANDLE, int, void *, ULONG, ULONG *))        \
  CALL("ntdll", NtStatus, NtQueryInformationThread, (HANDLE, int, void *, ULONG, ULONG *))         \
  CALL("ntdll", NtStatus, NtQueryVirtualMemory, (HANDLE, void *, int, void *, SIZE_T, SIZE_T *))   \
  CALL("ntdll", NtStatus, NtQueryObject, (HANDLE, int, void *, ULONG, ULONG *))                    \
  CALL("ntdll", NtStatus, NtOpenProcess,                                                           \
       (HANDLE *, ACCESS_MASK, NtObjectAttributes *, NtClientId *))                                \
  CALL("ntdll", NtStatus, NtOpenThread,                                                            \
       (HANDLE *, ACCESS_MASK, NtObjectAttributes *, NtClientId *))                                \
  CALL("ntdll", NtStatus, NtGetNextThread, (HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *))  \
  CALL("ntdll", NtStatus, NtOpenProcessToken, (HANDLE, ACCESS_MASK, HANDLE *))                     \
  CALL("ntdll", NtStatus, NtOpenThreadToken, (HANDLE, ACCESS_MASK, BOOLEAN, HANDLE *))             \
  CALL("ntdll", NtStatus, NtQueryInformationToken, (HANDLE, int, void *, ULONG, ULONG *))          \
  CALL("ntdll", NtStatus, NtReadVirtualMemory, (HANDLE, void *, void *, SIZE_T, SIZE_T *))         \
  CALL("ntdll", NtStatus, NtDuplicateObject,                                                       \
       (HANDLE, HANDLE, HANDLE, HANDLE *, ACCESS_MASK, ULONG, ULONG))                              \
  CALL("ntdll", NtStatus, NtClose, (HANDLE))                                                       \
  CALL("ntdll", NtStatus, RtlGetVersion, (OSVERSIONINFOW *))                                       \
  CALL("ntdll", NtStatus, NtOpenKeyEx, (HANDLE *, ACCESS_MASK, NtObjectAttributes *, ULONG))       \
  CALL("ntdll", NtStatus, NtQueryKey, (HANDLE, int, void *, ULONG, ULONG *))                       \
  CALL("ntdll", NtStatus, NtEnumerateKey, (HANDLE, ULONG, int, void *, ULONG, ULONG *))            \
  CALL("ntdll", NtStatus, NtEnumerateValueKey, (HANDLE, ULONG, int, void *, ULONG, ULONG *))       \
  CALL("ntdll", NtStatus, NtQueryValueKey,                                                         \
       (HANDLE, NtUnicodeString *, int, void *, ULONG, ULONG *))                                   \
  CALL("ntdll", NtStatus, NtOpenDirectoryObject, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))    \
  CALL("ntdll", NtStatus, NtQueryDirectoryObject,                                                  \
       (HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *, ULONG *))                                \
  CALL("ntdll", NtStatus, NtOpenSymbolicLinkObject, (HANDLE *, ACCESS_MASK, NtObjectAttributes *)) \
  CALL("ntdll", NtStatus, NtQuerySymbolicLinkObject, (HANDLE, NtUnicodeString *, ULONG *))         \
  CALL("ntdll", NtStatus, NtOpenMutant, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))             \
  CALL("ntdll", NtStatus, NtOpenEvent, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))              \
  CALL("ntdll", NtStatus, NtOpenSemaphore, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))          \
  CALL("ntdll", NtStatus, NtOpenSection, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))            \
  CALL("ntdll", NtStatus, NtOpenTimer, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))              \
  CALL("ntdll", NtStatus, NtOpenJobObject, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))          \
  CALL("ntdll", NtStatus, NtOpenKeyedEvent, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))         \
  CALL("ntdll", NtStatus, NtOpenIoCompletion, (HANDLE *, ACCESS_MASK, NtObjectAttributes *))       \
  CALL("ntdll", NtStatus, NtQueryMutant, (HANDLE, int, void *, ULONG, ULONG *))                    \
  CALL("ntdll", NtStatus, NtQueryEvent, (HANDLE, int, void *, ULONG, ULONG *))                     \
  CALL("ntdll", NtStatus, NtQuerySemaphore, (HANDLE, int, void *, ULONG, ULONG *))                 \
  CALL("ntdll", NtStatus, NtQueryTimer, (HANDLE, int, void *, ULONG, ULONG *))                     \
  CALL("ntdll", NtStatus, NtQuerySection, (HANDLE, int, void *, SIZE_T, SIZE_T *))                 \
  CALL("ntdll", NtStatus, NtMapViewOfSection,                                                      \
       (HANDLE, HANDLE, void **, ULONG_PTR, SIZE_T, LARGE_INTEGER *, SIZE_T *, int, ULONG, ULONG)) \
  CALL("ntdll", NtStatus, NtUnmapViewOfSection, (HANDLE, void *))                                  \
  CALL("ntdll", NtStatus, NtQuerySecurityObject, (HANDLE, ULONG, void *, ULONG, ULONG *))          \
  CALL("ntdll", NtStatus, NtOpenFile,                                                              \
       (HANDLE *, ACCESS_MASK, NtObjectAttributes *, NtIoStatusBlock *, ULONG, ULONG))             \
  CALL("ntdll", NtStatus, NtQueryInformationFile, (HANDLE, NtIoStatusBlock *, void *, ULONG, int)) \
  CALL("ntdll", NtStatus, NtReadFile,                                                              \
       (HANDLE, HANDLE, void *, void *, NtIoStatusBlock *, void *, ULONG, LARGE_INTEGER *,         \
        ULONG *))                                                                                  \
  CALL("ntdll", NtStatus, NtFsControlFile,                                                         \
       (HANDLE, HANDLE, void *, void *, NtIoStatusBlock *, ULONG, void *, ULONG, void *, ULONG))   \
  CALL("ntdll", NtStatus, NtQueryVolumeInformationFile,                                            \
       (HANDLE, NtIoStatusBlock *, void *, ULONG, int))                                            \
  CALL("ntdll", NtStatus, NtQueryDirectoryFile,                                                    \
       (HANDLE, HANDLE, void *, void *, NtIoStatusBlock *, void *, ULONG, int, BOOLEAN,            \
        NtUnicodeString *, BOOLEAN))                                                               \
  CALL("secur32", NtStatus, LsaEnumerateLogonSessions, (ULONG *, LUID **))                         \
  CALL("secur32", NtStatus, LsaGetLogonSessionData, (LUID *, void **))                             \
  CALL("secur32", NtStatus, LsaFreeReturnBuffer, (void *))                                         \
  /* not ntdll's, and the one documented way to what the file system of pipes knows */             \
  CALL("kernel32", BOOL, GetNamedPipeServerProcessId, (HANDLE, ULONG *))                           \
  CALL("kernel32", BOOL, GetNamedPipeClientProcessId, (HANDLE, ULONG *))                           \
  CALL("advapi32", SC_HANDLE, OpenSCManagerW, (const WCHAR *, const WCHAR *, DWORD))               \
  CALL("advapi32", SC_HANDLE, OpenServiceW, (SC_HANDLE, const WCHAR *, DWORD))                     \
  CALL("advapi32", BOOL, CloseServiceHandle, (SC_HANDLE))                                          \
  CALL("advapi32", BOOL, EnumServicesStatusExW,                                                    \
       (SC_HANDLE, int, DWORD, DWORD, BYTE *, DWORD, DWORD *, DWORD *, DWORD *, const WCHAR *))    \
  /* where there is one */                                                                         \
  CALL("advapi32", ULONG, I_QueryTagInformation, (void *, ULONG, NtServiceTagQuery *))

/* Those of libraries that few programs need: found by nt_load_later(). */
#define NT_LATER_CALLS(CALL)                                                                       \
  CALL("iphlpapi", DWORD, GetExtendedTcpTable, (void *, DWORD *, BOOL, ULONG, int, ULONG))         \
  CALL("iphlpapi", DWORD, GetExtendedUdpTable, (void *, DWORD *, BOOL, ULONG, int, ULONG))         \
  CALL("wevtapi", BOOL, EvtExportLog, (HANDLE, const WCHAR *, const WCHAR *, const WCHAR *, DWORD))

#define NT_ENTRY(library, result, name, parameters) result(NTAPI *name) parameters;
typedef struct Nt {
  NT_CALLS(NT_ENTRY)
  NT_LATER_CALLS(NT_ENTRY)
} Nt;
#undef NT_ENTRY

/* Filled by nt_load(). */
extern Nt nt;

/* Finds the calls, once; any thread may call it at any time. */
void nt_load(void);

/*
 * Finds those of NT_LATER_CALLS, once: whoever needs one calls this before. A test that overwrites
 * one calls it first.
 */
void nt_load_later(void);

#endif
