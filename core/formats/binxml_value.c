/*
 * BinXML values to JSON and text.
 *
 * Types: [MS-EVEN6] 2.2.12 and the libevtx documentation; how each is shown follows Windows' own
 * XML (GUIDs in braces, SIDs as S-1-..., masks as 0x...), see docs/formats/evtx.md.
 */
#include "formats/binxml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SUB_AUTHORITIES 15 /* of a SID, [MS-DTYP] 2.4.2 */
#define FIXED_TEXT 200         /* no value of fixed width becomes longer text */
#define FILETIME_PER_SECOND UINT64_C(10000000)
#define FILETIME_PER_DAY (UINT64_C(86400) * FILETIME_PER_SECOND)

static const char digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

static FsaBytes bytes_of(FsaEvtxValue value) {
  return fsa_bytes(value.data, value.size);
}

char *fsa_binxml_more_room(FsaBinxmlWriter *writer, char *at, size_t size) {
  FsaBuffer *buffer = writer->buffer;
  if (buffer->data) buffer->size = (size_t)(at - buffer->data);
  at = fsa_buffer_room(buffer, size + 2 * FSA_BINXML_SLACK);
  if (at) writer->end = buffer->data + buffer->room - FSA_BINXML_SLACK;
  return at;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static char *put_two(char *at, unsigned value) {
  memcpy(at, digit_pairs + 2 * value, 2);
  return at + 2;
}

static char *put_u64(char *at, uint64_t value) {
  if (value < 10) {
    *at = (char)('0' + value);
    return at + 1;
  }
  if (value < 100) return put_two(at, (unsigned)value);
  char digits[20];
  size_t from = sizeof digits;
  while (value >= 100) {
    from -= 2;
    put_two(digits + from, (unsigned)(value % 100));
    value /= 100;
  }
  if (value >= 10)
    put_two(digits + (from -= 2), (unsigned)value);
  else
    digits[--from] = (char)('0' + value);
  memcpy(at, digits + from, sizeof digits - from);
  return at + (sizeof digits - from);
}

static char *put_i64(char *at, int64_t value) {
  if (value >= 0) return put_u64(at, (uint64_t)value);
  *at++ = '-';
  return put_u64(at, 0 - (uint64_t)value);
}

/* Added to a digit above 9 to make it a letter. */
enum { UPPER_CASE = 'A' - '0' - 10, LOWER_CASE = 'a' - '0' - 10 };

/* Bytes as hexadecimal digits, four at a time where the byte order allows. */
static inline char *put_digits(char *at, const uint8_t *bytes, size_t size, unsigned letters) {
  size_t i = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; size - i >= 4; i += 4, at += 8) {
    uint32_t four;
    memcpy(&four, bytes + i, 4);
    uint64_t x = four;
    x = (x | x << 16) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x | x << 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x >> 4 & UINT64_C(0x000F000F000F000F)) | (x & UINT64_C(0x000F000F000F000F)) << 8;
    uint64_t above9 = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    x += UINT64_C(0x3030303030303030) + above9 * letters;
    memcpy(at, &x, 8);
  }
#endif
  for (; i < size; i++) {
    unsigned high = bytes[i] >> 4, low = bytes[i] & 15u;
    *at++ = (char)('0' + high + (high > 9 ? letters : 0));
    *at++ = (char)('0' + low + (low > 9 ? letters : 0));
  }
  return at;
}

/* "0x" and the digits that count, in lower case, as Windows shows masks. */
static char *put_hex(char *at, uint64_t value) {
  uint8_t bytes[8];
  char digits[16];
  size_t count = value ? (67u - (unsigned)__builtin_clzll(value)) / 4 : 1;
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(value >> (56 - 8 * i));
  put_digits(digits, bytes, 8, LOWER_CASE);
  *at++ = '0';
  *at++ = 'x';
  memcpy(at, digits + 16 - count, count);
  return at + count;
}

/*
 * The shortest of the usual precisions that reads back the same; the decimal point is a point in
 * every locale.
 */
static char *put_double(char *at, double value, bool is_single) {
  int length = snprintf(at, 40, "%.*g", is_single ? 7 : 15, value);
  double again = strtod(at, NULL);
  if (is_single ? (float)again != (float)value : again != value)
    length = snprintf(at, 40, "%.*g", is_single ? 9 : 17, value);
  for (int i = 0; i < length; i++)
    if (at[i] == ',') at[i] = '.';
  return at + length;
}

