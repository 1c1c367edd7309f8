/* Keys: which values a query's constraints admit. Text is compared in any letter case: a superset
 * of what SQLite keeps. */
#include <stdlib.h>

#include "engine/engine.h"

static int compare_int(const void *a, const void *b) {
  int64_t x = ((const FsaKeyValue *)a)->integer, y = ((const FsaKeyValue *)b)->integer;
  return (x > y) - (x < y);
}

static int compare_text(const void *a, const void *b) {
  FsaText x = ((const FsaKeyValue *)a)->text, y = ((const FsaKeyValue *)b)->text;
  return fsa_text_compare(x.data, x.size, y.data, y.size);
}

void fsa_key_sort(FsaKeyValue *values, size_t count, bool as_text) {
  qsort(values, count, sizeof *values, as_text ? compare_text : compare_int);
}

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
  const FsaKey *key = &keys[column];
  bool is_open =
      key->value_count == 0 && !key->prefix.data && key->min == INT64_MIN && key->max == INT64_MAX;
  return is_open ? NULL : key;
}

bool fsa_admits_int(const FsaScan *scan, int column, int64_t value) {
  return fsa_key_admits_int(fsa_key(scan, column), value);
}

bool fsa_admits_text(const FsaScan *scan, int column, const char *text, size_t size) {
  return fsa_key_admits_text(fsa_key(scan, column), text, size);
}

bool fsa_wants(const FsaScan *scan, int column) {
  return (scan->cursor->query.wanted >> column & 1) != 0;
}
