/* The rules of a query: read, compiled once, shared; and the columns that come from them. */
#include "catalog/yara_rules.h"

#include <stdlib.h>

#define MOST_JSON (1u << 20) /* bytes of the tags or the meta data of one rule */

typedef struct Shared {
  FsaYaraRules *rules;
  FsaYaraSource *sources; /* name: the sigfile; text: the sigrule, where it came with the query */
  size_t count;
  FsaArena arena;
} Shared;

static int usage(FsaScan *scan) {
  return fsa_problem(scan, FSA_E_USAGE, FSA_NO_OFFSET,
                     "give the rules: add WHERE sigfile = '/path/to/rules.yar' or "
                     "sigrule = 'rule x { ... }', one of the two");
}

/* The values of a key; an open or LIKE constraint names no rules. */
static size_t value_count(const FsaKey *key) {
  return key ? key->value_count : 0;
}

static int read_source(FsaScan *scan, Shared *shared, FsaText value, bool is_file,
                       FsaYaraSource *source) {
  char *copy = fsa_arena_copy(&shared->arena, value.data, value.size);
  if (!copy) return FSA_E_NOMEM;
  if (!is_file) {
    source->text = (FsaText){copy, value.size};
    return FSA_OK;
  }
  FsaBytes bytes;
  int result = fsa_scan_read_input(scan, copy, FSA_MAX_YARA_RULES, &bytes);
  if (result != FSA_OK) return result;
  source->name = (FsaText){copy, value.size};
  source->text = (FsaText){bytes.size ? (const char *)bytes.data : "", bytes.size};
  return FSA_OK;
}

static int read_sources(FsaScan *scan, Shared *shared, const FsaKey *key, bool is_file) {
  shared->sources = fsa_arena_zero(&shared->arena, key->value_count, sizeof *shared->sources);
  if (!shared->sources) return FSA_E_NOMEM;
  for (size_t i = 0; i < key->value_count; i++) {
    FsaText value = key->values[i].text;
    if (!value.data) continue;
    int result = read_source(scan, shared, value, is_file, &shared->sources[shared->count]);
    if (result != FSA_OK) return result;
    shared->count++;
  }
  return shared->count ? FSA_OK : usage(scan);
}

static int compile(FsaScan *scan, Shared *shared, bool is_file) {
  FsaYaraError error;
  int result = fsa_yara_compile(shared->sources, shared->count, &shared->rules, &error);
  if (result != FSA_OK)
    return fsa_problem(scan, result, FSA_NO_OFFSET, "%s",
                       error.message[0] ? error.message : "memory ran out while compiling rules");
  for (size_t i = 0; is_file && i < shared->count; i++)
    shared->sources[i].text = (FsaText){NULL, 0}; /* it goes with the scan that read it */
  return FSA_OK;
}

int fsa_yara_rules_begin(FsaScan *scan, const FsaYaraColumns *columns, void **ret_shared) {
  const FsaKey *files = fsa_key(scan, columns->sigfile), *texts = fsa_key(scan, columns->sigrule);
  bool is_file = value_count(files) > 0;
  if (is_file == (value_count(texts) > 0)) return usage(scan);
  Shared *shared = calloc(1, sizeof *shared); /* outlives every subject's arena */
  if (!shared) return FSA_E_NOMEM;
  int result = read_sources(scan, shared, is_file ? files : texts, is_file);
  if (result == FSA_OK) result = compile(scan, shared, is_file);
  if (result != FSA_OK) {
    fsa_yara_rules_end(shared);
    return result == FSA_E_NOMEM ? result : FSA_E_USAGE; /* the query's rules, not the evidence */
  }
  *ret_shared = shared;
  return FSA_OK;
}

void fsa_yara_rules_end(void *opaque) {
  Shared *shared = opaque;
  if (!shared) return;
  fsa_yara_rules_free(shared->rules);
  fsa_arena_done(&shared->arena);
  free(shared);
}

FsaYaraRules *fsa_yara_rules(const FsaScan *scan) {
  const Shared *shared = fsa_scan_shared(scan);
  return shared->rules;
}

static int set_json(FsaScan *scan, int column, const FsaYaraMatch *match,
                    void (*write)(const FsaYaraMatch *match, FsaBuffer *json), FsaRow *row) {
  if (!fsa_wants(scan, column)) return FSA_OK;
  FsaBuffer json = fsa_buffer(MOST_JSON);
  write(match, &json);
  const char *copy = json.error ? NULL : fsa_arena_copy(fsa_row_arena(scan), json.data, json.size);
  int result = json.error == FSA_E_LIMIT || copy ? FSA_OK : FSA_E_NOMEM;
  if (json.error == FSA_E_LIMIT)
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET, "tags or meta data of rule %s exceed %u bytes",
                match->rule, MOST_JSON);
  if (copy) fsa_row_text(row, column, copy, json.size);
  fsa_buffer_done(&json);
  return result;
}

int fsa_yara_rules_row(FsaScan *scan, const FsaYaraColumns *columns, const FsaYaraMatch *match,
                       FsaRow *row) {
  const Shared *shared = fsa_scan_shared(scan);
  const FsaYaraSource *source = &shared->sources[match->source];
  fsa_row_string(row, columns->rule, match->rule);
  fsa_row_text(row, columns->sigfile, source->name.data, source->name.size);
  fsa_row_text(row, columns->sigrule, source->text.data, source->text.size);
  int result = set_json(scan, columns->tags, match, fsa_yara_tags, row);
  return result == FSA_OK ? set_json(scan, columns->meta, match, fsa_yara_meta, row) : result;
}

void fsa_yara_rules_tell(FsaScan *scan, const FsaYaraMatches *matches) {
  if (matches->flooded)
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET,
                "string %s was found so often that the search for it was given up",
                matches->flooded);
  if (matches->is_cut)
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET,
                "a rule has more than %d places; `count` counts them, the rest is not told",
                FSA_MAX_YARA_HITS);
}