static bool read_real(FsaEvtxValue value, double *ret_real) {
  FsaBytes b = bytes_of(value);
  if (value.size == 4) {
    uint32_t bits = fsa_u32(&b, 0);
    float single;
    memcpy(&single, &bits, 4);
    *ret_real = (double)single;
    return true;
  }
  if (value.size != 8) return false;
  uint64_t bits = fsa_u64(&b, 0);
  memcpy(ret_real, &bits, 8);
  return true;
}

/* An integer of 1, 2, 4 or 8 bytes. */
static bool read_unsigned(FsaEvtxValue value, uint64_t *ret_number) {
  FsaBytes b = bytes_of(value);
  switch (value.size) {
  case 1: *ret_number = fsa_u8(&b, 0); return true;
  case 2: *ret_number = fsa_u16(&b, 0); return true;
  case 4: *ret_number = fsa_u32(&b, 0); return true;
  case 8: *ret_number = fsa_u64(&b, 0); return true;
  default: return false;
  }
}

static bool read_signed(FsaEvtxValue value, int64_t *ret_number) {
  uint64_t number;
  if (!read_unsigned(value, &number)) return false;
  switch (value.size) {
  case 1: *ret_number = (int8_t)number; break;
  case 2: *ret_number = (int16_t)number; break;
  case 4: *ret_number = (int32_t)number; break;
  default: *ret_number = (int64_t)number;
  }
  return true;
}

/* ---- values of fixed width ------------------------------------------------------------------- */

static char *put_guid(char *at, const uint8_t *p) {
  const uint8_t in_order[16] = {p[3], p[2], p[1],  p[0],  p[5],  p[4],  p[7],  p[6],
                                p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]};
  char digits[32];
  put_digits(digits, in_order, 16, UPPER_CASE);
  at[0] = '{';
  memcpy(at + 1, digits, 8);
  for (size_t i = 0; i < 3; i++) {
    at[9 + 5 * i] = '-';
    memcpy(at + 10 + 5 * i, digits + 8 + 4 * i, 4);
  }
  at[24] = '-';
  memcpy(at + 25, digits + 20, 12);
  at[37] = '}';
  return at + 38;
}

/* False when the bytes are not one whole SID. */
static bool is_sid(FsaEvtxValue value) {
  return value.size >= 8 && value.data[0] == 1 && value.data[1] <= MAX_SUB_AUTHORITIES &&
         value.size >= 8u + 4u * value.data[1];
}

static char *put_sid(char *at, FsaEvtxValue value) {
  FsaBytes b = bytes_of(value);
  uint64_t authority = 0;
  for (size_t i = 2; i < 8; i++) authority = authority << 8 | fsa_u8(&b, i);
  memcpy(at, "S-1-", 4);
  at = authority >> 32 ? put_hex(at + 4, authority) : put_u64(at + 4, authority);
  for (size_t i = 0; i < value.data[1]; i++) {
    *at++ = '-';
    at = put_u64(at, fsa_u32(&b, 8 + 4 * i));
  }
  return at;
}

/* Writes the date of a day since 1601 and keeps it: events of one day follow each other. */
static bool set_day(FsaBinxmlWriter *writer, uint64_t day) {
  int64_t ns;
  char text[FSA_TIME_TEXT];
  if (!fsa_time_from_filetime(day * FILETIME_PER_DAY, &ns)) return false;
  fsa_time_print(text, ns, 0);
  memcpy(writer->date, text, 11); /* with the T */
  writer->day = (int64_t)day;
  return true;
}

/* A FILETIME in range: "2020-09-17T15:52:00.1234567Z". NULL when it is out of range. */
static char *put_filetime(FsaBinxmlWriter *writer, char *at, uint64_t filetime) {
  int64_t ns;
  if (!fsa_time_from_filetime(filetime, &ns)) return NULL;
  uint64_t day = filetime / FILETIME_PER_DAY;
  if ((int64_t)day != writer->day && !set_day(writer, day)) return NULL;
  uint64_t rest = filetime - day * FILETIME_PER_DAY;
  uint32_t seconds = (uint32_t)(rest / FILETIME_PER_SECOND);
  uint32_t fraction = (uint32_t)(rest - seconds * FILETIME_PER_SECOND);
  memcpy(at, writer->date, 11);
  at = put_two(at + 11, seconds / 3600);
  *at++ = ':';
  at = put_two(at, seconds / 60 % 60);
  *at++ = ':';
  at = put_two(at, seconds % 60);
  *at++ = '.';
  *at++ = (char)('0' + fraction / 1000000);
  at = put_two(at, fraction / 10000 % 100);
  at = put_two(at, fraction / 100 % 100);
  at = put_two(at, fraction % 100);
  *at++ = 'Z';
  return at;
}

