/* YARA: compiles rules once, lends a scanner to each scan, copies what matched into the arena. */
#include "formats/yara.h"

#ifdef FSA_HAVE_YARA

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yara.h>

struct FsaYaraRules {
  YR_RULES *rules;
  pthread_mutex_t lock; /* guards the scanners that nobody uses now */
  YR_SCANNER *idle[FSA_MAX_JOBS];
  size_t idle_count;
};

/* ---- the library ----------------------------------------------------------------------------- */

/*
 * yr_initialize() and yr_finalize() count their calls without a lock, and two queries may begin at
 * once. The lock is the only static of this layer; it holds no state of ours.
 */
static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;

static bool library_start(void) {
  pthread_mutex_lock(&library_lock);
  int result = yr_initialize();
  pthread_mutex_unlock(&library_lock);
  return result == ERROR_SUCCESS;
}

static void library_stop(void) {
  pthread_mutex_lock(&library_lock);
  yr_finalize();
  pthread_mutex_unlock(&library_lock);
}

static int result_of(int error) {
  switch (error) {
  case ERROR_SUCCESS: return FSA_OK;
  case ERROR_INSUFFICIENT_MEMORY: return FSA_E_NOMEM;
  case ERROR_SCAN_TIMEOUT: return FSA_E_TIMEOUT;
  default: return FSA_E_LIMIT; /* fibers, stack, matches: what else a scan can end in */
  }
}

/* ---- compiling ------------------------------------------------------------------------------- */

/* Names that rule sets expect their scanner to define. [THOR manual, "Additional attributes"] */
static const char *const externals[] = {"filename", "filepath", "extension", "filetype", "owner"};

typedef struct Report {
  const FsaYaraSource *source; /* the text that is compiled now */
  FsaYaraError *error;
} Report;

/* Keeps the first error; warnings (slow rules) are the author's business. */
static void report(int level, const char *file, int line, const YR_RULE *rule, const char *message,
                   void *context) {
  (void)file, (void)rule;
  const Report *to = context;
  if (level != YARA_ERROR_LEVEL_ERROR || to->error->message[0]) return;
  FsaText name = to->source->name;
  char place[32] = "";
  if (line > 0) snprintf(place, sizeof place, "line %d of ", line); /* 0: the end of the text */
  snprintf(to->error->message, sizeof to->error->message, "%s%.*s: %s", place,
           name.data ? (int)name.size : 9, name.data ? name.data : "the rules", message);
}

static int refuse(const FsaYaraSource *source, int code, FsaYaraError *ret_error, const char *why) {
  FsaText name = source->name;
  snprintf(ret_error->message, sizeof ret_error->message, "%.*s %s", name.data ? (int)name.size : 9,
           name.data ? name.data : "the rules", why);
  return code;
}

/*
 * The magic module reads a database of this machine, and each thread that used it keeps one for
 * ever.
 */
static int check_imports(const YR_COMPILER *compiler, const FsaYaraSource *source,
                         const char *space, FsaYaraError *ret_error) {
  if (!yr_hash_table_lookup(compiler->objects_table, "magic", space)) return FSA_OK;
  return refuse(source, FSA_E_UNSUPPORTED, ret_error,
                "import \"magic\", which is not served: test the bytes, for example uint32(0)");
}

static int add_source(YR_COMPILER *compiler, const FsaYaraSource *source, size_t index,
                      FsaYaraError *ret_error) {
  static const char mark[] = "\xEF\xBB\xBF";
  FsaText text = source->text;
  if (text.size > FSA_MAX_YARA_RULES)
    return refuse(source, FSA_E_LIMIT, ret_error, "is larger than rules may be (64 MiB)");
  if (text.size >= 4 && memcmp(text.data, "YARA", 4) == 0 && memchr(text.data, '\0', text.size))
    return refuse(source, FSA_E_FORMAT, ret_error,
                  "holds compiled rules, which can crash their reader: give their text");
  if (memchr(text.data, '\0', text.size))
    return refuse(source, FSA_E_FORMAT, ret_error, "is not text (it holds a zero byte)");
  if (text.size >= 3 && memcmp(text.data, mark, 3) == 0) {
    text.data += 3;
    text.size -= 3;
  }
  char *terminated = malloc(text.size + 1);
  if (!terminated) return FSA_E_NOMEM;
  memcpy(terminated, text.data, text.size);
  terminated[text.size] = '\0';
  char space[32];
  snprintf(space, sizeof space, "%zu", index);
  int errors = yr_compiler_add_string(compiler, terminated, space);
  free(terminated);
  if (errors == 0) return check_imports(compiler, source, space, ret_error);
  if (compiler->last_error == ERROR_INSUFFICIENT_MEMORY) return FSA_E_NOMEM;
  return ret_error->message[0] ? FSA_E_FORMAT
                               : refuse(source, FSA_E_FORMAT, ret_error, "cannot be compiled");
}

