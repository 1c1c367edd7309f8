/*
 * Every ceiling of the project, in one list.
 *
 * Evidence is hostile: each buffer, loop and recursion that evidence can drive ends at a name from
 * here. Reaching one is never silent: it is a problem row with FSA_E_LIMIT.
 */
#ifndef FSA_BASE_LIMITS_H
#define FSA_BASE_LIMITS_H

/* engine */
#define FSA_MAX_COLUMNS 120 /* columns of a table, so that a set of them fits two words */
/* problems that a process remembers; older ones are counted, then dropped */
#define FSA_MAX_PROBLEMS 10000
/* problems that one subject tells one by one, so that one hostile file does not drive out all
 * others */
#define FSA_MAX_SUBJECT_PROBLEMS 1000
#define FSA_MAX_MESSAGE 512 /* bytes of a problem's message */
#define FSA_MAX_JOBS 64     /* worker threads of a scan */
/* values of one IN list that are pushed down; a longer list is left to SQLite */
#define FSA_MAX_KEY_VALUES 100000
#define FSA_BATCH_ROWS 256           /* rows that a worker hands over at once */
#define FSA_BATCH_BYTES (256u << 10) /* text of a batch, after which it is handed over early */
#define FSA_QUEUE_BATCHES 8 /* finished batches that may wait for the reader, per subject */
#define FSA_SUBJECT_MEMORY (512u << 20) /* default memory ceiling of a subject, bytes */

/* evidence */
#define FSA_MAX_PATH 4096                   /* bytes of a path inside evidence */
#define FSA_MAX_LINKS 40                    /* symbolic links on the way to one file */
#define FSA_MAX_DIR_ENTRIES 1000000         /* entries of one directory that are looked at */
#define FSA_MAX_PATTERN_FILES 200000        /* files that the patterns of one table may match */
#define FSA_MAX_PATTERN_DEPTH 64            /* directory levels below the root */
#define FSA_MAX_WALK_DIRS 2000000           /* directories that one look for files lists */
#define FSA_MAX_HIVES 4096                  /* registry hives of one piece of evidence */
#define FSA_MAX_REGISTRY_DEPTH 520          /* levels of keys; Windows allows 512 */
#define FSA_MAX_SHIMCACHE_BYTES (16u << 20) /* a loose AppCompatCache value */
#define FSA_MAX_VOLUMES 64                  /* drives of one host */
/* extents of one file that is read from its volume: a registry hive has some dozens */
#define FSA_MAX_NT_EXTENTS (1u << 20)
#define FSA_MAX_CASE_HOSTS 100000 /* pieces of evidence in a case folder */
/* bytes of a file that may be held in memory at once */
#define FSA_MAX_FILE_BYTES (2048ull << 20)
#define FSA_MAX_HIVE_BYTES (2048ull << 20) /* a registry hive cannot be larger than 2 GiB */

/* the live host */
/* processes, threads of one, descriptors of one; the kernel's PID_MAX_LIMIT */
#define FSA_MAX_PIDS 4194304
/* bytes of one text of /proc; 65530 mappings with long names need 30 MiB in smaps */
#define FSA_MAX_PROC_BYTES (64u << 20)
/* bytes of one list of the NT kernel: 13 million handles */
#define FSA_MAX_NT_LIST (512u << 20)
#define FSA_MAX_LOGON_SESSIONS 100000
#define FSA_MAX_TOKEN_JSON (1u << 20) /* bytes of the groups of one token; it has 1024 at most */
#define FSA_MAX_ACCOUNTS 4096         /* names of accounts that an open host remembers */
#define FSA_MAX_FIRMWARE_TABLE (4u << 20) /* bytes of the SMBIOS table; true ones have some KiB */
/* bytes of one answer of the system about all of its services, drivers or sockets */
#define FSA_MAX_SYSTEM_ANSWER (256u << 20)
#define FSA_MAX_LIVE_VALUE (1024u << 20) /* bytes of one registry value */
#define FSA_MAX_KEY_ENTRIES 16777216u    /* subkeys, or values, of one key */
#define FSA_MAX_FAILURE_ACTIONS 256      /* of one service; the manager takes a few */
#define FSA_MAX_SDDL (1u << 20)          /* bytes of a security descriptor as text; it has 64 KiB */
/* bytes of the list of all handles, 40 each: as many as all processes of a host ever had */
#define FSA_MAX_HANDLE_BYTES ((size_t)1 << 30)
/* guarded threads that the kernel does not let end; more are not made */
#define FSA_MAX_STUCK_WORKERS 16
/* ms that a call may take which can hang; once as many handles as the last figure hung, less */
#define FSA_GUARD_MS 200
#define FSA_GUARD_SHORT_MS 20
#define FSA_GUARD_PATIENCE 10
/* handles that hung of one process, and of the host, after which no more are asked */
#define FSA_MAX_HANGS_PER_PROCESS 32
#define FSA_MAX_HANGS 1000
#define FSA_MAX_OBJECTS 1000000   /* named objects of a host */
#define FSA_MAX_OBJECT_DEPTH 32   /* object directories inside each other */
#define FSA_MAX_OBJECT_TYPES 4096 /* types of objects; Windows 11 has 71 */
#define FSA_MAX_PIPES 1000000     /* named pipes of a host */

/* registry hives (regf) */
#define FSA_MAX_REGF_PROBLEMS 100   /* problems that one call on a hive tells one by one */
#define FSA_MAX_REGF_LOGS 8         /* transaction logs that are looked at for one hive */
#define FSA_MAX_REGF_STRANGERS 4096 /* entries of one key's lists that are not its subkeys */
/* levels of keys, as in Windows; deeper recovered parents are unknown */
#define FSA_MAX_REGF_DEPTH 512