/*
 * SYSTEMTIME: year, month, weekday, day, hour, minute, second, milliseconds. NULL when no such time
 * exists.
 */
static char *put_systemtime(char *at, FsaEvtxValue value) {
  FsaBytes b = bytes_of(value);
  int64_t ns;
  if (!fsa_time_from_date(fsa_u16(&b, 0), fsa_u16(&b, 2), fsa_u16(&b, 6), fsa_u16(&b, 8),
                          fsa_u16(&b, 10), fsa_u16(&b, 12), fsa_u16(&b, 14) * INT64_C(1000000),
                          &ns) ||
      b.bad)
    return NULL;
  return at + fsa_time_print(at, ns, 3);
}

static bool all_zero(FsaEvtxValue value) {
  for (uint32_t i = 0; i < value.size; i++)
    if (value.data[i]) return false;
  return true;
}

/* How the text of a value stands in JSON. */
typedef enum Form {
  FORM_NONE,   /* nothing was written: not the type's size or range */
  FORM_NULL,   /* nothing was written: unknown */
  FORM_BARE,   /* a number or a literal */
  FORM_QUOTED, /* needs quotes, no escapes */
} Form;

static Form put_number(char **at, FsaEvtxValue value) {
  uint64_t number;
  int64_t with_sign;
  switch (value.type) {
  case FSA_BINXML_UINT8:
  case FSA_BINXML_UINT16:
  case FSA_BINXML_UINT32:
  case FSA_BINXML_UINT64:
    if (!read_unsigned(value, &number)) return FORM_NONE;
    *at = put_u64(*at, number);
    return number > INT64_MAX ? FORM_QUOTED : FORM_BARE; /* SQLite would round it */
  case FSA_BINXML_SIZE:
  case FSA_BINXML_HEX32:
  case FSA_BINXML_HEX64:
  case FSA_BINXML_HANDLE:
    if (!read_unsigned(value, &number)) return FORM_NONE;
    *at = put_hex(*at, number);
    return FORM_QUOTED;
  case FSA_BINXML_BOOL:
    if (!read_unsigned(value, &number)) return FORM_NONE;
    memcpy(*at, number ? "true" : "false", 5);
    *at += number ? 4 : 5;
    return FORM_BARE;
  default:
    if (!read_signed(value, &with_sign)) return FORM_NONE;
    *at = put_i64(*at, with_sign);
    return FORM_BARE;
  }
}

static Form put_real(char **at, FsaEvtxValue value) {
  double real;
  if (!read_real(value, &real)) return FORM_NONE;
  if (__builtin_isfinite(real)) {
    *at = put_double(*at, real, value.size == 4);
    return FORM_BARE;
  }
  const char *name = __builtin_isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity";
  memcpy(*at, name, strlen(name));
  *at += strlen(name);
  return FORM_QUOTED;
}

static Form put_moment(FsaBinxmlWriter *writer, char **at, FsaEvtxValue value) {
  if (all_zero(value)) return FORM_NULL;
  FsaBytes b = bytes_of(value);
  char *behind = NULL;
  if (value.type == FSA_BINXML_SYSTEMTIME)
    behind = value.size == 16 ? put_systemtime(*at, value) : NULL;
  else if (value.size == 8) {
    behind = put_filetime(writer, *at, fsa_u64(&b, 0));
    if (!behind) behind = put_hex(*at, fsa_u64(&b, 0)); /* "never" and the like */
  }
  if (!behind) return FORM_NONE;
  *at = behind;
  return FORM_QUOTED;
}

/* Writes a value of fixed width, without quotes; at most FIXED_TEXT bytes. */
static Form put_fixed(FsaBinxmlWriter *writer, char **at, FsaEvtxValue value) {
  switch (value.type) {
  case FSA_BINXML_INT8:
  case FSA_BINXML_UINT8:
  case FSA_BINXML_INT16:
  case FSA_BINXML_UINT16:
  case FSA_BINXML_INT32:
  case FSA_BINXML_UINT32:
  case FSA_BINXML_INT64:
  case FSA_BINXML_UINT64:
  case FSA_BINXML_BOOL:
  case FSA_BINXML_SIZE:
  case FSA_BINXML_HEX32:
  case FSA_BINXML_HEX64:
  case FSA_BINXML_HANDLE: return put_number(at, value);
  case FSA_BINXML_REAL32:
  case FSA_BINXML_REAL64: return put_real(at, value);
  case FSA_BINXML_GUID:
    if (value.size != 16) return FORM_NONE;
    *at = put_guid(*at, value.data);
    return FORM_QUOTED;
  case FSA_BINXML_SID:
    if (!is_sid(value)) return FORM_NONE;
    *at = put_sid(*at, value);
    return FORM_QUOTED;
  case FSA_BINXML_FILETIME:
  case FSA_BINXML_SYSTEMTIME: return put_moment(writer, at, value);
  default: return FORM_NONE;
  }
}

