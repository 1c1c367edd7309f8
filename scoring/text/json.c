/* A pull reader of JSON that was written by others. See json.h; the grammar is RFC 8259. */
#include "text/json.h"

#include <string.h>

#include "text/json_scan.h"

FsaJson fsa_json(const char *data, size_t size) {
  return (FsaJson){.data = data, .size = size};
}

static bool fail(FsaJson *json, const char *why) {
  if (json->why) return false;
  json->why = json->at < json->size ? why : "the text ends inside a value";
  json->cut = json->at >= json->size;
  return false;
}

static void skip_space(FsaJson *json) {
  while (json->at < json->size) {
    char c = json->data[json->at];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    json->at++;
  }
}

/* Takes `c` when it comes next. */
static bool take(FsaJson *json, char c) {
  skip_space(json);
  if (json->at >= json->size || json->data[json->at] != c) return false;
  json->at++;
  return true;
}

FsaJsonKind fsa_json_kind(FsaJson *json) {
  if (json->why) return FSA_JSON_BAD;
  skip_space(json);
  if (json->at >= json->size) return FSA_JSON_END;
  char c = json->data[json->at];
  if (c == '{') return FSA_JSON_OBJECT;
  if (c == '[') return FSA_JSON_ARRAY;
  if (c == '"') return FSA_JSON_STRING;
  if (c == '-' || (c >= '0' && c <= '9')) return FSA_JSON_NUMBER;
  if (c == 't' || c == 'f' || c == 'n') return FSA_JSON_WORD;
  return FSA_JSON_BAD;
}

bool fsa_json_enter(FsaJson *json) {
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind != FSA_JSON_OBJECT && kind != FSA_JSON_ARRAY) return fail(json, "no object or array");
  json->at++;
  json->first = true;
  return true;
}

static bool read_string(FsaJson *json, FsaJsonText *ret_text) {
  size_t start = json->at + 1, at = start;
  bool plain = true;
  for (;;) {
    at = fsa_json_plain_end(json->data, at, json->size);
    if (at >= json->size) {
      json->at = json->size;
      return fail(json, "");
    }
    if (json->data[at] == '"') break;
    plain = false;
    at += json->data[at] == '\\' ? 2 : 1;
  }
  json->at = at + 1;
  *ret_text = (FsaJsonText){json->data + start, at - start, plain};
  return true;
}

static bool is_word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.';
}

/* The digits from `at`; false when there is none. */
static bool pass_digits(FsaJsonText text, size_t *at) {
  size_t start = *at;
  while (*at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9') ++*at;
  return *at > start;
}

static bool is_number(FsaJsonText text) {
  size_t at = text.size && text.data[0] == '-' ? 1 : 0;
  if (!pass_digits(text, &at)) return false;
  if (at < text.size && text.data[at] == '.') {
    at++;
    if (!pass_digits(text, &at)) return false;
  }
  if (at < text.size && (text.data[at] | 0x20) == 'e') {
    at++;
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) at++;
    if (!pass_digits(text, &at)) return false;
  }
  return at == text.size;
}

static bool is_word(FsaJsonText text) {
  return fsa_json_is(text, "true") || fsa_json_is(text, "false") || fsa_json_is(text, "null");
}

static bool read_bare(FsaJson *json, FsaJsonKind kind, FsaJsonText *ret_text) {
  size_t start = json->at, at = start;
  while (at < json->size && is_word_character(json->data[at])) at++;
  FsaJsonText text = {json->data + start, at - start, true};
  if (kind == FSA_JSON_NUMBER ? !is_number(text) : !is_word(text)) {
    if (at == json->size) json->at = at; /* a number or word that the end cut */
    return fail(json, "no number and no word of JSON");
  }
  json->at = at;
  *ret_text = text;
  return true;
}

bool fsa_json_scalar(FsaJson *json, FsaJsonText *ret_text) {
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind == FSA_JSON_STRING) return read_string(json, ret_text);
  if (kind == FSA_JSON_NUMBER || kind == FSA_JSON_WORD) return read_bare(json, kind, ret_text);
  return fail(json, "no string, number or word");
}