static int compile(YR_COMPILER *compiler, const FsaYaraSource *sources, size_t count,
                   YR_RULES **ret_rules, FsaYaraError *ret_error) {
  Report to = {.source = sources, .error = ret_error};
  yr_compiler_set_callback(compiler, report, &to);
  yr_compiler_set_include_callback(compiler, NULL, NULL, NULL);
  for (size_t i = 0; i < sizeof externals / sizeof *externals; i++)
    if (yr_compiler_define_string_variable(compiler, externals[i], "") != ERROR_SUCCESS)
      return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    to.source = &sources[i];
    int result = add_source(compiler, &sources[i], i, ret_error);
    if (result != FSA_OK) return result;
  }
  return result_of(yr_compiler_get_rules(compiler, ret_rules));
}

int fsa_yara_compile(const FsaYaraSource *sources, size_t count, FsaYaraRules **ret_rules,
                     FsaYaraError *ret_error) {
  ret_error->message[0] = '\0';
  FsaYaraRules *rules = calloc(1, sizeof *rules);
  if (!rules) return FSA_E_NOMEM;
  if (!library_start()) {
    free(rules);
    return FSA_E_NOMEM;
  }
  pthread_mutex_init(&rules->lock, NULL);
  YR_COMPILER *compiler = NULL;
  int result = result_of(yr_compiler_create(&compiler));
  if (result == FSA_OK) result = compile(compiler, sources, count, &rules->rules, ret_error);
  if (compiler) yr_compiler_destroy(compiler);
  if (result != FSA_OK) {
    fsa_yara_rules_free(rules);
    return result;
  }
  *ret_rules = rules;
  return FSA_OK;
}

void fsa_yara_rules_free(FsaYaraRules *rules) {
  if (!rules) return;
  for (size_t i = 0; i < rules->idle_count; i++) yr_scanner_destroy(rules->idle[i]);
  if (rules->rules) yr_rules_destroy(rules->rules);
  pthread_mutex_destroy(&rules->lock);
  free(rules);
  library_stop();
}

/* ---- scanners -------------------------------------------------------------------------------- */

/*
 * A scanner costs tables as long as the rules, so those that are done are kept for the next scan.
 */
static int take_scanner(FsaYaraRules *rules, YR_SCANNER **ret_scanner) {
  YR_SCANNER *scanner = NULL;
  pthread_mutex_lock(&rules->lock);
  if (rules->idle_count) scanner = rules->idle[--rules->idle_count];
  pthread_mutex_unlock(&rules->lock);
  if (!scanner && yr_scanner_create(rules->rules, &scanner) != ERROR_SUCCESS) return FSA_E_NOMEM;
  *ret_scanner = scanner;
  return FSA_OK;
}

static void give_scanner(FsaYaraRules *rules, YR_SCANNER *scanner) {
  pthread_mutex_lock(&rules->lock);
  bool is_kept = rules->idle_count < FSA_MAX_JOBS;
  if (is_kept) rules->idle[rules->idle_count++] = scanner;
  pthread_mutex_unlock(&rules->lock);
  if (!is_kept) yr_scanner_destroy(scanner);
}

/* filename "x.EXE", filepath the folder, extension ".exe" in lower case. */
static int set_path(YR_SCANNER *scanner, const char *path) {
  const char *name = path;
  for (const char *p = path; *p; p++)
    if (*p == '/' || *p == '\\') name = p + 1;
  const char *dot = strrchr(name, '.');
  char extension[32] = "", folder[FSA_MAX_PATH] = "";
  if (dot) snprintf(extension, sizeof extension, "%s", dot);
  for (char *p = extension; *p; p++) *p = (char)tolower((unsigned char)*p);
  if (name > path) snprintf(folder, sizeof folder, "%.*s", (int)(name - path - 1), path);
  int errors = yr_scanner_define_string_variable(scanner, "filename", name);
  errors |= yr_scanner_define_string_variable(scanner, "filepath", folder);
  errors |= yr_scanner_define_string_variable(scanner, "extension", extension);
  return errors ? FSA_E_NOMEM : FSA_OK;
}