/* ---- strings --------------------------------------------------------------------------------- */

/* The units of a UTF-16 value without the NULs that end it. */
static size_t utf16_units(FsaEvtxValue value) {
  size_t units = value.size / 2;
  while (units && !value.data[2 * units - 1] && !value.data[2 * units - 2]) units--;
  return units;
}

/* The bytes of an ANSI value without the NULs that end it. */
static size_t ansi_size(FsaEvtxValue value) {
  size_t size = value.size;
  while (size && !value.data[size - 1]) size--;
  return size;
}

/* One code point as UTF-16, so that fsa_json_from_utf16() alone knows the escapes. */
static char *put_code_point(char *at, uint32_t c) {
  uint8_t units[4] = {(uint8_t)c, (uint8_t)(c >> 8), 0, 0};
  if (c < 0x10000) return at + fsa_json_from_utf16(at, units, 1);
  uint32_t high = 0xD800 + ((c - 0x10000) >> 10), low = 0xDC00 + ((c - 0x10000) & 0x3FF);
  units[0] = (uint8_t)high;
  units[1] = (uint8_t)(high >> 8);
  units[2] = (uint8_t)low;
  units[3] = (uint8_t)(low >> 8);
  return at + fsa_json_from_utf16(at, units, 2);
}

/* How many bytes at the start stand in a JSON string as they are. */
static size_t plain_bytes(const uint8_t *bytes, size_t size) {
  size_t i = 0;
  while (i < size && bytes[i] - 0x20u < 0x60u && bytes[i] != '"' && bytes[i] != '\\') i++;
  return i;
}

/* Bytes that are UTF-8 or, where not valid, Latin-1, inside a JSON string. */
static char *put_ansi(FsaBinxmlWriter *writer, char *at, const uint8_t *bytes, size_t size) {
  at = fsa_binxml_room(writer, at, size * 6);
  if (!at) return NULL;
  bool is_utf8 = false, is_known = false;
  for (size_t i = 0; i < size;) {
    size_t plain = plain_bytes(bytes + i, size - i);
    memcpy(at, bytes + i, plain);
    at += plain;
    i += plain;
    if (i == size) break;
    if (bytes[i] >= 0x80 && !is_known) {
      is_utf8 = fsa_text_is_valid(bytes, size);
      is_known = true;
    }
    at = put_code_point(at, is_utf8 ? fsa_utf8_next((const char *)bytes, size, &i) : bytes[i++]);
  }
  return at;
}

static char *put_utf16(FsaBinxmlWriter *writer, char *at, const uint8_t *utf16, size_t units) {
  at = fsa_binxml_room(writer, at, FSA_JSON_CEILING(units));
  return at ? at + fsa_json_from_utf16(at, utf16, units) : NULL;
}

static bool is_text(unsigned type) {
  return type == FSA_BINXML_STRING || type == FSA_BINXML_ANSI || type == FSA_BINXML_UTF8 ||
         type == FSA_BINXML_EVTXML;
}