/* True when another member comes: the comma, or the first one; false at `close`, which is taken. */
static bool more(FsaJson *json, char close) {
  if (json->why) return false;
  bool first = json->first;
  json->first = false;
  if (take(json, close)) return false;
  if (first || take(json, ',')) return true;
  return fail(json, "no comma and no end of an object or array");
}

bool fsa_json_item(FsaJson *json) {
  return more(json, ']');
}

bool fsa_json_member(FsaJson *json, FsaJsonText *ret_name) {
  if (!more(json, '}')) return false;
  if (fsa_json_kind(json) != FSA_JSON_STRING) return fail(json, "a member without a name");
  if (!read_string(json, ret_name)) return false;
  return take(json, ':') || fail(json, "a name without a value");
}

/*
 * Skips with one bit a level (object or array) instead of recursion, so that nesting costs no
 * stack.
 */
bool fsa_json_skip(FsaJson *json) {
  uint64_t objects = 0;
  unsigned depth = 0;
  FsaJsonText text;
  for (;;) {
    FsaJsonKind kind = fsa_json_kind(json);
    if (kind == FSA_JSON_OBJECT || kind == FSA_JSON_ARRAY) {
      if (depth == FSA_MAX_JSON_DEPTH) return fail(json, "nested too deeply");
      fsa_json_enter(json);
      objects = objects << 1 | (kind == FSA_JSON_OBJECT);
      depth++;
    } else if (!fsa_json_scalar(json, &text)) {
      return false;
    }
    while (depth && !(objects & 1 ? fsa_json_member(json, &text) : fsa_json_item(json))) {
      if (json->why) return false;
      objects >>= 1;
      depth--;
    }
    if (!depth) return true;
  }
}

/* ---- passing over a value without reading it ----------------------------------------------------
 */

#define EVEN_BITS UINT64_C(0x5555555555555555)

/* Where a pass stands, from 64 bytes to the next. */
typedef struct Pass {
  uint64_t in_string; /* all bits or none: the last byte was inside a string */
  uint64_t escaped;   /* 1: the next byte is */
  size_t depth;       /* open objects and arrays */
} Pass;

/*
 * The bytes behind a backslash that is not itself escaped. A sum carries each run of backslashes to
 * its end; of runs that begin at odd and at even places the parity of the end tells the length's.
 * [Langdale, Lemire: "Parsing gigabytes of JSON per second", 2019]
 */
static uint64_t escaped_bytes(uint64_t backslashes, uint64_t *escaped) {
  if (!backslashes) {
    uint64_t first = *escaped;
    *escaped = 0;
    return first;
  }
  backslashes &= ~*escaped;
  uint64_t follows = backslashes << 1 | *escaped, sum;
  uint64_t odd_starts = backslashes & ~EVEN_BITS & ~follows;
  *escaped = __builtin_add_overflow(odd_starts, backslashes, &sum);
  return (EVEN_BITS ^ (sum << 1)) & follows;
}

/* Bits from each quote up to before the next one. */
static uint64_t string_bytes(uint64_t quotes) {
  for (unsigned shift = 1; shift < 64; shift *= 2) quotes ^= quotes << shift;
  return quotes;
}

/* The place behind the bracket that closes the outermost value; 0 when it is not among these 64. */
static unsigned pass_block(Pass *pass, const char *block) {
  FsaStringMasks masks = fsa_string_masks(block);
  uint64_t quotes = masks.quotes & ~escaped_bytes(masks.backslashes, &pass->escaped);
  if (!fsa_has_brackets(block)) {
    pass->in_string ^= 0 - (uint64_t)__builtin_parityll(quotes);
    return 0;
  }
  FsaBracketMasks brackets = fsa_bracket_masks(block);
  uint64_t strings = string_bytes(quotes) ^ pass->in_string;
  pass->in_string = 0 - (strings >> 63);
  for (uint64_t left = (brackets.opens | brackets.closes) & ~strings; left; left &= left - 1) {
    uint64_t lowest = left & (0 - left);
    pass->depth += brackets.opens & lowest ? 1 : SIZE_MAX;
    if (!pass->depth) return (unsigned)__builtin_ctzll(lowest) + 1;
  }
  return 0;
}