/* ---- what matched ---------------------------------------------------------------------------- */

typedef struct Taker {
  FsaArena *arena;
  FsaYaraMatches matches;
  size_t room;
  bool wants_hits;
  bool failed; /* memory ran out */
} Taker;

static uint64_t count_hits(YR_SCANNER *scanner, YR_RULE *rule) {
  uint64_t count = 0;
  const YR_STRING *string;
  yr_rule_strings_foreach(rule, string) {
    if (!STRING_IS_PRIVATE(string)) count += (uint64_t)scanner->matches[string->idx].count;
  }
  return count;
}

static bool take_hit(FsaArena *arena, const YR_STRING *string, const YR_MATCH *from,
                     FsaYaraHit *hit) {
  *hit = (FsaYaraHit){
      .string = string->identifier,
      .offset = (uint64_t)from->base + (uint64_t)from->offset,
      .size = (size_t)from->match_length,
      .data = fsa_arena_copy(arena, from->data, (size_t)from->data_length),
      .data_size = (size_t)from->data_length,
  };
  return hit->data != NULL;
}

/*
 * The places of one string. libyara packs its matches without alignment, so each is copied first.
 */
static bool take_string(Taker *taker, YR_SCANNER *scanner, const YR_STRING *string, size_t room,
                        FsaYaraMatch *match) {
  YR_MATCH from;
  for (const void *at = scanner->matches[string->idx].head; at; at = from.next) {
    memcpy(&from, at, sizeof from);
    if (from.is_private) continue;
    if (match->hit_count == room) return true;
    if (!take_hit(taker->arena, string, &from, &match->hits[match->hit_count])) return false;
    match->hit_count++;
  }
  return true;
}

static bool take_hits(Taker *taker, YR_SCANNER *scanner, YR_RULE *rule, FsaYaraMatch *match) {
  size_t room = match->count < FSA_MAX_YARA_HITS ? (size_t)match->count : FSA_MAX_YARA_HITS;
  taker->matches.is_cut |= room < match->count;
  match->hits = fsa_arena_zero(taker->arena, room, sizeof *match->hits);
  if (!match->hits) return false;
  const YR_STRING *string;
  yr_rule_strings_foreach(rule, string) {
    if (!take_string(taker, scanner, string, room, match)) return false;
  }
  return true;
}

static size_t source_of(const YR_RULE *rule) {
  return (size_t)strtoull(rule->ns->name, NULL, 10); /* the name that add_source() made */
}

static bool take_match(Taker *taker, YR_SCANNER *scanner, YR_RULE *rule) {
  FsaYaraMatches *matches = &taker->matches;
  if (matches->count == taker->room) {
    size_t room = taker->room ? taker->room * 2 : 8;
    FsaYaraMatch *list =
        fsa_arena_grow(taker->arena, matches->list, taker->room * sizeof *matches->list,
                       room * sizeof *matches->list);
    if (!list) return false;
    matches->list = list;
    taker->room = room;
  }
  FsaYaraMatch *match = &matches->list[matches->count++];
  *match = (FsaYaraMatch){.rule = rule->identifier, .source = source_of(rule), .inside = rule};
  match->count = count_hits(scanner, rule);
  return !taker->wants_hits || take_hits(taker, scanner, rule, match);
}

static int on_message(YR_SCAN_CONTEXT *scanner, int message, void *data, void *context) {
  Taker *taker = context;
  if (message == CALLBACK_MSG_TOO_MANY_MATCHES && !taker->matches.flooded)
    taker->matches.flooded = ((const YR_STRING *)data)->identifier;
  if (message != CALLBACK_MSG_RULE_MATCHING) return CALLBACK_CONTINUE;
  taker->failed = !take_match(taker, scanner, data);
  return taker->failed ? CALLBACK_ERROR : CALLBACK_CONTINUE;
}

/* ---- scanning -------------------------------------------------------------------------------- */

