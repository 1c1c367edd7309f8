/*
 * Layouts: how collectors arrange a host's files in a folder, and where its volumes therefore are.
 *
 * Which layouts there are and how each is recognised: docs/evidence.md.
 */
#ifndef FSA_EVIDENCE_LAYOUT_H
#define FSA_EVIDENCE_LAYOUT_H

#include "evidence/tree.h"

/* One file system of the examined host. */
typedef struct FsaVolume {
  const char *root; /* path in the tree; "" = the tree itself */
  char drive;       /* 'C'; 0 = the root of a Linux system */
  bool is_encoded;  /* names are stored percent-encoded */
} FsaVolume;

typedef struct FsaLayout {
  const char *name; /* "volume", "kape", ...; "case" when folders in it are hosts; else "loose" */
  const FsaVolume *volumes; /* none for "case" and "loose" */
  size_t count;
} FsaLayout;

/*
 * What the tree holds; memory from `arena`. FSA_E_ACCESS or FSA_E_IO when its root cannot be
 * listed.
 */
int fsa_layout_detect(FsaTree *tree, FsaArena *arena, FsaLayout *ret_layout);

#endif
