/* Artefact keys. See key.h. */
#include "text/key.h"

#include <string.h>

#define MAX_DIGITS 19 /* of a 64-bit integer */

/* ---- character classes ------------------------------------------------------------------------
 */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_hex(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static bool is_letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
static bool is_alnum(char c) {
  return is_digit(c) || is_letter(c) || (unsigned char)c >= 0x80;
}
static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}
static bool is_separator(char c) {
  return c == '\\' || c == '/';
}

/* In any letter case; `prefix` is ASCII. */
static bool has_prefix(FsaText text, size_t at, const char *prefix) {
  size_t i = 0;
  while (prefix[i] && at + i < text.size && lower(text.data[at + i]) == lower(prefix[i])) i++;
  return !prefix[i];
}

/* ---- the things that are replaced: each gives the bytes that it takes at `at`, 0 = none ---- */

static size_t take_guid(FsaText text, size_t at) {
  static const unsigned char groups[] = {8, 4, 4, 4, 12};
  size_t to = at;
  bool braces = text.data[to] == '{';
  if (braces) to++;
  for (size_t group = 0; group < sizeof groups; group++) {
    if (group && (to >= text.size || text.data[to++] != '-')) return 0;
    for (size_t i = 0; i < groups[group]; i++, to++)
      if (to >= text.size || !is_hex(text.data[to])) return 0;
  }
  if (braces && (to >= text.size || text.data[to++] != '}')) return 0;
  if (!braces && to < text.size && is_alnum(text.data[to])) return 0;
  return to - at;
}

static size_t take_sid(FsaText text, size_t at) {
  if ((text.data[at] | 0x20) != 's') return 0;
  static const char *const owned[] = {"S-1-5-21-", "S-1-5-5-", "S-1-12-1-"};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
    if (!has_prefix(text, at, owned[i])) continue;
    size_t to = at + strlen(owned[i]);
    if (to >= text.size || !is_digit(text.data[to])) return 0;
    while (to < text.size &&
           (is_digit(text.data[to]) ||
            (text.data[to] == '-' && to + 1 < text.size && is_digit(text.data[to + 1]))))
      to++;
    return to - at;
  }
  return 0;
}

static size_t take_hex(FsaText text, size_t at) {
  size_t to = at, digits = 0;
  while (to < text.size && is_hex(text.data[to])) digits += is_digit(text.data[to++]);
  bool is_word = to == text.size || !is_alnum(text.data[to]);
  return is_word && digits && to - at >= 8 ? to - at : 0;
}

static size_t take_digits(FsaText text, size_t at) {
  size_t to = at;
  while (to < text.size && is_digit(text.data[to])) to++;
  return to - at >= 3 ? to - at : 0;
}

static bool is_shared_profile(FsaText name) {
  static const char *const shared[] = {"public", "default", "all users", "default user"};
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
    if (fsa_text_same(name.data, name.size, shared[i], strlen(shared[i]))) return true;
  return false;
}

/* "\Users\NAME" at a separator, up to before the next one. */
static size_t take_profile(FsaText text, size_t at) {
  char initial = at + 1 < text.size ? (char)(text.data[at + 1] | 0x20) : 0;
  if (initial != 'u' && initial != 'd' && initial != 'h') return 0;
  static const char *const homes[] = {"\\Users\\", "\\Documents and Settings\\", "/home/",
                                      "/Users/"};
  for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
    if (!has_prefix(text, at, homes[i])) continue;
    size_t start = at + strlen(homes[i]), to = start;
    while (to < text.size && !is_separator(text.data[to]) && text.data[to] != '"') to++;
    if (to == start || is_shared_profile((FsaText){text.data + start, to - start})) return 0;
    return to - at;
  }
  return 0;
}

/* ---- one value --------------------------------------------------------------------------------
 */

