/*
 * Evidence: where bytes come from.
 *
 * One piece of evidence is a host's state: the live host, a folder that holds a copy of its files
 * in any of the known layouts, or one loose file. All of it is opened read-only and every byte of
 * it is hostile. An FsaEvidence is immutable once open and may be used by several threads.
 */
#ifndef FSA_EVIDENCE_EVIDENCE_H
#define FSA_EVIDENCE_EVIDENCE_H

#include "fsa.h"

/* What went wrong while opening: for the message of a door. */
typedef struct FsaError {
  int code;         /* FsaResult */
  bool is_evidence; /* the evidence as a whole cannot be opened, whatever was asked of it */
  char message[FSA_MAX_MESSAGE]; /* what was tried, on what, why it failed, what to do */
} FsaError;

typedef enum FsaEvidenceKind {
  FSA_EVIDENCE_LIVE,
  FSA_EVIDENCE_FOLDER,
  FSA_EVIDENCE_FILE,
} FsaEvidenceKind;

/*
 * Opens evidence by name: NULL or "live" = this host; "live:DIR" = a host recorded in DIR/proc and
 * DIR/sys (DIR/ itself is its root); a folder; a file. *ret_evidence is the caller's, closed by
 * fsa_evidence_close(). On failure ret_error says what a user needs to know.
 */
int fsa_evidence_open(const char *name, FsaEvidence **ret_evidence, FsaError *ret_error);

/* Accepts NULL. */
void fsa_evidence_close(FsaEvidence *evidence);

/* The name it was opened with ("live" for NULL). Lives as long as the evidence. */
const char *fsa_evidence_name(const FsaEvidence *evidence);

/*
 * True while the name still means what was opened: false once another folder stands there,
 * something was added to it, or the program's own folder changed and the name is relative.
 */
bool fsa_evidence_is_current(const FsaEvidence *evidence);

FsaEvidenceKind fsa_evidence_kind(const FsaEvidence *evidence);

/* Which of FSA_LIVE_WINDOWS | ... it is: what a table's `sources` is compared with. */
unsigned fsa_evidence_sources(const FsaEvidence *evidence);

/* The live host, or NULL. */
FsaOs *fsa_evidence_os(const FsaEvidence *evidence);

/* "live", "volume", "kape", "velociraptor", "cylr", "uac", "loose", "case"; static storage. */
const char *fsa_evidence_layout(const FsaEvidence *evidence);

/*
 * The host's own name for itself: the kernel's of a live host, /etc/hostname, or ComputerName of
 * the SYSTEM hive, which is read for it. NULL when it is unknown; memory from `arena`.
 */
const char *fsa_evidence_hostname(const FsaEvidence *evidence, FsaArena *arena);

/*
 * How patterns match: '*' and '?' as in fsa_text_glob(), '**' alone in a part stands for any number
 * of folders; letter case does not count. On Windows volumes a first part "Windows" is also WINNT,
 * "Users" also "Documents and Settings".
 */

/* One file inside evidence. */
typedef struct FsaFound {
  const char
      *path; /* as the examined host knew it, "C:\Windows\..."; a loose file: its path here */
  const char *opened; /* how fsa_file_open() finds it; private to the evidence layer */
} FsaFound;

/* Who looks for files: what it is told and asked on the way. Each may be NULL. */
typedef struct FsaSeeker {
  /* A directory that cannot be read and is passed over, a ceiling that was reached. */
  void (*problem)(void *context, int code, const char *path, const char *message);
  /* True when the look must end now; asked once for each directory. */
  bool (*is_over)(void *context);
  void *context;
} FsaSeeker;

/*
 * The files that the patterns match (any letter case, links resolved inside the evidence, devices,
 * FIFOs and sockets left out), sorted by path, without doubles. For a loose file: the file itself
 * when its name matches the last part of a pattern or `probe` accepts its head; else none. Memory
 * from `arena`. `seeker` may be NULL. FSA_E_TIMEOUT when it said that the look is over.
 */
int fsa_evidence_find(const FsaEvidence *evidence, const char *const *patterns,
                      bool (*probe)(FsaBytes head), FsaArena *arena, const FsaSeeker *seeker,
                      const FsaFound **ret_found, size_t *ret_count);

/*
 * Opens a found file for reading. *ret_file is the caller's, closed by fsa_file_close(). On failure
 * ret_error says why; FSA_E_ABSENT when it vanished.
 */
int fsa_file_open(const FsaEvidence *evidence, const FsaFound *found, FsaFile **ret_file,
                  FsaError *ret_error);
void fsa_file_close(FsaFile *file); /* accepts NULL */

/* The file as a parser's source, alive as long as it. A file belongs to one thread at a time. */
FsaSource fsa_file_source(FsaFile *file);

/* All of its bytes, read at first use, kept until fsa_file_close(). FSA_E_LIMIT beyond `limit`. */
int fsa_file_bytes(FsaFile *file, size_t limit, FsaBytes *ret_bytes);

/*
 * Lists the evidence in a case folder: one entry per host folder or loose artefact directly below
 * `name` (or `name` itself when that already is evidence). Sorted by path; memory from `arena`.
 */
int fsa_case_list(const char *name, FsaArena *arena, const FsaEvidenceInfo **ret_list,
                  size_t *ret_count, FsaError *ret_error);

/*
 * Whether evidence that another table named (the join over a case folder) may be opened: a symbolic
 * link may lead out of the case, so it is FSA_E_UNSUPPORTED with a message. A user may name one.
 */
int fsa_case_admit(const char *name, FsaError *ret_error);

#endif
