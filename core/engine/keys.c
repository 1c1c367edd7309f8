/* Keys: which values a query's constraints admit. Text is compared in any letter case: a superset
 * of what SQLite keeps. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

FsaKey fsa_key_open(void) {
  return (FsaKey){.min = INT64_MIN, .max = INT64_MAX};
}

bool fsa_key_is_open(const FsaKey *key) {
  return key->value_count == 0 && !key->prefix.data && key->min == INT64_MIN &&
         key->max == INT64_MAX;
}

/* ---- conditions ---- */

static int64_t seconds_to_ns(int64_t seconds, int64_t rest) {
  const int64_t most = INT64_MAX / FSA_NS_PER_SECOND - 1;
  if (seconds > most) return INT64_MAX;
  if (seconds < -most) return INT64_MIN;
  return seconds * FSA_NS_PER_SECOND + rest;
}

/* A number as an integer; `up`: a fraction is rounded up, else down. False when it does not fit. */
static bool whole_of(FsaNumber number, bool up, int64_t *ret_integer) {
  *ret_integer = number.integer;
  if (!number.is_real) return true;
  if (!(number.real >= -0x1p63 && number.real < 0x1p63)) return false;
  int64_t whole = (int64_t)number.real;
  if ((double)whole > number.real) whole--;
  *ret_integer = (double)whole < number.real && up ? whole + 1 : whole;
  return true;
}

int64_t fsa_key_integer(FsaNumber number) {
  int64_t integer;
  return whole_of(number, false, &integer) ? integer : INT64_MIN;
}

static void narrow(FsaKey *key, int64_t min, int64_t max) {
  if (min > key->min) key->min = min;
  if (max < key->max) key->max = max;
}

void fsa_key_bound(FsaKey *key, FsaComparison comparison, FsaNumber number, FsaKeyOrder order) {
  int64_t bound;
  const bool is_upper = comparison == FSA_LESS || comparison == FSA_LESS_EQUAL;
  if (order == FSA_BY_TEXT || !whole_of(number, is_upper, &bound)) return;
  if (comparison == FSA_GREATER && !number.is_real && bound < INT64_MAX) bound++;
  if (comparison == FSA_LESS && !number.is_real && bound > INT64_MIN) bound--;
  if (order == FSA_BY_SECONDS) bound = seconds_to_ns(bound, is_upper ? FSA_NS_PER_SECOND - 1 : 0);
  narrow(key, is_upper ? INT64_MIN : bound, is_upper ? bound : INT64_MAX);
}

/* LIKE 'HKEY_USERS\x%': names that hold '_' themselves would end the prefix at their first one. */
static int add_wide_prefix(FsaKey *key, FsaArena *arena, FsaText pattern) {
  const size_t size = strcspn(pattern.data, "%");
  const char *copy = fsa_arena_copy(arena, pattern.data, size);
  if (!copy) return FSA_E_NOMEM;
  key->wide_prefix = (FsaText){copy, size};
  return FSA_OK;
}

int fsa_key_pattern(FsaKey *key, FsaArena *arena, FsaText pattern, const char *wildcards) {
  const size_t fixed = strcspn(pattern.data, wildcards);
  if (key->prefix.data || fixed == 0) return FSA_OK;
  const char *copy = fsa_arena_copy(arena, pattern.data, fixed);
  if (!copy) return FSA_E_NOMEM;
  if (fixed < pattern.size || key->value_count) {
    key->prefix = (FsaText){copy, fixed};
    if (pattern.data[fixed] == '_') return add_wide_prefix(key, arena, pattern);
    return FSA_OK;
  }
  FsaKeyValue *only = fsa_arena_zero(arena, 1, sizeof *only); /* nothing but this, in any case */
  if (!only) return FSA_E_NOMEM;
  *only = (FsaKeyValue){.text = {copy, fixed}, .integer = INT64_MIN};
  key->values = only;
  key->value_count = 1;
  return FSA_OK;
}