bool fsa_json_pass(FsaJson *json) {
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind != FSA_JSON_OBJECT && kind != FSA_JSON_ARRAY) return fail(json, "no object or array");
  Pass pass = {0};
  for (size_t at = json->at; at < json->size; at += 64) {
    char last[64] = {0};
    size_t left = json->size - at;
    const char *block = json->data + at;
    if (left < 64) block = memcpy(last, block, left);
    unsigned end = pass_block(&pass, block);
    if (!end) continue;
    json->at = at + end;
    return true;
  }
  json->at = json->size;
  return fail(json, "");
}

/* ---- text -------------------------------------------------------------------------------------
 */

bool fsa_json_is(FsaJsonText text, const char *name) {
  size_t size = strlen(name);
  if (text.plain) return text.size == size && memcmp(text.data, name, size) == 0;
  FsaArena arena = fsa_arena(0);
  FsaText decoded = fsa_json_decode(&arena, text);
  bool same = decoded.data && decoded.size == size && memcmp(decoded.data, name, size) == 0;
  fsa_arena_done(&arena);
  return same;
}

static bool read_hex4(FsaJsonText text, size_t at, uint32_t *ret_unit) {
  if (text.size < 4 || at > text.size - 4) return false;
  uint32_t unit = 0;
  for (size_t i = at; i < at + 4; i++) {
    char c = text.data[i], lower = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
      unit = unit << 4 | (uint32_t)(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit << 4 | (uint32_t)(lower - 'a' + 10);
    else
      return false;
  }
  *ret_unit = unit;
  return true;
}

/* A \u escape whose digits begin at *at, with its second half where it is a pair; moves *at behind.
 */
static size_t put_unicode(char *out, FsaJsonText text, size_t *at) {
  uint32_t unit, low;
  if (!read_hex4(text, *at, &unit)) return fsa_utf8_put(out, 0xFFFD);
  *at += 4;
  bool high = unit >= 0xD800 && unit < 0xDC00;
  if (high && *at + 1 < text.size && text.data[*at] == '\\' && text.data[*at + 1] == 'u' &&
      read_hex4(text, *at + 2, &low) && low >= 0xDC00 && low < 0xE000) {
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    *at += 6;
  }
  if (unit >= 0xD800 && unit < 0xE000) unit = 0xFFFD;
  return fsa_utf8_put(out, unit ? unit : 0x2400);
}

static char unescape(char c) {
  switch (c) {
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return c;
  }
}

/* Appends the run up to the next backslash; true when all of it is printable ASCII. */
static bool put_run(char *out, FsaJsonText text, size_t *at, size_t *size) {
  const char *start = text.data + *at;
  const char *stop = memchr(start, '\\', text.size - *at);
  size_t run = stop ? (size_t)(stop - start) : text.size - *at;
  memcpy(out + *size, start, run);
  *at += run;
  *size += run;
  return fsa_json_plain_end(start, 0, run) == run;
}

FsaText fsa_json_decode(FsaArena *arena, FsaJsonText text) {
  if (text.plain) return (FsaText){text.data, text.size};
  /* only a damaged "\u" grows: two bytes become the three of U+FFFD */
  if (text.size > SIZE_MAX / 2 - 4) return (FsaText){NULL, 0};
  char *out = fsa_arena_alloc(arena, text.size + text.size / 2 + 4);
  if (!out) return (FsaText){NULL, 0};
  size_t size = 0, at = 0;
  bool is_ascii = true;
  while (at < text.size) {
    is_ascii &= put_run(out, text, &at, &size);
    if (at + 1 >= text.size) break;
    char c = text.data[++at];
    at++;
    if (c == 'u') {
      is_ascii = false;
      size += put_unicode(out + size, text, &at);
    } else {
      out[size++] = unescape(c);
      is_ascii &= (unsigned char)c < 0x80 && c != '\0';
    }
  }
  return is_ascii ? (FsaText){out, size} : fsa_text_clean(arena, out, size);
}

bool fsa_json_integer(FsaJsonText text, int64_t *ret_value) {
  size_t at = 0, size = text.size;
  bool negative = size && text.data[0] == '-';
  if (negative) at++;
  if (at == size) return false;
  int64_t value = 0;
  for (; at < size; at++) {
    int digit = text.data[at] - '0';
    if (digit < 0 || digit > 9) return false;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
      return false;
  }
  *ret_value = negative ? -value : value;
  return true;
}
