/*
 * What the files of the evidence layer share and nobody else sees.
 */
#ifndef FSA_EVIDENCE_INSIDE_H
#define FSA_EVIDENCE_INSIDE_H

#include "base/printf.h"
#include "evidence/evidence.h"
#include "evidence/layout.h"
#include "evidence/tree.h"

struct FsaEvidence {
  FsaEvidenceKind kind;
  unsigned sources;
  const char *name;
  FsaTree *tree;        /* never NULL once open */
  FsaLayout layout;     /* the volumes in the tree; none for "loose" */
  const char *file;     /* a loose file: its path in the tree; else NULL */
  FsaOs *os;            /* the live host; else NULL */
  FsaIdentity identity; /* of what the name meant; not of this machine itself */
  FsaArena arena;       /* all of the above; not touched after opening */
};

/* What the first bytes of a file say it is. */
typedef struct FsaContent {
  const char *name; /* "evtx", "regf", ...; static storage */
  const char *kind; /* "file", "archive", "image" or "minidump"; static storage */
} FsaContent;

/* Bytes of a file that fsa_content_of() and a table's probe are given; fewer when it is shorter. */
#define FSA_HEAD_BYTES 4096u

/* What `head` begins with; NULL when it is nothing that we know. */
const FsaContent *fsa_content_of(FsaBytes head);

/* Reads up to FSA_HEAD_BYTES of a file in the tree. */
int fsa_head_read(FsaTree *tree, const char *path, uint8_t buffer[FSA_HEAD_BYTES],
                  FsaBytes *ret_head);

/* A ceiling of limits.h as text, for messages. */
#define FSA_CEILING_TEXT(ceiling) FSA_TEXT_OF(ceiling)
#define FSA_TEXT_OF(number) #number

/* Sets `error` to a code and a message, and gives the code. */
int fsa_error_set(FsaError *error, int code, const char *format, ...) FSA_PRINTF(3, 4);

/* Why opening or reading failed, as people say it ("permission denied"); static storage. */
const char *fsa_error_reason(int code);

/* What a user can do about it, as the end of a sentence; static storage. */
const char *fsa_error_advice(int code);

#endif
