/* Remembered answers, and rows picked out of them. */
#include "osquery/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE (2 * FSA_NS_PER_SECOND)          /* how long an answer stands for the host */
#define TRIAL_TIME (FSA_NS_PER_SECOND)        /* what an enumeration on suspicion may cost */
#define TRIAL_ROWS 50000                      /* ... and how many rows it may have */
#define TRIAL_WORTH (FSA_NS_PER_SECOND / 250) /* 4 ms: what costs less needs no help */
#define TRIAL_REST (30 * FSA_NS_PER_SECOND)   /* after one that was too large none is tried */

/* What is known of one table, evidence and set of columns. */
typedef struct Entry {
  const FsaTable *table;
  char *evidence; /* evidence_text() */
  FsaColumnSet wanted;
  bool *sent;
  FsaRows *rows;     /* an enumeration; NULL when none is held */
  int64_t made;      /* when it was, monotonic ns */
  int64_t asked;     /* when a question with conditions was answered last; 0 = never */
  int64_t cost;      /* ... and how long that took, ns */
  int64_t too_large; /* until when no enumeration is tried */
  int64_t used;      /* the entry that was used longest ago makes room */
} Entry;

struct FsaCache {
  pthread_mutex_t lock;
  Entry entries[FSA_MAX_CACHED_ANSWERS];
};

FsaCache *fsa_cache_new(void) {
  FsaCache *cache = calloc(1, sizeof *cache);
  if (cache) pthread_mutex_init(&cache->lock, NULL);
  return cache;
}

static void entry_done(Entry *entry) {
  fsa_rows_drop(entry->rows);
  free(entry->evidence);
  free(entry->sent);
  *entry = (Entry){0};
}

void fsa_cache_free(FsaCache *cache) {
  if (!cache) return;
  for (size_t i = 0; i < FSA_MAX_CACHED_ANSWERS; i++) entry_done(&cache->entries[i]);
  pthread_mutex_destroy(&cache->lock);
  free(cache);
}

/* ---- entries ---- */

/* Gives back what no answer will be made of any more. Locked. */
static void drop_old(FsaCache *cache, int64_t now) {
  for (size_t i = 0; i < FSA_MAX_CACHED_ANSWERS; i++) {
    Entry *entry = &cache->entries[i];
    if (!entry->rows || now - entry->made < LIFE) continue;
    fsa_rows_drop(entry->rows);
    entry->rows = NULL;
  }
}

void fsa_cache_rest(FsaCache *cache) {
  pthread_mutex_lock(&cache->lock);
  drop_old(cache, fsa_clock_monotonic());
  pthread_mutex_unlock(&cache->lock);
}

/* The evidence of a question as one text, each name with its length; NULL when memory ran out. The
 * caller frees it. */
static char *evidence_text(const FsaQuestion *question) {
  FsaBuffer text = fsa_buffer(FSA_MAX_REQUEST);
  for (size_t i = 0; i < question->evidence_count; i++)
    fsa_buffer_printf(&text, "%zu:%s", strlen(question->evidence[i]), question->evidence[i]);
  char *copy = text.error ? NULL : strdup(fsa_buffer_text(&text));
  fsa_buffer_done(&text);
  return copy;
}

static bool is_same(const Entry *entry, const FsaQuestion *question, const char *evidence) {
  return entry->table == question->table &&
         memcmp(&entry->wanted, &question->wanted, sizeof entry->wanted) == 0 &&
         strcmp(entry->evidence, evidence) == 0 &&
         memcmp(entry->sent, question->sent,
                (size_t)layout_count(question->table) * sizeof *entry->sent) == 0;
}

/* The entry that makes room for another: a free one, or the one that was used longest ago. */
static Entry *oldest(FsaCache *cache) {
  Entry *found = &cache->entries[0];
  for (size_t i = 1; i < FSA_MAX_CACHED_ANSWERS; i++)
    if (cache->entries[i].used < found->used) found = &cache->entries[i];
  return found;
}

/* The entry for a question, made if need be; NULL when memory ran out. Locked. */
static Entry *entry_for(FsaCache *cache, const FsaQuestion *question) {
  char *evidence = evidence_text(question);
  if (!evidence) return NULL;
  for (size_t i = 0; i < FSA_MAX_CACHED_ANSWERS; i++) {
    Entry *entry = &cache->entries[i];
    if (!entry->table || !is_same(entry, question, evidence)) continue;
    free(evidence);
    entry->used = fsa_clock_monotonic();
    return entry;
  }
  const size_t columns = (size_t)layout_count(question->table);
  bool *sent = malloc(columns * sizeof *sent);
  if (!sent) {
    free(evidence);
    return NULL;
  }
  memcpy(sent, question->sent, columns * sizeof *sent);
  Entry *entry = oldest(cache);
  entry_done(entry);
  *entry = (Entry){.table = question->table,
                   .evidence = evidence,
                   .wanted = question->wanted,
                   .sent = sent,
                   .used = fsa_clock_monotonic()};
  return entry;
}

/* ---- picking ---- */

/* The numbers of a cell were written by us: decimal, whole. */
static int64_t number_in_cell(FsaText text) {
  char digits[24];
  snprintf(digits, sizeof digits, "%.*s", (int)text.size, text.data);
  return strtoll(digits, NULL, 10);
}