/* libyara counts in seconds and takes 0 for no end. */
static int timeout_seconds(int64_t time_left) {
  if (time_left == INT64_MAX) return 0;
  int64_t seconds = time_left / INT64_C(1000000000) + 1;
  return seconds < 1 ? 1 : seconds > INT32_MAX ? INT32_MAX : (int)seconds;
}

/* Runs `scan` with a scanner that is set up for it. */
static int run(FsaYaraRules *rules, const FsaYaraOptions *options, int flags,
               int (*scan)(YR_SCANNER *scanner, void *what), void *what, FsaArena *arena,
               FsaYaraMatches *ret_matches) {
  if (options->time_left <= 0) return FSA_E_TIMEOUT;
  YR_SCANNER *scanner;
  int result = take_scanner(rules, &scanner);
  if (result != FSA_OK) return result;
  Taker taker = {.arena = arena, .wants_hits = options->wants_hits};
  yr_scanner_set_callback(scanner, on_message, &taker);
  yr_scanner_set_timeout(scanner, timeout_seconds(options->time_left));
  yr_scanner_set_flags(scanner, flags | SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_NO_TRYCATCH |
                                    (options->wants_hits ? 0 : SCAN_FLAGS_FAST_MODE));
  result = set_path(scanner, options->path ? options->path : "");
  if (result == FSA_OK) result = result_of(scan(scanner, what));
  give_scanner(rules, scanner);
  if (taker.failed) return FSA_E_NOMEM;
  if (result == FSA_OK) *ret_matches = taker.matches;
  return result;
}

static int scan_bytes(YR_SCANNER *scanner, void *what) {
  const FsaBytes *bytes = what;
  return yr_scanner_scan_mem(scanner, bytes->size ? bytes->data : (const uint8_t *)"", bytes->size);
}

int fsa_yara_scan_file(FsaYaraRules *rules, FsaBytes bytes, const FsaYaraOptions *options,
                       FsaArena *arena, FsaYaraMatches *ret_matches) {
  return run(rules, options, 0, scan_bytes, &bytes, arena, ret_matches);
}

/*
 * libyara's iterator over the blocks of a memory. One may run inside another: a module looks again.
 */
typedef struct Walk {
  const FsaYaraMemory *memory;
  YR_MEMORY_BLOCK_ITERATOR iterator;
  YR_MEMORY_BLOCK block;
  size_t index;
} Walk;

static const uint8_t *fetch(YR_MEMORY_BLOCK *block) {
  const Walk *walk = block->context;
  return walk->memory->read(walk->memory->context, walk->index);
}

static YR_MEMORY_BLOCK *place(Walk *walk) {
  const FsaYaraMemory *memory = walk->memory;
  if (memory->is_expired(memory->context)) {
    walk->iterator.last_error = ERROR_SCAN_TIMEOUT;
    return NULL;
  }
  if (walk->index >= memory->count) return NULL;
  const FsaYaraBlock *block = &memory->blocks[walk->index];
  walk->block = (YR_MEMORY_BLOCK){
      .size = block->size, .base = block->address, .context = walk, .fetch_data = fetch};
  return &walk->block;
}

static YR_MEMORY_BLOCK *first_block(YR_MEMORY_BLOCK_ITERATOR *iterator) {
  Walk *walk = iterator->context;
  walk->index = 0;
  return place(walk);
}

static YR_MEMORY_BLOCK *next_block(YR_MEMORY_BLOCK_ITERATOR *iterator) {
  Walk *walk = iterator->context;
  walk->index++;
  return place(walk);
}

static int scan_blocks(YR_SCANNER *scanner, void *what) {
  Walk walk = {.memory = what};
  walk.iterator = (YR_MEMORY_BLOCK_ITERATOR){
      .context = &walk, .first = first_block, .next = next_block, .last_error = ERROR_SUCCESS};
  int error = yr_scanner_scan_mem_blocks(scanner, &walk.iterator);
  return walk.iterator.last_error != ERROR_SUCCESS ? walk.iterator.last_error : error;
}

int fsa_yara_scan_memory(FsaYaraRules *rules, const FsaYaraMemory *memory,
                         const FsaYaraOptions *options, FsaArena *arena,
                         FsaYaraMatches *ret_matches) {
  FsaYaraMemory copy = *memory;
  return run(rules, options, SCAN_FLAGS_PROCESS_MEMORY, scan_blocks, &copy, arena, ret_matches);
}