static bool ends_with(FsaText text, const char *end, size_t size) {
  return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static bool is_hash_column(FsaText column) {
  return ends_with(column, "md5", 3) || ends_with(column, "sha1", 4) ||
         ends_with(column, "sha256", 6) || ends_with(column, "hash", 4);
}

/* A drive, or a backslash: names of Windows, which does not tell letter cases apart. */
static bool is_windows_name(FsaText value) {
  return memchr(value.data, '\\', value.size) ||
         (value.size > 2 && is_letter(value.data[0]) && value.data[1] == ':');
}

/*
 * True when the value is a decimal number and nothing else, as a column of integers has it: an
 * event id, a port, a flag. JSON carries them as text, so the value alone can tell.
 */
static bool is_number(FsaText value) {
  size_t at = value.size && value.data[0] == '-', start = at;
  while (at < value.size && is_digit(value.data[at])) at++;
  size_t digits = at - start;
  if (at < value.size || digits == 0 || digits > MAX_DIGITS) return false;
  return value.data[start] != '0' || digits == 1; /* 00112233 is a name */
}

/*
 * What stands for the thing at `at`, if one begins there; *ret_taken is its size. A token is never
 * longer than what it stands for.
 */
static const char *token_at(FsaText value, size_t at, size_t *ret_taken) {
  char c = value.data[at];
  bool is_word = is_alnum(c), starts_word = is_word && (at == 0 || !is_alnum(value.data[at - 1]));
  if (is_separator(c)) {
    *ret_taken = take_profile(value, at);
    return *ret_taken ? (c == '/' ? "/%USER%" : "\\%USER%") : NULL;
  }
  if (!is_word && c != '{') return NULL;
  /* an address: its 0x belongs to the number */
  bool after_0x = at >= 2 && (value.data[at - 1] | 0x20) == 'x' && value.data[at - 2] == '0';
  if ((starts_word || c == '{') && (*ret_taken = take_guid(value, at)) > 0) return "{G}";
  if (starts_word && (*ret_taken = take_sid(value, at)) > 0) return "{S}";
  if ((starts_word || after_0x) && (*ret_taken = take_hex(value, at)) > 0) return "{H}";
  if (is_digit(c) && (*ret_taken = take_digits(value, at)) > 0) return "{N}";
  return NULL;
}

/*
 * The size of the word that starts at `at` when nothing in it can be replaced, else 0: identifiers
 * and numbers have a digit, or a dash behind their first word.
 */
static size_t plain_word(FsaText value, size_t at) {
  if (at && is_alnum(value.data[at - 1])) return 0; /* its start was looked at */
  size_t to = at;
  while (to < value.size && is_alnum(value.data[to]) && !is_digit(value.data[to])) to++;
  bool ends = to == value.size || (!is_digit(value.data[to]) && value.data[to] != '-');
  return ends ? to - at : 0;
}

static char *put_bytes(char *to, FsaText bytes, bool lowers) {
  for (size_t i = 0; i < bytes.size; i++) {
    char c = lowers ? lower(bytes.data[i]) : bytes.data[i];
    to[i] = c == FSA_KEY_SEPARATOR ? '?' : c;
  }
  return to + bytes.size;
}

/* Puts what stands for the value's bytes from `at` on; gives how many they are. */
static size_t put_part(char **to, FsaText value, size_t at, bool lowers) {
  size_t size = plain_word(value, at);
  const char *token = size ? NULL : token_at(value, at, &size);
  if (!token) {
    size = size ? size : 1;
    *to = put_bytes(*to, (FsaText){value.data + at, size}, lowers);
    return size;
  }
  memcpy(*to, token, strlen(token));
  *to += strlen(token);
  return size;
}

void fsa_key_put(FsaBuffer *out, FsaText column, FsaText value) {
  char *start = value.size ? fsa_buffer_room(out, value.size) : NULL, *to = start;
  if (!start) return;
  bool is_hash = is_hash_column(column), lowers = is_hash || is_windows_name(value);
  if (is_hash || is_number(value))
    to = put_bytes(to, value, lowers);
  else
    for (size_t at = 0; at < value.size;) at += put_part(&to, value, at, lowers);
  fsa_buffer_added(out, (size_t)(to - start));
}
