/*
 * The application compatibility cache ("shimcache"): the registry value that Windows keeps about
 * programs it has looked at.
 *
 * Bytes of the value in, entries out, for every layout from Windows XP to Windows 11. Layouts and
 * sources: docs/formats/appcompatcache.md. Threads: one reader belongs to one thread.
 */
#ifndef FSA_FORMATS_APPCOMPATCACHE_H
#define FSA_FORMATS_APPCOMPATCACHE_H

#include "fsa.h"

/* What an entry's layout can say about execution. */
typedef enum FsaAppCompatExecuted {
  FSA_APPCOMPAT_UNKNOWN, /* the layout, or this entry, does not tell */
  FSA_APPCOMPAT_NO,
  FSA_APPCOMPAT_YES,
} FsaAppCompatExecuted;

/* One entry. What its layout does not have is empty, or its has_ is false. */
typedef struct FsaAppCompatEntry {
  int64_t position;   /* 0 = the newest; -1 = not in the list of use (Windows XP) */
  FsaBytes path;      /* UTF-16LE */
  FsaBytes package;   /* UTF-16LE (Windows 8) */
  FsaBytes data;      /* the shim engine's own, undocumented */
  uint64_t modified;  /* FILETIME: $STANDARD_INFORMATION modification of the file */
  uint64_t updated;   /* FILETIME: when the entry was last touched (Windows XP); 0 = unknown */
  uint64_t file_size; /* bytes */
  uint32_t insert_flags;
  uint32_t shim_flags;
  uint64_t data_size; /* bytes, as the entry claims */
  FsaAppCompatExecuted executed;
  bool has_flags, has_file_size, has_data;
  uint64_t offset; /* of the entry in the value */
} FsaAppCompatEntry;

typedef struct FsaAppCompatCache {
  FsaBytes bytes;
  const struct FsaAppCompatLayout *layout; /* private */
  const char *format;                      /* "xp", "vista-x64", "10", ...; static storage */
  bool has_file_sizes;                     /* 2003: the two flag fields hold a file size */
  uint32_t count; /* entries that the header claims; UINT32_MAX = it does not say */
  size_t at;      /* offset of the next entry; for XP the next place to look at */
  uint64_t seen;  /* entries given so far */
  bool is_over;
  uint64_t problem_at; /* after an error: where in the value ... */
  char problem[200];   /* ... and what disagreed there */
} FsaAppCompatCache;

/* True when `head` begins like such a value; 132 bytes are enough. */
bool fsa_appcompat_probe(FsaBytes head);

/*
 * Starts to read a value, which must live as long as the reader is used. FSA_E_VERSION when its
 * first bytes are none that we know, FSA_E_FORMAT when it is too short; `problem` then says what
 * was seen.
 */
int fsa_appcompat_open(FsaBytes value, FsaAppCompatCache *ret_cache);

/*
 * The next entry: FSA_ROW, FSA_OK at the end, or FSA_E_FORMAT with `problem` set when an entry is
 * damaged; the call after that goes on behind the damage.
 */
int fsa_appcompat_next(FsaAppCompatCache *cache, FsaAppCompatEntry *ret_entry);

#endif
