/* Flags as a table: name, what it sets, in which unit. */
#include "osquery/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osquery/endpoint.h"
#include "osquery/log.h"
#include "osquery/permit.h"

#define DEFAULT_SECONDS 3 /* osquery's own for --timeout and --interval */
#define DEFAULT_ROWS 250000
#define DEFAULT_DEADLINE 120
#define MOST_SECONDS 86400

typedef enum Kind {
  SWITCH,       /* bool; alone, or =true / =false */
  TEXT,         /* const char * */
  LIST,         /* one more of `allowed` */
  MILLISECONDS, /* given in seconds, with a fraction */
  COUNT,
} Kind;

typedef struct Flag {
  const char *name;
  Kind kind;
  size_t offset; /* in FsaExtensionOptions */
} Flag;

static const Flag flags[] = {
    {"socket", TEXT, offsetof(FsaExtensionOptions, socket)},
    {"timeout", MILLISECONDS, offsetof(FsaExtensionOptions, timeout_ms)},
    {"interval", MILLISECONDS, offsetof(FsaExtensionOptions, interval_ms)},
    {"verbose", SWITCH, offsetof(FsaExtensionOptions, is_verbose)},
    {"wait", SWITCH, offsetof(FsaExtensionOptions, waits)},
    {"help", SWITCH, offsetof(FsaExtensionOptions, wants_help)},
    {"h", SWITCH, offsetof(FsaExtensionOptions, wants_help)},
    {"version", SWITCH, offsetof(FsaExtensionOptions, wants_version)},
    {"allow_evidence", LIST, offsetof(FsaExtensionOptions, allowed)},
    {"max_rows", COUNT, offsetof(FsaExtensionOptions, max_rows)},
    {"deadline", MILLISECONDS, offsetof(FsaExtensionOptions, deadline_ms)},
};

/* ---- values ---- */

static bool complain(const Flag *flag, const char *value, const char *wanted) {
  fsa_log("--%s cannot be '%s': %s", flag->name, value, wanted);
  return false;
}

static bool read_number(const Flag *flag, const char *value, double factor, double most,
                        int64_t *ret_number) {
  char *end;
  errno = 0;
  const double number = strtod(value, &end);
  if (end == value || *end || errno || !(number > 0 && number <= most))
    return complain(flag, value, "give a number above 0");
  *ret_number = (int64_t)(number * factor);
  if (*ret_number == 0) *ret_number = 1;
  return true;
}

static bool read_whole(const Flag *flag, const char *value, int64_t most, int64_t *ret_number) {
  char *end;
  errno = 0;
  const int64_t number = strtoll(value, &end, 10);
  if (end == value || *end || errno || number < 1 || number > most)
    return complain(flag, value, "give a whole number above 0");
  *ret_number = number;
  return true;
}

static bool add_allowed(FsaExtensionOptions *options, const Flag *flag, const char *value) {
  if (!fsa_permit_is_full(value)) return complain(flag, value, "give a folder by its full path");
  if (options->allowed_count == FSA_MAX_ALLOWED)
    return complain(flag, value, "there are too many of them");
  options->allowed[options->allowed_count++] = value;
  return true;
}

static bool read_switch(const Flag *flag, const char *value, bool *ret_is_on) {
  *ret_is_on = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
  return *ret_is_on || strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ||
         complain(flag, value, "give true or false");
}

static bool set(FsaExtensionOptions *options, const Flag *flag, const char *value) {
  void *slot = (char *)options + flag->offset;
  switch (flag->kind) {
  case SWITCH: return read_switch(flag, value, slot);
  case TEXT:
    if (!value[0]) return complain(flag, value, "a value must follow");
    *(const char **)slot = value;
    return true;
  case LIST: return add_allowed(options, flag, value);
  case MILLISECONDS: return read_number(flag, value, 1000, MOST_SECONDS, slot);
  case COUNT: return read_whole(flag, value, INT32_MAX, slot);
  default: return false;
  }
}

/* ---- words ---- */

/* The flag that begins `word` (behind its dashes), and the value behind '=' or NULL. */
static const Flag *find_flag(const char *word, const char **ret_value) {
  const size_t size = strcspn(word, "=");
  *ret_value = word[size] == '=' ? word + size + 1 : NULL;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strlen(flags[i].name) == size && strncmp(flags[i].name, word, size) == 0) return &flags[i];
  return NULL;
}

/* Reads the flag at `*at` and its value. */
static bool read_flag(FsaExtensionOptions *options, int argc, char **argv, int *at) {
  const char *word = argv[*at], *value;
  const Flag *flag = NULL;
  if (word[0] == '-') flag = find_flag(word + strspn(word, "-"), &value);
  if (!flag) {
    fsa_log_detail("'%s' means nothing to this extension", word);
    return true;
  }
  if (flag->kind == SWITCH && !value) value = "true";
  if (!value && *at + 1 < argc) value = argv[++*at];
  return value ? set(options, flag, value) : complain(flag, "", "a value must follow");
}

/* Whether details are said must be known before the first of them. */
static bool wants_details(int argc, char **argv) {
  bool is_on = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i], *value;
    const Flag *flag = word[0] == '-' ? find_flag(word + strspn(word, "-"), &value) : NULL;
    if (flag && flag->offset == offsetof(FsaExtensionOptions, is_verbose))
      is_on = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
  }
  return is_on;
}

bool fsa_extension_options_read(FsaExtensionOptions *ret_options, int argc, char **argv) {
  *ret_options = (FsaExtensionOptions){.socket = fsa_endpoint_default(),
                                       .timeout_ms = DEFAULT_SECONDS * 1000,
                                       .interval_ms = DEFAULT_SECONDS * 1000,
                                       .max_rows = DEFAULT_ROWS,
                                       .deadline_ms = DEFAULT_DEADLINE * 1000};
  fsa_log_be_verbose(wants_details(argc, argv));
  for (int i = 1; i < argc; i++)
    if (!read_flag(ret_options, argc, argv, &i)) return false;
  return true;
}
