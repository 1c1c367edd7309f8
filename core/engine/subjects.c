/* What a query is about: the host, its processes, or files of the evidence, narrowed by the keys.
 */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "os/os.h"

static const FsaKey *subject_key(const FsaCursor *cursor) {
  int column = cursor->table->subject_key;
  return cursor->query.keys && column >= 0 ? &cursor->query.keys[column] : NULL;
}

static int out_of_memory(FsaError *ret_error) {
  *ret_error =
      (FsaError){.code = FSA_E_NOMEM, .message = "out of memory while looking for subjects"};
  return FSA_E_NOMEM;
}

static int one_subject(FsaCursor *cursor, Subject subject, FsaError *ret_error) {
  cursor->subjects = fsa_arena_zero(&cursor->arena, 1, sizeof *cursor->subjects);
  if (!cursor->subjects) return out_of_memory(ret_error);
  cursor->subjects[0] = subject;
  cursor->subject_count = 1;
  return FSA_OK;
}

/* ---- processes ---- */

static int find_processes(FsaCursor *cursor, FsaError *ret_error) {
  FsaOs *os = fsa_evidence_os(cursor->use->evidence);
  if (!os) return FSA_OK;
  int64_t *pids;
  size_t count;
  int result = fsa_os_pids(os, &cursor->arena, &pids, &count);
  if (result != FSA_OK) {
    *ret_error = (FsaError){.code = result};
    snprintf(ret_error->message, sizeof ret_error->message, "cannot list the processes of %s (%s)",
             fsa_evidence_name(cursor->use->evidence), fsa_result_name(result));
    return result;
  }
  cursor->subjects = fsa_arena_zero(&cursor->arena, count + 1, sizeof *cursor->subjects);
  if (!cursor->subjects) return out_of_memory(ret_error);
  for (size_t i = 0; i < count; i++) {
    if (!fsa_key_admits_int(subject_key(cursor), pids[i])) continue;
    cursor->subjects[cursor->subject_count++] = (Subject){.pid = pids[i]};
  }
  return FSA_OK;
}

/* ---- files ---- */

static void tell(FsaCursor *cursor, int code, const char *path, uint64_t offset,
                 const char *message) {
  cursor->facts.problems++;
  cursor->facts.codes |= 1u << -code;
  engine_problem_add(cursor->engine,
                     problem_new(cursor->table->name, fsa_evidence_name(cursor->use->evidence),
                                 path, offset, code, message));
}

static void find_problem(void *context, int code, const char *path, const char *message) {
  tell(context, code, path, FSA_NO_OFFSET, message);
}

/* Whoever asked has gone, or will not wait any longer. */
static bool is_over(void *context) {
  const FsaCursor *cursor = context;
  if (atomic_load_explicit(&cursor->engine->interrupted, memory_order_relaxed)) return true;
  return cursor_is_late(cursor);
}

/*
 * "C:\Windows\x" or "/etc/x" as a pattern below the root; `tail` is put behind it. A pattern may
 * match too much, never too little: on Linux '\' is part of a name, and U+FFFD stands for bytes
 * that are no UTF-8.
 */
static const char *pattern_of(FsaArena *arena, FsaText path, const char *tail) {
  static const char replacement[] = "\xEF\xBF\xBD";
  const bool has_drive = path.size >= 2 && path.data[0] != '/' && path.data[1] == ':';
  size_t start = has_drive ? 2 : 0;
  const char *separators = has_drive ? "/\\" : "/";
  while (start < path.size && strchr(separators, path.data[start])) start++;
  char *pattern =
      fsa_arena_printf(arena, "%.*s%s", (int)(path.size - start), path.data + start, tail);
  for (char *p = pattern; p && *p; p++) {
    if (has_drive && *p == '\\') *p = '/';
    if (strncmp(p, replacement, strlen(replacement)) == 0) {
      *p = '*';
      memmove(p + 1, p + strlen(replacement), strlen(p + strlen(replacement)) + 1);
    }
  }
  return pattern;
}

/* The patterns that a query's path constraint stands for, ended by NULL; the key filters what they
 * find. */
