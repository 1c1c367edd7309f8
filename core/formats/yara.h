/*
 * YARA: rules in, bytes in, matches out. [YARA 4 manual, "The C API"; libyara's scanner.c]
 *
 * A wrapper around libyara that does no I/O (`include` is an error, the magic module is refused),
 * installs no signal handler (SCAN_FLAGS_NO_TRYCATCH) and reads no compiled rules: libyara itself
 * says that those of others can crash it. A build without libyara answers FSA_E_UNSUPPORTED.
 *
 * Threads: compiled rules are immutable and may be scanned with by several threads at once.
 */
#ifndef FSA_FORMATS_YARA_H
#define FSA_FORMATS_YARA_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"

/* ---- rules ----------------------------------------------------------------------------------- */

/* One text of rules. Its rules have a namespace of their own, so two texts may share rule names. */
typedef struct FsaYaraSource {
  FsaText name; /* for messages: a path; data NULL = text that the query gave itself */
  FsaText text; /* UTF-8, need not end in NUL */
} FsaYaraSource;

typedef struct FsaYaraRules FsaYaraRules;

/* Why rules cannot be used, in words for their author: "line 3 of x.yar: syntax error, ...". */
typedef struct FsaYaraError {
  char message[FSA_MAX_MESSAGE];
} FsaYaraError;

/*
 * Compiles `count` texts. The conventional external variables of LOKI and THOR (filename, filepath,
 * extension, filetype, owner) are known. *ret_rules is the caller's, freed by
 * fsa_yara_rules_free(). On failure ret_error says what is wrong: FSA_E_FORMAT, FSA_E_NOMEM,
 * FSA_E_LIMIT (a text above FSA_MAX_YARA_RULES) or FSA_E_UNSUPPORTED.
 */
int fsa_yara_compile(const FsaYaraSource *sources, size_t count, FsaYaraRules **ret_rules,
                     FsaYaraError *ret_error) __attribute__((warn_unused_result));

/* Accepts NULL. No scan may run and no match of these rules may be used afterwards. */
void fsa_yara_rules_free(FsaYaraRules *rules);

/* ---- scanning -------------------------------------------------------------------------------- */

/* One place where a string of a rule was found. */
typedef struct FsaYaraHit {
  const char *string; /* identifier, "$a"; lives as long as the rules */
  uint64_t offset;    /* bytes from the start of the file, or the address */
  size_t size;        /* bytes that matched */
  const void *data;   /* the first `data_size` of them, in the arena */
  size_t data_size;
} FsaYaraHit;

/* One rule that is true of the scanned bytes. */
typedef struct FsaYaraMatch {
  const char *rule; /* lives as long as the rules */
  size_t source;    /* index of the text that it stands in */
  uint64_t count;   /* places where its strings were found; exact only when hits were wanted */
  FsaYaraHit *hits; /* in the order of its strings, then by offset; FSA_MAX_YARA_HITS at most */
  size_t hit_count;
  const void *inside; /* libyara's rule: for the two functions below */
} FsaYaraMatch;

/* The tags as a JSON array of texts. */
void fsa_yara_tags(const FsaYaraMatch *match, FsaBuffer *json);

/* The meta data as a JSON object; a name that stands there twice has an array of its values. */
void fsa_yara_meta(const FsaYaraMatch *match, FsaBuffer *json);

typedef struct FsaYaraMatches {
  FsaYaraMatch *list; /* in the order of the rules; in the arena */
  size_t count;
  const char *flooded; /* a string that matched so often that libyara gave up on it; NULL = none */
  bool is_cut;         /* some match has more hits than FSA_MAX_YARA_HITS */
} FsaYaraMatches;

/* What holds for one scan. */
typedef struct FsaYaraOptions {
  const char *path;  /* becomes filepath, filename and extension; NULL = "" */
  int64_t time_left; /* ns until FSA_E_TIMEOUT, in steps of a second; INT64_MAX = no end */
  bool wants_hits;   /* without, each string is looked for once only, which is faster */
} FsaYaraOptions;

/*
 * Scans a whole file. *ret_matches lives in `arena` and points into the rules. FSA_OK with any
 * number of matches, FSA_E_TIMEOUT, FSA_E_NOMEM, or FSA_E_LIMIT when a ceiling of libyara's was
 * reached.
 */
int fsa_yara_scan_file(FsaYaraRules *rules, FsaBytes bytes, const FsaYaraOptions *options,
                       FsaArena *arena, FsaYaraMatches *ret_matches)
    __attribute__((warn_unused_result));

/* A piece of memory. Pieces may overlap; what is found in two of them is told once. */
typedef struct FsaYaraBlock {
  uint64_t address;
  size_t size; /* bytes */
} FsaYaraBlock;

/* Memory, piece by piece: conditions are decided over all pieces together. */
typedef struct FsaYaraMemory {
  const FsaYaraBlock *blocks; /* by address */
  size_t count;
  void *context;
  /*
   * Gives the bytes of piece `index`, which stay until the next call; NULL passes it over. Asked
   * again for a piece when a rule looks there: uint16(0x400000), the pe module.
   */
  const uint8_t *(*read)(void *context, size_t index);
  bool (*is_expired)(void *context); /* asked before each piece; true ends in FSA_E_TIMEOUT */
} FsaYaraMemory;

/* Scans the memory of a process; as fsa_yara_scan_file() otherwise. */
int fsa_yara_scan_memory(FsaYaraRules *rules, const FsaYaraMemory *memory,
                         const FsaYaraOptions *options, FsaArena *arena,
                         FsaYaraMatches *ret_matches) __attribute__((warn_unused_result));

#endif
