/* Rows that a store gives. See store_rows.h. */
#include "store/store_rows.h"

#include <string.h>

#include "base/result.h"
#include "text/json.h"

static bool read_row(FsaJson *json, FsaArena *arena, const char *const *names, size_t count,
                     FsaText *ret_values) {
  FsaJsonText name, value;
  if (!fsa_json_enter(json)) return false;
  while (fsa_json_member(json, &name)) {
    if (!fsa_json_scalar(json, &value)) return false;
    for (size_t i = 0; i < count; i++)
      if (fsa_json_is(name, names[i])) ret_values[i] = fsa_json_decode(arena, value);
  }
  return !json->why;
}

int fsa_store_row(FsaText *rows, FsaArena *arena, const char *const *names, size_t count,
                  FsaText *ret_values) {
  FsaJson json = fsa_json(rows->data, rows->size);
  if (fsa_json_kind(&json) == FSA_JSON_END) return FSA_OK;
  for (size_t i = 0; i < count; i++) ret_values[i] = (FsaText){NULL, 0};
  if (!read_row(&json, arena, names, count, ret_values)) return FSA_E_FORMAT;
  *rows = (FsaText){rows->data + json.at, rows->size - json.at};
  return FSA_ROW;
}

bool fsa_store_number(FsaText value, uint64_t *ret_number) {
  uint64_t number = 0;
  for (size_t i = 0; i < value.size; i++) {
    unsigned digit = (unsigned char)value.data[i] - (unsigned)'0';
    if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, digit, &number))
      return false;
  }
  *ret_number = number;
  return value.size > 0;
}
