/*
 * A pull reader of JSON that was written by others. [RFC 8259]
 *
 * It reads where the bytes lie, builds no tree and allocates nothing: the caller asks for the kind
 * of the next value and enters, reads or skips it. What a result log can hold is tolerated inside
 * strings - bytes that are not UTF-8, control characters, a NUL - because osquery does not escape
 * snapshot rows and one such byte must not cost a host's whole answer; structure is checked
 * strictly.
 *
 * Errors are sticky: after the first, every call says so; `why` and `at` name what and where. One
 * reader belongs to one thread at a time.
 */
#ifndef FSA_SCORING_JSON_H
#define FSA_SCORING_JSON_H

#include "base/arena.h"
#include "base/result.h"
#include "base/text.h"

/* Nested objects and arrays; result lines have four. Skipping is a loop, so this costs no stack. */
#define FSA_MAX_JSON_DEPTH 64

typedef enum FsaJsonKind {
  FSA_JSON_BAD, /* an error, or what stands here begins no value */
  FSA_JSON_END, /* nothing but white space is left */
  FSA_JSON_OBJECT,
  FSA_JSON_ARRAY,
  FSA_JSON_STRING,
  FSA_JSON_NUMBER,
  FSA_JSON_WORD, /* true, false, null */
} FsaJsonKind;

typedef struct FsaJson {
  const char *data;
  size_t size, at; /* bytes; `at` is the place of the error after one */
  const char *why; /* NULL = no error; static storage */
  bool cut;        /* the error is that the bytes end inside a value */
  bool first;      /* an object or array was just entered: its first member wants no comma */
} FsaJson;

/* A string as it stands between its quotes, or a number or word as it stands. */
typedef struct FsaJsonText {
  const char *data;
  size_t size;
  bool plain; /* only printable ASCII without escapes: the bytes are the text */
} FsaJsonText;

/* A reader at the first byte. `data` may be NULL when `size` is 0. */
FsaJson fsa_json(const char *data, size_t size);

/* The kind of the value that comes next, white space skipped. Reads nothing. */
FsaJsonKind fsa_json_kind(FsaJson *json);

/* Enters the object or array that comes next. False (and an error) when none comes. */
bool fsa_json_enter(FsaJson *json);

/*
 * Inside an object: reads the next member's name and stops before its value, which must then be
 * entered, read or skipped. False at the end of the object (now left) and on an error.
 */
bool fsa_json_member(FsaJson *json, FsaJsonText *ret_name);

/* Inside an array: true when one more item comes, which must then be entered, read or skipped. */
bool fsa_json_item(FsaJson *json);

/* Reads the string, number or word that comes next. False on an error. */
bool fsa_json_scalar(FsaJson *json, FsaJsonText *ret_text);

/* Skips the value that comes next, whatever it is, checking its structure. False on an error. */
bool fsa_json_skip(FsaJson *json);

/*
 * Moves behind the object or array that comes next by counting brackets outside of strings alone:
 * several times as fast as skipping, and blind for faults inside, for values that are read strictly
 * later. False (and an error) when none comes or its end is missing.
 */
bool fsa_json_pass(FsaJson *json);

/* True when the text, escapes undone, is `name`; `name` is ASCII without quote or backslash. */
bool fsa_json_is(FsaJsonText text, const char *name);

/*
 * The text with escapes undone, as valid UTF-8 without NUL bytes (base/text.h). Plain text is not
 * copied; other text goes into the arena. {NULL, 0} when memory ran out.
 */
FsaText fsa_json_decode(FsaArena *arena, FsaJsonText text);

/* A decimal integer, as number or as string; false when the text is none or does not fit. */
bool fsa_json_integer(FsaJsonText text, int64_t *ret_value);

#endif
