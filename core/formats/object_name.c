/* Names of kernel objects and pipes. */
#include "formats/object_name.h"

#include <string.h>

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How many characters from `at` on are of a kind. */
static size_t run(FsaText text, size_t at, bool (*is_kind)(char)) {
  size_t end = at;
  while (end < text.size && is_kind(text.data[end])) end++;
  return end - at;
}

/* No pid and no part of a name is longer: pids have 32 bits. */
enum { MOST_PID_DIGITS = 10 };

/* The number that `size` digits are; false when there are none or too many. */
static bool number(FsaText text, size_t at, size_t size, unsigned base, int64_t *ret_number) {
  if (size == 0 || size > MOST_PID_DIGITS) return false;
  int64_t value = 0;
  for (size_t i = at; i < at + size; i++) {
    const char c = text.data[i];
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    if (digit >= (int)base) return false;
    value = value * base + digit;
  }
  *ret_number = value;
  return true;
}

/* ---- changing parts -------------------------------------------------------------------------- */

/* True when a GUID in its usual form, 8-4-4-4-12 digits, is a word of its own at `at`. */
static bool is_guid(FsaText text, size_t at) {
  static const unsigned char groups[] = {8, 4, 4, 4, 12};
  for (size_t i = 0; i < sizeof groups; i++) {
    if (i && (at >= text.size || text.data[at++] != '-')) return false;
    if (run(text, at, is_hex) < groups[i]) return false;
    at += groups[i];
  }
  return at == text.size || !is_alphanumeric(text.data[at]);
}

/* shorter words are hexadecimal by chance too often to be taken for a pid */
enum { GUID_SIZE = 36, LEAST_HEX = 6, LEAST_HEX_PID = 3 };

static bool is_pid(FsaText text, size_t at, size_t size, unsigned base, const int64_t *pids,
                   size_t pid_count) {
  int64_t value;
  if (!number(text, at, size, base, &value)) return false;
  for (size_t i = 0; i < pid_count; i++)
    if (pids[i] == value) return true;
  return false;
}

/* A word that is hexadecimal throughout: one that is a pid, or one that is long. 0 = neither. */
static char hex_word(FsaText text, size_t at, size_t size, const int64_t *pids, size_t pid_count) {
  if (is_pid(text, at, size, 10, pids, pid_count)) return 'P';
  if (size >= LEAST_HEX_PID && is_pid(text, at, size, 16, pids, pid_count)) return 'P';
  return size >= LEAST_HEX ? 'H' : 0;
}

FsaText fsa_object_name_normalize(FsaArena *arena, FsaText name, const int64_t *pids,
                                  size_t pid_count) {
  char *out = fsa_arena_alloc(arena, name.size + 1);
  if (!out) return (FsaText){NULL, 0};
  size_t size = 0, at = 0, word_end = 0;
  while (at < name.size) {
    const bool starts_word = at >= word_end;
    const size_t word = starts_word ? run(name, at, is_alphanumeric) : 0;
    if (starts_word) word_end = at + word;
    const size_t digits = run(name, at, is_digit);
    char mark;
    if (word == 8 && is_guid(name, at)) {
      out[size++] = 'G';
      at += GUID_SIZE;
    } else if (word && run(name, at, is_hex) == word &&
               (mark = hex_word(name, at, word, pids, pid_count)) != 0) {
      out[size++] = mark;
      at += word;
    } else if (digits) {
      out[size++] = is_pid(name, at, digits, 10, pids, pid_count) ? 'P' : 'D';
      at += digits;
    } else {
      out[size++] = name.data[at++];
    }
  }
  out[size] = '\0';
  return (FsaText){out, size};
}

/* ---- pids by custom -------------------------------------------------------------------------- */

/* What stands behind `prefix`, in any letter case; false when the text does not begin so. */
static bool skip(FsaText *text, const char *prefix) {
  const size_t size = strlen(prefix);
  if (!fsa_text_starts(text->data, text->size, prefix, size)) return false;
  *text = (FsaText){text->data + size, text->size - size};
  return true;
}

/* A decimal number up to `end`, which is passed over too. */
static bool take(FsaText *text, char end, FsaText *ret_digits) {
  const size_t size = run(*text, 0, is_digit);
  if (size == 0 || size >= text->size || text->data[size] != end) return false;
  *ret_digits = (FsaText){text->data, size};
  *text = (FsaText){text->data + size + 1, text->size - size - 1};
  return true;
}

static FsaText without_directories(FsaText name) {
  for (size_t i = name.size; i > 0; i--)
    if (name.data[i - 1] == '\\') return (FsaText){name.data + i, name.size - i};
  return name;
}

bool fsa_pipe_name_pid(FsaText name, int64_t *ret_pid) {
  FsaText rest = without_directories(name), digits;
  if (skip(&rest, "CatalogChangeListener-")) {
    const size_t size = run(rest, 0, is_hex);
    return size < rest.size && rest.data[size] == '-' && number(rest, 0, size, 16, ret_pid);
  }
  if (skip(&rest, "PSHost.")) {
    if (!take(&rest, '.', &digits)) return false; /* ticks */
  } else if (skip(&rest, "crashpad_")) {
    return take(&rest, '_', &digits) && number(digits, 0, digits.size, 10, ret_pid);
  } else if (!skip(&rest, "mojo.") && !skip(&rest, "chrome.")) {
    return false;
  }
  return take(&rest, '.', &digits) && number(digits, 0, digits.size, 10, ret_pid);
}