static int patterns_of_key(FsaCursor *cursor, const FsaKey *key, const char *const **ret_patterns,
                           FsaError *ret_error) {
  static const char *const everything[] = {"**", NULL};
  bool is_named = key && (key->value_count || key->prefix.data);
  bool is_drive =
      is_named && !key->value_count && key->prefix.size == 1 && *key->prefix.data != '/';
  bool is_file = fsa_evidence_kind(cursor->use->evidence) == FSA_EVIDENCE_FILE;
  /* LIKE 'C%' is a whole drive; who names one loose file as evidence has named the file */
  if (is_drive || (!is_named && is_file)) {
    *ret_patterns = everything;
    return FSA_OK;
  }
  if (!is_named) {
    const FsaTable *table = cursor->table;
    const char *column = table->columns[table->subject_key].name;
    *ret_error = (FsaError){.code = FSA_E_USAGE};
    snprintf(ret_error->message, sizeof ret_error->message,
             "fsa_%s reads the files that you name: add WHERE %s = '...' or %s LIKE '/folder/%%'",
             table->name, column, column);
    return FSA_E_USAGE;
  }
  const char **patterns = fsa_arena_zero(&cursor->arena, key->value_count + 3, sizeof *patterns);
  if (!patterns) return out_of_memory(ret_error);
  size_t count = 0;
  for (size_t i = 0; i < key->value_count; i++)
    if (key->values[i].text.data)
      patterns[count++] = pattern_of(&cursor->arena, key->values[i].text, "");
  if (key->value_count == 0) {
    patterns[count++] = pattern_of(&cursor->arena, key->prefix, "*");
    patterns[count++] = pattern_of(&cursor->arena, key->prefix, "*/**");
  }
  for (size_t i = 0; i < count; i++)
    if (!patterns[i]) return out_of_memory(ret_error);
  *ret_patterns = patterns;
  return FSA_OK;
}

/* Nothing to read is not nothing found: the answer says what was looked for. */
static void tell_no_file(FsaCursor *cursor, const char *const *patterns) {
  const FsaEvidence *evidence = cursor->use->evidence;
  char message[FSA_MAX_MESSAGE];
  size_t more = 0;
  while (patterns[0] && patterns[more + 1]) more++;
  int size =
      snprintf(message, sizeof message, "no file matches %s", patterns[0] ? patterns[0] : "");
  if (more && size > 0 && (size_t)size < sizeof message)
    snprintf(message + size, sizeof message - (size_t)size, " or %zu more", more);
  if (fsa_evidence_kind(evidence) != FSA_EVIDENCE_FILE) {
    tell(cursor, FSA_E_ABSENT, NULL, FSA_NO_OFFSET, message);
    return;
  }
  snprintf(message, sizeof message,
           "neither its name nor its first bytes are those of what fsa_%s "
           "reads",
           cursor->table->name);
  tell(cursor, FSA_E_FORMAT, fsa_evidence_name(evidence), 0, message);
}

static int find_files(FsaCursor *cursor, FsaError *ret_error) {
  const FsaTable *table = cursor->table;
  const FsaKey *key = subject_key(cursor);
  const char *const *patterns = table->where;
  if (!patterns) {
    int result = patterns_of_key(cursor, key, &patterns, ret_error);
    if (result != FSA_OK) return result;
  }
  const FsaFound *found;
  size_t count;
  const FsaSeeker seeker = {.problem = find_problem, .is_over = is_over, .context = cursor};
  int result = fsa_evidence_find(cursor->use->evidence, patterns, table->probe, &cursor->arena,
                                 &seeker, &found, &count);
  if (result == FSA_E_NOMEM) return out_of_memory(ret_error);
  if (result == FSA_E_TIMEOUT && atomic_load(&cursor->engine->interrupted))
    result = FSA_E_CANCELLED;
  if (result != FSA_OK) {
    *ret_error = (FsaError){.code = result};
    snprintf(ret_error->message, sizeof ret_error->message, "cannot look for files in %s (%s)",
             fsa_evidence_name(cursor->use->evidence), fsa_result_name(result));
    return result;
  }
  if (count == 0) {
    tell_no_file(cursor, patterns);
    return FSA_OK;
  }
  if (table->subject != FSA_FILE)
    return one_subject(cursor, (Subject){.pid = -1, .files = found, .file_count = count},
                       ret_error);
  cursor->subjects = fsa_arena_zero(&cursor->arena, count + 1, sizeof *cursor->subjects);
  if (!cursor->subjects) return out_of_memory(ret_error);
  for (size_t i = 0; i < count; i++) {
    const char *path = found[i].path;
    if (!fsa_key_admits_text(key, path, strlen(path))) continue;
    if (!fsa_key_admits_text(cursor->query.source_key, path, strlen(path))) continue;
    cursor->subjects[cursor->subject_count++] =
        (Subject){.pid = -1, .files = &found[i], .file_count = 1};
  }
  return FSA_OK;
}

int cursor_find_subjects(FsaCursor *cursor, FsaError *ret_error) {
  const unsigned sources = fsa_evidence_sources(cursor->use->evidence);
  switch (cursor->table->subject) {
  case FSA_PROCESS: return find_processes(cursor, ret_error);
  case FSA_HIVES:
    if (sources & FSA_LIVE_WINDOWS) return one_subject(cursor, (Subject){.pid = -1}, ret_error);
    return find_files(cursor, ret_error);
  case FSA_FILE:
  case FSA_FILE_SET: return find_files(cursor, ret_error);
  case FSA_HOST:
  default: return one_subject(cursor, (Subject){.pid = -1}, ret_error);
  }
}
