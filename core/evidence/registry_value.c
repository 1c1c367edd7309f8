/* Registry values as people read them. Types: [MS-RRP 3.1.1.5]. */
#include <inttypes.h>
#include <string.h>

#include "evidence/registry.h"

static const char *const type_names[] = {
    [FSA_REG_NONE] = "REG_NONE",
    [FSA_REG_SZ] = "REG_SZ",
    [FSA_REG_EXPAND_SZ] = "REG_EXPAND_SZ",
    [FSA_REG_BINARY] = "REG_BINARY",
    [FSA_REG_DWORD] = "REG_DWORD",
    [FSA_REG_DWORD_BIG_ENDIAN] = "REG_DWORD_BIG_ENDIAN",
    [FSA_REG_LINK] = "REG_LINK",
    [FSA_REG_MULTI_SZ] = "REG_MULTI_SZ",
    [FSA_REG_RESOURCE_LIST] = "REG_RESOURCE_LIST",
    [FSA_REG_FULL_RESOURCE_DESCRIPTOR] = "REG_FULL_RESOURCE_DESCRIPTOR",
    [FSA_REG_RESOURCE_REQUIREMENTS_LIST] = "REG_RESOURCE_REQUIREMENTS_LIST",
    [FSA_REG_QWORD] = "REG_QWORD",
};

const char *fsa_registry_type_name(uint32_t type, FsaArena *arena) {
  if (type < sizeof type_names / sizeof *type_names) return type_names[type];
  return fsa_arena_printf(arena, "0x%" PRIx32, type);
}

FsaText fsa_registry_string(const FsaRegValue *value, FsaArena *arena) {
  bool is_text =
      value->type == FSA_REG_SZ || value->type == FSA_REG_EXPAND_SZ || value->type == FSA_REG_LINK;
  if (!is_text) return (FsaText){NULL, 0};
  return fsa_text_from_utf16z(arena, value->data.data, value->data.size / 2);
}

bool fsa_registry_integer(const FsaRegValue *value, uint64_t *ret_integer) {
  FsaBytes data = value->data;
  switch (value->type) {
  case FSA_REG_DWORD:
    if (data.size != 4) return false;
    *ret_integer = fsa_u32(&data, 0);
    return true;
  case FSA_REG_DWORD_BIG_ENDIAN:
    if (data.size != 4) return false;
    *ret_integer = (uint32_t)data.data[0] << 24 | (uint32_t)data.data[1] << 16 |
                   (uint32_t)data.data[2] << 8 | data.data[3];
    return true;
  case FSA_REG_QWORD:
    if (data.size != 8) return false;
    *ret_integer = fsa_u64(&data, 0);
    return true;
  default: return false;
  }
}

static FsaText decode_hex(const FsaBytes *data, FsaArena *arena) {
  static const char digits[] = "0123456789abcdef";
  if (data->size > SIZE_MAX / 2 - 1) return (FsaText){NULL, 0};
  char *out = fsa_arena_alloc(arena, data->size * 2 + 1);
  if (!out) return (FsaText){NULL, 0};
  for (size_t i = 0; i < data->size; i++) {
    out[2 * i] = digits[data->data[i] >> 4];
    out[2 * i + 1] = digits[data->data[i] & 15];
  }
  out[2 * data->size] = '\0';
  return (FsaText){out, data->size * 2};
}

static void put_string(FsaBuffer *json, const uint8_t *utf16, size_t units) {
  fsa_buffer_putc(json, '"');
  char *room = fsa_buffer_room(json, FSA_JSON_CEILING(units));
  if (room) fsa_buffer_added(json, fsa_json_from_utf16(room, utf16, units));
  fsa_buffer_putc(json, '"');
}

/*
 * REG_MULTI_SZ as a JSON array of every string in it, empty ones included: Windows stops at the
 * first empty string, and what stands behind it is hidden from regedit, not from us.
 */
static FsaText decode_list(const FsaBytes *data, FsaArena *arena) {
  size_t units = data->size / 2;
  while (units && !data->data[2 * units - 2] && !data->data[2 * units - 1]) units--;
  FsaBuffer json = fsa_buffer(FSA_MAX_HIVE_BYTES);
  fsa_buffer_putc(&json, '[');
  for (size_t start = 0; start < units;) {
    size_t end = start;
    while (end < units && (data->data[2 * end] || data->data[2 * end + 1])) end++;
    if (start) fsa_buffer_putc(&json, ',');
    put_string(&json, data->data + 2 * start, end - start);
    start = end + 1;
  }
  fsa_buffer_putc(&json, ']');
  const char *copy = json.error ? NULL : fsa_arena_copy(arena, json.data, json.size);
  FsaText text = {copy, copy ? json.size : 0};
  fsa_buffer_done(&json);
  return text;
}

FsaText fsa_registry_decode(const FsaRegValue *value, FsaArena *arena) {
  uint64_t integer;
  if (value->is_partial && value->data.size == 0) return (FsaText){NULL, 0};
  FsaText text = fsa_registry_string(value, arena);
  if (text.data) return text;
  if (value->type == FSA_REG_MULTI_SZ) return decode_list(&value->data, arena);
  if (fsa_registry_integer(value, &integer)) {
    const char *decimal = fsa_arena_printf(arena, "%" PRIu64, integer);
    return (FsaText){decimal, decimal ? strlen(decimal) : 0};
  }
  return decode_hex(&value->data, arena);
}
