/* Keys: which values a query's constraints admit. Text is compared in any letter case: a superset
 * of what SQLite keeps. */
#include "engine/engine.h"

static bool in_values_int(const FsaKey *key, int64_t value) {
  for (size_t i = 0; i < key->value_count; i++)
    if (key->values[i].integer == value) return true;
  return false;
}

bool fsa_key_admits_int(const FsaKey *key, int64_t value) {
  if (!key) return true;
  if (value < key->min || value > key->max) return false;
  return key->value_count == 0 || in_values_int(key, value);
}

bool fsa_key_admits_text(const FsaKey *key, const char *text, size_t size) {
  if (!key) return true;
  if (key->prefix.data && !fsa_text_starts(text, size, key->prefix.data, key->prefix.size))
    return false;
  if (key->value_count == 0) return true;
  for (size_t i = 0; i < key->value_count; i++) {
    FsaText value = key->values[i].text;
    if (value.data && fsa_text_same(value.data, value.size, text, size)) return true;
  }
  return false;
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