/* Whole seconds stand for a second's worth of ns: the values become a range around all of them. */
static void narrow_to_seconds(FsaKey *key, const FsaKeyValue *values, size_t count) {
  int64_t min = INT64_MAX, max = INT64_MIN;
  for (size_t i = 0; i < count; i++) {
    if (values[i].integer < min) min = values[i].integer;
    if (values[i].integer > max) max = values[i].integer;
  }
  narrow(key, seconds_to_ns(min, 0), seconds_to_ns(max, FSA_NS_PER_SECOND - 1));
}

static int compare_int(const void *a, const void *b) {
  int64_t x = ((const FsaKeyValue *)a)->integer, y = ((const FsaKeyValue *)b)->integer;
  return (x > y) - (x < y);
}

/* COLLATE RTRIM takes no notice of blanks at the end, and not every door is told of it. */
static FsaText trimmed(FsaText text) {
  while (text.size > 0 && text.data[text.size - 1] == ' ') text.size--;
  return text;
}

static int compare_text(const void *a, const void *b) {
  FsaText x = trimmed(((const FsaKeyValue *)a)->text), y = trimmed(((const FsaKeyValue *)b)->text);
  return fsa_text_compare(x.data, x.size, y.data, y.size);
}

/* Letter case counts: a value may be the text of a rule. */
static bool is_double(const FsaKeyValue *a, const FsaKeyValue *b) {
  return a->integer == b->integer && a->text.size == b->text.size &&
         (a->text.size == 0 || memcmp(a->text.data, b->text.data, a->text.size) == 0);
}

/* Leaves one of each of the sorted values; gives their number. */
static size_t without_doubles(FsaKeyValue *values, size_t count) {
  size_t kept = 1;
  for (size_t i = 1; i < count; i++)
    if (!is_double(&values[kept - 1], &values[i])) values[kept++] = values[i];
  return kept;
}

void fsa_key_equal(FsaKey *key, FsaKeyValue *values, size_t count, FsaKeyOrder order) {
  if (order == FSA_BY_SECONDS) {
    narrow_to_seconds(key, values, count);
    return;
  }
  if (key->value_count) return;
  qsort(values, count, sizeof *values, order == FSA_BY_TEXT ? compare_text : compare_int);
  key->values = values;
  key->value_count = without_doubles(values, count);
}

/* ---- tests ---- */

bool fsa_key_admits_int(const FsaKey *key, int64_t value) {
  if (!key) return true;
  if (value < key->min || value > key->max) return false;
  const FsaKeyValue wanted = {.integer = value};
  return key->value_count == 0 ||
         bsearch(&wanted, key->values, key->value_count, sizeof wanted, compare_int);
}

bool fsa_key_admits_text(const FsaKey *key, const char *text, size_t size) {
  if (!key) return true;
  if (key->prefix.data && !fsa_text_starts(text, size, key->prefix.data, key->prefix.size))
    return false;
  const FsaKeyValue wanted = {.text = {text, size}};
  return key->value_count == 0 ||
         bsearch(&wanted, key->values, key->value_count, sizeof wanted, compare_text);
}

const FsaKey *fsa_key(const FsaScan *scan, int column) {
  const FsaKey *keys = scan->cursor->query.keys;
  if (!keys) return NULL;
  return fsa_key_is_open(&keys[column]) ? NULL : &keys[column];
}

bool fsa_admits_int(const FsaScan *scan, int column, int64_t value) {
  return fsa_key_admits_int(fsa_key(scan, column), value);
}

bool fsa_admits_text(const FsaScan *scan, int column, const char *text, size_t size) {
  return fsa_key_admits_text(fsa_key(scan, column), text, size);
}

bool fsa_wants(const FsaScan *scan, int column) {
  return fsa_columns_has(&scan->cursor->query.wanted, column);
}