static char *put_text(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  if (value.type == FSA_BINXML_STRING || value.type == FSA_BINXML_EVTXML)
    return put_utf16(writer, at, value.data, utf16_units(value));
  return put_ansi(writer, at, value.data, ansi_size(value));
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Bytes of one element of an array of `type`; 0 when its elements have no fixed width. */
static uint32_t element_size(unsigned type) {
  switch (type) {
  case FSA_BINXML_INT8:
  case FSA_BINXML_UINT8: return 1;
  case FSA_BINXML_INT16:
  case FSA_BINXML_UINT16: return 2;
  case FSA_BINXML_INT32:
  case FSA_BINXML_UINT32:
  case FSA_BINXML_REAL32:
  case FSA_BINXML_BOOL:
  case FSA_BINXML_HEX32: return 4;
  case FSA_BINXML_INT64:
  case FSA_BINXML_UINT64:
  case FSA_BINXML_REAL64:
  case FSA_BINXML_FILETIME:
  case FSA_BINXML_SIZE:
  case FSA_BINXML_HEX64: return 8;
  case FSA_BINXML_GUID:
  case FSA_BINXML_SYSTEMTIME: return 16;
  default: return 0;
  }
}

/* Bytes of the first string in `data`, its NUL included; `unit` is the width of a character. */
static uint32_t string_size(const uint8_t *data, uint32_t size, uint32_t unit) {
  for (uint32_t i = 0; i + unit <= size; i += unit)
    if (!data[i] && (unit == 1 || !data[i + 1])) return i + unit;
  return size;
}

/* Takes the first element off an array; gives the rest as `value`. */
static FsaEvtxValue take_element(FsaEvtxValue *value) {
  uint8_t type = value->type & (uint8_t)~FSA_BINXML_ARRAY;
  uint32_t size = element_size(type);
  if (type == FSA_BINXML_STRING) size = string_size(value->data, value->size, 2);
  if (type == FSA_BINXML_ANSI) size = string_size(value->data, value->size, 1);
  if (type == FSA_BINXML_SID && value->size >= 8) size = 8u + 4u * value->data[1];
  if (size == 0 || size > value->size) {
    type = FSA_BINXML_BINARY; /* what we cannot part is shown whole */
    size = value->size;
  }
  FsaEvtxValue element = {.data = value->data, .size = size, .type = type};
  value->data += size;
  value->size -= size;
  return element;
}

char *fsa_binxml_items_json(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  if (!(value.type & FSA_BINXML_ARRAY)) {
    at = fsa_binxml_value_json(writer, at, value);
    if (at) *at++ = ',';
    return at;
  }
  while (at && value.size) {
    at = fsa_binxml_value_json(writer, at, take_element(&value));
    if (at) *at++ = ',';
  }
  return at;
}

static char *put_array(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  *at++ = '[';
  at = fsa_binxml_items_json(writer, at, value);
  if (!at) return NULL;
  if (at[-1] == ',') at--;
  *at++ = ']';
  return at;
}

/* ---- any value ------------------------------------------------------------------------------- */

/*
 * True for the types that are written without quotes, but for values that JSON numbers cannot hold.
 */
static bool is_number(unsigned type) {
  return type >= FSA_BINXML_INT8 && type <= FSA_BINXML_BOOL;
}

/* What has no other form: the bytes. */
static char *put_binary(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  at = fsa_binxml_room(writer, at, 2 * (size_t)value.size);
  return at ? put_digits(at, value.data, value.size, UPPER_CASE) : NULL;
}

static char *put_null(char *at) {
  memcpy(at, "null", 4);
  return at + 4;
}

/* A value that needs quotes; what does not fit its type is shown as its bytes. */
static char *put_quoted(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  char *start = at++;
  *start = '"';
  Form form = value.size ? put_fixed(writer, &at, value) : FORM_NULL;
  if (form == FORM_NULL && value.type != FSA_BINXML_BINARY) return put_null(start);
  if (form != FORM_QUOTED) at = put_binary(writer, start + 1, value);
  if (at) *at++ = '"';
  return at;
}

/*
 * What the switch of fsa_binxml_value_json() leaves: rare types, and sizes that are not the type's.
 */
static char *put_other(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  if (value.type >= FSA_BINXML_ARRAY) return put_array(writer, at, value);
  if (is_text(value.type)) {
    *at++ = '"';
    at = put_text(writer, at, value);
    if (at) *at++ = '"';
    return at;
  }
  char *behind = at;
  if (value.size && is_number(value.type) && put_fixed(writer, &behind, value) == FORM_BARE)
    return behind;
  return put_quoted(writer, at, value);
}

/* The types that nearly all values have are written here; the rest goes the long way. */
char *fsa_binxml_value_json(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  at = fsa_binxml_room(writer, at, FIXED_TEXT);
  if (!at) return NULL;
  FsaBytes b = bytes_of(value);
  switch (value.type) {
  case FSA_BINXML_NULL: return put_null(at);
  case FSA_BINXML_STRING:
    *at++ = '"';
    at = put_utf16(writer, at, value.data, utf16_units(value));
    if (at) *at++ = '"';
    return at;
  case FSA_BINXML_UINT8:
    if (value.size != 1) break;
    return put_u64(at, value.data[0]);
  case FSA_BINXML_UINT16:
    if (value.size != 2) break;
    return put_u64(at, fsa_u16(&b, 0));
  case FSA_BINXML_UINT32:
    if (value.size != 4) break;
    return put_u64(at, fsa_u32(&b, 0));
  case FSA_BINXML_HEX64:
    if (value.size != 8) break;
    *at++ = '"';
    at = put_hex(at, fsa_u64(&b, 0));
    *at++ = '"';
    return at;
  }
  return put_other(writer, at, value);
}

char *fsa_binxml_value_part(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value) {
  at = fsa_binxml_room(writer, at, FIXED_TEXT);
  if (!at || value.type == FSA_BINXML_NULL) return at;
  if (is_text(value.type)) return put_text(writer, at, value);
  if (value.type >= FSA_BINXML_ARRAY) {
    for (bool first = true; at && value.size; first = false) {
      if (!first) *at++ = ' ';
      at = fsa_binxml_value_part(writer, at, take_element(&value));
    }
    return at;
  }
  Form form = value.size ? put_fixed(writer, &at, value) : FORM_NULL;
  return form == FORM_NONE ? put_binary(writer, at, value) : at;
}

/* ---- for tables ------------------------------------------------------------------------------ */

/* A literal or a string of decimal or 0x digits. */
static bool parse_digits(FsaEvtxValue value, uint64_t *ret_number) {
  size_t step = value.type == FSA_BINXML_STRING ? 2 : 1;
  size_t count = step == 2 ? utf16_units(value) : ansi_size(value), i = 0;
  unsigned base = 10;
  uint64_t number = 0;
  if (count > 2 && value.data[0] == '0' && (value.data[step] | 32) == 'x') {
    base = 16;
    i = 2;
  }
  if (i == count) return false;
  for (; i < count; i++) {
    unsigned c = value.data[i * step];
    if (step == 2 && value.data[i * step + 1]) return false;
    unsigned digit = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 99;
    if (digit >= base || number > (UINT64_MAX - digit) / base) return false;
    number = number * base + digit;
  }
  *ret_number = number;
  return true;
}

bool fsa_evtx_value_u64(FsaEvtxValue value, uint64_t *ret_integer) {
  if (value.type >= FSA_BINXML_ARRAY || value.type == FSA_BINXML_NULL) return false;
  if (is_text(value.type)) return parse_digits(value, ret_integer);
  switch (value.type) {
  case FSA_BINXML_REAL32:
  case FSA_BINXML_REAL64:
  case FSA_BINXML_BINARY:
  case FSA_BINXML_XML: return false;
  default: return read_unsigned(value, ret_integer);
  }
}

bool fsa_evtx_value_int(FsaEvtxValue value, int64_t *ret_integer) {
  uint64_t number;
  switch (value.type) {
  case FSA_BINXML_INT8:
  case FSA_BINXML_INT16:
  case FSA_BINXML_INT32:
  case FSA_BINXML_INT64: return read_signed(value, ret_integer);
  case FSA_BINXML_FILETIME:
    return value.size == 8 && read_unsigned(value, &number) &&
           fsa_time_from_filetime(number, ret_integer);
  default:
    if (!fsa_evtx_value_u64(value, &number) || number > INT64_MAX) return false;
    *ret_integer = (int64_t)number;
    return true;
  }
}

FsaText fsa_evtx_value_text(FsaEvtxValue value, FsaArena *arena) {
  if (value.type == FSA_BINXML_STRING || value.type == FSA_BINXML_EVTXML)
    return fsa_text_from_utf16(arena, value.data, utf16_units(value));
  if (value.type == FSA_BINXML_ANSI || value.type == FSA_BINXML_UTF8) {
    size_t size = ansi_size(value);
    return fsa_text_is_valid(value.data, size) ? fsa_text_clean(arena, value.data, size)
                                               : fsa_text_from_latin1(arena, value.data, size);
  }
  FsaText none = {NULL, 0};
  if (value.type == FSA_BINXML_NULL || value.type == FSA_BINXML_XML) return none;
  FsaBuffer buffer = fsa_buffer(FSA_MAX_EVENT_JSON);
  FsaBinxmlWriter writer = {.buffer = &buffer, .day = -1};
  char *at = fsa_binxml_room(&writer, NULL, FIXED_TEXT);
  if (at) at = fsa_binxml_value_part(&writer, at, value);
  size_t size = at ? (size_t)(at - buffer.data) : 0;
  char *copy = size ? fsa_arena_copy(arena, buffer.data, size) : NULL;
  fsa_buffer_done(&buffer);
  return copy ? (FsaText){copy, size} : none;
}
