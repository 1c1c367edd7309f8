/*
 * Writes JSON that may stand inside an HTML page as it is. [RFC 8259]
 *
 * `<`, `>`, `&`, U+2028 and U+2029 are written as escapes wherever they come: text of a host can
 * then neither end the script element that holds it nor begin another one. [HTML, 13.1.2.6]
 * Commas are the writer's business. A name of NULL writes an item of an array.
 */
#ifndef FSA_SCORING_JSON_OUT_H
#define FSA_SCORING_JSON_OUT_H

#include "base/buffer.h"
#include "base/text.h"

typedef struct FsaJsonOut {
  FsaBuffer *out;
  bool needs_comma;
} FsaJsonOut;

/* Opens an object '{' or array '['; closes it with '}' or ']'. */
void fsa_json_open(FsaJsonOut *json, const char *name, char bracket);
void fsa_json_close(FsaJsonOut *json, char bracket);

/* {NULL, 0} is null. */
void fsa_json_put_text(FsaJsonOut *json, const char *name, FsaText text);
void fsa_json_put_string(FsaJsonOut *json, const char *name, const char *text_or_null);

/* A value that is JSON already; {NULL, 0} is null. */
void fsa_json_put_json(FsaJsonOut *json, const char *name, FsaText value);
void fsa_json_put_integer(FsaJsonOut *json, const char *name, int64_t value);

/* What is no finite number is null. */
void fsa_json_put_number(FsaJsonOut *json, const char *name, double value);
void fsa_json_put_bool(FsaJsonOut *json, const char *name, bool value);
void fsa_json_put_null(FsaJsonOut *json, const char *name);

/* Unix seconds; 0 = unknown is null. */
void fsa_json_put_time(FsaJsonOut *json, const char *name, int64_t seconds);

#endif
