/*
 * Names of pipes that attackers' tools are known to make: one row a fact, each with where it is
 * written. Most are defaults that a careful attacker changes, and some could be anybody's: a name
 * says which tool to think of, not that it was there.
 */
#ifndef FSA_TABLES_CATALOG_KNOWN_PIPES_H
#define FSA_TABLES_CATALOG_KNOWN_PIPES_H

#include "base/text.h"

typedef struct FsaKnownPipe {
  /* of the name below \Device\NamedPipe\, in any letter case: * any run of characters, # one
   * decimal digit, % one hexadecimal digit */
  const char *pattern;
  const char *tool;   /* as the `known_as` column shows it */
  const char *source; /* where the name is published */
} FsaKnownPipe;

/* The first row whose pattern the whole name matches; NULL when there is none. */
const FsaKnownPipe *fsa_known_pipe(FsaText name);

#endif