/* ---- tags and meta data ---------------------------------------------------------------------- */

void fsa_yara_tags(const FsaYaraMatch *match, FsaBuffer *json) {
  const YR_RULE *rule = match->inside;
  const char *tag;
  const char *separator = "";
  fsa_buffer_putc(json, '[');
  yr_rule_tags_foreach(rule, tag) {
    fsa_buffer_puts(json, separator);
    fsa_buffer_json(json, tag, strlen(tag));
    separator = ",";
  }
  fsa_buffer_putc(json, ']');
}

static void put_value(const YR_META *meta, FsaBuffer *json) {
  if (meta->type == META_TYPE_STRING)
    fsa_buffer_json(json, meta->string, strlen(meta->string));
  else if (meta->type == META_TYPE_BOOLEAN)
    fsa_buffer_puts(json, meta->integer ? "true" : "false");
  else
    fsa_buffer_i64(json, meta->integer);
}

static bool is_named(const YR_META *meta, const char *name) {
  return strcmp(meta->identifier, name) == 0;
}

/* The value of a name, or the array of its values. */
static void put_values(const YR_RULE *rule, const char *name, FsaBuffer *json) {
  size_t count = 0, put = 0;
  const YR_META *meta;
  yr_rule_metas_foreach(rule, meta) count += is_named(meta, name);
  if (count > 1) fsa_buffer_putc(json, '[');
  yr_rule_metas_foreach(rule, meta) {
    if (!is_named(meta, name)) continue;
    if (put++) fsa_buffer_putc(json, ',');
    put_value(meta, json);
  }
  if (count > 1) fsa_buffer_putc(json, ']');
}

static bool is_first(const YR_RULE *rule, const YR_META *meta) {
  const YR_META *earlier;
  yr_rule_metas_foreach(rule, earlier) {
    if (earlier == meta) return true;
    if (is_named(earlier, meta->identifier)) return false;
  }
  return true;
}

void fsa_yara_meta(const FsaYaraMatch *match, FsaBuffer *json) {
  const YR_RULE *rule = match->inside;
  const char *separator = "";
  const YR_META *meta;
  fsa_buffer_putc(json, '{');
  yr_rule_metas_foreach(rule, meta) {
    if (!is_first(rule, meta)) continue;
    fsa_buffer_puts(json, separator);
    fsa_buffer_json(json, meta->identifier, strlen(meta->identifier));
    fsa_buffer_putc(json, ':');
    put_values(rule, meta->identifier, json);
    separator = ",";
  }
  fsa_buffer_putc(json, '}');
}

#else /* a build without libyara */

#include <stdio.h>

int fsa_yara_compile(const FsaYaraSource *sources, size_t count, FsaYaraRules **ret_rules,
                     FsaYaraError *ret_error) {
  (void)sources, (void)count, (void)ret_rules;
  snprintf(ret_error->message, sizeof ret_error->message,
           "this program was built without libyara: build it with -DFSA_YARA=ON");
  return FSA_E_UNSUPPORTED;
}

void fsa_yara_rules_free(FsaYaraRules *rules) {
  (void)rules;
}

int fsa_yara_scan_file(FsaYaraRules *rules, FsaBytes bytes, const FsaYaraOptions *options,
                       FsaArena *arena, FsaYaraMatches *ret_matches) {
  (void)rules, (void)bytes, (void)options, (void)arena, (void)ret_matches;
  return FSA_E_UNSUPPORTED;
}

int fsa_yara_scan_memory(FsaYaraRules *rules, const FsaYaraMemory *memory,
                         const FsaYaraOptions *options, FsaArena *arena,
                         FsaYaraMatches *ret_matches) {
  (void)rules, (void)memory, (void)options, (void)arena, (void)ret_matches;
  return FSA_E_UNSUPPORTED;
}

void fsa_yara_tags(const FsaYaraMatch *match, FsaBuffer *json) {
  (void)match;
  fsa_buffer_puts(json, "[]");
}

void fsa_yara_meta(const FsaYaraMatch *match, FsaBuffer *json) {
  (void)match;
  fsa_buffer_puts(json, "{}");
}

#endif