/* A whole second is admitted when any ns of it is. */
static bool admits_second(const FsaKey *key, int64_t second) {
  const int64_t most = INT64_MAX / FSA_NS_PER_SECOND - 1;
  if (second > most || second < -most) return true;
  const int64_t first = second * FSA_NS_PER_SECOND, last = first + FSA_NS_PER_SECOND - 1;
  return last >= key->min && first <= key->max;
}

/* Whether the row's own column meets what the question says of it. */
static bool admits_column(const FsaQuestion *question, FsaBytes row, int column) {
  const FsaTable *table = question->table;
  const FsaKey *key = &question->keys[column];
  if (fsa_key_is_open(key) || !question->sent[LAYOUT_FIRST + column]) return true;
  const FsaText value = fsa_rows_cell(row, fsa_answer_cell(LAYOUT_FIRST + column));
  if (!value.data) return false; /* NULL meets no condition */
  switch (table->columns[column].type) {
  case FSA_TIME: return admits_second(key, number_in_cell(value));
  case FSA_INTEGER:
  case FSA_BOOL: return fsa_key_admits_int(key, number_in_cell(value));
  case FSA_TEXT: return fsa_key_admits_text(key, value.data, value.size);
  default: return true;
  }
}

static bool admits(const void *context, FsaBytes row) {
  const FsaQuestion *question = context;
  for (int i = 0; i < question->table->column_count; i++)
    if (!admits_column(question, row, i)) return false;
  return true;
}

/* The rows that the question admits; NULL when memory ran out. Drops `rows`. */
static FsaRows *pick(FsaRows *rows, const FsaQuestion *question) {
  FsaRows *picked = fsa_rows_pick(rows, admits, question);
  fsa_rows_drop(rows);
  return picked;
}

/* ---- asking ---- */

/* Rows that are young enough, shared; or NULL. *ret_try: an enumeration is worth its cost. */
static FsaRows *look(FsaCache *cache, const FsaQuestion *question, int64_t now, bool *ret_try) {
  FsaRows *rows = NULL;
  pthread_mutex_lock(&cache->lock);
  drop_old(cache, now);
  Entry *entry = entry_for(cache, question);
  if (entry && entry->rows) rows = fsa_rows_share(entry->rows);
  *ret_try = entry && question->has_keys && now >= entry->too_large && entry->asked &&
             now - entry->asked < LIFE && entry->cost >= TRIAL_WORTH;
  pthread_mutex_unlock(&cache->lock);
  return rows;
}

static void remember(FsaCache *cache, const FsaQuestion *question, FsaRows *rows) {
  const int64_t now = fsa_clock_monotonic();
  pthread_mutex_lock(&cache->lock);
  Entry *entry = entry_for(cache, question);
  if (entry) {
    fsa_rows_drop(entry->rows);
    entry->rows = rows ? fsa_rows_share(rows) : NULL;
    entry->made = now;
    entry->too_large = rows ? 0 : now + TRIAL_REST;
  }
  pthread_mutex_unlock(&cache->lock);
}

/* An enumeration on suspicion that more of the same will be asked; NULL when it is too large. */
static FsaRows *enumerate(FsaService *service, const FsaQuestion *question, int64_t deadline) {
  FsaRows *rows = NULL;
  FsaError ignored;
  const int64_t end = fsa_clock_monotonic() + TRIAL_TIME;
  if (fsa_answer_scan(service, question, true, TRIAL_ROWS, end < deadline ? end : deadline, &rows,
                      &ignored) != FSA_OK)
    rows = NULL;
  if (rows && fsa_rows_held(rows) > FSA_MAX_CACHED_BYTES) {
    fsa_rows_drop(rows);
    rows = NULL;
  }
  remember(service->cache, question, rows);
  return rows;
}

/*
 * What tells of the look itself changes with each look. A seek is cheap, and fresh. An argument
 * says what is scanned. And `source` is no cell that can be tested.
 */
static bool is_for_cache(const FsaQuestion *question) {
  return question->table->sources != FSA_ANYWHERE && !question->seeks && !question->has_arguments &&
         fsa_key_is_open(&question->keys[question->table->column_count]);
}

FsaRows *fsa_cache_find(FsaService *service, const FsaQuestion *question, int64_t deadline) {
  bool is_worth_it;
  if (!is_for_cache(question)) return NULL;
  FsaRows *rows = look(service->cache, question, fsa_clock_monotonic(), &is_worth_it);
  if (!rows && is_worth_it) rows = enumerate(service, question, deadline);
  return rows && question->has_keys ? pick(rows, question) : rows;
}

/* A question with conditions was answered without the cache: the next of its kind knows the cost.
 */
static void note_cost(FsaCache *cache, const FsaQuestion *question, int64_t cost) {
  pthread_mutex_lock(&cache->lock);
  Entry *entry = entry_for(cache, question);
  if (entry) {
    entry->asked = fsa_clock_monotonic();
    entry->cost = cost;
  }
  pthread_mutex_unlock(&cache->lock);
}

void fsa_cache_keep(FsaCache *cache, const FsaQuestion *question, FsaRows *rows, int64_t cost) {
  if (!is_for_cache(question)) return;
  if (question->has_keys)
    note_cost(cache, question, cost);
  else if (fsa_rows_held(rows) <= FSA_MAX_CACHED_BYTES)
    remember(cache, question, rows);
}
