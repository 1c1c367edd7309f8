/* The command line of fsa.ext: osquery's flags, and our own. */
#ifndef FSA_OSQUERY_OPTIONS_H
#define FSA_OSQUERY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FSA_MAX_ALLOWED 64 /* folders of --allow_evidence */

/* Texts are those of the command line. */
typedef struct FsaExtensionOptions {
  const char *socket;  /* the manager's */
  int64_t timeout_ms;  /* how long the manager is waited for at the start */
  int64_t interval_ms; /* between two looks whether it still knows us */
  bool is_verbose;
  bool waits; /* for a manager without end */
  bool wants_help, wants_version;
  const char *allowed[FSA_MAX_ALLOWED];
  size_t allowed_count;
  int64_t max_rows;
  int64_t deadline_ms; /* of one call */
} FsaExtensionOptions;

/*
 * Reads them: `--flag value`, `--flag=value`, with one dash or two. Flags that we do not know are
 * passed over, for osquery may come to give more. False when a value cannot be used, which has then
 * been said.
 */
bool fsa_extension_options_read(FsaExtensionOptions *ret_options, int argc, char **argv);

#endif