/* event logs (EVTX, BinXML) */
#define FSA_MAX_EVTX_PROBLEMS 200     /* problems that one log tells one by one */
#define FSA_MAX_EVENT_JSON (8u << 20) /* bytes of one event as JSON; true ones stay below 1 MiB */
/* bytes of JSON from one chunk of 64 KiB; true ones stay below 8 MiB */
#define FSA_MAX_CHUNK_JSON (32u << 20)
#define FSA_MAX_BINXML_DEPTH 64     /* elements inside each other in one template */
#define FSA_MAX_BINXML_NESTING 8    /* BinXML values inside BinXML values */
#define FSA_MAX_BINXML_STEPS 200000 /* operations that one event may cost */
#define FSA_MAX_CHUNK_STEPS 4000000 /* operations that the events of one chunk may cost */
/* bytes of definitions, their names and texts that one chunk may have read */
#define FSA_MAX_CHUNK_TEMPLATES (4u << 20)
#define FSA_MAX_BINXML_NAMES (1u << 20)    /* bytes of the names that one template refers to */
#define FSA_MAX_BINXML_LITERALS (2u << 20) /* bytes of JSON text in one template */
/* values of one event, nested ones included: a record cannot hold more */
#define FSA_MAX_BINXML_VALUES 16384
/* bytes of compiled templates that are kept for other chunks */
#define FSA_MAX_BINXML_CACHE (16u << 20)

/* script blocks */
#define FSA_MAX_SCRIPT_PENDING (32u << 20) /* bytes of text of unfinished script blocks */
#define FSA_MAX_SCRIPT_BLOCKS 20000        /* unfinished script blocks */
#define FSA_MAX_SCRIPT_PARTS 65536         /* parts of one script block */
#define FSA_MAX_SCRIPT_SEEN (1u << 20)     /* parts that are remembered to know duplicates */

/* memory of live processes */
#define FSA_MAX_REGIONS 262144 /* regions of one process that are listed */
#define FSA_MAX_MODULES 8192   /* records in the loader's lists of one process */
/* bytes of the names in those records */
#define FSA_MAX_MODULE_TEXT (16u << 20)
/* bytes of headers that one query remembers of modules' files */
#define FSA_MAX_MODULE_HEADS (64u << 20)
/* changed pages of one region that are looked at one by one */
#define FSA_MAX_PRIVATE_PAGES 65536
/* pages of one process that the system is asked about: 64 GiB */
#define FSA_MAX_MEASURED_PAGES 16777216u

/* programs and libraries of Windows (PE) */
#define FSA_MAX_PE_HEAD (64u << 10)       /* bytes of headers that are looked at */
#define FSA_MAX_PE_RELOCATIONS (8u << 20) /* bytes of relocations; true ones stay below 4 MiB */
#define FSA_MAX_PE_LIBRARIES 1024         /* libraries that one image imports from */
#define FSA_MAX_PE_IMPORTS 65536          /* functions that it imports from all of them */

/* YARA */
#define FSA_MAX_YARA_RULES (64u << 20) /* bytes of one text of rules */
#define FSA_MAX_YARA_FILE (256u << 20) /* bytes of a file that is scanned: it is held in memory */
#define FSA_MAX_YARA_MEMORY (8192ull << 20) /* bytes of one process that are scanned */
#define FSA_MAX_YARA_HITS 10000    /* places that are told of one rule in one file or process */
#define FSA_YARA_WINDOW (8u << 20) /* bytes of memory that are read at once */
/* bytes of the window before, so that nothing is cut in two */
#define FSA_YARA_OVERLAP (64u << 10)

/* the osquery door */
/* bytes of rows in one answer: osquery's Thrift ends a message, and its query, at 100 MiB */
#define FSA_MAX_ANSWER (96u << 20)
#define FSA_MAX_REQUEST (16u << 20)      /* bytes of one request */
#define FSA_MAX_MANAGER_REPLY (1u << 20) /* bytes of what osquery replies to us */
#define FSA_MAX_CONNECTIONS 256          /* callers at once; further ones are turned away */
#define FSA_MAX_ASKED_EVIDENCE 1000      /* pieces of evidence that one request names */
#define FSA_MAX_CACHED_ANSWERS 8         /* full enumerations that are remembered */
#define FSA_MAX_CACHED_BYTES (8u << 20)  /* ... each with so much memory at the most */

/* the shell */
/* bytes of one value made safe to show; SQLite has none larger */
#define FSA_MAX_SHOWN_CELL (1024u << 20)
#define FSA_MAX_HELD_ROWS 5000        /* rows that table and box hold back to measure them */
#define FSA_MAX_HELD_BYTES (8u << 20) /* ... and bytes of them */
/* bytes of a table's cell on a terminal; the rest is counted, not shown */
#define FSA_MAX_TERMINAL_CELL 1024
#define FSA_MAX_TABLE_CELL (64u << 10) /* ... in a file */
/* bytes of a result line: osquery drops lines above 1 MiB in silence */
#define FSA_MAX_RESULT_LINE 700000
/* bytes of one row that are encoded to see whether it fits a line */
#define FSA_MAX_RESULT_ROW (8u << 20)
#define FSA_MAX_STATEMENT (64u << 20) /* bytes of one statement */
#define FSA_MAX_READ_DEPTH 8          /* .read files inside each other */
#define FSA_MAX_PACK_FILE (1u << 20)  /* bytes of one query of a pack */
#define FSA_MAX_PACK_QUERIES 4096     /* queries of all packs together */
#define FSA_MAX_PACK_DEPTH 16         /* folders inside each other */

#endif
