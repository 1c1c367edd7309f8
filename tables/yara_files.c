/*
 * fsa_yara_files: files that YARA rules are true of, one row for each file and rule.
 *
 *   SELECT path, rule, meta FROM fsa_yara_files
 *   WHERE path LIKE '/var/www/%' AND sigfile = '/rules/webshells.yar'
 *
 * The rules are compiled once, files are scanned on all cores. Column names are those of osquery's
 * `yara` where the fact is the same; there a row is a file and its rules stand in one cell.
 * [YARA 4 manual]
 */
#include "catalog/yara_rules.h"

enum { PATH, RULE, COUNT, TAGS, META, STRINGS, SIGFILE, SIGRULE };

static const FsaColumn columns[] = {
    [PATH] = {"path", FSA_TEXT, FSA_KEY | FSA_ARGUMENT,
              "The scanned file. A query names files by = or IN, or those below a folder by LIKE "
              "'/folder/%'; a loose file needs none of it. Never NULL."},
    [RULE] = {"rule", FSA_TEXT, FSA_KEY, "Name of the rule that is true of the file; never NULL."},
    [COUNT] = {"count", FSA_INTEGER, FSA_COSTLY,
               "Number of places in the file where strings of the rule were found, 0 for a rule "
               "that needs none; never NULL."},
    [TAGS] = {"tags", FSA_JSON, FSA_COSTLY, "The rule's tags, a list of texts; never NULL."},
    [META] = {"meta", FSA_JSON, FSA_COSTLY,
              "The rule's meta data, an object; a name that the rule gives twice has a list of its "
              "values. NULL when it exceeds 1 MiB."},
    [STRINGS] = {"strings", FSA_JSON, FSA_COSTLY | FSA_HIDDEN,
                 "The places: a list of objects with string, offset and size in bytes; the first "
                 "10000. NULL when it exceeds 8 MiB."},
    [SIGFILE] = {"sigfile", FSA_TEXT, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                 "Give here the path of a file with rules, on the machine where this program runs, "
                 "or several by IN; NULL when the rules came as sigrule."},
    [SIGRULE] = {"sigrule", FSA_TEXT, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                 "Give here the text of rules; NULL when they came as sigfile."},
};

static const FsaYaraColumns shared_columns = {
    .rule = RULE, .tags = TAGS, .meta = META, .sigfile = SIGFILE, .sigrule = SIGRULE};

#define MOST_STRINGS (8u << 20) /* bytes of the strings column */

typedef struct State {
  FsaText path;
  FsaYaraMatches matches;
  size_t index;
} State;

static int begin(FsaScan *scan, void **ret_shared) {
  return fsa_yara_rules_begin(scan, &shared_columns, ret_shared);
}

static int open_file(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaBytes bytes;
  int result = fsa_scan_file_bytes(scan, 0, FSA_MAX_YARA_FILE, &bytes, &state->path);
  if (result != FSA_OK) return result;
  const FsaYaraOptions options = {
      .path = state->path.data,
      .time_left = fsa_time_left(scan),
      .wants_hits = fsa_wants(scan, COUNT) || fsa_wants(scan, STRINGS),
  };
  result = fsa_yara_scan_file(fsa_yara_rules(scan), bytes, &options, fsa_scan_arena(scan),
                              &state->matches);
  if (result == FSA_E_LIMIT)
    return fsa_problem(scan, result, FSA_NO_OFFSET,
                       "the rules ask too much of this file: a ceiling of libyara's was reached");
  if (result == FSA_OK) fsa_yara_rules_tell(scan, &state->matches);
  return result;
}

static void put_hit(FsaBuffer *json, const FsaYaraHit *hit) {
  fsa_buffer_puts(json, "{\"string\":");
  fsa_buffer_json(json, hit->string, strlen(hit->string));
  fsa_buffer_puts(json, ",\"offset\":");
  fsa_buffer_u64(json, hit->offset);
  fsa_buffer_puts(json, ",\"size\":");
  fsa_buffer_u64(json, hit->size);
  fsa_buffer_putc(json, '}');
}

static int set_strings(FsaScan *scan, const FsaYaraMatch *match, FsaRow *row) {
  FsaBuffer json = fsa_buffer(MOST_STRINGS);
  fsa_buffer_putc(&json, '[');
  for (size_t i = 0; i < match->hit_count; i++) {
    if (i) fsa_buffer_putc(&json, ',');
    put_hit(&json, &match->hits[i]);
  }
  fsa_buffer_putc(&json, ']');
  const char *copy = json.error ? NULL : fsa_arena_copy(fsa_row_arena(scan), json.data, json.size);
  bool is_cut = json.error == FSA_E_LIMIT;
  if (copy) fsa_row_text(row, STRINGS, copy, json.size);
  fsa_buffer_done(&json);
  if (is_cut)
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET, "the places of rule %s exceed %u bytes",
                match->rule, MOST_STRINGS);
  return copy || is_cut ? FSA_OK : FSA_E_NOMEM;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  while (state->index < state->matches.count) {
    const FsaYaraMatch *match = &state->matches.list[state->index++];
    if (!fsa_admits_text(scan, RULE, match->rule, strlen(match->rule))) continue;
    fsa_row_text(row, PATH, state->path.data, state->path.size);
    if (fsa_wants(scan, COUNT)) fsa_row_int(row, COUNT, (int64_t)match->count);
    int result = fsa_yara_rules_row(scan, &shared_columns, match, row);
    if (result == FSA_OK && fsa_wants(scan, STRINGS)) result = set_strings(scan, match, row);
    return result == FSA_OK ? FSA_ROW : result;
  }
  return FSA_OK;
}

const FsaTable fsa_table_yara_files = {
    .name = "yara_files",
    .summary = "One row for each file that a YARA rule of the query is true of.",
    .proves = "The file's bytes, as they were read now, meet the rule's condition; what that means "
              "is for the rule's author to say (meta).",
    .caveat = "No row does not mean harmless: the rules may not know it, it may be packed or "
              "encrypted, it may lie outside the named folder, or it could not be read or exceeds "
              "256 MiB (fsa_problems). A join compiles the rules again for every file: use path IN "
              "(SELECT ...).",
    .example = "SELECT path, rule, count FROM fsa_yara_files WHERE path LIKE '/etc/host%' AND "
               "sigrule = 'rule names_localhost { strings: $a = \"localhost\" condition: $a }'",
    .sources =
        FSA_LIVE_WINDOWS | FSA_LIVE_LINUX | FSA_WINDOWS_VOLUME | FSA_LINUX_ROOT | FSA_LOOSE_FILE,
    .subject = FSA_FILE,
    .subject_key = PATH,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .begin = begin,
    .end = fsa_yara_rules_end,
    .open = open_file,
    .next = next,
};
